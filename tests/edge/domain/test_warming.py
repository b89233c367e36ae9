"""The winding must warm as the pulses' energy says; a sensor that is not on the coil does not."""

from __future__ import annotations

from edge.domain.thermal import FIGURE8
from edge.domain.warming import (
    FAILURES_MAX,
    PAUSE_S,
    READINGS_MAX,
    RUN_S_MAX,
    SETTLE_S,
    SHARE_MIN,
    STEP_K,
    TREND_S_MIN,
    Warming,
    _Run,
)

STATUS_S = 0.1
FULL = 1000  # per mille of full output


class Winding:
    """A winding with trains of pulses; follows tells whether its sensor sees them."""

    def __init__(self, start_c: float = 28.0, trend_c_s: float = 0.0) -> None:
        self.warming = Warming()
        self.now_s = 0.0
        self.c = start_c
        self.trend_c_s = trend_c_s

    def rest(self, seconds: float) -> Winding:
        for _ in range(round(seconds / STATUS_S)):
            self._status()
        return self

    def train(self, pulses: int, *, follows: float, hz: float = 10.0) -> Winding:
        """follows: share of the energy that the sensor shows."""
        for _ in range(pulses):
            self.warming.take_pulse(self.now_s, FULL)
            self.c += FIGURE8.pulse_k * follows
            self.rest(1 / hz)
        return self.rest(1.0)

    def _status(self) -> None:
        self.now_s += STATUS_S
        self.c += self.trend_c_s * STATUS_S
        self.warming.take_winding(self.now_s, round(self.c * 10))


def test_winding_that_warms_as_told_is_believed_train_after_train() -> None:
    winding = Winding(trend_c_s=-0.3)
    for _ in range(10):
        winding.rest(8).train(40, follows=1.0)
        assert not winding.warming.is_doubtful


def test_winding_that_shows_nothing_of_the_energy_is_doubtful_within_one_train() -> None:
    assert Winding().rest(8).train(40, follows=0.0).warming.is_doubtful


def test_winding_in_a_falling_trend_is_judged_against_the_trend() -> None:
    # Catches: demanding a plain rise, which a well cooled coil does not show.
    cooled = Winding(start_c=60.0, trend_c_s=-1.0).rest(8)
    assert not cooled.train(40, follows=0.5).warming.is_doubtful
    # Catches: a sensor that only cools, as one that fell off a warm coil does.
    fallen = Winding(start_c=60.0, trend_c_s=-1.0).rest(8)
    assert fallen.train(40, follows=0.0).warming.is_doubtful


def test_winding_too_little_energy_is_not_judged() -> None:
    pulses = int(STEP_K / FIGURE8.pulse_k) - 1
    winding = Winding()
    for _ in range(5):
        assert not winding.rest(8).train(pulses, follows=0.0).warming.is_doubtful


def test_winding_one_failure_and_a_good_answer_after_it_is_no_doubt() -> None:
    winding = Winding().rest(8)
    first = int(STEP_K / FIGURE8.pulse_k) + 1
    for _ in range(3):
        winding.train(first, follows=0.0).rest(8)
        assert not winding.warming.is_doubtful
        winding.train(40, follows=1.0).rest(8)
    for _ in range(FAILURES_MAX):
        winding.train(first, follows=0.0).rest(8)
    assert winding.warming.is_doubtful


def test_winding_without_a_trend_before_the_run_is_not_judged() -> None:
    short_rest = Winding().rest(TREND_S_MIN - STATUS_S)
    assert not short_rest.train(40, follows=0.0).warming.is_doubtful
    assert not Winding().train(40, follows=0.0).warming.is_doubtful


def test_winding_slow_pulses_are_judged_at_the_begin_of_their_run_only() -> None:
    # 1 Hz: in a steady state the winding does not rise any more, and that is no defect.
    begun = Winding().rest(8).train(60, follows=0.0, hz=1.0)
    assert begun.warming.is_doubtful
    weak = Winding().rest(8)
    for _ in range(int(RUN_S_MAX) + 2):
        weak.warming.take_pulse(weak.now_s, 300)
        weak.rest(1.0)
    for _ in range(120):
        weak.warming.take_pulse(weak.now_s, 1000)
        weak.rest(1.0)
    assert not weak.warming.is_doubtful


def test_winding_lost_or_exchanged_starts_anew() -> None:
    winding = Winding().rest(8).train(40, follows=0.0)
    assert winding.warming.is_doubtful
    winding.warming.take_winding(winding.now_s, None)
    assert not winding.warming.is_doubtful
    winding.rest(PAUSE_S).train(40, follows=0.0)  # what it was before is forgotten
    assert not winding.warming.is_doubtful


def running(began_at: float = 10.0, **parts: float) -> tuple[Warming, _Run]:
    """In a run that began then, with a pulse at the same moment."""
    run = _Run(began_at, from_c=0.0, trend_c_s=0.0)
    for name, value in parts.items():
        setattr(run, name, value)
    warming = Warming()
    warming._run, warming._pulse_at = run, began_at
    return warming, run


def test_winding_s_record_is_bounded_and_starts_empty() -> None:
    warming, _ = running()
    warming._failures = FAILURES_MAX
    warming.take_winding(10.0, None)
    for fresh in (warming, Warming()):
        assert (list(fresh._readings), fresh._readings.maxlen) == ([], READINGS_MAX)
        assert (fresh._run, fresh._failures, fresh.is_doubtful) == (None, 0, False)


def test_run_goes_on_over_the_longest_pause_and_no_longer() -> None:
    for pause_s, goes_on in ((PAUSE_S, True), (PAUSE_S + 0.25, False)):
        warming, run = running()
        warming.take_pulse(10.0 + pause_s, FULL)
        assert (warming._run is run) is goes_on


def test_energy_grows_with_the_square_of_the_amplitude() -> None:
    warming, run = running()
    warming.take_pulse(10.0, 500)
    assert run.energy_k == FIGURE8.pulse_k * 0.25
    assert run.due_at is None


def test_run_is_due_after_its_energy_and_its_settling() -> None:
    for step in (1, 2):
        warming, run = running(energy_k=step * STEP_K, step=step)
        warming.take_pulse(10.0, 0)
        assert run.due_at == 10.0 + SETTLE_S
        warming.take_pulse(10.1, 0)
        assert run.due_at == 10.0 + SETTLE_S


def test_run_is_judged_when_it_is_due_and_only_while_it_lasts() -> None:
    for at_s, due_s, failures in (
        (11.0, 11.0, 1),
        (11.0, 11.25, 0),
        (10.0 + RUN_S_MAX, 11.0, 1),
        (10.25 + RUN_S_MAX, 11.0, 0),
    ):
        warming, _ = running(due_at=due_s)
        warming.take_winding(at_s, 0)
        assert warming._failures == failures, (at_s, due_s)


def test_rise_is_judged_by_its_share_of_the_energy() -> None:
    enough_c = SHARE_MIN * STEP_K
    for step, trend_c_s, winding_c, is_good in (
        (1, 0.0, enough_c, True),
        (1, 0.0, enough_c - 0.01, False),
        (2, 0.0, 2 * enough_c, True),
        (2, 0.0, 2 * enough_c - 0.01, False),
        (1, -1.0, enough_c - 4.0, True),
        (1, -1.0, enough_c - 4.01, False),
    ):
        warming, run = running(step=step, trend_c_s=trend_c_s)
        warming._failures = 1
        warming._judge(run, 14.0, winding_c)
        assert (warming._failures, run.step) == ((0, step) if is_good else (2, step + 1))
        assert (warming._run is None) is is_good


def test_readings_of_the_trend_are_those_without_a_pulse_near() -> None:
    for after_s, kept in ((SETTLE_S, 0), (SETTLE_S + 0.25, 2)):
        warming, _ = running()
        warming._readings.append((9.0, 30.0))
        warming.take_winding(10.0 + after_s, 300)
        assert len(warming._readings) == kept


def test_trend_is_that_of_the_last_seconds_and_never_a_rise() -> None:
    warming = Warming()
    warming._readings.extend([(3.75, 90.0), (4.0, 30.0), (6.0, 26.0)])
    run = warming._begin(10.0)
    assert run == _Run(10.0, from_c=26.0 - 2.0 * 4.0, trend_c_s=-2.0)
    warming._readings.clear()
    warming._readings.extend([(4.0, 30.0), (5.0, 29.0), (6.0, 20.0), (7.0, 19.0)])
    run = warming._begin(10.0)
    assert run == _Run(10.0, from_c=19.5 - 5.0 * 3.5, trend_c_s=-5.0)
    warming._readings.clear()
    warming._readings.extend([(4.0, 30.0), (6.0, 31.0)])
    run = warming._begin(10.0)
    assert run == _Run(10.0, from_c=31.0, trend_c_s=0.0)
    warming._readings.clear()
    warming._readings.extend([(4.25, 30.0), (6.0, 31.0)])
    assert warming._begin(10.0) is None
