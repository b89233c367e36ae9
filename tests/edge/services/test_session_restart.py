"""The edge dies in a session and comes back: the count is exact or open, the rest resumable."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from edge.domain.session_states import S
from tests.support.chair_bench import (
    LIMITS,
    WHO,
    Bench,
    bench,
)

pytestmark = pytest.mark.control("resume")


@pytest.mark.parametrize("after_pulses", [0, 3, 12, 18])
def test_restart_after_a_crash_restores_the_session_and_gives_the_exact_rest(
    after_pulses: int,
) -> None:
    """Catches: any dose kept in the edge's memory only."""

    async def scenario(made: Bench) -> None:
        await made.treating(after_pulses)
        await made.crash()
        await asyncio.sleep(2.0)
        at_crash = made.pulses
        assert made.unit.state()["gate_on"] is False
        made.start()
        await made.until_state(S.STOPPED)
        assert made.given() == (36, at_crash, 0)
        assert made.state.visit is not None
        assert made.state.visit.operator == WHO
        await made.resumed()
        await made.finished()
        assert made.pulses == 36
        assert made.clinic.records[0].pulses_measured == 36
        assert "restored" in made.clinic.records[0].stop_reasons

    bench(scenario)


def test_restart_after_the_last_pulse_has_nothing_to_resume_and_signs_a_whole_dose() -> None:
    async def scenario(made: Bench) -> None:
        await made.treating(35)
        await made.crash()
        await asyncio.sleep(2.0)  # the last pulse came while the edge's enable still held
        made.start()
        await made.until_state(S.STOPPED)
        assert made.given() == (36, 36, 0)
        await made.acknowledged()
        assert (await made.chair.resume(WHO)).code == "nothing_to_resume"
        made.accept(made.chair.end_session(WHO, "equipment"))
        await made.finished()
        assert made.clinic.records[0].outcome == "completed"
        assert made.pulses == 36

    bench(scenario)


def test_restart_twice_keeps_one_session_and_one_record() -> None:
    async def scenario(made: Bench) -> None:
        await made.treating(4)
        for _ in range(2):
            await made.crash()
            await asyncio.sleep(1.0)
            made.start()
            await made.until_state(S.STOPPED)
            await made.resumed()
            await made.until(lambda: made.pulses > 20)
        await made.finished()
        assert made.pulses == 36
        assert len(made.clinic.records) == 1

    bench(scenario)


def test_restart_with_the_controller_gone_too_stays_uncertain_until_it_is_back() -> None:
    async def scenario(made: Bench) -> None:
        await made.treating(5)
        await made.crash()
        await asyncio.sleep(1.0)
        made.unit.cut_link()
        made.start()
        await made.sleep(5.0)
        assert made.state.state is S.UNCERTAIN
        made.unit.restore_link()
        await made.until_state(S.STOPPED)
        assert made.given() == (36, made.pulses, 0)

    bench(scenario)


def test_restart_with_another_sessions_ledger_stays_uncertain_with_words() -> None:
    async def scenario(made: Bench) -> None:
        await made.treating(5)
        await made.crash()
        await asyncio.sleep(1.0)
        made.unit.hal.corrupt_ledger(b"")  # the controller was exchanged
        made.unit.reboot_mcu()
        made.start()
        await made.until(lambda: made.state.visit is not None and "uncertain" in made.kinds())
        assert made.state.state is S.UNCERTAIN
        _, delivered, uncertain = made.given()
        assert delivered <= made.pulses <= delivered + uncertain
        made.accept(made.chair.end_session(WHO, "equipment"))

    bench(scenario)


def test_restart_after_a_pause_longer_than_allowed_refuses_to_resume() -> None:
    """Catches: a pause that begins anew with the process."""

    async def scenario(made: Bench) -> None:
        await made.treating(5)
        await made.crash()
        await asyncio.sleep(91.0)
        made.start(limits=replace(LIMITS, pause_s_max=90))
        await made.until_state(S.STOPPED)
        await made.acknowledged()
        assert (await made.chair.resume(WHO)).code == "pause_too_long"

    bench(scenario, limits=replace(LIMITS, pause_s_max=90))


def test_restart_with_no_whole_ledger_copy_says_why_and_between_which_counts() -> None:
    """Both copies of the controller's count are damaged: nothing is guessed, nothing is given."""

    async def scenario(made: Bench) -> None:
        await made.treating(5)
        await made.crash()
        await asyncio.sleep(1.0)
        made.unit.hal.corrupt_ledger(b"\xff" * 64)
        made.unit.reboot_mcu()
        made.start()
        await made.until(lambda: made.state.visit is not None and "uncertain" in made.kinds())
        assert made.state.state is S.UNCERTAIN
        assert made.state.visit is not None
        session = made.state.visit.session
        unsettled = session.unsettled
        assert unsettled is not None
        assert unsettled.reason == "ledger_invalid"
        assert unsettled.at_least <= made.pulses <= unsettled.at_most
        dose = session.dose
        assert dose.prescribed == dose.delivered + dose.uncertain + dose.remaining
        assert (await made.chair.resume(WHO)).code == "wrong_state"
        made.accept(made.chair.end_session(WHO, "equipment"))
        made.accept(made.chair.wrap_up(WHO, 2, ""))
        record = made.clinic.records[0]
        assert record.pulses_measured + record.pulses_uncertain == unsettled.at_most
        assert record.trains[-1].ended == "uncertain"

    bench(scenario)
