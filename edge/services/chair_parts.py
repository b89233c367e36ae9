"""What a chair is made of: handed in by the entry point, shared by its services. Data only."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge.config import LimitsConfig, UnitConfig
from edge.mcu.client import McuClient
from edge.ports import (
    DiskSpace,
    Entropy,
    HostEnable,
    Indicators,
    NoTracks,
    Panel,
    Store,
    Thermometer,
    Tracks,
    WallClock,
)
from edge.services.audit import Audit
from edge.services.certificates import Certificates
from edge.services.chair_state import ChairState
from edge.services.journal import Journal
from edge.services.ports_clinic import ClinicBookPort, ClinicSyncPort
from edge.services.texts import Sentence


@dataclass(frozen=True)
class ChairParts:
    """Everything the chair is made of."""

    unit: UnitConfig
    limits: LimitsConfig
    settings_hash: str  # hex
    software_version: str
    state: ChairState
    client: McuClient
    panel: Panel
    indicators: Indicators
    host_enable: HostEnable
    thermometer: Thermometer
    store: Store
    journal: Journal
    wall_clock: WallClock
    entropy: Entropy
    book: ClinicBookPort
    clinic: ClinicSyncPort
    audit: Audit
    certificates: Certificates
    disk: DiskSpace
    sentence: Sentence  # the words of a key of the catalogue
    tracks: Tracks = field(default_factory=NoTracks)
