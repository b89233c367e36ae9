"""This unit's own signature: an Ed25519 key in a file that only its owner may read.

The key is made at the first start and never replaced: certificates signed with it would no longer
hold. Signs and checks bytes; what they mean is edge/domain/certificate.py.
"""

from __future__ import annotations

from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from edge.adapters.key_file import create_key, read_key
from edge.ports import KeyFileError


class Ed25519Signer:
    """edge.ports.Signer on 32 secret bytes."""

    def __init__(self, secret: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(secret)

    def public_key(self) -> bytes:
        return self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)

    def is_signed(self, message: bytes, signature: bytes) -> bool:
        return is_signed_by(self.public_key(), message, signature)


def is_signed_by(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the holder of this key has signed this; not when one of the two is no such thing."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def load_signer(path: Path) -> Ed25519Signer:
    """The unit's signer, for looking; nothing is made. Raises KeyFileError in words."""
    try:
        return Ed25519Signer(read_key(path))
    except FileNotFoundError:
        raise KeyFileError(f"key {path}: missing; the service makes it when it starts") from None


def open_signer(path: Path) -> Ed25519Signer:
    """The unit's signer; its key is made where there is none. Raises KeyFileError in words."""
    try:
        secret = read_key(path)
    except FileNotFoundError:
        secret = create_key(path)
    return Ed25519Signer(secret)
