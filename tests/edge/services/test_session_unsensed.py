"""A pulse that went out and was not sensed: nobody knows, so it is uncertain and never repeated.

Planted bugs these catch: the pulse booked as not given and given again (301 of 300), the doubt
forgotten over a restart, one doubt counted twice.
"""

from __future__ import annotations

import pytest

from edge.domain.session_states import S
from tests.support.chair_bench import WHO, Bench, bench

pytestmark = pytest.mark.control("dose-ledger")


async def lost_in_the_second_train(made: Bench) -> None:
    await made.treating(15)
    made.unit.hal.faults.lost_results_left = 1
    await made.until_state(S.STOPPED)
    await made.sleep(1.0)


def test_pulse_that_was_not_sensed_is_uncertain_and_contains_the_truth() -> None:
    async def scenario(made: Bench) -> None:
        await lost_in_the_second_train(made)

        prescribed, delivered, uncertain = made.given()
        assert (prescribed, uncertain) == (36, 1)
        assert delivered + 1 == made.pulses

    bench(scenario)


def test_session_with_such_a_pulse_is_not_resumed_and_signs_the_doubt() -> None:
    async def scenario(made: Bench) -> None:
        await lost_in_the_second_train(made)
        given = made.pulses
        made.unit.hal.faults.lost_results_left = 0
        await made.acknowledged()
        await made.sleep(3.0)

        assert (await made.chair.resume(WHO)).code == "pulse_unsensed"
        made.accept(made.chair.end_session(WHO, "equipment"))
        await made.finished()

        record = made.clinic.records[0]
        assert (record.pulses_measured, record.pulses_uncertain) == (given - 1, 1)
        assert made.pulses == given

    bench(scenario)


def test_restart_after_such_a_pulse_still_knows_of_it() -> None:
    async def scenario(made: Bench) -> None:
        await lost_in_the_second_train(made)
        await made.crash()
        made.start()
        await made.until_state(S.STOPPED)
        await made.sleep(2.0)

        assert made.given() == (36, made.pulses - 1, 1)
        assert made.kinds().count("stopped") == 1

    bench(scenario)
