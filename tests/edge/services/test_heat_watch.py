"""The edge's own contact-face sensor on a whole chair: what it stops, when, and in which words.

Pulses are counted on the plant's truth recorder. Each safety claim has a test that plants the bug.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import accumulate

import pytest

from edge.domain import heat_channel, warming
from edge.domain.heat_channel import WINDOW, FaceChannel
from edge.domain.session_states import S
from edge.domain.train_plan import plan_of
from edge.domain.verdict import refused
from edge.services.heat_watch import CLEAR_C10, STEPS_S
from tests.support.chair_bench import LIMITS, LONG_TRAIN, WHO, Bench, bench

pytestmark = pytest.mark.control("second-temperature")

TEN_HZ = plan_of((40, 100_000), (8, 15_000_000), train_levels=1)
DECIDE_S = 1.0  # sources.md reliability 2.4 I13


def stop_code(made: Bench) -> str:
    assert made.state.visit is not None
    stop = made.state.visit.session.stop
    assert stop is not None
    return stop.code


def alarms(made: Bench) -> set[str]:
    return {alarm.alarm_id for alarm in made.state.alarms}


async def stopped_within(made: Bench, seconds: float, code: str) -> None:
    """Stopped by this, no pulse afterwards, and every pulse booked."""
    await made.until_state(S.STOPPED, seconds)
    assert stop_code(made) == code
    await made.sleep(1.0)
    given = made.pulses
    await made.sleep(5.0)
    assert made.pulses == given
    assert made.given()[1:] == (given, 0)


async def warm_face(made: Bench, to_c: float) -> None:
    """The coil's face warms by 1 K/s, as no coil here does, but slower than a loose contact."""
    coil = made.unit.plant.coil
    while coil.surface_c < to_c and made.state.state is not S.STOPPED:
        coil.surface_c += 0.05
        made.beat()
        await asyncio.sleep(0.05)


def test_ready_only_after_the_own_sensor_was_heard() -> None:
    async def scenario(made: Bench) -> None:
        made.unit.edge_thermometer().is_lost = True
        await made.sleep(5.0)
        assert made.not_ready() == ("temperature_unknown",)
        assert "sensor_own" in alarms(made)
        made.unit.edge_thermometer().is_lost = False
        await made.until(lambda: not made.not_ready(), 3.0)
        assert made.state.device.surface_own_c10 == pytest.approx(230, abs=3)

    bench(scenario)


def _break_face(fault: str) -> Callable[[Bench], None]:
    return lambda made: made.unit.set_sensor_fault("face", fault)


def _lose_converter(made: Bench) -> None:
    made.unit.edge_thermometer().is_lost = True


def _bend_reference(made: Bench) -> None:
    made.unit.edge_thermometer().reference_scale = 0.9


@pytest.mark.parametrize(
    ("breaks", "doubt"),
    [
        (_break_face("open"), "open"),
        (_break_face("short"), "short"),
        (_lose_converter, "unread"),
        (_bend_reference, "reference"),
    ],
    ids=["open", "short", "unread", "reference"],
)
def test_own_sensor_lost_in_treatment_stops_within_a_second(
    breaks: Callable[[Bench], None], doubt: str
) -> None:
    async def scenario(made: Bench) -> None:
        await made.treating(5)
        breaks(made)
        await stopped_within(made, DECIDE_S, "sensor_own")
        assert made.state.device.surface_own_doubt == doubt
        assert "sensor_own" in alarms(made)
        assert await made.chair.acknowledge(WHO) == refused(
            "device_not_ready", reason="temperature_unknown"
        )

    bench(scenario, LONG_TRAIN)


@pytest.mark.parametrize(("fault", "within_s"), [("slew", 2.5), ("frozen", 32.0)])
def test_own_sensor_that_cannot_be_right_stops(fault: str, within_s: float) -> None:
    async def scenario(made: Bench) -> None:
        await made.treating(5)
        made.unit.set_sensor_fault("face", fault)
        await stopped_within(made, within_s, "sensor_own")

    bench(scenario, LONG_TRAIN)


def test_own_sensor_that_spikes_with_every_pulse_stops_nothing() -> None:
    async def scenario(made: Bench) -> None:
        made.unit.set_sensor_fault("face", "spike")
        made.unit.set_sensor_fault("surface", "spike")
        made.unit.set_sensor_fault("winding", "spike")
        await made.treating()
        await made.finished()
        assert made.pulses == TEN_HZ.pulses

    bench(scenario, TEN_HZ)


def test_own_sensor_at_the_limit_stops_although_the_controllers_reads_less() -> None:
    async def scenario(made: Bench) -> None:
        made.unit.set_sensor_fault("surface", "offset", -4.0)
        await made.sleep(15.0)
        await made.treating(5)
        await warm_face(made, LIMITS.surface_c10_max / 10 + 1.5)
        assert made.unit.plant.coil.surface_c < LIMITS.surface_c10_max / 10 + 1.5
        await stopped_within(made, 0.1, "surface_hot_own")
        assert made.state.visit is not None
        stop = made.state.visit.session.stop
        assert stop is not None
        assert (stop.limit, stop.unit) == (41.0, "°C")
        assert stop.value is not None
        assert stop.value >= 41.0
        assert "surface_hot_own" in alarms(made)
        # Warm is not cool: one degree below the limit changes nothing.
        made.unit.plant.coil.surface_c = (LIMITS.surface_c10_max - CLEAR_C10) / 10 + 1
        made.unit.plant.coil.winding_c = made.unit.plant.coil.surface_c
        await made.sleep(15.0)
        assert await made.chair.acknowledge(WHO) == refused("device_not_ready", reason="too_hot")
        made.unit.plant.coil.surface_c = made.unit.plant.coil.winding_c = 30.0
        await made.sleep(15.0)
        await made.resumed()

    bench(scenario, LONG_TRAIN)


def test_own_sensor_and_the_controllers_apart_by_more_than_five_degrees_stop() -> None:
    async def scenario(made: Bench) -> None:
        await made.treating(5)
        made.unit.set_sensor_fault("face", "fell_off")  # still as cool as the room
        await warm_face(made, 30.0)
        assert made.state.state is S.STOPPED
        assert made.unit.plant.coil.surface_c < 29.5
        await stopped_within(made, 0.1, "sensor_own")
        assert made.state.device.surface_own_doubt == "differs"

    bench(scenario, LONG_TRAIN)


@pytest.mark.parametrize("fault", ["fell_off", "noiseless"])
def test_winding_that_does_not_warm_as_the_energy_says_stops(fault: str) -> None:
    """A sensor off the coil, or a resistor in its place, is plausible for ever."""

    async def scenario(made: Bench) -> None:
        made.unit.set_sensor_fault("winding", fault)
        await made.sleep(15.0)
        await made.treating(1)
        await stopped_within(made, 24.0, "sensor_own")  # two trains at this level
        assert made.state.device.surface_own_doubt == "warming"

    bench(scenario, TEN_HZ)


def test_own_sensor_of_an_unplugged_coil_is_no_defect() -> None:
    async def scenario(made: Bench) -> None:
        await made.until(lambda: not made.not_ready())
        made.unit.plug_coil(False)
        await made.sleep(5.0)
        assert made.state.device.surface_own_doubt == ""
        assert "sensor_own" not in alarms(made)
        assert {"coil_absent", "temperature_unknown"} & set(made.not_ready())
        made.unit.plug_coil(True)
        await made.until(lambda: made.state.device.surface_own_c10 is not None, 5.0)
        assert "sensor_own" not in alarms(made)

    bench(scenario)


def test_samples_meet_no_rhythm_of_pulses_more_than_twice_in_five() -> None:
    # Catches: even steps of 250 ms, of which every other one falls on a pulse of 10 Hz.
    steps_ms = [round(step_s * 1000) for step_s in STEPS_S] * 100
    at_ms = list(accumulate(steps_ms))
    for interval_ms in (20, 50, 55, 100, 200, 1000):
        for first in range(len(at_ms) - WINDOW):
            phases = [at % interval_ms for at in at_ms[first : first + WINDOW]]
            hits = [sum((other - one) % interval_ms <= 2 for other in phases) for one in phases]
            assert max(hits) <= WINDOW // 2, interval_ms


# Planted bugs: with each of them the test of the claim above must fail.


def _hold_last(self: FaceChannel, now_s: float) -> tuple[int | None, str]:
    return self._last_c10, ""


@pytest.mark.parametrize(
    ("where", "name", "planted", "test"),
    [
        (FaceChannel, "at", _hold_last, lambda: _own_lost()),
        (heat_channel, "BAD_ROW", 12, lambda: _own_lost()),
        (heat_channel, "REFERENCE_RAW_OFF_MAX", 512, lambda: _reference()),
        (heat_channel, "FROZEN_S", 1e9, lambda: _fault("frozen", 32.0)),
        (heat_channel, "SLEW_C10_S", 1e9, lambda: _fault("slew", 2.5)),
        (heat_channel, "DIFFER_C10_MAX", 1000, lambda: _differ()),
        (warming, "SHARE_MIN", -1.0, lambda: _warming()),
        (warming, "FAILURES_MAX", 10**9, lambda: _warming()),
    ],
)
def test_planted_bug_is_caught(
    monkeypatch: pytest.MonkeyPatch,
    where: object,
    name: str,
    planted: object,
    test: Callable[[], None],
) -> None:
    monkeypatch.setattr(where, name, planted)
    with pytest.raises(AssertionError):
        test()


def _own_lost() -> None:
    test_own_sensor_lost_in_treatment_stops_within_a_second(_break_face("open"), "open")


def _reference() -> None:
    test_own_sensor_lost_in_treatment_stops_within_a_second(_bend_reference, "reference")


def _fault(fault: str, within_s: float) -> None:
    test_own_sensor_that_cannot_be_right_stops(fault, within_s)


def _differ() -> None:
    test_own_sensor_and_the_controllers_apart_by_more_than_five_degrees_stop()


def _warming() -> None:
    test_winding_that_does_not_warm_as_the_energy_says_stops("noiseless")
