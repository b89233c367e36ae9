"""The keeper of the edge's enable in virtual time: who keeps it up, and everything that ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from edge.services.host_enable import (
    HOST_LIFE_S,
    RISE_S,
    TOGGLE_S,
    WINDOWS_S,
    HostKeeper,
)
from hw_sim import vtime

pytestmark = pytest.mark.control("host-enable")

BEAT_S = 0.05  # of every part in these tests


class FakePin:
    """edge.ports.HostEnable that keeps the times of its edges."""

    def __init__(self) -> None:
        self.edges: list[float] = []
        self.drops: list[float] = []
        self.bug: Exception | None = None

    def beat(self) -> None:
        if self.bug is not None:
            raise self.bug
        self.edges.append(asyncio.get_running_loop().time())

    def drop(self) -> None:
        self.drops.append(asyncio.get_running_loop().time())


class Rig:
    """A keeper whose parts are alive until a test lets one die."""

    def __init__(self) -> None:
        self.pin = FakePin()
        self.told: list[str] = []
        self.keeper = HostKeeper(self.pin, self.told.append)
        self.dead: set[str] = set()
        self.work: asyncio.Task[None]

    async def live(self) -> None:
        while True:
            for part in WINDOWS_S:
                if part not in self.dead:
                    self.keeper.check_in(part)
            await asyncio.sleep(BEAT_S)

    def since_last_edge(self) -> float:
        return asyncio.get_running_loop().time() - self.pin.edges[-1]


def with_rig(scenario: Callable[[Rig], Awaitable[None]]) -> Rig:
    async def main() -> Rig:
        rig = Rig()
        parts = asyncio.ensure_future(rig.live())
        rig.work = asyncio.ensure_future(rig.keeper.run())
        await asyncio.sleep(0.01)
        try:
            await scenario(rig)
        finally:
            for task in (parts, rig.work):
                task.cancel()
                with suppress(asyncio.CancelledError, OSError):
                    await task
        return rig

    return vtime.run(main())


def test_keeper_makes_an_edge_every_40_ms_while_wanted() -> None:
    async def scenario(rig: Rig) -> None:
        await asyncio.sleep(1.0)
        assert rig.pin.edges == []  # nobody asked
        assert rig.keeper.want()
        await asyncio.sleep(1.0)
        gaps = [b - a for a, b in zip(rig.pin.edges, rig.pin.edges[1:], strict=False)]
        assert len(gaps) >= 24
        assert max(gaps) == pytest.approx(TOGGLE_S)

    with_rig(scenario)


@pytest.mark.parametrize("part", WINDOWS_S)
def test_keeper_with_a_dead_part_and_a_living_timer_lets_go(part: str) -> None:
    """Plants: the part hangs, the timer and everything else go on. Catches: a timer that feeds."""

    async def scenario(rig: Rig) -> None:
        assert rig.keeper.want()
        await asyncio.sleep(0.5)
        died_at = asyncio.get_running_loop().time()
        rig.dead.add(part)
        await asyncio.sleep(WINDOWS_S[part] + BEAT_S + 2 * TOGGLE_S)
        assert not rig.keeper.is_wanted
        assert rig.pin.edges[-1] - died_at <= WINDOWS_S[part]
        assert rig.told == ["edge_internal"]
        assert not rig.keeper.want()
        rig.dead.clear()
        await asyncio.sleep(2.0)
        assert rig.since_last_edge() > 2.0  # alive again, but nobody has armed

    with_rig(scenario)


def test_planted_keeper_without_a_roll_call_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.domain.roll_call.RollCall.missing", lambda self, now: "")
    with pytest.raises(AssertionError):
        test_keeper_with_a_dead_part_and_a_living_timer_lets_go("panel")


def test_keeper_that_was_never_greeted_by_every_part_does_not_begin() -> None:
    async def scenario(rig: Rig) -> None:
        fresh = HostKeeper(rig.pin, rig.told.append)
        assert not fresh.want()
        assert not fresh.is_wanted

    with_rig(scenario)


def test_keeper_dropped_makes_no_edge_until_the_next_arming() -> None:
    async def scenario(rig: Rig) -> None:
        rig.keeper.want()
        await asyncio.sleep(0.5)
        rig.keeper.drop()
        dropped_at = asyncio.get_running_loop().time()
        await asyncio.sleep(1.0)
        assert rig.pin.edges[-1] <= dropped_at
        assert rig.pin.drops[-1] == dropped_at
        assert rig.told == []
        rig.keeper.want()
        await asyncio.sleep(0.1)
        assert rig.since_last_edge() <= TOGGLE_S

    with_rig(scenario)


def freeze(seconds: float) -> None:
    """The loop stands still for so long: its clock goes on, nothing on it runs."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, vtime.VirtualLoop)
    loop.stall(round(seconds * 1e9))


@pytest.mark.parametrize("offset_ms", range(0, 41, 5))
def test_loop_frozen_at_any_step_makes_no_edge_after_the_one_shot_has_fallen(
    offset_ms: int,
) -> None:
    """Catches: a service that goes on toggling after a SIGSTOP and a SIGCONT."""

    async def scenario(rig: Rig) -> None:
        rig.keeper.want()
        await asyncio.sleep(0.4 + offset_ms / 1000)
        before = rig.pin.edges[-1]
        freeze(HOST_LIFE_S + 0.05)
        await asyncio.sleep(1.0)
        assert rig.pin.edges[-1] == before
        assert not rig.keeper.is_wanted
        assert rig.told == ["host_lost"]

    with_rig(scenario)


def test_loop_frozen_for_less_than_the_one_shot_lives_goes_on() -> None:
    async def scenario(rig: Rig) -> None:
        rig.keeper.want()
        await asyncio.sleep(0.4)
        freeze(HOST_LIFE_S - TOGGLE_S - 0.01)
        await asyncio.sleep(1.0)
        assert rig.keeper.is_wanted
        assert rig.told == []

    with_rig(scenario)


@pytest.mark.parametrize("state", ["DISCHARGING", "FAULT", "BOOT", "SELF_TEST", ""])
def test_controller_that_bleeds_the_bank_ends_the_enable(state: str) -> None:
    async def scenario(rig: Rig) -> None:
        rig.keeper.want()
        await asyncio.sleep(0.1)
        rig.keeper.on_state(state)
        assert not rig.keeper.is_wanted

    with_rig(scenario)


def test_controller_back_at_rest_ends_the_enable_but_not_before_it_charged() -> None:
    async def scenario(rig: Rig) -> None:
        rig.keeper.on_state("STANDBY")  # nothing is wanted: nothing to end
        rig.keeper.want()
        await asyncio.sleep(0.1)
        rig.keeper.on_state("STANDBY")
        assert rig.keeper.is_wanted
        for state in ("CHARGING", "READY", "ARMED", "TRAIN", "HOLD"):
            rig.keeper.on_state(state)
            assert rig.keeper.is_wanted
        rig.keeper.on_state("STANDBY")
        assert not rig.keeper.is_wanted

    with_rig(scenario)


def test_controller_that_never_charges_ends_the_enable() -> None:
    """Catches: an enable left on at rest, which the controller takes for a fault after 5 s."""

    async def scenario(rig: Rig) -> None:
        rig.keeper.want()
        await asyncio.sleep(RISE_S + 0.1)
        rig.keeper.on_state("STANDBY")
        assert not rig.keeper.is_wanted

    with_rig(scenario)


def test_wanting_twice_keeps_one_wave() -> None:
    async def scenario(rig: Rig) -> None:
        rig.keeper.want()
        await asyncio.sleep(0.5)
        assert rig.keeper.want()
        await asyncio.sleep(0.5)
        assert len(rig.pin.edges) <= 27

    with_rig(scenario)


def test_keeper_that_fails_or_is_cancelled_lets_go() -> None:
    async def scenario(rig: Rig) -> None:
        rig.keeper.want()
        await asyncio.sleep(0.1)
        rig.pin.bug = OSError("planted")
        await asyncio.sleep(0.1)
        assert rig.work.done()
        assert not rig.keeper.is_wanted
        assert rig.pin.drops[-1] > 0.1

    with_rig(scenario)


def test_keeper_shut_down_lets_go() -> None:
    async def scenario(rig: Rig) -> None:
        rig.keeper.want()
        await asyncio.sleep(0.1)

    rig = with_rig(scenario)
    assert not rig.keeper.is_wanted
    assert rig.pin.drops[-1] >= rig.pin.edges[-1]
