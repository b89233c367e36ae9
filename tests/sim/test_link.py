"""The simulated line: order, speed, every misbehaviour, cuts, one owner."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from edge.ports import LinkLostError
from hw_sim import vtime
from hw_sim.kernel import Kernel, Streams
from hw_sim.link import CHUNK_MAX, LinkPlan, SimLink

pytestmark = pytest.mark.control("line-quality")


class Bench:
    """A line with its controller's end in a list of (loop seconds, bytes)."""

    def __init__(self, seed: int = 1) -> None:
        self.loop = asyncio.get_running_loop()
        self.kernel = Kernel()
        self.kernel.attach(self.loop)
        self.heard: list[tuple[float, bytes]] = []
        self.link = SimLink(self.kernel, Streams(seed).get("link"), self._hear)

    def _hear(self, data: bytes) -> None:
        self.heard.append((self.kernel.now_ns / 1e9, data))

    def all_heard(self) -> bytes:
        return b"".join(data for _, data in self.heard)

    def say(self, data: bytes) -> None:
        """The controller sends."""
        self.kernel.sync()
        self.link.from_mcu(data)


def on_bench(story: Callable[[Bench], Awaitable[None]], seed: int = 1) -> None:
    async def main() -> None:
        await story(Bench(seed))

    vtime.run(main())


STEADY = LinkPlan(delay_ns_min=1_000_000, delay_ns_max=1_000_000)


def test_bytes_take_their_time_at_921600_baud_and_keep_their_order() -> None:
    async def story(bench: Bench) -> None:
        bench.link.set_plan(STEADY)
        end = await bench.link.open()
        end.write(bytes(9216))
        end.write(b"tail")
        await asyncio.sleep(1)
        first, tail = bench.heard
        assert first[0] == pytest.approx(0.101, abs=1e-6)  # 9216 bytes are a tenth of a second
        assert tail[0] == pytest.approx(0.101 + 4 * 10 / 921_600, abs=1e-6)
        bench.say(b"up")
        assert await end.read() == b"up"

    on_bench(story)


def test_chunks_with_random_delays_are_never_reordered() -> None:
    async def story(bench: Bench) -> None:
        bench.link.set_plan(LinkPlan(delay_ns_min=0, delay_ns_max=50_000_000))
        end = await bench.link.open()
        for number in range(200):
            end.write(bytes((number,)))
            await asyncio.sleep(0.001)
        await asyncio.sleep(1)
        assert bench.all_heard() == bytes(range(200))

    on_bench(story)


def test_read_joins_what_waited_and_is_bounded() -> None:
    async def story(bench: Bench) -> None:
        end = await bench.link.open()
        bench.say(b"a" * 3000)
        bench.say(b"b" * 3000)
        await asyncio.sleep(1)
        first = await end.read()
        assert len(first) == CHUNK_MAX
        assert first + await end.read() == b"a" * 3000 + b"b" * 3000

    on_bench(story)


@pytest.mark.parametrize(
    ("plan", "is_expected"),
    [
        (LinkPlan(lose=0.3), lambda sent, got: 0 < len(got) < len(sent)),
        (LinkPlan(lose_byte=1.0), lambda sent, got: len(got) == len(sent) * 9 // 10),
        (LinkPlan(corrupt=1.0), lambda sent, got: len(got) == len(sent) and got != sent),
        (LinkPlan(double=1.0), lambda sent, got: len(got) == 2 * len(sent)),
        (LinkPlan(split=1.0), lambda sent, got: got == sent),
        (LinkPlan(hold=0.5), lambda sent, got: got == sent),
    ],
)
def test_each_misbehaviour_does_what_it_says(
    plan: LinkPlan, is_expected: Callable[[bytes, bytes], bool]
) -> None:
    async def story(bench: Bench) -> None:
        bench.link.set_plan(plan)
        end = await bench.link.open()
        sent = b""
        for number in range(100):
            chunk = bytes((number,)) * 10
            sent += chunk
            end.write(chunk)
            await asyncio.sleep(0.01)
        await asyncio.sleep(1)
        assert is_expected(sent, bench.all_heard())
        if plan.split:
            assert len(bench.heard) == 200

    on_bench(story)


def test_cut_line_wakes_the_reader_and_refuses_until_restored() -> None:
    async def story(bench: Bench) -> None:
        end = await bench.link.open()
        reader = asyncio.create_task(end.read())
        bench.say(b"under way")
        await asyncio.sleep(0)
        bench.link.cut()
        with pytest.raises(LinkLostError, match="unplugged"):
            await reader
        with pytest.raises(LinkLostError, match="unplugged"):
            end.write(b"x")
        with pytest.raises(LinkLostError, match="not plugged in"):
            await bench.link.open()
        bench.link.restore()
        again = await bench.link.open()
        bench.say(b"new")
        assert await again.read() == b"new"

    on_bench(story)


def test_silent_line_swallows_bytes_and_keeps_the_port_open() -> None:
    async def story(bench: Bench) -> None:
        end = await bench.link.open()
        bench.link.cut(is_silent=True)
        end.write(b"x")
        bench.say(b"y")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5):
                await end.read()
        assert bench.heard == []
        bench.link.restore()
        end.write(b"z")
        await asyncio.sleep(0.1)
        assert bench.all_heard() == b"z"

    on_bench(story)


def test_device_has_one_owner_and_closing_frees_it() -> None:
    async def story(bench: Bench) -> None:
        end = await bench.link.open()
        with pytest.raises(LinkLostError, match="already open"):
            await bench.link.open()
        end.close()
        with pytest.raises(LinkLostError, match="closed"):
            await end.read()
        await bench.link.open()

    on_bench(story)


def test_old_bytes_do_not_greet_a_new_owner() -> None:
    async def story(bench: Bench) -> None:
        end = await bench.link.open()
        bench.say(b"old")
        end.close()
        again = await bench.link.open()
        await asyncio.sleep(0.1)
        bench.say(b"new")
        assert await again.read() == b"new"

    on_bench(story)


def test_same_seed_misbehaves_the_same_way() -> None:
    def heard(seed: int) -> list[tuple[float, bytes]]:
        found: list[tuple[float, bytes]] = []

        async def story(bench: Bench) -> None:
            bench.link.set_plan(LinkPlan(lose=0.1, corrupt=0.1, double=0.1, split=0.3, hold=0.2))
            end = await bench.link.open()
            for number in range(100):
                end.write(bytes((number, number)))
                await asyncio.sleep(0.003)
            await asyncio.sleep(1)
            found.extend(bench.heard)

        on_bench(story, seed)
        return found

    assert heard(1) == heard(1)
    assert heard(1) != heard(2)
