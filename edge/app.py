"""Wiring: one function that makes the service out of a configuration and adapters.

Contains no decisions and opens nothing. The production entry point fills Adapters with hardware,
the simulator with its own; below this line nobody can tell which. Runs on one event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from aiohttp import web

from edge.api.doors import HubDoors
from edge.api.hub import Hub, HubParts
from edge.api.page import Asset
from edge.api.server import create_app
from edge.config import Config
from edge.domain.session_states import S
from edge.mcu.client import McuClient
from edge.ports import Adapters, PinHasher, StoreError
from edge.services.accounts import Accounts
from edge.services.archive import Archive
from edge.services.audit import Audit
from edge.services.certificates import Certificates
from edge.services.chair import Chair
from edge.services.chair_parts import ChairParts
from edge.services.chair_state import ChairState
from edge.services.clinic_book import BookSettings, ClinicBook
from edge.services.clinic_sync import ClinicSync, sync_settings
from edge.services.journal import Journal, first_boot_of_machine, take_boot_number
from edge.services.library import ProtocolLibrary
from edge.services.session_track import SessionTrack
from edge.services.supervisor import callback_failures, supervise
from edge.services.texts import Sentence, Texts
from edge.services.watched_store import WatchedStore

WATCHDOG_PERIOD_S = 5.0  # [P] a third of WatchdogSec in edge/tms-edge.service


@dataclass(frozen=True)
class App:
    """The wired service. run() returns only when cancelled, or raises."""

    chair: Chair
    hub: HubDoors
    broadcast: Callable[[], Awaitable[None]]
    accounts: Accounts
    sync: ClinicSync
    journal: Journal
    audit: Audit
    archive: Archive
    web: web.Application
    adapters: Adapters

    async def run(self) -> None:
        """Every background task under one supervisor."""
        await supervise(
            {
                "chair": self.chair.run,
                "hub": self.broadcast,
                "clinic": self.sync.run,
                "watchdog": self._feed_watchdog,
                "callbacks": callback_failures,
            },
            on_failure=self._fail,
        )

    async def _feed_watchdog(self) -> None:
        while True:
            self.adapters.service_manager.notify("WATCHDOG=1")
            await asyncio.sleep(WATCHDOG_PERIOD_S)

    def _fail(self, task: str, error: BaseException) -> None:
        self.chair.task_died(task, error)
        self.adapters.service_manager.notify(f"STATUS=task {task} failed: {error!r}")


def build_app(
    config: Config,
    adapters: Adapters,
    *,
    library: ProtocolLibrary,
    pins: PinHasher,
    page: Mapping[str, Asset],
    software_version: str,
    link_key: bytes,
    doors: Callable[[Hub], HubDoors] = lambda hub: hub,
) -> App:
    """The service, not yet running; doors: how everybody but the product itself reaches its hub.

    Raises StoreError when the store cannot be used.
    """
    given, store = adapters, WatchedStore(adapters.store)
    adapters, wall_clock = replace(given, store=store), given.wall_clock
    boot = take_boot_number(store)
    clock_since = first_boot_of_machine(store, boot, adapters.machine_boot)
    journal = Journal(store, wall_clock, boot, clock_since)
    audit = Audit(store, wall_clock, boot)
    accounts = Accounts(store, pins)
    archive = Archive(store)
    book = _book(config, adapters, library)
    sync = _sync(config, adapters, book)
    client = McuClient(
        adapters.link,
        unit_id=config.unit.unit_id,
        limits=config.limits,
        settings_hash=config.settings_hash,
        link_key=link_key,
    )
    sentence = Texts.load(config.unit.language).sentence
    chair = _chair(config, adapters, client, journal, book, sync, software_version, audit, sentence)
    hub = Hub(
        HubParts(
            chair=chair,
            accounts=accounts,
            audit=audit,
            wall_clock=wall_clock,
            entropy=adapters.entropy,
            library=library,
            sentence=sentence,
            kiosk=config.kiosk,
            limits=config.limits,
            time_zone=ZoneInfo(config.unit.time_zone),
            software_version=software_version,
        )
    )
    _connect(chair, sync, adapters)
    store.on_error(chair.store_failed)
    surface_c10_max = config.limits.surface_c10_max
    track = SessionTrack(
        adapters.tracks, chair.state, wall_clock, software_version, surface_c10_max
    )
    _follow(track, chair, client)
    entrance = doors(hub)
    site = create_app(
        entrance,
        kiosk=config.kiosk,
        page=page,
        archive=archive,
        journal=journal,
        recordings=adapters.recordings,
    )
    return App(chair, entrance, hub.run, accounts, sync, journal, audit, archive, site, given)


def _book(config: Config, adapters: Adapters, library: ProtocolLibrary) -> ClinicBook:
    settings = BookSettings(
        time_zone=config.unit.time_zone,
        order_valid_days=config.clinic.order_valid_days,
        unit_identifier_system=config.clinic.unit_identifier_system,
        unit_id=config.unit.unit_id,
    )
    return ClinicBook(adapters.store, library, config.limits, adapters.wall_clock, settings)


def _sync(config: Config, adapters: Adapters, book: ClinicBook) -> ClinicSync:
    return ClinicSync(
        adapters.store,
        adapters.clinic,
        adapters.wall_clock,
        adapters.entropy,
        book,
        sync_settings(config.unit, config.clinic),
    )


def _chair(
    config: Config,
    adapters: Adapters,
    client: McuClient,
    journal: Journal,
    book: ClinicBook,
    sync: ClinicSync,
    software_version: str,
    audit: Audit,
    sentence: Sentence,
) -> Chair:
    return Chair(
        ChairParts(
            unit=config.unit,
            limits=config.limits,
            settings_hash=config.settings_hash,
            software_version=software_version,
            state=ChairState(),
            client=client,
            panel=adapters.panel,
            indicators=adapters.indicators,
            host_enable=adapters.host_enable,
            thermometer=adapters.thermometer,
            store=adapters.store,
            journal=journal,
            wall_clock=adapters.wall_clock,
            entropy=adapters.entropy,
            book=book,
            clinic=sync,
            audit=audit,
            certificates=Certificates(
                adapters.store,
                audit,
                adapters.signer,
                adapters.wall_clock,
                config.safety.safety_test_valid_h,
                adapters.machine_boot,
            ),
            disk=adapters.disk,
            sentence=sentence,
            tracks=adapters.tracks,
        )
    )


def _follow(track: SessionTrack, chair: Chair, client: McuClient) -> None:
    """Whatever a track is made of."""
    client.listen(track.on_report, track.on_link)
    chair.on_move(track.on_move)
    chair.on_change(track.look)


def _connect(chair: Chair, sync: ClinicSync, adapters: Adapters) -> None:
    """Carry the clinic's figures into the one picture, and tidy the store between visits."""
    state = chair.state

    def clinic_changed() -> None:
        state.clinic_state = sync.clinic_state
        state.clinic_heard_at = sync.heard_at
        state.to_send, state.quarantined = sync.to_send, sync.quarantined
        chair.clinic_changed()

    was_idle = True
    state.to_send, state.quarantined = sync.to_send, sync.quarantined  # of earlier runs

    def chair_changed() -> None:
        nonlocal was_idle
        is_idle = state.state in (S.IDLE, S.RECORD)
        if is_idle and not was_idle:
            with suppress(StoreError):  # tidying only; the next write meets the error itself
                adapters.store.checkpoint()
        was_idle = is_idle

    sync.on_change(clinic_changed)
    chair.on_change(chair_changed)
