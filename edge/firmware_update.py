"""The update of the controller's firmware over the serial line, step by step.

stage_image() writes an image into the slot that is not running; commit_image() tries it, looks at
what came up, and only then keeps it. Neither touches anything that treats: the controller itself
refuses unless it is at rest. An own short connection, apart from the service's; one object per open
line. Every failure is an UpdateError with a sentence that says what to do. On the loop's clock.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from edge.firmware_image import FirmwareImage
from edge.mcu.handshake import self_test_names
from edge.mcu.outcome import Done, Outcome, Refused, Uncertain
from edge.mcu.protocol import Head, LinkProtocol, Patience
from edge.ports import ByteLink
from firmware.wire import codes
from firmware.wire.commands import (
    NAME_BYTES,
    WRITE_BYTES,
    Heartbeat,
    Hello,
    UpdateBegin,
    UpdateCommit,
    UpdateFile,
    UpdateFinish,
    UpdateTry,
    UpdateWrite,
)
from firmware.wire.message import Message
from firmware.wire.protocol import PROTOCOL_VERSION
from firmware.wire.reports import Answer, Identity, Status

# [P] A sector of flash takes 46 ms, at worst 400 (sources.md firmware 7.1): clearing a slot of 60
# files, or reading one back, can take seconds; one write at most a few sectors.
LONG = Patience(2.0, 10)
SHORT = Patience(0.5, 12)
GREETING = Patience(0.25, 8)
STATUS_S = 2.0
STATUS_TRIES = 3
# [P] Two trials that hang until the watchdog's 8 s, and the old firmware's own start.
RESTART_S = 40.0
KNOCK_S = 0.5
# In both the gate is closed and the bank is bled; a unit with a fault may need the update most.
AT_REST = (codes.STANDBY, codes.FAULT)
SETTLE_S = 10.0  # [P] from the start of the firmware to STANDBY; its own test takes less than one

Progress = Callable[[int, int], None]  # bytes sent, bytes in all


class UpdateError(Exception):
    """The update did not happen; the sentence says what is the case and what to do."""


@dataclass(frozen=True)
class Controller:
    """Who is on the line. identity is None when it speaks another protocol version."""

    head: Head
    identity: Identity | None


@dataclass(frozen=True)
class Kept:
    """The new firmware runs and stays."""

    slot: int
    image_hash: bytes
    boot_epoch: int


class UpdateLine:
    """One open line: greet, look, ask."""

    def __init__(self, link: ByteLink, key: bytes, first_seq: int) -> None:
        self._link = link
        self._protocol = LinkProtocol(first_seq, key)
        self._loop = asyncio.get_running_loop()
        self._beat = 0
        self._status: Status | None = None

    async def greet(self) -> Controller | None:
        """Hello; None when nobody answers. The seals of all that follows begin anew."""
        outcome = await self.ask(Hello(protocol=PROTOCOL_VERSION), GREETING)
        head = self._protocol.head
        if isinstance(outcome, Uncertain) or head is None:
            return None
        identity = outcome.value if isinstance(outcome, Done) else None
        return Controller(head, identity if isinstance(identity, Identity) else None)

    async def state(self) -> int | None:
        """The controller's state now; None when it does not tell in this version's words."""
        for _ in range(STATUS_TRIES):
            self._beat += 1
            self._status = None
            self._protocol.send(Heartbeat(beat=self._beat))
            await self._pump(lambda: self._status is not None, self._loop.time() + STATUS_S)
            if self._status is not None:
                return self._status.state
        return None

    async def ask(self, command: Message, patience: Patience) -> Outcome:
        """One command and its outcome."""
        outcomes: list[Outcome] = []
        self._protocol.submit(self._loop.time(), command, outcomes.append, patience)
        # Bounded by the protocol's own patience, which settles every command.
        await self._pump(lambda: bool(outcomes), None)
        return outcomes[0]

    async def _pump(self, is_done: Callable[[], bool], until: float | None) -> None:
        while not is_done():
            now = self._loop.time()
            if until is not None and now >= until:
                return
            wakes = [at for at in (self._protocol.poll(now), until) if at is not None]
            data = self._protocol.take_output()
            if data:
                self._link.write(data)
            if is_done():
                return
            try:
                async with asyncio.timeout_at(min(wakes)):
                    received = await self._link.read()
            except TimeoutError:
                continue
            for report in self._protocol.receive(self._loop.time(), received):
                if isinstance(report, Status) and report.echo_beat == self._beat:
                    self._status = report


async def stage_image(line: UpdateLine, image: FirmwareImage, progress: Progress) -> Controller:
    """Write the image into the slot that is not running. Raises UpdateError, LinkLostError."""
    controller = await _meet(line)
    await _expect_rest(line, controller)
    await _do(line, UpdateBegin(), LONG)
    sent, total = 0, image.total_bytes
    for name, data in image.files:
        await _do(line, _file_command(name, data), SHORT)
        for at in range(0, len(data), WRITE_BYTES):
            part = data[at : at + WRITE_BYTES]
            padded = part.ljust(WRITE_BYTES, b"\0")
            await _do(line, UpdateWrite(offset=at, length=len(part), data=padded), SHORT)
            sent += len(part)
            progress(sent, total)
    await _do(line, UpdateFinish(manifest_sha256=image.manifest_sha256), LONG)
    return controller


async def commit_image(line: UpdateLine, image: FirmwareImage) -> Kept:
    """Try the staged image, judge it, keep it. Raises UpdateError, LinkLostError."""
    before = await _meet(line)
    identity = before.identity
    if identity is not None and identity.image_hash == image.image_hash and not identity.is_trial:
        return Kept(identity.slot, identity.image_hash, identity.boot_epoch)
    await _expect_rest(line, before)
    if not (identity is not None and identity.is_trial and _is_image(identity, image)):
        await _do(line, UpdateTry(), LONG)
        identity = await _meet_again(line, before, image)
    await _judge_trial(line, identity)
    await _do(line, UpdateCommit(), LONG)
    after = await _meet(line)
    kept = after.identity
    if kept is None or kept.is_trial or not _is_image(kept, image):
        raise UpdateError(
            "The controller said that it keeps the new firmware, but does not show it. "
            "Switch the unit off and on and run this command again."
        )
    return Kept(kept.slot, kept.image_hash, kept.boot_epoch)


async def _meet(line: UpdateLine) -> Controller:
    controller = await line.greet()
    if controller is None:
        raise UpdateError(
            "The controller does not answer. Check power and cable; "
            "if the unit has just been switched on, try again in a few seconds."
        )
    return controller


async def _expect_rest(line: UpdateLine, controller: Controller) -> None:
    """Said here in words; the controller refuses by itself, too."""
    state = await line.state() if controller.identity is not None else None
    if state is not None and state not in AT_REST:
        raise UpdateError(
            f"The controller is in {codes.STATE_NAMES[state]}; firmware is changed only at rest, "
            "in STANDBY or FAULT. End the session, let it discharge, and try again."
        )


async def _meet_again(line: UpdateLine, before: Controller, image: FirmwareImage) -> Identity:
    """The trial, as soon as it answers; UpdateError when the old firmware is back instead."""
    loop = asyncio.get_running_loop()
    until = loop.time() + RESTART_S
    while loop.time() < until:
        await asyncio.sleep(KNOCK_S)
        found = await line.greet()
        if found is None or found.head.boot_epoch == before.head.boot_epoch:
            continue
        identity = found.identity
        if identity is not None and _is_image(identity, image):
            return identity
        raise UpdateError(
            "The new firmware did not come up; the controller went back to the old one, which "
            "answers. Nothing is lost: the unit can be used as before."
        )
    raise UpdateError(
        "The controller does not answer since its restart. Switch the unit off and on: after two "
        "trials it goes back to the old firmware by itself. If it stays silent, see "
        "docs/firmware_update.md, 'The controller stays silent'."
    )


async def _judge_trial(line: UpdateLine, identity: Identity) -> None:
    """Self-test good and STANDBY reached; else nothing is kept."""
    if identity.self_test:
        found = ", ".join(self_test_names(identity))
        raise UpdateError(
            f"The new firmware runs on trial, but its self-test found: {found}. It is "
            "not kept: switch the unit off and on twice and the old firmware is back."
        )
    loop = asyncio.get_running_loop()
    until = loop.time() + SETTLE_S
    state = await line.state()
    while state != codes.STANDBY and loop.time() < until:
        await asyncio.sleep(KNOCK_S)
        state = await line.state()
    if state != codes.STANDBY:
        name = "an unknown state" if state is None else codes.STATE_NAMES[state]
        raise UpdateError(
            f"The new firmware runs on trial, but stays in {name} instead of STANDBY. It is not "
            "kept: clear the cause and run this command again, or switch the unit off and on "
            "twice and the old firmware is back."
        )


def _is_image(identity: Identity, image: FirmwareImage) -> bool:
    return identity.image_hash == image.image_hash


def _file_command(name: str, data: bytes) -> UpdateFile:
    return UpdateFile(
        name=name.encode("ascii").ljust(NAME_BYTES, b"\0"),
        file_bytes=len(data),
        sha256=hashlib.sha256(data).digest(),
    )


async def _do(line: UpdateLine, command: Message, patience: Patience) -> Answer | None:
    outcome = await line.ask(command, patience)
    if isinstance(outcome, Done):
        return outcome.value if isinstance(outcome.value, Answer) else None
    name = type(command).__name__
    if isinstance(outcome, Refused):
        raise UpdateError(_refusal(outcome, name))
    raise UpdateError(
        f"The controller stopped answering at {name}. The firmware that runs is untouched; "
        "check the cable and run the command again from the start."
    )


_REFUSALS = {
    "state": "The controller is not at rest, or runs a firmware on trial that is not kept yet. "
    "End the session, or finish the trial with tms-edge firmware commit.",
    "no_key": "There is no link key on one of the two sides. Make one with tms-edge firmware key "
    "--new and copy it to the controller (docs/firmware_update.md).",
    "mac": "The link key is not the controller's. Put the same key on both sides "
    "(docs/firmware_update.md).",
    "image": "The controller found the image altered, out of order, or not whole. "
    "Stage it again from the start.",
    "store": "The controller's flash did not take the image: full, or worn out. The firmware that "
    "runs is untouched. Try once more; then replace the board.",
    "updating": "The controller is about to restart, or has half an image. Stage it again.",
    "fault": "The new firmware came up with a fault. It is not kept.",
    "cause": "The new firmware's self-test is not good. It is not kept.",
    "unknown": "The controller's firmware is too old for updates over the line. Load the new one "
    "by USB (docs/firmware_update.md).",
    "version": "The controller's firmware is too old for updates over the line. Load the new one "
    "by USB (docs/firmware_update.md).",
}


def _refusal(refused: Refused, name: str) -> str:
    words = _REFUSALS.get(refused.code, "Run the command again from the start.")
    return f"The controller refused {name} ({refused.code} {refused.detail}). {words}"
