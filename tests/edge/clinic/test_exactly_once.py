"""Every record is at the clinic exactly once, in order, whatever line and power do (I21)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import pytest

from edge.ports import Value
from edge.services.clinic_sender import Sender
from edge.services.outbox import Item
from hw_sim.clinic.line import ROUGH, Faults
from hw_sim.clinic.quirks import Quirks
from tests.edge.clinic.bench import ClinicBench, memory_store, record, run, session_id

pytestmark = pytest.mark.control("exactly-once")

QUIRKS = {
    "plain": Quirks(),
    "small_steps": Quirks(entry_limit=2, absolute_locations=True),
    "races": Quirks(races_on_conditions=True, entry_limit=2),
    "no_location": Quirks(no_location_on_match=True, uuid_versions=True, no_tag_search=True),
    "409_after_commit": Quirks(conflict_status_after_commit=409),
    "412_after_commit": Quirks(conflict_status_after_commit=412, entry_limit=2),
    "500_after_commit": Quirks(conflict_status_after_commit=500),
    "batch_like": Quirks(batch_like_transaction=True, lenient_search=True),
}


class KilledError(BaseException):
    """The process ends here."""


class MortalStore:
    """A store that ends the process at a chosen commit, before or after it became durable."""

    def __init__(self) -> None:
        self._inner = memory_store()
        self.commits_left: int | None = None
        self.is_after = False

    def rows(self, sql: str, args: Sequence[Value] = ()) -> list[tuple[Value, ...]]:
        return self._inner.rows(sql, args)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        is_last = self.commits_left == 0
        if self.commits_left is not None:
            self.commits_left -= 1
        with self._inner.transaction():
            yield
            if is_last and not self.is_after:
                raise KilledError
        if is_last:
            raise KilledError

    def checkpoint(self) -> None:
        self._inner.checkpoint()

    def log_failure(self) -> str:
        return self._inner.log_failure()

    def repaired(self) -> str:
        return self._inner.repaired()

    def close(self) -> None:
        self._inner.close()


async def drain(bench: ClinicBench, rng: random.Random, restarts: int) -> None:
    """Run the sync until all is sent, ending it abruptly at random moments before."""
    store = bench.store
    assert isinstance(store, MortalStore)
    for _ in range(restarts):
        store.commits_left = rng.randrange(1, 12) if rng.random() < 0.5 else None
        store.is_after = rng.random() < 0.5
        task = asyncio.create_task(bench.sync.run())
        await asyncio.wait([task], timeout=rng.uniform(0.1, 90.0))
        task.cancel()
        with suppress(asyncio.CancelledError, KilledError):
            await task
        store.commits_left = None
        bench.start_edge()

    async def wait() -> None:
        await bench.until(lambda: bench.sync.to_send == 0, 40 * 86_400.0)

    await bench.running(wait)


def assert_exactly_once(bench: ClinicBench, count: int) -> None:
    expected = [session_id(n) for n in range(1, count + 1)]
    assert bench.sync.quarantined == 0
    assert bench.sessions() == expected  # in order
    assert bench.copies_of("Procedure") == dict.fromkeys(expected, 1)
    names = [f"{key}.{part}" for key in expected for part in ("dose", "threshold")]
    assert bench.copies_of("Observation") == dict.fromkeys(names, 1)


@pytest.mark.parametrize("name", QUIRKS)
@pytest.mark.parametrize("number", range(2))
def test_outbox_under_faults_and_restarts_sends_each_record_once(name: str, number: int) -> None:
    async def main() -> None:
        rng = random.Random(f"{name}.{number}")
        bench = ClinicBench(QUIRKS[name], number=number, store=MortalStore())
        await bench.pull()
        bench.line.faults = ROUGH
        for n in range(1, 9):
            bench.enqueue(record(n))
        await drain(bench, rng, restarts=6)
        assert_exactly_once(bench, 8)
        assert bench.line.in_flight_max == 1
        assert bench.line.writes_in_flight_max == 1

    run(main())


def test_outbox_with_60_sessions_45_percent_faults_and_restarts_sends_each_once() -> None:
    async def main() -> None:
        bench = ClinicBench(QUIRKS["races"], number=7, store=MortalStore())
        await bench.pull()
        bench.line.faults = ROUGH
        for n in range(1, 61):
            bench.enqueue(record(n))
        await drain(bench, random.Random(7), restarts=10)
        assert_exactly_once(bench, 60)
        wrong = sum(count for fate, count in bench.line.fates.items() if fate != "plain")
        assert wrong / bench.line.requests > 0.35
        assert bench.line.writes_in_flight_max == 1

    run(main())


def test_outbox_that_resends_without_asking_makes_duplicates_that_are_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Planted bug: no quiet time, no probe. The checks above must see it."""

    async def at_once(self: Sender, item: Item, _entries: object) -> float:
        self._outbox.not_arrived(item, "")
        return 0.0

    monkeypatch.setattr(Sender, "_settle", at_once)

    async def main() -> None:
        bench = ClinicBench(QUIRKS["races"], Faults(), number=3, store=MortalStore())
        await bench.pull()
        bench.line.faults = Faults(late=0.6, late_s_max=4.0, writes_only=True)
        for n in range(1, 9):
            bench.enqueue(record(n))
        task = asyncio.create_task(bench.sync.run())
        await asyncio.sleep(7_200.0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await bench.line.settle()
        assert max(bench.copies_of("Procedure").values()) > 1

    run(main())


def test_enqueue_of_the_same_session_twice_queues_it_once() -> None:
    async def main() -> None:
        bench = ClinicBench()
        await bench.pull()
        bench.enqueue(record(1))
        bench.enqueue(record(1))
        assert bench.sync.to_send == 1

    run(main())


def test_enqueue_in_a_transaction_that_fails_queues_nothing() -> None:
    async def main() -> None:
        bench = ClinicBench()
        await bench.pull()

        def fail() -> None:
            with bench.store.transaction():
                bench.sync.enqueue_session(record(1))
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        assert bench.sync.to_send == 0
        assert bench.sync.session_state(session_id(1)) == ""

    run(main())


@pytest.mark.timeout(240)
def test_1000_sessions_after_a_week_offline_drain_in_order() -> None:
    async def main() -> None:
        bench = ClinicBench(Quirks(entry_limit=8))
        await bench.pull()
        bench.line.is_cut = True
        for n in range(1, 1001):
            bench.enqueue(record(n, settings_hash=""))

        async def outage() -> None:
            await asyncio.sleep(7 * 86_400.0)
            assert bench.sync.to_send == 1000
            assert bench.sync.clinic_state == "unreachable"
            bench.line.is_cut = False
            await bench.until(lambda: bench.sync.to_send == 0, 86_400.0)

        await bench.running(outage)
        assert_exactly_once(bench, 1000)

    run(main())
