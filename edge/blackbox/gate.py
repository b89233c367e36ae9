"""What the recording and the replaying side offer to the wrappers of the ports.

A wrapper in edge/blackbox/ports_*.py is written once: it says what crosses the border, and how that
is put into bytes. Whether it is taken from the world and recorded, or taken from the tape and
compared, is the gate's. Also how values and errors become bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from edge.blackbox.channels import Ch
from edge.ports import ClinicUnreachableError, KeyFileError, LinkLostError, StoreError

T = TypeVar("T")

# A byte that no MessagePack value begins with.
_ERROR = b"\xc1"
_ERRORS: dict[str, type[Exception]] = {
    kind.__name__: kind
    for kind in (StoreError, LinkLostError, KeyFileError, OSError, ValueError, RuntimeError)
}


class Codec(Generic[T]):
    """A value of one type to bytes and back, as MessagePack; equal values give equal bytes."""

    def __init__(self, kind: Any, shape: Callable[[Any], T] | None = None) -> None:
        """kind: what MessagePack has for it; shape makes the value of that."""
        self.pack: Callable[[T], bytes] = msgspec.msgpack.Encoder().encode
        self._decode: Callable[[bytes], Any] = msgspec.msgpack.Decoder(kind).decode
        self._shape = shape

    def unpack(self, data: bytes) -> T:
        """The value."""
        found = self._decode(data)
        shaped: T = found if self._shape is None else self._shape(found)
        return shaped


class Gate(Protocol):
    """The border of the recorded product."""

    @property
    def is_inside(self) -> bool:
        """Whether the product runs now; what others do to a port is none of the tape's business."""

    def time(self) -> float:
        """The product's clock."""

    def read(self, channel: Ch, live: Callable[[], T], codec: Codec[T]) -> T:
        """What the world says now. Raises what live raises."""

    async def ask(
        self, channel: Ch, live: Callable[[], Coroutine[Any, Any, T]], codec: Codec[T]
    ) -> T:
        """What the world says later. Raises what live raises."""

    def out(self, channel: Ch, label: str, body: bytes) -> None:
        """The product does this."""

    def outside(self, live: Callable[[], T]) -> T:
        """Do this in the outer world, for its effect there; None when there is no such world."""

    def door(self, channel: Ch, payload: bytes, act: Callable[[], T]) -> T:
        """The outer world calls in."""


def pack_error(error: BaseException) -> bytes:
    """An error of the outer world."""
    if isinstance(error, ClinicUnreachableError):
        return _ERROR + msgspec.msgpack.encode(
            ("ClinicUnreachableError", str(error), error.may_have_arrived)
        )
    return _ERROR + msgspec.msgpack.encode((type(error).__name__, str(error), False))


def unpack(payload: bytes, codec: Codec[T]) -> T:
    """The value; raises the error that it stands for."""
    if not payload.startswith(_ERROR):
        return codec.unpack(payload)
    name, text, may_have_arrived = msgspec.msgpack.decode(payload[1:], type=tuple[str, str, bool])
    if name == "ClinicUnreachableError":
        raise ClinicUnreachableError(text, may_have_arrived=may_have_arrived)
    raise _ERRORS.get(name, RuntimeError)(text)
