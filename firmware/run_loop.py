# Drives one device over a HAL, a byte stream and the input levels: the loop of firmware/main.py on
# the board and of the core's own process on a Pi. Reads ticks, decides nothing. Whatever ends it,
# an error or a cancel, the outputs are closed first. One asyncio task on either interpreter.
import asyncio

from firmware.compat import TYPE_CHECKING, const, ticks_us, wait_for_ms
from firmware.core.device import Device
from firmware.wire.ticks import Continuous

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from firmware.compat import ThreadSafeFlag
    from firmware.core.hal import Hal

    class Stream(Protocol):
        def read(self) -> bytes:
            """What has arrived, b"" when nothing has; returns at once."""

        def write(self, data: bytes) -> None:
            """Queue for sending; returns at once."""


# [P] Inputs are read this often even when no interrupt said so; well below INPUT_STALE_US / 2.
SAMPLE_MS = const(25)


async def run(
    hal: "Hal", stream: "Stream", read_inputs: "Callable[[], int]", wake: "ThreadSafeFlag"
) -> None:
    """Run until cancelled. wake is set by interrupts: bytes arrived or an input changed."""
    clock = Continuous(ticks_us())
    device = Device(hal, 0)
    try:
        while True:
            now_us = clock.us(ticks_us())
            device.on_input(now_us, read_inputs())
            data = stream.read()
            if data:
                device.on_bytes(now_us, data)
            wake_us = device.poll(now_us)
            output = device.take_output()
            if output:
                stream.write(output)
            # Rounded up: an early wake would only have to wait again.
            wait_ms = (wake_us - clock.us(ticks_us()) + 999) // 1000
            try:
                await wait_for_ms(wake.wait(), max(1, min(wait_ms, SAMPLE_MS)))
            except asyncio.TimeoutError:
                pass
    finally:
        close_outputs(hal)


def close_outputs(hal: "Hal") -> None:
    """Gate first, then everything that could follow."""
    hal.drop_gate()
    hal.cancel_pulses()
    hal.set_charger(0)
    hal.set_bleed(True)
