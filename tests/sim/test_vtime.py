"""The virtual loop: time jumps, order is fixed, nothing hangs, two processes agree."""

from __future__ import annotations

import asyncio
import itertools
import os
import subprocess
import sys
import textwrap
import threading

import pytest

from hw_sim import vtime


def test_sleep_of_thirty_days_takes_no_real_time_and_ends_exactly() -> None:
    async def main() -> int:
        await asyncio.sleep(30 * 86_400)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, vtime.VirtualLoop)
        return loop.now_ns

    assert vtime.run(main()) == 30 * 86_400 * vtime.NS_PER_S


def test_timers_of_one_instant_run_in_the_order_they_were_set() -> None:
    seen: list[int] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        for number in range(200):
            loop.call_at(1.0, seen.append, number)
        loop.call_at(0.5, seen.append, -1)
        await asyncio.sleep(2)

    vtime.run(main())
    assert seen == [-1, *range(200)]


def test_callback_never_sees_a_time_before_its_own_deadline() -> None:
    late: list[float] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()

        def lateness(due: float) -> None:
            late.append(loop.time() - due)

        for number in range(2_000):
            when = 0.1 * number / 3 + 1e-10
            loop.call_at(when, lateness, when)
        await asyncio.sleep(100)

    vtime.run(main())
    assert min(late) >= 0
    assert max(late) < 1e-9


def test_many_small_sleeps_do_not_drift() -> None:
    async def main() -> int:
        for _ in range(30_000):
            await asyncio.sleep(0.001)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, vtime.VirtualLoop)
        return loop.now_ns

    assert vtime.run(main()) == 30 * vtime.NS_PER_S


def test_wait_that_nothing_can_end_raises_and_names_the_task() -> None:
    async def stuck_forever() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(vtime.VirtualDeadlockError, match="stuck_forever"):
        vtime.run(stuck_forever())


def test_loop_that_lets_no_time_pass_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vtime, "CALLBACKS_PER_INSTANT_MAX", 1_000)

    async def spin() -> None:
        loop = asyncio.get_running_loop()

        def again() -> None:
            loop.call_soon(again)

        again()
        await loop.create_future()

    with pytest.raises(vtime.VirtualLivelockError, match="spin"):
        vtime.run(spin())


def test_run_beyond_its_limit_raises_and_names_the_task() -> None:
    async def never_ending() -> None:
        for _ in itertools.repeat(None):
            await asyncio.sleep(60)

    with pytest.raises(vtime.VirtualTimeLimitError, match="never_ending"):
        vtime.run(never_ending(), limit_s=3600)


def test_executor_and_foreign_thread_are_refused() -> None:
    async def main() -> list[str]:
        loop = asyncio.get_running_loop()
        refusals: list[str] = []
        with pytest.raises(RuntimeError, match="no executor"):
            await asyncio.to_thread(print)

        def from_outside() -> None:
            try:
                loop.call_soon_threadsafe(print)
            except RuntimeError as error:
                refusals.append(str(error))

        thread = threading.Thread(target=from_outside)
        thread.start()
        thread.join()
        return refusals

    assert vtime.run(main()) == ["no threads in virtual time"]


def test_timeout_ends_at_its_deadline() -> None:
    async def main() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5):
                await asyncio.sleep(50)
        return asyncio.get_running_loop().time()

    assert vtime.run(main()) == 5.0


def test_failing_callback_ends_the_run() -> None:
    async def main() -> None:
        asyncio.get_running_loop().call_later(1, lambda: 1 / 0)
        await asyncio.sleep(2)

    with pytest.raises(vtime.VirtualRunError, match=r"1\.000000000 s"):
        vtime.run(main())


def test_cancelled_timers_do_not_pile_up() -> None:
    async def main() -> int:
        loop = asyncio.get_running_loop()
        for _ in range(5_000):
            loop.call_later(3600, print).cancel()
        assert isinstance(loop, vtime.VirtualLoop)
        return len(loop._queue)

    assert vtime.run(main()) <= vtime.CANCELLED_TIMERS_MIN + 2


PROGRAM = textwrap.dedent(
    """
    import asyncio, hashlib
    from hw_sim import vtime
    from hw_sim.kernel import Streams

    async def main():
        loop, digest, streams = asyncio.get_running_loop(), hashlib.sha256(), Streams(7)
        async def worker(name):
            chance = streams.get(name)
            for _ in range(100):
                await asyncio.sleep(chance.randrange(4) / 1000)
                digest.update(f"{name} {loop.time():.9f}".encode())
        async with asyncio.TaskGroup() as group:
            for name in ("a", "b", "c", "d"):
                group.create_task(worker(name))
        print(digest.hexdigest())

    vtime.run(main())
    """
)


def trace_of_process(hash_seed: str) -> str:
    env = {**os.environ, "PYTHONHASHSEED": hash_seed}
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=env, capture_output=True, text=True, check=True
    )
    return ran.stdout.strip()


@pytest.mark.process
def test_same_seed_in_two_processes_with_other_hash_seeds_gives_the_same_trace() -> None:
    assert trace_of_process("1") == trace_of_process("4242")
