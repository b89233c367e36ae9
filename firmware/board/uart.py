# The serial line to the Pi as bytes that come and go without waiting. Owns the port, the buffer of
# what could not be sent yet, and its bound. Knows no frames: what is dropped here is dropped whole,
# and the checks of the frames find it. Python tasks; the interrupt only sets a flag.
from firmware.board.pins import GP_UART_RX, GP_UART_TX
from firmware.compat import TYPE_CHECKING, const
from machine import UART, Pin

if TYPE_CHECKING:
    from typing import Protocol

    from firmware.compat import ThreadSafeFlag

    class Clock(Protocol):
        def us(self) -> int: ...


BAUD = const(921600)
# [C] 25 ms of a stall at this speed are 2.3 kB (sources.md firmware 7.2), so twice that is kept.
RX_BYTES = const(4096)
TX_BYTES = const(1024)  # the port's own buffer, emptied by interrupts
# The port's write() waits for the line as soon as it is given more than its buffer has room for,
# whatever the timeout (sources.md board 4). Nothing tells that room, so time does: [C] 10.85 us a
# byte, rounded up, so that the estimate is never too good.
BYTE_US = const(11)
BACKLOG_MAX = const(4096)  # [P] 44 ms of line time; the core's outbox drops old Status before it


class SerialLine:
    # dropped counts chunks that found the backlog full.

    def __init__(self, clock: "Clock", wake: "ThreadSafeFlag") -> None:
        self._clock = clock
        self._wake = wake
        self._backlog = b""
        self._empty_us = 0  # the port has sent everything by then
        self.dropped = 0
        self._port = UART(
            0,
            baudrate=BAUD,
            tx=Pin(GP_UART_TX),
            rx=Pin(GP_UART_RX),
            rxbuf=RX_BYTES,
            txbuf=TX_BYTES,
            timeout=0,
        )
        handler = self.on_idle
        self._port.irq(handler=handler, trigger=UART.IRQ_RXIDLE, hard=True)

    def read(self) -> bytes:
        """What has arrived, b"" when nothing has."""
        waiting = self._port.any()
        if not waiting:
            return b""
        return self._port.read(waiting) or b""

    def write(self, data: bytes) -> None:
        """Queue for sending; a chunk that finds no room is dropped whole and counted."""
        if len(self._backlog) + len(data) > BACKLOG_MAX:
            self.dropped += 1
        else:
            self._backlog += data
        self.work()

    def work(self) -> None:
        """Hand on to the port what it has room for now."""
        if not self._backlog:
            return
        now_us = self._clock.us()
        in_port = max(0, self._empty_us - now_us + BYTE_US - 1) // BYTE_US
        room = TX_BYTES - in_port
        if room <= 0:
            return
        taken = self._port.write(self._backlog[:room]) or 0
        self._backlog = self._backlog[taken:]
        self._empty_us = max(self._empty_us, now_us) + taken * BYTE_US

    def backlog(self) -> int:
        """Bytes that wait here."""
        return len(self._backlog)

    def on_idle(self, _port: "UART") -> None:
        """Interrupt: bytes have come and the line is idle."""
        self._wake.set()
