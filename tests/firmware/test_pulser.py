# The running train alone: the queue of the HAL, the judgement of results, the end of a train.
from firmware.core.bounds import (
    CHAIN_AHEAD_US,
    FIRST_AHEAD_US,
    LAST_LOOK_US,
    QUEUE_AHEAD_US,
    QUEUE_PULSES,
    QUIET_US,
    RESULT_GRACE_US,
    RESULT_LOOK_US,
)
from firmware.core.pulser import Outcome, Pulser
from firmware.core.train import TrainPlan
from firmware.wire.codes import (
    ENDED_COMPLETE,
    ENDED_FAULT,
    ENDED_HOLD,
    ENDED_STOP,
    F_AMPLITUDE,
    F_BANK_VOLTAGE,
    F_COUNT,
    F_DOOR,
    F_NONE,
    F_PULSE_MISSING,
    F_PULSE_UNASKED,
    PULSE_CUT,
    PULSE_EMITTED,
    PULSE_REFUSED,
)
from firmware.wire.limits import CANCEL_LEAD_US
from tests.firmware.bench import ITBS_600, TEN_HZ_80
from tests.firmware.fake_hal import FakeHal
from tests.firmware.marks import control

pytestmark = [control("pulse-check"), control("quiet-sampling")]

START = 1000000
PLAN = TrainPlan(TEN_HZ_80, 1)
FAST = TrainPlan(((5, 20000), (1, 0), (1, 0), (1, 0)), 1)


def _started(plan: TrainPlan = PLAN, count: int = 3, first: int = 0) -> "tuple[FakeHal, Pulser]":
    hal = FakeHal()
    pulser = Pulser(hal)
    pulser.start(plan, 2, first, count, START, 60)
    return hal, pulser


def _take(pulser: Pulser) -> Outcome:
    outcome = pulser.take()
    assert outcome is not None
    return outcome


def test_first_pulse_is_handed_over_late_and_the_rest_ahead() -> None:
    hal, pulser = _started(FAST, 5)
    assert pulser.next_wake_us(0) == START - FIRST_AHEAD_US
    assert not pulser.needs_bank(START - FIRST_AHEAD_US - 1)
    assert pulser.fill(START - FIRST_AHEAD_US - 1, True) == F_NONE
    assert hal.queue == []
    assert pulser.needs_bank(START - FIRST_AHEAD_US)
    assert pulser.fill(START - FIRST_AHEAD_US, True) == F_NONE
    assert hal.queue == [START + n * 20000 for n in range(QUEUE_PULSES)]
    assert not pulser.needs_bank(START)
    assert pulser.next_wake_us(START - FIRST_AHEAD_US) == START + RESULT_LOOK_US


def test_bank_is_asked_for_before_the_first_pulse_only() -> None:
    hal, pulser = _started()
    pulser.fill(START - FIRST_AHEAD_US, True)
    assert hal.queue == [START, START + 100000]
    assert not pulser.needs_bank(START + 200000 - FIRST_AHEAD_US)
    _, pulser = _started()
    pulser.end(0, ENDED_HOLD, F_NONE)
    assert not pulser.needs_bank(START)


def test_request_one_microsecond_ahead_is_still_handed_over() -> None:
    hal, pulser = _started(PLAN, 1)
    assert pulser.fill(START - 1, True) == F_NONE
    assert hal.queue == [START]


def test_two_slow_pulses_wait_so_that_the_trigger_machine_never_starts_cold() -> None:
    # Catches: handing a pulse over only when it is near, which makes its onset Python's.
    hal, pulser = _started(TrainPlan(((4, 1000000), (1, 0), (1, 0), (1, 0)), 1), 4)
    pulser.fill(START - FIRST_AHEAD_US, True)
    assert hal.queue == [START, START + 1000000]
    assert pulser.next_wake_us(START - 1) == START + RESULT_LOOK_US
    hal.queue.pop(0)
    hal.results.append((START, PULSE_EMITTED, 600))
    assert _take(pulser).pulse_index == 0
    pulser.fill(START + RESULT_LOOK_US, True)
    assert hal.queue == [START + 1000000, START + 2000000]
    fill_us = START + 3000000 - QUEUE_AHEAD_US
    pulser.fill(fill_us - 1, True)
    assert len(hal.queue) == 2


def test_pulses_beyond_the_counters_reach_wait_their_turn() -> None:
    hal, pulser = _started(TrainPlan(((3, 30000000), (1, 0), (1, 0), (1, 0)), 1))
    pulser.fill(START - FIRST_AHEAD_US, True)
    assert hal.queue == [START]
    hal.results.append((START, PULSE_EMITTED, 600))
    _take(pulser)
    fill_us = START + 30000000 - CHAIN_AHEAD_US
    assert pulser.next_wake_us(START + 1) == fill_us
    pulser.fill(fill_us - 1, True)
    assert len(hal.queue) == 1
    pulser.fill(fill_us, True)
    assert len(hal.queue) == 2


def test_part_of_a_train_is_timed_from_its_own_first_pulse() -> None:
    hal, pulser = _started(TrainPlan(ITBS_600, 2), 4, 2)
    pulser.fill(START - FIRST_AHEAD_US, True)
    # Pulse 2 ends the first burst; pulse 3 begins the second, 160 ms later [C].
    assert hal.queue == [START, START + 160000]
    pulser.fill(START - 20000, True)
    assert hal.queue == [START, START + 160000, START + 180000]


def test_bank_outside_its_tolerance_is_looked_at_again_and_then_ends_the_train() -> None:
    # Catches: firing with a bank that has not recovered.
    hal, pulser = _started()
    assert pulser.fill(START - FIRST_AHEAD_US, False) == F_NONE
    assert hal.queue == []
    assert pulser.next_wake_us(START - FIRST_AHEAD_US) == START - LAST_LOOK_US
    assert pulser.fill(START - LAST_LOOK_US, False) == F_BANK_VOLTAGE
    assert hal.queue == []


def test_late_request_ends_the_train_and_is_never_caught_up() -> None:
    # Catches: handing a late pulse to the queue, or skipping it and going on.
    hal, pulser = _started()
    assert pulser.fill(START, True) == F_COUNT
    assert hal.queue == []
    hal.is_queue_refusing = True
    assert pulser.fill(START - FIRST_AHEAD_US, True) == F_COUNT


def test_results_are_judged_by_amplitude() -> None:
    # 60 percent is 600 per mille: 10 percent of it is 60; half is 300.
    for amplitude_pm, fault, is_delivered in (
        (600, F_NONE, True),
        (660, F_NONE, True),
        (661, F_AMPLITUDE, True),
        (540, F_NONE, True),
        (539, F_AMPLITUDE, True),
        (300, F_AMPLITUDE, True),
        (299, F_PULSE_MISSING, True),
        (3, F_PULSE_MISSING, True),
        (2, F_PULSE_MISSING, False),
        (0, F_PULSE_MISSING, False),
    ):
        hal, pulser = _started()
        pulser.fill(START - FIRST_AHEAD_US, True)
        hal.results.append((START, PULSE_EMITTED, amplitude_pm))
        outcome = _take(pulser)
        assert (outcome.fault, outcome.is_delivered()) == (fault, is_delivered), amplitude_pm
        assert (pulser.emitted, pulser.delivered) == (1, int(is_delivered))
        assert pulser.take() is None


def test_results_cut_and_refused_are_counted_and_only_sensed_current_is_delivered() -> None:
    # Catches: counting asked pulses as delivered pulses.
    hal, pulser = _started(FAST, 4)
    pulser.fill(START - FIRST_AHEAD_US, True)
    for n, result, amplitude_pm in ((0, PULSE_CUT, 200), (1, PULSE_CUT, 0), (2, PULSE_REFUSED, 0)):
        hal.results.append((START + n * 20000, result, amplitude_pm))
        assert _take(pulser).fault == F_NONE
    assert (pulser.emitted, pulser.cut, pulser.refused, pulser.delivered) == (0, 2, 1, 1)
    assert (pulser.first_us, pulser.last_us) == (START, START)


def test_refusal_with_the_gate_on_contradicts_itself() -> None:
    hal, pulser = _started()
    pulser.fill(START - FIRST_AHEAD_US, True)
    hal.is_gate_stuck = True
    hal.results.append((START, PULSE_REFUSED, 0))
    assert _take(pulser).fault == F_COUNT


def test_pulse_without_request_is_unasked() -> None:
    # Catches: matching any result with the oldest request.
    hal, pulser = _started()
    hal.results.append((START, 0, 600))
    assert _take(pulser).fault == F_PULSE_UNASKED
    pulser.fill(START - FIRST_AHEAD_US, True)
    hal.results.append((START - 30000, PULSE_EMITTED, 600))
    outcome = _take(pulser)
    assert (outcome.fault, outcome.pulse_index, outcome.result) == (F_PULSE_UNASKED, -1, 0)
    assert outcome.is_delivered()
    assert pulser.emitted == 0
    hal.results.append((START + 1000, PULSE_EMITTED, 600))
    assert _take(pulser).fault == F_NONE


def test_refusal_of_a_forgotten_request_is_no_fault() -> None:
    hal, pulser = _started()
    hal.results.append((START, PULSE_REFUSED, 0))
    outcome = _take(pulser)
    assert (outcome.fault, outcome.result, outcome.pulse_index) == (F_NONE, PULSE_REFUSED, -1)
    assert (outcome.at_us, outcome.amplitude_pm) == (START, 0)


def test_result_that_does_not_come_is_missing_after_the_grace() -> None:
    _, pulser = _started(PLAN, 1)
    assert not pulser.is_result_missing(START)
    pulser.fill(START - FIRST_AHEAD_US, True)
    assert pulser.next_wake_us(START + RESULT_LOOK_US) == START + RESULT_GRACE_US
    assert not pulser.is_result_missing(START + RESULT_GRACE_US - 1)
    assert pulser.is_result_missing(START + RESULT_GRACE_US)


def test_figures_of_a_train_count_every_pulse_and_start_anew() -> None:
    # Catches: a count that stays at one, or figures of the train before.
    hal, pulser = _started(FAST, 5)
    pulser.fill(START - FIRST_AHEAD_US, True)
    for n, result, amplitude_pm in (
        (0, PULSE_EMITTED, 600),
        (1, PULSE_EMITTED, 610),
        (2, PULSE_REFUSED, 0),
        (3, PULSE_REFUSED, 0),
    ):
        hal.results.append((START + n * 20000, result, amplitude_pm))
        _take(pulser)
    assert (pulser.emitted, pulser.refused, pulser.delivered) == (2, 2, 2)
    assert (pulser.first_us, pulser.last_us) == (START, START + 20000)
    assert pulser.last_amplitude_pm == 610
    pulser.end(START, ENDED_FAULT, F_DOOR)
    told = pulser.train_result(77)
    assert [getattr(told, name) for name in told.FIELDS] == [
        2, 0, 5, 2, 0, 2, ENDED_FAULT, F_DOOR, START, START + 20000, 77,
    ]  # fmt: skip
    pulser.start(FAST, 3, 0, 5, START, 60)
    assert (pulser.emitted, pulser.cut, pulser.refused, pulser.delivered) == (0, 0, 0, 0)
    assert (pulser.first_us, pulser.last_us, pulser.fault) == (0, 0, F_NONE)
    assert (pulser.ended, pulser._is_ending, pulser._waiting) == (ENDED_COMPLETE, False, [])


def test_pulse_is_told_with_what_was_sensed() -> None:
    _, pulser = _started()
    for pulse_index, told_index in ((-1, 0), (0, 0), (1, 1)):
        told = pulser.pulse_report(Outcome(pulse_index, 123, PULSE_CUT, 45, F_NONE), 9)
        assert [getattr(told, name) for name in told.FIELDS] == [9, 2, told_index, 123, 2, 45]


def test_train_is_complete_when_every_result_is_in() -> None:
    hal, pulser = _started(FAST, 5)
    now_us = START - FIRST_AHEAD_US
    for n in range(5):
        pulser.fill(now_us, True)
        now_us = START + n * 20000
        assert not pulser.settle(now_us)
        hal.results.append((hal.queue.pop(0), PULSE_EMITTED, 600))
        assert _take(pulser).at_us == now_us
    assert pulser.settle(now_us)
    assert not pulser.settle(now_us)
    assert pulser.is_active is False
    assert (pulser.asked, pulser.emitted, pulser.ended) == (5, 5, ENDED_COMPLETE)


def test_ended_train_waits_for_the_pulse_that_has_begun_only() -> None:
    hal, pulser = _started(FAST, 5)
    pulser.fill(START - FIRST_AHEAD_US, True)
    pulser.end(START, ENDED_HOLD, F_NONE)
    assert hal.queue == []
    assert not pulser.settle(START)
    assert not pulser.is_result_missing(START + RESULT_GRACE_US)
    hal.results.append((START, PULSE_CUT, 300))
    _take(pulser)
    assert pulser.settle(START + 300)
    assert (pulser.cut, pulser.ended) == (1, ENDED_HOLD)
    assert pulser.fill(START + 400, True) == F_NONE
    assert hal.queue == []


def test_ended_train_waits_for_a_pulse_too_near_to_be_called_back() -> None:
    # Catches: forgetting a request that still fires, which then looks like one nobody asked for.
    hal, pulser = _started(FAST, 5)
    pulser.fill(START - FIRST_AHEAD_US, True)
    hal.now_us = START - CANCEL_LEAD_US + 1
    pulser.end(hal.now_us, ENDED_HOLD, F_NONE)
    assert hal.queue == [START]
    assert not pulser.settle(START)
    hal.results.append((START, PULSE_EMITTED, 600))
    outcome = _take(pulser)
    assert (outcome.pulse_index, outcome.fault) == (0, F_NONE)
    assert pulser.settle(START + 300)


def test_ended_train_waits_for_results_that_were_not_taken_yet() -> None:
    hal, pulser = _started(FAST, 5)
    pulser.fill(START - FIRST_AHEAD_US, True)
    for _ in range(2):
        hal.results.append((hal.queue.pop(0), PULSE_EMITTED, 600))
    hal.now_us = START + 20000
    pulser.end(START - 1, ENDED_STOP, F_NONE)  # the poll began before both edges
    for n in range(2):
        assert _take(pulser).pulse_index == n
    assert pulser.settle(START + 20300)


def test_ended_train_gives_up_waiting_after_the_grace() -> None:
    _, pulser = _started(FAST, 5)
    pulser.fill(START - FIRST_AHEAD_US, True)
    pulser.end(START + 5, ENDED_STOP, F_NONE)
    assert not pulser.settle(START + RESULT_GRACE_US - 1)
    assert pulser.settle(START + RESULT_GRACE_US)
    assert pulser.delivered == 0


def test_ended_train_keeps_the_strongest_reason_and_the_first_fault() -> None:
    _, pulser = _started()
    pulser.end(0, ENDED_HOLD, F_NONE)
    pulser.end(0, ENDED_FAULT, F_DOOR)
    pulser.end(0, ENDED_STOP, F_COUNT)
    assert (pulser.ended, pulser.fault) == (ENDED_FAULT, F_DOOR)


def test_sensors_are_read_away_from_pulses() -> None:
    hal, pulser = _started(FAST, 5)
    assert pulser.quiet_us(0) == 0
    pulser.fill(START - FIRST_AHEAD_US, True)
    assert pulser.quiet_us(START - QUIET_US) == START - QUIET_US
    assert pulser.quiet_us(START - QUIET_US + 1) == START + QUIET_US
    hal.results.append((START, PULSE_EMITTED, 600))
    _take(pulser)
    assert pulser.quiet_us(START + 500) == START + QUIET_US
    assert pulser.quiet_us(START + QUIET_US) == START + QUIET_US
