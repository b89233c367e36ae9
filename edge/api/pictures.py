"""Shows screens what the chair knows: one picture for each distinct view, encoded once.

Owns the revisions and the lease of control, because both are part of every picture. Decides nothing
about commands. Loop time; the wall clock only for display.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from edge.api import schema
from edge.api.chair_port import ChairPort
from edge.api.connection import Connection
from edge.api.operators import Operators
from edge.api.revisions import Revisions
from edge.api.snapshot import Control, Scene, UnitFacts, Viewer, build_snapshot
from edge.ports import WallClock
from edge.services.accounts import Accounts


class Lease:
    """Which one screen is in control. A silent holder keeps it until another screen asks."""

    def __init__(self) -> None:
        self.holder: Connection | None = None

    def control(self, connection: Connection, now_s: float) -> Control:
        """As this screen sees it."""
        if self.holder is connection:
            return "here"
        return "free" if self.holder is None or self.holder.is_silent(now_s) else "elsewhere"

    def give(self, connection: Connection) -> None:
        self.holder = connection

    def take_back(self) -> None:
        self.holder = None


class Pictures:
    """Builds and sends snapshots."""

    def __init__(
        self,
        chair: ChairPort,
        accounts: Accounts,
        operators: Operators,
        wall_clock: WallClock,
        unit: UnitFacts,
    ) -> None:
        self._chair = chair
        self._accounts = accounts
        self._operators = operators
        self._wall_clock = wall_clock
        self._unit = unit
        self.lease = Lease()
        self.revisions = Revisions()

    def view_changed(self) -> None:
        """Something of single views changed; a screen whose log-in ended loses control."""
        holder = self.lease.holder
        if holder is not None and self._operators.find(holder.token) is None:
            self.lease.take_back()
        self.revisions.bump()

    def is_current(self, connection: Connection) -> bool:
        """Whether the screen was shown the newest picture."""
        self.revisions.refresh(self._chair.state)
        return connection.shown_rev == self.revisions.rev

    def show(self, connections: Iterable[Connection]) -> None:
        """Send each its picture."""
        screens = list(connections)
        if not screens:
            return
        scene = self._scene()
        visit = scene.state.visit
        appointment_id = None if visit is None else visit.appointment.appointment_id
        encoded: dict[tuple[str, Control, bool], bytes] = {}
        for connection in screens:
            control = self.lease.control(connection, scene.now_s)
            is_revealed = connection.is_revealed(appointment_id, scene.now_s)
            key = (connection.token, control, is_revealed)
            if key not in encoded:
                lock_in_s = self._operators.lock_in_s(
                    connection.token, scene.state.state, scene.now_s
                )
                account = self._operators.find(connection.token)
                viewer = Viewer(account, control, is_revealed, lock_in_s)
                encoded[key] = schema.encode(build_snapshot(scene, self._unit, viewer))
            connection.show(encoded[key], scene.rev, scene.now_s)

    def _scene(self) -> Scene:
        self.revisions.refresh(self._chair.state)
        return Scene(
            state=self._chair.state,
            device_facts=self._chair.device_facts(),
            refusals=self._chair.refusals(),
            operators=tuple(self._accounts.list_operators()),
            rev=self.revisions.rev,
            now_s=asyncio.get_running_loop().time(),
            wall=self._wall_clock.now(),
        )
