"""The firmware fits into the smaller chip with room, and stays cheap enough for its pauses.

Real MicroPython under node, compiled files, as `python -m tests.firmware.budget` measures. The
figures of the day and their meaning are in docs/firmware_budget.md.
"""

from __future__ import annotations

import sys
from types import FrameType

import pytest

from hw_sim import vtime
from tests.firmware import budget
from tests.firmware.scenarios import log_of

pytestmark = [pytest.mark.micropython]

FREE_BYTES_MIN = 80_000  # [P] a third of the heap: garbage of a second of theta burst
HEARTBEAT_BYTES_MAX = 5_000  # [P] ten a second
PULSE_BYTES_MAX = 3_000  # [P] fifty a second within a burst
CALLS_MAX = 20  # [P] nested Python calls; some 250 bytes each [K] leave a third of 8 kB of C stack


def test_compiled_firmware_leaves_room_on_the_smaller_chip() -> None:
    found = budget.measure("compiled")

    assert budget.HEAP_BYTES["RP2040"] - found["boot"] >= FREE_BYTES_MIN
    assert found["eight_of_Heartbeat_with_garbage"] <= 8 * HEARTBEAT_BYTES_MAX
    assert found["twenty_pulses_with_garbage"] <= 20 * PULSE_BYTES_MAX
    assert found["eight_of_Heartbeat"] <= 512, "a message is kept"
    assert found["twenty_pulses"] <= 2_048, "pulses are kept"
    assert found["end_train"] <= 2_048, "trains are kept"


def test_nested_calls_of_the_firmware_are_few() -> None:
    deepest = 0

    def look(frame: FrameType, event: str, _argument: object) -> None:
        nonlocal deepest
        if event != "call" or "/firmware/" not in frame.f_code.co_filename:
            return
        depth = 0
        caller: FrameType | None = frame
        while caller is not None and caller.f_code.co_name != "_guarded":
            depth += "/firmware/" in caller.f_code.co_filename
            caller = caller.f_back
        deepest = max(deepest, depth)

    sys.setprofile(look)
    try:
        vtime.run(log_of("normal.session_whole_with_two_trains"))
    finally:
        sys.setprofile(None)
    assert 5 <= deepest <= CALLS_MAX
