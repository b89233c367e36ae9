"""Which sealed commands on the line were genuine and new: worked out beside the firmware.

Walks the frames with the link key, the challenge of the newest Identity and the newest counter that
was used. Decides nothing about states; several rules ask it. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from firmware.wire.codes import OK
from firmware.wire.commands import COMMANDS, Arm, Hello
from firmware.wire.message import Message
from firmware.wire.reports import Answer, ArmEcho, Identity
from firmware.wire.seal import SEAL_BYTES, LinkKey, unseal
from hw_sim.checkers.facts import Frame
from hw_sim.checkers.frames import read

SEALED: dict[int, type[Message]] = {m.TYPE: m for m in COMMANDS if m.IS_SEALED}


class Sealed(NamedTuple):
    """A sealed command that reached the controller. reply: its first answer, None without one."""

    frame: Frame
    command: Message
    is_right: bool  # the seal fits boot, challenge, number and payload
    is_new: bool  # and its counter was not used before
    is_repeat: bool  # bytes of a frame that was genuine and new, once more
    reply: Message | None

    @property
    def is_accepted(self) -> bool:
        """The controller said so."""
        if isinstance(self.reply, Answer):
            return self.reply.code == OK
        return self.reply is not None


def sealed_commands(frames: Sequence[Frame], link_key: bytes) -> Iterator[Sealed]:
    """Every sealed command in order of arrival."""
    key, challenge, counter = LinkKey(link_key), None, 0
    taken: list[tuple[int, int, bytes]] = []
    for index, frame in enumerate(frames):
        if frame.is_up:
            if frame.kind == Identity.TYPE:
                fresh = _challenge(frame)
                counter = counter if fresh == challenge else 0
                challenge = fresh
            continue
        if frame.kind == Hello.TYPE:
            taken.clear()
        found = SEALED.get(frame.kind)
        if found is None or len(frame.payload) != found.size() + SEAL_BYTES:
            continue
        payload, epoch, used, mac = unseal(frame.payload)
        right = challenge is not None and epoch == frame.boot_epoch
        right = right and mac == key.mac(
            epoch, challenge or 0, used, frame.kind, frame.seq, payload
        )
        told = (frame.kind, frame.seq, frame.payload)
        is_repeat = told in taken
        is_new = right and not is_repeat and used > counter
        if is_new:
            counter = used
            taken.append(told)
        reply = _reply(frames, index, frame)
        yield Sealed(frame, found.unpack(payload), right, is_new, is_repeat, reply)


def _challenge(frame: Frame) -> int:
    return int.from_bytes(frame.payload[4:8], "little")


def _reply(frames: Sequence[Frame], index: int, asked: Frame) -> Message | None:
    """The first answer to this number in the same boot."""
    for frame in frames[index + 1 :]:
        if frame.boot_epoch != asked.boot_epoch:
            return None
        if not frame.is_up:
            is_same_number = (frame.kind, frame.seq) == (asked.kind, asked.seq)
            if is_same_number and frame.payload != asked.payload:
                return None  # another command under this number: the answer is its own
            continue
        if frame.seq != asked.seq:
            continue
        if frame.kind == Answer.TYPE:
            answer = read(frame, Answer)
            if answer.command == asked.kind:
                return answer
        elif frame.kind == ArmEcho.TYPE and asked.kind == Arm.TYPE:
            return read(frame, ArmEcho)
    return None
