# The stand-in board: one chip's nets, the wiring between them, the series chain, the one-shot, the
# output stage and the bench's hands. Models of the PIO machines attach themselves; sync() brings
# all of it up to now in the order in which a signal runs through the circuit, so that nothing has
# to be stepped cycle by cycle. Imported as the top-level module `rig`, by both interpreters.
import clock
from firmware.board import pins
from firmware.compat import TYPE_CHECKING
from rig_nets import Net
from rig_plant import (
    CYCLES_PER_US,
    OPEN_COUNTS,
    PERIOD_CYCLES,
    Bank,
    crest_pm,
    crossing_cycles,
    ntc_counts,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    class Model(Protocol):
        def advance(self, to_cycle: int) -> None: ...


RANK_GUARD = 0
RANK_TRIG = 1
RANK_STAMP = 2
ONE_SHOT_CYCLES = 500 * CYCLES_PER_US  # [P] the longest trigger that gets through
HOLD_CYCLES = 500 * CYCLES_PER_US  # [P] the comparator's hold: one edge for both half waves
# [P] The multiplexer's filter; before that the converter still sees the other sensor.
NTC_SETTLE_CYCLES = 7000 * CYCLES_PER_US
LOOP_CONTACTS = (
    pins.GP_ESTOP,
    pins.GP_DOOR,
    pins.GP_COIL,
    pins.GP_PATIENT,
    pins.GP_ENCLOSURE,
)
CONTACTS = LOOP_CONTACTS + (pins.GP_COOLING, pins.GP_HOST)
PINS = 30
UNSTUCK = -1
POWER_ON = 1  # machine.reset_cause() of the rp2 port


class Faults:
    # What is broken between the chip and the plant. As made: nothing.

    def __init__(self) -> None:
        self.ntc = [0, 0]  # winding, surface: 0 good, 1 open, 2 short
        self.chain_stuck = UNSTUCK  # level the chain reads whatever the contacts are
        self.has_current = True  # False: the switch does not close
        self.sense_pm = 1000  # current sense reads this part of the truth
        self.is_bleed_dead = False
        self.is_charger_dead = False
        self.charger_gain_pm = 1000  # of the charger's own set point


class Line:
    # A serial port seen from outside. on_write is called with what the chip sends, when set.

    def __init__(self) -> None:
        self.to_chip = b""
        self.from_chip = b""
        self.sent_cycle = 0  # everything handed to the port is on the line by then
        self.stalls = 0  # writes that had to wait for the line
        self.lost = 0  # bytes that found the chip's buffer full
        self.rx_bytes_max = 1 << 20
        self.on_write: "Callable[[bytes], None] | None" = None
        self.on_idle: "Callable[[], None] | None" = None  # the chip's handler

    def feed(self, data: bytes) -> None:
        """Bytes arrive at the chip, and then the line is idle."""
        kept = self.rx_bytes_max - len(self.to_chip)
        self.lost += max(0, len(data) - kept)
        self.to_chip += data[:kept]
        if self.on_idle is not None:
            self.on_idle()

    def take(self) -> bytes:
        """What the chip has sent since last asked."""
        data = self.from_chip
        self.from_chip = b""
        return data


class Plug:
    # The memory chip in the coil's plug, a DS2431: 8 bytes of ROM and 128 of memory.

    def __init__(self) -> None:
        self.rom = b"\x2d\x11\x22\x33\x44\x55\x66\xd3"
        self.memory = bytes(128)
        self.is_there = True
        self.flips = 0  # so many bytes still to come have their lowest bit wrong
        self.reads = 0


class Pulse:
    def __init__(self, at_cycle: int, start_mv: int, is_asked: bool) -> None:
        self.at_cycle = at_cycle
        self.end_cycle = -1  # still flowing
        self.start_mv = start_mv
        self.is_asked = is_asked
        self.amplitude_pm = 0
        self.is_complete = False


class Rig:
    def __init__(self) -> None:
        now = clock.now_cycles()
        self.nets = [Net() for _ in range(PINS)]
        self.models: "list[list[Model]]" = [[], [], []]
        self.lines = [Line(), Line()]
        self.plug = Plug()
        self.unique_id = b"SIMCHIP0"
        self.freq_hz = pins.CLOCK_HZ
        self.reset_cause = POWER_ON
        self.resets = 0
        self.watchdog_cycles = 0  # 0: not started
        self.watchdog_due = 0
        self.faults = Faults()
        self.pulses: "list[Pulse]" = []
        self.temperatures_c10 = [250, 230]  # winding, surface
        self.handlers: "dict[int, Callable[[], None]]" = {}
        self.bank = Bank(now)
        self.peak_pm = 0
        self.both_on_since = -1  # charger on and bleed closed at once: never
        self.one_shot_end = -1
        self.pulse_end = -1
        self.pulse: "Pulse | None" = None
        self.cursor = now
        self.select_cycle = now - NTC_SETTLE_CYCLES
        for gp in CONTACTS:
            self.nets[gp] = Net(1)
        self.nets[pins.GP_LOOP] = Net(1)

    def sync(self) -> None:
        """Everything up to now."""
        now = clock.now_cycles()
        for rank in range(3):
            for model in self.models[rank]:
                model.advance(now)
            if rank == RANK_GUARD:
                self._settle_chain(now)
            elif rank == RANK_TRIG:
                self._settle_output(now)
        self.bank.advance(now)
        self.cursor = now

    # --- the series chain ---

    def _chain_at(self, cycle: int) -> int:
        if self.faults.chain_stuck != UNSTUCK:
            return self.faults.chain_stuck
        nets = self.nets
        return (
            nets[pins.GP_ENABLE].level_at(cycle)
            & nets[pins.GP_LOOP].level_at(cycle)
            & nets[pins.GP_HOST].level_at(cycle)
        )

    def _settle_chain(self, now: int) -> None:
        wires = (pins.GP_ENABLE, pins.GP_LOOP, pins.GP_HOST)
        sources = [self.nets[gp] for gp in wires]
        cycle = self.cursor
        while 0 <= cycle <= now:
            self.nets[pins.GP_CHAIN].drive(cycle, self._chain_at(cycle))
            cycle = _earliest([net.next_change(cycle) for net in sources])

    # --- trigger to current ---

    def _settle_output(self, now: int) -> None:
        sources = (self.nets[pins.GP_TRIGGER], self.nets[pins.GP_CHAIN])
        cycle = self.cursor
        while 0 <= cycle <= now:
            self._trigger_at(cycle)
            if self.pulse is not None and self.pulse.at_cycle < cycle:
                is_driven = self.nets[pins.GP_TRIGGER_BACK].level_at(cycle)
                if cycle >= self.pulse_end or (self.pulse.is_asked and not is_driven):
                    self._end_current(cycle)
            due = [net.next_change(cycle) for net in sources]
            due.append(self.one_shot_end if self.one_shot_end > cycle else -1)
            due.append(self.pulse_end if self.pulse is not None else -1)
            cycle = _earliest(due)

    def _trigger_at(self, cycle: int) -> None:
        back = self.nets[pins.GP_TRIGGER_BACK]
        is_high = self.nets[pins.GP_TRIGGER].level_at(cycle)
        is_through = is_high & self.nets[pins.GP_CHAIN].level_at(cycle)
        if not is_high:
            self.one_shot_end = -1
        elif is_through and self.one_shot_end < 0:
            self.one_shot_end = cycle + ONE_SHOT_CYCLES
        if self.one_shot_end >= 0 and cycle >= self.one_shot_end:
            is_through = 0
        if is_through and not back.level_at(cycle):
            back.drive(cycle, 1)
            self.begin_current(cycle, True)
        elif not is_through:
            back.drive(cycle, 0)

    def begin_current(self, cycle: int, is_asked: bool) -> None:
        """The switch closes; nothing flows without a coil."""
        has_coil = self.nets[pins.GP_COIL].level_at(cycle)
        if self.pulse is not None or not has_coil or not self.faults.has_current:
            return
        self.bank.advance(cycle)
        self.bank.is_pulsing = True
        self.pulse = Pulse(cycle, self.bank.mv(), is_asked)
        self.pulses.append(self.pulse)
        self.pulse_end = cycle + PERIOD_CYCLES
        crossing = crossing_cycles(self.pulse.start_mv)
        if crossing >= 0:
            seen = self.nets[pins.GP_PULSE_SEEN]
            if not seen.level_at(cycle):
                seen.drive(cycle + crossing, 1)

    def _end_current(self, cycle: int) -> None:
        pulse = self.pulse
        assert pulse is not None
        self.pulse = None
        pulse.end_cycle = cycle
        flowed = cycle - pulse.at_cycle
        pulse.is_complete = flowed >= PERIOD_CYCLES
        pulse.amplitude_pm = crest_pm(pulse.start_mv, flowed)
        self.bank.end_pulse(cycle, pulse.is_complete, flowed)
        self.peak_pm = max(self.peak_pm, pulse.amplitude_pm * self.faults.sense_pm // 1000)
        seen = self.nets[pins.GP_PULSE_SEEN]
        seen.drive(cycle, seen.level_at(cycle))  # an edge foreseen after a cut does not come
        if seen.level_at(cycle):
            seen.drive(cycle + HOLD_CYCLES, 0)

    # --- what the chip's Python drives and reads ---

    def drive(self, gp: int, level: int) -> None:
        """A pin set by Python."""
        self.sync()
        self.nets[gp].drive(self.cursor, level)
        self._follow(gp)

    def _follow(self, gp: int) -> None:
        level = self.nets[gp].level_at(self.cursor)
        if gp == pins.GP_CHARGER_ON:
            self.bank.is_charging = bool(level) and not self.faults.is_charger_dead
        elif gp == pins.GP_BLEED_OPEN:
            self.bank.is_bleeding = not level and not self.faults.is_bleed_dead
        elif gp == pins.GP_PEAK_RESET and level:
            self.peak_pm = 0
        elif gp == pins.GP_NTC_SELECT:
            self.select_cycle = self.cursor
        is_charger_on = self.nets[pins.GP_CHARGER_ON].level_at(self.cursor)
        if is_charger_on and not self.nets[pins.GP_BLEED_OPEN].level_at(self.cursor):
            self.both_on_since = self.cursor

    def set_duty(self, gp: int, duty_u16: int) -> None:
        """Mean level of a PWM pin."""
        if gp == pins.GP_CHARGER_LEVEL:
            self.sync()
            level_mv = duty_u16 * pins.CHARGER_FULL_MV // pins.COUNTS_FULL
            self.bank.target_mv = level_mv * self.faults.charger_gain_pm // 1000

    def counts(self, gp: int) -> int:
        """What the ADC reads on this pin, as read_u16 gives it."""
        self.sync()
        if gp == pins.GP_BANK:
            value = self.bank.mv() * pins.COUNTS_FULL // pins.BANK_FULL_MV
        elif gp == pins.GP_PEAK:
            value = self.peak_pm * pins.COUNTS_FULL // pins.PEAK_FULL_PM
        elif gp == pins.GP_NTC:
            return self._ntc_counts()
        else:
            raise ValueError("no ADC on this pin")
        return min(value, OPEN_COUNTS)

    def _ntc_counts(self) -> int:
        channel = self.nets[pins.GP_NTC_SELECT].level_at(self.cursor)
        if self.cursor - self.select_cycle < NTC_SETTLE_CYCLES:
            channel = 1 - channel
        fault = self.faults.ntc[channel]
        if fault == 2:
            return 0
        if fault == 1 or not self.nets[pins.GP_COIL].level_at(self.cursor):
            return OPEN_COUNTS  # both sensors sit in the coil
        return ntc_counts(self.temperatures_c10[channel])

    # --- the bench's hands ---

    def set_contact(self, gp: int, is_closed: bool) -> None:
        """Move one contact; the chip's handlers run as interrupts do."""
        self.sync()
        self.nets[gp].drive(self.cursor, int(is_closed))
        loop = 1
        for contact in LOOP_CONTACTS:
            loop &= self.nets[contact].level_at(self.cursor)
        self.nets[pins.GP_LOOP].drive(self.cursor, loop)
        self.sync()
        handler = self.handlers.get(gp)
        if handler is not None:
            handler()

    def has_watchdog_bitten(self) -> bool:
        """It was started and not fed in time; who drives the stand-in has to reset it then."""
        return self.watchdog_cycles > 0 and clock.now_cycles() >= self.watchdog_due

    def reset_pins(self) -> None:
        """As after a reset: no machine runs, nothing is driven, all pull-downs rule."""
        self.sync()
        self.models = [[], [], []]
        self.handlers = {}
        self.watchdog_cycles = 0
        for row in pins.ROWS:
            if row[2] in ("out", "pwm"):
                self.nets[row[0]].drive(self.cursor, 0)
                self._follow(row[0])
        self.bank.target_mv = 0
        self.sync()


def _earliest(cycles: "list[int]") -> int:
    best = -1
    for cycle in cycles:
        if cycle >= 0 and (best < 0 or cycle < best):
            best = cycle
    return best


_rig = Rig()


def the() -> Rig:
    """The rig in use."""
    return _rig


def reset() -> Rig:
    """A new board: bank empty, contacts closed, coil plugged in, host enable on."""
    global _rig
    _rig = Rig()
    return _rig


def net(gp: int) -> Net:
    """History of one GP number's level."""
    return _rig.nets[gp]


def attach(rank: int, model: "Model") -> None:
    """Have model.advance(cycle) called by every sync, in the order of ranks."""
    _rig.models[rank].append(model)


def detach(model: "Model") -> None:
    """Leave this model alone from now on."""
    for models in _rig.models:
        if model in models:
            models.remove(model)


def sync() -> None:
    """Bring every net up to now."""
    _rig.sync()


def now_cycles() -> int:
    """The clock that everything here runs on."""
    return clock.now_cycles()


def set_contact(gp: int, is_closed: bool) -> None:
    """Move one contact."""
    _rig.set_contact(gp, is_closed)


def set_host_enable(on: bool) -> None:
    """The Pi's own wire in the series chain, which the chip reads as well."""
    _rig.set_contact(pins.GP_HOST, on)


def fire_unasked() -> bool:
    """The switch closes by itself now; False when there is no coil or no current."""
    _rig.sync()
    count = len(_rig.pulses)
    _rig.begin_current(_rig.cursor, False)
    return len(_rig.pulses) > count


def set_bank_mv(mv: int) -> None:
    """Charge in the bank from outside."""
    _rig.sync()
    _rig.bank.energy_uj = mv * mv * 185 // 2000000


def bank_mv() -> int:
    """True voltage."""
    _rig.sync()
    return _rig.bank.mv()
