# The limits in force: those of firmware/wire/limits.py until the edge configures tighter ones.
# Plain values; envelope.py judges a Configure, heat.py and watchdogs.py hold copies of their own.
from firmware.wire.commands import Configure
from firmware.wire.limits import (
    HEARTBEAT_MS_MAX,
    IPI_US_MIN,
    LEVEL_PCT_MAX,
    SESSION_PULSES_MAX,
    SURFACE_C10_MAX,
    TRAIN_PULSES_MAX,
    WINDING_C10_MAX,
)


class Settings:
    def __init__(self) -> None:
        self.settings_hash = 0  # 0: not configured
        self.level_pct_max = LEVEL_PCT_MAX
        self.ipi_us_min = IPI_US_MIN
        self.train_pulses_max = TRAIN_PULSES_MAX
        self.session_pulses_max = SESSION_PULSES_MAX
        self.surface_c10_max = SURFACE_C10_MAX
        self.winding_c10_max = WINDING_C10_MAX
        self.heartbeat_ms_max = HEARTBEAT_MS_MAX
        self.inputs_required = 0

    def apply(self, asked: Configure) -> None:
        """Take values that have been judged."""
        self.settings_hash = asked.settings_hash
        self.level_pct_max = asked.level_pct_max
        self.ipi_us_min = asked.ipi_us_min
        self.train_pulses_max = asked.train_pulses_max
        self.session_pulses_max = asked.session_pulses_max
        self.surface_c10_max = asked.surface_c10_max
        self.winding_c10_max = asked.winding_c10_max
        self.heartbeat_ms_max = asked.heartbeat_ms_max
        self.inputs_required = asked.inputs_required
