# Small physics behind the stand-in board: capacitor bank with charger and bleed, one biphasic
# discharge, two temperature sensors as an ADC sees them. Integers for energy (microjoules) and time
# (cycles); the sensors' curve alone uses the exponential. Numbers as in hw_sim/plant, from which a
# test compares them. Decides nothing.
from math import exp, log

CYCLES_PER_US = 125
FULL_MV = 1800000
CHARGER_UJ_PER_CYCLE = 48  # 6 kW, as hw_sim/plant/power_stage.py
BLEED_TAU_CYCLES = 185 * 1000 * CYCLES_PER_US  # of the energy: 2 kohm with 185 uF, halved
LEAK_TAU_CYCLES = 72150 * 1000 * CYCLES_PER_US  # 780 kohm
STEP_CYCLES = 1000 * CYCLES_PER_US  # within a millisecond the decay is as good as a straight line
PERIOD_CYCLES = 37037  # 296.3 us (sources.md domain 3.3)
CREST_CYCLES = 9100  # 72.8 us to the first maximum of the current
LEFT_PER_10000 = 6103  # energy that a complete pulse leaves in the bank (sources.md domain 3.3)
SENSE_PM = 3  # the comparator's threshold, per mille of the full current
# Resistance of the sensors by temperature, parts of that at 25 C (which is also the pull-up): the
# maker's table 8016 (sources.md board 1), every 5 degrees from -15 C.
NTC_FIRST_C = -15
NTC_RATIOS = (
    7.293,
    5.533,
    4.232,
    3.265,
    2.539,
    1.99,
    1.571,
    1.249,
    1,
    0.8057,
    0.6531,
    0.5327,
    0.4369,
    0.3603,
    0.2986,
    0.2488,
    0.2083,
    0.1752,
    0.1481,
    0.1258,
    0.1072,
    0.09177,
    0.07885,
    0.068,
    0.05886,
    0.05112,
    0.04454,
    0.03893,
)
OPEN_COUNTS = 65520  # what a 12-bit converter gives at most, spread over 16 bits


def root(value: int) -> int:
    """Whole square root."""
    if value <= 0:
        return 0
    guess = 1
    while guess * guess <= value:
        guess *= 2
    while True:
        better = (guess + value // guess) // 2
        if better >= guess:
            return guess
        guess = better


def energy_uj(mv: int) -> int:
    """Energy of the bank at this voltage."""
    return mv * mv * 185 // 2000000


class Bank:
    # Advanced to the cycle of each event, in order.

    def __init__(self, cycle: int) -> None:
        self.cycle = cycle
        self.energy_uj = 0
        self.target_mv = 0  # the charger's set point
        self.is_charging = False
        self.is_bleeding = True
        self.is_pulsing = False  # the charger is inhibited while current flows

    def mv(self) -> int:
        """Voltage at the cycle it was advanced to."""
        return root(self.energy_uj * 2000000 // 185)

    def advance(self, cycle: int) -> None:
        """Let charger, bleed and leak act up to this cycle."""
        target_uj = energy_uj(self.target_mv) if self.is_charging else 0
        is_held = self.is_charging and not self.is_bleeding  # the charger makes up for the leak
        while self.cycle < cycle and not self.is_pulsing:
            before_uj = self.energy_uj
            if is_held and before_uj == target_uj:
                break
            step = min(STEP_CYCLES, cycle - self.cycle)
            self.cycle += step
            tau = BLEED_TAU_CYCLES if self.is_bleeding else LEAK_TAU_CYCLES
            self.energy_uj -= before_uj * step // tau
            if self.energy_uj < target_uj:
                gained_uj = CHARGER_UJ_PER_CYCLE * step
                self.energy_uj = min(target_uj, self.energy_uj + gained_uj)
            if self.energy_uj == before_uj and step == STEP_CYCLES:
                break  # nothing moves any more
        self.cycle = max(self.cycle, cycle)

    def end_pulse(self, cycle: int, is_complete: bool, flowed_cycles: int) -> None:
        """Take out what one discharge has used; a cut one in proportion to its time."""
        self.is_pulsing = False
        self.cycle = cycle
        lost_uj = self.energy_uj * (10000 - LEFT_PER_10000) // 10000
        if not is_complete:
            lost_uj = lost_uj * flowed_cycles // PERIOD_CYCLES
        self.energy_uj -= lost_uj


def crest_pm(start_mv: int, flowed_cycles: int) -> int:
    """Highest current of a discharge that flowed so long, per mille of full output."""
    full_pm = start_mv * 1000 // FULL_MV
    if flowed_cycles >= CREST_CYCLES:
        return full_pm
    degree = flowed_cycles * 900 // CREST_CYCLES  # tenths of one, of the first quarter of a sine
    product = degree * (1800 - degree)
    return full_pm * 4 * product // (4050000 - product)  # Bhaskara's sine, within 0.2 %


def crossing_cycles(start_mv: int) -> int:
    """From the begin of the current to the comparator's edge; -1 when it stays below."""
    full_pm = start_mv * 1000 // FULL_MV
    if full_pm <= SENSE_PM:
        return -1
    return CREST_CYCLES * SENSE_PM * 637 // (full_pm * 1000)  # 2 / pi: a sine's first slope


def ntc_counts(c10: int) -> int:
    """What the ADC reads of a healthy sensor at this temperature, in tenths of a degree."""
    index = max(0, min((c10 - NTC_FIRST_C * 10) // 50, len(NTC_RATIOS) - 2))
    cold_k = 273.15 + NTC_FIRST_C + 5 * index
    # Between two points of the table the logarithm is a straight line over 1/T.
    part = (1 / cold_k - 1 / (273.15 + c10 / 10)) / (1 / cold_k - 1 / (cold_k + 5))
    drop = log(NTC_RATIOS[index] / NTC_RATIOS[index + 1])
    ratio = NTC_RATIOS[index] * exp(-drop * part)
    return int(65535 * ratio / (ratio + 1)) & 0xFFF0
