"""The foot switch: held to start, let go it holds the session, and the rest can be given."""

from __future__ import annotations

import asyncio

import pytest

from edge.domain.session_states import S
from edge.services.panel_stops import PanelStops
from tests.support.chair_bench import WHO, Bench, bench

pytestmark = pytest.mark.control("attendance")

PULSES = 36


async def armed_with_foot(made: Bench) -> None:
    made.unit.hold_attend(True)
    await made.armed()


def test_start_without_the_foot_switch_is_refused_and_with_it_accepted() -> None:
    async def scenario(made: Bench) -> None:
        await made.armed()
        verdict = await made.chair.start(WHO)
        assert verdict.code == "attend_released"
        assert made.chair.refusals()["start"] == "attend_released"
        made.unit.hold_attend(True)
        await made.until(lambda: "start" not in made.chair.refusals())
        made.accept(await made.chair.start(WHO))
        await made.finished()
        assert made.pulses == PULSES

    bench(scenario, has_attend=True)


@pytest.mark.parametrize("pulses", [0, 2, 7, 12])
def test_foot_switch_let_go_holds_and_the_rest_is_given_after_resume(pulses: int) -> None:
    """Also in the countdown and between the trains. Nothing is lost or given twice."""

    async def scenario(made: Bench) -> None:
        await armed_with_foot(made)
        made.accept(await made.chair.start(WHO))
        await made.until(lambda: made.pulses >= pulses)
        made.unit.hold_attend(False)
        await asyncio.sleep(0.1)
        before = made.pulses
        assert made.state.state is S.PAUSED
        stop = made.state.visit.session.stop if made.state.visit else None
        assert stop is not None
        assert (stop.code, stop.is_cleared, stop.dose_counts) == ("attend_released", True, True)
        await made.sleep(6.0)
        assert made.pulses == before
        assert "attend_released" in [alarm.alarm_id for alarm in made.state.alarms]
        assert made.chair.refusals()["resume"] == "attend_released"
        made.unit.hold_attend(True)
        await made.resumed()
        assert "attend_released" not in [alarm.alarm_id for alarm in made.state.alarms]
        await made.finished()
        assert made.pulses == PULSES
        assert made.given() == (PULSES, PULSES, 0)

    bench(scenario, has_attend=True)


def test_foot_switch_let_go_while_the_resumed_session_charges_holds_before_the_first_pulse() -> (
    None
):
    async def scenario(made: Bench) -> None:
        await armed_with_foot(made)
        made.accept(await made.chair.start(WHO))
        await made.until(lambda: made.pulses >= 5)
        made.accept(await made.chair.pause(WHO))
        await made.until(lambda: "resume" not in made.chair.refusals())
        before = made.pulses
        made.accept(await made.chair.resume(WHO))
        made.unit.hold_attend(False)
        await made.until(lambda: made.state.state is S.PAUSED)
        await made.sleep(5.0)
        assert made.pulses == before

    bench(scenario, has_attend=True)


def test_foot_switch_whose_edge_is_lost_holds_within_a_reading() -> None:
    async def scenario(made: Bench) -> None:
        await armed_with_foot(made)
        made.accept(await made.chair.start(WHO))
        await made.until(lambda: made.pulses >= 1)
        made.unit.lose_edges("edge", is_lost=True)
        made.unit.hold_attend(False)
        await asyncio.sleep(0.15)
        assert made.state.state is S.PAUSED

    bench(scenario, has_attend=True)


def test_foot_switch_that_cannot_be_read_counts_as_let_go() -> None:
    async def scenario(made: Bench) -> None:
        from edge.ports import PanelInput

        await armed_with_foot(made)
        made.accept(await made.chair.start(WHO))
        await made.until(lambda: made.pulses >= 1)
        made.unit.edge_panel().set_lost(PanelInput.ATTEND)
        await asyncio.sleep(0.05)
        assert made.state.state is S.PAUSED

    bench(scenario, has_attend=True)


def test_foot_switch_let_go_in_armed_changes_nothing_but_the_start() -> None:
    async def scenario(made: Bench) -> None:
        await armed_with_foot(made)
        made.unit.hold_attend(False)
        await made.sleep(1.0)
        assert made.state.state is S.ARMED
        assert made.chair.refusals()["start"] == "attend_released"

    bench(scenario, has_attend=True)


def test_planted_bug_of_a_release_that_nobody_heeds_lets_pulses_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The tests above look at pulses on the truth record: without the hold they must see some."""
    monkeypatch.setattr(PanelStops, "check_attendance", lambda _self: None)

    async def scenario(made: Bench) -> None:
        await armed_with_foot(made)
        made.accept(await made.chair.start(WHO))
        await made.until(lambda: made.pulses >= 2)
        made.unit.hold_attend(False)
        await asyncio.sleep(0.1)
        before = made.pulses
        await made.sleep(6.0)
        assert made.pulses > before

    bench(scenario, has_attend=True)
