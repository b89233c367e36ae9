# Trigger, stamps and pulses on the stand-in chip: every edge in its cycle, every request with one
# result, every current explained. The machines run the real words (tests/board/test_pio_models.py).
import clock
import rig
from firmware.board.pulses import SEEN_PM_MIN, UNASKED
from firmware.wire.codes import PULSE_CUT, PULSE_EMITTED, PULSE_REFUSED
from tests.firmware.chip_bench import pass_us
from tests.firmware.pulse_bench import (
    FULL_MV,
    ITBS,
    LIFE_US,
    START_ERROR_US,
    US,
    CostlyClock,
    PulseBench,
    exact,
    give,
    slow_dma,
)


def test_theta_burst_is_exact_in_every_cycle() -> None:
    bench = PulseBench()
    exact(bench, give(bench, ITBS, 1), 1)
    assert len(rig.the().pulses) == 30
    assert bench.trigger.strays == bench.trigger.missing == 0


def test_shortest_interval_and_slow_dma_are_exact() -> None:
    # 9,000 us leave no cycle between the lock-out and the next delay.
    for dma_cycles in (0, 500):
        bench = PulseBench()
        slow_dma(dma_cycles)
        bench.arm()
        start_us = bench.now_us() + 50000
        times_us = [start_us + n * 9000 for n in range(20)]
        assert [result[1] for result in bench.run(times_us)] == [PULSE_EMITTED] * 20
        exact(bench, times_us, 1)


def test_one_hertz_and_longer_intervals_are_chained() -> None:
    bench = PulseBench()
    bench.arm()
    start_us = bench.now_us() + 50000
    times_us = [start_us + offset for offset in (0, 1000000, 10500000)]
    bench.run(times_us)
    exact(bench, times_us, 1)


def test_start_from_rest_is_within_50_us_on_a_slow_processor() -> None:
    # Every call costs 8 us here, as on the chip; the trigger has measured that by itself.
    for lead_us in (300, 1000, 50000, 9900000):
        bench = PulseBench(CostlyClock())
        clock.set_cost(8 * US)
        bench.trigger.latency_us = bench.trigger._measure_latency_us()
        assert 8 <= bench.trigger.latency_us <= 40
        bench.arm()
        at_us = bench.now_us() + lead_us
        assert bench.pulses.queue_pulse(at_us)
        clock.set_cost(0)
        bench.wait(lead_us + 10000, 40000)
        assert abs(bench.errors_us([at_us])[0]) <= 6
        assert abs(bench.pulses.start_error_us) <= 6


def test_start_that_was_interrupted_is_called_back() -> None:
    # Catches: a collection of garbage in the middle of a start makes the pulse late by 20 ms.
    for reading in range(3):
        slow = CostlyClock()
        bench = PulseBench(slow)
        bench.arm()
        at_us = bench.now_us() + 50000
        slow.jump_at, slow.jump_us = reading, 20000
        is_taken = bench.pulses.queue_pulse(at_us)
        bench.wait(100000)
        if is_taken:
            assert abs(bench.errors_us([at_us])[0]) < START_ERROR_US
        else:
            assert bench.rises() == []
            assert bench.results == []


def test_hand_over_that_was_interrupted_never_shifts_a_pulse() -> None:
    # The same while the machine comes to rest: chained words that arrive late start from rest.
    outcomes = []
    for reading in range(6):
        slow = CostlyClock()
        bench = PulseBench(slow)
        bench.arm()
        first_us = bench.now_us() + 1000
        assert bench.pulses.queue_pulse(first_us)
        pass_us(1000 + 8800)
        slow.jump_at, slow.jump_us = reading, 20000
        second_us = first_us + 60000
        is_taken = bench.pulses.queue_pulse(second_us)
        bench.wait(80000, 20000)
        errors = bench.errors_us([first_us, second_us] if is_taken else [first_us])
        assert max(errors) - min(errors) < START_ERROR_US, reading
        assert len(bench.results) == len(errors)
        outcomes.append(is_taken)
    assert True in outcomes
    assert False in outcomes


def test_late_far_and_close_requests_are_refused() -> None:
    bench = PulseBench()
    bench.arm()
    now_us = bench.now_us()
    assert not bench.pulses.queue_pulse(now_us - 1)
    assert not bench.pulses.queue_pulse(now_us)
    assert not bench.pulses.queue_pulse(now_us + 99)
    assert not bench.pulses.queue_pulse(now_us + 10600000)
    assert bench.pulses.next_us() == -1
    assert bench.pulses.queue_pulse(now_us + 50000)
    assert bench.pulses.next_us() == now_us + 50000
    assert not bench.pulses.queue_pulse(now_us + 50000)  # the same again
    assert not bench.pulses.queue_pulse(now_us + 40000)  # out of order
    assert not bench.pulses.queue_pulse(now_us + 58999)  # inside the lock-out
    for ahead_us in (59000, 80000, 100000):
        assert bench.pulses.queue_pulse(now_us + ahead_us)
    assert not bench.pulses.queue_pulse(now_us + 120000)  # a fifth
    bench.wait(200000)
    assert [result[1] for result in bench.results] == [PULSE_EMITTED] * 4
    assert len(bench.rises()) == 4


def test_request_near_the_moment_of_rest_is_exact_or_refused() -> None:
    # Catches: a request taken for chained by Python and as from rest by the machine.
    # The first pulse is as much too early as a start from rest may be.
    refused = 0
    for offset_us in range(-220, 221, 40):
        bench = PulseBench()
        bench.trigger.latency_us = 50
        bench.arm()
        first_us = bench.now_us() + 50000
        assert bench.pulses.queue_pulse(first_us)
        pass_us(50000 + 9000 + offset_us)
        second_us = first_us + 9000 + 30000
        if bench.pulses.queue_pulse(second_us):
            bench.wait(60000, 20000)
            errors = bench.errors_us([first_us, second_us])
            assert max(errors) - min(errors) < 2, offset_us
        else:
            refused += 1
            assert abs(offset_us) <= 120
            bench.wait(60000, 20000)
            bench.errors_us([first_us])
    assert 3 <= refused <= 6


def test_fourth_request_waits_for_the_dma_and_is_exact() -> None:
    # In the lock-out the FIFO holds two requests and the DMA one: the next waits in Python.
    bench = PulseBench()
    bench.arm()
    start_us = bench.now_us() + 50000
    times_us = [start_us + n * 20000 for n in range(5)]
    for at_us in times_us[:4]:
        assert bench.pulses.queue_pulse(at_us)
    pass_us(51000)
    bench.take_all()
    assert len(bench.results) == 1
    assert bench.trigger._dma.active()
    assert bench.pulses.queue_pulse(times_us[4])
    assert not bench.trigger._requests[-1].is_handed
    bench.wait(100000)
    exact(bench, times_us, 1)


def test_request_that_python_hands_over_too_late_is_refused_in_its_turn() -> None:
    bench = PulseBench()
    bench.arm()
    start_us = bench.now_us() + 50000
    times_us = [start_us + n * 20000 for n in range(5)]
    for at_us in times_us[:4]:
        assert bench.pulses.queue_pulse(at_us)
    pass_us(51000)
    bench.take_all()
    assert bench.pulses.queue_pulse(times_us[4])
    bench.guard.feed(130000)
    pass_us(70000)  # nobody comes while the machine runs empty
    bench.guard.feed(130000)
    pass_us(30000)
    bench.take_all()
    assert [result[1] for result in bench.results] == [PULSE_EMITTED] * 4 + [PULSE_REFUSED]
    assert bench.results[4][0] == times_us[4]
    assert len(bench.rises()) == 4
    assert bench.trigger.missing == 0


def test_gate_open_refuses_and_cuts() -> None:
    bench = PulseBench()
    at_us = bench.now_us() + 50000
    assert bench.pulses.queue_pulse(at_us)  # never armed
    bench.wait(60000)
    assert bench.results == [(at_us, PULSE_REFUSED, 0)]
    assert bench.rises() == []

    bench.arm()
    at_us = bench.now_us() + 50000
    assert bench.pulses.queue_pulse(at_us)
    pass_us(50040)
    bench.guard.drop()
    pass_us(960)
    bench.take_all()
    true_us, result, amplitude_pm = bench.results[1]
    assert abs(true_us - at_us) < START_ERROR_US
    assert result == PULSE_CUT
    assert 500 < amplitude_pm < 990
    pulse = rig.the().pulses[0]
    assert not pulse.is_complete
    assert pulse.end_cycle - pulse.at_cycle < 50 * US


def test_width_holds_the_switch_for_the_whole_current() -> None:
    bench = PulseBench()
    bench.arm()
    at_us = bench.now_us() + 1000
    bench.run([at_us])
    changes = rig.net(2).changes
    assert 0 <= 300 * US - (changes[-1][0] - changes[-2][0]) < 2
    bench.trigger.set_width(100)
    bench.run([bench.now_us() + 20000])
    assert not rig.the().pulses[1].is_complete  # a trigger too short cuts the current


def test_result_is_there_1_ms_after_the_pulse_and_not_before_it_is_over() -> None:
    bench = PulseBench()
    bench.arm()
    at_us = bench.now_us() + 50000
    bench.pulses.queue_pulse(at_us)
    pass_us(50000 + 590)
    assert bench.pulses.take_result() is None
    assert bench.pulses.next_us() == -1 or bench.pulses.next_us() == at_us
    pass_us(410)
    result = bench.pulses.take_result()
    assert result is not None
    assert result[1] == PULSE_EMITTED
    assert bench.pulses.take_result() is None
    assert abs(bench.pulses.last_us() - at_us) < START_ERROR_US


def test_current_without_a_request_is_reported_as_unasked() -> None:
    bench = PulseBench()
    bench.arm()
    assert rig.fire_unasked()
    begun_us = bench.now_us()
    pass_us(1000)
    result = bench.pulses.take_result()
    assert result is not None
    at_us, kind, amplitude_pm = result
    assert kind == UNASKED
    assert abs(at_us - begun_us) < 20
    assert amplitude_pm > 990
    assert bench.pulses.take_result() is None


def test_unasked_current_beside_an_asked_one_is_told_apart() -> None:
    # At each distance: one result of the request, one of the stranger, none twice.
    for offset_us in (-8000, -3000, -1000, 1000, 1500, 4400, 4600, 8000):
        bench = PulseBench()
        bench.arm()
        at_us = bench.now_us() + 50000
        bench.pulses.queue_pulse(at_us)
        bench.wait(50000 + offset_us, 25000)
        bench.charge()
        assert rig.fire_unasked()
        bench.wait(20000, 4000)
        kinds = sorted([result[1] for result in bench.results])
        assert kinds == [UNASKED, PULSE_EMITTED], (offset_us, bench.results)
        for true_us, kind, amplitude_pm in bench.results:
            expected_us = at_us + (0 if kind == PULSE_EMITTED else offset_us)
            assert abs(true_us - expected_us) < START_ERROR_US, (offset_us, bench.results)
            assert amplitude_pm >= SEEN_PM_MIN


def test_two_strangers_are_two_reports() -> None:
    bench = PulseBench()
    for _ in range(2):
        assert rig.fire_unasked()
        bench.wait(5000)
    assert [result[1] for result in bench.results] == [UNASKED, UNASKED]


def test_refused_request_does_not_explain_a_current() -> None:
    bench = PulseBench()
    at_us = bench.now_us() + 50000
    bench.pulses.queue_pulse(at_us)
    bench.wait(50000)
    assert rig.fire_unasked()
    bench.wait(10000)
    assert sorted([result[1] for result in bench.results]) == [UNASKED, PULSE_REFUSED]


def test_pulse_that_comes_at_another_time_is_reported_with_its_true_time() -> None:
    # Planted: the trigger believes that its last pulse was 2 ms earlier than it was.
    bench = PulseBench()
    bench.arm()
    first_us = bench.now_us() + 50000
    bench.pulses.queue_pulse(first_us)
    bench.trigger._last_us -= 2000
    bench.pulses.queue_pulse(first_us + 30000)
    bench.wait(100000)
    assert [result[1] for result in bench.results] == [PULSE_EMITTED] * 2
    assert 1990 < bench.results[1][0] - (first_us + 30000) < 2010
    assert 1990 < bench.pulses.start_error_us < 2010


def test_pulse_without_current_has_no_amplitude() -> None:
    bench = PulseBench()
    rig.the().faults.has_current = False
    bench.arm()
    results = bench.run([bench.now_us() + 50000])
    assert results[0][1:] == (PULSE_EMITTED, 0)


def test_current_that_the_peak_hold_missed_still_counts() -> None:
    bench = PulseBench()
    rig.the().faults.sense_pm = 0
    bench.arm()
    results = bench.run([bench.now_us() + 50000])
    assert results[0][1:] == (PULSE_EMITTED, SEEN_PM_MIN)


def test_pulses_read_together_share_what_the_peak_hold_knows() -> None:
    # Catches: a collection of garbage in a burst that turns the second pulse into a missing one.
    bench = PulseBench()
    bench.arm()
    first_us = bench.now_us() + 50000
    for number in range(3):
        assert bench.pulses.queue_pulse(first_us + number * 20000)
    bench.wait(first_us - bench.now_us() - 5000)
    pass_us(36000)  # Python stands still; the third pulse is still to come when it goes on
    bench.take_all()
    assert [result[1] for result in bench.results] == [PULSE_EMITTED] * 2
    full_pm = bench.results[0][2]
    assert full_pm > 900
    assert bench.results[1][2] == full_pm
    rig.set_bank_mv(FULL_MV // 2)
    bench.wait(20000)
    assert abs(bench.results[2][2] - 500) < 20  # read alone again, nothing left over


def test_pulses_read_together_never_lend_current_to_one_without() -> None:
    bench = PulseBench()
    bench.arm()
    first_us = bench.now_us() + 50000
    for number in range(2):
        assert bench.pulses.queue_pulse(first_us + number * 20000)
    bench.wait(first_us - bench.now_us() + 600, 100)
    rig.the().faults.has_current = False
    pass_us(40000)
    bench.take_all()
    assert bench.results[0][2] > 900
    assert bench.results[1][1:] == (PULSE_EMITTED, 0)


def test_lost_result_is_never_given_to_the_next_request() -> None:
    bench = PulseBench()
    bench.arm()
    first_us = bench.now_us() + 50000
    bench.pulses.queue_pulse(first_us)
    pass_us(50000 + 400)
    assert bench.trigger._results.take() >= 0  # planted: the word is gone
    bench.wait(10000)
    kinds = [result[1] for result in bench.results]
    assert kinds == [UNASKED]  # its trigger and its current have come, and nobody owns them
    assert bench.trigger.missing == 1
    second_us = bench.now_us() + 50000
    assert bench.run([second_us])[0][1] == PULSE_EMITTED


def test_result_without_a_request_is_thrown_away_and_counted() -> None:
    bench = PulseBench()
    bench.pulses.queue_pulse(bench.now_us() + 50000)
    bench.trigger._requests = []
    bench.wait(100000)
    assert bench.trigger.strays == 1
    assert bench.results == []


def test_gate_alive_only_as_long_as_it_is_fed_ends_a_train_of_its_own() -> None:
    # Python stops in a train: what the machine still holds is refused when the enable falls.
    bench = PulseBench()
    bench.arm()
    start_us = bench.now_us() + 50000
    for number in range(4):
        assert bench.pulses.queue_pulse(start_us + number * 100000)
    pass_us(500000)
    bench.take_all()
    assert [result[1] for result in bench.results] == [PULSE_EMITTED] + [PULSE_REFUSED] * 3
    assert LIFE_US == 100000
