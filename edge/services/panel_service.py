"""The edge's own view of its contacts: E-stop, door, coil plug, cover, buttons, coolant flow.

Levels are read on every edge and several times a second, because edges may be lost; what a level is
worth is edge/domain/contacts.py. Compares with the controller's view of the same contacts: two
views that differ longer than contacts bounce are a defect. Runs on the loop's clock. Stops nothing
itself; tells its listener.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import structlog

from edge.domain.contacts import UNREAD, Contact, Moved, due_at, level_at, step
from edge.domain.device_facts import OWN_WIRES
from edge.ports import READ_BACKS, Panel, PanelInput
from edge.services.chair_state import ChairState
from edge.services.phase import Phase

log = structlog.get_logger(__name__)

READ_PERIOD_S = 0.1  # a lost edge is found this late at worst: the time of a stop of class S
DISAGREE_S = 0.3  # [P] longer than any bounce and one status period together
# [P] The coolant runs on after its pump has stopped: tacho and flow switch need not agree at once.
FLOW_DISAGREE_S = 2.0
ATTEND, FLOW, COOLING = PanelInput.ATTEND.value, PanelInput.FLOW.value, "cooling"
# The controller's name of what an own wire senses; the attendance switch has no second wire.
THEIR_NAMES = {own: name for name, own in OWN_WIRES.items()}


class PanelListener(Protocol):
    """Who acts on the panel."""

    def on_panel_open(self, name: str) -> None:
        """This input opened, or can no longer be read."""

    def on_disagreement(self, name: str) -> None:
        """Edge and controller differ about this input."""

    def on_panel_read(self) -> None:
        """All wires were read; the read-backs of the enables stand in the state."""


class ContactWitness(Protocol):
    """Who keeps when each contact was last seen to open."""

    def seen_open(self, name: str) -> None:
        """This contact is open on every wire it has."""


@dataclass
class _Wire:
    """One input and its comparison with the controller's view."""

    contact: Contact = UNREAD
    differs_since: float | None = None
    is_differing: bool = False
    is_witnessed: bool = False  # this opening was told
    opened_at: float | None = None  # loop seconds of the last opening


class PanelService:
    """The writer of ChairState.device.panel and .chattering."""

    def __init__(
        self,
        panel: Panel,
        state: ChairState,
        phase: Phase,
        witness: ContactWitness,
        inputs_fitted: Callable[[], tuple[str, ...]],
    ) -> None:
        self._panel = panel
        self._state = state
        self._phase = phase
        self._listener: PanelListener | None = None
        self._witness = witness
        self._inputs_fitted = inputs_fitted
        names = [each.value for each in panel.fitted() if each not in READ_BACKS]
        self._wires = {name: _Wire() for name in names}
        self._timer: asyncio.TimerHandle | None = None
        state.device.panel = dict.fromkeys(names)

    def listen(self, listener: PanelListener) -> None:
        """Who acts on what is seen; before run()."""
        self._listener = listener

    async def run(self) -> None:
        """Watch until cancelled."""
        self._panel.watch(self.sample)
        try:
            while True:
                self.sample()
                await asyncio.sleep(READ_PERIOD_S)
        finally:
            self._panel.watch(None)
            if self._timer is not None:
                self._timer.cancel()

    def sample(self) -> None:
        """Read all levels now and take in what changed."""
        now = asyncio.get_running_loop().time()
        levels = {each.value: level for each, level in self._panel.read().items()}
        device = self._state.device
        device.host_back = levels.get(PanelInput.HOST_BACK.value)
        device.gate_back = levels.get(PanelInput.GATE_BACK.value)
        for name, wire in self._wires.items():
            wire.contact, moves = step(wire.contact, levels.get(name), now)
            for moved in moves:
                self._tell(name, wire, moved)
        self._sample_when_due()
        self.compare()
        self._listens.on_panel_read()

    def compare(self) -> None:
        """Hold both views against each other; call after each status of the controller."""
        now = asyncio.get_running_loop().time()
        for name, wire in self._wires.items():
            theirs = self._theirs(name)
            own = level_at(wire.contact, now)
            self._witness_opening(name, wire, theirs, own)
            if not self._differs(wire.contact, theirs, own):
                wire.differs_since, wire.is_differing = None, False
                continue
            if wire.differs_since is None:
                wire.differs_since = now
            limit_s = FLOW_DISAGREE_S if name == FLOW else DISAGREE_S
            if now - wire.differs_since > limit_s and not wire.is_differing:
                wire.is_differing = True
                log.error("panel and controller differ", input=name, own_is_closed=own)
                self._phase.touch()
                self._listens.on_disagreement(name)

    def is_closed(self) -> bool:
        """True when every input that the unit needs is known and safe on the edge's own wires."""
        now = asyncio.get_running_loop().time()
        return all(
            level_at(wire.contact, now) is True
            for name, wire in self._wires.items()
            if self._is_interlock(name)
        )

    def opened_at(self, name: str) -> float | None:
        """When this input last opened, loop seconds; None when it never has."""
        wire = self._wires.get(name)
        return None if wire is None else wire.opened_at

    def is_unread(self, name: str) -> bool:
        """Nobody knows: the line cannot be read, or was not read for too long."""
        return self._wires[name].contact.level is None

    def is_attended(self) -> bool:
        """True while somebody holds the attendance switch, and in a unit without one."""
        wire = self._wires.get(ATTEND)
        now = asyncio.get_running_loop().time()
        return wire is None or level_at(wire.contact, now) is True

    def views(self) -> tuple[Mapping[str, bool | None], Mapping[str, bool | None]]:
        """(controller's, own) levels; a difference that may yet settle shows as open on both."""
        now = asyncio.get_running_loop().time()
        theirs: dict[str, bool | None] = dict(self._state.device.inputs)
        own = {name: level_at(wire.contact, now) for name, wire in self._wires.items()}
        for name, wire in self._wires.items():
            is_young = wire.differs_since is not None and not wire.is_differing
            is_settling = own[name] is False and (
                wire.contact.is_closing or wire.contact.is_chattering
            )
            if name in THEIR_NAMES and (is_young or is_settling):
                theirs[THEIR_NAMES[name]] = own[name] = False
        return theirs, own

    @property
    def _listens(self) -> PanelListener:
        assert self._listener is not None, "listen() comes before run()"
        return self._listener

    def _theirs(self, name: str) -> bool | None:
        """The controller's view; None when it has none of its own or does not sense this."""
        their_name = THEIR_NAMES.get(name, "")
        is_fitted = name != FLOW or COOLING in self._inputs_fitted()
        return self._state.device.inputs.get(their_name) if is_fitted else None

    def _is_interlock(self, name: str) -> bool:
        """A coil without cooling needs no flow; the attendance switch may be let go at rest."""
        return name != ATTEND and (name != FLOW or COOLING in self._inputs_fitted())

    @staticmethod
    def _differs(contact: Contact, theirs: bool | None, own: bool | None) -> bool:
        """A contact that is closing or chatters is open on this side by our own rule, not by its
        wire."""
        if theirs is None or own is None or contact.is_chattering:
            return False
        return theirs is not (own or contact.is_closing)

    def _witness_opening(
        self, name: str, wire: _Wire, theirs: bool | None, own: bool | None
    ) -> None:
        is_open = own is False and wire.contact.raw is False
        if name in THEIR_NAMES:
            is_open = is_open and theirs is False
        if is_open and not wire.is_witnessed:
            self._witness.seen_open(name)
        wire.is_witnessed = is_open

    def _tell(self, name: str, wire: _Wire, moved: Moved) -> None:
        device, level = self._state.device, wire.contact.level
        if moved in (Moved.CHATTERS, Moved.RESTS):
            log.warning("contact chatter", input=name, is_chattering=moved is Moved.CHATTERS)
            device.chattering = tuple(
                each for each, other in self._wires.items() if other.contact.is_chattering
            )
            self._phase.touch()
            return
        device.panel[name] = level
        if moved is Moved.OPENED:
            wire.opened_at = asyncio.get_running_loop().time()
        log.info("panel input", input=name, is_closed=level)
        self._phase.touch()
        if moved is not Moved.CLOSED and (name == ATTEND or self._is_interlock(name)):
            self._listens.on_panel_open(name)

    def _sample_when_due(self) -> None:
        """A contact that was closed for long enough closes then, not at the next reading."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        dues = [due for wire in self._wires.values() if (due := due_at(wire.contact)) is not None]
        if dues:
            self._timer = asyncio.get_running_loop().call_at(min(dues), self.sample)
