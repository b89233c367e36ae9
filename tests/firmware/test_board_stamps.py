# Stamps over a long time: rings that go round, a counter that wraps, Python that comes too late.
import rig
from firmware.board.pulses import UNASKED
from tests.firmware.chip_bench import pass_us
from tests.firmware.pulse_bench import PulseBench


def test_stamps_that_python_came_too_late_for_are_reported() -> None:
    bench = PulseBench()
    for _ in range(20):
        assert rig.fire_unasked()
        pass_us(2000)
    bench.take_all()
    assert [result[1] for result in bench.results] == [UNASKED] * 16  # one for all that were lost
    assert bench.pulses.take_result() is None


def test_long_life_of_rings_and_counters() -> None:
    # Rings go round many times and the stamps' counter wraps at 68.7 s; asked once a second.
    bench = PulseBench()
    for number in range(75):
        bench.charge()
        assert rig.fire_unasked()
        begun_us = bench.now_us()
        pass_us(1000)
        rig.set_bank_mv(0)
        pass_us(999000)
        result = bench.pulses.take_result()
        assert result is not None, number
        assert abs(result[0] - begun_us) < 20, number
        assert bench.pulses.take_result() is None


def test_stamps_are_right_after_half_an_hour_of_silence() -> None:
    bench = PulseBench()
    rig.set_bank_mv(0)
    pass_us(1800000000)
    bench.charge()
    assert rig.fire_unasked()
    begun_us = bench.now_us()
    pass_us(1000)
    result = bench.pulses.take_result()
    assert result is not None
    assert abs(result[0] - begun_us) < 20


def test_intervals_of_stamps_are_exact_to_two_cycles() -> None:
    bench = PulseBench()
    bench.arm()
    start_us = bench.now_us() + 50000
    cycles = []
    for number in range(30):
        bench.run([start_us + number * 100000])
        cycles.append(bench.pulses._back.last_cycles)
    rises = bench.rises()
    offsets = [cycles[n] - rises[n] for n in range(30)]
    assert max(offsets) - min(offsets) <= 2
