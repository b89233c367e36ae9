"""Trace from hazard to control to code to test to last result, and the safety report.

`python -m tests.risk.report` writes docs/risk/trace.md; `--check` fails when it is not current or
an orphan is found; `--results FILE` (what pytest wrote with --junitxml) writes
build/safety_report.md and .html as well. `make risk` runs the tests of every control and does all
of it.
"""

from __future__ import annotations

import html
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from tests.risk.files import (
    ACTIONS,
    FOLDER,
    GUIDE_WORDS,
    ROOT,
    Control,
    Hazard,
    Risk,
    load,
    problems,
)
from tests.risk.markers import marked_tests
from tests.risk.results import read_results, result_of, worst

TRACE = FOLDER / "trace.md"
BUILD = ROOT / "build"
_FINE = ("passed", "not built")
NOTE = "<!-- Written by `make risk` from docs/risk/*.toml and the tests. Change those. -->\n\n"


def trace_page(risk: Risk, tests: Mapping[str, list[str]]) -> str:
    """Every hazard with its controls, then every control with its code and its tests."""
    out = [
        "# Trace\n",
        (
            "From hazard to control to code to test. `make risk` runs the tests and adds their last"
            " results in build/safety_report.html. What is open is said to be open.\n"
        ),
        *_open_lines(risk),
        "## Hazards\n",
        "| id | severity | cause | situation | harm | controls | state |",
        "|---|---|---|---|---|---|---|",
        *(_hazard_row(hazard) for hazard in risk.hazards),
        "\n## Controls\n",
        "| id | what it does | code | tests |",
        "|---|---|---|---|",
        *(_control_row(control, tests.get(control.id, [])) for control in risk.controls),
        "\n## Control actions\n",
        *_stpa_rows(risk),
    ]
    return "\n".join(out) + "\n"


def _open_lines(risk: Risk) -> list[str]:
    hazards = [hazard for hazard in risk.hazards if hazard.residual == "open"]
    counts = Counter(hazard.residual for hazard in risk.hazards)
    told = ", ".join(f"{counts[word]} {word}" for word in sorted(counts))
    return [
        f"{len(risk.hazards)} hazards ({told}), {len(risk.controls)} controls.\n",
        "## Open\n",
        *(f"- {hazard.id}, {hazard.situation}: {hazard.open}." for hazard in hazards),
        *(f"- `{control.id}` is not built: {control.open}." for control in risk.open_controls()),
        "",
    ]


def _hazard_row(hazard: Hazard) -> str:
    controls = ", ".join(f"`{name}`" for name in hazard.controls)
    return (
        f"| {hazard.id} | {hazard.severity} | {hazard.cause} | {hazard.situation} | {hazard.harm} |"
        f" {controls} | {hazard.residual} |"
    )


def _control_row(control: Control, tests: list[str]) -> str:
    code = "<br>".join(f"`{place}`" for place in control.code)
    shown = f"open: {control.open}" if control.open else "<br>".join(f"`{t}`" for t in tests)
    bench = ". The rest is shown on a bench" if control.on_bench else ""
    return f"| `{control.id}` | {control.does}{bench} | {code} | {shown} |"


def _stpa_rows(risk: Risk) -> list[str]:
    words = [str(risk.stpa["guide_words"][word]) for word in GUIDE_WORDS]
    out = [f"| action | {' | '.join(words)} |", "|---" * (len(words) + 1) + "|"]
    for action in ACTIONS:
        cells = [risk.stpa[action][word] for word in GUIDE_WORDS]
        told = [", ".join(cell.get("hazards", [])) or f"none: {cell['none']}" for cell in cells]
        out.append(f"| {action.replace('_', ' ')} | {' | '.join(told)} |")
    return out


def report_page(risk: Risk, tests: Mapping[str, list[str]], results: Mapping[str, str]) -> str:
    """The trace with the last result of every control and hazard."""
    states = {c.id: _state(c, tests.get(c.id, []), results) for c in risk.controls}
    counts = Counter(states.values())
    told = ", ".join(f"{counts[word]} {word}" for word in sorted(counts))
    out = [
        "# Safety report\n",
        f"{len(risk.hazards)} hazards, {len(risk.controls)} controls: {told}.\n",
        *_open_lines(risk)[1:],
        "## Hazards\n",
        "| id | severity | situation | state | controls with their last result |",
        "|---|---|---|---|---|",
    ]
    for hazard in risk.hazards:
        told = "<br>".join(f"{name}: {states[name]}" for name in hazard.controls)
        out.append(
            f"| {hazard.id} | {hazard.severity} | {hazard.situation} | {hazard.residual} | {told} |"
        )
    out += ["\n## Tests\n", "| control | test | last result |", "|---|---|---|"]
    for control in risk.controls:
        for test in tests.get(control.id, []):
            out.append(f"| {control.id} | {test} | {result_of(test, results)} |")
    return "\n".join(out) + "\n"


def _state(control: Control, tests: list[str], results: Mapping[str, str]) -> str:
    if control.open:
        return "not built"
    each = [result_of(test, results) for test in tests]
    return "not run" if "not run" in each and "failed" not in each else worst(each)


def _failures(risk: Risk, tests: Mapping[str, list[str]], results: Mapping[str, str]) -> list[str]:
    states = ((c.id, _state(c, tests.get(c.id, []), results)) for c in risk.controls)
    return [f"control {name}: {state}" for name, state in states if state not in _FINE]


def as_html(markdown: str) -> str:
    """The few forms that the report uses: headings, tables, lists, paragraphs."""
    out = [_HEAD]
    is_table = False
    for line in markdown.splitlines():
        if line.startswith("|---"):
            continue
        if line.startswith("|") != is_table:
            out.append("</table>" if is_table else "<table>")
            is_table = not is_table
        text = html.escape(line).replace("&lt;br&gt;", "<br>").replace("`", "")
        if is_table:
            cells = "".join(f"<td>{cell.strip()}</td>" for cell in text.strip("|").split("|"))
            out.append(f"<tr>{cells}</tr>")
        elif line.startswith("#"):
            level = len(line) - len(line.lstrip("#"))
            out.append(f"<h{level}>{text.lstrip('# ')}</h{level}>")
        elif line:
            out.append(f"<p>{text}</p>")
    return "\n".join([*out, "</table>" if is_table else "", "</body></html>"]) + "\n"


_HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Safety report</title>
<style>body{font:14px/1.5 sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%}td{border:1px solid #bbb;padding:.25rem .5rem;
vertical-align:top}tr:first-child{font-weight:bold}</style></head><body>"""


def main(argv: list[str]) -> int:
    """Write what was asked for; 1 when something does not hold together or is not current."""
    risk, tests = load(), marked_tests()
    wrong = problems(risk, tests)
    text = NOTE + trace_page(risk, tests)
    is_current = TRACE.exists() and TRACE.read_text(encoding="utf-8") == text
    if "--check" in argv:
        wrong += [] if is_current else ["docs/risk/trace.md is not current. Run: make risk"]
    else:
        TRACE.write_text(text, encoding="utf-8")
    if "--results" in argv:
        results = read_results(Path(argv[argv.index("--results") + 1]))
        report = report_page(risk, tests, results)
        BUILD.mkdir(exist_ok=True)
        (BUILD / "safety_report.md").write_text(report, encoding="utf-8")
        (BUILD / "safety_report.html").write_text(as_html(report), encoding="utf-8")
        wrong += _failures(risk, tests, results)
        sys.stdout.write(f"{_open_lines(risk)[0]}build/safety_report.html\n")
    sys.stderr.writelines(f"{line}\n" for line in wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
