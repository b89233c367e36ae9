"""I19: coil, controller and journal agree pulse by pulse, not by count alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from firmware.wire.codes import PULSE_CUT, PULSE_EMITTED
from firmware.wire.reports import PulseReport
from hw_sim.checkers.base import NS_PER_S, OPEN_END_NS, Checker, Finding
from hw_sim.checkers.facts import Facts, Frame, JournalEntry, SessionEntry
from hw_sim.checkers.frames import read
from hw_sim.recorder import Pulse, TruthRecorder

SENSED_PM = 20  # [P] a sensed amplitude may differ by so much of full output
LOST_WITH_CHIP_NS = 3 * NS_PER_S  # a report that a resetting chip had not sent yet
INTENT, RESULT = "train_intent", "train_result"


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    end_ns = truth.pulses[-1].at_ns if truth.pulses else 0
    for whose, count in facts.counts:
        if count != len(truth.pulses):
            yield Finding(end_ns, f"{whose} has {count} pulses, the coil gave {len(truth.pulses)}")
    if facts.reported is not None:
        booked = {(row.boot_epoch, row.at_us): row.ordinal for row in facts.reported}
        for number, pulse in enumerate(truth.pulses, start=1):
            ordinal = booked.pop((pulse.boot_epoch, pulse.mcu_us), None)
            if ordinal is None:
                yield Finding(pulse.at_ns, f"pulse {number} is booked nowhere")
            elif ordinal != number:
                yield Finding(pulse.at_ns, f"pulse {number} is booked as {ordinal}")
        for (boot_epoch, at_us), ordinal in booked.items():
            yield Finding(end_ns, f"pulse {ordinal} booked at {boot_epoch}:{at_us} us never was")
    if facts.frames is not None:
        yield from _controller(truth, facts.frames)
    if facts.journal is not None and facts.sessions is not None:
        yield from _journal(truth.pulses, facts.journal, facts.sessions)


def _controller(truth: TruthRecorder, frames: Sequence[Frame]) -> Iterator[Finding]:
    """What the controller reported of each pulse, against the coil."""
    told = _told(frames)
    gone = _gone(truth)
    for pulse in truth.pulses:
        if not pulse.is_asked:
            continue  # I3
        found = told.pop((pulse.boot_epoch, pulse.mcu_us), None)
        if found is None:
            if not any(begin - LOST_WITH_CHIP_NS < pulse.at_ns < end for begin, end in gone):
                yield Finding(pulse.at_ns, "the controller never told of this pulse")
        elif abs(found[1].amplitude_pm - pulse.amplitude_pm) > SENSED_PM and (
            found[1].result == PULSE_EMITTED
        ):
            text = f"told as {found[1].amplitude_pm} per mille, was {pulse.amplitude_pm}"
            yield Finding(pulse.at_ns, text)
    for at_ns, report in told.values():
        if report.result in (PULSE_EMITTED, PULSE_CUT):
            yield Finding(at_ns, f"the controller told of pulse {report.ordinal} that never was")


def _gone(truth: TruthRecorder) -> list[tuple[int, int]]:
    """Stretches in which the controller could tell nobody anything."""
    states = [mark for mark in truth.marks if mark.text.startswith("mcu ")]
    return [
        (mark.at_ns, OPEN_END_NS if following is None else following.at_ns)
        for mark, following in pairwise([*states, None])
        if mark is not None and not mark.text.startswith("mcu running")
    ]


def _told(frames: Sequence[Frame]) -> dict[tuple[int, int], tuple[int, PulseReport]]:
    """By boot and time: when it was told, and the report; of pulses that were given."""
    told = {}
    for frame in frames:
        if frame.is_up and frame.kind == PulseReport.TYPE:
            report = read(frame, PulseReport)
            if report.ordinal:
                told[frame.boot_epoch, report.at_us] = (frame.at_ns, report)
    return told


def _journal(
    pulses: Sequence[Pulse], journal: Sequence[JournalEntry], sessions: Sequence[SessionEntry]
) -> Iterator[Finding]:
    """Each train that was booked has its own pulses: those between its intent and the next."""
    intents = [row for row in journal if row.kind == INTENT]
    first_ns = intents[0].at_ns if intents else OPEN_END_NS
    for pulse in pulses:
        if pulse.at_ns < first_ns and pulse.is_asked:
            yield Finding(pulse.at_ns, "pulse before any train was booked")
    for intent, following in pairwise([*intents, None]):
        assert intent is not None
        until_ns = OPEN_END_NS if following is None else following.at_ns
        own = [p for p in pulses if intent.at_ns <= p.at_ns < until_ns and p.is_asked]
        results = [
            row
            for row in journal
            if row.kind == RESULT
            and row.seq > intent.seq
            and (following is None or row.seq < following.seq)
        ]
        yield from _train(own, intent, results[0] if results else None)
    signed = {s.session_id: s.record for s in sessions if s.record is not None}
    for session_id, record in signed.items():
        measured = sum(
            row.body["measured"]
            for row in journal
            if row.kind == RESULT and row.session_id == session_id
        )
        if record["pulses_measured"] != measured:
            text = f"signed with {record['pulses_measured']} pulses, booked were {measured}"
            yield Finding(intents[-1].at_ns if intents else 0, text)


def _train(
    own: list[Pulse], intent: JournalEntry, result: JournalEntry | None
) -> Iterator[Finding]:
    name = f"train {intent.body['train_index']} from pulse {intent.body['first_pulse']}"
    commanded = intent.body["commanded"]
    if result is None:
        if len(own) > commanded:
            yield Finding(intent.at_ns, f"{name} is open for {commanded}, the coil gave {len(own)}")
        return
    measured, started_us = result.body["measured"], result.body["started_us"]
    if measured != len(own):
        yield Finding(result.at_ns, f"{name} booked with {measured}, the coil gave {len(own)}")
    elif own and started_us is not None and started_us != own[0].mcu_us:
        yield Finding(result.at_ns, f"{name} booked from {started_us} us, was {own[0].mcu_us} us")


CHECKER = Checker(
    id="I19",
    name="accounts-agree",
    rule="Coil, controller and journal tell the same pulses: one by one, by time and amplitude.",
    bound="exact; 2 % of output for a sensed amplitude (sources.md domain 2.8)",
    evidence="coil currents, pulse reports of the controller, rows of the journal, signed record",
    judge=_judge,
)
