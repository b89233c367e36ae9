"""A firmware image as one file: trust first, then hashes, then the controller's own manifest.

One line of magic, one line of JSON that names version, protocol and every file with its SHA-256,
signed with Ed25519 by a key that the unit trusts (the same keys as for the protocol library), then
the bytes of the files in the order of their names. The signature covers the whole line but itself.
Pure over bytes; every refusal is a sentence.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from firmware.wire.image import IMAGE_FILE_BYTES_MAX, IMAGE_FILES_MAX, is_name, manifest_line
from firmware.wire.limits import IMAGE_BYTES_MAX

MAGIC = b"TMS-EDGE FIRMWARE 1\n"
KIND = "tms-edge firmware"  # no signature over anything else can pass for one over an image
HEADER_BYTES_MAX = 65_536
IMAGE_FILE_SUFFIX = ".tmsfw"
KEYS = ("kind", "version", "protocol", "files", "public_key", "signature")
KEY_BYTES = 32


class ImageError(Exception):
    """The image cannot be used; the sentence says why."""


@dataclass(frozen=True)
class FirmwareImage:
    """A checked image. protocol is the wire protocol that this firmware speaks."""

    version: str
    protocol: int
    files: tuple[tuple[str, bytes], ...]
    public_key: str

    @property
    def manifest(self) -> bytes:
        """What the controller works out and stores."""
        return b"".join(
            manifest_line(hashlib.sha256(data).digest(), len(data), name)
            for name, data in self.files
        )

    @property
    def manifest_sha256(self) -> bytes:
        return hashlib.sha256(self.manifest).digest()

    @property
    def image_hash(self) -> bytes:
        """As the controller reports it."""
        return self.manifest_sha256[:8]

    @property
    def total_bytes(self) -> int:
        return sum(len(data) for _, data in self.files)


def pack_image(
    files: Mapping[str, bytes], private_key_hex: str, version: str, protocol: int
) -> bytes:
    """The image file of these files, signed. Raises ImageError."""
    names = sorted(files)
    _check_files([(name, len(files[name])) for name in names])
    key = Ed25519PrivateKey.from_private_bytes(_key_bytes(private_key_hex, "the private key"))
    header: dict[str, Any] = {
        "kind": KIND,
        "version": version,
        "protocol": f"{protocol:08x}",
        "files": [[n, len(files[n]), hashlib.sha256(files[n]).hexdigest()] for n in names],
        "public_key": key.public_key().public_bytes_raw().hex(),
    }
    header["signature"] = key.sign(_signed(header)).hex()
    return MAGIC + _canonical(header) + b"\n" + b"".join(files[name] for name in names)


def read_image(data: bytes, trusted_keys: Sequence[str]) -> FirmwareImage:
    """The image in these bytes, signed by one of these public keys. Raises ImageError."""
    if not data.startswith(MAGIC):
        raise ImageError("this is no firmware image of tms-edge")
    header_line, newline, body = data[len(MAGIC) :].partition(b"\n")
    if not newline or len(header_line) > HEADER_BYTES_MAX:
        raise ImageError("the image's header is cut off or too long")
    header = _read_header(header_line)
    _check_signature(header, trusted_keys)
    rows = _read_rows(header["files"])
    _check_files([(name, size) for name, size, _ in rows])
    return FirmwareImage(
        version=header["version"],
        protocol=_protocol(header["protocol"]),
        files=_cut(body, rows),
        public_key=header["public_key"].lower(),
    )


def _canonical(header: Mapping[str, Any]) -> bytes:
    return json.dumps(header, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _signed(header: Mapping[str, Any]) -> bytes:
    """Everything but the signature, in one possible spelling."""
    return _canonical({key: value for key, value in header.items() if key != "signature"})


def _read_header(line: bytes) -> dict[str, Any]:
    try:
        header = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ImageError("the image's header is not JSON") from error
    if not isinstance(header, dict) or sorted(header) != sorted(KEYS):
        raise ImageError(f"the image's header must have exactly the keys {', '.join(KEYS)}")
    for key in KEYS:
        if key != "files" and not isinstance(header[key], str):
            raise ImageError(f"the image's header: {key} must be text")
    if header["kind"] != KIND:
        raise ImageError(f"the image's header is of another kind: {header['kind'][:40]!r}")
    return header


def _check_signature(header: Mapping[str, Any], trusted_keys: Sequence[str]) -> None:
    key_hex = header["public_key"].lower()
    if key_hex not in [key.lower() for key in trusted_keys]:
        raise ImageError(
            f"the image is signed by {key_hex[:16]}…, which is none of this unit's trusted keys"
        )
    key = Ed25519PublicKey.from_public_bytes(_key_bytes(key_hex, "the image's public key"))
    try:
        key.verify(bytes.fromhex(header["signature"]), _signed(header))
    except (InvalidSignature, ValueError) as error:
        raise ImageError("the signature does not fit; the image was altered") from error


def _key_bytes(key_hex: str, what: str) -> bytes:
    try:
        key = bytes.fromhex(key_hex)
    except ValueError as error:
        raise ImageError(f"{what} is not hexadecimal") from error
    if len(key) != KEY_BYTES:
        raise ImageError(f"{what} has {len(key)} bytes, an Ed25519 key has {KEY_BYTES}")
    return key


def _protocol(text: str) -> int:
    try:
        value = int(text, 16)
    except ValueError as error:
        raise ImageError("the image's protocol is not hexadecimal") from error
    if not 0 <= value <= 0xFFFFFFFF:
        raise ImageError("the image's protocol does not fit 32 bits")
    return value


def _read_rows(rows: object) -> list[tuple[str, int, str]]:
    if not isinstance(rows, list):
        raise ImageError("the image's header: files must be a list")
    found = []
    for row in rows:
        kinds = [type(part) for part in row] if isinstance(row, list) else []
        if kinds != [str, int, str]:
            raise ImageError("the image's header: each file is a name, a size and a SHA-256")
        found.append((row[0], row[1], row[2]))
    return found


def _check_files(rows: Sequence[tuple[str, int]]) -> None:
    """The bounds that the controller has, too."""
    names = [name for name, _ in rows]
    if not 0 < len(names) <= IMAGE_FILES_MAX:
        raise ImageError(f"the image has {len(names)} files, 1 to {IMAGE_FILES_MAX} are possible")
    for name, size in rows:
        if not is_name(name):
            raise ImageError(f"{name[:60]!r} is no name that the controller takes")
        if not 0 <= size <= IMAGE_FILE_BYTES_MAX:
            raise ImageError(f"{name}: {size} bytes, at most {IMAGE_FILE_BYTES_MAX}")
    if names != sorted(set(names)):
        raise ImageError("the image's files are not in the order of their names, once each")
    total = sum(size for _, size in rows)
    if total > IMAGE_BYTES_MAX:
        raise ImageError(f"the image has {total} bytes, at most {IMAGE_BYTES_MAX}")


def _cut(body: bytes, rows: Sequence[tuple[str, int, str]]) -> tuple[tuple[str, bytes], ...]:
    total = sum(size for _, size, _ in rows)
    if len(body) != total:
        raise ImageError(f"the image is cut off or too long: {len(body)} bytes, {total} expected")
    files = []
    at = 0
    for name, size, digest in rows:
        data = body[at : at + size]
        if hashlib.sha256(data).hexdigest() != digest.lower():
            raise ImageError(f"{name}: altered since the image was signed")
        files.append((name, data))
        at += size
    return tuple(files)
