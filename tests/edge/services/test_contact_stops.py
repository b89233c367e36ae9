"""Contacts in a session: cover, flow, chatter, cut and bridged wires, edges that are lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from edge.domain.session_states import S
from firmware.wire.codes import IN_DOOR
from tests.support.chair_bench import WHO, Bench, bench

pytestmark = pytest.mark.control("interlocks-edge")


def code_of(made: Bench) -> str:
    visit = made.state.visit
    assert visit is not None
    assert visit.session.stop is not None
    return visit.session.stop.code


async def stopped_without_a_pulse(made: Bench, within_s: float = 0.15) -> None:
    await asyncio.sleep(within_s)
    before = made.pulses
    assert made.state.state is S.STOPPED
    await made.sleep(5.0)
    assert made.pulses == before


# What is done to the unit, and what the session says of it.
ACTS: dict[str, tuple[Callable[[Bench], None], str]] = {
    "cover off": (lambda made: made.unit.set_cover(True), "109"),
    "cover wire of the edge cut": (lambda made: made.unit.cut_wire("enclosure", "edge"), "109"),
    "cover wire of the controller cut": (
        lambda made: made.unit.cut_wire("enclosure", "mcu"),
        "109",
    ),
    "flow stops, tacho lies": (lambda made: lying_tacho(made), "105"),
    "fan stops": (lambda made: made.unit.set_fan(False), "105"),
    "door wire of the edge cut": (lambda made: made.unit.cut_wire("door", "edge"), "102"),
    "door chatters": (lambda made: made.unit.hand.chatter("door", 50.0), "102"),
    "door with the longest bounce": (lambda made: bouncing_door(made), "102"),
}


def lying_tacho(made: Bench) -> None:
    made.unit.stick_input("cooling", "mcu", True)
    made.unit.set_fan(False)


def bouncing_door(made: Bench) -> None:
    made.unit.hand.set_bounce(50.0)
    made.unit.set_door(True)


@pytest.mark.parametrize("act", ACTS)
def test_contact_that_opens_in_a_session_ends_its_pulses_and_says_why(act: str) -> None:
    do, code = ACTS[act]

    async def scenario(made: Bench) -> None:
        await made.treating(4)
        do(made)
        await stopped_without_a_pulse(made)
        assert code_of(made) == code

    bench(scenario)


@pytest.mark.parametrize("side", ["edge", "mcu"])
def test_contact_whose_edges_are_lost_on_one_side_still_ends_the_pulses_at_once(side: str) -> None:
    async def scenario(made: Bench) -> None:
        await made.treating(4)
        made.unit.lose_edges(side, is_lost=True)
        made.unit.set_door(True)
        before = made.pulses
        await stopped_without_a_pulse(made, 0.2)
        assert made.pulses <= before + 1  # the one that was flowing

    bench(scenario)


@pytest.mark.parametrize("side", ["edge", "mcu"])
def test_contact_with_a_bridged_wire_is_found_by_the_other_wire(side: str) -> None:
    """Catches: one wire trusted alone. The door stays open, so nothing may be armed."""

    async def scenario(made: Bench) -> None:
        await made.treating(4)
        made.unit.stick_input("door", side, True)
        made.unit.set_door(True)
        await stopped_without_a_pulse(made, 0.6)
        assert made.unit.plant.panel.contacts & IN_DOOR == 0
        assert "inputs_disagree" in [alarm.alarm_id for alarm in made.state.alarms]
        assert made.not_ready()[0] in ("fault", "inputs_disagree")

    bench(scenario)


def test_contact_that_chatters_is_named_by_an_alarm_and_keeps_the_unit_from_arming() -> None:
    async def scenario(made: Bench) -> None:
        await made.ready()
        made.unit.hand.chatter("patient", 300.0)
        await made.sleep(3.0)
        alarms = {alarm.alarm_id: alarm for alarm in made.state.alarms}
        assert alarms["contact_chatter"].args == {"input": "patient"}
        assert "interlock_open" in made.not_ready()
        assert (await made.chair.arm(WHO)).code in ("device_not_ready", "checks_open")
        made.unit.hand.chatter("patient", None)
        await made.until(lambda: not made.not_ready())
        assert "contact_chatter" in [alarm.alarm_id for alarm in made.state.alarms]  # latched
        assert made.chair.acknowledge_alarm(WHO, "contact_chatter").is_accepted

    bench(scenario)


def test_unit_with_a_cooled_coil_and_no_flow_is_not_ready() -> None:
    async def scenario(made: Bench) -> None:
        await made.until(lambda: not made.not_ready())
        lying_tacho(made)
        await made.sleep(1.0)
        assert made.not_ready() == ("interlock_open",)
        await made.sleep(2.0)
        assert made.not_ready() == ("inputs_disagree",)
        made.unit.stick_input("cooling", "mcu", None)
        made.unit.set_fan(True)
        await made.until(lambda: not made.not_ready())

    bench(scenario)
