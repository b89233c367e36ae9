"""The configuration of one unit, as frozen data with the unit in each name.

Absolute limits are constants of firmware/wire/limits.py; values here may only tighten them.
edge/config_load.py reads the TOML file, checks ranges and relations, and computes the hash. No
defaults for anything safety relevant. Parts are handed down, never the whole.
"""

from __future__ import annotations

from dataclasses import dataclass

NOT_FITTED = -1  # pin number of an input that a unit may lack


@dataclass(frozen=True)
class UnitConfig:
    """[unit] Who this unit is; unit_id must equal what the controller reports."""

    unit_id: str  # 1 to 8 ASCII characters
    clinic_name: str
    time_zone: str  # IANA name, for screens only
    language: str  # catalogue folder in edge/texts, "en"


@dataclass(frozen=True)
class SerialConfig:
    """[serial] Line to the controller, and the file of the key that seals its commands."""

    device: str
    baud: int
    link_key_path: str  # 32 bytes, mode 0600; the controller holds the same


@dataclass(frozen=True)
class PinConfig:
    """[gpio] BCM numbers; -1 where it says so. pin_factory is a name of gpiozero, such as lgpio."""

    pin_factory: str
    estop_pin: int
    door_pin: int
    coil_pin: int
    patient_pin: int
    enclosure_pin: int  # in: cover of the power stage
    attend_pin: int  # in: foot or hand switch; -1 when this unit has none
    flow_pin: int  # in: coolant flow switch; -1 when this unit takes coils without cooling only
    lamp_ready_pin: int
    lamp_fault_pin: int
    sounder_pin: int
    host_enable_pin: int  # out: edges hold the one-shot that is in series with the output
    host_back_pin: int  # in: output of that one-shot
    gate_back_pin: int  # in: the controller's enable, behind its guard
    sounder_back_pin: int  # in: whether current flows through the sounder
    adc_clock_pin: int  # converter of the contact-face sensor: SPI clock
    adc_mosi_pin: int
    adc_miso_pin: int
    adc_select_pin: int


@dataclass(frozen=True)
class StoreConfig:
    """[store] The database, the folder of its change log and the file of their key (mode 0600)."""

    path: str
    log_path: str  # better on another disk: either of the two rebuilds the other
    key_path: str


@dataclass(frozen=True)
class ClinicConfig:
    """[clinic] The FHIR R4 server. ca_path empty means the system's certificates."""

    base_url: str
    unit_identifier_system: str
    ca_path: str
    pull_period_s: int
    order_valid_days: int  # a pulled order may be used offline this long


@dataclass(frozen=True)
class KioskConfig:
    """[kiosk] Where the page is served. origins: exact list for Host and Origin checks."""

    host: str
    port: int
    page_dir: str
    origins: tuple[str, ...]
    lock_after_s: int


@dataclass(frozen=True)
class LimitsConfig:
    """[limits] Tighter than, or equal to, firmware/wire/limits.py. No defaults."""

    level_pct_max: int
    ipi_us_min: int
    train_pulses_max: int
    session_pulses_max: int
    day_pulses_max: int
    surface_c10_max: int
    surface_c10_warn: int
    winding_c10_max: int
    heartbeat_ms_max: int
    percent_mt_max: int
    threshold_age_days_max: int
    pause_s_max: int


@dataclass(frozen=True)
class SafetyConfig:
    """[safety] How long a safety test holds, and the file of the key that signs its certificate."""

    safety_test_valid_h: int
    signing_key_path: str  # 32 bytes, mode 0600; made at the first start, never replaced


@dataclass(frozen=True)
class ProtocolsConfig:
    """[protocols] The signed library and the public keys (hex, Ed25519) that may have signed it."""

    path: str
    trusted_keys: tuple[str, ...]


@dataclass(frozen=True)
class Config:
    """The whole file; settings_hash is the SHA-256 of its canonical form, hex."""

    unit: UnitConfig
    serial: SerialConfig
    gpio: PinConfig
    store: StoreConfig
    clinic: ClinicConfig
    kiosk: KioskConfig
    limits: LimitsConfig
    safety: SafetyConfig
    protocols: ProtocolsConfig
    settings_hash: str
