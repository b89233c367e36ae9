"""The line to the controller without I/O: bytes in, reports out, numbering and repeats.

Owns the frame decoder, the command numbers, the seals (firmware/wire/seal.py), the one command
that waits for its answer (stop and wait: the controller remembers only its last answers) and the
repeated Stop. A lost answer is asked for again with the same bytes, which the controller answers
without acting twice. One object per open connection, never reused. Pure: the caller brings the time
and carries the bytes.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from edge.mcu.outcome import (
    CUT_BY_STOP,
    LINK_DOWN,
    NO_ANSWER,
    NO_KEY,
    OTHER_VERSION,
    QUEUE_FULL,
    SEAL_REFUSED,
    STOPPED,
    Done,
    Outcome,
    Refused,
    Uncertain,
)
from firmware.wire import codes
from firmware.wire.commands import Arm, Charge, Confirm, FireTrain, Hello, ReadLedger, Stop
from firmware.wire.framing import Decoder, encode
from firmware.wire.message import Message
from firmware.wire.protocol import REPORT_TYPE_MIN, decode
from firmware.wire.reports import (
    IDENTITY_HEAD,
    Answer,
    ArmEcho,
    Identity,
    Ledger,
    Status,
    TrainResult,
)
from firmware.wire.seal import seal

WAITING_MAX = 8  # commands not yet sent; a person cannot cause more
STOP_REPEAT_S = 0.02  # a screen STOP has 100 ms in all, so a lost frame costs little
RAISES_RISK = (Charge, Arm, Confirm, FireTrain)  # never sent while a Stop is unconfirmed
SAFE_STATES = (codes.STANDBY, codes.DISCHARGING, codes.FAULT, codes.BOOT, codes.SELF_TEST)
# The controller could not tell that the command is ours, or new. After a lost answer that says
# nothing about whether an earlier copy was obeyed.
SEAL_REFUSALS = (codes.REJ_MAC, codes.REJ_EPOCH, codes.REJ_SEQUENCE)
_OWN_REPORT = {Hello: Identity, Arm: ArmEcho, ReadLedger: Ledger}
_HEAD_BYTES = struct.calcsize(IDENTITY_HEAD)


@dataclass(frozen=True)
class Patience:
    """How often a lost answer is asked for again before the outcome is uncertain."""

    retry_s: float
    tries: int


QUICK = Patience(0.06, 6)  # round trips are a few ms; six chances within 360 ms
THINKING = Patience(0.25, 16)  # Arm: the controller hashes up to 6000 onsets first


@dataclass(frozen=True)
class Head:
    """What every version of Identity begins with, and all that a seal needs."""

    protocol: int
    challenge: int
    boot_epoch: int


@dataclass
class _Exchange:
    command: Message
    on_outcome: Callable[[Outcome], None]
    patience: Patience
    seq: int = 0
    frame: bytes = b""
    tries_left: int = 0
    retry_at: float = 0.0


class LinkProtocol:
    """State of one open line."""

    def __init__(self, first_seq: int, key: bytes = b"") -> None:
        self._key = key
        self._counter = 0  # of seals; grows as long as the line is open
        self.head: Head | None = None  # of the Identity that answered our last Hello
        self._decoder = Decoder()
        self._seq = first_seq & 0xFFFF
        self._out: list[bytes] = []
        self._waiting: deque[_Exchange] = deque()
        self._asked: _Exchange | None = None
        self._stop_frame = b""
        self._stop_seq = -1
        self._stop_at = 0.0
        self._last_result_seq = -1
        self.foreign_identities = 0  # introductions in the form of another version
        self.strange_frames = 0  # whole and checked, but not a report of ours
        self.repeats = 0  # quick commands asked again, as their answer was lost

    @property
    def bad_frames(self) -> int:
        """Frames that failed their check, or were no report of ours."""
        return self._decoder.bad_frames + self.strange_frames

    @property
    def is_stopping(self) -> bool:
        """A Stop was sent and is not yet confirmed."""
        return bool(self._stop_frame)

    def take_output(self) -> bytes:
        """Bytes to write now."""
        if not self._out:
            return b""
        data = b"".join(self._out)
        self._out.clear()
        return data

    def send(self, command: Message) -> int:
        """Send once, without waiting; returns the number."""
        seq = self._next_seq()
        self._out.append(encode(command.TYPE, seq, command.pack()))
        return seq

    def submit(
        self,
        now: float,
        command: Message,
        on_outcome: Callable[[Outcome], None],
        patience: Patience = QUICK,
    ) -> None:
        """Queue a command; on_outcome is called exactly once."""
        if self.is_stopping and isinstance(command, RAISES_RISK):
            on_outcome(Refused(STOPPED))
        elif len(self._waiting) >= WAITING_MAX:
            on_outcome(Refused(QUEUE_FULL))
        else:
            self._waiting.append(_Exchange(command, on_outcome, patience))
            self._ask_next(now)

    def stop(self, now: float) -> None:
        """Send Stop now and repeat it until confirmed; drops everything that was waiting."""
        if not self.is_stopping:
            self._stop_seq = self._next_seq()
            self._stop_frame = encode(Stop.TYPE, self._stop_seq, Stop().pack())
        self._out.append(self._stop_frame)
        self._stop_at = now + STOP_REPEAT_S
        asked, self._asked = self._asked, None
        waiting, self._waiting = list(self._waiting), deque()
        if asked is not None:
            asked.on_outcome(Uncertain(CUT_BY_STOP))
        for exchange in waiting:
            exchange.on_outcome(Refused(STOPPED))

    def receive(self, now: float, data: bytes) -> list[Message]:
        """Decode, settle what was asked, and return every report."""
        reports = []
        for kind, seq, payload in self._decoder.feed(data):
            report = decode(kind, payload)[0] if kind >= REPORT_TYPE_MIN else None
            if kind == Identity.TYPE:
                self._note_head(seq, payload)
            if report is None:
                self.strange_frames += 1
                if kind == Identity.TYPE:
                    self._settle_foreign(now, seq)
                continue
            if isinstance(report, TrainResult):
                # Unasked reports carry a running number: a doubled frame is heard once.
                if seq == self._last_result_seq:
                    continue
                self._last_result_seq = seq
            self._confirm_stop(seq, report)
            self._settle(now, seq, report)
            reports.append(report)
        return reports

    def poll(self, now: float) -> float | None:
        """Repeat what is due; returns when to call again, None when nothing waits."""
        wakes = []
        if self.is_stopping:
            if now >= self._stop_at:
                self._out.append(self._stop_frame)
                self._stop_at = now + STOP_REPEAT_S
            wakes.append(self._stop_at)
        asked = self._asked
        if asked is not None and now >= asked.retry_at:
            self._ask_again(now, asked)
        if self._asked is not None:
            wakes.append(self._asked.retry_at)
        return min(wakes) if wakes else None

    def fail(self, reason: str) -> None:
        """The line or the controller's memory is gone: what was sent is uncertain, what was not
        is refused, running numbers begin anew, and seals wait for a new greeting."""
        self._last_result_seq = -1
        self.head = None
        asked, self._asked = self._asked, None
        waiting, self._waiting = list(self._waiting), deque()
        if asked is not None:
            asked.on_outcome(Uncertain(reason))
        for exchange in waiting:
            exchange.on_outcome(Refused(LINK_DOWN))

    def _note_head(self, seq: int, payload: bytes) -> None:
        asked = self._asked
        if asked is None or seq != asked.seq or not isinstance(asked.command, Hello):
            return  # late or foreign: the controller may have a newer challenge by now
        if len(payload) >= _HEAD_BYTES:
            self.head = Head(*struct.unpack(IDENTITY_HEAD, payload[:_HEAD_BYTES]))

    def _settle_foreign(self, now: float, seq: int) -> None:
        """An introduction in the form of another version: it can be updated, not used."""
        self.foreign_identities += 1
        asked = self._asked
        if asked is None or seq != asked.seq or not isinstance(asked.command, Hello):
            return
        self._asked = None
        asked.on_outcome(Refused(OTHER_VERSION, self.head.protocol if self.head else 0))
        self._ask_next(now)

    def _next_seq(self) -> int:
        seq = self._seq
        self._seq = (seq + 1) & 0xFFFF
        return seq

    def _ask_next(self, now: float) -> None:
        while self._asked is None and self._waiting:
            asked = self._waiting.popleft()
            refusal = self._refusal(asked.command)
            if refusal is not None:
                asked.on_outcome(refusal)
                continue
            asked.seq = self._next_seq()
            asked.frame = self._frame(asked.command, asked.seq)
            asked.tries_left = asked.patience.tries
            self._asked = asked
            self._ask_again(now, asked)

    def _refusal(self, command: Message) -> Refused | None:
        """Why it cannot be sealed, which is why it cannot be sent."""
        if not command.IS_SEALED:
            return None
        if not self._key:
            return Refused(NO_KEY)
        return Refused(LINK_DOWN) if self.head is None else None

    def _frame(self, command: Message, seq: int) -> bytes:
        payload = command.pack()
        if command.IS_SEALED:
            head = self.head
            assert head is not None
            self._counter += 1
            payload = seal(
                self._key,
                head.boot_epoch,
                head.challenge,
                self._counter,
                command.TYPE,
                seq,
                payload,
            )
        return encode(command.TYPE, seq, payload)

    def _ask_again(self, now: float, asked: _Exchange) -> None:
        if asked.tries_left == 0:
            self._asked = None
            asked.on_outcome(Uncertain(NO_ANSWER))
            self._ask_next(now)
            return
        self.repeats += asked.patience is QUICK and asked.tries_left < asked.patience.tries
        asked.tries_left -= 1
        asked.retry_at = now + asked.patience.retry_s
        self._out.append(asked.frame)

    def _settle(self, now: float, seq: int, report: Message) -> None:
        asked = self._asked
        if asked is None or seq != asked.seq:
            return
        outcome: Outcome
        if isinstance(report, Answer) and report.command == asked.command.TYPE:
            outcome = _judge(report, asked.command)
        elif isinstance(report, _OWN_REPORT.get(type(asked.command), ())):
            outcome = Done(report)
        else:
            return
        self._asked = None
        asked.on_outcome(outcome)
        self._ask_next(now)

    def _confirm_stop(self, seq: int, report: Message) -> None:
        if not self.is_stopping:
            return
        if isinstance(report, Answer):
            done = seq == self._stop_seq and report.command == Stop.TYPE
        elif isinstance(report, Status):
            # The echoed number proves that this Status is younger than our Stop.
            done = report.echo_seq == self._stop_seq and report.state in SAFE_STATES
        else:
            done = False
        if done:
            self._stop_frame = b""


def _judge(answer: Answer, command: Message) -> Outcome:
    if answer.code == codes.OK:
        return Done(answer)
    if answer.code in SEAL_REFUSALS and isinstance(command, RAISES_RISK):
        return Uncertain(SEAL_REFUSED)
    names = codes.REJECTION_NAMES
    name = names[answer.code] if answer.code < len(names) else f"code_{answer.code}"
    return Refused(name, answer.detail)
