# The running train: keeps the HAL's short queue filled at absolute times, collects one result per
# request and checks it. A request that is late ends the train; nothing is caught up or squeezed.
# Decides no reaction: it names a fault, unit.py acts. MCU time; called from poll only.
from firmware.compat import TYPE_CHECKING, const
from firmware.core.bounds import (
    CHAIN_AHEAD_US,
    CHAIN_PULSES,
    FIRST_AHEAD_US,
    LAST_LOOK_US,
    MISSING_PM,
    PULSE_ERROR_US_MAX,
    QUEUE_AHEAD_US,
    QUEUE_PULSES,
    QUIET_US,
    RESULT_GRACE_US,
    RESULT_LOOK_US,
    SENSED_PM_MIN,
)
from firmware.core.train import TrainPlan
from firmware.wire.codes import (
    ENDED_COMPLETE,
    F_AMPLITUDE,
    F_BANK_VOLTAGE,
    F_COUNT,
    F_NONE,
    F_PULSE_MISSING,
    F_PULSE_UNASKED,
    PULSE_CUT,
    PULSE_EMITTED,
    PULSE_REFUSED,
)
from firmware.wire.limits import AMPLITUDE_STOP_PM
from firmware.wire.reports import PulseReport, TrainResult

if TYPE_CHECKING:
    from firmware.core.hal import Hal

RESULT_UNASKED = const(0)  # the HAL's word for a pulse sensed without a request
_NO_PLAN = TrainPlan(((1, 0), (1, 0), (1, 0), (1, 0)), 1)


class Outcome:
    # One finished request, or a pulse that nobody asked for (pulse_index -1).

    def __init__(
        self, pulse_index: int, at_us: int, result: int, amplitude_pm: int, fault: int
    ) -> None:
        self.pulse_index = pulse_index
        self.at_us = at_us
        self.result = result
        self.amplitude_pm = amplitude_pm
        self.fault = fault

    def is_delivered(self) -> bool:
        """Current was sensed in the coil; a refused request is none, whatever the sense says."""
        return self.result != PULSE_REFUSED and self.amplitude_pm >= SENSED_PM_MIN


class Pulser:
    # One train at a time; its figures stay readable until the next.

    def __init__(self, hal: "Hal") -> None:
        self._hal = hal
        self.is_active = False
        self.train_index = 0
        self.first_pulse = 0
        self.asked = 0
        self.emitted = 0
        self.cut = 0
        self.refused = 0
        self.delivered = 0
        self.first_us = 0  # first and last delivered pulse
        self.last_us = 0
        self.last_amplitude_pm = 0
        self.ended = ENDED_COMPLETE
        self.fault = F_NONE
        self._is_ending = False
        self._plan = _NO_PLAN
        self._base_us = 0  # MCU time of the train's own pulse 0
        self._next = 0  # pulse index to request next
        self._beyond = 0
        self._next_at_us = 0
        self._expected_pm = 0
        self._waiting: "list[tuple[int, int]]" = []  # (at_us, pulse index), oldest first
        self._loud_us = -QUIET_US  # last pulse that was asked or came unasked

    def start(
        self,
        plan: TrainPlan,
        train_index: int,
        first_pulse: int,
        count: int,
        start_us: int,
        level_pct: int,
    ) -> None:
        """Take a train that has been judged; pulses go out from fill()."""
        self.is_active = True
        self.train_index = train_index
        self.first_pulse = first_pulse
        self.asked = count
        self.emitted = self.cut = self.refused = self.delivered = 0
        self.first_us = self.last_us = 0
        self.ended = ENDED_COMPLETE
        self.fault = F_NONE
        self._is_ending = False
        self._plan = plan
        self._base_us = start_us - plan.pulse_offset_us(first_pulse)
        self._next = first_pulse
        self._beyond = first_pulse + count
        self._next_at_us = start_us
        self._expected_pm = level_pct * 10
        self._waiting = []

    def needs_bank(self, now_us: int) -> bool:
        """The first pulse is about to be handed over: the bank has to be read now."""
        is_first = self._next == self.first_pulse and self._next < self._beyond
        return is_first and self._next_at_us - now_us <= FIRST_AHEAD_US

    def fill(self, now_us: int, is_bank_good: bool) -> int:
        """Hand over the requests that are near enough; F_NONE, or what ends the train."""
        waiting = self._waiting
        while self._next < self._beyond and len(waiting) < QUEUE_PULSES:
            ahead_us = self._next_at_us - now_us
            if self._next == self.first_pulse:
                if ahead_us > FIRST_AHEAD_US:
                    break
                if not is_bank_good:
                    return F_NONE if ahead_us > LAST_LOOK_US else F_BANK_VOLTAGE
            elif ahead_us > self._ahead_us():
                break
            if ahead_us <= 0 or not self._hal.queue_pulse(self._next_at_us):
                return F_COUNT
            waiting.append((self._next_at_us, self._next))
            self._next += 1
            self._next_at_us = self._base_us + self._plan.pulse_offset_us(self._next)
        return F_NONE

    def _ahead_us(self) -> int:
        return CHAIN_AHEAD_US if len(self._waiting) < CHAIN_PULSES else QUEUE_AHEAD_US

    def take(self) -> "Outcome | None":
        """The next finished request or unasked pulse, judged and counted."""
        entry = self._hal.take_result()
        if entry is None:
            return None
        at_us, result, amplitude_pm = entry
        waiting = self._waiting
        is_asked = result != RESULT_UNASKED and waiting
        if is_asked and abs(at_us - waiting[0][0]) <= PULSE_ERROR_US_MAX:
            outcome = Outcome(
                waiting.pop(0)[1], at_us, result, amplitude_pm, self._judge(result, amplitude_pm)
            )
            self._count(outcome)
        elif result == PULSE_REFUSED:
            outcome = Outcome(-1, at_us, result, 0, F_NONE)  # of a request already forgotten
        else:
            outcome = Outcome(-1, at_us, RESULT_UNASKED, amplitude_pm, F_PULSE_UNASKED)
        self._loud_us = at_us
        return outcome

    def _judge(self, result: int, amplitude_pm: int) -> int:
        expected_pm = self._expected_pm
        if result == PULSE_EMITTED:
            if amplitude_pm * 1000 < expected_pm * MISSING_PM:
                return F_PULSE_MISSING
            if abs(amplitude_pm - expected_pm) * 1000 > expected_pm * AMPLITUDE_STOP_PM:
                return F_AMPLITUDE
            return F_NONE
        # Cut or refused is the gate's doing; with the gate on it contradicts itself.
        return F_COUNT if self._hal.gate_is_on() else F_NONE

    def _count(self, outcome: Outcome) -> None:
        if outcome.result == PULSE_EMITTED:
            self.emitted += 1
        elif outcome.result == PULSE_CUT:
            self.cut += 1
        else:
            self.refused += 1
        if outcome.is_delivered():
            self.delivered += 1
            self.last_us = outcome.at_us
            self.last_amplitude_pm = outcome.amplitude_pm
            if self.first_us == 0:
                self.first_us = outcome.at_us

    def _is_overdue(self, now_us: int) -> bool:
        waiting = self._waiting
        return bool(waiting) and now_us >= waiting[0][0] + RESULT_GRACE_US

    def is_result_missing(self, now_us: int) -> bool:
        """A request's time is long past and nothing was heard of it, in a train still running."""
        return not self._is_ending and self._is_overdue(now_us)

    def end(self, now_us: int, ended: int, fault: int) -> None:
        """Ask for no more; what has not begun is forgotten. Highest ended counts."""
        kept = self._hal.cancel_pulses()
        begun = len([entry for entry in self._waiting if entry[0] <= now_us])
        self.ended = max(self.ended, ended)
        self.fault = self.fault or fault
        self._is_ending = True
        self._beyond = self._next
        self._waiting = self._waiting[: max(kept, begun)]

    def settle(self, now_us: int) -> bool:
        """True once, when the last result is in or no longer to be expected."""
        if not self.is_active:
            return False
        if self._is_ending and self._is_overdue(now_us):
            self._waiting = []
        if self._waiting or self._next < self._beyond:
            return False
        self.is_active = False
        return True

    def pulse_report(self, outcome: Outcome, ordinal: int) -> PulseReport:
        """One outcome as the edge hears it; ordinal is 0 when nothing was delivered."""
        return PulseReport(
            ordinal=ordinal,
            train_index=self.train_index,
            pulse_index=max(outcome.pulse_index, 0),
            at_us=outcome.at_us,
            result=outcome.result,
            amplitude_pm=outcome.amplitude_pm,
        )

    def train_result(self, session_pulses: int) -> TrainResult:
        """The figures of the train that just ended."""
        return TrainResult(
            train_index=self.train_index,
            first_pulse=self.first_pulse,
            asked=self.asked,
            emitted=self.emitted,
            cut=self.cut,
            refused=self.refused,
            ended=self.ended,
            fault=self.fault,
            first_us=self.first_us,
            last_us=self.last_us,
            session_pulses=session_pulses,
        )

    def quiet_us(self, now_us: int) -> int:
        """Earliest time, now or later, at which no pulse disturbs a sensor."""
        quiet_us = max(now_us, self._loud_us + QUIET_US)
        for at_us, _ in self._waiting:
            if at_us - QUIET_US < quiet_us < at_us + QUIET_US:
                quiet_us = at_us + QUIET_US
        return quiet_us

    def next_wake_us(self, now_us: int) -> int:
        """When to be called again while a train is active."""
        wake_us = -1
        if self._waiting:
            at_us = self._waiting[0][0]
            wake_us = at_us + RESULT_LOOK_US
            if wake_us <= now_us:
                wake_us = at_us + RESULT_GRACE_US
        if self._next < self._beyond and len(self._waiting) < QUEUE_PULSES:
            ahead_us = self._ahead_us()
            if self._next == self.first_pulse:
                ahead_us = FIRST_AHEAD_US
                if self._next_at_us - now_us <= FIRST_AHEAD_US:
                    ahead_us = LAST_LOOK_US
            fill_us = self._next_at_us - ahead_us
            if wake_us < 0 or fill_us < wake_us:
                wake_us = fill_us
        return wake_us
