"""Why it stopped, in five parts: what, value and limit, does the dose count, what to do, how long.

Fills StopState from the fault registry and the last readings, and says it as one text: the screen's
own parts, for record and log. Decides nothing. No clock of its own.
"""

from __future__ import annotations

from edge.config import LimitsConfig
from edge.domain.faults import fault_row
from edge.services.chair_state import DeviceState, Dose, StopState
from edge.services.texts import Sentence
from firmware.wire.limits import AMPLITUDE_STOP_PM, BANK_TOLERANCE_PM, V_FULL_MV

NOTHING = "–"  # a reading that nobody has

# The edge's own wires name the same causes as the controller's faults.
PANEL_CODES = {
    "estop": "101",
    "door": "102",
    "coil": "103",
    "patient": "patient",
    "flow": "105",
    "enclosure": "109",
}
UNREAD_CODE = "panel"  # open only because nobody could read it


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


def stop_sentence(stop: StopState, dose: Dose, sentence: Sentence) -> str:
    """The whole explanation; the same texts as on the stop screen, in its order."""
    args = {"value": measured(stop.value, stop.unit), "limit": measured(stop.limit, stop.unit)}
    what, advice, time = (
        sentence(f"stop-{stop.code}-{part}", args) for part in ("what", "do", "time")
    )
    return " ".join((what, _dose_sentence(stop, dose, sentence), advice, time))


def measured(value: float | None, unit: str) -> str:
    """A number with its unit as the screen writes it: as few digits as it needs."""
    if value is None:
        return NOTHING
    text = f"{value:.0f}" if value == int(value) else f"{value:.1f}"
    return f"{text}\u00a0{unit}" if unit else text


def _dose_sentence(stop: StopState, dose: Dose, sentence: Sentence) -> str:
    if dose.uncertain > 0:
        return sentence("dose-uncertain", {"uncertain": str(dose.uncertain)})
    key = "dose-counts" if stop.dose_counts else "dose-doubtful"
    return sentence(key, {"delivered": str(dose.delivered)})


def _reading(
    name: str, device: DeviceState, limits: LimitsConfig
) -> tuple[float | None, float | None, str]:
    if name == "surface_c10":
        return _tenths(device.surface_c10), limits.surface_c10_max / 10, "°C"
    if name == "surface_own_c10":
        return _tenths(device.surface_own_c10), limits.surface_c10_max / 10, "°C"
    if name == "winding_c10":
        return _tenths(device.winding_c10), limits.winding_c10_max / 10, "°C"
    if name == "bank_mv":
        volts = None if device.bank_mv is None else round(device.bank_mv / 1000)
        set_point_v = V_FULL_MV * device.ordered_pct_mso // 100_000
        side = 1 if volts is not None and volts > set_point_v else -1
        return volts, round(set_point_v * (1000 + side * BANK_TOLERANCE_PM) / 1000), "V"
    if name == "amplitude_pm":
        return _amplitude(device)
    return None, None, ""


def _amplitude(device: DeviceState) -> tuple[float | None, float | None, str]:
    """The last sensed pulse in percent of what was ordered."""
    if device.amplitude_pm is None or device.ordered_pct_mso == 0:
        return None, (1000 - AMPLITUDE_STOP_PM) / 10, "%"
    value = round(device.amplitude_pm * 10 / device.ordered_pct_mso)
    side = 1 if value > 100 else -1
    return value, (1000 + side * AMPLITUDE_STOP_PM) / 10, "%"


def _tenths(value_c10: int | None) -> float | None:
    return None if value_c10 is None else value_c10 / 10
