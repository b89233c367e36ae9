"""What must be true of trig in any emulator; each check fails with a planted bug (test_planted)."""

from __future__ import annotations

from itertools import pairwise
from random import Random

from tests.pio import plans, predict
from tests.pio.jobs import Event, Job, Runner, Trace, in_order, levels, puts
from tests.pio.predict import Line, Request
from tests.pio.programs import Programs

CUT_CYCLES_MAX = 6  # [V] the requirement: open to low, without the chip's synchroniser
BREAK_CYCLES = 3  # an opening as long as this is seen at every phase
PULL_NOBLOCK = 0x8080
WORD_MAX = 0xFFFFFFFF


def idle_label(p: Programs) -> int:
    """Address of the pull of a delay word: right behind the lock-out's loop."""
    return int(p.trig.labels["lock"]) + 1


def _random_case(p: Programs, random: Random) -> tuple[Job, Trace]:
    is_cold = random.random() < 0.5  # at rest at once, or still in the lock-out of the start
    requests = []
    available = random.randrange(200)
    for _ in range(random.randrange(1, 6)):
        delay = random.choice([0, 1, random.randrange(64), random.randrange(100_000)])
        width = random.choice([0, 1, 2, 5, *random.choices(range(300), k=4), 19_000])
        requests.append(Request(available, delay, width))
        available += random.choice([0, 0, random.randrange(3_000_000)])
    start, first = (idle_label(p), 0) if is_cold else (0, p.TRIG_CANCEL_CYCLES - 1)
    whole = predict.trig(p, requests, Line([(0, 1)]), first)
    changes = _random_chain(random, whole)
    expected = predict.trig(p, requests, Line(changes), first)
    feed = tuple(e for r in requests for e in puts(r.available, [r.delay, r.width]))
    cycles = expected.words[-1][0] + 1
    registers = tuple(random.getrandbits(32) for _ in range(4))
    assert len(registers) == 4
    return Job(p.trig, cycles, in_order(levels(changes), feed), start, registers), expected


def _random_chain(random: Random, whole: Trace) -> list[tuple[int, int]]:
    # Openings and closings near the edges, where they matter, and anywhere.
    changes = {0: random.choice([1, 1, 1, 0])}
    for cycle, _ in whole.edges:
        if random.random() < 0.5:
            at = max(1, cycle + random.randrange(-6, 8))
            changes[at] = 0
            changes.setdefault(at + random.randrange(1, 9), 1)
    changes.setdefault(random.randrange(1, whole.words[-1][0]), random.randrange(2))
    return sorted(changes.items())


def check_random_requests(p: Programs, run: Runner, cases: int = 60, seed: int = 1) -> int:
    """Edges and results are what the constants say, cold and chained, with a restless chain."""
    made = [_random_case(p, Random(seed * 1_000_003 + index)) for index in range(cases)]
    found = run([job for job, _ in made])
    for (job, expected), trace in zip(made, found, strict=True):
        assert trace == expected, (job, expected)
    results = {word for _, expected in made for _, word in expected.words}
    assert results == {p.TRIG_COMPLETE, p.TRIG_CUT, p.TRIG_REFUSED}, "too few cases"
    return sum(len(expected.words) for _, expected in made)


def check_every_phase(p: Programs, run: Runner, width: int = 9) -> int:
    """The chain opens in each cycle from before the last look to after the fall, and may close.

    Open before the last look: no edge. Later: low within CUT_CYCLES_MAX. Returns the worst.
    """
    delay, first = 20, 50
    rise = first + delay + p.TRIG_RISE_CYCLES
    cases = [(at, gap) for at in range(rise - 12, rise + 2 * width + 8) for gap in (2, 3, 5, 1000)]
    jobs = []
    for at, gap in cases:
        chain = levels([(0, 1), (at, 0), (at + gap, 1)])
        feed = puts(first, [delay, width])
        jobs.append(Job(p.trig, rise + 2 * width + 12, in_order(chain, feed), idle_label(p)))
    worst = 0
    for (at, gap), trace in zip(cases, run(jobs), strict=True):
        chain_line = Line([(0, 1), (at, 0), (at + gap, 1)])
        expected = predict.trig(p, [Request(first, delay, width)], chain_line, 0)
        assert trace == expected, (at, gap)
        if at <= rise - 1 < at + gap:
            assert trace.edges == (), "an edge with the chain open"
        elif rise <= at <= rise + 2 * width and gap >= BREAK_CYCLES:
            assert [word for _, word in trace.words] == [p.TRIG_CUT], (at, gap)
            worst = max(worst, trace.falls[0] + 1 - at)
    assert 0 < worst <= CUT_CYCLES_MAX
    return worst


def check_interval(p: Programs, run: Runner, cases: int = 40, seed: int = 7) -> int:
    """No words and no jumps to the cancel entry bring two rises nearer than the lock-out."""
    jobs = []
    for index in range(cases):
        random = Random(seed * 7919 + index)
        words = [random.choice([0, 0, 1, random.getrandbits(32), random.getrandbits(8)])
                 for _ in range(2 * random.randrange(2, 6))]  # fmt: skip
        words[::2] = [min(word, 3_000_000) for word in words[::2]]
        jobs.append(interval_job(p, words, [random.randrange(6_000_000) for _ in range(3)]))
    return intervals_of(p, run(jobs))


def interval_job(p: Programs, words: list[int], jumps: list[int], shuts: int = -1) -> Job:
    """From idle, all words at once, with forced jumps; `shuts`: a cycle with the chain open."""
    chain = [(0, 1)] if shuts < 1 else [(0, 1), (shuts, 0), (shuts + 4, 1)]
    forced = tuple(Event(cycle, "exec", p.TRIG_CANCEL) for cycle in sorted(set(jumps)))
    events = in_order(levels(chain), puts(0, words), forced)
    return Job(p.trig, 9_000_000, events, idle_label(p))


def intervals_of(p: Programs, traces: list[Trace]) -> int:
    """The shortest rise to rise, which must not be below the lock-out; 0 when there was none."""
    shortest = 0
    for trace in traces:
        for one, next_one in pairwise(trace.rises):
            assert next_one - one >= p.LOCK_OUT_CYCLES, (one, next_one)
            shortest = min(shortest or next_one - one, next_one - one)
    return shortest


def check_cancel(p: Programs, run: Runner) -> None:
    """From every phase of a request the cancel entry is low at once and runs the whole lock-out."""
    width, delay, first = 6, 10, 5
    rise = first + delay + p.TRIG_RISE_CYCLES
    jumps = [*range(1, rise + 2 * width + 40), rise + 100_000, rise + 1_060_000]
    jobs = []
    for jump in jumps:
        feed = puts(first, [delay, width]) + puts(jump, [0, width, 0, width])
        events = in_order(levels([(0, 1)]), feed, (Event(jump, "exec", p.TRIG_CANCEL),))
        cycles = jump + 2 * p.TRIG_CANCEL_CYCLES
        registers = (WORD_MAX, WORD_MAX, WORD_MAX, 0)
        jobs.append(Job(p.trig, cycles, events, idle_label(p), registers))
    for jump, trace in zip(jumps, run(jobs), strict=True):
        again = jump + p.TRIG_CANCEL_CYCLES + p.TRIG_RISE_CYCLES
        after = [cycle for cycle in trace.rises if cycle > jump]
        # What is left in the FIFO is taken as it lies, a width for a delay if they were parted;
        # in the emulators a jump waits for the end of the instruction's own delay (up to 31).
        spare = after[0] - again
        assert any(0 <= spare - taken < 32 for taken in (0, delay, width)), jump
        assert after[0] - rise >= p.LOCK_OUT_CYCLES, jump
        assert all(fall <= jump + 1 or fall > again for fall in trace.falls), jump


def check_forced_pulls(p: Programs, run: Runner) -> None:
    """Draining the FIFO by forced pulls, from the delay on, shortens nothing: each adds a cycle."""
    taken = p.TRIG_RISE_CYCLES - 2  # cycles from the first pull until the width is safe
    for seed in range(20):
        random = Random(seed)
        at = sorted({taken + random.choice([random.randrange(60), random.randrange(1_000_000)])
                     for _ in range(6)})  # fmt: skip
        forced = tuple(Event(cycle, "exec", PULL_NOBLOCK) for cycle in at)
        again = puts(1_120_000, [0, 9])
        events = in_order(levels([(0, 1)]), puts(0, [20, 9]), forced, again)
        (trace,) = run([Job(p.trig, 1_200_000, events, idle_label(p))])
        assert len(trace.rises) == 2, at
        assert trace.rises[1] - trace.rises[0] >= p.LOCK_OUT_CYCLES, at
        assert trace.rises[1] <= taken + 30 + p.LOCK_OUT_CYCLES + len(at), at


def check_width_bound(p: Programs, run: Runner) -> int:
    """No width word holds the pin longer than the bound. Returns the longest."""
    words = [0, 1, 0xFFFF, 0x10000, 0x1FFFF, 0x7FFFFFFF, WORD_MAX]
    jobs = [
        Job(p.trig, 400_000, in_order(levels([(0, 1)]), puts(0, [0, word])), idle_label(p))
        for word in words
    ]
    longest = 0
    for word, trace in zip(words, run(jobs), strict=True):
        assert len(trace.edges) == 2, word
        high = trace.falls[0] - trace.rises[0]
        assert high == p.TRIG_WIDTH_CYCLES * (word & 0xFFFF) + p.TRIG_WIDTH_FIXED, word
        longest = max(longest, high)
    return longest


def check_plan(p: Programs, run: Runner, name: str, pulses: int) -> int:
    """Every pulse of a plan in its cycle, none cut. Returns the jitter, which must be 0."""
    offsets = plans.offsets_us(plans.PLANS[name], pulses)
    (trace,) = run([plans.job(p, offsets)])
    jitter = plans.jitter_cycles(offsets, trace.rises)
    assert jitter == 0, f"{jitter} cycles of jitter"
    assert [word for _, word in trace.words] == [p.TRIG_COMPLETE] * pulses
    width = plans.WIDTH_US * plans.CYCLES_PER_US
    assert all(0 <= width - (f - r) < 2 for r, f in zip(trace.rises, trace.falls, strict=True))
    return jitter
