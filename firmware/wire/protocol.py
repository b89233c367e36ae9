# The message table as a whole: which type number is which class, and the protocol version, which is
# worked out from that table so that nobody can forget to raise it. Owns no message (commands.py,
# reports.py) and no bytes on the line (framing.py).
from binascii import crc32

from firmware.wire.codes import (
    FAULTS,
    INPUT_NAMES,
    OK,
    REJ_LENGTH,
    REJ_UNKNOWN,
    REJECTION_NAMES,
    STATE_NAMES,
)
from firmware.wire.commands import COMMANDS
from firmware.wire.message import Message
from firmware.wire.reports import REPORTS

# Type numbers from here on belong to reports; a controller that hears one hears its own echo.
REPORT_TYPE_MIN = 0x80


def canonical_table() -> str:
    """The whole contract as text: one line a message, then the number tables."""
    lines = []
    for message in COMMANDS + REPORTS:
        lines.append(
            "%d%s %s %s %s"
            % (
                message.TYPE,
                " sealed" if message.IS_SEALED else "",
                message.CODES,
                ",".join([str(size) for size in message.SIZES]),
                ",".join(message.FIELDS),
            )
        )
    lines.append(",".join(STATE_NAMES))
    lines.append(",".join(INPUT_NAMES))
    lines.append(",".join(REJECTION_NAMES))
    lines.append(",".join([str(fault) for fault in FAULTS]))
    return "\n".join(lines)


PROTOCOL_VERSION = crc32(canonical_table().encode())

_CLASSES = {message.TYPE: message for message in COMMANDS + REPORTS}


def message_class(kind: int) -> "type[Message] | None":
    """The class of this type number, None when there is none."""
    return _CLASSES.get(kind)


def decode(kind: int, payload: bytes) -> "tuple[Message | None, int, int]":
    """(message, OK, 0), or (None, rejection code, detail: the right length)."""
    found = _CLASSES.get(kind)
    if found is None:
        return None, REJ_UNKNOWN, 0
    size = found.size()
    if len(payload) != size:
        return None, REJ_LENGTH, size
    return found.unpack(payload), OK, 0
