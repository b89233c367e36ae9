"""Reads what frames say, for rules: the payload as the message that its type names.

A sealed command is longer than its message; the seal is passed over here (seals.py judges it).
"""

from __future__ import annotations

from typing import TypeVar

from firmware.wire.message import Message
from hw_sim.checkers.facts import Frame

M = TypeVar("M", bound=Message)


def read(frame: Frame, kind: type[M]) -> M:
    """The message of a frame that is known to be of this type and long enough."""
    found = kind.unpack(frame.payload[: kind.size()])
    assert isinstance(found, kind)
    return found


def is_command(frame: Frame, kind: type[Message]) -> bool:
    """Whether this is a whole command of this type on its way to the controller."""
    is_kind = not frame.is_up and frame.kind == kind.TYPE
    return is_kind and len(frame.payload) >= kind.size()


def is_report(frame: Frame, kind: type[Message]) -> bool:
    """Whether the controller says this."""
    return frame.is_up and frame.kind == kind.TYPE
