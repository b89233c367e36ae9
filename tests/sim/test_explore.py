"""The explorer: plans are data, every number is accounted for, failures are found, kept and shrunk.

The long run is a command of its own (make explore), a fixed share is make explore-share; here its
parts are shown on a few short visits, and planted bugs show that what it promises to find is found.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import structlog
from rich.console import Console

from edge.domain.session_states import S
from edge.domain.verdict import ACCEPTED
from hw_sim import vtime
from hw_sim.explore import kinds
from hw_sim.explore.again import play_again
from hw_sim.explore.corpus import Kept, load_corpus
from hw_sim.explore.draw import MOMENTS, PROTOCOLS, draw_plan
from hw_sim.explore.numbers import ELSEWHERE, NUMBERS, WAYS
from hw_sim.explore.outcome import Outcome, play_plan
from hw_sim.explore.people import PEOPLE
from hw_sim.explore.plan import EARLY, FaultPlan, PlanError, Strike
from hw_sim.explore.reached import RECOVERIES
from hw_sim.explore.runner import Request, explore, load_plan
from hw_sim.explore.shrink import RUNS_MAX, Shrinker
from hw_sim.explore.summary import Summary
from hw_sim.explore.system import ExploreBench
from hw_sim.explore.timeline import first_difference
from hw_sim.explore.visit import boot
from hw_sim.faults.campaign import silence
from hw_sim.fork import fork_run
from hw_sim.session import arm_and_start, prepare

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.timeout(120), pytest.mark.control("truth-checkers")]
SHORT = FaultPlan(seed=7, protocol="ctbs-300", person="technician", chaos_s=30)


@pytest.fixture(autouse=True)
def _silent() -> Iterator[None]:
    silence()
    yield
    structlog.reset_defaults()


# Plans.


def test_plan_survives_json_and_keeps_its_name() -> None:
    for seed in range(1, 40):
        plan = draw_plan(seed)
        again = FaultPlan.from_json(json.loads(json.dumps(plan.to_json())))
        assert again == plan
        assert again.sha256 == plan.sha256


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"fault_model": 0},
        {"fault_model": 1, "seed": 1},
        {"fault_model": 1, "seed": 1, "protocol": "x", "person": "y", "mood": "bad"},
        {"fault_model": 1, "seed": 1, "protocol": "x", "person": "y", "strikes": [{"when": 1}]},
    ],
)
def test_file_that_is_no_plan_is_refused_with_a_reason(document: object) -> None:
    with pytest.raises(PlanError, match=r"\w"):
        FaultPlan.from_json(document)


def test_seed_draws_the_same_plan_always_and_seeds_draw_different_ones() -> None:
    plans = {draw_plan(seed).sha256 for seed in range(1, 101)}

    assert len(plans) == 100
    assert draw_plan(9) == draw_plan(9)


def test_all_numbers_are_reached_by_a_kind_or_listed_with_a_reason_and_a_test() -> None:
    assert len(NUMBERS) == 117
    assert set(WAYS) | set(ELSEWHERE) == set(NUMBERS)
    assert set(WAYS) & set(ELSEWHERE) == set()
    for number, row in ELSEWHERE.items():
        assert len(row.reason.split()) > 4, number
        assert (ROOT / row.shown_by).is_file(), number


def test_draw_can_come_to_every_kind_person_protocol_and_moment() -> None:
    """Over many seeds: a kind that the swarm can never draw is not explored, whatever is said."""
    plans = [draw_plan(seed) for seed in range(1, 3001)]
    strikes = [strike for plan in plans for strike in plan.strikes]

    assert {strike.fault for strike in strikes} == set(kinds.KIND_BY_ID)
    assert {plan.person for plan in plans} == set(PEOPLE)
    assert {plan.protocol for plan in plans} == set(PROTOCOLS)
    assert (
        {s.moment for s in strikes if " " not in s.moment} == set(MOMENTS) == {s.value for s in S}
    )


@pytest.mark.parametrize("fault", ["G66", "N104", "S26a"])
def test_fault_that_is_asked_for_strikes_first_in_every_plan(fault: str) -> None:
    firsts = {draw_plan(seed, fault=fault).strikes[0].fault for seed in range(1, 30)}

    assert firsts == set(WAYS.get(fault, (fault,)))


def test_elsewhere_is_what_the_page_says() -> None:
    rows = re.findall(
        r"^\| (\w\d+) \| (.+?) \| `(.+?)` \|$",
        (ROOT / "docs/exploring.md").read_text(),
        re.MULTILINE,
    )

    assert [(number, (reason, shown)) for number, reason, shown in rows] == [
        (number, tuple(row)) for number, row in ELSEWHERE.items()
    ]


# Runs.


@pytest.mark.parametrize("person", sorted(PEOPLE))
def test_person_without_any_fault_comes_to_a_signed_record_in_time(person: str) -> None:
    outcome = play_plan(replace(SHORT, person=person))

    assert outcome.violations == []
    assert outcome.ended == "complete"
    assert outcome.pulses == 300
    assert outcome.counts["states"]["record"] == 1


def test_plan_played_in_two_processes_gives_one_hash_and_another_seed_another() -> None:
    """The other process orders its sets by other hashes."""
    plan = replace(SHORT, person="cheating", strikes=(Strike("S26a", "armed", 0, 2000),))
    first, second = play_plan(plan, has_seconds=True), play_again(plan)
    other = play_plan(replace(plan, seed=8), has_seconds=True)

    assert first.struck == ["S26a"]
    assert first.sha256 == second.sha256
    assert first.seconds == second.seconds
    assert other.sha256 != first.sha256
    assert first_difference(first.seconds, other.seconds) is not None


def test_scheduler_that_reorders_and_is_late_breaks_nothing() -> None:
    strikes = (Strike("C8", "ready"), Strike("C9b", "armed"), Strike("K112", "treating", 1500))
    outcome = play_plan(replace(SHORT, strikes=strikes))

    assert outcome.violations == []
    assert set(outcome.struck) == {"C8", "C9b", "K112"}


def test_cancelled_task_never_leaves_the_service_half_alive() -> None:
    """P17 for each of its tasks: the service ends, and no pulse comes later than half a second."""

    async def treating() -> ExploreBench:
        bench = await boot(SHORT)
        await prepare(bench.robot)
        await arm_and_start(bench.robot)
        await asyncio.sleep(3.0)
        return bench

    async def cancelled(bench: ExploreBench, number: int) -> tuple[bool, int]:
        bench.system.tasks_of_edge()[number].cancel()
        at_ns = bench.now_ns
        await asyncio.sleep(2.0)
        pulses = bench.system.unit.recorder.pulses
        late = [pulse for pulse in pulses if pulse.at_ns > at_ns + 500_000_000]
        return bench.system.is_dead, len(late)

    async def count(bench: ExploreBench) -> int:
        assert bench.system.unit.recorder.pulses
        return len(bench.system.tasks_of_edge())

    with asyncio.Runner(loop_factory=vtime.VirtualLoop) as runner:
        bench = runner.run(treating())
        tasks = runner.run(count(bench))
        found = [fork_run(runner, partial(cancelled, bench, each)) for each in range(tasks)]
        runner.run(bench.leave())
    assert tasks >= 18
    assert found == [[True, 0]] * tasks


# Failures.


def test_shrinking_keeps_the_guilty_and_drops_everything_else() -> None:
    """On a made-up product that fails when two faults meet."""
    ids = ("S26a", "N105", "C2", "M44", "K114", "G66a", "D85b")
    strikes = tuple(Strike(each, "treating", 300) for each in ids)
    plan = replace(
        SHORT, person="cheating", has_attend=True, quirks="no_tag_search", strikes=strikes
    )
    played: list[FaultPlan] = []

    def play(tried: FaultPlan) -> list[str]:
        played.append(tried)
        struck = {strike.fault for strike in tried.strikes}
        return ["I19: counts differ"] if {"N105", "G66a"} <= struck else ["I42: another failure"]

    small = Shrinker(plan, ["I19 at 3.0 s: counts differ"], play).shrink()

    assert [strike.fault for strike in small.strikes] == ["N105", "G66a"]
    assert [strike.delay_ms for strike in small.strikes] == [0, 0]
    assert (small.person, small.has_attend) == ("technician", False)
    assert (small.ends, small.enabled) == (EARLY, ("G66a", "N105"))
    assert len(played) <= RUNS_MAX


def test_planted_bug_is_found_shrunk_to_its_one_fault_and_replayed_from_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A gate that asks nobody who he is: only the hostile page comes to it."""
    monkeypatch.setattr("edge.api.hub.judge_command", lambda _asking: ACCEPTED)
    strikes = (Strike("C2", "ready"), Strike("K117b", "patient"))
    plan = replace(SHORT, ends=EARLY, chaos_s=20, strikes=strikes)
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan.to_json()))
    console = Console(file=(tmp_path / "said.txt").open("w"), width=200)

    assert explore(Request(plan=path, folder=tmp_path / "kept"), console) == 1
    console.file.close()
    said = (tmp_path / "said.txt").read_text()
    kept = next((tmp_path / "kept").glob("*.json"))
    assert "I31: ArmUnit of a page without a log-in was taken" in said
    assert f"python -m hw_sim explore --plan {kept}" in said
    assert [strike.fault for strike in load_plan(kept).strikes] == ["K117b"]
    assert json.loads(kept.read_text())["timeline"]


def test_command_says_why_a_number_cannot_be_forced(tmp_path: Path) -> None:
    console = Console(file=(tmp_path / "said.txt").open("w"), width=200)

    assert explore(Request(fault="C11", seeds=1, cores=1), console) == 2
    console.file.close()
    assert ELSEWHERE["C11"].reason in (tmp_path / "said.txt").read_text()


def test_summary_lists_what_was_never_reached() -> None:
    summary = Summary()
    outcome = Outcome(SHORT, struck=["G66a"], ended="complete", sim_s=50.0, cpu_s=0.5)
    summary.add(outcome)
    document = summary.document(wall_s=1.0, commit="", cores=1)

    assert document["reached"]["numbers"] == {"G66": 1}
    assert "G66" not in document["never_reached"]["numbers"]
    assert document["never_reached"]["recoveries"] == list(RECOVERIES)
    assert document["speed_x_per_core"] == 100.0


# What was once found.


@pytest.mark.parametrize("kept", load_corpus(), ids=lambda kept: kept.name)
def test_plan_of_the_corpus_breaks_no_invariant(kept: Kept) -> None:
    assert len(kept.why.split()) > 4
    assert play_plan(kept.plan).violations == []
