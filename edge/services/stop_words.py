"""Why it stopped, as the screen shows it: code, value, limit, unit.

Fills StopState from the fault registry and the last readings. Decides nothing. No clock of its own.
"""

from __future__ import annotations

from edge.config import LimitsConfig
from edge.domain.faults import fault_row
from edge.services.chair_state import DeviceState, StopState
from firmware.wire.limits import BANK_TOLERANCE_PM, V_FULL_MV

# The edge's own wires name the same causes as the controller's faults.
PANEL_CODES = {"estop": "101", "door": "102", "coil": "103", "patient": "patient"}


def stop_state(code: str, at_utc_s: float, device: DeviceState, limits: LimitsConfig) -> StopState:
    """The stop in the words of the registry, with the value seen and the limit it passed."""
    row = fault_row(code)
    value, limit, unit = _reading(row.value, device, limits)
    return StopState(
        code=row.code,
        at_utc_s=at_utc_s,
        value=value,
        limit=limit,
        unit=unit,
        dose_counts=row.dose_counts,
    )


def _reading(
    name: str, device: DeviceState, limits: LimitsConfig
) -> tuple[float | None, float | None, str]:
    if name == "surface_c10":
        return _tenths(device.surface_c10), limits.surface_c10_max / 10, "°C"
    if name == "winding_c10":
        return _tenths(device.winding_c10), limits.winding_c10_max / 10, "°C"
    if name == "bank_mv":
        volts = None if device.bank_mv is None else round(device.bank_mv / 1000)
        set_point_v = V_FULL_MV * device.level_pct_mso // 100_000
        return volts, set_point_v * (1000 - BANK_TOLERANCE_PM) / 1000, "V"
    return None, None, ""


def _tenths(value_c10: int | None) -> float | None:
    return None if value_c10 is None else value_c10 / 10
