# Inside real MicroPython, in real time: the firmware's tasks on a fake board whose line is the
# host's socket. Started by unit_on_line.mjs. Decides nothing.
from binascii import unhexlify

import _host  # type: ignore[import-not-found]

from firmware.compat import TYPE_CHECKING
from firmware.tasks import Tasks
from firmware.wire.codes import STATE_NAMES
from tests.firmware.fake_board import FakeBoard
from tests.firmware.fake_hal import FakeHal

if TYPE_CHECKING:
    from typing import Any

UNIT_ID_BYTES = 8


class LineHal(FakeHal):
    # Who the edge expects, with its key and with numbers that nobody can foresee.

    def __init__(self, key: bytes, unit_id: bytes, seed: int) -> None:
        super().__init__()
        self.link_key = key
        self._unit_id = unit_id
        self._random = seed

    def identity(self) -> "Any":
        return (self._unit_id,) + super().identity()[1:]  # noqa: RUF005 - no star there

    def random_u32(self) -> int:
        self._random = (self._random * 1664525 + 1013904223) & 0xFFFFFFFF
        return self._random


class Unit:
    def __init__(self, key_hex: str, unit_id: str, seed: int) -> None:
        padded = (unit_id.encode() + bytes(UNIT_ID_BYTES))[:UNIT_ID_BYTES]
        self._hal = LineHal(unhexlify(key_hex), padded, seed)
        self._board = FakeBoard(self._hal)
        self._board.on_output = _host.write
        self._tasks = Tasks(self._board)

    async def run(self) -> None:
        """Never returns in good health."""
        await self._tasks.run()

    def feed(self, data: "Any") -> None:
        """Bytes have come, as an interrupt would bring them: between two turns of the tasks."""
        self._board.feed(bytes(data))

    def told(self) -> str:
        """What was given."""
        times = [at_us for at_us, _ in self._hal.pulses]
        first_us = times[0] if times else 0
        last_us = times[-1] if times else 0
        state = STATE_NAMES[self._tasks.device.state()]
        return f"PULSES {len(times)} {first_us} {last_us} {state}"
