# The seal of a command: HMAC-SHA256 over the boot, the controller's challenge, a counter, the
# frame's header and the payload, cut to 16 bytes. Owns the bytes of the trailer and how the MAC is
# worked out; who is obeyed is firmware/core/authority.py. Runs on both sides; rp2 has no hmac
# module. No clock.
import struct

from firmware.compat import const, sha256

KEY_BYTES = const(32)  # [P] as long as the hash: a longer one adds nothing
MAC_BYTES = const(16)  # [V] RFC 2104 section 5: not less than half of the hash
SEAL_BYTES = const(24)  # boot_epoch u32, counter u32, MAC
COUNTER_MAX = const(0xFFFFFFFF)
_BLOCK_BYTES = const(64)  # of SHA-256
# Names the use, so that this key's MACs can never be taken for those of another.
_LABEL = b"tms-edge 1"
_SEALED = "<IIIBH"  # boot_epoch, challenge, counter, type, seq
_TRAILER = "<II"
_TRAILER_BYTES = const(8)


class LinkKey:
    # The two halves of the key that HMAC needs, worked out once: a slow chip takes a while.

    def __init__(self, key: bytes) -> None:
        if len(key) > _BLOCK_BYTES:
            key = sha256(key).digest()
        key = key + bytes(_BLOCK_BYTES - len(key))
        self._inner = bytes([one ^ 0x36 for one in key])
        self._outer = bytes([one ^ 0x5C for one in key])

    def hmac(self, message: bytes) -> bytes:
        """HMAC-SHA256, 32 bytes."""
        return sha256(self._outer + sha256(self._inner + message).digest()).digest()

    def mac(
        self, boot_epoch: int, challenge: int, counter: int, kind: int, seq: int, payload: bytes
    ) -> bytes:
        """The 16 bytes that vouch for this payload in this frame of this boot and Hello."""
        header = struct.pack(_SEALED, boot_epoch, challenge, counter, kind, seq)
        return self.hmac(_LABEL + header + payload)[:MAC_BYTES]


def seal(
    key: bytes, boot_epoch: int, challenge: int, counter: int, kind: int, seq: int, payload: bytes
) -> bytes:
    """The payload with its trailer, as it goes into the frame."""
    mac = LinkKey(key).mac(boot_epoch, challenge, counter, kind, seq, payload)
    return payload + struct.pack(_TRAILER, boot_epoch, counter) + mac


def unseal(sealed: bytes) -> "tuple[bytes, int, int, bytes]":
    """(payload, boot_epoch, counter, mac) of at least SEAL_BYTES bytes; nothing is judged."""
    cut = len(sealed) - SEAL_BYTES
    boot_epoch, counter = struct.unpack(_TRAILER, sealed[cut : cut + _TRAILER_BYTES])
    return sealed[:cut], boot_epoch, counter, sealed[cut + _TRAILER_BYTES :]


def is_same(one: bytes, other: bytes) -> bool:
    """Equal, in a time that does not tell where they differ."""
    if len(one) != len(other):
        return False
    difference = 0
    for index in range(len(one)):
        difference |= one[index] ^ other[index]
    return difference == 0
