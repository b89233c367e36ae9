"""Accounts and PINs: what guessing costs, also across a restart.

Planted bugs these catch: counting the try after looking at the PIN; forgetting the count at start;
telling an unknown account from a wrong PIN; a success in the locked minute.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.adapters.pin_hash import InlinePins, ThreadedPins
from edge.adapters.store.sqlite_store import MEMORY, SqliteStore
from edge.domain.verdict import Verdict, refused
from edge.services.accounts import Account, AccountError, Accounts
from edge.services.tables import LAYOUT_VERSION, TABLES
from tests.edge.api.fakes import virtual

pytestmark = pytest.mark.control("pin-budget")

QUICK = InlinePins(memory_kib=8, rounds=1)
TESS = Account("tess", "Tess Example", "technician")


class CountingPins:
    """Counts verifications, and can lose power in the middle of one."""

    def __init__(self) -> None:
        self.verified = 0
        self.is_cut = False

    async def hash_pin(self, pin: str) -> str:
        return QUICK.hash_now(pin)

    async def verify_pin(self, pin_hash: str, pin: str) -> bool:
        self.verified += 1
        if self.is_cut:
            raise KeyboardInterrupt
        return QUICK.verify_now(pin_hash, pin)


def new_store(path: str = MEMORY) -> SqliteStore:
    return SqliteStore(path, None, tables=TABLES, layout_version=LAYOUT_VERSION)


@pytest.fixture
def store() -> Iterator[SqliteStore]:
    made = new_store()
    yield made
    made.close()


async def with_tess(store: SqliteStore) -> tuple[Accounts, CountingPins]:
    pins = CountingPins()
    accounts = Accounts(store, pins)
    await accounts.add("tess", "Tess Example", "technician", "4711")
    return accounts, pins


async def code_of(accounts: Accounts, user_id: str, pin: str) -> str:
    done = await accounts.check_pin(user_id, pin)
    return done.code if isinstance(done, Verdict) else ""


@virtual
async def test_pin_that_fits_gives_the_account(store: SqliteStore) -> None:
    accounts, _ = await with_tess(store)
    assert await accounts.check_pin("tess", "4711") == TESS
    assert accounts.list_operators() == [TESS]


@virtual
async def test_pin_is_kept_only_as_an_argon2id_hash(store: SqliteStore) -> None:
    await with_tess(store)
    ((kept,),) = store.rows("SELECT pin_hash FROM account")
    assert str(kept).startswith("$argon2id$")
    assert "4711" not in str(kept)


def test_pin_hash_of_the_product_costs_64_mib_and_three_rounds() -> None:
    kept = InlinePins().hash_now("4711")
    assert "m=65536,t=3,p=1" in kept


@virtual
async def test_pin_wrong_and_account_unknown_get_the_same_answer_and_work(
    store: SqliteStore,
) -> None:
    accounts, pins = await with_tess(store)
    wrong = await accounts.check_pin("tess", "0000")
    after_wrong = pins.verified
    unknown = await accounts.check_pin("nobody", "0000")
    assert wrong == unknown == refused("wrong_pin")
    assert (after_wrong, pins.verified) == (1, 2)


@virtual
async def test_pin_after_five_wrong_tries_is_locked_for_a_minute(store: SqliteStore) -> None:
    accounts, pins = await with_tess(store)
    assert [await code_of(accounts, "tess", "0000") for _ in range(6)] == [
        *["wrong_pin"] * 5,
        "pin_locked",
    ]
    assert await accounts.check_pin("tess", "4711") == refused("pin_locked", seconds=60)
    await asyncio.sleep(59.5)
    assert await accounts.check_pin("tess", "4711") == refused("pin_locked", seconds=1)
    assert pins.verified == 5
    await asyncio.sleep(1)
    assert await code_of(accounts, "tess", "0000") == "wrong_pin"
    assert await code_of(accounts, "tess", "4711") == "pin_locked"  # each further one closes again
    await asyncio.sleep(61)
    assert await accounts.check_pin("tess", "4711") == TESS
    assert [await code_of(accounts, "tess", "0000") for _ in range(4)] == ["wrong_pin"] * 4
    assert await accounts.check_pin("tess", "4711") == TESS  # the count began anew


@virtual
async def test_pin_count_survives_a_restart_and_is_no_free_guess(tmp_path: Path) -> None:
    path = str(tmp_path / "unit.db")
    store = new_store(path)
    accounts, _ = await with_tess(store)
    for _ in range(5):
        await accounts.check_pin("tess", "0000")
    store.close()

    store = new_store(path)
    again = Accounts(store, QUICK)
    assert await code_of(again, "tess", "4711") == "pin_locked"
    await asyncio.sleep(60)
    assert await again.check_pin("tess", "4711") == TESS
    store.close()


@virtual
async def test_pin_try_is_counted_before_the_check_ends(store: SqliteStore) -> None:
    """The plug is pulled while the hash is computed."""
    accounts, pins = await with_tess(store)
    pins.is_cut = True
    for _ in range(5):
        with pytest.raises(KeyboardInterrupt):
            await accounts.check_pin("tess", "0000")
    assert store.rows("SELECT wrong_tries FROM account") == [(5,)]
    assert await code_of(Accounts(store, QUICK), "tess", "4711") == "pin_locked"


@virtual
async def test_pin_of_an_inactive_account_is_refused(store: SqliteStore) -> None:
    accounts, _ = await with_tess(store)
    with store.transaction():
        store.rows("UPDATE account SET is_active = 0")
    assert await code_of(accounts, "tess", "4711") == "wrong_pin"


@virtual
async def test_pin_of_one_account_does_not_lock_another(store: SqliteStore) -> None:
    accounts, _ = await with_tess(store)
    await accounts.add("dora", "Dora", "clinician", "2222")
    for _ in range(6):
        await accounts.check_pin("tess", "0000")
    assert await code_of(accounts, "dora", "2222") == ""


@virtual
async def test_checks_beyond_the_queue_are_refused_as_busy(store: SqliteStore) -> None:
    accounts, _ = await with_tess(store)
    accounts._pins = SlowPins()
    codes = await asyncio.gather(*(code_of(accounts, "tess", "4711") for _ in range(8)))
    assert codes == [*[""] * 5, *["control_busy"] * 3]


class SlowPins:
    def __init__(self) -> None:
        self.running = 0

    async def hash_pin(self, pin: str) -> str:
        return QUICK.hash_now(pin)

    async def verify_pin(self, pin_hash: str, pin: str) -> bool:
        self.running += 1
        assert self.running == 1, "two computations at once"
        await asyncio.sleep(0.7)
        self.running -= 1
        return QUICK.verify_now(pin_hash, pin)


@pytest.mark.parametrize(
    ("user_id", "name", "role", "pin", "words"),
    [
        ("", "A", "technician", "1111", "user id"),
        ("A b", "A", "technician", "1111", "user id"),
        ("a" * 65, "A", "technician", "1111", "user id"),
        ("tess", "A", "technician", "1111", "exists already"),
        ("a", " ", "technician", "1111", "name"),
        ("a", "A", "admin", "1111", "role: one of technician, engineer, clinician"),
        ("a", "A", "technician", "111", "PIN"),
        ("a", "A", "technician", "1" * 13, "PIN"),
        ("a", "A", "technician", "12a4", "PIN"),
        ("a", "A", "technician", "1234\n", "PIN"),
        ("a", "A", "technician", "١٢٣٤", "PIN"),
    ],
)
@virtual
async def test_account_with_bad_facts_is_refused_in_words(
    store: SqliteStore, user_id: str, name: str, role: str, pin: str, words: str
) -> None:
    accounts, _ = await with_tess(store)
    with pytest.raises(AccountError, match=words):
        await accounts.add(user_id, name, role, pin)
    assert len(accounts.list_operators()) == 1


async def test_threaded_pins_leave_the_loop_free_and_agree(store: SqliteStore) -> None:
    pins = ThreadedPins(InlinePins(memory_kib=16 * 1024, rounds=2))
    accounts = Accounts(store, pins)
    await accounts.add("tess", "Tess Example", "technician", "4711")
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    counting = asyncio.create_task(count())
    assert await accounts.check_pin("tess", "4711") == TESS
    assert await code_of(accounts, "tess", "0000") == "wrong_pin"
    counting.cancel()
    pins.close()
    assert turns > 10


def test_pin_against_a_damaged_hash_does_not_fit() -> None:
    assert not QUICK.verify_now("nonsense", "4711")
