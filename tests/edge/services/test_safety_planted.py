"""Defects planted in a simulated unit: the safety test finds each, and says which."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from edge.domain.safety_test import DAILY
from firmware.core import supervision
from firmware.core.watchdogs import HeartbeatWatch, Hunger
from firmware.wire.codes import F_ESTOP, IN_ESTOP, IN_PATIENT
from hw_sim.plant.sensor import SensorFault
from hw_sim.safety_person import Hands, hands_at
from tests.support.chair_bench import WHO, Bench
from tests.support.safety_bench import carried_out, failure, untested

pytestmark = pytest.mark.control("morning-test")

# --- planted: each must be found, with the right word


def _slow(made: Bench, side: str, late_s: float) -> Hands:
    """This side's wire of the emergency stop follows late."""

    def press(is_open: bool) -> None:
        if is_open:
            made.unit.stick_input("estop", side, level=True)
            loop = asyncio.get_running_loop()
            loop.call_later(late_s, made.unit.stick_input, "estop", side, None)
        made.unit.hand.move("estop", is_closed=not is_open)

    return {**hands_at(made.unit), "estop": press}


def _stuck(made: Bench) -> Hands:
    """Somebody has bridged the emergency stop: it can be pressed, its contact stays."""
    return {**hands_at(made.unit), "estop": lambda _is_open: None}


Plant = Callable[[Bench, pytest.MonkeyPatch], Hands | None]


def _ignoring(_made: Bench, patch: pytest.MonkeyPatch) -> None:
    rest = tuple(row for row in supervision.FAULT_OF_INPUT if row != (IN_ESTOP, F_ESTOP))
    patch.setattr(supervision, "FAULT_OF_INPUT", rest)


def _swapped(_made: Bench, patch: pytest.MonkeyPatch) -> None:
    other = {IN_ESTOP: IN_PATIENT, IN_PATIENT: IN_ESTOP}
    rows = tuple((other.get(bit, bit), fault) for bit, fault in supervision.FAULT_OF_INPUT)
    patch.setattr(supervision, "FAULT_OF_INPUT", rows)


def _deaf_watch(_made: Bench, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(HeartbeatWatch, "is_lost", lambda _self, _now_us: False)


def _dull_watch(_made: Bench, patch: pytest.MonkeyPatch) -> None:
    """A repeated beat counts as a sign of life."""

    def hear(self: HeartbeatWatch, now_us: int, _beat: int) -> None:
        self._heard_us = now_us

    patch.setattr(HeartbeatWatch, "hear", hear)


def _no_hunger(_made: Bench, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Hunger, "lasts", lambda _self, _now_us: False)


def _no_trip(_made: Bench, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(supervision, "_heat_faults", lambda _unit, _state: [])


def _do(act: Callable[[Bench], object]) -> Plant:
    def plant(made: Bench, _patch: pytest.MonkeyPatch) -> None:
        act(made)

    return plant


PLANTED: dict[str, tuple[Plant, str, str]] = {
    "contact bridged": (lambda made, _: _stuck(made), "estop", "not_opened"),
    "contact slow": (lambda made, _: _slow(made, "mcu", 0.03), "estop", "too_slow"),
    "service's wire slow": (lambda made, _: _slow(made, "edge", 0.15), "estop", "own_slow"),
    "controller's wire stuck": (
        _do(lambda made: made.unit.stick_input("estop", "mcu", level=True)),
        "estop",
        "controller_blind",
    ),
    "service's wire stuck": (
        _do(lambda made: made.unit.stick_input("door", "edge", level=True)),
        "door",
        "own_blind",
    ),
    "controller ignores the emergency stop": (_ignoring, "estop", "controller_blind"),
    "two inputs swapped": (_swapped, "estop", "other_fault"),
    "enable pin stuck low": (
        _do(lambda made: made.unit.stick_host_pin(level=False)),
        "host_rise",
        "no_enable",
    ),
    "enable pin stuck high": (
        _do(lambda made: made.unit.stick_host_pin(level=True)),
        "host_rise",
        "no_enable",
    ),
    "gate read-back stuck high": (
        _do(lambda made: made.unit.stick_gate_back(level=True)),
        "rest",
        "enable_at_rest",
    ),
    "host input of the controller cut": (
        _do(lambda made: made.unit.cut_wire("host", "mcu")),
        "host_rise",
        "no_enable",
    ),
    "contact open": (_do(lambda made: made.unit.set_door(is_open=True)), "rest", "contact_at_rest"),
    "face sensor frozen": (
        _do(lambda made: made.unit.set_sensor_fault("surface", SensorFault.FROZEN.value)),
        "face",
        "frozen",
    ),
    "winding sensor frozen": (
        _do(lambda made: made.unit.set_sensor_fault("winding", SensorFault.FROZEN.value)),
        "winding",
        "frozen",
    ),
    "service's own sensor frozen": (
        _do(lambda made: made.unit.set_sensor_fault("face", SensorFault.FROZEN.value)),
        "face_own",
        "frozen",
    ),
    "service's own sensor gone": (
        _do(lambda made: made.unit.set_sensor_fault("face", SensorFault.OPEN.value)),
        "rest",
        "temperature_at_rest",
    ),
    "sensor far off": (
        _do(lambda made: made.unit.set_sensor_fault("winding", SensorFault.OFFSET.value, 9.0)),
        "rest",
        "temperature_at_rest",
    ),
    "trip dead": (_no_trip, "face", "controller_blind"),
    "heartbeat watch dead": (_deaf_watch, "heartbeat", "controller_blind"),
    "heartbeat watch takes a repeat for life": (_dull_watch, "heartbeat", "controller_blind"),
    "watchdog dead": (_no_hunger, "watchdog", "no_restart"),
    "sounder dead": (
        _do(lambda made: made.unit.edge_indicators().break_sounder(is_dead=True)),
        "alarm",
        "sounder_dead",
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_planted_defect_is_found_and_no_certificate_is_issued(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant, key, word = PLANTED[name]

    async def scenario(made: Bench) -> None:
        hands = plant(made, monkeypatch)
        await made.sleep(25)
        await carried_out(made, DAILY, hands)
        assert made.state.safety.stage == "failed"
        assert failure(made) == (key, word)
        assert made.state.certificate is None
        made.accept(made.chair.end_safety_test(WHO))
        await made.until(lambda: made.state.safety.stage == "over")
        certificate = made.state.certificate
        assert made.state.safety.outcome == "failed"
        assert certificate is not None
        assert not certificate.is_passed
        assert made.chair.device_facts().certificate == "failed"
        assert made.pulses == 0

    untested(scenario)
