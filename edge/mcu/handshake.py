"""What is settled before the controller may be used: version, identity, limits.

Builds the Configure command from the unit's limits and judges the controller's Identity. A version
mismatch, or another unit's controller, allows identification and nothing else. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.config import LimitsConfig
from firmware.wire import codes
from firmware.wire.commands import Configure
from firmware.wire.protocol import PROTOCOL_VERSION
from firmware.wire.reports import Identity

# These must be fitted and closed in every unit; the rest is required when it is fitted.
ALWAYS_REQUIRED = (
    codes.IN_ESTOP
    | codes.IN_DOOR
    | codes.IN_COIL
    | codes.IN_PATIENT
    | codes.IN_HOST
    | codes.IN_ENCLOSURE
)


@dataclass(frozen=True)
class Settings:
    """What this side expects of the controller."""

    unit_id: str
    limits: LimitsConfig
    settings_hash: str  # hex

    @property
    def hash_word(self) -> int:
        """First 4 bytes of the hash, as the controller keeps it."""
        return int(self.settings_hash[:8], 16)


def text_of(padded: bytes) -> str:
    """ASCII text of a zero-padded field; strange bytes show as '?'."""
    return padded.rstrip(b"\0").decode("ascii", "replace")


def version_of(identity: Identity) -> str:
    """Firmware version as people write it."""
    return f"{identity.version_major}.{identity.version_minor}.{identity.version_patch}"


def self_test_names(identity: Identity) -> tuple[str, ...]:
    """What the controller's own test at boot found wrong, by SELF_TEST_NAMES; empty is good."""
    return tuple(
        name for bit, name in enumerate(codes.SELF_TEST_NAMES) if identity.self_test >> bit & 1
    )


def judge_identity(identity: Identity, settings: Settings) -> str:
    """Empty when the controller may be used, else what is wrong with it in one sentence."""
    if identity.protocol != PROTOCOL_VERSION:
        return (
            f"firmware {version_of(identity)} speaks protocol {identity.protocol:08x}, "
            f"this service speaks {PROTOCOL_VERSION:08x}"
        )
    if text_of(identity.unit_id) != settings.unit_id:
        return (
            f"the controller belongs to unit {text_of(identity.unit_id)!r}, "
            f"this service is set up for {settings.unit_id!r}"
        )
    return ""


def configure_command(settings: Settings, identity: Identity) -> Configure:
    """The limits for this unit; what is fitted and sensed must also be closed."""
    limits = settings.limits
    return Configure(
        settings_hash=settings.hash_word,
        level_pct_max=min(limits.level_pct_max, identity.level_pct_max),
        ipi_us_min=limits.ipi_us_min,
        train_pulses_max=limits.train_pulses_max,
        session_pulses_max=limits.session_pulses_max,
        surface_c10_max=limits.surface_c10_max,
        winding_c10_max=limits.winding_c10_max,
        heartbeat_ms_max=limits.heartbeat_ms_max,
        inputs_required=ALWAYS_REQUIRED | identity.inputs_fitted,
    )
