# The unit's parts and everything it does: actions on the HAL when a state is entered or left, and
# the work that falls due. Owns the order in which outputs are closed (gate, requests, charger,
# bleed). Judges no command (envelope.py) and knows no frame (dispatcher.py). MCU time, one context.
from firmware.compat import TYPE_CHECKING, const
from firmware.core import supervision
from firmware.core.arming import Arming
from firmware.core.bounds import (
    CHARGE_LOOK_US,
    DISCHARGE_US_MAX,
    HASH_PAUSE_US,
    SELF_TEST_US_MAX,
    SENSORS_EARLY_US,
)
from firmware.core.counters import Counters
from firmware.core.gate import Gate
from firmware.core.heat import Heat
from firmware.core.interlocks import Interlocks
from firmware.core.machine import Machine
from firmware.core.outbox import RANK_RESULT, Outbox
from firmware.core.power import Power
from firmware.core.pulser import Outcome, Pulser
from firmware.core.settings import Settings
from firmware.core.staging import Staging
from firmware.core.transitions import (
    EV_BANK_LOW,
    EV_CHARGE,
    EV_CHARGED,
    EV_CONFIRM,
    EV_DISCHARGE,
    EV_FIRE,
    EV_HELD,
    EV_HOLD,
    EV_SELF_TEST_PASSED,
    EV_STARTED,
    EV_STOP,
    EV_TRAIN_DONE,
)
from firmware.core.watchdogs import ChargedWatch, HeartbeatWatch, HostWatch, Hunger
from firmware.wire.codes import (
    ARMED,
    BOOT,
    CHARGING,
    DISCHARGING,
    ENDED_FAULT,
    ENDED_HOLD,
    ENDED_STOP,
    F_BANK_VOLTAGE,
    F_CHARGE_TIMEOUT,
    F_INPUT_STALE,
    F_INTERNAL,
    F_LEDGER,
    F_NONE,
    F_PULSE_MISSING,
    F_SELF_TEST,
    IN_COOLING,
    READY,
    REJ_STORE,
    SELF_TEST,
    TRAIN,
)
from firmware.wire.limits import ADC_PERIOD_US, CHARGE_MS_MAX, FLASH_STALL_US_MAX

if TYPE_CHECKING:
    from firmware.core.hal import Hal
    from firmware.wire.commands import Arm, Configure, FireTrain

# Results taken in one poll: the HAL holds at most four, one more may come unasked each.
_RESULTS_PER_POLL = const(8)


class Unit:
    def __init__(self, hal: "Hal", now_us: int, outbox: Outbox) -> None:
        self.hal = hal
        self.boot_epoch = hal.identity()[1]
        self.outbox = outbox
        self.machine = Machine()
        self.settings = Settings()
        self.inputs = Interlocks()
        self.heat = Heat()
        self.beats = HeartbeatWatch()
        self.charged = ChargedWatch()
        self.host = HostWatch()
        self.hunger = Hunger()
        self.counters = Counters()
        self.gate = Gate(hal)
        self.power = Power(hal)
        self.pulser = Pulser(hal)
        self.arming = Arming(hal)
        self.staging = Staging(hal)
        self.last_pulse_us = -1  # last delivered pulse
        self.armed_pulse_us = -1  # the same, -1 again after each Confirm
        self._entered_us = now_us  # when the present state was entered
        self._sensors_due_us = now_us
        self._charge_due_us = now_us
        self._stalled_us = -1  # when a flash write began whose length is not known yet
        self._must_save = False  # the stored ledger is older than the counts, or marked open
        self._close(ENDED_STOP, F_NONE, now_us)
        if not self.counters.load(hal.load_ledger()):
            self.latch(F_LEDGER, now_us)

    # --- what the edge asks; each has been judged by the envelope ---

    def configure(self, command: "Configure") -> None:
        """Tighten the limits."""
        self.settings.apply(command)
        self.heat.surface_c10_max = command.surface_c10_max
        self.heat.winding_c10_max = command.winding_c10_max
        self.heat.is_cooled = command.inputs_required & IN_COOLING != 0
        self.beats.allow_ms(command.heartbeat_ms_max)

    def charge(self, level_pct: int, now_us: int) -> None:
        """Move the bank to this level; nothing stays armed."""
        self._forget_arm()
        self._apply(EV_CHARGE, now_us)
        self._charge_due_us = now_us
        self.power.charge_to(level_pct)

    def begin_arm(self, command: "Arm") -> None:
        """Start working on the echo."""
        self.arming.begin(command)

    def confirm(self, now_us: int) -> bool:
        """Enable the gate; False when it does not close, then nothing stays armed."""
        if not self.gate.arm(now_us):
            self.gate.drop()
            self._forget_arm()
            return False
        self._apply(EV_CONFIRM, now_us)
        self.armed_pulse_us = -1
        self.arming.next_token()
        return True

    def fire(self, command: "FireTrain", now_us: int) -> None:
        """Take one train."""
        plan = self.arming.plan
        assert plan is not None
        self._apply(EV_FIRE, now_us)
        self.arming.next_token()
        self.pulser.start(
            plan,
            command.train_index,
            command.first_pulse,
            command.pulse_count,
            command.start_us,
            self.power.level_pct,
        )
        self._fill(now_us)

    def hold(self, now_us: int) -> None:
        """Close the gate after the running pulse; the bank is kept."""
        state = self.machine.state
        self._apply(EV_HOLD, now_us)
        if state == ARMED:
            self.gate.drop()
            self._forget_arm()
        elif state == TRAIN:
            self.pulser.end(now_us, ENDED_HOLD, F_NONE)
            self._settle(now_us)

    def discharge(self, now_us: int) -> None:
        """Bleed to STANDBY."""
        self._close(ENDED_STOP, F_NONE, now_us)
        self._apply(EV_DISCHARGE, now_us)

    def stop(self, now_us: int) -> None:
        """Everything off, in any state."""
        self.staging.drop()
        self._close(ENDED_STOP, F_NONE, now_us)
        self._apply(EV_STOP, now_us)

    def clear(self, fault: int, now_us: int) -> None:
        """Forget one fault, or all with F_NONE."""
        if self.machine.clear(fault):
            self._entered_us = now_us

    # --- what the world does ---

    def wake(self, now_us: int) -> None:
        """First thing in every call: the time that a flash write took is nobody's silence."""
        if self._stalled_us >= 0:
            stall_us = min(now_us - self._stalled_us, FLASH_STALL_US_MAX)
            self._stalled_us = -1
            self.inputs.forgive(stall_us)
            self.beats.forgive(stall_us)

    def take_input(self, now_us: int, mask: int) -> None:
        """Levels read now; an opened input acts before this returns."""
        self.inputs.sample(now_us, mask)
        if supervision.is_energised(self.machine.state):
            for fault in supervision.input_faults(self):
                self.latch(fault, now_us)

    def latch(self, fault: int, now_us: int) -> None:
        """Close everything and keep the fault; a fault already latched changes nothing."""
        if fault in self.machine.faults:
            return
        self._close(ENDED_FAULT, fault, now_us)
        if self.machine.latch(fault):
            self._entered_us = now_us

    def work(self, now_us: int) -> None:
        """Everything that is due."""
        self._collect(now_us)
        self.inputs.work(now_us)
        if now_us >= self._sensors_due_us - SENSORS_EARLY_US:
            self._read_sensors(now_us)
        for fault in supervision.watched_faults(self, now_us):
            self.latch(fault, now_us)
        state = self.machine.state
        if state == TRAIN or state == ARMED:
            self._work_armed(now_us)
        elif state == CHARGING:
            self._work_charging(now_us)
        elif state == READY:
            self._work_arm(now_us)
        elif state == BOOT:
            self._apply(EV_STARTED, now_us)
        self._settle(now_us)
        self._save(now_us)
        if self.outbox.is_overrun:
            self.latch(F_INTERNAL, now_us)
        if self.staging.restart_due(now_us):
            self.hal.restart()
        if not self.hunger.lasts(now_us):
            self.hal.feed_watchdog()

    def next_wake_us(self, now_us: int) -> int:
        """When work() is needed again at the latest; the sensors bound it."""
        wake_us = self._sensors_due_us
        state = self.machine.state
        if supervision.is_energised(state):
            wake_us = min(wake_us, self.beats.due_us(), self._state_wake_us(state, now_us))
        if self.pulser.is_active:
            wake_us = min(wake_us, self.pulser.next_wake_us(now_us))
        inputs_us = self.inputs.next_wake_us()
        if 0 <= inputs_us < wake_us:
            wake_us = inputs_us
        return wake_us if wake_us > now_us else now_us + 1

    def _state_wake_us(self, state: int, now_us: int) -> int:
        # The deadline of an energised state.
        if state == TRAIN:
            return self.gate.next_wake_us()
        if state == CHARGING:
            return self._charge_due_us
        if self.arming.is_busy():
            return now_us + HASH_PAUSE_US
        due_us = self.charged.due_us()
        return min(self.gate.next_wake_us(), due_us) if state == ARMED else due_us

    # --- parts of the work ---

    def _apply(self, event: int, now_us: int) -> None:
        if self.machine.apply(event):
            self._entered_us = now_us
            self.charged.restart(now_us)

    def _close(self, ended: int, fault: int, now_us: int) -> None:
        # The gate first: everything after it only tidies up.
        self.gate.drop()
        if self.pulser.is_active:
            self.pulser.end(now_us, ended, fault)
        else:
            self.hal.cancel_pulses()
        self.power.discharge()
        self._forget_arm()

    def _forget_arm(self) -> None:
        self.arming.forget(self.machine.state)

    def _collect(self, now_us: int) -> None:
        for _ in range(_RESULTS_PER_POLL):
            outcome = self.pulser.take()
            if outcome is None:
                break
            self._take_outcome(outcome, now_us)
        if self.pulser.is_result_missing(now_us):
            self.latch(F_PULSE_MISSING, now_us)

    def _take_outcome(self, outcome: Outcome, now_us: int) -> None:
        ordinal = 0
        if outcome.is_delivered():
            if outcome.pulse_index >= 0:
                self.counters.count(self.pulser.train_index, outcome.pulse_index)
            else:
                self.counters.count_unasked()
                self._must_save = True
            ordinal = self.counters.session_pulses
            self.last_pulse_us = outcome.at_us
            self.armed_pulse_us = outcome.at_us
            self.power.rest(now_us)
        self.outbox.report(self.pulser.pulse_report(outcome, ordinal), RANK_RESULT)
        if outcome.fault != F_NONE:
            self.latch(outcome.fault, now_us)

    def _read_sensors(self, now_us: int) -> None:
        quiet_us = self.pulser.quiet_us(now_us)
        if quiet_us > now_us:
            self._sensors_due_us = quiet_us
            return
        self._sensors_due_us = now_us + ADC_PERIOD_US
        surface_c10, winding_c10 = self.hal.surface_c10(), self.hal.winding_c10()
        self.heat.take(now_us, surface_c10, winding_c10, self.last_pulse_us)
        self.power.look()
        state = self.machine.state
        if supervision.is_waiting(state):
            self.power.watch(now_us)
        for fault in supervision.sensed_faults(self):
            self.latch(fault, now_us)
        state = self.machine.state
        if state == DISCHARGING:
            self._work_discharging(now_us)
        elif state == SELF_TEST:
            self._work_self_test(now_us)

    def _work_self_test(self, now_us: int) -> None:
        if self.hal.self_test() != 0:
            self.latch(F_SELF_TEST, now_us)
        elif self.power.is_low() and self.inputs.known:
            self._apply(EV_SELF_TEST_PASSED, now_us)
        elif now_us - self._entered_us >= SELF_TEST_US_MAX:
            self.latch(F_INPUT_STALE if self.power.is_low() else F_BANK_VOLTAGE, now_us)

    def _work_discharging(self, now_us: int) -> None:
        if self.power.is_low():
            self._apply(EV_BANK_LOW, now_us)
        elif now_us - self._entered_us >= DISCHARGE_US_MAX:
            self.latch(F_BANK_VOLTAGE, now_us)

    def _work_charging(self, now_us: int) -> None:
        if now_us < self._charge_due_us:
            return
        self._charge_due_us = now_us + CHARGE_LOOK_US
        if self.power.steer():
            self._apply(EV_CHARGED, now_us)
        elif now_us - self._entered_us >= CHARGE_MS_MAX * 1000:
            self.latch(F_CHARGE_TIMEOUT, now_us)

    def _work_arm(self, now_us: int) -> None:
        done = self.arming.work()
        if done is None:
            return
        command, digest = done
        if digest == command.plan_sha256:
            # Stored as open before the gate may be armed: after a power loss the count is then
            # known to be a lower bound.
            self.counters.begin(command.session_id, command.delivered)
            self._must_save = True
            if not self._store(True, now_us):
                self.arming.refuse(REJ_STORE)
                return
        self.arming.echo(command, digest, command.delivered, now_us)

    def _work_armed(self, now_us: int) -> None:
        if not self.gate.work(now_us):
            # Hardware was faster: it refuses what is queued. Let an input explain it.
            self.gate.drop()
            if self.gate.is_unexplained(now_us):
                self.latch(F_INTERNAL, now_us)
        elif self.machine.state == TRAIN:
            self._fill(now_us)

    def _fill(self, now_us: int) -> None:
        if self.pulser.needs_bank(now_us):
            self.power.look()
        fault = self.pulser.fill(now_us, self.power.is_within())
        if fault != F_NONE:
            self.latch(fault, now_us)

    def _settle(self, now_us: int) -> None:
        pulser = self.pulser
        if not pulser.settle(now_us):
            return
        if self.machine.state == TRAIN:
            if pulser.ended == ENDED_HOLD:
                self.gate.drop()
                self._forget_arm()
                self._apply(EV_HELD, now_us)
            else:
                self._apply(EV_TRAIN_DONE, now_us)
        self.outbox.report(pulser.train_result(self.counters.session_pulses), RANK_RESULT)

    def _save(self, now_us: int) -> None:
        # Only at rest: writing flash stops the chip for some 50 ms. A copy that flash does not take
        # is a fault and not tried again by itself: the stored one stays marked as open.
        if not self._must_save or self.pulser.is_active or self.arming.plan is not None:
            return
        if self.machine.state in (ARMED, TRAIN) or self.gate.is_on():
            return
        self._must_save = False
        self._store(False, now_us)

    def _store(self, is_open: bool, now_us: int) -> bool:
        self._stalled_us = now_us
        if self.hal.save_ledger(self.counters.dump(is_open)):
            return True
        self.latch(F_LEDGER, now_us)
        return False
