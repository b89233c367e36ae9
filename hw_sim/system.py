"""The whole product in one process: real edge, real firmware core, simulated metal and clinic.

Builds edge.app exactly as the production entry point does, with simulated adapters, on the running
loop (virtual for proofs). The store is the real one, with its change log, on a simulated card that
outlives the process. Nothing here decides; scenarios hold the unit, the robot at the screen, the
card and the clinic.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from edge.adapters.box_file import InlineSink
from edge.adapters.box_shelf import BoxShelf, ShelfTracks, do_now
from edge.adapters.pin_hash import InlinePins
from edge.adapters.store.sqlite_store import SqliteStore
from edge.app import App, build_app
from edge.blackbox.header import make_header, pack_header
from edge.blackbox.recording import RecordingLoop
from edge.blackbox.stage import PlainStage, RecordedStage, Stage
from edge.config import Config
from edge.config_load import load_config
from edge.domain.protocol import Protocol
from edge.ports import Adapters, NoTracks, PinHasher, Tracks, WallTime
from edge.services.accounts import Accounts
from edge.services.library import ProtocolLibrary, read_library_files
from edge.version import SOFTWARE_VERSION
from hw_sim.card.card import Card
from hw_sim.card.store import open_on
from hw_sim.certificate import SIM_BOOT, SIM_SIGNER, grant
from hw_sim.clinic import resources
from hw_sim.clinic.fhir_server import ClinicServer
from hw_sim.clinic.line import ClinicLine, Faults
from hw_sim.clinic.quirks import quirks_of
from hw_sim.clinic.shelf import Json
from hw_sim.kernel import Streams
from hw_sim.kiosk_robot import KioskRobot
from hw_sim.picture_log import PictureLog
from hw_sim.plant.coil import COIL_KINDS
from hw_sim.realtime.run_files import LIBRARY, REPOSITORY, Ports, config_text, trusted_keys
from hw_sim.sim_hal import SIM_LINK_KEY
from hw_sim.unit import SimUnit

EPOCH = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)  # any day; the same one in every run
FOLDER = Path("/run/tms-sim")  # of the unit's configuration; nothing is there
UNIT_ID = "SIM-0001"
APPOINTMENT_ID = "apt-1"
TECHNICIAN = ("tech1", "Robin Tech", "technician", "2468")
CLINICIAN = ("clin1", "Dr. Kim Clinic", "clinician", "8642")
THRESHOLD_PCT = 52  # of maximum output; 62 % at 120 % of threshold, a usual treatment level
STORE_FAILED = "store failed"  # in the truth record: an operation of the card failed or had to wait
PPM_MAX = 30  # [K] a plain crystal; the catalogue's faults go to 200


class UnplayableError(Exception):
    """The protocol cannot be played on the simulated unit; the text names those that can."""


class SimClock:
    """Wall clock that runs with the loop and can be set wrong."""

    def __init__(self) -> None:
        self.offset = timedelta()
        self.is_trusted = True

    def now(self) -> WallTime:
        """EPOCH plus the loop's time plus the error a scenario set."""
        elapsed = timedelta(seconds=asyncio.get_running_loop().time())
        return WallTime(EPOCH + elapsed + self.offset, self.is_trusted)


class SeededEntropy:
    """Repeatable secrets: for simulation only."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def token_bytes(self, n: int) -> bytes:
        return self._rng.randbytes(n)


class SilentInit:
    """An init system that listens to nothing."""

    def notify(self, state: str) -> None:
        del state


class SimDisk:
    """edge.ports.DiskSpace that is as full as a scenario says."""

    def __init__(self) -> None:
        self.used: int | None = 10

    def used_pct(self) -> int | None:
        """What a scenario has put there."""
        return self.used


@dataclass(frozen=True)
class SystemOptions:
    """What the system is made of."""

    seed: int = 1
    protocol: str = "itbs-600"
    clinic_faults: Faults | None = None
    library: Path | None = None  # another signed library; the shipped one by default
    has_certificate: bool = True  # somebody has tested the unit this morning
    has_attend: bool = False  # a foot switch is fitted, and has to be held
    record: Path | None = None  # folder for a recording of each start of the edge
    quirks: str = ""  # of the clinic's server, as hw_sim/clinic/quirks.py reads them


class SimSystem:
    """Everything, wired. Make it on the running loop; start(), use it, stop()."""

    def __init__(self, options: SystemOptions) -> None:
        self.options = options
        self.streams = Streams(options.seed)
        self.config = _config(options)
        files = read_library_files(Path(self.config.protocols.path))
        keys = tuple(self.config.protocols.trusted_keys)
        self.library = _library(tuple(sorted(files.items())), keys)
        self.protocol = _plannable(self.library, options.protocol)
        self.clock = SimClock()
        self.disk = SimDisk()
        self.card = Card(self.streams.get("card"))
        drift_ppm = self.streams.get("crystal").uniform(-PPM_MAX, PPM_MAX)
        self.unit = SimUnit(
            seed=options.seed,
            ppm=drift_ppm,
            coil=_fitted_coil(self.protocol),
            unit_id=UNIT_ID,
            threshold_pct=THRESHOLD_PCT,
            has_attend=options.has_attend,
        )
        self.card.on_failure = lambda: self.unit.mark(STORE_FAILED)
        self.clinic = ClinicServer(lambda: self.clock.now().utc, quirks_of(options.quirks))
        self.clinic.load(visit_resources(self.protocol, EPOCH))
        self.line = ClinicLine(self.clinic, options.clinic_faults, self.streams.get("clinic"))
        self.pictures = PictureLog()
        self._generation = 0
        self.app: App
        self._stage: Stage
        self._store: SqliteStore
        self._tracks: Tracks = NoTracks()
        self._task: asyncio.Future[None] | None = None

    async def start(self) -> None:
        """Boot the edge (again) on the unit and clinic that are there. Raises StoreError."""
        self._generation += 1
        store = self.open_store()
        try:
            if self.options.has_certificate:
                self._grant(store)
            await self._hire(Accounts(store, self.pins()))
        except BaseException:
            store.close()  # the process has ended
            raise
        self._store = store
        self._stage = stage = self._set_stage()
        adapters = stage.adapters(self.adapters(store))
        self.app = stage.build(
            lambda: build_app(
                self.config,
                adapters,
                library=self.library,
                pins=stage.pins(self.pins()),
                page={},
                software_version=SOFTWARE_VERSION,
                link_key=SIM_LINK_KEY,
                doors=stage.doors,
            )
        )
        self._task = stage.run(self.app.run)
        self.unit.mark("edge started")

    @staticmethod
    async def _hire(accounts: Accounts) -> None:
        """The people of this unit, before the service starts."""
        known = {account.user_id for account in accounts.list_operators()}
        for user_id, name, role, pin in (TECHNICIAN, CLINICIAN):
            if user_id not in known:
                await accounts.add(user_id, name, role, pin)

    def _set_stage(self) -> Stage:
        """Recorded when the options ask for it; which is not below here to be seen."""
        folder = self.options.record
        if folder is None:
            return PlainStage()
        header = make_header(
            self.config,
            read_library_files(Path(self.config.protocols.path)),
            software_version=SOFTWARE_VERSION,
            started_utc=self.clock.now().utc.isoformat(),
            machine_boot=SIM_BOOT,
            has_link_key=True,
        )
        shelf = BoxShelf(folder, None)
        number, box = shelf.begin(pack_header(header), self.clock.now().utc)
        loop = RecordingLoop(asyncio.get_running_loop(), InlineSink(box))
        self._tracks = ShelfTracks(shelf, number, do_now, lambda: loop.gave_up)
        return RecordedStage(loop)

    def adapters(self, store: SqliteStore) -> Adapters:
        """The outer world of one start of the edge."""
        return Adapters(
            link=self.unit.link_opener(),
            panel=self.unit.edge_panel(),
            indicators=self.unit.edge_indicators(),
            host_enable=self.unit.edge_host_enable(),
            thermometer=self.unit.edge_thermometer(),
            store=store,
            wall_clock=self.clock,
            entropy=SeededEntropy(self.streams.get(f"entropy {self._generation}")),
            clinic=self.line,
            service_manager=SilentInit(),
            disk=self.disk,
            signer=SIM_SIGNER,
            machine_boot=SIM_BOOT,
            tracks=self._tracks,
        )

    def _grant(self, store: SqliteStore) -> None:
        grant(
            store,
            SIM_SIGNER,
            self.clock,
            unit_id=UNIT_ID,
            settings_hash=self.config.settings_hash,
            valid_h=self.config.safety.safety_test_valid_h,
        )

    def open_store(self) -> SqliteStore:
        """The real store and its change log on this system's card. Raises StoreError."""
        return open_on(self.card)

    def pins(self) -> PinHasher:
        """Hashes that cost nothing here."""
        return InlinePins(memory_kib=64, rounds=1)

    @contextmanager
    def reading(self) -> Iterator[SqliteStore]:
        """The store for a look: the edge's own while it runs, else opened for the occasion.

        Raises StoreError, as a start of the edge would.
        """
        if not self.is_dead:
            yield self._store
            return
        self._store.close()  # by a process that ended by itself and was not yet cleared away
        store = self.open_store()
        try:
            yield store
        finally:
            store.close()

    @property
    def is_dead(self) -> bool:
        """The edge's process is not there."""
        return self._task is None or self._task.done()

    async def stop(self) -> None:
        """Shut the edge down; the unit lives on."""
        assert self._task is not None
        self._stage.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self.unit.mark("edge ended")
        self.app.adapters.store.close()
        self._stage.finish()
        self._tracks.end()

    def strike_dead(self) -> None:
        """SIGKILL in this instant: nothing that the edge's process still does has an effect.

        Its tasks are there until bury() takes them away.
        """
        self.card.kill_holders()
        if self.unit.link.end is not None:
            self.unit.link.end.lose("process gone")
        self.unit.edge_panel().watch(None)
        self.unit.stick_host_pin(self.unit.plant.host.level)  # nor does it tidy up its pins

    async def bury(self) -> None:
        """What is left of a process that was struck dead."""
        await self.stop()
        self.unit.stick_host_pin(None)

    async def robot(self) -> KioskRobot:
        """A screen with the technician logged in."""
        robot = KioskRobot(self.app.hub, self.pictures.screen())
        await robot.log_in(TECHNICIAN[0], TECHNICIAN[3])
        return robot

    def check_alive(self) -> None:
        """Raise what ended the edge, if something did."""
        if self._task is not None and self._task.done():
            self._task.result()


def visit_resources(protocol: Protocol, now: datetime) -> list[Json]:
    """One patient with an order for this protocol, a threshold and an appointment now."""
    step = protocol.steps[0]
    percent = protocol.percent.default_pct if protocol.percent is not None else 100
    basis = step.mt_basis.value
    coil = _fitted_coil(protocol)
    area = {"right": "m1-right"}.get(step.side.value, "m1-left")
    return [
        resources.practitioner("prac-1", "Dr", "Vera", "Lindner"),
        resources.unit_device("unit-1", UNIT_ID),
        resources.patient("pat-1", "MRN-004711", "Pat", "Example", date(1984, 7, 11)),
        resources.order(
            "order-1",
            "pat-1",
            "prac-1",
            protocol=protocol.protocol_id,
            version=protocol.version,
            site=step.site,
            percent_mt=percent,
            sessions=36,
            authored=now - timedelta(days=8),
            until=now + timedelta(days=60),
            mt_basis=basis,
            coil_type=coil,
        ),
        resources.threshold(
            "mt-1",
            "pat-1",
            value_pct=THRESHOLD_PCT,
            area=area,
            measured=now - timedelta(days=2),
            mt_basis=basis,
            coil_type=coil,
        ),
        resources.appointment(
            APPOINTMENT_ID,
            "pat-1",
            "unit-1",
            "order-1",
            start=now,
            end=now + timedelta(minutes=45),
            status="arrived",
        ),
    ]


@lru_cache(maxsize=4)
def _library(files: tuple[tuple[str, bytes], ...], keys: tuple[str, ...]) -> ProtocolLibrary:
    """Read once: nobody changes it, and thousands of systems of one process use the same."""
    return ProtocolLibrary.load(dict(files), keys)


def _config(options: SystemOptions) -> Config:
    """settings_hash is the same in whatever folder the repository lies: it is in every record."""
    text = config_text(FOLDER, Ports(kiosk=8080, bench=8090, clinic=8070))
    config = load_config(text.replace(str(REPOSITORY), str(FOLDER)))
    library = options.library or LIBRARY
    protocols = replace(config.protocols, path=str(library), trusted_keys=tuple(trusted_keys()))
    return replace(config, protocols=protocols)


def _plannable(library: ProtocolLibrary, protocol_id: str) -> Protocol:
    found = library.get(protocol_id)
    if found is None or not _is_playable(found):
        names = ", ".join(p.protocol_id for p in library.all() if _is_playable(p))
        raise UnplayableError(f"{protocol_id!r} cannot be played; these can: {names}")
    return found


def _is_playable(protocol: Protocol) -> bool:
    """One order can plan it, and the simulated unit has a coil for it."""
    return protocol.plan is not None and _fitted_coil(protocol) in COIL_KINDS


def _fitted_coil(protocol: Protocol) -> str:
    """The simulated unit has figure-8 coils; the cooled one wherever the protocol allows it."""
    coils = protocol.coil_types
    return "figure8_cooled" if "figure8_cooled" in coils else coils[0]
