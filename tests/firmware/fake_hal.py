# A HAL for tests of the device core: linear charger and bleed, a guard with a life, a trigger that
# looks at the gate in the instant of the edge. Time is set from outside. Runs on both interpreters.
# Attributes named is_/has_ and *_next plant faults.
from firmware.wire.codes import (
    IN_HOST,
    INPUTS_ALL,
    PULSE_EMITTED,
    PULSE_REFUSED,
    RESET_POWER,
    SENSOR_NONE,
    SLOT_A,
    TIMING_SIMULATED,
)
from firmware.wire.limits import CANCEL_LEAD_US, IPI_US_MIN, V_FULL_MV
from firmware.wire.reports import COIL_FIGURE8_COOLED

CHARGE_MV_PER_MS = 6000
BLEED_MV_PER_MS = 3000
LINK_KEY = bytes(range(32))
HOST_REST_US = 4000000  # shorter than what the core calls stuck
HOST_OFF_US = 100000


class FakeHal:
    def __init__(self, ledger: bytes = b"") -> None:
        self.now_us = 0
        self.ledger = ledger
        self.saves: list[tuple[int, bytes]] = []
        self.surface = 250
        self.winding = 260
        self.is_noiseless = False
        self._readings = 0
        self.millivolts = 0
        self.target_mv = 0
        self.is_bleeding = False
        self.inputs = INPUTS_ALL  # wires as the guard sees them
        self.is_host_stuck = False
        self._host_since_us = 0  # the edge's enable, on at rest since
        self.gate_until_us = -1
        self.feeds = 0
        self.is_gate_stuck = False
        self.is_gate_dead = False
        self.queue: list[int] = []
        self.results: list[tuple[int, int, int]] = []
        self.pulses: list[tuple[int, int]] = []
        self.result_shift_us = 0
        self.misfires_next = 0
        self.silent_next = 0
        self.amplitude_scale_pm = 1000
        self.is_queue_refusing = False
        self.level_pct_max = 100
        self.inputs_fitted = INPUTS_ALL
        self.tokens = 1000
        self.charger_rate = CHARGE_MV_PER_MS
        self.bleed_rate = BLEED_MV_PER_MS
        self.watchdog_feeds = 0
        self.is_flash_full = False
        self.ipi_us_min = IPI_US_MIN
        self.lateness_us = 0
        self.link_key = LINK_KEY
        self.running_image = (SLOT_A, b"IMAGE\0\0\0", 0)
        self.self_test_bits = 0
        self.staged: dict[str, bytes] = {}
        self.stored_manifest = b""
        self.is_tried = False
        self.is_committed = False
        self.restarts = 0

    # what the core calls

    def identity(self) -> "tuple[bytes, int, int, int, int, bytes, int, int, int]":
        return (
            b"TEST\0\0\0\0",
            7,
            RESET_POWER,
            1,
            TIMING_SIMULATED,
            b"COIL1\0\0\0",
            COIL_FIGURE8_COOLED,
            self.level_pct_max,
            self.inputs_fitted,
        )

    def surface_c10(self) -> int:
        return self._noisy(self.surface)

    def winding_c10(self) -> int:
        return self._noisy(self.winding)

    def bank_mv(self) -> int:
        return self.millivolts

    def set_charger(self, target_mv: int) -> None:
        self.target_mv = target_mv

    def set_bleed(self, on: bool) -> None:
        self.is_bleeding = on

    def arm_gate(self, life_us: int) -> None:
        if self.inputs == INPUTS_ALL and not self.is_gate_dead:
            self.gate_until_us = self.now_us + life_us

    def feed_gate(self, life_us: int) -> None:
        self.feeds += 1
        if self.gate_is_on():
            self.gate_until_us = self.now_us + life_us

    def drop_gate(self) -> None:
        self.gate_until_us = -1

    def gate_is_on(self) -> bool:
        return self.is_gate_stuck or self.now_us < self.gate_until_us

    def queue_pulse(self, at_us: int) -> bool:
        if self.is_queue_refusing or len(self.queue) >= 4 or at_us <= self.now_us:
            return False
        self.queue.append(at_us)
        return True

    def cancel_pulses(self) -> int:
        near_us = self.now_us + CANCEL_LEAD_US
        self.queue = [at_us for at_us in self.queue if at_us < near_us]
        asked = [result for result in self.results if result[1] != 0]
        return len(self.queue) + len(asked)

    def take_result(self) -> "tuple[int, int, int] | None":
        return self.results.pop(0) if self.results else None

    def random_u32(self) -> int:
        self.tokens += 1
        return self.tokens

    def load_ledger(self) -> bytes:
        return self.ledger

    def save_ledger(self, data: bytes) -> bool:
        assert not self.gate_is_on(), "flash is never written while the gate is on"
        if self.is_flash_full:
            return False
        self.ledger = data
        self.saves.append((self.now_us, data))
        return True

    def feed_watchdog(self) -> None:
        self.watchdog_feeds += 1

    def timing(self) -> "tuple[int, int]":
        return self.ipi_us_min, self.lateness_us

    def key(self) -> bytes:
        return self.link_key

    def image(self) -> "tuple[int, bytes, int]":
        return self.running_image

    def self_test(self) -> int:
        return self.self_test_bits

    def stage_begin(self) -> bool:
        self.staged = {}
        self.stored_manifest = b""
        return not self.is_flash_full

    def stage_write(self, name: str, data: bytes) -> bool:
        self.staged[name] = self.staged.get(name, b"") + data
        return not self.is_flash_full

    def stage_finish(self, manifest: bytes) -> bool:
        self.stored_manifest = manifest
        return not self.is_flash_full

    def stage_try(self) -> bool:
        self.is_tried = True
        return not self.is_flash_full

    def stage_commit(self) -> bool:
        self.is_committed = True
        return not self.is_flash_full

    def restart(self) -> None:
        self.restarts += 1

    # what the bench calls

    def set_inputs(self, mask: int) -> None:
        self.inputs = mask
        if mask != INPUTS_ALL:
            self.gate_until_us = -1

    def levels(self) -> int:
        """What the controller's input wires read now.

        At rest (charger open) the edge that these tests play holds its enable only for a while at
        a time, as one that arms, leaves and arms again.
        """
        held_us = self.now_us - self._host_since_us
        if self.target_mv or self.is_host_stuck or held_us > HOST_REST_US + HOST_OFF_US:
            self._host_since_us = self.now_us
        elif held_us > HOST_REST_US:
            return self.inputs & ~IN_HOST
        return self.inputs

    def amplitude_pm(self) -> int:
        true_pm = self.millivolts * 1000 // V_FULL_MV
        return true_pm * self.amplitude_scale_pm // 1000

    def fire_unasked(self) -> None:
        self.pulses.append((self.now_us, self.amplitude_pm()))
        self.results.append((self.now_us, 0, self.amplitude_pm()))

    def advance(self, now_us: int) -> None:
        while self.queue and self.queue[0] <= now_us:
            at_us = self.queue.pop(0)
            self._drift(at_us)
            self.now_us = at_us
            self._edge(at_us)
        self._drift(now_us)
        self.now_us = now_us

    def _noisy(self, value_c10: int) -> int:
        # One reading in seven is a tenth more: alive, and the median does not move.
        self._readings += 1
        is_off = self._readings % 7 == 0 and value_c10 != SENSOR_NONE and not self.is_noiseless
        return value_c10 + 1 if is_off else value_c10

    def _edge(self, at_us: int) -> None:
        if self.silent_next:
            self.silent_next -= 1
        elif not self.gate_is_on():
            self.results.append((at_us, PULSE_REFUSED, 0))
        elif self.misfires_next:
            self.misfires_next -= 1
            self.results.append((at_us, PULSE_EMITTED, 0))
        else:
            amplitude_pm = self.amplitude_pm()
            self.pulses.append((at_us, amplitude_pm))
            self.results.append((at_us + self.result_shift_us, PULSE_EMITTED, amplitude_pm))

    def _drift(self, now_us: int) -> None:
        passed_us = now_us - self.now_us
        if self.is_bleeding:
            self.millivolts = max(0, self.millivolts - self.bleed_rate * passed_us // 1000)
        elif self.target_mv > self.millivolts:
            gained = self.charger_rate * passed_us // 1000
            self.millivolts = min(self.target_mv, self.millivolts + gained)
