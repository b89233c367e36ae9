"""Cuts the power at every operation of a small workload and looks at what is left.

The table of sources.md reliability 8: the settings of the product keep every acknowledged row, bad
settings and lying disks do not, and are there to show that this look finds a loss. The workload is
the same twelve commits; each cut is tried with every damage of card.py.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import apsw
from rich.console import Console
from rich.progress import track
from rich.table import Table

from edge.ports import StoreError
from hw_sim.card.card import Card, CardError, CardFaults, Damage, Operation, Trouble
from hw_sim.card.store import DATABASE, open_on
from hw_sim.card.vfs import CardVfs
from hw_sim.commit import commit

COMMITS = 12
ROW_BYTES = 700  # an intent or a result with its hashes
LYING_SHARE = 0.2


@dataclass
class Row:
    """One line of the table. images: cuts times damages."""

    settings: str
    is_good: bool  # nothing may be lost
    cuts: int = 0
    images: int = 0
    lost: int = 0  # an acknowledged row is missing
    corrupt: int = 0  # cannot be opened, or is not whole
    examples: list[str] = field(default_factory=list)

    @property
    def is_as_promised(self) -> bool:
        """Good settings lose nothing; bad ones must be seen to lose something."""
        return (self.lost + self.corrupt == 0) is self.is_good

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return {**vars(self), "is_as_promised": self.is_as_promised}


@dataclass(frozen=True)
class Settings:
    """How rows are kept: a writer that calls back after each acknowledged row, and a reader."""

    name: str
    is_good: bool
    write: Callable[[Card, Callable[[int], None]], None]
    read: Callable[[Card], list[int]]  # raises apsw.Error or StoreError for what is not whole
    lying_share: float = 0.0


def _product(card: Card, acknowledged: Callable[[int], None]) -> None:
    with closing(open_on(card)) as store:
        for number in range(COMMITS):
            with store.transaction():
                store.rows("INSERT INTO meta VALUES (?, ?)", (f"{number}", "x" * ROW_BYTES))
            acknowledged(number)


def _product_rows(card: Card) -> list[int]:
    store = open_on(card)
    return sorted(int(str(key)) for (key,) in store.rows("SELECT key FROM meta"))


def _product_log_alone(card: Card) -> list[int]:
    """The database is gone; the change log has to be enough."""
    for name in card.names(DATABASE):
        card.remove(name)
    return _product_rows(card)


def _bare(mode: str, sync: str) -> Callable[[Card, Callable[[int], None]], None]:
    def write(card: Card, acknowledged: Callable[[int], None]) -> None:
        vfs = CardVfs(card.mount())
        db = apsw.Connection(DATABASE, vfs=vfs.name)
        db.pragma("locking_mode", "EXCLUSIVE")
        db.pragma("journal_mode", mode)
        db.pragma("synchronous", sync)
        db.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, x TEXT)")
        for number in range(COMMITS):
            db.execute("INSERT INTO t VALUES (?, ?)", (number, "x" * ROW_BYTES))
            acknowledged(number)
        db.close()

    return write


def _bare_rows(card: Card) -> list[int]:
    vfs = CardVfs(card.mount())
    db = apsw.Connection(DATABASE, vfs=vfs.name)
    db.pragma("locking_mode", "EXCLUSIVE")
    if [row[0] for row in db.execute("PRAGMA integrity_check")] != ["ok"]:
        raise apsw.CorruptError("integrity check")
    if not list(db.execute("SELECT 1 FROM sqlite_schema")):
        return []
    return [int(str(n)) for (n,) in db.execute("SELECT n FROM t ORDER BY n")]


SETTINGS: tuple[Settings, ...] = (
    Settings("two copies", True, _product, _product_rows),
    Settings("change log alone", True, _product, _product_log_alone),
    Settings("wal / FULL", True, _bare("wal", "FULL"), _bare_rows),
    Settings("delete / FULL", True, _bare("delete", "FULL"), _bare_rows),
    Settings("truncate / FULL", True, _bare("truncate", "FULL"), _bare_rows),
    Settings("wal / NORMAL", False, _bare("wal", "NORMAL"), _bare_rows),
    Settings("wal / OFF", False, _bare("wal", "OFF"), _bare_rows),
    Settings("delete / OFF", False, _bare("delete", "OFF"), _bare_rows),
    Settings("wal / FULL, 20 % of syncs lie", False, _bare("wal", "FULL"), _bare_rows, LYING_SHARE),
)


def fail_at_each(trouble: Trouble, left: int | None, *, seed: int = 1, every: int = 1) -> Row:
    """The product's settings with an operation that fails, at each operation in turn.

    left: so many operations fail, None for all that follow. Nothing that was acknowledged may be
    missing after the next start on a card that works again.
    """
    settings = SETTINGS[0]
    row = Row(f"{settings.name}, {trouble.value} {'for good' if left is None else 'once'}", True)
    for fail_at in range(1, _operations(settings, seed) + 1, every):
        row.cuts, row.images = row.cuts + 1, row.images + 1
        card = Card(random.Random(seed))
        card.on_operation = partial(_begin_trouble, card, fail_at, CardFaults(trouble, left=left))
        acknowledged: list[int] = []
        with suppress(StoreError):
            settings.write(card, acknowledged.append)
        card.kill_holders()
        card.on_operation, card.faults = None, CardFaults()
        _look(settings, row, card, acknowledged, f"{trouble.value} at operation {fail_at}")
    return row


def _begin_trouble(card: Card, fail_at: int, faults: CardFaults, operation: Operation) -> None:
    if operation.number == fail_at:
        card.faults = faults


def run(settings: Settings, *, seed: int = 1, every: int = 1) -> Row:
    """Each cut, or every so many of them, with every damage."""
    row = Row(settings.name, settings.is_good)
    for cut_at in range(1, _operations(settings, seed) + 1, every):
        row.cuts += 1
        for damage in Damage:
            row.images += 1
            _one(settings, row, cut_at, damage, random.Random(f"{seed}/{cut_at}/{damage.value}"))
    return row


def _operations(settings: Settings, seed: int) -> int:
    card = Card(random.Random(seed))
    settings.write(card, lambda _number: None)
    return card.operations


def _one(settings: Settings, row: Row, cut_at: int, damage: Damage, rng: random.Random) -> None:
    card = Card(rng)
    acknowledged: list[int] = []
    card.faults.lying_share = settings.lying_share
    card.on_operation = lambda operation: _cut(card, operation, cut_at)

    def acknowledge(number: int) -> None:
        if card.operations < cut_at:  # later words are the phantom's
            acknowledged.append(number)

    with suppress(apsw.Error, StoreError):
        settings.write(card, acknowledge)
    card.on_operation, card.faults.lying_share = None, 0.0
    card.lose_power(damage)
    _look(settings, row, card, acknowledged, f"cut at operation {cut_at}, {damage.value}")


def _look(settings: Settings, row: Row, card: Card, acknowledged: list[int], where: str) -> None:
    """What the next start finds."""
    try:
        found = settings.read(card)
    except (apsw.Error, StoreError) as error:
        row.corrupt += 1
        row.examples.append(f"{where}: {error}")
        return
    if found[: len(acknowledged)] != acknowledged or len(found) > len(acknowledged) + 1:
        row.lost += 1
        row.examples.append(f"{where}: {len(acknowledged)} acknowledged, found {found}")


def _cut(card: Card, operation: Operation, cut_at: int) -> None:
    """The process is gone before this operation; what it still does reaches a phantom."""
    if operation.number == cut_at:
        card.kill_holders()
        raise CardError(Trouble.IO)


def campaign(*, json_path: Path | None) -> int:
    """`python -m hw_sim durability`: the whole table; returns the exit status."""
    console = Console(stderr=True)
    troubles = [(trouble, left) for trouble in Trouble for left in (1, None)]
    work: list[Callable[[], Row]] = [partial(run, settings) for settings in SETTINGS]
    work += [partial(fail_at_each, trouble, left) for trouble, left in troubles]
    table = Table("settings", "cuts", "images", "lost", "corrupt", "as promised")
    rows = []
    for part in track(work, "durability", console=console):
        row = part()
        rows.append(row)
        verdict = "yes" if row.is_as_promised else "[red]no[/]"
        table.add_row(
            row.settings, str(row.cuts), str(row.images), str(row.lost), str(row.corrupt), verdict
        )
    console.print(table)
    document = {"commit": commit(), "rows": [row.as_dict() for row in rows]}
    if json_path is not None:
        json_path.parent.mkdir(parents=True, exist_ok=True)
        json_path.write_text(json.dumps(document, indent=1) + "\n")
    return 0 if all(row.is_as_promised for row in rows) else 1
