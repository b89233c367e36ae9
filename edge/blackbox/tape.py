"""The tape: what happened at the border of the product, entry after entry, as compact bytes.

A step is one callback of the product: the next one that waits, a timer, a door that was opened, or
an answer that came. What was read, answered at once and put out in it follows it. Times are the
exact numbers the product saw. Pure: bytes in, bytes out; files and their chain are an adapter's.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from edge.blackbox.channels import IN_CLEAR, REPEATED, Ch

FORMAT = 1  # of the entries; a reader knows its own and older ones

_SOON, _TIMER, _DOOR, _ANSWER, _LATER, _TIME, _READ, _NOW, _OUT, _LABEL, _MARK, _END = range(1, 13)
_FLOAT = struct.Struct("<d")
_EVENT = struct.Struct("<dB")
_NS = 1_000_000_000
_BLOB_NEW, _BLOB_LOOSE, _BLOB_FIRST = 0, 1, 2
BLOB_KEPT_MIN = 48  # shorter ones cost less again than a reference
BLOBS_MAX = 50_000  # [P] references kept; 5 MB of keys
OUT_CLEAR_MAX = 512
DIGEST_BYTES = 8  # of an out that is not kept in full
HASH_BYTES = 32


class TapeError(Exception):
    """The bytes are no tape that this version can read; a sentence."""


def digest_of(label: str, body: bytes) -> bytes:
    """What stands for an out's content, 16 bytes."""
    return hashlib.blake2b(label.encode() + b"\0" + body, digest_size=16).digest()


def lateness_ns(now_s: float, when: float) -> int:
    """How long after its time a timer runs."""
    return round((now_s - when) * _NS)


class EventHash:
    """One running hash over everything that the product put out, and when."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.events = 0

    def add(self, now_s: float, channel: int, digest: bytes) -> None:
        """One out more."""
        self._hash.update(_EVENT.pack(now_s, channel) + digest)
        self.events += 1

    def digest(self) -> bytes:
        """So far."""
        return self._hash.digest()


class TapeWriter:
    """Builds entries; take() hands over what has gathered."""

    def __init__(self) -> None:
        self._out = bytearray()
        self._soon = 0
        self._now_s = 0.0
        self._now_ns = 0
        self._blobs: dict[bytes, int] = {}
        self._labels: dict[str, int] = {}
        self.hash = EventHash()
        self.inputs = 0

    def __len__(self) -> int:
        return len(self._out)

    def take(self) -> bytes:
        """Everything since the last call, closed by a mark that tells how far the hash is."""
        self._flush_soon()
        self._mark(_MARK)
        data = bytes(self._out)
        self._out.clear()
        return data

    def end(self, reason: str) -> bytes:
        """The last bytes."""
        self._flush_soon()
        self._mark(_END)
        self._text(reason)
        data = bytes(self._out)
        self._out.clear()
        return data

    # Steps

    def time(self, now_s: float) -> None:
        """The product's clock moves before the next step."""
        if now_s == self._now_s:
            return
        self._flush_soon()
        now_ns = round(now_s * _NS)
        if now_ns / _NS == now_s and now_ns >= self._now_ns:
            self._out.append(_LATER)
            self._varint(now_ns - self._now_ns)
        else:
            self._out.append(_TIME)
            self._out += _FLOAT.pack(now_s)
        self._now_s, self._now_ns = now_s, now_ns

    def soon(self) -> None:
        """The callback that has waited longest runs."""
        self._soon += 1

    def timer(self, age: int, when: float) -> None:
        """A timer runs; age counts the timers set since it, when is what it was set to."""
        self._flush_soon()
        self._out.append(_TIMER)
        self._varint(age)
        late_ns = lateness_ns(self._now_s, when)
        self._varint(late_ns << 1 if late_ns >= 0 else -late_ns << 1 | 1)

    def door(self, channel: Ch, payload: bytes) -> None:
        """The outer world calls in."""
        self._flush_soon()
        self.inputs += 1
        self._out += bytes((_DOOR, channel))
        self._loose(payload)

    def answer(self, channel: Ch, number: int, payload: bytes) -> None:
        """What was asked for has come."""
        self._flush_soon()
        self.inputs += 1
        self._out.append(_ANSWER)
        self._varint(number)
        self._blob(channel, payload)

    # Within a step

    def read(self, channel: Ch, skipped: int, payload: bytes) -> None:
        """A read gave something new, after so many that gave the same as before."""
        self._flush_soon()
        self.inputs += 1
        self._out += bytes((_READ, channel))
        self._varint(skipped)
        self._blob(channel, payload)

    def now(self, channel: Ch, number: int, payload: bytes) -> None:
        """What was asked for was there at once."""
        self._flush_soon()
        self.inputs += 1
        self._out.append(_NOW)
        self._varint(number)
        self._blob(channel, payload)

    def out(self, channel: Ch, label: str, body: bytes) -> None:
        """The product did this."""
        self._flush_soon()
        digest = digest_of(label, body)
        self.hash.add(self._now_s, channel, digest)
        index = self._label(label)
        self._out += bytes((_OUT, channel))
        self._varint(index)
        is_clear = channel in IN_CLEAR and len(body) <= OUT_CLEAR_MAX
        self._out.append(is_clear)
        if is_clear:
            self._loose(body)
        else:
            self._out += digest[:DIGEST_BYTES]

    # Pieces

    def _flush_soon(self) -> None:
        if self._soon:
            self._out.append(_SOON)
            self._varint(self._soon)
            self._soon = 0

    def _mark(self, kind: int) -> None:
        self._out.append(kind)
        self._varint(self.inputs)
        self._varint(self.hash.events)
        self._out += self.hash.digest()

    def _label(self, label: str) -> int:
        index = self._labels.get(label)
        if index is None:
            index = self._labels[label] = len(self._labels)
            self._out.append(_LABEL)
            self._text(label)
        return index

    def _text(self, text: str) -> None:
        self._loose(text.encode())

    def _loose(self, data: bytes) -> None:
        self._varint(len(data))
        self._out += data

    def _blob(self, channel: Ch, data: bytes) -> None:
        if len(data) < BLOB_KEPT_MIN or channel not in REPEATED:
            self._out.append(_BLOB_LOOSE)
            self._loose(data)
            return
        key = hashlib.blake2b(data, digest_size=16).digest()
        index = self._blobs.get(key)
        if index is not None:
            self._varint(_BLOB_FIRST + index)
            return
        is_kept = len(self._blobs) < BLOBS_MAX
        if is_kept:
            self._blobs[key] = len(self._blobs)
        self._out.append(_BLOB_NEW if is_kept else _BLOB_LOOSE)
        self._loose(data)

    def _varint(self, number: int) -> None:
        while number > 0x7F:
            self._out.append(number & 0x7F | 0x80)
            number >>= 7
        self._out.append(number)


@dataclass(frozen=True)
class Read:
    """Something new at this read, after skipped equal ones."""

    channel: Ch
    skipped: int
    payload: bytes


@dataclass(frozen=True)
class Out:
    """What the product did; body is None when only its digest was kept."""

    channel: Ch
    label: str
    body: bytes | None
    digest: bytes  # DIGEST_BYTES of it at least


@dataclass
class Step:
    """One callback. kind: soon, timer, door, answer, mark, end."""

    kind: str
    now_s: float
    number: int = 0  # soon: how many, the rest belongs to the last; timer: age; answer: which ask
    channel: Ch | None = None
    payload: bytes = b""
    late_ns: int = 0  # timer
    reads: list[Read] = field(default_factory=list)
    answered: list[tuple[int, bytes]] = field(default_factory=list)
    outs: list[Out] = field(default_factory=list)
    inputs: int = 0  # mark, end
    events: int = 0
    hash: bytes = b""


class TapeReader:
    """Entries back out of chunks, each of which ends between two entries."""

    def __init__(self) -> None:
        self._labels: list[str] = []
        self._blobs: list[bytes] = []
        self._now_s = 0.0
        self._now_ns = 0
        self._step: Step | None = None
        self._data = b""
        self._at = 0

    def feed(self, chunk: bytes) -> Iterator[Step]:
        """Steps that this chunk completes. Raises TapeError."""
        self._data, self._at = chunk, 0
        try:
            while self._at < len(chunk):
                done = self._entry()
                if done is not None:
                    yield done
        except (IndexError, ValueError, struct.error) as error:
            raise TapeError(f"an entry cannot be read: {error}") from error

    def rest(self) -> Step | None:
        """The last step, when no mark closed it."""
        step, self._step = self._step, None
        return step

    def _entry(self) -> Step | None:
        kind = self._byte()
        if kind in (_SOON, _TIMER, _DOOR, _ANSWER, _MARK, _END):
            done, self._step = self._step, self._begin(kind)
            return done
        match kind:
            case 5:
                self._now_ns += self._varint()
                self._now_s = self._now_ns / _NS
            case 6:
                self._now_s = float(_FLOAT.unpack(self._take(8))[0])
                self._now_ns = round(self._now_s * _NS)
            case 10:
                self._labels.append(self._loose().decode())
            case _:
                self._within(kind)
        return None

    def _begin(self, kind: int) -> Step:
        if kind == _SOON:
            return Step("soon", self._now_s, number=self._varint())
        if kind == _TIMER:
            step = Step("timer", self._now_s, number=self._varint())
            late = self._varint()
            step.late_ns = -(late >> 1) if late & 1 else late >> 1
            return step
        if kind == _DOOR:
            return Step("door", self._now_s, channel=Ch(self._byte()), payload=self._loose())
        if kind == _ANSWER:
            return Step("answer", self._now_s, number=self._varint(), payload=self._blob())
        step = Step("mark" if kind == _MARK else "end", self._now_s)
        step.inputs, step.events = self._varint(), self._varint()
        step.hash = self._take(HASH_BYTES)
        if kind == _END:
            step.payload = self._loose()
        return step

    def _within(self, kind: int) -> None:
        step = self._step
        if step is None:
            raise ValueError("something happened outside of every step")
        if kind == _READ:
            step.reads.append(Read(Ch(self._byte()), self._varint(), self._blob()))
        elif kind == _NOW:
            step.answered.append((self._varint(), self._blob()))
        elif kind == _OUT:
            channel, label = Ch(self._byte()), self._labels[self._varint()]
            body = self._loose() if self._byte() else None
            digest = self._take(DIGEST_BYTES) if body is None else digest_of(label, body)
            step.outs.append(Out(channel, label, body, digest))
        else:
            raise ValueError(f"entry of kind {kind}")

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _take(self, count: int) -> bytes:
        found = self._data[self._at : self._at + count]
        if len(found) < count:
            raise ValueError("it ends too early")
        self._at += count
        return found

    def _varint(self) -> int:
        number = shift = 0
        while True:
            one = self._byte()
            number |= (one & 0x7F) << shift
            if one < 0x80:
                return number
            shift += 7

    def _loose(self) -> bytes:
        return self._take(self._varint())

    def _blob(self) -> bytes:
        tag = self._varint()
        if tag >= _BLOB_FIRST:
            return self._blobs[tag - _BLOB_FIRST]
        data = self._loose()
        if tag == _BLOB_NEW:
            self._blobs.append(data)
        return data
