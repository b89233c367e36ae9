"""The campaign of faults: its catalogue is whole, a sample holds, planted mistakes are found.

The whole campaign is a command of its own (python -m hw_sim faults); here a few pairs of every seam
run through the same code, and planted mistakes show that a wrong or a late reaction is found.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import structlog

from edge.domain.faults import STOP_CODES
from edge.domain.session_states import S
from edge.services.watched_store import WatchedStore
from hw_sim.faults.bench import FaultBench, write_library
from hw_sim.faults.campaign import Chunk, campaign, number_of, run_chunk, summarise
from hw_sim.faults.catalogue import CATALOGUE, FAULT_BY_ID
from hw_sim.faults.states import BY_NAME, SITUATIONS
from hw_sim.faults.trial import Fault, off_after, path_windows, reactions, run_pair
from hw_sim.faults.watch import EDGE_DOWN, STOP
from hw_sim.fork import ForkError, fork_run
from hw_sim.plant.panel import CHAIN_MASK
from hw_sim.recorder import TruthRecorder
from hw_sim.vtime import VirtualLoop

pytestmark = [pytest.mark.timeout(120), pytest.mark.control("fault-campaign")]
SEED = 1
SAMPLE = {
    "train": ("S35b", "M52", "G59a", "G66a", "G74a", "G77e", "G82b", "D86", "P14"),
    "ready": ("C6", "G61a", "G67b", "G82a", "M58b", "N97"),
    "stopped": ("G77i", "K113b"),
    "wrapup": ("G77i",),
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_library(tmp_path_factory.mktemp("faults") / "protocols")


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def test_catalogue_has_every_seam_and_enough_faults_with_numbers_of_their_own() -> None:
    numbers = {number_of(fault.id) for fault in CATALOGUE}

    assert len(FAULT_BY_ID) == len(CATALOGUE) >= 140
    assert len(numbers) >= 70
    assert {number[0] for number in numbers} == set("CPSMGDNK")


def test_situations_cover_every_state_of_a_visit() -> None:
    assert {situation.state for situation in SITUATIONS} == set(S)


def test_declared_reactions_are_words_and_codes_that_exist() -> None:
    codes = (*STOP_CODES, EDGE_DOWN, "")
    declared = [
        (fault.id, each)
        for fault in CATALOGUE
        for situation in SITUATIONS
        for each in reactions(fault.declared(situation))
    ]

    assert [each for each in declared if each[1].word == STOP and each[1].code not in codes] == []
    assert [fault.id for fault in CATALOGUE if not set(fault.places) <= set(BY_NAME)] == []


def test_declared_reactions_come_with_a_reason() -> None:
    """Nothing is right because it happens."""
    assert [fault.id for fault in CATALOGUE if len(fault.why.split()) < 4] == []


def test_reaction_that_is_no_word_is_refused() -> None:
    with pytest.raises(ValueError, match="explode"):
        reactions("stop 101 | explode")


@pytest.mark.parametrize("state", SAMPLE)
def test_sample_of_the_campaign_reacts_as_declared(state: str, library: Path) -> None:
    results = run_chunk(Chunk(state, SAMPLE[state], SEED, str(library)))

    assert [result.fault for result in results] == list(SAMPLE[state])
    assert {result.fault: result.problems for result in results if result.problems} == {}


def judged(library: Path, fault: Fault, state: str = "train") -> dict[str, Any]:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        bench = runner.run(FaultBench.boot(SEED, library))
        runner.run(BY_NAME[state].reach(bench))

        async def work() -> dict[str, object]:
            return (await run_pair(bench, fault, BY_NAME[state], SEED)).as_dict()

        found: dict[str, Any] = fork_run(runner, work)
        runner.run(bench.leave())
    return found


def test_planted_wrong_reaction_is_an_undeclared_outcome(library: Path) -> None:
    """As if a product that tolerates an open E-stop had been declared right."""
    found = judged(library, replace(FAULT_BY_ID["G82a"], live="tolerate"))

    assert found["problems"] == ["stop 101, declared: tolerate"]


def test_planted_late_reaction_is_an_undeclared_outcome(library: Path) -> None:
    found = judged(library, replace(FAULT_BY_ID["S35a"], within_ms=100))

    assert found["problems"] == [f"output off after {found['reaction_ms']} ms, promised 100 ms"]


def test_write_that_nobody_waits_for_stops_an_armed_unit_and_is_late_when_nobody_listens(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a store that is dead while the enable stays on until a train's own row fails."""
    assert judged(library, FAULT_BY_ID["D86"], "armed")["problems"] == []

    monkeypatch.setattr(WatchedStore, "_tell", lambda _store, _error: None)
    (late,) = judged(library, FAULT_BY_ID["D86"], "armed")["problems"]
    assert "promised" in late


def test_planted_pulse_that_nobody_asked_for_is_an_undeclared_outcome(library: Path) -> None:
    found = judged(library, replace(FAULT_BY_ID["G77i"], breaks=()))

    assert any(text.startswith("I3 ") for text in found["problems"])


def test_campaign_of_one_pair_writes_its_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "faults.json"

    status = campaign(only="G82a", state="train", seed=SEED, json_path=out, as_json=True)

    summary = json.loads(capsys.readouterr().out)
    assert status == 0
    assert (summary["pairs"], summary["undeclared"], summary["stops"]) == (1, [], {"101": 1})
    assert summary["worst"]["E"]["plain"]["reaction_ms"] < 1.0
    assert json.loads(out.read_text())["results"][0]["fault"] == "G82a"


@pytest.mark.parametrize(
    ("planted", "words"),
    [
        (replace(FAULT_BY_ID["G82a"], live="tolerate"), "stop 101, declared: tolerate"),
        (replace(FAULT_BY_ID["S35a"], within_ms=100), "promised 100 ms"),
    ],
    ids=["wrong", "late"],
)
def test_campaign_with_a_planted_mistake_names_it_and_fails(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    planted: Fault,
    words: str,
) -> None:
    """As if a product that reacts in another way, or later, had been declared right."""
    monkeypatch.setattr("hw_sim.faults.campaign.CATALOGUE", (planted,))
    monkeypatch.setattr("hw_sim.faults.campaign.FAULT_BY_ID", {planted.id: planted})

    status = campaign(only=planted.id, state="train", seed=SEED, json_path=None, as_json=True)

    said = capsys.readouterr()
    (undeclared,) = json.loads(said.out)["undeclared"]
    assert status == 1
    assert words in undeclared["problems"][0]
    assert f"--only {planted.id} --state train --seed {SEED}" in said.err.replace("\n", " ")


def test_campaign_of_an_unknown_fault_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert campaign(only="Z1", state=None, seed=1, json_path=None, as_json=False) == 2
    assert "no such fault" in capsys.readouterr().err


def test_summary_names_the_command_that_plays_an_undeclared_pair_again(library: Path) -> None:
    (result,) = run_chunk(Chunk("train", ("G82a",), SEED, str(library)))
    result.problems.append("planted")

    summary: Any = summarise([result], SEED, 1.0)

    assert summary["undeclared"][0]["replay"] == (
        "python -m hw_sim faults --only G82a --state train --seed 1"
    )


def test_path_of_the_current_needs_contacts_and_both_enables() -> None:
    truth = TruthRecorder()
    for at_ns, name, value in (
        (0, "contacts", CHAIN_MASK),
        (10, "host_enable", 1),
        (20, "gate", 1),
        (50, "host_enable", 0),
        (60, "host_enable", 1),
        (70, "contacts", 0),
        (80, "contacts", CHAIN_MASK),
    ):
        truth.wire(at_ns, name, value)

    assert path_windows(truth)[:2] == [(20, 50), (60, 70)]
    assert off_after(truth, 30) == 50
    assert off_after(truth, 55) is None


def test_fork_tells_what_went_wrong_in_the_child() -> None:
    async def fail() -> None:
        raise ValueError("planted")

    with (
        asyncio.Runner(loop_factory=VirtualLoop) as runner,
        pytest.raises(ForkError, match="planted"),
    ):
        fork_run(runner, fail)
