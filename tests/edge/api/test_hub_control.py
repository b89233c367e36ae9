"""Two tabs and old pictures: which screen may act, and on which picture.

Planted bugs these catch: a second tab in control, a command taken on an old picture, telemetry
making every picture old, one tap acting twice.
"""

from __future__ import annotations

import asyncio

import pytest

from edge.api import schema
from edge.domain.session_states import S
from edge.services.chair_state import AlarmState, StopState
from tests.edge.api.fakes import (
    TECH,
    Screen,
    bench,
    virtual,
    visit,
)

pytestmark = [pytest.mark.control("fresh-picture"), pytest.mark.control("single-control")]


@virtual
async def test_second_tab_without_control_is_refused_until_it_takes_it() -> None:
    async with bench() as made:
        token = await made.token(TECH)
        first, second = Screen(made.hub, token), Screen(made.hub, token)
        assert (first.control, second.control) == ("here", "elsewhere")
        assert second.snapshot.refusals["start"] == "not_in_control"
        assert "take_control" not in second.snapshot.refusals

        assert await second.ask(schema.Start) == "not_in_control"
        assert made.chair.calls == []

        assert await second.ask(schema.TakeControl) == ""
        assert second.control == "here"
        await asyncio.sleep(0.2)
        assert first.control == "elsewhere"
        assert await first.ask(schema.Start) == "not_in_control"
        assert await second.ask(schema.Start) == ""
        assert made.chair.calls == [("start", "Tess")]
        assert ("Tess", "take_control") in made.audited()


@virtual
async def test_tab_reloaded_gets_control_back() -> None:
    async with bench() as made:
        token = await made.token(TECH)
        first, second = Screen(made.hub, token), Screen(made.hub, token)
        first.connection.disconnect()
        await asyncio.sleep(0.2)
        assert second.control == "free"

        again = Screen(made.hub, token)
        assert again.control == "here"
        await asyncio.sleep(0.2)
        assert second.control == "elsewhere"


@virtual
async def test_control_that_is_free_goes_to_the_next_command() -> None:
    async with bench() as made:
        token = await made.token(TECH)
        first, second = Screen(made.hub, token), Screen(made.hub, token)
        first.connection.disconnect()
        await asyncio.sleep(0.2)
        assert await second.ask(schema.BeginChecks) == ""
        assert second.control == "here"


@virtual
async def test_control_of_a_silent_tab_may_be_taken_and_is_kept_by_a_beating_one() -> None:
    async with bench() as made:
        token = await made.token(TECH)
        first = Screen(made.hub, token)
        for frame in range(1, 9):
            await asyncio.sleep(0.5)
            first.beat(frame)
        second = Screen(made.hub, token)
        assert second.control == "elsewhere"

        await asyncio.sleep(3.6)
        assert second.control == "free"
        assert await second.ask(schema.BeginChecks) == ""
        first.beat(99)
        await asyncio.sleep(0.6)
        assert first.control == "elsewhere"


@virtual
async def test_control_is_never_with_a_screen_that_is_not_logged_in() -> None:
    async with bench() as made:
        stranger = await made.screen()
        assert stranger.control == "free"
        assert await stranger.ask(schema.TakeControl) == "not_logged_in"
        screen = await made.screen(TECH)
        assert screen.control == "here"


def material_changes() -> dict[str, dict[str, object]]:
    stopped = visit()
    stopped.session.stop = StopState("operator", 0.0)
    other_level = visit()
    other_level.level_pct_mso = 61
    answered = visit()
    answered.checks[0].answer = "confirmed"
    alarm = AlarmState("estop", "high", "technical", 0.0, True, False, {})
    return {
        "phase": {"state": S.READY},
        "stop": {"visit": stopped},
        "level": {"visit": other_level},
        "check": {"visit": answered},
        "patient": {"visit": visit("apt-2")},
        "alarm": {"alarms": (alarm,)},
    }


@pytest.mark.parametrize("what", list(material_changes()))
@virtual
async def test_command_on_a_picture_before_a_material_change_is_refused(what: str) -> None:
    async with bench() as made:
        made.chair.change(state=S.CHECKS, visit=visit())
        screen = await made.screen(TECH)
        seen = screen.snapshot.rev

        made.chair.change(**material_changes()[what])

        assert await screen.ask(schema.FinishChecks, rev=seen) == "stale_screen"
        assert made.chair.calls == []
        assert await screen.ask(schema.FinishChecks) == ""  # the picture came with the refusal


@virtual
async def test_command_after_a_fault_of_the_device_is_refused_on_the_old_picture() -> None:
    async with bench() as made:
        screen = await made.screen(TECH)
        seen = screen.snapshot.rev
        made.chair.state.device.fault = 101
        assert await screen.ask(schema.Start, rev=seen) == "stale_screen"


@virtual
async def test_command_after_telemetry_only_is_accepted() -> None:
    async with bench() as made:
        made.chair.change(state=S.TREATING, visit=visit())
        screen = await made.screen(TECH)
        seen = screen.snapshot.rev
        for pulse in range(50):
            made.chair.state.device.surface_c10 = 300 + pulse
            assert made.chair.state.visit is not None
            made.chair.state.visit.session.train_pulses = pulse
            made.chair.change()
            await asyncio.sleep(0.1)
        assert screen.snapshot.rev > seen
        assert await screen.ask(schema.AddNote, rev=seen, note="calm") == ""


@virtual
async def test_command_sent_twice_acts_once() -> None:
    async with bench() as made:
        made.chair.change(state=S.PATIENT, visit=visit())
        screen = await made.screen(TECH)
        seen = screen.snapshot.rev
        first, second = (screen.send(schema.BeginChecks, rev=seen) for _ in range(2))
        await asyncio.sleep(0.3)
        assert isinstance(screen.answer(first), schema.Accepted)
        twice = screen.answer(second)
        assert isinstance(twice, schema.Refused)
        assert (twice.code, twice.text) == ("stale_screen", "refusal-stale_screen {}")
        assert made.chair.calls == [("begin_checks", "Tess")]


@pytest.mark.parametrize("offset", [-1, 1, 1_000_000])
@virtual
async def test_command_on_a_picture_never_sent_here_is_refused(offset: int) -> None:
    async with bench() as made:
        for _ in range(5):
            made.chair.change()
            await asyncio.sleep(0.2)
        screen = await made.screen(TECH)
        assert await screen.ask(schema.Start, rev=screen.snapshot.rev + offset) == "stale_screen"


@virtual
async def test_pause_on_an_old_picture_pauses() -> None:
    async with bench() as made:
        made.chair.change(state=S.ARMED, visit=visit())
        screen = await made.screen(TECH)
        seen = screen.snapshot.rev
        made.chair.change(state=S.TREATING)
        assert await screen.ask(schema.Pause, rev=seen) == ""
        assert made.chair.calls == [("pause", "Tess")]


@virtual
async def test_answer_comes_after_the_picture_that_shows_its_effect() -> None:
    async with bench() as made:
        made.chair.change(state=S.PATIENT, visit=visit())
        screen = await made.screen(TECH)
        await screen.ask(schema.BeginChecks)
        answered = next(
            at for at, said in enumerate(screen.messages) if isinstance(said, schema.Accepted)
        )
        assert screen.messages[answered - 1].phase == "checks"
