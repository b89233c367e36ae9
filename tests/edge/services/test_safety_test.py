"""The safety test on a simulated unit: what it proves, and how it ends."""

from __future__ import annotations

import asyncio

import pytest

from edge.domain.safety_test import DAILY, FULL, due_step
from edge.domain.session_states import S
from tests.support.chair_bench import WHO, Bench
from tests.support.safety_bench import (
    attempts,
    carried_out,
    failure,
    followed,
    is_at_rest,
    untested,
)

pytestmark = pytest.mark.control("morning-test")

# --- a whole unit


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_safety_test_of_a_whole_unit_issues_a_certificate_and_makes_it_ready(seed: int) -> None:
    async def scenario(made: Bench) -> None:
        await carried_out(made)
        assert (made.state.safety.stage, made.state.safety.outcome) == ("over", "passed")
        certificate = made.state.certificate
        assert certificate is not None
        assert certificate.is_passed
        assert certificate.who == WHO
        assert is_at_rest(made)
        assert made.not_ready() == ()
        assert made.pulses == 0
        assert not any(value for _, value in made.unit.recorder.levels("gate"))
        assert made.state.alarms == ()
        for attempt in certificate.attempts:
            assert (
                attempt.limit_ms is None or 0 <= (attempt.took_us or 0) <= attempt.limit_ms * 1000
            )

    untested(scenario, seed=seed)


def test_safety_test_measures_what_the_plant_did() -> None:
    async def scenario(made: Bench) -> None:
        await carried_out(made)
        took = {key: attempt.took_us for key, attempt in attempts(made).items()}
        # The one-shot lives for 250 ms from its last edge, the beat for 475 (25 ms of line delay).
        assert 205_000 <= (took["host_fall"] or 0) <= 256_000
        assert 474_000 <= (took["heartbeat"] or 0) <= 481_000
        assert (took["estop"] or 99_999) <= 1_000

    untested(scenario)


def test_safety_test_of_the_engineer_takes_the_cover_off_and_the_certificate_keeps_the_date() -> (
    None
):
    async def scenario(made: Bench) -> None:
        await carried_out(made, FULL)
        certificate = made.state.certificate
        assert certificate is not None
        assert certificate.is_passed
        assert "enclosure" in attempts(made)
        assert certificate.proofs["enclosure"] == certificate.ended.date().isoformat()
        assert made.not_ready() == ()

    untested(scenario)


def test_safety_test_sees_the_foot_switch_where_there_is_one() -> None:
    async def scenario(made: Bench) -> None:
        await carried_out(made)
        assert attempts(made)["attend"].is_passed
        assert made.not_ready() == ()

    untested(scenario, has_attend=True)


def test_session_after_the_test_is_given_whole() -> None:
    async def scenario(made: Bench) -> None:
        await carried_out(made)
        made.accept(made.chair.end_safety_test(WHO))
        await made.treating(1)
        await made.finished()
        assert made.pulses == 36

    untested(scenario)


# --- the gate


def test_unit_without_a_certificate_arms_for_nobody_and_says_why() -> None:
    async def scenario(made: Bench) -> None:
        made.accept(made.chair.open_visit(WHO, "apt-1"))
        assert made.chair.device_facts().certificate == "none"
        assert made.chair.refusals()["start_safety_test"] == "wrong_state"

    untested(scenario)


# --- how it ends


async def reached(made: Bench, key: str) -> None:
    """Started, and waiting for a person at this step."""
    made.accept(made.chair.start_safety_test(WHO, DAILY))
    await made.until(lambda: made.state.safety.stage == "person", 60)
    run = made.state.safety.run
    assert run is not None
    step = due_step(run)
    assert step is not None
    assert step.key == key


def test_stop_in_the_middle_lets_everything_go_and_leaves_no_certificate() -> None:
    async def scenario(made: Bench) -> None:
        await reached(made, "estop")
        assert made.state.device.mcu_state == "READY"
        made.accept(await made.chair.stop("operator"))
        await made.until(lambda: is_at_rest(made), 10)
        assert (made.state.safety.stage, made.state.safety.outcome) == ("over", "stopped")
        assert made.state.certificate is None
        assert made.chair.device_facts().certificate == "none"
        made.accept(made.chair.end_safety_test(WHO))
        await carried_out(made)
        assert made.not_ready() == ()

    untested(scenario)


def test_test_given_up_leaves_the_certificate_of_before() -> None:
    async def scenario(made: Bench) -> None:
        await carried_out(made)
        made.accept(made.chair.end_safety_test(WHO))
        await reached(made, "estop")
        assert made.chair.device_facts().certificate == "interrupted"
        made.accept(made.chair.end_safety_test(WHO))
        await made.until(lambda: made.state.safety.stage == "over")
        assert made.state.safety.outcome == "dropped"
        await made.until(lambda: made.not_ready() == () and is_at_rest(made), 10)

    untested(scenario)


def test_process_killed_in_the_middle_is_safe_and_holds_no_certificate() -> None:
    async def scenario(made: Bench) -> None:
        await carried_out(made)
        made.accept(made.chair.end_safety_test(WHO))
        await reached(made, "estop")
        # A kill leaves no time to note anything: what the test's end writes is put back.
        (noted,) = made.store.rows("SELECT value FROM meta WHERE key = 'safety_test_running'")
        await made.crash()
        with made.store.transaction():
            made.store.rows("INSERT OR REPLACE INTO meta VALUES ('safety_test_running', ?)", noted)
        await asyncio.sleep(2.0)
        assert made.unit.plant.bank_mv() < 60_000
        made.start()
        await made.until(lambda: made.state.device.fault == 107 or made.state.device.fault == 401)
        assert made.chair.device_facts().certificate == "interrupted"
        await made.until(lambda: "acknowledge" not in made.chair.refusals())
        made.accept(await made.chair.acknowledge(WHO))
        await made.until(lambda: not any(alarm.is_active for alarm in made.state.alarms))
        assert made.chair.refusals()["start_safety_test"] == "alarm_sounds"
        for alarm in made.state.alarms:
            made.accept(made.chair.acknowledge_alarm(WHO, alarm.alarm_id))
        await made.until(lambda: "start_safety_test" not in made.chair.refusals(), 30)
        await carried_out(made)
        assert made.not_ready() == ()

    untested(scenario)


def test_line_lost_in_a_step_fails_it_and_it_can_be_repeated() -> None:
    async def scenario(made: Bench) -> None:
        await reached(made, "estop")
        made.unit.cut_link()
        await made.until(lambda: made.state.safety.stage == "failed", 30)
        assert failure(made) == ("estop", "link_lost")
        assert made.chair.refusals()["repeat_safety_step"] == "link_down"
        made.unit.restore_link()
        await made.until(lambda: made.state.device.fault != 0, 30)
        assert made.chair.refusals()["repeat_safety_step"] == "device_not_ready"
        await made.until(lambda: "acknowledge" not in made.chair.refusals())
        made.accept(await made.chair.acknowledge(WHO))
        await made.until(lambda: "repeat_safety_step" not in made.chair.refusals(), 30)
        made.accept(made.chair.repeat_safety_step(WHO))
        await followed(made)
        assert made.state.safety.outcome == "passed"
        assert made.state.certificate is not None
        tries = [a.failure for a in made.state.certificate.attempts if a.key == "estop"]
        assert tries == ["link_lost", ""]

    untested(scenario)


def test_step_repeated_in_vain_three_times_ends_with_service() -> None:
    async def scenario(made: Bench) -> None:
        made.accept(made.chair.start_safety_test(WHO, DAILY))
        made.unit.stick_gate_back(level=True)
        for _ in range(2):
            await made.until(lambda: made.state.safety.stage == "failed", 60)
            made.accept(made.chair.repeat_safety_step(WHO))
        await made.until(lambda: made.state.safety.stage == "failed", 60)
        assert made.chair.repeat_safety_step(WHO).code == "no_step_to_repeat"

    untested(scenario)


def test_nothing_else_may_be_begun_beside_it() -> None:
    async def scenario(made: Bench) -> None:
        await reached(made, "estop")
        for kind in ("open_visit", "acknowledge", "test_alarms", "start_safety_test"):
            assert made.chair.refusals()[kind] == "safety_test_running"
        assert made.chair.open_visit(WHO, "apt-1").code == "safety_test_running"
        assert (await made.chair.acknowledge(WHO)).code == "safety_test_running"
        assert made.chair.test_alarms(WHO).code == "safety_test_running"
        assert made.chair.start_safety_test(WHO, DAILY).code == "safety_test_running"
        assert made.state.state is S.IDLE

    untested(scenario)


def test_test_is_not_begun_with_a_fault_or_without_a_line() -> None:
    async def scenario(made: Bench) -> None:
        made.unit.cut_link()
        await made.until(lambda: made.state.device.link != "live")
        assert made.chair.start_safety_test(WHO, DAILY).code == "link_down"
        assert made.chair.end_safety_test(WHO).code == "no_safety_test"
        assert made.chair.repeat_safety_step(WHO).code == "no_step_to_repeat"

    untested(scenario)


def test_alarm_that_the_step_did_not_bring_about_is_shown_and_heard() -> None:
    async def scenario(made: Bench) -> None:
        await reached(made, "estop")
        made.unit.set_door(is_open=True)
        await made.until(lambda: bool(made.state.alarms), 5)
        assert made.state.alarms[0].alarm_id == "door"
        await made.until(lambda: made.state.safety.stage == "failed", 90)
        assert failure(made) == ("estop", "other_fault")
        # Catches: a fault that nobody asked for is cleared without a person.
        await made.sleep(5)
        assert made.state.device.faults == (102,)
        made.unit.set_door(is_open=False)
        await made.sleep(5)
        assert made.state.device.faults == (102,)
        made.accept(await made.chair.acknowledge(WHO))
        await made.until(lambda: "repeat_safety_step" not in made.chair.refusals(), 30)

    untested(scenario)
