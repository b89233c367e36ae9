# Which signal is on which GP number, and what the circuits behind the analogue pins make of the
# world: the only place where the wiring is written. The same on Pico and Pico 2. Owns no pin
# object and sets nothing. The bring-up guide's tables are checked against this file by a test.
from firmware.compat import const

CLOCK_HZ = const(125000000)  # [P] set on both chips, so that all cycle counts are the same

GP_UART_TX = const(0)
GP_UART_RX = const(1)
GP_TRIGGER = const(2)
GP_ENABLE = const(3)
GP_CHAIN = const(4)
GP_LOOP = const(5)
GP_TRIGGER_BACK = const(6)
GP_PULSE_SEEN = const(7)
GP_ESTOP = const(8)
GP_DOOR = const(9)
GP_COIL = const(10)
GP_PATIENT = const(11)
GP_COOLING = const(12)
GP_CHARGER_ON = const(13)
GP_CHARGER_LEVEL = const(14)
GP_BLEED_OPEN = const(15)
GP_PEAK_RESET = const(16)
GP_COIL_ID = const(17)
GP_HOST = const(18)
GP_ENCLOSURE = const(19)
GP_NTC_SELECT = const(20)
GP_LED = const(25)
GP_BANK = const(26)
GP_PEAK = const(27)
GP_NTC = const(28)

ANY = const(-1)  # no level of this signal is safer than the other

# gp, name, direction, safe level, what it is.
ROWS = (
    (GP_UART_TX, "UART_TX", "out", ANY, "UART0 to the Pi, 921600 8N1"),
    (GP_UART_RX, "UART_RX", "in", ANY, "UART0 from the Pi"),
    (GP_TRIGGER, "TRIGGER", "out", 0, "pulse trigger of the trig machine (PIO0)"),
    (GP_ENABLE, "ENABLE", "out", 0, "enable of the guard machine (PIO1)"),
    (GP_CHAIN, "CHAIN", "in", 0, "high only while the whole series chain is closed"),
    (GP_LOOP, "LOOP", "in", 0, "high while the interlock loop is closed"),
    (GP_TRIGGER_BACK, "TRIGGER_BACK", "in", 0, "trigger behind the one-shot"),
    (GP_PULSE_SEEN, "PULSE_SEEN", "in", 0, "coil current comparator, one edge a pulse"),
    (GP_ESTOP, "ESTOP", "in", 0, "emergency stop, 1 = not pushed"),
    (GP_DOOR, "DOOR", "in", 0, "door of the room, 1 = shut"),
    (GP_COIL, "COIL", "in", 0, "coil connector, 1 = seated"),
    (GP_PATIENT, "PATIENT", "in", 0, "patient's stop button, 1 = not pressed"),
    (GP_COOLING, "COOLING", "in", 0, "fan or flow, 1 = running"),
    (GP_CHARGER_ON, "CHARGER_ON", "out", 0, "charger runs while high"),
    (GP_CHARGER_LEVEL, "CHARGER_LEVEL", "pwm", 0, "set point of the charger"),
    (GP_BLEED_OPEN, "BLEED_OPEN", "out", 0, "high holds the bleed relay open, low bleeds"),
    (GP_PEAK_RESET, "PEAK_RESET", "out", ANY, "high empties the peak-hold"),
    (GP_COIL_ID, "COIL_ID", "1-wire", ANY, "memory chip in the coil's plug"),
    (GP_HOST, "HOST", "in", 0, "the Pi's enable behind its one-shot, 1 = on"),
    (GP_ENCLOSURE, "ENCLOSURE", "in", 0, "cover of the power stage, 1 = shut"),
    (GP_NTC_SELECT, "NTC_SELECT", "out", ANY, "0 winding sensor, 1 contact-face sensor"),
    (GP_LED, "LED", "out", ANY, "lamp on the board"),
    (GP_BANK, "BANK", "adc", ANY, "capacitor bank through the divider"),
    (GP_PEAK, "PEAK", "adc", ANY, "peak-hold of the coil current"),
    (GP_NTC, "NTC", "adc", ANY, "temperature sensor that NTC_SELECT names"),
)

# Everything that a reset, a crash or a stop must drive low, the ones that matter most first.
# TRIGGER and ENABLE belong to PIO while the application runs; the loader drives them before that.
OUTPUTS_LOW = (GP_ENABLE, GP_TRIGGER, GP_CHARGER_ON, GP_BLEED_OPEN, GP_CHARGER_LEVEL)

# Full scale of each analogue pin (3.3 V, 65535 counts of read_u16).
COUNTS_FULL = const(65535)
# [P] Divider 20 Mohm over 30.05 kohm: 2200 V gives 3.3 V, so 1800 V is at 82 % and an over-voltage
# can still be read.
BANK_FULL_MV = const(2200000)
PEAK_FULL_PM = const(1500)  # [P] current transformer and burden: 150 % of full output gives 3.3 V
# [P] The charger takes 0 to 3.3 V of the filtered PWM for 0 to 2000 V.
CHARGER_FULL_MV = const(2000000)
