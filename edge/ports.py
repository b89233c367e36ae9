"""What the edge needs from the world, as protocols.

Adapters implement these (edge/adapters in production, hw_sim in simulation); services and the MCU
client receive them. No port decides anything. Every method is non-blocking or a coroutine on the
running loop; errors of the outer world arrive as the exceptions named here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol


class LinkLostError(Exception):
    """The serial device went away, could not be opened, or answered nonsense to the driver."""


class KeyFileError(Exception):
    """A key cannot be read or made; the text is a sentence that says what to do."""


class ByteLink(Protocol):
    """An open byte stream to the controller."""

    async def read(self) -> bytes:
        """Next chunk, 1 to 4096 bytes. Raises LinkLostError when the device is gone."""

    def write(self, data: bytes) -> None:
        """Queue bytes for sending, never blocks. Raises LinkLostError."""

    def close(self) -> None:
        """Release the device; read() then raises LinkLostError."""


class LinkOpener(Protocol):
    """Opens the serial device, exclusively."""

    async def open(self) -> ByteLink:
        """Raises LinkLostError with a sentence that names the device and the cause."""


class PanelInput(Enum):
    """Inputs that the edge senses itself, on wires of its own. True is the safe level."""

    ESTOP = "estop"
    DOOR = "door"
    COIL = "coil"
    PATIENT = "patient"


class Panel(Protocol):
    """Panel inputs through GPIO."""

    def read(self) -> Mapping[PanelInput, bool]:
        """Levels now; an input that cannot be read is missing from the mapping."""

    def watch(self, callback: Callable[[], None] | None) -> None:
        """Call back on the loop after any edge (read the levels then); None ends it."""


class Lamp(Enum):
    """The unit's own lamp."""

    OFF = "off"
    READY = "ready"
    ARMED = "armed"
    FAULT = "fault"


class Indicators(Protocol):
    """Lamp and sounder on the unit, not on the page."""

    def set_lamp(self, lamp: Lamp) -> None: ...

    def set_sounder(self, on: bool) -> None: ...


@dataclass(frozen=True)
class WallTime:
    """UTC for records and screens, never for decisions."""

    utc: datetime
    is_trusted: bool


class WallClock(Protocol):
    def now(self) -> WallTime: ...


class Entropy(Protocol):
    """Secrets and identities."""

    def token_bytes(self, n: int) -> bytes: ...


class PinHasher(Protocol):
    """Slow, salted hashes of PINs; may compute elsewhere, so both are coroutines."""

    async def hash_pin(self, pin: str) -> str: ...

    async def verify_pin(self, pin_hash: str, pin: str) -> bool: ...


class StoreError(Exception):
    """The store refused or failed; nothing of the transaction was kept."""


Value = int | float | str | bytes | None


class Store(Protocol):
    """The one database connection. Synchronous: a commit is a few milliseconds.

    Tables are defined in edge/services/tables.py.
    """

    def rows(self, sql: str, args: Sequence[Value] = ()) -> list[tuple[Value, ...]]:
        """Run one statement and return all rows. Raises StoreError."""

    def transaction(self) -> AbstractContextManager[None]:
        """Commit durably at the end of the block, roll back on any exception. Not nested."""

    def checkpoint(self) -> None:
        """Fold the log into the file; takes a moment, so never during treatment."""

    def close(self) -> None: ...


class ClinicUnreachableError(Exception):
    """No complete answer: refused, reset, timed out, name unknown, or TLS failed.

    may_have_arrived tells whether the request may have reached the server.
    """

    def __init__(self, reason: str, *, may_have_arrived: bool) -> None:
        super().__init__(reason)
        self.may_have_arrived = may_have_arrived


@dataclass(frozen=True)
class ClinicAnswer:
    """A complete HTTP answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class ClinicHttp(Protocol):
    """HTTP to the clinic's FHIR base address, one request at a time."""

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        timeout_s: float,
    ) -> ClinicAnswer:
        """path is relative to the FHIR base and already escaped. Raises ClinicUnreachableError."""


class ServiceManager(Protocol):
    """The init system."""

    def notify(self, state: str) -> None:
        """READY=1, WATCHDOG=1, STOPPING=1 or STATUS=..."""


@dataclass(frozen=True)
class Adapters:
    """Everything of the outer world, handed to edge.app.build_app."""

    link: LinkOpener
    panel: Panel
    indicators: Indicators
    store: Store
    wall_clock: WallClock
    entropy: Entropy
    clinic: ClinicHttp
    service_manager: ServiceManager
