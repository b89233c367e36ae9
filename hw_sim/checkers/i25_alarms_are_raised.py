"""I25: what is wrong is shown, heard and logged in time, and is not lost over a restart."""

from __future__ import annotations

from collections.abc import Iterator

from edge.domain.faults import fault_row
from firmware.wire.codes import FAULTS
from firmware.wire.reports import Status
from hw_sim.checkers.base import NS_PER_MS, NS_PER_S, Checker, Finding
from hw_sim.checkers.facts import Facts
from hw_sim.checkers.frames import read
from hw_sim.checkers.screens import Screens
from hw_sim.recorder import TruthRecorder

RAISED_NS_MAX = 1 * NS_PER_S  # [P] latched by the controller to drawn on a screen that hears it
HEARD_NS_MAX = 3 * NS_PER_S  # [P] of the first burst of the sounder
BACK_NS_MAX = 5 * NS_PER_S  # [P] a new start of the service shows what nobody had acknowledged
ENDED = ("edge ended", "edge started")
UNWRITTEN = "store failed"  # mark of a write that the card did not take
ON, OFF, ACKNOWLEDGED = "alarm_on", "alarm_off", "alarm_acknowledged"


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    assert facts.frames is not None
    assert facts.pictures is not None
    assert facts.audit is not None
    screens = Screens(facts.pictures, facts.screens_closed_ns)
    heard = [at_ns for at_ns, level in truth.levels("sounder") if level]
    for at_ns, fault in _latched(facts):
        due_ns = at_ns + RAISED_NS_MAX
        ended = [m.at_ns for m in truth.marks if m.text in ENDED and at_ns - NS_PER_S < m.at_ns]
        if any(ended_ns < due_ns for ended_ns in ended):
            continue
        if not screens.is_live_over(at_ns, due_ns) or not _lasts(facts, fault, at_ns, due_ns):
            continue
        name = fault_row(fault).name
        shown = screens.at(due_ns)
        if any(each.safety_test.stage != "off" for each in shown):
            continue  # which trips every path on purpose, and judges itself what is told
        if any(name not in [alarm.alarm_id for alarm in each.alarms] for each in shown):
            yield Finding(at_ns, f"fault {fault} is not shown as {name} after 1 s")
        is_writable = not any(
            mark.text == UNWRITTEN and at_ns - NS_PER_S < mark.at_ns <= due_ns
            for mark in truth.marks
        )
        is_logged = any(row.action == ON and row.detail["alarm"] == name for row in facts.audit)
        if is_writable and not is_logged:
            yield Finding(at_ns, f"alarm {name} is not in the log")
        is_quiet = any(each.audio_paused_ms for each in shown)
        was_on = [at for at in heard if at_ns - NS_PER_S <= at <= at_ns + HEARD_NS_MAX]
        is_first = not screens.alarms_before(at_ns)  # else the sounder has a rhythm already
        if shown and is_first and not is_quiet and not was_on:
            yield Finding(at_ns, f"alarm {name} was not heard within 3 s")
    yield from _lost(facts, screens)


def _latched(facts: Facts) -> Iterator[tuple[int, int]]:
    """(moment, fault) of every latching that the controller told of."""
    before, boot = 0, None
    for frame in facts.frames or ():
        if frame.is_up and frame.kind == Status.TYPE:
            status = read(frame, Status)
            new = status.fault_bits & ~(before if boot == status.boot_epoch else 0)
            for index, fault in enumerate(FAULTS):
                if new & 1 << index:
                    yield frame.at_ns, fault
            before, boot = status.fault_bits, status.boot_epoch


def _lasts(facts: Facts, fault: int, from_ns: int, until_ns: int) -> bool:
    bit = 1 << FAULTS.index(fault)
    told = [
        read(frame, Status).fault_bits
        for frame in facts.frames or ()
        if frame.is_up and frame.kind == Status.TYPE and from_ns < frame.at_ns <= until_ns
    ]
    return all(bits & bit for bits in told)


def _lost(facts: Facts, screens: Screens) -> Iterator[Finding]:
    """Latched alarms that nobody had acknowledged come back with the service."""
    waiting: dict[str, bool] = {}
    boot: int | None = None
    for row in facts.audit or ():
        if boot is not None and row.boot != boot:
            due_ns = row.at_ns + BACK_NS_MAX
            for shown in screens.at(due_ns - 100 * NS_PER_MS)[:1]:
                ids = [alarm.alarm_id for alarm in shown.alarms]
                gone = _settled(facts, row.at_ns, due_ns)
                for name in waiting:
                    if name not in ids and name not in gone:
                        yield Finding(row.at_ns, f"alarm {name} was lost over a restart")
        boot = row.boot
        name = str(row.detail.get("alarm", ""))
        if row.action == ON and row.detail["is_latching"]:
            waiting[name] = True
        elif row.action in (OFF, ACKNOWLEDGED, ON):
            waiting.pop(name, None)


def _settled(facts: Facts, from_ns: int, until_ns: int) -> list[str]:
    return [
        str(row.detail["alarm"])
        for row in facts.audit or ()
        if row.action in (OFF, ACKNOWLEDGED) and from_ns <= row.at_ns <= until_ns
    ]


CHECKER = Checker(
    id="I25",
    name="alarms-are-raised",
    rule="Each fault is shown, heard and logged in time; nobody's restart makes one vanish.",
    bound="1 s on the screen, 3 s at the sounder, 5 s after a start [P]",
    evidence="faults that the controller tells, pictures, current of the sounder, audit",
    judge=_judge,
    needs=("frames", "pictures", "audit"),
)
