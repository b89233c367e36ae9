"""Skipping the counting loops changes nothing: skipped and stepped runs give the same traces."""

from __future__ import annotations

from random import Random

from tests.pio import in_pioemu, trig_checks
from tests.pio.jobs import Event, Job, Runner, in_order, levels, puts
from tests.pio.programs import Programs, load


def short(seed: int) -> Programs:
    """The programs with a lock-out of some hundred cycles, so that all of it can be stepped."""
    p = load(old="out(isr, 19)", new="out(isr, 5)")
    words, labels = p.trig.words, p.trig.labels
    words[labels["spend"] - 1] ^= 19 ^ 5  # out(y, 19) of the cancel entry
    words[labels["spend"] + 1] &= ~31  # set(y, 27)
    words[labels["spend"] + 1] |= seed % 3 == 0
    words[labels["spend"] + 3] &= ~31  # in_(y, 8)
    words[labels["spend"] + 3] |= 1 + seed % 5
    return p


def restless(p: Programs, seed: int) -> Job:
    """A program with random words, levels and jumps at random times."""
    random = Random(seed)
    program = random.choice([p.trig, p.trig, p.guard, p.stamp])
    bits = random.choice([3, 6, 9])
    feed = [random.getrandbits(bits) | random.choice([0, p.ARM_WORD]) for _ in range(12)]
    if program is p.trig:
        feed = [word & 511 for word in feed]
    times = sorted(random.choices(range(1500), k=12))
    flips = [(at, index % 2) for index, at in enumerate(sorted(random.sample(range(1500), 8)))]
    jumps = tuple(Event(at, "exec", 0) for at in random.sample(range(2500), random.randrange(3)))
    fed = tuple(event for at, word in zip(times, feed, strict=True) for event in puts(at, [word]))
    registers = (random.getrandbits(8), random.getrandbits(8), 0, random.getrandbits(32))
    return Job(program, 2500, in_order(levels(flips), fed, jumps), 0, registers)


def test_skipping_equals_stepping_on_short_lock_outs(run: Runner) -> None:
    jobs = [restless(short(seed), seed) for seed in range(12)]
    assert run(jobs) == run([job.slowly() for job in jobs])


def test_both_emulators_agree_on_restless_jobs(js: Runner) -> None:
    jobs = [restless(short(seed), seed) for seed in range(100)]
    one, other = in_pioemu.run(jobs), js(jobs)
    assert one == other
    assert sum(len(trace.edges) for trace in one) > 100


def test_skipping_equals_stepping_of_the_true_lock_out(p: Programs, js: Runner) -> None:
    jobs = [trig_checks.interval_job(p, [100, 40, 0, 7], [3_000_000], 200)]
    assert js(jobs) == js([job.slowly() for job in jobs])


def test_skipped_stall_and_lock_out_take_their_cycles(p: Programs, run: Runner) -> None:
    late = 50 * p.LOCK_OUT_CYCLES
    events = in_order(levels([(0, 1)]), puts(late, [5, 4]))
    (trace,) = run([Job(p.trig, late + 100, events)])
    assert trace.rises == [late + 5 + p.TRIG_RISE_CYCLES]
