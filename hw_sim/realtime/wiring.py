"""Which wire of the simulated unit ends on which GPIO of the simulated Pi.

The one table that the pin factory, the socket server and the written configuration share. A high
level is the safe one (loop closed), so a cut wire, pulled down, reads as stop. Owns no behaviour.
"""

from __future__ import annotations

from typing import Final

from edge.ports import PanelInput

SOCKET_NAME: Final = "tms-gpio.sock"
SERIAL_NAME: Final = "tms-serial"
DIR_VARIABLE: Final = "TMS_SIM_DIR"

# BCM numbers, as on the Pi's header.
INPUT_PINS: Final[dict[PanelInput, int]] = {
    PanelInput.ESTOP: 5,
    PanelInput.DOOR: 6,
    PanelInput.COIL: 13,
    PanelInput.PATIENT: 19,
    PanelInput.ENCLOSURE: 25,
    PanelInput.ATTEND: 12,
    PanelInput.FLOW: 4,
    PanelInput.HOST_BACK: 24,
    PanelInput.GATE_BACK: 23,
}
SOUNDER_BACK_PIN: Final = 22  # whether current flows through the sounder
# The converter of the edge's own contact-face sensor, on the header's SPI pins.
CONVERTER_PINS: Final[dict[str, int]] = {
    "adc_clock": 11,
    "adc_mosi": 10,
    "adc_miso": 9,
    "adc_select": 8,
}
HOST_OUTPUT: Final = "host_enable"
OUTPUT_PINS: Final[dict[str, int]] = {
    "lamp_ready": 20,
    "lamp_fault": 21,
    "sounder": 26,
    HOST_OUTPUT: 16,
}

# The unit repeats all levels this often, so that a frozen unit is told from a quiet one.
REPEAT_S: Final = 0.1
# Levels older than this are unknown. Ten repeats: a loaded two-core machine must not trip it.
STALE_S: Final = 1.0
# Longest line on the socket: seven pins fit in a tenth of it.
LINE_BYTES_MAX: Final = 1024


def input_name(bcm: int) -> PanelInput | None:
    """The panel input wired to this GPIO, if any."""
    return next((name for name, pin in INPUT_PINS.items() if pin == bcm), None)


def is_input(bcm: int) -> bool:
    """Whether the unit tells a level on this GPIO."""
    return bcm == SOUNDER_BACK_PIN or input_name(bcm) is not None


def output_name(bcm: int) -> str | None:
    """The indicator wired to this GPIO, if any."""
    return next((name for name, pin in OUTPUT_PINS.items() if pin == bcm), None)
