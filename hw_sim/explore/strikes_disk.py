"""How the faults of the disk are brought about: power cuts, lies, rot, losses, old and other cards.

On the simulated card of hw_sim/card. What is spoilt lies on the card and is found by the service
itself, at once or at its next start; what ends with the fault, ExploreBench mends. Verbs for
hw_sim/explore/kinds.py. Judges nothing but what a strike itself can see.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

from edge.ports import StoreError
from hw_sim.card.card import Card, CardFaults, Damage, Trouble
from hw_sim.card.store import DATABASE, LOG_FOLDER, OtherProcess, open_on
from hw_sim.explore.system import CARD_KEY, ExploreBench

Strike = Callable[[ExploreBench], Awaitable[None]]
Spoil = Callable[[Card, random.Random], None]
WAL = f"{DATABASE}-wal"
ASIDE = ".aside"
ROTTEN_MAX = 8  # [P] bytes that change by themselves at once
STRAY_MAX = 3
PASSING_MAX = 9  # operations until one fails
MEANWHILE_S = (0.1, 6.0)  # things happen between the fault and what makes it matter
OTHER_UNIT_CHANGES = 40
LIES = (Damage.LOST, Damage.HALVES, Damage.NEWEST, Damage.TORN)


# Power.


def power_cut(damage: Damage, *, with_unit: bool = False) -> Strike:
    """The computer loses its power; with_unit: so does the controller."""

    async def strike(bench: ExploreBench) -> None:
        await bench.cut_power(lambda card: card.lose_power(damage), with_unit=with_unit)

    return strike


async def blackout(bench: ExploreBench) -> None:
    """The whole unit loses its power, with any damage."""
    damage = bench.rng.choice(tuple(Damage))
    await power_cut(damage, with_unit=True)(bench)


def lying_syncs(share: float) -> Strike:
    """Syncs say safe and are not, and then the power goes."""

    async def strike(bench: ExploreBench) -> None:
        bench.system.card.faults = CardFaults(lying_share=share)
        await _meanwhile(bench)
        await power_cut(bench.rng.choice(LIES))(bench)

    return strike


# Operations.


def nth_fails(*kinds: str) -> Strike:
    """One operation of these kinds fails, some time from now."""

    async def strike(bench: ExploreBench) -> None:
        passing = bench.rng.randrange(PASSING_MAX)
        bench.system.card.faults = CardFaults(
            Trouble.IO, on_reads="read" in kinds, left=1, kinds=kinds, passing=passing
        )

    return strike


async def stray_writes(bench: ExploreBench) -> None:
    """Some writes land in another place of their file, or in another file; later the power goes."""
    bench.system.card.faults = CardFaults(straying=bench.rng.randint(1, STRAY_MAX))
    await _meanwhile(bench)
    await power_cut(Damage.KEPT)(bench)


# Files.


def rot(*names: str) -> Spoil:
    """Bytes change by themselves in each of these."""

    def spoil(card: Card, dice: random.Random) -> None:
        for name in _found(card, names):
            for _ in range(dice.randint(1, ROTTEN_MAX)):
                card.rot(name, dice.randrange(card.size(name)), dice.randrange(1, 256))

    return spoil


def shorten(name: str) -> Spoil:
    def spoil(card: Card, dice: random.Random) -> None:
        for found in _found(card, (name,)):
            card.shorten(found, dice.randrange(card.size(found)))

    return spoil


def delete(name: str) -> Spoil:
    def spoil(card: Card, _dice: random.Random) -> None:
        for found in _found(card, (name,)):
            card.unlink(found)

    return spoil


def lose_name(name: str) -> Spoil:
    """A file was new, its directory was not synced, and the power goes."""

    def spoil(card: Card, _dice: random.Random) -> None:
        for found in _found(card, (name,)):
            card.forget_name(found)
        card.lose_power(Damage.LOST)

    return spoil


def while_it_runs(spoil: Spoil) -> Strike:
    """Under a service that goes on, is killed later, and finds it at its start at the latest."""

    async def strike(bench: ExploreBench) -> None:
        spoil(bench.system.card, bench.rng)
        await _meanwhile(bench)
        await bench.kill_edge()
        await bench.start_edge()

    return strike


def at_a_start(spoil: Spoil) -> Strike:
    """While nobody has the card, or in a power cut: whatever ends the service."""

    async def strike(bench: ExploreBench) -> None:
        if bench.rng.random() < 0.5:
            await bench.cut_power(lambda card: spoil(card, bench.rng))
            return
        await bench.end_edge()
        spoil(bench.system.card, bench.rng)
        await bench.start_edge()

    return strike


def in_a_cut(spoil: Spoil) -> Strike:
    async def strike(bench: ExploreBench) -> None:
        await bench.cut_power(lambda card: spoil(card, bench.rng))

    return strike


# Cards.


def old_copy(folder: str, *, is_recent: bool = False) -> Strike:
    """A copy of these files from before the visit, or of seconds ago, is put back at a restart."""

    async def strike(bench: ExploreBench) -> None:
        card = bench.system.card
        old = _of(card.image() if is_recent else bench.morning, folder)
        await _meanwhile(bench)
        await bench.end_edge()
        kept = {name: data for name, data in card.image().items() if not name.startswith(folder)}
        card.put_back(kept | old)
        await bench.start_edge()

    return strike


def other_card(folder: str, *, is_empty: bool = False) -> Strike:
    """These files are another unit's, or not there at all, after a restart."""

    async def strike(bench: ExploreBench) -> None:
        card = bench.system.card
        other = {} if is_empty else _of(_other_unit(bench.rng), folder)
        await bench.end_edge()
        kept = {name: data for name, data in card.image().items() if not name.startswith(folder)}
        card.put_back(kept | other)
        await bench.start_edge()

    return strike


def _other_unit(dice: random.Random) -> dict[str, bytes]:
    """What lies on the card of a unit that has lived another life, cloned with its key."""
    card = Card(random.Random(dice.random()))
    store = open_on(card, CARD_KEY)
    for number in range(OTHER_UNIT_CHANGES):
        with store.transaction():
            store.rows("INSERT INTO meta VALUES (?, 'of another unit')", (f"other {number}",))
    store.close()
    return card.image()


# Locks.


async def locked_at_start(bench: ExploreBench) -> None:
    """Another process has our database open when the service starts; it ends when all is mended."""
    await bench.kill_edge()
    bench.other_process = OtherProcess(bench.system.card, CARD_KEY)
    bench.other_process.begin()
    if await bench.start_edge():
        bench.found.append("I23: the service has started on a database that another process holds")


async def lock_wanted(bench: ExploreBench) -> None:
    """Another process wants our database while the service has it: it must not get in."""
    if bench.system.is_dead:
        return
    other = OtherProcess(bench.system.card, CARD_KEY)
    if other.begin():
        bench.found.append("I23: another process could write to the database of a live service")
    other.close()
    try:
        open_on(bench.system.card, CARD_KEY).close()
    except StoreError:
        return
    bench.found.append("I23: a second service could open the record of a live one")


async def _meanwhile(bench: ExploreBench) -> None:
    await asyncio.sleep(bench.rng.uniform(*MEANWHILE_S))


def _of(image: dict[str, bytes], folder: str) -> dict[str, bytes]:
    return {name: data for name, data in image.items() if name.startswith(folder)}


def _found(card: Card, names: tuple[str, ...]) -> list[str]:
    """Of each the very file, or the newest in a folder; none that is empty or was kept aside."""
    found = []
    for name in names:
        files = [each for each in card.names(name) if ASIDE not in each and card.size(each)]
        if name != LOG_FOLDER:
            files = [each for each in files if each == name]
        found += files[-1:]
    return found
