# The whole core behind four calls (README.md): bytes, inputs, poll, output. Makes sure that overdue
# work is done before new bytes or levels are looked at, and that every change of state, fault or
# input is reported. MCU time comes in with each call; one context, not re-entrant.
from firmware.compat import TYPE_CHECKING
from firmware.core.bounds import OVERDUE_US, STATUS_GAP_US
from firmware.core.dispatcher import Dispatcher
from firmware.core.outbox import RANK_STATUS, Outbox
from firmware.core.unit import Unit
from firmware.wire.framing import Decoder

if TYPE_CHECKING:
    from firmware.core.hal import Hal


class Device:
    def __init__(self, hal: "Hal", now_us: int) -> None:
        self._outbox = Outbox()
        self._unit = Unit(hal, now_us, self._outbox)
        self._decoder = Decoder()
        self._dispatcher = Dispatcher(self._unit, self._outbox, self._decoder)
        # The first call of any kind starts the unit before it looks at anything.
        self._wake_us = now_us - OVERDUE_US - 1
        self._told_state = -1  # what the last unsolicited or asked Status said
        self._told_faults = 0
        self._told_inputs = -1
        self._told_us = now_us

    def on_bytes(self, now_us: int, data: bytes) -> None:
        """Bytes from the edge; garbage is survived and counted."""
        self._unit.wake(now_us)
        if now_us > self._wake_us + OVERDUE_US:
            self.poll(now_us)
        for kind, seq, payload in self._decoder.feed(data):
            self._dispatcher.take(now_us, kind, seq, payload)
        self._tell(now_us)
        self._wake_us = now_us

    def on_input(self, now_us: int, mask: int) -> None:
        """Raw levels, on every change and at least every INPUT_STALE_US / 2."""
        self._unit.wake(now_us)
        if now_us > self._wake_us + OVERDUE_US:
            self.poll(now_us)
        self._unit.take_input(now_us, mask)
        self._tell(now_us)
        self._wake_us = now_us

    def poll(self, now_us: int) -> int:
        """Do what is due; call again at or before the returned time."""
        unit = self._unit
        unit.wake(now_us)
        unit.work(now_us)
        self._dispatcher.send_arm_reply()
        self._tell(now_us)
        wake_us = unit.next_wake_us(now_us)
        if self._told_inputs != self._inputs():
            wake_us = min(wake_us, max(self._told_us + STATUS_GAP_US, now_us + 1))
        self._wake_us = wake_us
        return wake_us

    def take_output(self) -> bytes:
        """Frames for the edge."""
        return self._outbox.take()

    def state(self) -> int:
        """Where the unit is; for the driver's choice of a quiet moment."""
        return self._unit.machine.state

    def is_starving(self, now_us: int) -> bool:
        """The driver may not feed the chip's watchdog either: a safety test waits for its bite."""
        return self._unit.hunger.lasts(now_us)

    def _inputs(self) -> int:
        return self._unit.inputs.closed << 8 | self._unit.inputs.known

    def _tell(self, now_us: int) -> None:
        # A change of state or fault is told at once, of inputs at a bounded rate (bouncing).
        machine = self._unit.machine
        is_changed = machine.state != self._told_state or len(machine.faults) != self._told_faults
        if not is_changed:
            if self._told_inputs == self._inputs() or now_us - self._told_us < STATUS_GAP_US:
                return
        self._told_state = machine.state
        self._told_faults = len(machine.faults)
        self._told_inputs = self._inputs()
        self._told_us = now_us
        self._outbox.report(self._dispatcher.status(now_us, 0), RANK_STATUS)
