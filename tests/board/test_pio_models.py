"""The stand-in's machines do in every cycle what the two emulators do: same edges, same words.

All checks of tests/pio run with the model as a third runner; then random jobs are compared trace
for trace; then bugs planted in the model must be found.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

import pio_models
from pio_models import SYNC_CYCLES, Machine, Unsupported
from rig_nets import Net
from tests.board import in_model
from tests.pio import guard_checks, trig_checks
from tests.pio.in_rp2040js import Rp2040js, is_installed
from tests.pio.jobs import Job, Runner, Trace, levels, puts
from tests.pio.programs import Programs, load


def _itbs(p: Programs, run: Runner) -> object:
    return trig_checks.check_plan(p, run, "iTBS", 600)


CHECKS: tuple[Callable[[Programs, Runner], object], ...] = (
    trig_checks.check_random_requests,
    trig_checks.check_every_phase,
    trig_checks.check_interval,
    trig_checks.check_cancel,
    trig_checks.check_width_bound,
    guard_checks.check_arming,
    guard_checks.check_life,
    guard_checks.check_loop,
    guard_checks.check_random_feeding,
    guard_checks.check_stamps,
    guard_checks.check_stamp_wrap,
    _itbs,
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_model_passes_the_emulators_checks(check: Callable[[Programs, Runner], object]) -> None:
    check(load(), in_model.run)


class Both:
    """A runner that runs every job in the model and in rp2040js and compares them."""

    def __init__(self, other: Runner) -> None:
        self.other = other
        self.edges = 0

    def __call__(self, jobs: list[Job]) -> list[Trace]:
        found = in_model.run(jobs)
        for job, ours, theirs in zip(jobs, found, self.other(jobs), strict=True):
            assert ours == theirs, job
            self.edges += len(ours.edges) + len(ours.words)
        return found


@pytest.mark.parametrize(
    "check",
    [
        trig_checks.check_random_requests,
        trig_checks.check_every_phase,
        trig_checks.check_interval,
        guard_checks.check_random_feeding,
        guard_checks.check_stamps,
    ],
    ids=lambda check: check.__name__,
)
def test_model_and_emulator_give_the_same_traces(
    check: Callable[[Programs, Runner], object],
) -> None:
    assert is_installed(), "run `npm ci` in tests/ first"
    with Rp2040js() as js:
        both = Both(js)
        check(load(), both)
        assert both.edges > 50


def _plant(monkeypatch: pytest.MonkeyPatch, name: str, planted: object) -> None:
    monkeypatch.setattr(Machine, name, planted)


def test_planted_skip_past_a_pin_change_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def blind(machine: Machine, turn_cycles: int) -> int:
        return (machine._until - machine.cycle) // turn_cycles

    # Events bound each advance in this runner, so the pin must change within one.
    machine = Machine(load().stamp.words + [0] * 23, 0, sync_cycles=0)
    machine.wrap_target, machine.wrap, machine.is_active = 7, 8, True
    net = machine.jmp_net = Net()
    net.drive(1000, 1)
    net.drive(1100, 0)
    machine.advance(5000)
    assert len(machine.fifos.rx) == 1

    _plant(monkeypatch, "_calm_turns", blind)
    machine = Machine(load().stamp.words + [0] * 23, 0, sync_cycles=0)
    machine.wrap_target, machine.wrap, machine.is_active = 7, 8, True
    machine.jmp_net = net
    machine.advance(5000)
    assert machine.fifos.rx == []


def test_planted_skip_one_turn_too_far_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def greedy(value: int, step: int) -> int:
        return 0xFFFFFFFF if step == 0 else (value // -step + 1 if step < 0 else 0)

    monkeypatch.setattr(pio_models, "_counting_turns", greedy)
    with pytest.raises(AssertionError):
        trig_checks.check_random_requests(load(), in_model.run)


def test_planted_result_lost_in_the_model_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    _plant(monkeypatch, "_push", lambda _machine, _is_blocking: None)
    with pytest.raises((AssertionError, IndexError)):
        trig_checks.check_random_requests(load(), in_model.run)


def test_skipping_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    p = load()
    jobs = []
    for seed in range(12):
        random = Random(seed)
        registers = tuple(random.getrandbits(32) for _ in range(4))
        events = levels([(0, 1)]) + puts(50, [p.ARM_WORD | random.randrange(1, 4000)])
        jobs.append(Job(p.guard, 20_000, events, registers=registers))  # type: ignore[arg-type]
        feed = puts(9, [random.randrange(9000), random.randrange(4000)])
        jobs.append(Job(p.trig, 40_000, levels([(0, 1)]) + feed, trig_checks.idle_label(p)))
    quick = in_model.run(jobs)
    assert sum(len(trace.edges) for trace in quick) >= 20
    _plant(monkeypatch, "_turn", lambda _machine: None)
    assert in_model.run(jobs) == quick


def test_inputs_pass_the_synchroniser() -> None:
    # The chip sees a level two cycles late; the emulators have no such thing.
    p = load()
    sampled = []
    for sync_cycles in (0, SYNC_CYCLES):
        machine = Machine(p.stamp.words + [0] * 23, 0, sync_cycles)
        machine.wrap_target, machine.wrap, machine.is_active = 7, 8, True
        machine.jmp_net = Net()
        machine.jmp_net.drive(1001, 1)
        machine.advance(2000)
        sampled.append(p.STAMP_START_CYCLES + p.STAMP_TICK_CYCLES * machine.fifos.rx[0])
    assert sampled[1] - sampled[0] == SYNC_CYCLES


@pytest.mark.parametrize("word", [0x2020, 0xC000, 0xE080, 0x80C0, 0x60A1, 0xA003])
def test_instruction_that_no_program_uses_is_refused(word: int) -> None:
    machine = Machine([word] * 32, 0)
    machine.is_active = True
    with pytest.raises(Unsupported):
        machine.advance(1)


def test_result_without_room_is_counted_and_blocks_nobody() -> None:
    machine = Machine([0x8000] * 32, 0)  # push(noblock) for ever
    machine.is_active = True
    machine.advance(9)
    assert (len(machine.fifos.rx), machine.fifos.lost) == (4, 5)
