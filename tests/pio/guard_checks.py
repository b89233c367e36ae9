"""What must be true of guard and stamp in any emulator; each check fails with a planted bug."""

from __future__ import annotations

from random import Random

from tests.pio.jobs import Event, Job, Runner, Trace, in_order, levels, puts
from tests.pio.predict import Line
from tests.pio.programs import Programs

OFF_CYCLES_MAX = 6  # [V] the requirement: open to low, without the chip's synchroniser
BREAK_CYCLES = 4  # [V] as long as this is seen at every phase
LIFE = 40


def check_arming(p: Programs, run: Runner) -> None:
    """On only with an arm word that carries a life, while the loop is closed; feeds do nothing."""
    arm = p.ARM_WORD | LIFE
    key = p.ARM_WORD >> 22
    dead = [[LIFE], [LIFE] * 8, [0], [p.ARM_WORD], [p.ARM_WORD, LIFE], [key, LIFE], [arm ^ 1 << 22]]
    dead += [[(other << 22) | LIFE] for other in range(1024) if other != key]
    cycles = 100 + 14 * 9
    closed = levels([(0, 1)])
    jobs = [Job(p.guard, cycles, in_order(closed, puts(50, words))) for words in dead]
    for words, trace in zip(dead, run(jobs), strict=True):
        assert trace.edges == (), words
    good = Job(p.guard, 70, in_order(closed, puts(50, [arm])), registers=(1, 2, 3, 4))
    (trace,) = run([good])
    assert trace.edges == ((50 + p.GUARD_RISE_CYCLES, 1),)
    shut = Job(p.guard, 200, in_order(levels([(0, 0), (70, 1)]), puts(50, [arm]), puts(80, [LIFE])))
    (trace,) = run([shut])
    assert trace.edges == (), "armed with the loop open, or when it closed again"


def check_life(p: Programs, run: Runner) -> None:
    """Low when the life is over; a feed prolongs, 0 ends, no word makes a life too long."""
    closed, arm = levels([(0, 1)]), p.ARM_WORD
    on = 50 + p.GUARD_RISE_CYCLES
    jobs = [
        Job(p.guard, 20_000_000, in_order(closed, puts(50, [arm | life])))
        for life in (1, LIFE, 2_000_000, p.GUARD_LIFE_MAX)
    ]
    jobs += [
        Job(p.guard, 20_000_000, in_order(closed, puts(50, [arm | LIFE]), puts(on + 20, [word])))
        for word in (LIFE, 0, 0xFFFFFFFF, 1 << 22, 1000)
    ]
    lives = [1, LIFE, 2_000_000, p.GUARD_LIFE_MAX, LIFE, 0, p.GUARD_LIFE_MAX, 0, 1000]
    for index, (life, trace) in enumerate(zip(lives, run(jobs), strict=True)):
        assert len(trace.edges) == 2, life
        high = trace.falls[0] - on
        if index < 4:
            # The first look comes a cycle after the rise, the first pull two.
            assert high == p.GUARD_LOOP_CYCLES * life + p.GUARD_LIFE_FIXED + 2, life
        else:
            waited = high - 20 - p.GUARD_LOOP_CYCLES * life - p.GUARD_LIFE_FIXED
            assert 0 <= waited < p.GUARD_LOOP_CYCLES, (life, waited)
    assert 4 * p.GUARD_LIFE_MAX < 0.14 * p.CLOCK_HZ


def check_loop(p: Programs, run: Runner) -> int:
    """The loop opens at every phase: low within the bound, and fed for ever it stays low.

    Returns the worst case in cycles.
    """
    on = 50 + p.GUARD_RISE_CYCLES
    cases = [(on + at, gap) for at in range(-3, 24) for gap in (1, 2, 3, 4, 5, 6, 7, 40)]
    jobs = []
    for at, gap in cases:
        loop = levels([(0, 1), (at, 0), (at + gap, 1)])
        feed = tuple(Event(cycle, "put", LIFE) for cycle in range(60, 400, 25))
        jobs.append(Job(p.guard, 400, in_order(loop, puts(50, [p.ARM_WORD | LIFE]), feed)))
    worst = 0
    for (at, gap), trace in zip(cases, run(jobs), strict=True):
        if at + gap <= on - 1:
            continue
        if gap >= BREAK_CYCLES:
            assert len(trace.edges) in (0, 2), (at, gap, trace)
            if trace.falls:
                worst = max(worst, trace.falls[0] + 1 - max(at, on))
        assert len(trace.rises) <= 1, "back without an arm word"
    assert 0 < worst <= OFF_CYCLES_MAX, worst
    return worst


def check_random_feeding(p: Programs, run: Runner, cases: int = 60, seed: int = 3) -> list[Trace]:
    """Any words, any loop: high only armed, fed, and with a loop that was closed just before."""
    jobs = []
    for index in range(cases):
        random = Random(seed * 104_729 + index)
        words = [0, 1, 3, LIFE, 5 * LIFE, p.ARM_WORD, p.ARM_WORD | LIFE, p.ARM_WORD | 7]
        times = sorted(random.sample(range(1, 3000), random.randrange(3, 40)))
        feed = tuple(
            Event(at, "put", random.choice([*words, random.getrandbits(32)])) for at in times
        )
        flips = sorted(random.sample(range(1, 3000), random.choice([0, 1, 2, 30])))
        loop = [(0, 1)] + [(at, number % 2) for number, at in enumerate(flips)]
        off = tuple(Event(at, "exec", p.GUARD_OFF) for at in random.sample(range(3000), 2))
        jobs.append(Job(p.guard, 4000, in_order(levels(loop), feed, off)))
    traces = run(jobs)
    for job, trace in zip(jobs, traces, strict=True):
        _judge_feeding(p, job, trace)
    return traces


def _judge_feeding(p: Programs, job: Job, trace: Trace) -> None:
    loop = Line([(event.cycle, event.value) for event in job.events if event.kind == "pin"])
    falls = [*trace.falls, job.cycles][: len(trace.rises)]
    arms = [e.cycle for e in job.events if e.kind == "put" and e.value >> 22 == p.ARM_WORD >> 22]
    for number, (rise, fall) in enumerate(zip(trace.rises, falls, strict=True)):
        assert sum(1 for at in arms if at <= rise) > number, "more rises than arm words"
        assert loop.at(rise - 1) == 1, "on with the loop open"
        for at in range(rise + 1, fall - OFF_CYCLES_MAX + 1):
            is_open = not any(loop.at(at + later) for later in range(BREAK_CYCLES))
            assert not is_open, (rise, at, fall)
        words = [e for e in job.events if e.kind == "put" and e.cycle <= fall]
        lives = [e.cycle + p.GUARD_LOOP_CYCLES * ((e.value & p.GUARD_LIFE_MAX) + 8) for e in words]
        assert fall <= max(lives) + p.GUARD_RISE_CYCLES, "on without food"


def check_stamps(p: Programs, run: Runner) -> None:
    """Every rise gives one word; with the fixed corrections it is the cycle of the rise."""
    jobs, asked = [], []
    for seed in range(40):
        random = Random(seed)
        changes = [(0, seed % 2)]
        rises: list[int] = []
        cycle = 0
        for _ in range(8):
            cycle += random.choice(
                [6, 7, random.randrange(6, 4000), random.randrange(6, 2_000_000)]
            )
            if seed % 2 and not rises and changes == [(0, 1)]:
                changes.append((cycle, 0))
                cycle += random.randrange(2, 50)
            rises.append(cycle)
            changes.append((cycle, 1))
            cycle += random.choice([2, 3, random.randrange(2, 400)])
            changes.append((cycle, 0))
        asked.append(rises)
        jobs.append(Job(p.stamp, cycle + 20, levels(changes), registers=(5, 6, 7, 8)))
    for rises, trace in zip(asked, run(jobs), strict=True):
        assert [word for _, word in trace.words] == sorted(word for _, word in trace.words)
        judge_stamps(p, rises, trace)


def judge_stamps(p: Programs, rises: list[int], trace: Trace, turns: int = 0) -> None:
    """Compare the stamps with the rises; `turns` of the counter before the first one."""
    assert len(trace.words) == len(rises), (rises, trace.words)
    for number, (rise, (_, word)) in enumerate(zip(rises, trace.words, strict=True)):
        ticks = (turns << 32) + word + p.STAMP_RISE_TICKS * number
        sampled = p.STAMP_START_CYCLES + p.STAMP_TICK_CYCLES * ticks
        assert 0 <= sampled - rise < p.STAMP_TICK_CYCLES, (rise, sampled)


def check_stamp_wrap(p: Programs, run: Runner) -> None:
    """The counter goes round, with the pin low or high, without a stamp of its own."""
    turn = 2 << 32
    low = Job(p.stamp, turn + 20_000, levels([(0, 0), (turn + 10_000, 1), (turn + 10_100, 0)]))
    high = Job(p.stamp, turn + 20_000, levels([(0, 0), (turn - 5000, 1), (turn + 500, 0)]))
    after_low, over_high = run([low, high])
    judge_stamps(p, [turn + 10_000], after_low, turns=1)
    judge_stamps(p, [turn - 5000], over_high)
    assert all(word < 1 << 32 for _, word in after_low.words + over_high.words)
