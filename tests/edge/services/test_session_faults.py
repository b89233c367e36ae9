"""Sessions on bad lines, with late trains, silent pages, failing stores and restarting controllers.

Pulses are counted on the plant's truth recorder, never by the code under test.
"""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from edge.domain.session_states import S
from edge.mcu import arming
from edge.ports import StoreError
from edge.services import train_feeder
from hw_sim.link import LinkPlan
from tests.support.chair_bench import (
    LONG_TRAIN,
    SHORT,
    SIX_SECONDS,
    WHO,
    Bench,
    bench,
)


def test_stop_on_a_line_that_loses_half_its_bytes_is_confirmed_and_pulses_end() -> None:
    async def scenario(made: Bench) -> None:
        await made.treating(5)
        made.unit.set_link_plan(LinkPlan(lose=0.5))
        made.accept(await made.chair.stop("operator"))
        await asyncio.sleep(0.1)
        before = made.pulses
        await made.sleep(3.0)
        assert made.pulses == before

    for seed in range(1, 6):
        bench(scenario, seed=seed)


@pytest.mark.parametrize("seed", range(1, 7))
def test_session_on_a_bad_line_gives_exactly_the_prescribed(seed: int) -> None:
    """Lost, damaged, doubled, split and late frames, all together.

    Catches: counting asked pulses as given, a repeat that acts twice, a result booked twice.
    """

    async def scenario(made: Bench) -> None:
        await made.armed()
        made.unit.set_link_plan(
            LinkPlan(lose=0.08, corrupt=0.04, double=0.1, split=0.2, hold=0.1, hold_ns=30_000_000)
        )
        made.accept(await made.chair.start(WHO))
        for _ in range(12):
            await made.until(lambda: made.state.state is not S.TREATING, 120.0)
            if made.state.state is S.WRAPUP:
                break
            await made.until(lambda: made.state.state in (S.STOPPED, S.PAUSED), 30.0)
            assert made.given()[1] <= made.pulses
            made.unit.set_link_plan(LinkPlan())
            await made.sleep(3.0)
            assert made.given() == (36, made.pulses, 0)
            if made.pulses == 36:  # only the last result was lost: nothing is left to resume
                await made.acknowledged()
                break
            await made.resumed()
        await made.finished()
        assert made.pulses == 36
        assert made.clinic.records[0].pulses_measured == 36

    bench(scenario, seed=seed)


def test_session_lost_train_result_is_settled_by_the_ledger() -> None:
    """Catches: waiting for ever, or believing that the train was given whole."""

    async def scenario(made: Bench) -> None:
        await made.treating(11)
        made.unit.link.up.is_dead = True  # our frames arrive, its results do not
        await made.until(lambda: made.pulses == 12)
        await made.sleep(0.25)
        made.unit.link.up.is_dead = False
        await made.until_state(S.STOPPED)
        await made.sleep(1.0)
        assert made.given() == (36, made.pulses, 0)
        await made.resumed()
        await made.finished()
        assert made.pulses == 36

    bench(scenario)


def test_session_with_the_line_cut_in_a_train_is_uncertain_then_exact() -> None:
    async def scenario(made: Bench) -> None:
        await made.treating(6)
        made.unit.cut_link()
        await made.until_state(S.UNCERTAIN)
        at_cut = made.pulses
        await made.sleep(0.6)
        stopped_at = made.pulses
        assert made.unit.state()["gate_on"] is False
        await made.sleep(5.0)
        assert made.pulses == stopped_at >= at_cut
        assert made.given()[1] + made.given()[2] >= stopped_at
        made.unit.restore_link()
        await made.until_state(S.STOPPED)
        assert made.given() == (36, stopped_at, 0)
        await made.resumed()
        await made.finished()
        assert made.pulses == 36

    bench(scenario)


def test_session_with_a_silent_line_goes_uncertain_within_400_ms() -> None:
    async def scenario(made: Bench) -> None:
        await made.treating(6)
        made.unit.cut_link(is_silent=True)
        began = asyncio.get_running_loop().time()
        await made.until_state(S.UNCERTAIN)
        assert asyncio.get_running_loop().time() - began <= 0.45
        made.unit.restore_link()
        await made.until_state(S.STOPPED)
        await made.resumed()
        await made.finished()
        assert made.pulses == 36

    bench(scenario)


def test_session_whose_controller_restarts_in_a_train_stays_uncertain_with_words() -> None:
    """The controller's memory of the running train is gone: the count is bounded, not guessed.

    Catches: booking the controller's older count, or the commanded count, as delivered.
    """

    async def scenario(made: Bench) -> None:
        await made.treating(17)
        made.unit.reboot_mcu()
        await made.until_state(S.UNCERTAIN)
        await made.until(lambda: "uncertain" in made.kinds())
        _, delivered, uncertain = made.given()
        assert delivered <= made.pulses <= delivered + uncertain
        assert (await made.chair.resume(WHO)).code == "wrong_state"
        made.accept(made.chair.end_session(WHO, "equipment"))
        await made.finished()
        (record,) = made.clinic.records
        assert record.pulses_measured == delivered
        assert record.pulses_uncertain == uncertain
        assert record.stop_reasons == ("mcu_reboot", "equipment")

    bench(scenario)


@pytest.mark.control("arm-echo-confirm")
@pytest.mark.parametrize("field", ["pulses_total", "level_pct_mso", "plan_sha256", "period_3_us"])
def test_arm_with_an_echo_that_differs_is_never_confirmed(
    field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: the unit understood one field differently from what the edge meant."""
    honest = arming.arm_command

    def meant_otherwise(*args: object) -> object:
        asked = honest(*args)  # type: ignore[arg-type]
        value = getattr(asked, field)
        shown = value[:-1] + b"?" if isinstance(value, bytes) else value + 1
        packed = asked.pack()
        setattr(asked, field, shown)
        asked.pack = lambda: packed  # type: ignore[method-assign]
        return asked

    monkeypatch.setattr("edge.services.arm_flow.arm_command", meant_otherwise)

    async def scenario(made: Bench) -> None:
        await made.ready()
        made.accept(await made.chair.arm(WHO))
        await made.until_state(S.READY)
        await made.sleep(5.0)
        assert made.state.device.mcu_state == "STANDBY"
        assert made.unit.recorder.pulses == []
        assert "arm_failed" in made.kinds()
        assert "armed" not in made.kinds()

    bench(scenario)


@pytest.mark.control("absolute-starts")
def test_session_late_start_is_moved_never_squeezed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: the edge sends so late that the controller refuses; later trains move along."""
    monkeypatch.setattr(train_feeder, "FIRE_AHEAD_US", 15_000)
    monkeypatch.setattr(train_feeder, "LEAD_US_MIN", 0)

    async def scenario(made: Bench) -> None:
        await made.treating()
        await made.until(lambda: "train_intent" in made.kinds())
        monkeypatch.setattr(train_feeder, "FIRE_AHEAD_US", 1_000_000)
        await made.finished()
        assert made.pulses == 36
        onsets, planned = made.onsets_us(), SHORT.offsets_us()
        assert all(t >= p * (1 - 30e-6) for t, p in zip(onsets, planned, strict=True))
        rows = made.journal.rows(made.clinic.records[0].session_id)
        refused = [row for row in rows if row.body.get("ended") == "refused"]
        assert refused
        assert made.clinic.records[0].pulses_commanded == 36

    bench(scenario)


@pytest.mark.control("absolute-starts")
def test_session_of_a_blocked_edge_moves_the_train_instead_of_catching_up() -> None:
    async def scenario(made: Bench) -> None:
        await made.treating(12)
        # The loop does nothing for 3 s, as on a machine that swaps; the heartbeat is kept alive
        # by the test so that only the feeder is late.
        feeder = made.chair._runner._feeder
        assert feeder is not None
        real = feeder._wait_until_us

        async def overslept(mcu_us: int) -> int:
            feeder._wait_until_us = real  # type: ignore[method-assign]
            return await real(mcu_us + 900_000)

        feeder._wait_until_us = overslept  # type: ignore[method-assign]
        await made.finished()
        assert made.pulses == 36
        assert all(gap >= 19_999 for gap in made.gaps_us())
        # Each train came on the plan's pause or later.
        starts = [made.onsets_us()[index] for index in (0, 12, 24)]
        assert all(b - a >= 4_000_000 * (1 - 30e-6) for a, b in pairwise(starts))

    bench(scenario)


def test_session_page_silent_in_a_short_train_pauses_when_it_is_over() -> None:
    async def scenario(made: Bench) -> None:
        await made.treating(91)
        made.beat()
        await asyncio.sleep(9.0)  # nobody's screen is alive
        assert made.state.state is S.PAUSED
        assert made.pulses == 180
        assert made.state.visit is not None
        assert made.state.visit.session.stop is not None
        assert made.state.visit.session.stop.code == "page_silent"
        await made.resumed()
        await made.finished()
        assert made.pulses == 270
        assert made.clinic.records[0].stop_reasons == ("page_silent",)

    bench(scenario, SIX_SECONDS)


@pytest.mark.control("page-presence")
def test_session_page_silent_between_trains_pauses_at_once() -> None:
    async def scenario(made: Bench) -> None:
        await made.treating(12)
        made.beat()
        await asyncio.sleep(10.0)
        assert made.state.state is S.PAUSED
        assert made.pulses == 12

    bench(scenario)


@pytest.mark.control("page-presence")
def test_session_page_silent_in_a_long_train_holds_at_once() -> None:
    async def scenario(made: Bench) -> None:
        await made.treating(4)
        made.beat()
        began = asyncio.get_running_loop().time()
        while made.state.state is S.TREATING:  # noqa: ASYNC110 - virtual time
            await asyncio.sleep(0.05)
        assert 3.0 < asyncio.get_running_loop().time() - began < 4.0
        assert 4 < made.pulses < 10
        await made.resumed()
        await made.finished()
        assert made.pulses == 60

    bench(scenario, LONG_TRAIN)


def test_session_page_beating_is_not_paused() -> None:
    async def scenario(made: Bench) -> None:
        await made.treating(4)
        await made.sleep(20.0)
        assert made.state.state is S.TREATING

    bench(scenario, LONG_TRAIN)


@pytest.mark.control("store-first")
def test_store_that_fails_in_a_session_stops_it_and_keeps_the_count() -> None:
    """Catches: giving a train that could not be written down first."""

    async def scenario(made: Bench) -> None:
        await made.treating(12)
        honest = made.journal.record
        failing = {"now": True}

        def record(*args: object) -> int:
            if failing["now"]:
                raise StoreError("disk full")
            return honest(*args)  # type: ignore[arg-type]

        made.journal.record = record  # type: ignore[method-assign, assignment]
        await made.until_state(S.STOPPED)
        await made.sleep(3.0)
        assert made.pulses == 12
        assert made.state.visit is not None
        assert made.state.visit.session.stop is not None
        assert made.state.visit.session.stop.code == "store_failed"
        failing["now"] = False
        await made.sleep(2.0)
        await made.resumed()
        await made.finished()
        assert made.pulses == 36

    bench(scenario)


def test_fault_in_a_train_stops_with_its_code_and_resumes_after_acknowledging() -> None:
    async def scenario(made: Bench) -> None:
        await made.treating(5)
        made.unit.set_door(True)
        await made.until_state(S.STOPPED)
        assert made.state.visit is not None
        assert made.state.visit.session.stop is not None
        assert made.state.visit.session.stop.code == "102"
        assert (await made.chair.acknowledge(WHO)).code in ("interlock_open", "uncertain")
        await made.sleep(1.0)
        assert (await made.chair.acknowledge(WHO)).code == "interlock_open"
        made.unit.set_door(False)
        await made.sleep(1.0)
        await made.resumed()
        await made.finished()
        assert made.pulses == 36
        assert made.clinic.records[0].stop_reasons == ("102",)

    bench(scenario)


@pytest.mark.control("patient-button")
def test_patient_button_is_a_patients_stop() -> None:
    async def scenario(made: Bench) -> None:
        await made.treating(5)
        made.unit.press_patient_button(True)
        await made.until_state(S.STOPPED)
        assert made.state.visit is not None
        assert made.state.visit.session.stop is not None
        assert made.state.visit.session.stop.code in ("patient", "104")

    bench(scenario)


@pytest.mark.control("service-supervision")
def test_task_that_dies_stops_the_controller_and_ends_the_service() -> None:
    """Planted: a bug in the alarm service while pulses are given."""

    async def scenario(made: Bench) -> None:
        await made.treating(5)

        def bug() -> None:
            raise RuntimeError("planted")

        made.chair._alarms.evaluate = bug  # type: ignore[method-assign]
        await asyncio.sleep(0.6)
        assert made._run is not None
        assert made._run.done()
        with pytest.raises(RuntimeError, match="alarms"):
            made._run.result()
        made._run = None
        before = made.pulses
        await asyncio.sleep(10.0)
        assert made.pulses == before
        assert made.unit.state()["gate_on"] is False

    bench(scenario)


def test_unasked_pulse_after_a_stop_is_found_in_the_ledger() -> None:
    """Catches: a count settled by the stop before it, and a second fault that nobody tells of."""

    async def scenario(made: Bench) -> None:
        await made.treating(5)
        made.unit.press_patient_button(is_pressed=True)  # latched first: the pulse is the second
        await made.sleep(0.1)
        assert made.unit.fire_unasked()
        await made.sleep(3.0)
        assert made.state.state is S.STOPPED
        assert made.state.device.faults == (104, 304)
        _, delivered, uncertain = made.given()
        assert delivered <= made.pulses <= delivered + uncertain

    bench(scenario)
