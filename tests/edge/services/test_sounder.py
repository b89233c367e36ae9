"""The sounder as it is heard: times, melody, what interrupts it, and that it hears itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise

import pytest

from edge.domain.alarm_sounds import BURSTS, C4, D4, E4, F4, G4, Cause, Tone, score
from edge.domain.faults import Priority
from edge.ports import Lamp
from edge.services import sounder
from edge.services.sounder import Sounder
from hw_sim import vtime

HIGH, MEDIUM, LOW = Priority.HIGH, Priority.MEDIUM, Priority.LOW


class Ear:
    """edge.ports.Indicators that keeps what it heard, and when."""

    def __init__(self) -> None:
        self.heard: list[tuple[float, Tone | None]] = []
        self.current: bool | None = None  # None: as the tone is

    def set_lamp(self, lamp: Lamp) -> None:
        del lamp

    def set_sounder(self, tone: Tone | None) -> None:
        self.heard.append((asyncio.get_running_loop().time(), tone))

    def sounder_current(self) -> bool | None:
        is_on = bool(self.heard) and self.heard[-1][1] is not None
        return is_on if self.current is None else self.current

    def pulses_ms(self) -> list[tuple[int, int, int]]:
        """Start, length and frequency of every tone."""
        return [
            (round(at * 1000), round((end - at) * 1000), tone.frequency_hz)
            for (at, tone), (end, _) in pairwise(self.heard)
            if tone is not None
        ]


def play(scenario: Callable[[Sounder], object], for_s: float) -> Ear:
    """A sounder for so long; the scenario runs first and may plan things."""
    ear = Ear()

    async def main() -> None:
        made = Sounder(ear, lambda _is_good: None)
        scenario(made)
        await asyncio.sleep(for_s)
        made.silence()

    vtime.run(main())
    return ear


def later(after_s: float, act: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(after_s, act)


@pytest.mark.parametrize("priority", Priority)
def test_sounder_keeps_the_times_of_the_burst_and_repeats_it(priority: Priority) -> None:
    burst = BURSTS[priority]
    whole_ms = burst.pulses * burst.pulse_ms + sum(burst.gaps_ms) + burst.pause_ms

    ear = play(lambda made: made.sound(score(priority, Cause.ENERGY)), 2.9 * whole_ms / 1000)

    pulses = ear.pulses_ms()
    assert len(pulses) == 3 * burst.pulses
    assert {length for _, length, _ in pulses} == {burst.pulse_ms}
    first, second = pulses[: burst.pulses], pulses[burst.pulses : 2 * burst.pulses]
    assert [after[0] - before[0] - burst.pulse_ms for before, after in pairwise(first)] == list(
        burst.gaps_ms
    )
    assert second[0][0] - first[0][0] == whole_ms


def test_sounder_plays_the_melody_of_heat_and_energy() -> None:
    ear = play(lambda made: made.sound(score(HIGH, Cause.ENERGY)), 6.0)

    assert [hz for _, _, hz in ear.pulses_ms()] == [C4, D4, E4, F4, G4] * 2


def test_sounder_is_interrupted_by_another_score_at_once() -> None:
    def scenario(made: Sounder) -> None:
        made.sound(score(LOW, Cause.GENERAL))
        later(0.1, lambda: made.sound(score(HIGH, Cause.ENERGY)))

    ear = play(scenario, 1.0)

    assert ear.pulses_ms()[:3] == [(0, 100, E4), (100, 150, C4), (350, 150, D4)]


def test_sounder_told_the_same_again_does_not_begin_again() -> None:
    def scenario(made: Sounder) -> None:
        for tenth in range(30):
            later(tenth / 10, lambda: made.sound(score(HIGH, Cause.GENERAL)))

    assert len(play(scenario, 4.0).pulses_ms()) == 10


def test_burst_whose_condition_goes_is_played_to_its_end_and_not_again() -> None:
    def scenario(made: Sounder) -> None:
        made.sound(score(HIGH, Cause.GENERAL))
        later(0.3, made.end)
        later(0.8, made.end)

    ear = play(scenario, 30.0)

    assert len(ear.pulses_ms()) == 10
    assert ear.heard[-1][1] is None


def test_burst_that_ends_in_its_pause_or_is_silenced_is_over_at_once() -> None:
    def ends(made: Sounder) -> None:
        made.sound(score(MEDIUM, Cause.GENERAL))
        later(3.0, made.end)
        later(4.0, made.end)
        later(5.0, lambda: made.sound(score(LOW, Cause.GENERAL)))

    def silenced(made: Sounder) -> None:
        made.sound(score(HIGH, Cause.GENERAL))
        later(0.3, made.silence)

    assert [at for at, _, _ in play(ends, 20.0).pulses_ms()] == [0, 400, 800, 5000, 5400]
    assert [at for at, _, _ in play(silenced, 20.0).pulses_ms()] == [0, 250]


def judged_after(current: bool | None, for_s: float) -> list[bool]:
    """What a sounder says of itself in a general high burst with this current; None: as it is."""
    ear = Ear()
    said: list[bool] = []

    async def main() -> None:
        ear.current = current
        made = Sounder(ear, said.append)
        made.sound(score(HIGH, Cause.GENERAL))
        await asyncio.sleep(for_s)
        made.silence()

    vtime.run(main())
    return said


def test_sounder_tells_once_that_it_is_proved_or_dead() -> None:
    assert judged_after(None, 0.45) == []
    assert judged_after(None, 2.9) == [True]
    assert (sounder.RIGHT_MIN, sounder.WRONG_MAX) == (4, 3)


@pytest.mark.parametrize("current", [False, True])
def test_sounder_that_is_dead_or_stuck_is_told_once(current: bool) -> None:
    # Catches a count over all steps: every other step of a dead sounder is right.
    assert judged_after(current, 2.9) == [False]
