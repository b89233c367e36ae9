# Calling requests back, at every phase of the trig machine: what is running or about to run is
# never touched, what is forgotten never comes, and each promise of a result is kept.
import clock
import rig
from firmware.wire.codes import PULSE_EMITTED
from firmware.wire.limits import CANCEL_LEAD_US
from tests.firmware.chip_bench import pass_us
from tests.firmware.pulse_bench import US, CostlyClock, PulseBench

LEAD_US = 30000
CUT_FREE_US = 310  # a pulse and its fall


def asked(bench: PulseBench, interval_us: int) -> "list[int]":
    bench.arm()
    first_us = bench.now_us() + LEAD_US
    times_us = [first_us + n * interval_us for n in range(4)]
    for at_us in times_us:
        assert bench.pulses.queue_pulse(at_us)
    return times_us


def check_after(bench: PulseBench, times_us: "list[int]", kept: int) -> None:
    # The promise, the pulses, and a new request that is as exact as any.
    bench.wait(60000, 20000)
    assert len(bench.results) == kept, (kept, bench.results)
    assert [result[1] for result in bench.results] == [PULSE_EMITTED] * kept
    bench.errors_us(times_us[:kept])
    assert all(pulse.is_complete for pulse in rig.the().pulses)
    bench.charge()
    again_us = bench.now_us() + 20000
    assert bench.pulses.queue_pulse(again_us)
    bench.wait(30000, 20000)
    assert len(bench.results) == kept + 1
    assert abs(bench.errors_us(times_us[:kept] + [again_us])[kept]) < 10
    assert bench.trigger.strays == bench.trigger.missing == 0


def check_at(cancel_us: int, interval_us: int, cost_us: int = 0) -> int:
    bench = PulseBench(CostlyClock())
    times_us = asked(bench, interval_us)
    pass_us(LEAD_US + cancel_us)
    now_us = bench.now_us()
    clock.set_cost(cost_us * US)
    kept = bench.pulses.cancel_pulses()
    clock.set_cost(0)
    begun = len([at_us for at_us in times_us if at_us < now_us])
    near = len([at_us for at_us in times_us if at_us <= bench.now_us() + CANCEL_LEAD_US])
    assert begun <= kept <= near, (cancel_us, begun, kept, near)
    check_after(bench, times_us, kept)
    return near - kept


def test_cancel_at_every_phase_keeps_its_promise() -> None:
    # From before the first pull through two pulses; tests/board has the same in finer steps.
    phases = list(range(-300, 400, 70)) + [600, 4000, 8900, 9100, 19750, 19900, 20100, 20350]
    phases += [-LEAD_US, -20000]
    early = 0
    for cancel_us in phases:
        early += check_at(cancel_us, 20000)
    assert early == 0  # at 20 ms nothing that near can still be in the FIFO


def test_cancel_with_the_next_request_still_in_the_fifo() -> None:
    # At 9.1 ms a request is taken out of the FIFO only 100 us before its edge.
    phases = range(8700, 9500, 100)
    assert sum([check_at(cancel_us, 9100) for cancel_us in phases]) > 0
    for cancel_us in phases:
        check_at(cancel_us, 9000)


def test_cancel_on_a_slow_processor_keeps_its_promise() -> None:
    # Each access takes 8 us, so that time goes on in the middle of it, as on the chip.
    for cancel_us in list(range(-350, 400, 100)) + list(range(8600, 9300, 100)):
        check_at(cancel_us, 9000, 8)


def test_cancel_of_nothing_and_twice_changes_nothing() -> None:
    bench = PulseBench()
    assert bench.pulses.cancel_pulses() == 0
    assert bench.pulses.queue_pulse(bench.now_us() + 1000)
    bench.wait(5000)
    times_us = asked(bench, 20000)
    assert bench.pulses.cancel_pulses() == 0
    assert bench.pulses.cancel_pulses() == 0
    assert bench.pulses.next_us() == -1
    bench.wait(LEAD_US + 80000)
    assert len(bench.rises()) == 0
    assert times_us[0] < bench.now_us()


def test_cancel_counts_results_that_were_not_taken() -> None:
    bench = PulseBench()
    asked(bench, 20000)
    pass_us(LEAD_US + 400)
    assert bench.pulses.take_result() is None  # the result is in, its stamps are awaited
    pass_us(19900)
    assert bench.pulses.cancel_pulses() == 2
    bench.wait(60000)
    assert len(bench.results) == 2


def test_request_right_after_a_cancel_is_exact() -> None:
    # The machine is in its lock-out: the request is counted from the end of it.
    for later_us in (0, 3000, 8500):
        bench = PulseBench()
        asked(bench, 20000)
        assert bench.pulses.cancel_pulses() == 0
        pass_us(later_us)
        again_us = bench.now_us() + 20000
        assert bench.pulses.queue_pulse(again_us)
        assert not bench.pulses.queue_pulse(again_us + 8999)
        assert bench.pulses.queue_pulse(again_us + 9000)
        bench.wait(50000)
        errors = bench.errors_us([again_us, again_us + 9000])
        assert errors[0] == errors[1]
        assert abs(errors[0]) < 10


def test_pulse_after_a_cancel_keeps_the_lock_out() -> None:
    # Catches: a cancel that frees the machine sooner than 9 ms after a pulse.
    bench = PulseBench()
    times_us = asked(bench, 20000)
    pass_us(LEAD_US + CUT_FREE_US + 100)
    assert bench.pulses.cancel_pulses() == 1
    refused = 0
    for ahead_us in range(100, 12000, 500):
        if bench.pulses.queue_pulse(bench.now_us() + ahead_us):
            break
        refused += 1
    assert refused >= 17
    bench.wait(30000)
    rises = bench.rises()
    assert len(rises) == 2
    assert rises[1] - rises[0] >= 9000 * US
    assert abs(rises[0] // US - times_us[0]) < 10


def test_words_left_in_the_fifo_would_be_pulses() -> None:
    # Planted: a cancel that forgets to empty the FIFO; the checks above must see it.
    bench = PulseBench()
    times_us = asked(bench, 20000)
    pass_us(5000)
    bench.trigger._dma.active(0)
    bench.trigger._machine.exec(bench.trigger._cancel)
    bench.trigger._requests = []
    caught = False
    try:
        check_after(bench, times_us, 0)
    except AssertionError:
        caught = True
    assert caught


def test_jump_into_a_pulse_would_cut_it() -> None:
    # Planted: a cancel that takes the next request for one that the machine has taken.
    bench = PulseBench()
    times_us = asked(bench, 20000)
    bench.trigger._requests[1].pull_us = 0
    pass_us(LEAD_US + 100)
    kept = bench.pulses.cancel_pulses()
    caught = False
    try:
        check_after(bench, times_us, kept)
    except AssertionError:
        caught = True
    assert caught
