"""STOP works in every state: on the screen, by red button and patient; edge frozen, line cut.

Each state of a visit is reached once; every way of stopping is then tried on a copy of it. Judged
on the plant's own record: when no pulse could come any more. The edge's enable is in series with
the controller's, so that the screen's STOP needs no line.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import structlog

from edge.api import schema
from hw_sim.faults.bench import FaultBench, write_library
from hw_sim.faults.states import ARM, BY_NAME, LIVE, SITUATIONS
from hw_sim.faults.trial import off_after, path_windows
from hw_sim.fork import fork_run
from hw_sim.vtime import VirtualLoop

pytestmark = [pytest.mark.timeout(180), pytest.mark.control("stop-path")]
SCREEN_MS = 100.0  # sources.md design 5
WIRED_MS = 20.0  # sources.md reliability 2.4, I14
# Nobody hears the screen's STOP then: the edge lets its own enable go, whose one-shot lives 250 ms.
UNHEARD_MS = 300.0
FROZEN_S = 10.0
QUIET_S = 2.0

Work = Callable[[FaultBench], object]


def red_button(bench: FaultBench) -> None:
    bench.system.unit.press_estop()


def patient_button(bench: FaultBench) -> None:
    bench.system.unit.press_patient_button(is_pressed=True)


WIRED: dict[str, Work] = {"red_button": red_button, "patient_button": patient_button}
CONDITIONS: dict[str, Work] = {
    "plain": lambda bench: None,
    "line_cut": lambda bench: bench.system.unit.cut_link(is_silent=True),
    "screen_hung": lambda bench: bench.robot.freeze(),
    "firmware_hung": lambda bench: bench.system.unit.hang_mcu(has_watchdog=False),
}


async def _late(bench: FaultBench, press: Work, condition: Work, *, is_frozen: bool) -> list[float]:
    """How long output was possible after the press, and whether it ever came back; milliseconds."""
    done = condition(bench)
    if asyncio.iscoroutine(done):
        await done
    press_ns = bench.now_ns
    press(bench)
    if is_frozen:
        bench.stall(FROZEN_S)
    await asyncio.sleep(QUIET_S)
    return _judge(bench, press_ns)


async def _late_by_screen(bench: FaultBench, condition: Work) -> list[float]:
    done = condition(bench)
    if asyncio.iscoroutine(done):
        await done
    press_ns = bench.now_ns
    bench.robot.say(schema.encode(schema.Stop(id=bench.robot.new_id())))
    await asyncio.sleep(QUIET_S)
    return _judge(bench, press_ns)


def _judge(bench: FaultBench, press_ns: int) -> list[float]:
    truth = bench.system.unit.recorder
    off_ns = off_after(truth, press_ns)
    again = [on for on, _ in path_windows(truth) if on > press_ns]
    return [0.0 if off_ns is None else (off_ns - press_ns) / 1e6, float(len(again))]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_library(tmp_path_factory.mktemp("stops") / "protocols")


def _drop(*_args: object) -> Any:
    raise structlog.DropEvent


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.name)
def test_stop_in_every_state_ends_output_within_its_bound(situation: Any, library: Path) -> None:
    structlog.configure(processors=[_drop])
    late: dict[str, list[float]] = {}
    was_on = False
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        bench = runner.run(FaultBench.boot(5, library))
        runner.run(BY_NAME[situation.name].reach(bench))
        was_on = bool(path_windows(bench.system.unit.recorder))
        for condition_name, condition in CONDITIONS.items():
            for name, press in WIRED.items():
                late[f"{name} {condition_name}"] = fork_run(
                    runner, partial(_late, bench, press, condition, is_frozen=False)
                )
            if condition_name != "screen_hung":
                late[f"screen {condition_name}"] = fork_run(
                    runner, partial(_late_by_screen, bench, condition)
                )
        for name, press in WIRED.items():
            late[f"{name} edge_frozen"] = fork_run(
                runner, partial(_late, bench, press, CONDITIONS["plain"], is_frozen=True)
            )
        runner.run(bench.leave())
    structlog.reset_defaults()

    assert was_on or situation.group not in (ARM, LIVE) or situation.name == "arming"
    for way, (late_ms, came_back) in late.items():
        assert late_ms <= _bound_ms(way), f"{way}: {late_ms} ms"
        assert not came_back, way


def _bound_ms(way: str) -> float:
    if not way.startswith("screen"):
        return WIRED_MS
    return SCREEN_MS if way.endswith("plain") else UNHEARD_MS


def test_edge_frozen_in_a_train_ends_output_by_itself(library: Path) -> None:
    """The screen's STOP cannot be heard then; both enables fall without anybody's help."""
    structlog.configure(processors=[_drop])
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        bench = runner.run(FaultBench.boot(5, library))
        runner.run(BY_NAME["train"].reach(bench))
        late_ms, came_back = fork_run(
            runner, lambda: _late(bench, lambda _: None, lambda _: None, is_frozen=True)
        )
        runner.run(bench.leave())
    structlog.reset_defaults()

    assert 0 < late_ms <= UNHEARD_MS
    assert not came_back


def test_stop_that_nobody_heard_is_caught_by_this_matrix(library: Path) -> None:
    """The planted bug: no STOP at all, and output goes on beyond the bound."""
    structlog.configure(processors=[_drop])
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        bench = runner.run(FaultBench.boot(5, library))
        runner.run(BY_NAME["train"].reach(bench))
        late_ms, _ = fork_run(
            runner, lambda: _late(bench, lambda _: None, lambda _: None, is_frozen=False)
        )
        runner.run(bench.leave())
    structlog.reset_defaults()

    assert late_ms > SCREEN_MS
