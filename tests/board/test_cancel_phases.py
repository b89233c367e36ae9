"""tests/firmware/test_board_cancel.py in steps of 15 us, on a quick and on a slow processor."""

from __future__ import annotations

import pytest

from tests.firmware.test_board_cancel import LEAD_US, check_at

NEAR = [*range(-420, 520, 15), *range(8600, 9600, 15)]
FAR = [-LEAD_US, -20000, *range(600, 8600, 700), *range(9700, 20500, 300)]


@pytest.mark.parametrize("cost_us", [0, 8])
@pytest.mark.parametrize("interval_us", [9000, 9150, 20000])
def test_cancel_keeps_its_promise_in_steps_of_15_us(interval_us: int, cost_us: int) -> None:
    for cancel_us in [*NEAR, *FAR]:
        check_at(cancel_us, interval_us, cost_us)
