# Stand-in for MicroPython's machine module on the rig: pins, ADC, PWM, serial port, watchdog and
# the few functions that firmware/board uses, with the names and return values of the rp2 port. No
# behaviour of its own beyond that: levels, voltages and bytes come from rig. Both interpreters. The
# arguments are the chip's own, also those that mean nothing here.
# ruff: noqa: A002, ARG002
import clock
import rig
from firmware.board.pins import GP_BANK
from firmware.compat import TYPE_CHECKING
from rp2 import mem32

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("ADC", "PWM", "UART", "WDT", "ChipReset", "Pin", "freq", "mem32", "reset")

PWRON_RESET = 1
WDT_RESET = 3
WATCHDOG_MS_MAX = 8388  # sources.md firmware 7.2


class ChipReset(BaseException):
    """The chip starts anew; only a test catches it."""


class Pin:
    IN = 0
    OUT = 1
    PULL_UP = 1
    PULL_DOWN = 2
    IRQ_FALLING = 4
    IRQ_RISING = 8

    def __init__(self, id: int, mode: int = -1, pull: int = -1, value: "int | None" = None) -> None:
        self.gp = id
        self._handler: "Callable[[Pin], None] | None" = None
        if mode == Pin.OUT:
            self.value(value or 0)

    def value(self, level: "int | None" = None) -> int:
        """Read, or set with an argument."""
        if level is not None:
            rig.the().drive(self.gp, int(bool(level)))
            return 0
        clock.spend()
        rig.sync()
        return rig.net(self.gp).level_at(rig.the().cursor)

    def irq(
        self,
        handler: "Callable[[Pin], None] | None" = None,
        trigger: int = 12,
        hard: bool = False,
    ) -> None:
        """Call handler(pin) at edges; the stand-in does so within set_contact."""
        self._handler = handler
        rig.the().handlers[self.gp] = self._interrupt

    def _interrupt(self) -> None:
        if self._handler is not None:
            self._handler(self)


class ADC:
    def __init__(self, pin: "Pin | int") -> None:
        self.gp = pin.gp if isinstance(pin, Pin) else pin
        if self.gp < GP_BANK:
            raise ValueError("no ADC on this pin")

    def read_u16(self) -> int:
        """12 bits, spread over 16."""
        clock.spend()
        return rig.the().counts(self.gp) & 0xFFF0


class PWM:
    def __init__(self, pin: Pin, freq: int = 0, duty_u16: int = 0) -> None:
        self._gp = pin.gp
        self.duty_u16(duty_u16)

    def duty_u16(self, duty: int) -> None:
        """Part of the time that the pin is high, of 65535."""
        rig.the().set_duty(self._gp, duty)


class UART:
    IRQ_RXIDLE = 64

    def __init__(
        self,
        id: int,
        baudrate: int = 9600,
        tx: "Pin | None" = None,
        rx: "Pin | None" = None,
        rxbuf: int = 256,
        txbuf: int = 256,
        timeout: int = 0,
    ) -> None:
        self._line = rig.the().lines[id]
        self._line.rx_bytes_max = rxbuf
        self._txbuf = txbuf
        self._byte_cycles = 10 * 125000000 // baudrate  # start, eight bits, stop
        self._handler: "Callable[[UART], None] | None" = None

    def any(self) -> int:
        """Bytes that wait."""
        return len(self._line.to_chip)

    def read(self, count: int = -1) -> "bytes | None":
        """Up to count bytes; None when there are none."""
        waiting = self._line.to_chip
        if not waiting:
            return None
        if count < 0:
            count = len(waiting)
        self._line.to_chip = waiting[count:]
        return waiting[:count]

    def write(self, data: bytes) -> "int | None":
        """Takes everything, as the chip does; what the buffer has no room for is waited for."""
        line = self._line
        now = rig.now_cycles()
        in_port = max(0, line.sent_cycle - now) // self._byte_cycles
        if in_port + len(data) > self._txbuf:
            line.stalls += 1  # Python stood still meanwhile
        line.sent_cycle = max(line.sent_cycle, now) + len(data) * self._byte_cycles
        sent = bytes(data)
        line.from_chip += sent
        if line.on_write is not None:
            line.on_write(sent)
        return len(sent)

    def irq(
        self,
        handler: "Callable[[UART], None] | None" = None,
        trigger: int = 0,
        hard: bool = False,
    ) -> None:
        """Call handler(uart) when the line falls idle after bytes."""
        self._handler = handler
        self._line.on_idle = self._interrupt

    def _interrupt(self) -> None:
        if self._handler is not None:
            self._handler(self)


class WDT:
    def __init__(self, id: int = 0, timeout: int = 5000) -> None:
        if timeout > WATCHDOG_MS_MAX:
            raise ValueError("timeout too long")
        self._cycles = timeout * 125000
        self.feed()

    def feed(self) -> None:
        """Begin to count from zero again."""
        rig.sync()
        rig.the().watchdog_cycles = self._cycles
        rig.the().watchdog_due = rig.now_cycles() + self._cycles


def freq(hz: int = 0) -> int:
    """Frequency of the processor, or set it."""
    if hz:
        rig.the().freq_hz = hz
    return rig.the().freq_hz


def unique_id() -> bytes:
    """Eight bytes of the flash chip."""
    return rig.the().unique_id


def reset() -> None:
    """Start anew; nothing after it runs."""
    rig.the().reset_pins()
    rig.the().reset_cause = WDT_RESET
    rig.the().resets += 1
    raise ChipReset


def reset_cause() -> int:
    """Why the chip started."""
    return rig.the().reset_cause


def disable_irq() -> int:
    """No interrupts until enable_irq; there are none in between two statements here anyway."""
    return 0


def enable_irq(state: int) -> None:
    """Back to what it was."""
