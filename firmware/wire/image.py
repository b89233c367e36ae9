# The shape of a firmware image as both sides see it: which names its files may have, how many and
# how large they may be, and the manifest that both work out for themselves and compare. Owns no
# signature (edge/firmware_image.py) and no flash (firmware/board). Pure, no clock.
from binascii import hexlify

from firmware.compat import const

NAME_CHARS_MAX = const(47)  # one less than UpdateFile's field: at least one zero byte ends it
# [P] The firmware has some 60 files of at most 12 kB; twice that is room, and still small in RAM.
IMAGE_FILES_MAX = const(96)
IMAGE_FILE_BYTES_MAX = const(65536)
SUFFIXES = (".mpy", ".py")
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789_"


def is_name(name: str) -> bool:
    """A path below the firmware folder: parts of [a-z0-9_] with "/" between, then .py or .mpy."""
    if not 0 < len(name) <= NAME_CHARS_MAX:
        return False
    for suffix in SUFFIXES:
        if name.endswith(suffix):
            parts = name[: -len(suffix)].split("/")
            return all(_is_part(part) for part in parts)
    return False


def _is_part(part: str) -> bool:
    return len(part) > 0 and all(letter in _LETTERS for letter in part)


def name_of(field: bytes) -> str:
    """The name in a zero-padded field; "" when it is none."""
    text = field.rstrip(b"\0")
    for value in text:
        if not 0x20 < value < 0x7F:
            return ""
    name = text.decode()
    return name if is_name(name) else ""


def manifest_line(sha256: bytes, size: int, name: str) -> bytes:
    """One file's line of the manifest; the lines stand in the order of the names."""
    return b"%s %d %s\n" % (hexlify(sha256), size, name.encode())
