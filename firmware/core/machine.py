# The device's state and its latched faults. Applies the table of transitions.py and nothing else:
# no effect on hardware (unit.py), no judgement of a command (envelope.py). No clock.
from firmware.core.transitions import EV_CLEARED, EV_FAULT, IGNORE, REJECT, judge
from firmware.wire.codes import BOOT, F_NONE, FAULTS


class Machine:
    # faults is in the order of occurrence: the first cause stays first.

    def __init__(self) -> None:
        self.state = BOOT
        self.faults: "list[int]" = []

    def allows(self, event: int) -> bool:
        """Whether the event is not refused in this state."""
        return judge(self.state, event) != REJECT

    def apply(self, event: int) -> bool:
        """Move as the table says; True when the state changed. A refused event is a bug here."""
        following = judge(self.state, event)
        assert following != REJECT, "event %d in state %d" % (event, self.state)
        if following == IGNORE:
            return False
        self.state = following
        return True

    def latch(self, fault: int) -> bool:
        """Add a fault; True when it is the first and the state changed to FAULT."""
        if fault not in self.faults:
            self.faults.append(fault)
        return self.apply(EV_FAULT)

    def clear(self, fault: int) -> bool:
        """Forget one fault, or all with F_NONE; True when none is left and the state changed."""
        if fault == F_NONE:
            self.faults = []
        else:
            self.faults.remove(fault)
        if self.faults:
            return False
        return self.apply(EV_CLEARED)

    def first_fault(self) -> int:
        """The first cause, F_NONE without one."""
        return self.faults[0] if self.faults else F_NONE

    def fault_bits(self) -> int:
        """Bit i set: FAULTS[i] is latched."""
        bits = 0
        for fault in self.faults:
            bits |= 1 << FAULTS.index(fault)
        return bits
