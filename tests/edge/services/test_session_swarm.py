"""Random hands and faults over whole sessions; afterwards the counts must agree, seed by seed.

Truth is the plant's recorder. Each seed is one run; a failing seed is repeated by its number.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

import pytest

from edge.domain.session_states import S
from edge.services.session_book import SessionBook
from edge.services.settling import Count
from hw_sim.link import LinkPlan
from tests.support.chair_bench import WHO, Bench, bench

SEEDS = range(16)
BAD = LinkPlan(lose=0.1, corrupt=0.1, double=0.2, split=0.2, hold=0.2)


async def line_cut(made: Bench, chance: random.Random) -> None:
    made.unit.cut_link(is_silent=chance.random() < 0.5)
    await made.sleep(chance.uniform(0, 3))
    made.unit.restore_link()


async def one_way_dead(made: Bench, chance: random.Random) -> None:
    way = chance.choice([made.unit.link.up, made.unit.link.down])
    way.is_dead = True
    await made.sleep(chance.uniform(0, 1))
    way.is_dead = False


async def noise(made: Bench, chance: random.Random) -> None:
    made.unit.set_link_plan(BAD)
    await made.sleep(chance.uniform(0, 4))
    made.unit.set_link_plan(LinkPlan())


async def crash(made: Bench, chance: random.Random) -> None:
    await made.crash()
    await asyncio.sleep(chance.uniform(0, 2))
    made.start()


async def door(made: Bench, chance: random.Random) -> None:
    made.unit.set_door(True)
    await made.sleep(chance.uniform(0, 2))
    made.unit.set_door(False)


async def estop(made: Bench, chance: random.Random) -> None:
    made.unit.press_estop()
    await made.sleep(chance.uniform(0, 2))
    made.unit.release_estop()


async def reboot(made: Bench, chance: random.Random) -> None:
    if chance.random() < 0.3:
        made.unit.reboot_mcu()


async def page_away(made: Bench, _chance: random.Random) -> None:
    await asyncio.sleep(4.0)


async def pause(made: Bench, _chance: random.Random) -> None:
    await made.chair.pause(WHO)


async def stop(made: Bench, _chance: random.Random) -> None:
    await made.chair.stop("operator")


Trouble = Callable[[Bench, random.Random], Awaitable[None]]
TROUBLES: tuple[Trouble, ...] = (
    line_cut, one_way_dead, noise, crash, door, estop, reboot, page_away, pause, stop,
)  # fmt: skip


async def go_on(made: Bench) -> None:
    """What a technician would press next, once."""
    chair, state = made.chair, made.state.state
    if state is S.STOPPED:
        await chair.acknowledge(WHO)
    elif state is S.PAUSED and (await chair.resume(WHO)).code in ("nothing_to_resume", "uncertain"):
        chair.end_session(WHO, "other")
    elif state is S.ARMED:
        await chair.start(WHO)
    elif state is S.READY:
        await chair.arm(WHO)
    elif state is S.UNCERTAIN and chair._runner.count is Count.OPEN:
        chair.end_session(WHO, "other")
    elif state is S.WRAPUP:
        chair.wrap_up(WHO, 0, "")


async def swarm(made: Bench, seed: int) -> None:
    chance = random.Random(seed)
    await made.treating()
    for _ in range(chance.randrange(1, 7)):
        await made.sleep(chance.uniform(0, 5))
        await chance.choice(TROUBLES)(made, chance)
        for _ in range(chance.randrange(5)):
            await made.sleep(chance.uniform(0, 2))
            if made.state.state is not S.WRAPUP:
                await go_on(made)
    made.unit.restore_link()
    made.unit.set_link_plan(LinkPlan())
    await made.sleep(8.0)
    for _ in range(60):
        await go_on(made)
        await made.sleep(2.0)
    assert made.state.state is S.RECORD, made.where()
    (record,) = made.clinic.records
    most = record.pulses_measured + record.pulses_uncertain
    assert record.pulses_measured <= made.pulses <= most <= 36
    assert record.outcome == "completed" or record.pulses_uncertain or "reboot" in str(record)
    assert made.journal.verify() is None
    assert min(made.gaps_us(), default=20_000) >= 19_998


@pytest.mark.parametrize("seed", SEEDS)
def test_session_in_a_swarm_of_troubles_counts_what_the_coil_gave(seed: int) -> None:
    async def scenario(made: Bench) -> None:
        await swarm(made, seed)

    bench(scenario, seed=seed)


def test_swarm_finds_a_planted_miscount(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: a result that counts what was asked instead of what was sensed."""
    honest = SessionBook.close

    def counts_asked(self: SessionBook, measured: int, ended: str, **rest: int | None) -> None:
        assert self.open_train is not None
        asked = self.open_train.commanded if ended in ("hold", "stop", "fault") else measured
        honest(self, asked, ended, **rest)

    monkeypatch.setattr(SessionBook, "close", counts_asked)

    def all_seeds() -> None:
        for seed in SEEDS:
            test_session_in_a_swarm_of_troubles_counts_what_the_coil_gave(seed)

    with pytest.raises(AssertionError):
        all_seeds()
