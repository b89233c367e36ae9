"""I29: level, count and temperature on the screen are those of the metal, for their age."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from hw_sim.checkers.base import NS_PER_MS, NS_PER_S, Checker, Finding
from hw_sim.checkers.facts import Facts, Picture
from hw_sim.recorder import TruthRecorder

BEHIND_NS = 1_500 * NS_PER_MS  # [P] a train's result, its wait and a repeat on the line
SURFACE_MC = 2_000  # [P] noise and filter of the sensor at the contact face
LEVEL_PM = 50  # [P] 5 %, from which on the difference itself is an alarm
SETTLED = ("paused", "wrapup")


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    assert facts.pictures is not None
    onsets = [pulse.at_ns for pulse in truth.pulses]
    session_first: dict[str, int] = {}
    treating_ns: dict[int, int] = {}  # by screen, since when it has shown this treating
    for picture in facts.pictures:
        if picture.shown.phase == "treating":
            treating_ns.setdefault(picture.screen, picture.at_ns)
        else:
            treating_ns.pop(picture.screen, None)
        visit = picture.shown.visit
        given = bisect_right(onsets, picture.at_ns)
        if visit is not None and visit.session.session_id:
            session = visit.session
            first = session_first.setdefault(session.session_id, given - session.delivered)
            own = given - first
            if session.delivered > own:
                text = f"shown {session.delivered} pulses, the coil gave {own}"
                yield Finding(picture.at_ns, text)
            old = bisect_right(onsets, picture.at_ns - BEHIND_NS) - first
            is_settled = picture.shown.phase in SETTLED and session.uncertain == 0
            if is_settled and session.delivered < old and "resume" not in picture.shown.refusals:
                text = f"settled at {session.delivered} pulses, the coil gave {old}"
                yield Finding(picture.at_ns, text)
            settled = bisect_right(onsets, picture.at_ns - BEHIND_NS)
            since_ns = treating_ns.get(picture.screen)
            if since_ns is not None and settled and onsets[settled - 1] >= since_ns:
                yield from _level(picture, truth.pulses[settled - 1].amplitude_pm)
    yield from _surface(truth, facts)


def _level(picture: Picture, amplitude_pm: int) -> Iterator[Finding]:
    visit = picture.shown.visit
    assert visit is not None
    if visit.order is None:
        return
    wanted_pm = visit.order.level_pct_mso * 10
    if abs(amplitude_pm - wanted_pm) > wanted_pm * LEVEL_PM // 1000 + LEVEL_PM:
        text = f"shown {visit.order.level_pct_mso} %, the coil gave {amplitude_pm / 10} %"
        yield Finding(picture.at_ns, text)


def _surface(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    """Not while a sensor is broken: I13 and the fault campaign judge what happens then."""
    broken_ns = [mark.at_ns for mark in truth.marks if mark.text.startswith("sensor ")]
    until_ns = min(broken_ns, default=1 << 62)
    times = [reading.at_ns for reading in truth.temperatures]
    for picture in facts.pictures or ():
        shown_c = picture.shown.device.surface_c
        index = bisect_right(times, picture.at_ns) - 1
        if shown_c is None or index < 0 or picture.at_ns >= until_ns:
            continue
        if picture.shown.unit.link != "live":
            continue
        near = truth.temperatures[max(0, index - 3) : index + 2]
        is_steady = picture.at_ns - times[index] < 2 * NS_PER_S
        if is_steady and all(abs(t.surface_mc - shown_c * 1000) > SURFACE_MC for t in near):
            text = (
                f"shown {shown_c} C, the face had {truth.temperatures[index].surface_mc / 1000} C"
            )
            yield Finding(picture.at_ns, text)


CHECKER = Checker(
    id="I29",
    name="shown-is-true",
    rule="Count, level and temperature on a screen are the metal's, never more and hardly older.",
    bound="never more pulses than were given, settled within 1.5 s; 5 % of level; 2 K [P]",
    evidence="pictures of the screens, coil currents, true temperature of the face",
    judge=_judge,
    needs=("pictures",),
)
