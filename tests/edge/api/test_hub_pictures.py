"""What screens are shown, to whom, and how often.

Planted bugs these catch: anything of a patient before log-in, a reveal passing on to the next
patient or to another tab, a picture for every change, an alarm that waits its turn.
"""

from __future__ import annotations

import asyncio

import pytest

from edge.api import schema
from edge.api.pacing import URGENT_S
from edge.domain.session_states import S
from edge.services.chair_state import AlarmState
from tests.edge.api.fakes import (
    CANARIES,
    ENGI,
    FAMILY,
    GIVEN,
    MRN,
    TECH,
    Screen,
    bench,
    virtual,
    visit,
)

pytestmark = pytest.mark.control("masked-identity")


@virtual
async def test_picture_before_login_holds_nothing_of_patients() -> None:
    async with bench() as made:
        made.chair.change(state=S.TREATING, visit=visit())
        inside, outside = await made.screen(TECH), await made.screen()
        await inside.ask(schema.Reveal)
        await asyncio.sleep(1)
        text = b"".join(outside.raw).decode()
        assert not [canary for canary in CANARIES if canary in text]
        assert outside.snapshot.phase == "treating"
        assert [o.name for o in outside.snapshot.operators] == ["Dora", "Egon", "Tess"]
        assert set(outside.snapshot.refusals.values()) == {"not_logged_in"}


@virtual
async def test_picture_after_login_is_masked_until_revealed_for_ten_seconds() -> None:
    async with bench() as made:
        made.chair.change(state=S.PATIENT, visit=visit())
        token = await made.token(TECH)
        screen, other = Screen(made.hub, token), Screen(made.hub, token)
        shown = screen.snapshot.visit
        assert shown is not None
        assert (shown.initials, shown.mrn_last4, shown.full_name) == ("Q. Z.", "8990", None)
        assert not any(word in b"".join(screen.raw).decode() for word in (FAMILY, GIVEN, MRN))

        assert await screen.ask(schema.Reveal) == ""
        shown = screen.snapshot.visit
        assert shown is not None
        assert (shown.full_name, shown.birth_date, shown.mrn) == (
            f"{GIVEN} {FAMILY}", "1971-03-09", MRN,
        )  # fmt: skip
        await asyncio.sleep(11)
        assert FAMILY not in screen.raw[-1].decode()
        assert FAMILY not in b"".join(other.raw).decode()
        assert ("Tess", "reveal") in made.audited()


@virtual
async def test_reveal_does_not_pass_on_to_the_next_patient() -> None:
    async with bench() as made:
        made.chair.change(state=S.PATIENT, visit=visit())
        screen = await made.screen(TECH)
        await screen.ask(schema.Reveal)
        made.chair.change(visit=visit("apt-2"))
        await asyncio.sleep(0.25)  # past the pace of numbers that are read
        assert screen.snapshot.visit is not None
        assert screen.snapshot.visit.full_name is None


@virtual
async def test_reveal_without_a_visit_is_refused() -> None:
    async with bench() as made:
        screen = await made.screen(TECH)
        assert screen.snapshot.refusals["reveal"] == "wrong_state"
        assert await screen.ask(schema.Reveal) == "wrong_state"


@virtual
async def test_picture_of_an_engineer_holds_the_treatment_and_no_identity() -> None:
    async with bench() as made:
        made.chair.change(state=S.TREATING, visit=visit())
        screen = await made.screen(ENGI)
        await asyncio.sleep(1)
        text = b"".join(screen.raw).decode()
        assert not [canary for canary in CANARIES if canary in text]
        assert screen.snapshot.visit is not None
        assert screen.snapshot.visit.order is not None
        assert screen.snapshot.visit.order.pulses == 600


@pytest.mark.parametrize(
    ("state", "stage", "a_second"),
    [(S.IDLE, "idle", 2), (S.TREATING, "gap", 5), (S.TREATING, "train", 10)],
)
@virtual
async def test_pictures_without_change_come_on_their_period(
    state: S, stage: str, a_second: int
) -> None:
    async with bench() as made:
        open_visit = visit()
        open_visit.session.stage = stage
        made.chair.change(state=state, visit=open_visit)
        screen = await made.screen()
        await asyncio.sleep(1)
        before = len(screen.snapshots)
        await asyncio.sleep(10)
        assert abs(len(screen.snapshots) - before - 10 * a_second) <= 1


@virtual
async def test_pictures_under_many_changes_stay_at_five_a_second_and_phases_are_prompt() -> None:
    async with bench() as made:
        screen = await made.screen()
        await asyncio.sleep(0.7)
        before = len(screen.snapshots)
        made.chair.change(state=S.CHECKS)
        await asyncio.sleep(URGENT_S + 0.001)
        assert screen.snapshot.phase == "checks"
        for _ in range(1000):
            made.chair.change()
            await asyncio.sleep(0.001)
        assert len(screen.snapshots) - before <= 7


@virtual
async def test_new_alarm_is_drawn_at_once_although_a_picture_has_just_gone_out() -> None:
    async with bench() as made:
        screen = await made.screen()
        await asyncio.sleep(0.7)
        made.chair.change()
        await asyncio.sleep(0.001)
        made.chair.change(alarms=(AlarmState("hot", "high", "patient", 0.0, True, False, {}),))
        await asyncio.sleep(URGENT_S + 0.001)
        assert [alarm.alarm_id for alarm in screen.snapshot.alarms] == ["hot"]


@virtual
async def test_pictures_of_one_view_are_encoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with bench() as made:
        screens = [await made.screen() for _ in range(5)]
        await asyncio.sleep(1)
        assert len({id(screen.raw[-1]) for screen in screens}) == 1
