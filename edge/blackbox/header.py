"""What a recording begins with: everything that the product was built from, but for its secrets.

Kept with the recording, so that it plays without the unit: configuration, protocols, versions.
"""

from __future__ import annotations

import platform

import msgspec

from edge.blackbox.tape import FORMAT
from edge.config import Config


class HeaderError(Exception):
    """The recording is of a kind that this version cannot play; a sentence."""


class Header(msgspec.Struct, frozen=True):
    """Of one recording: one start of the service."""

    format: int
    software_version: str
    python: str
    machine: str
    started_utc: str
    unit_id: str
    machine_boot: str
    has_link_key: bool
    config: bytes  # edge.config.Config as JSON
    library: dict[str, bytes]


def make_header(
    config: Config,
    library: dict[str, bytes],
    *,
    software_version: str,
    started_utc: str,
    machine_boot: str,
    has_link_key: bool,
) -> Header:
    """For a recording that begins now."""
    return Header(
        format=FORMAT,
        software_version=software_version,
        python=platform.python_version(),
        machine=platform.machine(),
        started_utc=started_utc,
        unit_id=config.unit.unit_id,
        machine_boot=machine_boot,
        has_link_key=has_link_key,
        config=msgspec.json.encode(config),
        library=library,
    )


def pack_header(header: Header) -> bytes:
    """As the first chunk of a recording."""
    return msgspec.msgpack.encode(header)


def read_header(data: bytes) -> Header:
    """Raises HeaderError."""
    try:
        found = msgspec.msgpack.decode(data)
        version = found["format"]
        if isinstance(version, int) and version > FORMAT:
            raise HeaderError(
                f"the recording has format {version}, from a newer version of the software;"
                f" this one reads up to {FORMAT}"
            )
        return msgspec.msgpack.decode(data, type=Header)
    except (msgspec.DecodeError, KeyError, TypeError) as error:
        raise HeaderError(f"the recording begins with nothing that can be read: {error}") from error
