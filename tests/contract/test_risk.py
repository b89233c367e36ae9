"""The hazard file holds together: no hazard, control, test or question is an orphan."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.risk import files, report
from tests.risk.files import Control, Hazard, Risk, load, problems
from tests.risk.markers import marked_tests
from tests.risk.results import read_results, result_of

RISK = load()
TESTS = marked_tests()


def test_hazards_controls_code_and_tests_have_no_orphan() -> None:
    assert problems(RISK, TESTS) == []


def test_trace_is_current() -> None:
    text = report.NOTE + report.trace_page(RISK, TESTS)

    assert report.TRACE.read_text(encoding="utf-8") == text, "run: make risk"


def with_hazard(**changes: Any) -> Risk:
    return replace(RISK, hazards=(replace(RISK.hazards[0], **changes), *RISK.hazards[1:]))


def with_control(**changes: Any) -> Risk:
    return replace(RISK, controls=(replace(RISK.controls[0], **changes), *RISK.controls[1:]))


FIRST = RISK.controls[0].id
LONELY = Control("lonely", "does nothing", ("edge.app",))


@pytest.mark.parametrize(
    ("risk", "tests", "said"),
    [
        (with_hazard(controls=()), TESTS, "hazard H01 has no control"),
        (with_hazard(controls=("magic",)), TESTS, "hazard H01: no control magic"),
        (with_hazard(severity=0), TESTS, "hazard H01: severity 0"),
        (with_hazard(residual="fine"), TESTS, "hazard H01: residual 'fine'"),
        (with_hazard(residual="open"), TESTS, "hazard H01: open has to say what is missing"),
        (replace(RISK, hazards=RISK.hazards[:41]), TESTS, "41 different hazards of at least 42"),
        (replace(RISK, controls=(*RISK.controls, LONELY)), TESTS,
         "control lonely belongs to no hazard"),
        (with_control(code=()), TESTS, f"control {FIRST} names no code"),
        (with_control(code=("edge.domain.nothing",)), TESTS,
         f"control {FIRST}: edge.domain.nothing is not there"),
        (with_control(code=("edge.domain.dose:nothing",)), TESTS,
         f"control {FIRST}: edge.domain.dose:nothing is not there"),
        (with_control(open="issue 99"), TESTS, f"control {FIRST} is called open and has tests"),
        (RISK, {k: v for k, v in TESTS.items() if k != FIRST}, f"control {FIRST} has no test"),
        (RISK, {**TESTS, "magic": ["a test"]}, "a test names control magic, which is none"),
        (replace(RISK, stpa={**RISK.stpa, "stop": {}}), TESTS,
         "stop, timing: neither a hazard nor a reason why none"),
        (replace(RISK, stpa={**RISK.stpa, "arm": {"wrong": {"hazards": ["H99"]}}}), TESTS,
         "arm, wrong: no hazard H99"),
        (replace(RISK, stpa={**RISK.stpa, "sing": {}}), TESTS,
         "the table of control actions does not have its rows and columns"),
    ],
)  # fmt: skip
def test_planted_orphan_is_found(risk: Risk, tests: dict[str, list[str]], said: str) -> None:
    assert said in problems(risk, tests)


def test_hazard_called_shown_with_an_open_control_is_found() -> None:
    is_open = next(control.id for control in RISK.controls if control.open)

    found = problems(with_hazard(controls=(is_open,), residual="shown in simulation"), TESTS)

    assert f"hazard H01 is called shown, but {is_open} is not built" in found


def test_every_cell_of_the_control_actions_is_answered() -> None:
    cells = [RISK.stpa[action][word] for action in files.ACTIONS for word in files.GUIDE_WORDS]

    assert len(cells) == 28
    assert all(cell.get("hazards") or cell.get("none") for cell in cells)


def test_every_hazard_comes_from_some_control_action() -> None:
    asked = {
        name
        for action in files.ACTIONS
        for cell in RISK.stpa[action].values()
        for name in cell.get("hazards", [])
    }

    assert {hazard.id for hazard in RISK.hazards} == asked


def test_markers_of_files_and_of_tests_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "tests"
    folder.mkdir()
    (folder / "test_one.py").write_text(
        'import pytest\npytestmark = [pytest.mark.control("a")]\n'
        '@control("b")\ndef test_x() -> None: ...\n'
    )

    assert marked_tests(folder) == {"a": ["tests/test_one.py"], "b": ["tests/test_one.py::test_x"]}


def test_results_of_a_run_are_those_of_the_worst_case(tmp_path: Path) -> None:
    path = tmp_path / "junit.xml"
    path.write_text(
        "<testsuites><testsuite>"
        '<testcase classname="tests.test_one" name="test_x[1]"/>'
        '<testcase classname="tests.test_one" name="test_x[2]"><failure/></testcase>'
        '<testcase classname="tests.test_one" name="test_y"/>'
        '<testcase classname="tests.test_two" name="test_z"><skipped/></testcase>'
        "</testsuite></testsuites>"
    )

    results = read_results(path)

    assert result_of("tests/test_one.py::test_x", results) == "failed"
    assert result_of("tests/test_one.py::test_y", results) == "passed"
    assert result_of("tests/test_one.py", results) == "failed"
    assert result_of("tests/test_two.py::test_z", results) == "skipped"
    assert result_of("tests/test_three.py", results) == "not run"


def test_report_shows_failed_and_unbuilt_controls_as_such() -> None:
    failing = dict.fromkeys(TESTS[FIRST], "failed")

    page = report.report_page(RISK, TESTS, failing)

    assert f"{FIRST}: failed" in page
    assert "soak: not built" in page
    assert "heat-trip: not run" in page
    assert report.as_html(page).count("<h2>") == 3


def test_hazards_are_told_in_whole_phrases() -> None:
    def words(hazard: Hazard) -> tuple[str, ...]:
        return hazard.cause, hazard.situation, hazard.harm

    assert all(text and "|" not in text for hazard in RISK.hazards for text in words(hazard))
