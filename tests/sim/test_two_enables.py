"""Both enables on the whole chair: neither alone gives a pulse, and a broken one is found.

Judged on the plant's truth recorder. The redundant defences are each tested with the other one
switched off. Each safety test says what it plants or catches.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from edge.domain.enables import EnableJudge
from edge.domain.session_states import S
from edge.services.panel_service import PanelService
from firmware.core.watchdogs import HostWatch
from firmware.wire.codes import F_HOST_ENABLE, F_HOST_STUCK, F_INTERNAL
from hw_sim.checkers import Facts, check, gate_windows
from hw_sim.plant.host_enable import HOST_EDGE_WIRE, HOST_LIFE_NS, HOST_WIRE
from tests.support.chair_bench import LONG_TRAIN, SHORT, WHO, Bench, bench

pytestmark = pytest.mark.control("host-enable")

NS_PER_S = 1_000_000_000
LIFE_S = HOST_LIFE_NS / NS_PER_S


def host_is_on(made: Bench) -> bool:
    made.unit.kernel.sync()
    return made.unit.plant.host.is_on(made.unit.kernel.now_ns)


def stop_code(made: Bench) -> str:
    visit = made.state.visit
    assert visit is not None
    assert visit.session.stop is not None
    return visit.session.stop.code


def alarm_ids(made: Bench) -> set[str]:
    return {alarm.alarm_id for alarm in made.state.alarms}


async def no_pulse_for(made: Bench, seconds: float) -> None:
    before = made.pulses
    await made.sleep(seconds)
    assert made.pulses == before


def test_session_lies_inside_both_enables_and_leaves_them_off() -> None:
    async def scenario(made: Bench) -> None:
        await made.treating()
        await made.finished()
        await made.sleep(6.0)
        record = made.unit.recorder
        hosts, gates = gate_windows(record, HOST_WIRE), gate_windows(record)
        assert len(hosts) == 1
        assert all(hosts[0][0] < on and off < hosts[0][1] for on, off in gates)
        charged = next(at for at, target in record.levels("target_mv") if target)
        assert 0 < charged - hosts[0][0] < NS_PER_S  # just before the charge
        assert check(record, Facts(plan=SHORT)) == []
        assert made.state.device.enable_fault == ""
        assert not alarm_ids(made)

    bench(scenario)


def test_checkers_catch_a_session_whose_edges_are_cut_out_of_the_record() -> None:
    """Plants a record in which the edge never held its enable."""

    async def scenario(made: Bench) -> None:
        await made.treating(5)
        record = made.unit.recorder
        record.wires = [w for w in record.wires if w.name not in (HOST_WIRE, HOST_EDGE_WIRE)]
        assert {"I3", "I4"} <= {v.checker for v in check(record, Facts(plan=SHORT))}

    bench(scenario)


@pytest.mark.parametrize("end", ["stop", "pause_and_bleed", "crash", "cut"])
def test_every_end_lets_the_edge_s_enable_fall_within_its_life(end: str) -> None:
    async def scenario(made: Bench) -> None:
        await made.treating(5)
        if end == "stop":
            made.accept(await made.chair.stop("operator"))
        elif end == "crash":
            await made.crash()
        elif end == "cut":
            made.unit.cut_link(is_silent=True)
            await asyncio.sleep(0.4)  # until the line counts as silent
        else:
            made.accept(await made.chair.pause(WHO))
            await made.sleep(30.0)
            assert host_is_on(made)  # the bank is kept meanwhile
            await made.sleep(31.0)
        await asyncio.sleep(LIFE_S + 0.01)
        assert not host_is_on(made)
        before = len(made.unit.recorder.levels(HOST_EDGE_WIRE))
        await asyncio.sleep(3.0)
        assert len(made.unit.recorder.levels(HOST_EDGE_WIRE)) == before

    bench(scenario, LONG_TRAIN)


@pytest.mark.parametrize("is_edge_blind", [False, True])
def test_controller_s_enable_welded_on_gives_no_pulse_without_the_edge_s(
    is_edge_blind: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plants a welded enable and a firmware that hangs for good; with and without the comparison.

    Catches: a second enable that hangs on the first.
    """
    if is_edge_blind:
        monkeypatch.setattr(EnableJudge, "look", lambda self, now, facts: "")

    async def scenario(made: Bench) -> None:
        await made.treating(5)
        made.unit.set_gate_stuck(True)
        made.unit.hang_mcu(has_watchdog=False)
        await asyncio.sleep(0.31 + 2 * LIFE_S)
        assert not host_is_on(made)
        assert not made.unit.fire_unasked()
        await no_pulse_for(made, 5.0)

    bench(scenario, LONG_TRAIN)


def test_controller_s_enable_welded_on_is_found_by_the_edge(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The controller's own look at its enable is switched off."""
    monkeypatch.setattr("firmware.core.gate.Gate.is_on", lambda self: False)

    async def scenario(made: Bench) -> None:
        await made.until(lambda: not made.not_ready())
        made.unit.set_gate_stuck(True)
        await made.until(lambda: made.state.device.enable_fault == "gate_on", 1.0)
        await made.until(lambda: "enable_stuck" in alarm_ids(made), 1.0)
        assert "enable_stuck" in made.not_ready()
        made.unit.set_gate_stuck(None)
        await made.until(lambda: "enable_stuck" not in made.not_ready(), 1.0)
        assert "enable_stuck" in alarm_ids(made)  # latched until understood

    bench(scenario)


def test_controller_s_enable_welded_on_is_found_by_the_controller(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The edge's comparison is switched off."""
    monkeypatch.setattr(EnableJudge, "look", lambda self, now, facts: "")

    async def scenario(made: Bench) -> None:
        await made.until(lambda: not made.not_ready())
        made.unit.set_gate_stuck(True)
        await made.until(lambda: made.state.device.fault == F_INTERNAL, 1.0)

    bench(scenario)


def test_welded_one_shot_leaves_stop_to_the_controller_s_enable() -> None:
    """Catches: a STOP that only withdraws the edge's enable."""

    async def scenario(made: Bench) -> None:
        await made.treating(5)
        made.unit.stick_host_output(True)
        made.accept(await made.chair.stop("operator"))
        await asyncio.sleep(0.1)
        assert host_is_on(made)
        assert not made.unit.hal.gate_is_on()
        await no_pulse_for(made, 5.0)

    bench(scenario, LONG_TRAIN)


def test_welded_one_shot_and_a_dead_edge_leave_the_rest_to_the_heartbeat() -> None:
    async def scenario(made: Bench) -> None:
        await made.treating(5)
        made.unit.stick_host_output(True)
        await made.crash()
        await asyncio.sleep(0.5)
        assert not made.unit.hal.gate_is_on()
        before = made.pulses
        await asyncio.sleep(5.0)
        assert made.pulses == before

    bench(scenario, LONG_TRAIN)


@pytest.mark.parametrize("blind", ["edge", "controller"])
def test_welded_one_shot_is_found_by_either_side_alone(
    blind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if blind == "edge":
        monkeypatch.setattr(EnableJudge, "look", lambda self, now, facts: "")
    else:
        monkeypatch.setattr(HostWatch, "is_stuck", lambda self, now_us, is_high: False)

    async def scenario(made: Bench) -> None:
        await made.until(lambda: not made.not_ready())
        made.unit.stick_host_output(True)
        if blind == "edge":
            await made.until(lambda: F_HOST_STUCK in made.state.device.faults, 6.0)
        else:
            await made.until(lambda: made.state.device.enable_fault == "host_on", 1.0)
        assert made.not_ready()

    bench(scenario)


@pytest.mark.parametrize("level", [False, True])
def test_pin_stuck_in_a_train_stops_it(level: bool) -> None:
    async def scenario(made: Bench) -> None:
        await made.treating(5)
        made.unit.stick_host_pin(level)
        await asyncio.sleep(LIFE_S + 0.05)
        assert not made.unit.hal.gate_is_on()
        await made.until_state(S.STOPPED, 1.0)
        assert stop_code(made) == str(F_HOST_ENABLE)
        await no_pulse_for(made, 3.0)

    bench(scenario, LONG_TRAIN)


def test_pin_stuck_in_a_train_is_found_by_the_edge_alone() -> None:
    """The controller is lied to: its wire of the one-shot is held high."""

    async def scenario(made: Bench) -> None:
        await made.treating(5)
        made.unit.stick_input("host", "mcu", True)
        made.unit.stick_host_pin(False)
        await made.until_state(S.STOPPED, 1.0)
        assert stop_code(made) in ("host_lost", "303")  # or the pulse that did not come
        await no_pulse_for(made, 3.0)

    bench(scenario, LONG_TRAIN)


def test_dead_one_shot_means_no_charge_and_a_word_why() -> None:
    async def scenario(made: Bench) -> None:
        made.unit.stick_host_output(False)
        await made.ready()
        made.accept(await made.chair.arm(WHO))
        await made.until_state(S.ARMING, 1.0)
        await made.until(lambda: made.state.state is not S.ARMING, 5.0)
        assert made.state.state is not S.ARMED
        assert all(not target for _, target in made.unit.recorder.levels("target_mv"))
        await made.sleep(1.0)
        assert made.unit.recorder.pulses == []

    bench(scenario)


@pytest.mark.parametrize(("level", "difference"), [(True, "gate_on"), (False, "gate_off")])
def test_dead_read_back_of_the_controller_s_enable_is_found(level: bool, difference: str) -> None:
    """Catches: a comparison that trusts a wire that never moves."""

    async def scenario(made: Bench) -> None:
        await made.ready()
        made.unit.stick_gate_back(level)
        if difference == "gate_off":
            made.accept(await made.chair.arm(WHO))
        await made.until(lambda: made.state.device.enable_fault == difference, 10.0)
        await made.until(lambda: "enable_stuck" in alarm_ids(made), 1.0)
        assert made.unit.recorder.pulses == []

    bench(scenario)


def test_panel_task_that_hangs_with_the_rest_alive_ends_the_session(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Plants a task that is dead while its timer and all others live."""

    async def scenario(made: Bench) -> None:
        await made.treating(5)
        monkeypatch.setattr(PanelService, "sample", lambda self: None)
        await asyncio.sleep(0.5 + 0.1 + LIFE_S)
        assert not host_is_on(made)
        await made.until_state(S.STOPPED, 1.0)
        assert stop_code(made) in ("edge_internal", str(F_HOST_ENABLE))
        await no_pulse_for(made, 3.0)

    bench(scenario, LONG_TRAIN)


def frozen(seconds: float) -> Callable[[Bench], Awaitable[None]]:
    async def scenario(made: Bench) -> None:
        await made.treating(5)
        loop = asyncio.get_running_loop()
        at_ns = round(loop.time() * NS_PER_S)
        loop.stall(round(seconds * NS_PER_S))  # type: ignore[attr-defined]
        await asyncio.sleep(0.01)
        fell_ns = made.unit.recorder.levels(HOST_WIRE)[-1]
        assert fell_ns[1] == 0
        assert fell_ns[0] - at_ns <= HOST_LIFE_NS
        await made.until_state(S.STOPPED, 2.0)
        late = [p.at_ns for p in made.unit.recorder.pulses if p.at_ns > at_ns + HOST_LIFE_NS]
        assert late == []
        await no_pulse_for(made, 3.0)

    return scenario


@pytest.mark.parametrize("seconds", [0.3, 0.45, 1.0, 20.0])
def test_edge_frozen_in_a_train_gives_nothing_after_the_one_shot_fell(seconds: float) -> None:
    """SIGSTOP and SIGCONT. Catches: an edge that takes up its wave where it left it."""
    bench(frozen(seconds), LONG_TRAIN)


def test_session_goes_on_after_the_enable_was_lost_and_mended() -> None:
    async def scenario(made: Bench) -> None:
        await made.treating(5)
        made.unit.stick_host_pin(False)
        await made.until_state(S.STOPPED, 2.0)
        made.unit.stick_host_pin(None)
        await made.resumed()
        await made.finished()
        assert made.pulses == SHORT.pulses

    bench(scenario)
