"""Keeps what was learned of each coil's heat, by the serial number that its plug tells.

One row a coil: constants, on how many trains they rest, and when they were last written. A row that
cannot be read, or is of another type of coil, counts as nothing learned. Wall clock through the
port, for people only.
"""

from __future__ import annotations

import msgspec
import structlog

from edge.domain.thermal import CoilConstants
from edge.ports import Store, StoreError, WallClock

log = structlog.get_logger(__name__)

TRAINS_MAX = 1_000_000  # more than any coil lives

_decode = msgspec.json.Decoder(CoilConstants).decode


class CoilMemory:
    """The only user of its table."""

    def __init__(self, store: Store, wall_clock: WallClock) -> None:
        """Raises StoreError."""
        self._store = store
        self._wall_clock = wall_clock

    def find(self, serial: str, coil_type: str) -> tuple[CoilConstants, int] | None:
        """(constants, trains) of a coil, or None when nothing is known of it."""
        try:
            rows = self._store.rows(
                "SELECT constants, trains FROM coil_heat WHERE serial = ? AND coil_type = ?",
                (serial, coil_type),
            )
            if not rows:
                return None
            constants, trains = rows[0]
            return _decode(str(constants)), int(str(trains))
        except (StoreError, msgspec.DecodeError, ValueError) as error:
            log.warning("coil record cannot be read, learned anew", serial=serial, why=str(error))
            return None

    def keep(self, serial: str, coil_type: str, constants: CoilConstants, trains: int) -> None:
        """Durable; what cannot be written is learned again, so a failure is only said."""
        utc = self._wall_clock.now().utc.isoformat()
        text = msgspec.json.encode(constants).decode()
        try:
            with self._store.transaction():
                self._store.rows(
                    "INSERT INTO coil_heat VALUES (?, ?, ?, ?, ?) ON CONFLICT (serial) DO UPDATE"
                    " SET coil_type = excluded.coil_type, constants = excluded.constants,"
                    " trains = excluded.trains, learned_utc = excluded.learned_utc",
                    (serial, coil_type, text, min(trains, TRAINS_MAX), utc),
                )
        except StoreError as error:
            log.warning("coil record is not kept", serial=serial, why=str(error))
