"""Way b: each pulse at its time or not at all; nothing caught up, nothing after the gate."""

from __future__ import annotations

import pytest

from firmware.pi.trigger import LATE_NS_MAX, LOCK_OUT_NS, WIDTH_NS
from firmware.wire.codes import IN_DOOR, IN_ESTOP, PULSE_CUT, PULSE_EMITTED, PULSE_REFUSED
from firmware.wire.limits import CANCEL_LEAD_US, IPI_US_MIN
from tests.pi.step_clock import STEP_NS
from tests.pi.unit import Unit

MS = 1_000_000


def ask(unit: Unit, *after_us: int) -> list[int]:
    """Requests so long after now; their times."""
    now_us = unit.now_us
    times = [now_us + offset_us for offset_us in after_us]
    for at_us in times:
        assert unit.hal.queue_pulse(at_us)
    return times


def test_pulses_come_at_their_times(unit: Unit) -> None:
    unit.arm()
    times = ask(unit, 10_000, 30_000, 50_000, 210_000)

    results = unit.fire_all()

    assert [result[1] for result in results] == [PULSE_EMITTED] * 4
    assert all(0 <= r[0] - at_us <= 2 for r, at_us in zip(results, times, strict=True))
    edges = [pulse.at_ns for pulse in unit.plant.pulses]
    assert all(0 <= e - at_us * 1000 <= 4 * STEP_NS for e, at_us in zip(edges, times, strict=True))
    assert all(pulse.is_complete for pulse in unit.plant.pulses)
    assert all(abs(result[2] - 500) <= 2 for result in results)


def test_trigger_is_no_longer_than_its_width(unit: Unit) -> None:
    unit.arm()
    ask(unit, 10_000)
    unit.fire_all()

    pulse = unit.plant.pulses[0]
    assert WIDTH_NS <= pulse.end_ns - pulse.at_ns <= WIDTH_NS + 4 * STEP_NS


def test_stalled_pulse_is_refused_and_the_next_comes_at_its_own_time(unit: Unit) -> None:
    """Catches: catching up, and pulses in a heap after a stall."""
    unit.arm()
    times = ask(unit, 10_000, 30_000, 50_000)
    unit.clock.stalls_ns = [0, 5 * MS]

    results = unit.fire_all()

    assert [result[1] for result in results] == [PULSE_EMITTED, PULSE_REFUSED, PULSE_EMITTED]
    assert [pulse.at_ns // 1000 for pulse in unit.plant.pulses] == [times[0], times[2]]
    assert unit.parts.trigger.refused_late == 1
    assert unit.hal.timing()[1] >= 4800
    assert unit.hal.timing()[0] >= 480_000


@pytest.mark.parametrize(
    ("intervals_us", "bound_us"),
    [((20_000, 20_000), 200), ((160_000, 20_000), 200), ((20_000, 160_000), 200)],
)
def test_late_means_one_percent_of_the_shorter_neighbouring_interval(
    unit: Unit, intervals_us: tuple[int, int], bound_us: int
) -> None:
    """Catches: a bound by the gap before alone; the first pulse of a burst stands between two."""
    before_us, after_us = intervals_us
    for late_us, result in ((bound_us - 10, PULSE_EMITTED), (bound_us + 10, PULSE_REFUSED)):
        unit.arm()
        first = 10_000
        ask(unit, first, first + before_us, first + before_us + after_us)
        unit.clock.stalls_ns = [0, 200_000 + late_us * 1000]

        results = unit.fire_all()

        assert results[1][1] == result
        unit.clock.stall(50 * MS)


def test_no_lateness_above_the_bound_of_the_core_is_ever_emitted(unit: Unit) -> None:
    unit.arm()
    ask(unit, 10_000, 2_000_000)
    unit.clock.stalls_ns = [0, 200_000 + LATE_NS_MAX + 10_000]

    results = unit.fire_all()

    assert [result[1] for result in results] == [PULSE_EMITTED, PULSE_REFUSED]


def test_gate_that_is_off_refuses(unit: Unit) -> None:
    (at_us,) = ask(unit, 10_000)

    assert unit.fire_all() == [(at_us, PULSE_REFUSED, 0)]
    assert unit.plant.pulses == []


def test_life_that_ended_before_the_edge_refuses(unit: Unit) -> None:
    unit.arm(5_000)
    ask(unit, 10_000)
    unit.clock.stall(4 * MS)
    unit.hal.beat()
    unit.clock.stall(5 * MS)

    unit.hal.fire_next()

    assert unit.plant.pulses == []


@pytest.mark.parametrize("before_us", [5_000, 1_000, 150, 70])
def test_interlock_that_opens_before_the_edge_refuses(unit: Unit, before_us: int) -> None:
    unit.arm()
    (at_us,) = ask(unit, 10_000)
    unit.clock.at((at_us - before_us) * 1000, lambda: unit.set_input(IN_DOOR, False))

    results = unit.fire_all()

    assert results == [(at_us, PULSE_REFUSED, 0)]
    assert unit.plant.pulses == []


@pytest.mark.parametrize("phase_us", [1, 20, 100, 200, 280])
def test_interlock_that_opens_in_the_pulse_cuts_it(unit: Unit, phase_us: int) -> None:
    unit.arm()
    (at_us,) = ask(unit, 10_000)
    opened_ns = (at_us + phase_us) * 1000
    unit.clock.at(opened_ns, lambda: unit.set_input(IN_ESTOP, False))

    results = unit.fire_all()

    assert [result[1] for result in results] == [PULSE_CUT]
    assert unit.plant.pulses[0].end_ns - opened_ns <= 4 * STEP_NS
    assert unit.settings.pins.trigger not in unit.plant.high


def test_trigger_falls_when_the_pulse_is_ended_by_an_error(
    unit: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit.arm()
    ask(unit, 10_000)
    calls = []

    def look() -> bool:
        calls.append(1)
        if unit.settings.pins.trigger in unit.plant.high:
            raise ZeroDivisionError
        return True

    monkeypatch.setattr(unit.parts.gate, "look", look)
    unit.clock.stall(9 * MS)

    with pytest.raises(ZeroDivisionError):
        unit.hal.fire_next()

    assert unit.settings.pins.trigger not in unit.plant.high


def test_requests_that_cannot_be_kept_are_not_taken(unit: Unit) -> None:
    now_us = unit.now_us

    assert not unit.hal.queue_pulse(now_us - 1_000)
    assert not unit.hal.queue_pulse(now_us + 400)
    assert unit.hal.queue_pulse(now_us + 50_000)
    assert not unit.hal.queue_pulse(now_us + 40_000)
    assert not unit.hal.queue_pulse(now_us + 50_000 + IPI_US_MIN - 100)
    for index in range(1, 4):
        assert unit.hal.queue_pulse(now_us + 50_000 + index * IPI_US_MIN)
    assert not unit.hal.queue_pulse(now_us + 200_000)


def test_edges_never_come_closer_than_the_lock_out(unit: Unit) -> None:
    """Catches: a late pulse followed by one in time, at less than the shortest interval."""
    unit.arm()
    now_us = unit.now_us
    assert unit.hal.queue_pulse(now_us + 10_000)
    unit.clock.stalls_ns = [200_000 + 80_000]
    unit.fire_all()
    edge_us = unit.plant.pulses[0].at_ns // 1000

    assert not unit.hal.queue_pulse(edge_us + LOCK_OUT_NS // 1000 - 10)
    assert unit.hal.queue_pulse(edge_us + LOCK_OUT_NS // 1000 + 10)


def test_lock_out_holds_at_the_edge_too(unit: Unit) -> None:
    unit.arm()
    trigger = unit.parts.trigger
    (at_us,) = ask(unit, 10_000)
    trigger._edge_ns = at_us * 1000 - LOCK_OUT_NS + 10_000  # planted: queue() was fooled

    assert unit.fire_all() == [(at_us, PULSE_REFUSED, 0)]


def test_cancel_forgets_what_is_not_about_to_begin(unit: Unit) -> None:
    unit.arm()
    times = ask(unit, 10_000, 30_000, 50_000)
    unit.clock.stall(10 * MS - CANCEL_LEAD_US * 1000 + 50_000)

    assert unit.hal.cancel_pulses() == 1
    assert unit.hal.next_pulse_ns() == times[0] * 1000


def test_cancel_counts_results_that_were_not_taken(unit: Unit) -> None:
    unit.arm()
    times = ask(unit, 10_000, 30_000)
    while unit.clock.peek_ns() < times[0] * 1000 - MS:
        unit.clock.stall(MS // 2)
        unit.hal.beat()
    unit.hal.fire_next()

    assert unit.hal.cancel_pulses() == 1
    assert unit.hal.next_pulse_ns() is None
    result = unit.hal.take_result()
    assert result is not None
    assert result[1] == PULSE_EMITTED


def test_pulse_that_nobody_asked_for_is_told_with_result_zero(unit: Unit) -> None:
    unit.hal.beat()
    unit.plant.fire_unasked()
    unit.clock.stall(11 * MS)

    unit.hal.beat()

    result = unit.hal.take_result()
    assert result is not None
    assert result[1] == 0
    assert abs(result[2] - 500) <= 2
    assert unit.hal.take_result() is None


def test_unasked_pulse_just_before_an_asked_one_does_not_hide_in_its_peak(unit: Unit) -> None:
    """Catches: one peak for two pulses, one of them never counted."""
    unit.arm()
    (at_us,) = ask(unit, 5_000)
    unit.hal.beat()
    unit.clock.stall(at_us * 1000 - 600_000 - unit.clock.peek_ns())
    unit.plant.fire_unasked()
    unit.clock.stall(150_000)

    unit.hal.fire_next()  # no turn looked at the current since

    assert [result[1] for result in unit.fire_all()] == [0, PULSE_EMITTED]


def test_trigger_without_current_is_emitted_without_amplitude(unit: Unit) -> None:
    unit.arm()
    unit.plant.has_current = False
    (at_us,) = ask(unit, 10_000)

    ((true_us, result, amplitude_pm),) = unit.fire_all()

    assert (result, amplitude_pm) == (PULSE_EMITTED, 0)
    assert 0 <= true_us - at_us <= 2
