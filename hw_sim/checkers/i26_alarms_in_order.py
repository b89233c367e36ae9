"""I26: the worst alarm stands first, and one cause makes a bounded number of signals."""

from __future__ import annotations

from collections.abc import Iterator

from edge.ports import Lamp
from hw_sim.checkers.base import NS_PER_MS, NS_PER_S, Checker, Finding
from hw_sim.checkers.facts import Facts
from hw_sim.checkers.windows import Levels
from hw_sim.recorder import TruthRecorder

RANK = {"high": 0, "medium": 1, "low": 2}
WINDOW_NS = 10 * NS_PER_S
SIGNALS_MAX = 12  # [P] of one alarm in ten seconds; a contact that chatters is told as such before
LAMP_NS_MAX = 700 * NS_PER_MS  # [P] one period of the alarms and its drawing
DRAWN_NS = 100 * NS_PER_MS  # a picture may be so much older than the lamp
FAULT_LAMP = tuple(Lamp).index(Lamp.FAULT)


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    assert facts.pictures is not None
    assert facts.audit is not None
    lamp = Levels(truth.levels("lamp"))
    high_since: int | None = None
    for picture in facts.pictures:
        shown = picture.shown
        ranks = [RANK[alarm.priority] for alarm in shown.alarms]
        if ranks != sorted(ranks):
            names = ", ".join(alarm.alarm_id for alarm in shown.alarms)
            yield Finding(picture.at_ns, f"the worst alarm does not stand first: {names}")
        is_high = any(alarm.is_active and alarm.priority == "high" for alarm in shown.alarms)
        is_test = shown.safety_test.stage != "off" or shown.device.sounder == "open"
        if not is_high or is_test:
            high_since = None
        else:
            high_since = picture.at_ns if high_since is None else high_since
            is_due = picture.at_ns - high_since > LAMP_NS_MAX
            lit = (lamp.at(picture.at_ns), lamp.at(picture.at_ns - DRAWN_NS))
            if is_due and FAULT_LAMP not in lit:
                yield Finding(picture.at_ns, "an alarm of high priority without its lamp")
    times: dict[str, list[int]] = {}
    for row in facts.audit:
        if row.action == "alarm_on":
            own = times.setdefault(str(row.detail["alarm"]), [])
            own.append(row.at_ns)
            recent = [at for at in own if at > row.at_ns - WINDOW_NS]
            if len(recent) == SIGNALS_MAX + 1:
                yield Finding(row.at_ns, f"{len(recent)} signals of {row.detail['alarm']} in 10 s")


CHECKER = Checker(
    id="I26",
    name="alarms-in-order",
    rule="The worst alarm stands first and has its lamp; one cause does not flood the operator.",
    bound="12 signals of one alarm in 10 s, lamp within 0.7 s [P]",
    evidence="pictures of the screens, lamp, audit",
    judge=_judge,
    needs=("pictures", "audit"),
)
