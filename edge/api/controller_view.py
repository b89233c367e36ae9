"""The controller as a service engineer asks for it: timing, firmware, self-test, line.

Part of the messages of edge/api/schema.py, with the one function that fills it. Copies and names
values; judges nothing. None and '' are unknown.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from edge.services.chair_state import DeviceState
from firmware.wire import codes

Timing = Literal["", "simulated", "pio", "rt_process", "best_effort"]
Slot = Literal["", "plain", "a", "b"]

TIMINGS: dict[int, Timing] = {
    codes.TIMING_SIMULATED: "simulated",
    codes.TIMING_PIO: "pio",
    codes.TIMING_RT_PROCESS: "rt_process",
    codes.TIMING_BEST_EFFORT: "best_effort",
}
SLOTS: dict[int, Slot] = {codes.SLOT_NONE: "plain", codes.SLOT_A: "a", codes.SLOT_B: "b"}
IMAGE_DIGITS = 8  # enough to compare by eye with what the update printed


class ControllerView(Struct, frozen=True):
    self_test_found: list[str]  # text keys self-test-found-<...>: what the board's own test found
    timing: Timing
    ipi_ms_min: float | None  # shortest interval that the controller can time
    slot: Slot  # where its firmware runs from
    image: str  # first digits of the image's hash, '' without one
    is_trial: bool
    bad_frames: int  # unreadable here
    bad_frames_mcu: int | None  # unreadable there
    refused: int | None  # commands that the controller refused since it started
    forged: int | None  # of them with a wrong seal


def view_controller(device: DeviceState) -> ControllerView:
    """What the last Identity and Status said."""
    timing, slot = device.timing_class, device.slot
    return ControllerView(
        self_test_found=list(device.self_test_found),
        timing="" if timing is None else TIMINGS.get(timing, ""),
        ipi_ms_min=None if device.ipi_us_min is None else device.ipi_us_min / 1000,
        slot="" if slot is None else SLOTS.get(slot, ""),
        image=device.image_hash[:IMAGE_DIGITS],
        is_trial=device.is_trial,
        bad_frames=device.bad_frames,
        bad_frames_mcu=device.bad_frames_mcu,
        refused=device.refused,
        forged=device.forged,
    )
