"""I16: a latched fault is cleared by a person's sealed command alone, once its cause is gone."""

from __future__ import annotations

from collections.abc import Iterator

from firmware.core.supervision import FAULT_OF_INPUT
from firmware.wire.codes import FAULTS
from firmware.wire.commands import ClearFault
from firmware.wire.reports import Status
from hw_sim.checkers.base import Checker, Finding
from hw_sim.checkers.facts import Facts
from hw_sim.checkers.frames import read
from hw_sim.checkers.seals import sealed_commands
from hw_sim.checkers.windows import Levels
from hw_sim.plant.panel import LOOP_MASK
from hw_sim.recorder import TruthRecorder

BIT_OF_FAULT = {fault: bit & LOOP_MASK for bit, fault in FAULT_OF_INPUT}


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    assert facts.frames is not None
    assert facts.link_key is not None
    contacts = Levels(truth.levels("contacts"))
    clears = [
        (sealed.frame, sealed.command.fault)
        for sealed in sealed_commands(facts.frames, facts.link_key)
        if isinstance(sealed.command, ClearFault) and sealed.is_new and sealed.is_accepted
    ]
    before, boot, since_ns = 0, None, 0
    for frame in facts.frames:
        if not frame.is_up or frame.kind != Status.TYPE:
            continue
        status = read(frame, Status)
        gone = before & ~status.fault_bits if status.boot_epoch == boot else 0
        for index, fault in enumerate(FAULTS):
            if not gone & 1 << index:
                continue
            own = [
                at.at_ns
                for at, cleared in clears
                if since_ns <= at.at_ns <= frame.at_ns and cleared in (0, fault)
            ]
            if not own:
                yield Finding(frame.at_ns, f"fault {fault} is gone and nobody has cleared it")
            elif BIT_OF_FAULT.get(fault, 0) & ~(contacts.at(own[-1]) or 0):
                yield Finding(frame.at_ns, f"fault {fault} was cleared with its contact open")
        before, boot, since_ns = status.fault_bits, status.boot_epoch, frame.at_ns


CHECKER = Checker(
    id="I16",
    name="fault-stays",
    rule="A latched fault goes by a person's sealed command alone, and never before its cause.",
    bound="none",
    evidence="status frames of the controller, sealed commands it got, true contacts",
    judge=_judge,
    needs=("frames", "link_key"),
)
