"""A session is broken off: how long it may stay so, who may lift that, what ends it for good."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from edge.config import LimitsConfig
from edge.domain.session_states import S
from tests.support.chair_bench import LIMITS, WHO, Bench, bench, with_problem

pytestmark = pytest.mark.control("resume")

DOCTOR = "Dr. Berg"
TIGHT = replace(LIMITS, pause_s_max=30)


async def paused(made: Bench, after_pulses: int = 5) -> None:
    await made.treating(after_pulses)
    made.accept(await made.chair.pause(WHO))
    await made.until(lambda: "resume" not in made.chair.refusals())


async def stopped_after_a_restart(made: Bench, limits: LimitsConfig = LIMITS) -> None:
    made.start(limits=limits)
    await made.until_state(S.STOPPED)
    await made.acknowledged()


def ordered(made: Bench, **changes: object) -> None:
    """The clinic's copy of the order changes."""
    order = made.book.facts.order
    assert order is not None
    made.book.facts = replace(made.book.facts, order=replace(order, **changes))  # type: ignore[arg-type]
    made.chair.clinic_changed()


def rest_limit(made: Bench) -> tuple[int, str]:
    assert made.state.visit is not None
    limit = made.state.visit.session.rest.limit
    return limit.s, limit.source


def test_gap_is_counted_from_the_last_pulse_not_from_the_pause() -> None:
    """Catches: a pause between trains that begins anew with the button."""

    async def scenario(made: Bench) -> None:
        await made.treating(12)
        last_s = asyncio.get_running_loop().time()
        await made.sleep(1.0)
        made.accept(await made.chair.pause(WHO))
        await made.until(lambda: "resume" not in made.chair.refusals())
        assert made.state.visit is not None
        at = made.state.visit.session.rest.last_pulse_at
        assert at is not None
        assert abs(at - last_s) < 0.05
        await made.sleep(last_s + 29.5 - asyncio.get_running_loop().time())
        assert "resume" not in made.chair.refusals()
        await made.sleep(1.0)
        assert made.chair.refusals()["resume"] == "pause_too_long"

    bench(scenario, limits=TIGHT)


def test_gap_of_the_order_beats_the_protocols_and_the_units_also_when_changed_meanwhile() -> None:
    async def scenario(made: Bench) -> None:
        await paused(made)
        assert rest_limit(made) == (30, "unit")
        made.book.facts = replace(made.book.facts, protocol_gap_s_max=300)
        made.chair.clinic_changed()
        assert rest_limit(made) == (300, "protocol")
        ordered(made, resume_gap_s_max=12)
        assert rest_limit(made) == (12, "order")
        await made.sleep(12.0)
        assert (await made.chair.resume(WHO)).code == "pause_too_long"
        ordered(made, resume_gap_s_max=120)
        made.accept(await made.chair.resume(WHO))
        await made.finished()
        assert made.pulses == 36
        row = next(
            row
            for row in made.journal.rows(made.clinic.records[0].session_id)
            if row.kind == "resumed"
        )
        assert (row.body["limit_s"], row.body["source"]) == (120, "order")
        assert 12 <= int(str(row.body["gap_s"])) < 15

    bench(scenario, limits=TIGHT)


def test_release_lets_a_gap_pass_once_and_stands_in_the_journal() -> None:
    async def scenario(made: Bench) -> None:
        await paused(made)
        assert made.chair.release_gap(DOCTOR, "seen").code == "nothing_to_release"
        await made.sleep(31.0)
        made.accept(made.chair.release_gap(DOCTOR, "patient examined"))
        await made.resumed()
        await made.until(lambda: made.pulses >= 15)
        made.accept(await made.chair.pause(WHO))
        await made.sleep(31.0)
        assert made.chair.refusals()["resume"] == "pause_too_long"  # the release is spent
        made.accept(made.chair.release_gap(DOCTOR, "patient examined"))
        await made.resumed()
        await made.finished()
        assert made.pulses == 36
        rows = made.journal.rows(made.clinic.records[0].session_id)
        released = [row.body for row in rows if row.kind == "gap_released"]
        assert [(body["who"], body["reason"]) for body in released] == [
            (DOCTOR, "patient examined")
        ] * 2
        assert [row.body.get("released_by") for row in rows if row.kind == "resumed"] == [
            DOCTOR,
            DOCTOR,
        ]

    bench(scenario, limits=TIGHT)


def test_release_lapses_when_nobody_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.domain.resume.RELEASE_S", 40)

    async def scenario(made: Bench) -> None:
        await paused(made)
        await made.sleep(31.0)
        made.accept(made.chair.release_gap(DOCTOR, "examined"))
        await made.sleep(39.0)
        assert "resume" not in made.chair.refusals()
        await made.sleep(2.0)
        assert made.chair.refusals()["resume"] == "pause_too_long"

    bench(scenario, limits=TIGHT)


def test_gap_over_a_restart_of_the_service_is_monotonic_whatever_the_wall_clock_does() -> None:
    """Catches: a clock set back that makes a long gap short, or one set ahead that ends it."""

    async def scenario(made: Bench) -> None:
        await made.treating(5)
        await made.crash()
        await asyncio.sleep(5.0)
        made.wall_clock.offset = timedelta(days=-400)
        made.wall_clock.is_trusted = False
        await stopped_after_a_restart(made, TIGHT)
        await made.until(lambda: "resume" not in made.chair.refusals(), 20.0)
        made.wall_clock.offset = timedelta(days=400)
        assert "resume" not in made.chair.refusals()
        await made.sleep(26.0)
        assert made.chair.refusals()["resume"] == "pause_too_long"

    bench(scenario, limits=TIGHT)


@pytest.mark.parametrize(
    ("offset", "is_trusted", "doubt"),
    [
        (timedelta(), False, "clock_untrusted"),
        (timedelta(hours=-1), True, "clock_back"),
        (timedelta(days=-9000), False, "clock_unset"),
        (timedelta(days=-9000), True, "clock_unset"),
    ],
)
def test_gap_over_a_restart_of_the_machine_by_a_doubtful_clock_asks_a_clinician(
    offset: timedelta, is_trusted: bool, doubt: str
) -> None:
    async def scenario(made: Bench) -> None:
        await made.treating(5)
        await made.crash()
        await asyncio.sleep(5.0)
        made.machine_boot = "another"
        made.wall_clock.offset, made.wall_clock.is_trusted = offset, is_trusted
        await stopped_after_a_restart(made)
        assert made.state.visit is not None
        assert made.state.visit.session.rest.doubt == doubt
        verdict = await made.chair.resume(WHO)
        assert (verdict.code, verdict.args) == ("gap_unknown", {"why": doubt})
        made.accept(made.chair.release_gap(DOCTOR, "present throughout"))
        await made.resumed()
        await made.finished()
        assert made.pulses == 36

    bench(scenario)


def test_gap_over_a_restart_of_the_machine_by_a_kept_clock_is_known() -> None:
    async def scenario(made: Bench) -> None:
        await made.treating(5)
        await made.crash()
        await asyncio.sleep(61.0)
        made.machine_boot = "another"
        made.start(limits=TIGHT)
        await made.until_state(S.STOPPED)
        await made.acknowledged()
        verdict = await made.chair.resume(WHO)
        assert (verdict.code, verdict.args["minutes"]) == ("pause_too_long", 1)

    bench(scenario, limits=TIGHT)


def test_another_local_day_ends_the_session_and_nobody_can_release_it() -> None:
    """A minute before midnight in Berlin; in UTC it stays the same day."""

    async def scenario(made: Bench) -> None:
        made.wall_clock.offset = timedelta(hours=11, minutes=59, seconds=20)
        await made.treating(5)
        await made.crash()
        await asyncio.sleep(60.0)
        made.machine_boot = "another"
        await stopped_after_a_restart(made)
        assert (await made.chair.resume(WHO)).code == "other_day"
        assert made.chair.release_gap(DOCTOR, "examined").code == "other_day"
        made.accept(made.chair.end_session(WHO, "time"))
        await made.finished()
        assert made.clinic.records[0].outcome == "stopped"

    bench(scenario)


def test_order_withdrawn_or_changed_meanwhile_is_refused_and_the_partial_dose_signed() -> None:
    async def scenario(made: Bench) -> None:
        await paused(made)
        was = made.book.facts
        made.book.facts = with_problem(was, "withdrawn")
        made.chair.clinic_changed()
        assert (await made.chair.resume(WHO)).code == "order_withdrawn"
        assert made.chair.release_gap(DOCTOR, "examined").code == "order_withdrawn"
        made.book.facts = was
        ordered(made, percent_mt=110)
        assert (await made.chair.resume(WHO)).code == "order_changed"
        made.book.facts = replace(was, level_pct_mso=50)
        made.chair.clinic_changed()
        assert (await made.chair.resume(WHO)).code == "level_changed"
        made.book.facts = with_problem(was, "level_above")
        made.chair.clinic_changed()
        assert (await made.chair.resume(WHO)).code == "order_has_problems"
        made.book.facts = was
        ordered(made, order_version="2", sessions_done=1)
        assert "resume" not in made.chair.refusals()
        made.accept(made.chair.end_session(WHO, "other"))
        await made.finished()
        assert made.clinic.records[0].pulses_measured == 5

    bench(scenario)


def test_record_has_a_segment_for_each_stretch_and_they_add_up_to_the_dose() -> None:
    async def scenario(made: Bench) -> None:
        await paused(made)
        await made.sleep(31.0)
        made.accept(made.chair.release_gap(DOCTOR, "present throughout"))
        await made.resumed()
        await made.until(lambda: made.pulses >= 15)
        made.accept(await made.chair.stop("operator"))
        await made.resumed()
        await made.until(lambda: made.pulses >= 25)
        await made.crash()
        await asyncio.sleep(1.0)
        await stopped_after_a_restart(made, TIGHT)
        await made.resumed()
        await made.finished()
        (record,) = made.clinic.records
        found = record.segments
        assert [each.ended for each in found] == ["operator", "operator", "restored", "complete"]
        assert [each.released_by for each in found] == ["", DOCTOR, "", ""]
        assert {each.begun_by for each in found} == {WHO}
        assert sum(each.pulses for each in found) == 36 == record.pulses_measured
        starts = [each.first_pulse for each in found]
        assert starts == [sum(each.pulses for each in found[:n]) for n in range(4)]
        assert all(each.started_utc <= each.ended_utc for each in found)
        assert found[0].started_utc == record.started_utc
        assert record.is_clock_trusted

    bench(scenario, limits=TIGHT)


def test_record_of_a_session_by_an_unset_clock_is_marked_and_still_whole() -> None:
    """A clock before 2020: nothing stops, everything says so."""

    async def scenario(made: Bench) -> None:
        await made.treating(5)
        made.wall_clock.offset, made.wall_clock.is_trusted = timedelta(days=-9000), False
        await made.until(lambda: made.pulses >= 15)
        made.wall_clock.offset, made.wall_clock.is_trusted = timedelta(), True
        await made.finished()
        (record,) = made.clinic.records
        assert (record.pulses_measured, record.is_clock_trusted) == (36, False)

    bench(scenario)
