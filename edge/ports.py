"""What the edge needs from the world, as protocols.

Adapters implement these (edge/adapters in production, hw_sim in simulation); services and the MCU
client receive them. No port decides anything. Every method is non-blocking or a coroutine on the
running loop; errors of the outer world arrive as the exceptions named here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

from edge.domain.alarm_sounds import Tone


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
    ENCLOSURE = "enclosure"  # cover of the power stage
    ATTEND = "attend"  # foot or hand switch; True while somebody holds it
    FLOW = "flow"  # coolant flow switch; True while it flows
    HOST_BACK = "host_back"  # read-back: output of the one-shot that HostEnable holds
    GATE_BACK = "gate_back"  # read-back: the controller's enable, behind its guard


class Panel(Protocol):
    """Panel inputs through GPIO."""

    def fitted(self) -> tuple[PanelInput, ...]:
        """Inputs that have a wire in this unit, in the order of PanelInput; never changes."""

    def read(self) -> Mapping[PanelInput, bool]:
        """Levels now of the fitted ones; an input that cannot be read is missing."""

    def watch(self, callback: Callable[[], None] | None) -> None:
        """Call back on the loop after any edge (read the levels then); None ends it."""


READ_BACKS: tuple[PanelInput, ...] = (PanelInput.HOST_BACK, PanelInput.GATE_BACK)  # no interlocks


class HostEnable(Protocol):
    """The edge's enable: a pin whose edges hold a one-shot in series with the output."""

    def beat(self) -> None:
        """Toggle once. Never raises: an edge that was not made shows in the read-back."""

    def drop(self) -> None:
        """Level low now; without further edges the one-shot falls by itself."""


class Thermometer(Protocol):
    """The converter behind the edge's own sensor at the coil's contact face."""

    def read(self) -> tuple[int, int] | None:
        """(face, half supply) as raw values 0 to 1023; None when the converter cannot be read."""


class Lamp(Enum):
    """The unit's own lamp."""

    OFF = "off"
    READY = "ready"
    ARMED = "armed"
    FAULT = "fault"


class Indicators(Protocol):
    """Lamp and sounder on the unit, not on the page."""

    def set_lamp(self, lamp: Lamp) -> None: ...

    def set_sounder(self, tone: Tone | None) -> None:
        """Give this tone from now on; None is silence."""

    def sounder_current(self) -> bool | None:
        """Whether current flows through the sounder; None when that cannot be read."""


class DiskSpace(Protocol):
    """The disk that the store lies on."""

    def used_pct(self) -> int | None:
        """Used part, rounded up; None when it cannot be read."""


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


class Signer(Protocol):
    """This unit's own signature, Ed25519."""

    def public_key(self) -> bytes:
        """32 bytes."""

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""

    def is_signed(self, message: bytes, signature: bytes) -> bool:
        """Whether this unit has signed this."""


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

    def log_failure(self) -> str:
        """Why changes are no longer kept a second time; '' while they are."""

    def repaired(self) -> str:
        """What was done at opening that a person should hear of (store-<code>); '' for nothing."""

    def close(self) -> None: ...


class LogFolder(Protocol):
    """The files of the change log, the store's second copy. Every method may raise StoreError."""

    def names(self) -> list[str]:
        """Files there, sorted."""

    def read(self, name: str) -> bytes: ...

    def append(self, name: str, data: bytes) -> None:
        """Add to the end, durable on return; makes the file when it is not there."""

    def truncate(self, name: str, size: int) -> None:
        """Cut the file back, durable on return."""

    def rename(self, name: str, new_name: str) -> None:
        """Durable on return; never over a file that is there."""

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


class Tracks(Protocol):
    """Tracks of sessions for the service console. None of these blocks or raises."""

    def begin(self, session_id: str, header: bytes) -> None:
        """A new one; header is JSON."""

    def put(self, rows: bytes) -> None:
        """Rows more for it, a JSON list."""

    def end(self) -> None:
        """Nothing more comes."""

    def is_recorded(self) -> bool:
        """Whether this unit's recording goes on, where it keeps one."""


class NoTracks:
    """For a unit that keeps none."""

    def begin(self, session_id: str, header: bytes) -> None:
        del session_id, header

    def put(self, rows: bytes) -> None:
        del rows

    def end(self) -> None:
        pass

    def is_recorded(self) -> bool:
        return True


class RecordingError(Exception):
    """A recording cannot be read; a sentence."""


@dataclass(frozen=True)
class TrackEntry:
    """One session's track; header is the JSON it begins with, {} when that cannot be read."""

    name: str
    recording: int
    session_id: str
    has_recording: bool
    header: str


class Export(Protocol):
    """A recording's copy, block after block; b"" at its end."""

    name: str

    async def read(self) -> bytes: ...

    def close(self) -> None: ...


class Recordings(Protocol):
    """The recordings of this unit, for looking. All raise RecordingError."""

    def why_stopped(self) -> str:
        """Why nothing is recorded now; '' while it is."""

    async def tracks(self) -> list[TrackEntry]:
        """Newest first."""

    async def track(self, name: str) -> bytes | None:
        """JSON of header and rows; None when there is none of this name."""

    async def export(self, name: str) -> Export | None:
        """The recording as far as this session needs it; None when it is gone."""


class NoRecordings:
    """For a unit that keeps none."""

    def why_stopped(self) -> str:
        return ""

    async def tracks(self) -> list[TrackEntry]:
        return []

    async def track(self, name: str) -> bytes | None:
        del name
        return None

    async def export(self, name: str) -> Export | None:
        del name
        return None


@dataclass(frozen=True)
class Adapters:
    """Everything of the outer world, handed to edge.app.build_app."""

    link: LinkOpener
    panel: Panel
    indicators: Indicators
    host_enable: HostEnable
    thermometer: Thermometer
    store: Store
    wall_clock: WallClock
    entropy: Entropy
    clinic: ClinicHttp
    service_manager: ServiceManager
    disk: DiskSpace
    signer: Signer
    machine_boot: str  # which start of the machine, whose monotonic clock runs on; '' unknown
    tracks: Tracks = field(default_factory=NoTracks)
    recordings: Recordings = field(default_factory=NoRecordings)
