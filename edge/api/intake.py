"""Reads what a page sent: a message, or words about what is wrong with it and where.

Changes nothing and never raises. STOP is recognised even in a message that is otherwise wrong,
because a stop must not depend on the page being right. Texts never repeat what was sent: it may
hold a PIN. No clock.
"""

from __future__ import annotations

import re

import msgspec

from edge.api.schema import ClientMessage, Malformed, decode_client

MESSAGE_BYTES_MAX = 8192  # a note of 500 characters, all escaped, takes 6,000
_WHERE = re.compile(r" - at `\$\.?([^`]*)`$")
_UNKNOWN_FIELD = re.compile(r"^Object contains unknown field `([^`]{0,64})")
_MISSING_FIELD = re.compile(r"^Object missing required field `([^`]*)`")


class _Tag(msgspec.Struct):
    """The tag of any message, whatever else it holds."""

    t: str


_decode_tag = msgspec.json.Decoder(_Tag).decode


def read_message(data: bytes) -> ClientMessage | Malformed:
    """Decode one message of a page."""
    if len(data) > MESSAGE_BYTES_MAX:
        return Malformed("message", f"longer than {MESSAGE_BYTES_MAX} bytes")
    try:
        message: ClientMessage = decode_client(data)
    except msgspec.ValidationError as error:
        return _describe(str(error))
    except UnicodeDecodeError:
        return Malformed("message", "not valid UTF-8")
    except RecursionError:
        return Malformed("message", "nested too deeply")
    except msgspec.DecodeError as error:
        return Malformed("message", str(error))
    return message


def describe_error(error: msgspec.ValidationError) -> Malformed:
    """A decoder's complaint as field and words, for bodies over HTTP too."""
    return _describe(str(error))


def is_stop(data: bytes) -> bool:
    """Whether a message that could not be read says stop."""
    try:
        return _decode_tag(data[: 8 * MESSAGE_BYTES_MAX]).t == "stop"
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def _describe(complaint: str) -> Malformed:
    if found := _UNKNOWN_FIELD.match(complaint):
        return Malformed(_plain(found[1]), "unknown field")
    if found := _MISSING_FIELD.match(complaint):
        return Malformed(found[1], "missing")
    found = _WHERE.search(complaint)
    where = found[1] if found else "message"
    if where == "t":
        return Malformed("t", "no such message")
    if complaint.startswith("Invalid"):
        return Malformed(where, "not one of the allowed words")
    return Malformed(where or "message", _WHERE.sub("", complaint).replace("`", ""))


def _plain(name: str) -> str:
    """A field name from outside, fit for a log line and a screen."""
    return name if name.isascii() and name.isidentifier() else "message"
