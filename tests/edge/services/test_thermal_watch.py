"""The look-ahead on a whole chair: starts refused, sessions held, coils remembered.

True temperatures are the plant's. The coil at hand is a passive one where heat is to matter.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from edge.domain.checks import QUESTIONS
from edge.domain.session_states import S
from edge.domain.thermal import NOMINAL
from edge.services.coil_memory import CoilMemory
from edge.services.thermal_watch import ThermalWatch
from firmware.wire import codes
from firmware.wire.reports import COIL_CIRCULAR, PulseReport, TrainResult
from hw_sim.link import LinkPlan
from hw_sim.plant.coil import FIGURE8, CoilKind
from tests.support.chair_bench import ITBS, WHO, Bench, Facts, bench, facts_of

pytestmark = pytest.mark.control("heat-look-ahead")

LIMIT_C = 41.0
SERIAL = FIGURE8.serial


def fit_coil(made: Bench, kind: CoilKind, start_c: float, level_pct: int) -> None:
    """Plug in another coil before anything has been heard, and order for it."""
    coil = made.unit.plant.coil
    coil.set_kind(made.unit.kernel.now_ns, kind)
    coil.winding_c = coil.surface_c = start_c
    facts: Facts = facts_of(ITBS, level_pct)
    assert facts.order is not None
    assert facts.threshold is not None
    made.book.facts = replace(
        facts,
        order=replace(facts.order, coil_type="figure8"),
        threshold=replace(facts.threshold, coil_type="figure8"),
    )


def on_passive(
    scenario: Callable[[Bench], Awaitable[None]],
    *,
    start_c: float = 23.0,
    level_pct: int = 55,
    kind: CoilKind = FIGURE8,
) -> None:
    async def main(made: Bench) -> None:
        fit_coil(made, kind, start_c, level_pct)
        await scenario(made)

    bench(main, ITBS)


def start_word(made: Bench) -> str:
    return made.chair.device_facts().ahead.start


async def in_checks(made: Bench) -> None:
    await made.until(lambda: not made.not_ready())
    made.accept(made.chair.open_visit(WHO, "apt-1"))
    made.accept(made.chair.begin_checks(WHO))
    for question in QUESTIONS:
        made.accept(made.chair.answer_check(WHO, question.key, question.choices[0]))


def test_nothing_is_foreseen_until_a_visit_is_open() -> None:
    async def scenario(made: Bench) -> None:
        await made.until(lambda: not made.not_ready())
        assert start_word(made) == "none"
        await made.ready()
        await made.sleep(1.5)
        forecast = made.state.heat
        assert forecast is not None
        assert forecast.ahead.start == "ok"
        assert forecast.peak_c == pytest.approx(34.0, abs=1.0)
        assert not forecast.is_learned

    on_passive(scenario)


def test_forecast_is_unknown_while_the_line_is_down() -> None:
    async def scenario(made: Bench) -> None:
        await made.ready()
        await made.sleep(1.5)
        made.unit.cut_link()
        await made.until(lambda: made.state.heat is None)
        assert start_word(made) == "unknown"

    on_passive(scenario)


def test_forecast_is_unknown_without_the_winding() -> None:
    """An old reading is not carried on."""

    async def scenario(made: Bench) -> None:
        await made.ready()
        assert made.state.heat is not None
        made.state.device.winding_c10 = None
        made.chair._unit.thermal.take_status()
        assert made.state.heat is None
        assert start_word(made) == "unknown"

    on_passive(scenario)


def test_warm_coil_is_refused_until_the_time_it_said() -> None:
    async def scenario(made: Bench) -> None:
        made.unit.set_coil_on_head(on=False)
        await in_checks(made)
        await made.until(lambda: start_word(made) == "wait")
        ready_in_s = made.chair.device_facts().ahead.ready_in_s
        await made.until(lambda: made.chair.refusals().get("finish_checks") == "checks_open")
        assert "too_hot_ahead" in made.not_ready()
        assert ready_in_s is not None
        began_s = asyncio.get_running_loop().time()
        await made.until(lambda: "finish_checks" not in made.chair.refusals(), 2 * ready_in_s)
        waited_s = asyncio.get_running_loop().time() - began_s
        assert waited_s == pytest.approx(ready_in_s, rel=0.15)

    on_passive(scenario, start_c=33.0)


def test_session_that_is_too_much_for_the_coil_is_never_ready() -> None:
    async def scenario(made: Bench) -> None:
        await in_checks(made)
        await made.until(lambda: start_word(made) == "never")
        assert made.chair.device_facts().ahead.ready_in_s is None
        await made.until(lambda: made.chair.refusals().get("finish_checks") == "checks_open")

    on_passive(scenario, level_pct=90)


def test_coil_that_nobody_knows_is_not_treated_with() -> None:
    async def scenario(made: Bench) -> None:
        await in_checks(made)
        await made.sleep(1.5)
        assert start_word(made) == "unknown"
        assert "heat_unknown" in made.not_ready()

    on_passive(scenario, kind=replace(FIGURE8, coil_type=COIL_CIRCULAR))


# A coil that warms far more than its type, and warm already: the start is allowed, the rest is not.
STRANGE = replace(FIGURE8, heat_share=1.2, surface_j_per_k=560.0, winding_j_per_k=240.0)


def test_session_is_held_before_the_face_passes_its_limit() -> None:
    async def scenario(made: Bench) -> None:
        await made.treating(1)
        await made.until(lambda: made.state.state is not S.TREATING, 400.0)
        assert made.state.visit is not None
        stop = made.state.visit.session.stop
        assert made.state.state is S.PAUSED
        assert stop is not None
        assert (stop.code, stop.unit, stop.limit) == ("too_hot_ahead", "°C", LIMIT_C)
        assert any(a.alarm_id == "heat_ahead" for a in made.state.alarms) or made.state.alarms
        assert made.unit.plant.coil_now().surface_peak_c() <= LIMIT_C
        prescribed, delivered, uncertain = made.given()
        assert (delivered, uncertain) == (made.pulses, 0)
        assert 0 < delivered < prescribed
        await made.sleep(2.0)
        assert made.chair.refusals()["resume"] in ("too_hot_ahead", "too_hot_never")
        assert "too_hot_ahead" in [alarm.alarm_id for alarm in made.state.alarms]
        assert not made.state.device.fault

    on_passive(scenario, start_c=25.0, level_pct=60, kind=STRANGE)


def test_without_the_hold_the_face_passes_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: nobody weighs the next pulses, and the trip comes too late for the face."""
    monkeypatch.setattr(ThermalWatch, "_is_next_too_much", lambda _self, _coil: False)

    async def scenario(made: Bench) -> None:
        await made.treating(1)
        await made.until(lambda: made.state.state is not S.TREATING, 400.0)
        assert made.unit.plant.coil_now().surface_peak_c() > LIMIT_C

    on_passive(scenario, start_c=25.0, level_pct=60, kind=STRANGE)


def stop_pump(made: Bench) -> None:
    for name, side in (("cooling", "mcu"), ("flow", "edge")):
        made.unit.stick_input(name, side, level=True)
    made.unit.set_fan(on=False)


def test_stopped_pump_with_a_lying_tacho_holds_the_session() -> None:
    async def scenario(made: Bench) -> None:
        await made.treating(120)
        stop_pump(made)
        await made.until(lambda: made.state.state is S.PAUSED, 60.0)
        assert made.state.visit is not None
        stop = made.state.visit.session.stop
        assert stop is not None
        assert stop.code == "cooling_trend"
        assert made.unit.plant.coil_now().surface_c < 35.0
        await made.sleep(1.0)
        assert "cooling_trend" in [alarm.alarm_id for alarm in made.state.alarms]
        assert made.chair.refusals()["resume"] == "device_not_ready"

        made.unit.set_fan(on=True)
        await made.resumed()

    bench(scenario, ITBS)


def test_what_a_session_taught_outlives_the_service() -> None:
    async def scenario(made: Bench) -> None:
        await made.treating()
        await made.finished()
        made.accept(made.chair.leave_visit(WHO))
        await made.crash()
        made.start()
        memory = CoilMemory(made.store, made.wall_clock)
        found = memory.find(SERIAL, "figure8")
        assert found is not None
        constants, trains = found
        assert trains == 20
        assert constants.pulse_k == pytest.approx(1.15 * NOMINAL["figure8"].pulse_k, rel=0.03)
        await made.ready()
        await made.sleep(1.5)
        assert made.state.heat is not None
        assert made.state.heat.is_learned

    on_passive(scenario, kind=replace(FIGURE8, heat_share=1.15))


@pytest.mark.parametrize("text", ["nonsense", "{}", '{"pulse_k": "warm"}'])
def test_a_row_that_cannot_be_read_counts_as_nothing_learned(text: str) -> None:
    async def scenario(made: Bench) -> None:
        memory = CoilMemory(made.store, made.wall_clock)
        memory.keep(SERIAL, "figure8", NOMINAL["figure8"], 9)
        assert memory.find(SERIAL, "figure8") == (NOMINAL["figure8"], 9)
        assert memory.find(SERIAL, "figure8_cooled") is None
        made.store.rows("UPDATE coil_heat SET constants = ?", (text,))
        assert memory.find(SERIAL, "figure8") is None
        await asyncio.sleep(0)

    bench(scenario)


def test_a_store_that_fails_costs_only_what_was_learned() -> None:
    async def scenario(made: Bench) -> None:
        memory = CoilMemory(made.store, made.wall_clock)
        made.store.rows("DROP TABLE coil_heat")
        memory.keep(SERIAL, "figure8", NOMINAL["figure8"], 9)
        assert memory.find(SERIAL, "figure8") is None
        await asyncio.sleep(0)

    bench(scenario)


def test_lost_reports_of_pulses_are_heat_all_the_same() -> None:
    async def scenario(made: Bench) -> None:
        watch = made.chair._unit.thermal
        made.state.device.ordered_pct_mso = 50

        def pulse(ordinal: int) -> PulseReport:
            return PulseReport(
                ordinal=ordinal,
                train_index=0,
                pulse_index=ordinal - 1,
                at_us=0,
                result=codes.PULSE_EMITTED,
                amplitude_pm=500,
            )

        def heat() -> float:
            return watch._level_sum * 4  # in pulses at half output

        for ordinal in (301, 302, 306):  # the first that is heard counts as one
            watch.take_report(pulse(ordinal), 0.0)
        assert heat() == pytest.approx(6)
        watch.take_report(pulse(1), 0.0)  # another session
        assert heat() == pytest.approx(7)
        result = TrainResult(
            train_index=0, first_pulse=0, asked=10, emitted=10, cut=0, refused=0,
            ended=codes.ENDED_COMPLETE, fault=0, first_us=1, last_us=2, session_pulses=10,
        )  # fmt: skip
        watch.take_report(result, 0.0)
        assert heat() == pytest.approx(16)
        watch.take_report(result, 0.0)  # told twice
        assert heat() == pytest.approx(16)
        await asyncio.sleep(0)

    bench(scenario)


def test_a_train_on_a_line_that_loses_reports_is_no_failure_of_the_cooling() -> None:
    async def scenario(made: Bench) -> None:
        await made.treating(60)
        made.unit.set_link_plan(LinkPlan(lose=0.1))
        await made.sleep(60.0)
        assert "cooling_trend" not in [alarm.alarm_id for alarm in made.state.alarms]

    bench(scenario, ITBS)
