"""The signed library of treatment protocols: trust first, then parsing, then look-up.

One manifest (library.json) names every protocol file with its SHA-256 and carries an Ed25519
signature over its own canonical form. Trust is decided by the configured public keys; a file that
is altered, missing or extra, or a manifest signed by anybody else, refuses the whole library with
a sentence that names file and cause. Meaning of a file is edge/domain/protocol_parse.py. Bytes
come in from the entry points; no clock, no tasks.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources.abc import Traversable
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from edge.domain.protocol import Protocol
from edge.domain.protocol_parse import parse_protocol

MANIFEST = "library.json"
FORMAT = 1
FILES_MAX = 200  # [P] far above the published protocols, far below what could hurt a Pi
FILE_BYTES_MAX = 65_536
MANIFEST_KEYS = (
    "format",
    "version",
    "author",
    "approver",
    "files",
    "public_key",
    "signature",
)


class LibraryError(Exception):
    """The library cannot be used; the sentence names the file and the cause."""


class ProtocolLibrary:
    """Checked protocols by identity and version. Build it with load()."""

    def __init__(self, version: str, key: str, protocols: Sequence[Protocol]) -> None:
        self.version = version
        self.key = key
        self._protocols = {(p.protocol_id, p.version): p for p in protocols}
        self._all = tuple(sorted(protocols, key=lambda p: (p.protocol_id, _order(p.version))))

    @classmethod
    def load(cls, files: Mapping[str, bytes], trusted_keys: Sequence[str]) -> ProtocolLibrary:
        """Library of these files, manifest included. Raises LibraryError."""
        manifest = _read_manifest(files)
        _check_signature(manifest, trusted_keys)
        _check_hashes(files, manifest["files"])
        protocols = [_read_protocol(name, files[name]) for name in sorted(manifest["files"])]
        _check_unique(protocols)
        return cls(manifest["version"], manifest["public_key"], protocols)

    def get(self, protocol_id: str, version: str | None = None) -> Protocol | None:
        """This version, or the newest one; None when the library has none."""
        if version is not None:
            return self._protocols.get((protocol_id, version))
        found = [p for p in self._all if p.protocol_id == protocol_id]
        return found[-1] if found else None

    def all(self) -> tuple[Protocol, ...]:
        """Every protocol by identity, then version."""
        return self._all


def read_library_files(folder: Traversable) -> dict[str, bytes]:
    """Contents of the folder's manifest and protocol files; for entry points."""
    return {
        entry.name: entry.read_bytes()
        for entry in sorted(folder.iterdir(), key=lambda item: item.name)
        if entry.name == MANIFEST or entry.name.endswith(".toml")
    }


def sign_library(
    files: Mapping[str, bytes], private_key_hex: str, version: str, author: str, approver: str
) -> bytes:
    """A manifest for these files (without an old manifest), signed. Raises LibraryError."""
    names = sorted(name for name in files if name != MANIFEST)
    _check_unique([_read_protocol(name, files[name]) for name in names])
    key = Ed25519PrivateKey.from_private_bytes(_key_bytes(private_key_hex, "private key"))
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "version": version,
        "author": author,
        "approver": approver,
        "files": {name: hashlib.sha256(files[name]).hexdigest() for name in names},
        "public_key": key.public_key().public_bytes_raw().hex(),
    }
    manifest["signature"] = key.sign(_canonical(manifest)).hex()
    return (json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _canonical(manifest: Mapping[str, Any]) -> bytes:
    """What is signed: everything but the signature, in one possible spelling."""
    signed = {key: value for key, value in manifest.items() if key != "signature"}
    return json.dumps(signed, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _read_manifest(files: Mapping[str, bytes]) -> dict[str, Any]:
    if MANIFEST not in files:
        raise LibraryError(f"{MANIFEST}: the library has no manifest, so nothing in it is signed")
    if len(files) > FILES_MAX:
        raise LibraryError(f"the library has {len(files)} files, at most {FILES_MAX}")
    for name, data in files.items():
        if len(data) > FILE_BYTES_MAX:
            raise LibraryError(f"{name}: {len(data)} bytes, at most {FILE_BYTES_MAX}")
    try:
        manifest = json.loads(files[MANIFEST])
    except ValueError as error:
        raise LibraryError(f"{MANIFEST}: not JSON: {error}") from error
    return _checked_manifest(manifest)


def _checked_manifest(manifest: object) -> dict[str, Any]:
    if not isinstance(manifest, dict) or sorted(manifest) != sorted(MANIFEST_KEYS):
        raise LibraryError(f"{MANIFEST}: must have exactly the keys {', '.join(MANIFEST_KEYS)}")
    if manifest["format"] != FORMAT:
        raise LibraryError(f"{MANIFEST}: format {manifest['format']!r}, this unit reads {FORMAT}")
    for key in ("version", "author", "approver", "public_key", "signature"):
        if not isinstance(manifest[key], str):
            raise LibraryError(f"{MANIFEST}: {key} must be text")
    named = manifest["files"]
    if not isinstance(named, dict) or not all(isinstance(v, str) for v in named.values()):
        raise LibraryError(f"{MANIFEST}: files must name each file with its SHA-256")
    return manifest


def _check_signature(manifest: Mapping[str, Any], trusted_keys: Sequence[str]) -> None:
    """The signer must be configured, and the signature must be the signer's."""
    key_hex = manifest["public_key"].lower()
    if key_hex not in [key.lower() for key in trusted_keys]:
        raise LibraryError(
            f"{MANIFEST}: signed by {key_hex[:16]}…, which is none of the trusted keys"
        )
    key = Ed25519PublicKey.from_public_bytes(_key_bytes(key_hex, f"{MANIFEST}: public_key"))
    try:
        key.verify(bytes.fromhex(manifest["signature"]), _canonical(manifest))
    except (InvalidSignature, ValueError) as error:
        raise LibraryError(
            f"{MANIFEST}: the signature does not fit; the manifest was altered"
        ) from error


def _key_bytes(key_hex: str, what: str) -> bytes:
    try:
        key = bytes.fromhex(key_hex)
    except ValueError as error:
        raise LibraryError(f"{what}: not hexadecimal") from error
    if len(key) != 32:
        raise LibraryError(f"{what}: {len(key)} bytes, an Ed25519 key has 32")
    return key


def _check_hashes(files: Mapping[str, bytes], named: Mapping[str, str]) -> None:
    for name in sorted(files):
        if name != MANIFEST and name not in named:
            raise LibraryError(f"{name}: not in the signed manifest")
    for name in sorted(named):
        if name not in files:
            raise LibraryError(f"{name}: named in the manifest, but missing")
        if hashlib.sha256(files[name]).hexdigest() != named[name].lower():
            raise LibraryError(f"{name}: altered since the library was signed")


def _read_protocol(name: str, data: bytes) -> Protocol:
    try:
        raw = tomllib.loads(data.decode())
    except ValueError as error:  # not UTF-8, or not TOML
        raise LibraryError(f"{name}: not TOML: {error}") from error
    protocol = parse_protocol(raw)
    if isinstance(protocol, list):
        words = "; ".join(
            f"{p.where}: {p.code.replace('_', ' ')} {p.value}".rstrip()
            + (f" ({p.limit})" if p.limit else "")
            for p in protocol
        )
        raise LibraryError(f"{name}: {words}")
    return protocol


def _check_unique(protocols: Sequence[Protocol]) -> None:
    seen: dict[tuple[str, str], Protocol] = {}
    for protocol in protocols:
        if (protocol.protocol_id, protocol.version) in seen:
            raise LibraryError(f"{protocol.protocol_id} {protocol.version}: in two files")
        seen[(protocol.protocol_id, protocol.version)] = protocol


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
