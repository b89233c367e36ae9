"""Names of the coil types, as used in orders, thresholds, protocols and on the screen.

The numbers are the controller's (firmware/wire/reports.py); a contract test demands a name for
each. Owns no limits: what a coil may give is the controller's and the configuration's. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping

from firmware.wire import reports

COIL_TYPES: Mapping[int, str] = {
    reports.COIL_FIGURE8: "figure8",
    reports.COIL_FIGURE8_COOLED: "figure8_cooled",
    reports.COIL_H1: "h1",
    reports.COIL_H4: "h4",
    reports.COIL_H7: "h7",
    reports.COIL_CIRCULAR: "circular",
}
COIL_NAMES: tuple[str, ...] = tuple(COIL_TYPES.values())


def coil_name(number: int) -> str:
    """Name of a coil number; empty for none and for unknown numbers."""
    return COIL_TYPES.get(number, "")
