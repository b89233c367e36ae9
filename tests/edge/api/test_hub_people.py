"""Log-in, lock, signatures, audit and presence.

Planted bugs these catch: a signature judged on the picture from before the PIN check, a beat of a
screen that is not in control or has stopped drawing counting as presence, a lock during treatment.
"""

from __future__ import annotations

import asyncio

import pytest

from edge.api import schema
from edge.domain.session_states import S
from tests.edge.api.commands import FIELDS, fields_for
from tests.edge.api.fakes import (
    DOCT,
    FAMILY,
    PINS,
    TECH,
    Screen,
    SlowPins,
    bench,
    virtual,
    visit,
)


@pytest.mark.parametrize(
    ("kind", "changes", "code"),
    [
        (schema.WrapUp, {"pin": "9999"}, "wrong_pin"),
        (schema.WrapUp, {"pin": PINS[DOCT]}, "wrong_pin"),
        (schema.ReleaseCheck, {"pin": "9999"}, "wrong_pin"),
        (schema.ReleaseCheck, {"user_id": TECH, "pin": PINS[TECH]}, "release_not_allowed"),
        (schema.ReleaseCheck, {"user_id": "nobody"}, "wrong_pin"),
    ],
)
@virtual
async def test_signature_with_a_wrong_pin_or_person_is_refused(
    kind: type[schema.Command], changes: dict[str, str], code: str
) -> None:
    async with bench() as made:
        screen = await made.screen(TECH)
        assert await screen.ask(kind, **{**fields_for(kind, TECH), **changes}) == code
        assert made.chair.calls == []


@virtual
async def test_signature_that_the_state_refuses_costs_no_try() -> None:
    async with bench() as made:
        screen = await made.screen(TECH)
        made.chair.refused["wrap_up"] = "wrong_state"
        fields = {**fields_for(schema.WrapUp, TECH), "pin": "9999"}
        assert await screen.ask(schema.WrapUp, **fields) == "wrong_state"
        assert made.store.rows("SELECT sum(wrong_tries) FROM account") == [(0,)]


@virtual
async def test_signature_on_a_picture_that_changes_during_the_check_is_refused() -> None:
    async with bench() as made:
        made.chair.change(state=S.WRAPUP, visit=visit())
        screen = await made.screen(TECH)
        made.accounts._pins = SlowPins()
        command_id = screen.send(schema.WrapUp, **fields_for(schema.WrapUp, TECH))
        await asyncio.sleep(0.2)
        made.chair.change(state=S.UNCERTAIN)
        await asyncio.sleep(1)
        answer = screen.answer(command_id)
        assert isinstance(answer, schema.Refused)
        assert answer.code == "stale_screen"
        assert made.chair.calls == []


@virtual
async def test_audit_holds_who_and_what_and_no_secret() -> None:
    async with bench() as made:
        made.chair.change(visit=visit())
        screen = await made.screen(TECH)
        for kind in FIELDS:
            await screen.ask(kind, **fields_for(kind, TECH))
            screen.connection.revealed_until = 0.0
        actions = [action for who, action in made.audited() if who == "Tess"]
        assert actions == [
            "login", "take_control", "open_visit", "reveal", "arm", "start", "resume",
            "end_session", "wrap_up",
        ]  # fmt: skip
        assert ("Dora", "release_check") in made.audited()
        text = repr(made.store.rows("SELECT detail FROM audit"))
        assert not any(secret in text for secret in (*PINS.values(), "calm", "fine", FAMILY))
        assert made.audit.verify() is None


@pytest.mark.control("store-first")
@virtual
async def test_command_without_a_working_store_is_refused_before_the_act() -> None:
    async with bench() as made:
        screen = await made.screen(TECH)
        made.store.close()
        assert await screen.ask(schema.Start) == "store_failed"
        assert made.chair.calls == []


@virtual
async def test_beats_count_as_presence_only_from_the_living_screen_in_control() -> None:
    async with bench() as made:
        token = await made.token(TECH)
        first, second = Screen(made.hub, token), Screen(made.hub, token)
        first.beat(10)
        assert made.chair.pages_seen == 1
        second.beat(10)
        second.beat(20)
        assert made.chair.pages_seen == 1
        first.beat(10)  # runs, but has not drawn
        assert made.chair.pages_seen == 1
        first.beat(11)
        assert made.chair.pages_seen == 2


@virtual
async def test_beats_that_show_an_old_picture_do_not_count() -> None:
    async with bench() as made:
        screen = await made.screen(TECH)
        stuck = screen.snapshot.rev
        seen = []
        for frame in range(1, 41):
            made.chair.change()
            await asyncio.sleep(0.1)
            screen.beat(frame, shown_rev=stuck)
            seen.append(made.chair.pages_seen)
        assert seen[15] == 16
        assert seen[-1] == seen[21] < 23


@virtual
async def test_lock_after_idle_time_hides_the_patient_and_frees_control() -> None:
    async with bench(lock_after_s=300) as made:
        made.chair.change(state=S.CHECKS, visit=visit())
        screen = await made.screen(TECH)
        await asyncio.sleep(239)
        assert screen.snapshot.lock_in_ms is None
        await asyncio.sleep(2)
        left_ms = screen.snapshot.lock_in_ms
        assert left_ms is not None
        assert 58_000 <= left_ms <= 60_000
        await asyncio.sleep(60)

        last = screen.snapshot
        assert (last.me, last.visit, last.today, last.control) == (None, None, None, "free")
        assert last.phase == "checks"
        assert await screen.ask(schema.FinishChecks) == "not_logged_in"
        assert ("Tess", "locked") in made.audited()


@pytest.mark.parametrize(
    "state", [S.ARMING, S.ARMED, S.TREATING, S.PAUSED, S.RESUMING, S.UNCERTAIN]
)
@virtual
async def test_lock_never_comes_during_treatment_and_starts_anew_after_it(state: S) -> None:
    async with bench(lock_after_s=60) as made:
        screen = await made.screen(TECH)
        made.chair.change(state=state)
        await asyncio.sleep(200)
        assert screen.snapshot.me is not None
        assert screen.snapshot.lock_in_ms is None
        made.chair.change(state=S.WRAPUP)
        await asyncio.sleep(50)
        assert screen.snapshot.me is not None
        await asyncio.sleep(12)
        assert screen.snapshot.me is None


@pytest.mark.parametrize("act", ["touch", "command", "stop"])
@virtual
async def test_lock_is_put_off_by_whoever_is_there(act: str) -> None:
    async with bench(lock_after_s=60) as made:
        screen = await made.screen(TECH)
        for count in range(1, 6):
            await asyncio.sleep(40)
            match act:
                case "touch":
                    screen.beat(count, touches=count)
                case "command":
                    await screen.ask(schema.PauseAudio)
                case _:
                    screen.stop()
        assert screen.snapshot.me is not None


@virtual
async def test_lock_is_not_put_off_by_beats_without_touch() -> None:
    async with bench(lock_after_s=60) as made:
        screen = await made.screen(TECH)
        for count in range(1, 130):
            await asyncio.sleep(0.5)
            screen.beat(count, touches=0)
        assert screen.snapshot.me is None


@virtual
async def test_logout_ends_all_tabs_and_is_refused_with_output_possible() -> None:
    async with bench() as made:
        token = await made.token(TECH)
        screen = Screen(made.hub, token)
        made.chair.change(state=S.TREATING)
        assert made.hub.logout(token).code == "wrong_state"
        made.chair.change(state=S.RECORD)
        assert made.hub.logout(token).is_accepted
        await asyncio.sleep(0.2)
        assert screen.snapshot.me is None
        assert made.hub.operator(token) is None
        assert ("Tess", "logout") in made.audited()


@virtual
async def test_login_of_another_ends_the_browsers_older_one_but_not_in_treatment() -> None:
    async with bench() as made:
        old = await made.token(TECH)
        made.chair.change(state=S.TREATING)
        await made.hub.login(DOCT, PINS[DOCT], old)
        assert made.hub.operator(old) is not None
        made.chair.change(state=S.IDLE)
        await made.hub.login(DOCT, PINS[DOCT], old)
        assert made.hub.operator(old) is None


@virtual
async def test_login_refused_is_audited_and_gives_no_token() -> None:
    async with bench() as made:
        done = await made.hub.login(TECH, "0000")
        assert getattr(done, "code", None) == "wrong_pin"
        assert made.audited() == [("", "login_refused")]
