"""The unit's contacts: E-stop, door, coil plug, cover, buttons, cooling tacho and flow switch.

Owns what each contact truly does, its bounce, and the two wires it feeds: one to the controller,
one to the edge. A wire can be stuck without the contact knowing. Decides nothing. A contact is True
when closed, the safe level (E-stop pulled, door shut, coil plugged, button not pressed).
"""

from __future__ import annotations

import random
from enum import Enum

from firmware.wire.codes import (
    IN_COIL,
    IN_COOLING,
    IN_DOOR,
    IN_ENCLOSURE,
    IN_ESTOP,
    IN_PATIENT,
    INPUT_BITS,
    INPUT_NAMES,
    INPUTS_ALL,
)

NS_PER_US = 1_000
# [P] Bounce of a small switch: up to six further changes within 4 ms (the catalogue of faults,
# sources.md reliability 2.3, spans 0.1 to 50 ms).
BOUNCE_CHANGES_MAX = 6
BOUNCE_SPAN_NS = 4_000_000
# Contacts with a wire to the edge alone, above every bit that the controller may ever have.
ATTEND_BIT = 1 << 16  # foot or hand switch held
FLOW_BIT = 1 << 17  # coolant flows
BIT_BY_NAME: dict[str, int] = {
    **dict(zip(INPUT_NAMES, INPUT_BITS, strict=True)),
    "attend": ATTEND_BIT,
    "flow": FLOW_BIT,
}
# The guard's interlock loop; the tacho is an input of the controller, not a contact in the loop.
LOOP_MASK: int = IN_ESTOP | IN_DOOR | IN_COIL | IN_PATIENT | IN_ENCLOSURE
# Contacts that cut the output path itself, with no electronics between (sources.md design 2).
CHAIN_MASK: int = IN_ESTOP | IN_COIL | IN_ENCLOSURE


class Wire(Enum):
    """Whose view of a contact."""

    MCU = "mcu"
    EDGE = "edge"


class ContactPanel:
    """Levels of all contacts and wires now; bounce() tells when they will change."""

    def __init__(self, bounce: random.Random, *, has_cooling: bool) -> None:
        self._bounce = bounce
        self.bounce_span_ns = BOUNCE_SPAN_NS
        self.contacts: int = LOOP_MASK
        if has_cooling:
            self.contacts |= IN_COOLING | FLOW_BIT
        self._stuck_high: dict[Wire, int] = dict.fromkeys(Wire, 0)
        self._stuck_low: dict[Wire, int] = dict.fromkeys(Wire, 0)

    def bounce(self, now_ns: int) -> list[tuple[int, bool]]:
        """Moments at which a contact pressed now changes; True is its new level, the last entry."""
        changes = 2 * self._bounce.randint(0, BOUNCE_CHANGES_MAX // 2)
        delays = [
            self._bounce.randrange(50 * NS_PER_US, self.bounce_span_ns) for _ in range(changes)
        ]
        moments = [now_ns]
        for delay_ns in sorted(delays):
            moments.append(max(now_ns + delay_ns, moments[-1] + NS_PER_US))
        return [(moment, index % 2 == 0) for index, moment in enumerate(moments)]

    def set_contact(self, bit: int, is_closed: bool) -> None:
        """The contact itself, as seen by the hardware chain."""
        self.contacts = self.contacts | bit if is_closed else self.contacts & ~bit

    def stick(self, wire: Wire, bit: int, level: bool | None) -> None:
        """Hold one wire at a level whatever its contact does; None mends it."""
        self._stuck_high[wire] &= ~bit
        self._stuck_low[wire] &= ~bit
        if level is not None:
            (self._stuck_high if level else self._stuck_low)[wire] |= bit

    def levels(self, wire: Wire) -> int:
        """Mask of BIT_BY_NAME on this side's wires."""
        mask = (self.contacts | self._stuck_high[wire]) & ~self._stuck_low[wire]
        return mask & INPUTS_ALL if wire is Wire.MCU else mask

    @property
    def is_chain_closed(self) -> bool:
        """Whether the power path itself is whole, by the contacts and not by any wire."""
        return self.contacts & CHAIN_MASK == CHAIN_MASK
