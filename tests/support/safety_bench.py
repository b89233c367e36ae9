"""A unit whose safety test is made in virtual time, by a person who does what is asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from edge.domain.safety_test import DAILY, Attempt, due_step, step_state
from hw_sim import vtime
from hw_sim.safety_person import REACH_S, Hands, hands_at
from tests.support.chair_bench import WHO, Bench

Scenario = Callable[[Bench], Awaitable[None]]


def untested(scenario: Scenario, *, has_attend: bool = False, seed: int = 1) -> None:
    """On a unit without a certificate, at rest for half a minute."""

    async def main() -> None:
        made = Bench(seed=seed, has_attend=has_attend)
        made.has_certificate = False
        made.start()
        try:
            await made.until(lambda: made.not_ready() == ("no_certificate",))
            await made.sleep(30)
            await scenario(made)
        finally:
            await made.close()

    vtime.run(main())


async def carried_out(made: Bench, variant: str = DAILY, hands: Hands | None = None) -> None:
    """Start, and do what is asked until the test is over or a step has failed."""
    if made.chair.refusals().get("start_safety_test") == "alarm_sounds":
        made.accept(made.chair.pause_audio(WHO))
    made.accept(made.chair.start_safety_test(WHO, variant))
    await followed(made, hands)


async def followed(made: Bench, hands: Hands | None = None) -> None:
    hands = hands_at(made.unit) if hands is None else hands
    done = ("", "")
    while True:
        await made.until(lambda done=done: is_news(made, done), 200)  # type: ignore[misc]
        safety = made.state.safety
        if safety.stage != "person":
            return
        assert safety.run is not None
        step = due_step(safety.run)
        assert step is not None
        await made.sleep(REACH_S)
        done = (step.key, safety.prompt)
        hands[step.key](safety.prompt == "open")


def is_news(made: Bench, done: tuple[str, str]) -> bool:
    safety = made.state.safety
    step = None if safety.run is None else due_step(safety.run)
    if safety.stage == "person" and step is not None:
        return (step.key, safety.prompt) != done
    return safety.stage in ("over", "failed")


def attempts(made: Bench) -> dict[str, Attempt]:
    run = made.state.safety.run
    assert run is not None
    return {attempt.key: attempt for attempt in run.attempts}


def failure(made: Bench) -> tuple[str, str]:
    """(step, why) of the step that stands failed."""
    run = made.state.safety.run
    assert run is not None
    (key,) = [step.key for step in run.steps if step_state(run, step.key) == "failed"]
    return key, attempts(made)[key].failure


def is_at_rest(made: Bench) -> bool:
    device = made.state.device
    is_low = device.host_back is False and device.gate_back is False
    return device.mcu_state == "STANDBY" and not device.faults and is_low
