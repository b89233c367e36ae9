"""The simulated card, and what the product's store keeps on it through power cuts and failures.

Planted bugs these catch: a commit acknowledged before its sync (bad settings are run beside the
good ones and must lose rows), a change log that is not synced, a card that keeps what was never
synced, a killed process that still writes.
"""

from __future__ import annotations

import random

import pytest

from edge.ports import StoreError
from hw_sim.card.card import Card, CardError, CardFaults, Damage, Trouble
from hw_sim.card.durability import SETTINGS, fail_at_each, run
from hw_sim.card.log_folder import CardLogFolder
from hw_sim.card.store import DATABASE, LOG_FOLDER, OtherProcess, open_on

EVERY = 6  # operation is tried here
KEY = bytes(32)
pytestmark = pytest.mark.control("durable-store")


def card_with(data: bytes, *, is_synced: bool) -> Card:
    card = Card(random.Random(7))
    card.make("/a")
    card.sync("/a")
    card.write("/a", 0, data)
    if is_synced:
        card.sync("/a")
    return card


@pytest.mark.parametrize("damage", Damage)
def test_what_was_synced_survives_every_power_cut(damage: Damage) -> None:
    card = card_with(bytes(range(256)) * 20, is_synced=True)

    card.lose_power(damage)

    assert card.read("/a") == bytes(range(256)) * 20


def test_what_was_not_synced_is_lost_kept_torn_or_garbled() -> None:
    data = bytes([1]) * 5120
    left = {}
    for damage in Damage:
        card = card_with(data, is_synced=False)
        card.lose_power(damage)
        left[damage] = card.read("/a")

    assert left[Damage.LOST] == b""
    assert left[Damage.KEPT] == left[Damage.NEWEST] == data
    assert data.startswith(left[Damage.TORN])
    assert 0 < left[Damage.HALVES].count(1) < len(data)
    assert set(left[Damage.GARBLED]) - {0, 1}


def test_sync_that_lies_is_seen_at_the_power_cut() -> None:
    card = Card(random.Random(1))
    card.faults.lying_share = 1.0
    card.make("/a")
    card.write("/a", 0, b"x")
    card.sync("/a")

    card.lose_power(Damage.LOST)

    assert not card.has("/a")


def test_operation_in_trouble_changes_nothing() -> None:
    card = card_with(b"abc", is_synced=True)
    card.faults = CardFaults(Trouble.FULL, left=1)

    with pytest.raises(CardError, match="no space left"):
        card.write("/a", 0, b"xyz")

    assert card.read("/a") == b"abc"
    card.write("/a", 0, b"xyz")
    assert card.read("/a") == b"xyz"


def test_process_that_was_killed_writes_to_nothing() -> None:
    card = Card(random.Random(1))
    store = open_on(card)
    with store.transaction():
        store.rows("INSERT INTO meta VALUES ('before', '')")

    card.kill_holders()
    with store.transaction():
        store.rows("INSERT INTO meta VALUES ('after', '')")

    assert open_on(card).rows("SELECT key FROM meta") == [("before",)]


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda s: s.name)
def test_settings_lose_nothing_or_are_seen_to(settings: object) -> None:
    """The table of sources.md reliability 8; `python -m hw_sim durability` tries every cut."""
    row = run(settings, every=EVERY)  # type: ignore[arg-type]

    assert row.cuts > 5
    assert row.images == row.cuts * len(Damage)
    assert row.is_as_promised, row.examples[:3]


@pytest.mark.parametrize("trouble", Trouble)
@pytest.mark.parametrize("left", [1, None])
def test_failure_of_any_operation_loses_nothing_acknowledged(
    trouble: Trouble, left: int | None
) -> None:
    row = fail_at_each(trouble, left, every=EVERY)

    assert row.cuts > 30
    assert row.is_as_promised, row.examples[:3]


def test_log_written_after_the_commit_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: the change log is not synced. The look at the log alone finds the loss."""

    def append(self: CardLogFolder, name: str, data: bytes) -> None:
        with self._errors():
            card, path = self._mount.card, self._folder + name
            card.make(path)
            card.write(path, card.size(path), data)

    monkeypatch.setattr(CardLogFolder, "append", append)
    row = run(next(s for s in SETTINGS if s.name == "change log alone"), every=EVERY)

    assert row.lost + row.corrupt > 0


def test_store_and_log_that_rot_together_are_held_and_kept() -> None:
    card = Card(random.Random(1))
    store = open_on(card)
    for number in range(50):
        with store.transaction():
            store.rows("INSERT INTO meta VALUES (?, ?)", (f"{number}", "x" * 400))
    store.close()
    (segment,) = card.names(LOG_FOLDER)
    for at in range(4096, 40_000):
        card.rot(DATABASE, at, 0x5A)
    card.rot(segment, 600, 0x5A)
    before = card.image()

    with pytest.raises(StoreError, match="both damaged"):
        open_on(card)

    assert {name: data for name, data in card.image().items() if name in before} == before


def test_old_copy_of_everything_is_whole_and_cannot_be_told() -> None:
    """Both copies put back together: only the controller's count and the clinic can tell."""
    card = Card(random.Random(1))
    store = open_on(card)
    with store.transaction():
        store.rows("INSERT INTO meta VALUES ('old', '')")
    store.close()
    old = card.image()
    store = open_on(card)
    with store.transaction():
        store.rows("INSERT INTO meta VALUES ('new', '')")
    store.close()

    card.put_back(old)

    store = open_on(card)
    assert store.rows("SELECT key FROM meta") == [("old",)]
    assert store.repaired() == ""


def test_log_alone_tells_an_old_database() -> None:
    card = Card(random.Random(1))
    store = open_on(card)
    store.close()
    old = {name: data for name, data in card.image().items() if name.startswith(DATABASE)}
    store = open_on(card)
    for key in ("a", "b"):
        with store.transaction():
            store.rows("INSERT INTO meta VALUES (?, '')", (key,))
    store.close()
    card.put_back({**card.image(), **old})

    store = open_on(card)

    assert store.rows("SELECT key FROM meta ORDER BY key") == [("a",), ("b",)]
    assert store.repaired() == "rebuild_store"  # nothing was ever committed in that copy


def test_change_log_reads_only_its_newest_segments_at_a_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The bound of a start: two segments, however long the log is."""
    monkeypatch.setattr("edge.adapters.store.change_log.SEGMENT_BYTES_MAX", 2_000)
    card = Card(random.Random(1))
    store = open_on(card)
    for number in range(60):
        with store.transaction():
            store.rows("INSERT INTO meta VALUES (?, ?)", (f"{number}", "x" * 400))
    store.close()
    assert len(card.names(LOG_FOLDER)) > 10
    read: list[str] = []
    honest = CardLogFolder.read

    def noted(self: CardLogFolder, name: str) -> bytes:
        read.append(name)
        return honest(self, name)

    monkeypatch.setattr(CardLogFolder, "read", noted)

    open_on(card).close()

    assert len(read) == 2


# Faults of the card itself.


def test_lock_is_one_process_s_until_it_ends_or_is_killed() -> None:
    card = Card(random.Random(1))
    first = open_on(card, KEY)

    other = OtherProcess(card, KEY)
    assert not other.begin()
    other.close()
    with pytest.raises(StoreError, match="another process holds it"):
        open_on(card, KEY)

    card.kill_holders()
    open_on(card, KEY).close()
    first.close()
    assert card.locks == {}


def test_operation_fails_where_and_when_it_was_told_to() -> None:
    card, told = Card(random.Random(1)), []
    card.on_failure = lambda: told.append(card.operations)
    card.make("/a")
    card.make("/b")
    card.faults = CardFaults(Trouble.FULL, left=1, folder="/a", kinds=("write",), passing=1)

    card.write("/b", 0, b"x")
    card.sync("/a")
    card.write("/a", 0, b"x")
    with pytest.raises(CardError, match="no space"):
        card.write("/a", 1, b"y")
    card.write("/a", 1, b"z")

    assert (card.read("/a"), len(told)) == (b"xz", 1)


def test_file_that_somebody_deletes_is_there_for_who_has_it_and_for_nobody_after() -> None:
    card = Card(random.Random(1))
    store = open_on(card)
    with store.transaction():
        store.rows("INSERT INTO meta VALUES ('a', '')")

    card.unlink(DATABASE)
    with store.transaction():
        store.rows("INSERT INTO meta VALUES ('b', '')")
    card.kill_holders()

    assert not card.has(DATABASE)
    assert open_on(card).repaired() == "rebuild_store"


def test_name_that_was_not_synced_is_lost_with_its_file() -> None:
    card = Card(random.Random(1))
    card.make("/new")
    card.write("/new", 0, b"x")
    card.sync("/new")

    card.forget_name("/new")
    card.lose_power(Damage.LOST)

    assert not card.has("/new")


def test_write_that_strays_lands_elsewhere_once() -> None:
    card = Card(random.Random(1))
    card.make("/a")
    card.write("/a", 0, bytes(4096))
    card.faults.straying = 1

    card.write("/a", 4096, b"x" * 512)
    card.write("/a", 4096, b"y" * 512)

    assert card.read("/a").count(b"x") == 512
    assert card.read("/a", 4096) == b"y" * 512


def test_sealed_page_that_has_rotted_is_found_at_the_next_start() -> None:
    """Each byte: without the seal the engine takes a changed text for a text."""
    card = Card(random.Random(1))
    store = open_on(card, KEY)
    with store.transaction():
        store.rows("INSERT INTO meta VALUES ('a', ?)", ("x" * 3000,))
    store.close()
    card.rot(DATABASE, card.size(DATABASE) // 2, 1)

    assert open_on(card, KEY).repaired() == "rebuild_store"
