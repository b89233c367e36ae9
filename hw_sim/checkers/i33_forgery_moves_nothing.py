"""I33: forged, replayed and reordered commands change nothing at the controller."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from firmware.wire.codes import CHARGING, READY, STATE_NAMES
from firmware.wire.commands import Charge, Confirm, FireTrain
from firmware.wire.limits import FLASH_STALL_US_MAX
from firmware.wire.reports import Status
from hw_sim.checkers.base import NS_PER_MS, NS_PER_US, Checker, Finding
from hw_sim.checkers.facts import Facts, Frame
from hw_sim.checkers.frames import read
from hw_sim.checkers.seals import sealed_commands
from hw_sim.checkers.windows import gate_windows
from hw_sim.recorder import TruthRecorder

OBEYED_NS_MAX = FLASH_STALL_US_MAX * NS_PER_US + 10 * NS_PER_MS


# A status is sent at least each 100 ms; charging may take 5 s (CHARGE_MS_MAX).
ENTERED_NS = {CHARGING: 1_500 * NS_PER_MS, READY: 7_000 * NS_PER_MS}


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    assert facts.frames is not None
    assert facts.link_key is not None
    genuine: dict[int, list[int]] = {Confirm.TYPE: [], Charge.TYPE: [], FireTrain.TYPE: []}
    for sealed in sealed_commands(facts.frames, facts.link_key):
        name = type(sealed.command).__name__
        if sealed.is_new:
            genuine.setdefault(sealed.frame.kind, []).append(sealed.frame.at_ns)
        elif sealed.is_accepted and not sealed.is_repeat:
            why = "was used before" if sealed.is_right else "does not fit"
            yield Finding(sealed.frame.at_ns, f"{name} accepted, its seal {why}")
    for on_ns, _ in gate_windows(truth):
        if not _had(genuine[Confirm.TYPE], on_ns):
            yield Finding(on_ns, "enable went on without a genuine Confirm")
    yield from _states(facts.frames, genuine[Charge.TYPE])
    before_mv = 0
    for at_ns, target_mv in truth.levels("target_mv"):
        if target_mv > before_mv and not _had(genuine[Charge.TYPE], at_ns):
            yield Finding(at_ns, "bank is charged without a genuine Charge")
        before_mv = target_mv


def _states(frames: Sequence[Frame], charges: list[int]) -> Iterator[Finding]:
    """A bank that is charged, or was, has had its Charge a moment ago."""
    before = -1
    for frame in frames:
        if not frame.is_up or frame.kind != Status.TYPE:
            continue
        state = read(frame, Status).state
        is_entered = state in ENTERED_NS and before not in ENTERED_NS
        if is_entered and not any(0 <= frame.at_ns - at < ENTERED_NS[state] for at in charges):
            yield Finding(frame.at_ns, f"{STATE_NAMES[state]} without a genuine Charge")
        before = state


def _had(times: list[int], at_ns: int) -> bool:
    return any(at_ns - OBEYED_NS_MAX <= time_ns <= at_ns for time_ns in times)


CHECKER = Checker(
    id="I33",
    name="forgery-moves-nothing",
    rule="A command with a wrong, old or used seal is refused, and neither bank nor enable moves.",
    bound="none",
    evidence="frames on both sides of the controller, its key, bank and enable at the metal",
    judge=_judge,
    needs=("frames", "link_key"),
)
