"""A session of iTBS 600 cut at its pulses: delivered + remainder = 600, held against the coil.

The whole is a command (python -m hw_sim cuts); here every means at the first pulses, in the middle
and at the end runs through the same code, and planted mistakes show that a wrong count is found.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import structlog

from edge.domain import dose, session
from edge.domain.dose import TrainIntent
from edge.domain.session import Rest
from edge.domain.train_plan import Plan
from hw_sim.cuts import EXACT, MEANS, UNCERTAIN, Chunk, campaign, means_of, run_chunk

pytestmark = [pytest.mark.timeout(180), pytest.mark.control("resume", "dose-ledger")]
LAST = 600
# The first pulses, both sides of a train's end, the last train; to the very end from 571 on.
SHARE = (1, 2, 3, 29, 30, 31, 585, 590, 595, 599, 600)
TO_END_FROM = 571


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def test_share_of_the_cuts_adds_up_at_the_coil_by_every_means() -> None:
    results = run_chunk(Chunk(SHARE, seed=1, to_end_from=TO_END_FROM))

    assert {result.at_pulse: result.problems for result in results if result.problems} == {}
    assert [result.at_pulse for result in results] == list(SHARE)
    assert {result.means for result in results} == set(MEANS)
    for result in results:
        assert result.delivered + result.uncertain + result.remaining == LAST
        assert result.word == (UNCERTAIN if result.means == "reset" else EXACT)
        if result.word == EXACT:
            assert result.given + result.remaining == LAST
            assert result.total == LAST or result.at_pulse < TO_END_FROM


def test_means_come_by_turns_and_each_meets_every_place_of_a_train() -> None:
    names = [means_of(pulse) for pulse in range(1, LAST + 1)]

    assert {name: names.count(name) for name in MEANS} == dict.fromkeys(MEANS, 100)
    assert all(
        {means_of(train * 30 + place) for train in range(20)} == set(MEANS)
        for place in range(1, 31)
    )


def _booked_as_asked(intents: list[TrainIntent], _missing: int) -> tuple[TrainIntent, ...]:
    return (*intents[:-1], replace(intents[-1], measured=intents[-1].commanded))


def test_planted_count_of_what_was_asked_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if a train whose result was lost had been given whole."""
    monkeypatch.setattr(dose, "_booked", _booked_as_asked)

    (result,) = run_chunk(Chunk((3,), seed=1, to_end_from=LAST))

    assert (result.means, result.delivered) == ("link", 30)
    assert any("the coil gave" in problem for problem in result.problems)


def test_planted_offer_that_forgets_the_cut_train_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    true_rest = session.rest_of

    def forgetful(plan: Plan, delivered: int) -> Rest | None:
        rest = true_rest(plan, delivered)
        return None if rest is None else replace(rest, in_train=0)

    monkeypatch.setattr("edge.api.visit_view.rest_of", forgetful)

    (result,) = run_chunk(Chunk((1,), seed=1, to_end_from=LAST))

    assert any("offered after" in problem for problem in result.problems)


def test_command_names_a_cut_that_does_not_add_up_and_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(dose, "_booked", _booked_as_asked)
    out = tmp_path / "cuts.json"

    status = campaign(cuts=(3,), seed=1, json_path=out, as_json=True)

    summary = json.loads(capsys.readouterr().out)
    assert (status, means_of(3)) == (1, "link")
    assert summary["violations"][0]["replay"] == "python -m hw_sim cuts --at 3 --seed 1"
    assert json.loads(out.read_text())["results"][0]["at_pulse"] == 3
