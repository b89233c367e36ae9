"""How the faults are brought about that the campaign's catalogue does not have: line, unit, clinic.

Chunks that change places, a driver that reports bytes it does not have, an update that breaks off,
a firmware that falls to its prompt, a clinic that resets, doubles, forgets or is somebody else.
Verbs for hw_sim/explore/kinds.py; what they break, ExploreBench mends.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable

from edge.firmware_update import LONG, SHORT, UpdateLine
from edge.ports import LinkLostError
from firmware.wire.commands import NAME_BYTES, WRITE_BYTES, UpdateBegin, UpdateFile, UpdateWrite
from firmware.wire.message import Message
from hw_sim.clinic.line import Faults
from hw_sim.clinic.shelf import Json
from hw_sim.explore.system import ExploreBench
from hw_sim.sim_hal import SIM_LINK_KEY

Strike = Callable[[ExploreBench], Awaitable[None]]
PROMPT = b"Traceback (most recent call last):\r\nMemoryError: \r\n>>> "
UPDATE_PARTS = 6  # of a file that is never whole
UPDATE_OFF_S = 0.3
OLDER = "2026-01-05T08:00:00+00:00"


# The line.


async def swap_chunks(bench: ExploreBench) -> None:
    """Every other chunk overtakes the one before it, both ways."""
    link = bench.system.unit.link
    for direction in (link.down, link.up):
        held: list[bytes] = []

        def change(data: bytes, held: list[bytes] = held) -> bytes:
            if not held:
                held.append(data)
                return b""
            return data + held.pop()

        direction.sieve = change


async def ready_but_empty(bench: ExploreBench) -> None:
    """The driver says that there is something to read, and there is nothing."""
    end = bench.system.unit.link.end
    if end is not None:
        end.lose("device reports readiness to read but returned no data")


async def interrupt_bytes(bench: ExploreBench) -> None:
    """0x03 in the middle of everything that goes to the controller."""

    def change(data: bytes) -> bytes:
        return b"\x03" + data

    bench.system.unit.link.down.sieve = change
    bench.system.unit.link.down.inject(b"\x03\x03\x03")


# The controller.


async def interrupt_without_memory(bench: ExploreBench) -> None:
    """A handler of an input found no memory: MicroPython does not call it again."""
    bench.system.unit.lose_edges("mcu", is_lost=True)


async def falls_to_prompt(bench: ExploreBench) -> None:
    """An error nobody caught: Python ends, pins stay as they are, the prompt writes to the line."""
    bench.system.unit.hang_mcu(has_watchdog=False)
    bench.system.unit.link.up.inject(PROMPT)
    bench.must_restart = True


async def broken_update(bench: ExploreBench) -> None:
    """The service is ended for an update, which loses its power on the way."""
    await bench.end_edge()
    unit = bench.system.unit
    try:
        link = await unit.link.open()
    except LinkLostError:
        link = None
    if link is not None:
        line = UpdateLine(link, SIM_LINK_KEY, bench.rng.randrange(1 << 16))
        sending = asyncio.ensure_future(_send_update(line))
        await asyncio.sleep(bench.rng.uniform(0.05, 2.0))
        unit.power_off()
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        link.close()
        await asyncio.sleep(UPDATE_OFF_S)
        unit.power_on()
    await bench.start_edge()


async def _send_update(line: UpdateLine) -> None:
    """The first file of an image, as far as it gets."""
    data = bytes(range(256)) * (UPDATE_PARTS * WRITE_BYTES // 256 + 1)
    name = b"core/unit.mpy".ljust(NAME_BYTES, b"\0")
    await line.greet()
    await line.ask(UpdateBegin(), LONG)
    file = UpdateFile(name=name, file_bytes=len(data), sha256=hashlib.sha256(data).digest())
    await line.ask(file, SHORT)
    for number in range(UPDATE_PARTS):
        at = number * WRITE_BYTES
        part: Message = UpdateWrite(offset=at, length=WRITE_BYTES, data=data[at : at + WRITE_BYTES])
        await line.ask(part, SHORT)


# The clinic.


def fates(**shares: float) -> Strike:
    """From now on requests meet these fates."""
    faults = Faults(**shares)  # type: ignore[arg-type]

    async def strike(bench: ExploreBench) -> None:
        bench.system.line.faults = faults

    return strike


async def restore_backup(bench: ExploreBench) -> None:
    """The clinic's server comes back as it was before the visit."""
    bench.system.clinic.shelf.take_back(bench.system.backup)


async def clinic_doubles(bench: ExploreBench) -> None:
    """The server has made a second copy of what it holds of the session."""
    clinic = bench.system.clinic
    for found in clinic.resources("Procedure"):
        clinic.load([found | {"id": f"{found['id']}-copy"}])


async def replay_order(bench: ExploreBench) -> None:
    """An older order of the same patient is put in the place of the present one."""
    clinic = bench.system.clinic
    for order in clinic.resources("ServiceRequest"):
        clinic.load([_older(order)])


def _older(order: Json) -> Json:
    return order | {"authoredOn": OLDER}
