"""Every code of the service has its words, and every word has a code.

Codes come from the registries of edge/domain and, where a code is written at the place that uses
it, from the source itself. Texts are edge/texts/en/codes.ftl; the page's own are screen.ftl.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest
from fluent.runtime import FluentBundle, FluentResource
from fluent.syntax import ast as ftl
from fluent.syntax import parse
from fluent.syntax.visitor import Visitor

from edge.domain.alarm_rules import ALARM_IDS
from edge.domain.certificate import REASONS
from edge.domain.checks import ALL_KEYS, QUESTION_KEYS, QUESTIONS
from edge.domain.device_facts import ATTEND, ENABLE_NAMES, NOT_READY_REASONS
from edge.domain.dose import UNSETTLED_REASONS
from edge.domain.faults import REJECTION_ROWS, STOP_CODES, FaultRow, fault_row
from edge.domain.fhir_read import PROBLEM_CODES
from edge.domain.held import HELD_REASONS
from edge.domain.resume import GAP_DOUBTS
from edge.domain.safety_test import FAILURES, STEPS, Step
from edge.services.library import MANIFEST, ProtocolLibrary, read_library_files
from firmware.wire.codes import INPUT_NAMES
from hw_sim.keys.sign_library import PROTOCOLS

pytestmark = pytest.mark.control("stop-sentences")

ROOT = Path(__file__).parents[2]
CATALOGUE = ROOT / "edge" / "texts" / "en" / "codes.ftl"
CONTACTS = [*(name for name in INPUT_NAMES if name not in ENABLE_NAMES), ATTEND]
SENTENCE_CHARS_MAX = 230  # two lines of the stop screen at 800x480

# Placeholders that are filled, by the beginning of the key.
PLACEHOLDERS = {
    "stop-201-what": {"value", "limit"},
    "stop-202-what": {"value", "limit"},
    "stop-surface_hot_own-what": {"value", "limit"},
    "alarm-surface_hot_own-": {"limit"},
    "stop-301-what": {"value", "limit"},
    "stop-305-what": {"value", "limit"},
    "refusal-device_not_ready": {"reason"},
    "refusal-mcu_refused": {"reason"},
    "problem-": {"where", "value", "limit"},
    "alarm-surface_warm-": {"value", "limit"},
    "stop-cooling_trend-what": {"value", "limit"},
    "stop-too_hot_ahead-what": {"value", "limit"},
    "alarm-heat_ahead-": {"value", "limit"},
    "alarm-coil_off_head-": {"value", "limit"},
    "alarm-clinic_offline-": {"minutes"},
    "alarm-disk_full-": {"value"},
    "alarm-risk_load-": {"value"},
    "alarm-risk_link-": {"value"},
    "alarm-contact_": {"input"},
    "log-train_done": {"train", "pulses"},
    "log-reconciled": {"delivered"},
}


class _Variables(Visitor):
    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_VariableReference(self, node: ftl.VariableReference) -> None:  # noqa: N802
        self.names.add(node.id.name)


@cache
def messages() -> dict[str, ftl.Message]:
    resource = parse(CATALOGUE.read_text(encoding="utf-8"))
    junk = [entry.content for entry in resource.body if isinstance(entry, ftl.Junk)]
    assert not junk, junk
    found = [entry for entry in resource.body if isinstance(entry, ftl.Message)]
    assert len({entry.id.name for entry in found}) == len(found), "a key is written twice"
    return {entry.id.name: entry for entry in found}


@cache
def trees() -> tuple[ast.Module, ...]:
    return tuple(
        ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted((ROOT / "edge").rglob("*.py"))
    )


def first_arguments(*names: str) -> set[str]:
    """Text constants in the first argument of calls of these names."""
    found: set[str] = set()
    for call in _calls():
        function = call.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        if name in names and call.args:
            found |= {
                node.value
                for node in ast.walk(call.args[0])
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value
            }
    return found


def _calls() -> Iterator[ast.Call]:
    for tree in trees():
        yield from (node for node in ast.walk(tree) if isinstance(node, ast.Call))


@cache
def constants() -> frozenset[str]:
    """Every text constant of the service."""
    return frozenset(
        node.value
        for tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def _keys(prefix: str) -> set[str]:
    return {key.removeprefix(f"{prefix}-") for key in messages() if key.startswith(f"{prefix}-")}


def _ends(step: Step) -> tuple[str, ...]:
    return ("", "-open", "-close") if step.is_guided else ("",)


def _registered() -> dict[str, set[str]]:
    """What must have a text, by prefix."""
    return {
        "stop": {f"{code}-{part}" for code in STOP_CODES for part in ("what", "do", "time")},
        "alarm": {f"{alarm}-{part}" for alarm in ALARM_IDS for part in ("what", "did", "do")},
        "check": set(ALL_KEYS) | {f"{key}-help" for key in QUESTION_KEYS},
        "choice": {f"{q.key}-{choice}" for q in QUESTIONS for choice in q.choices},
        "reason": set(NOT_READY_REASONS),
        "interlock": {f"{name}{end}" for name in CONTACTS for end in ("", "-ok", "-open")},
        "uncertain": set(UNSETTLED_REASONS),
        "gap": set(GAP_DOUBTS),
        "held": set(HELD_REASONS),
        "proof": {f"{step.key}{end}" for step in STEPS for end in _ends(step)},
        "failure": set(FAILURES),
        "certificate": set(REASONS),
    }


@pytest.mark.parametrize("prefix", _registered())
def test_registry_and_texts_name_the_same_codes(prefix: str) -> None:
    assert _keys(prefix) == _registered()[prefix]


def test_problems_and_texts_name_the_same_codes() -> None:
    used = first_arguments("Problem", "report") | set(PROBLEM_CODES)

    assert used - _keys("problem") == set()
    assert {code for code in _keys("problem") if code not in constants()} == set()


WRITTEN: dict[str, Callable[[], set[str]]] = {
    "refusal": lambda: first_arguments("refused"),
    "log": lambda: first_arguments("say"),
}


@pytest.mark.parametrize("prefix", WRITTEN)
def test_codes_written_in_the_source_have_a_text(prefix: str) -> None:
    assert WRITTEN[prefix]() - _keys(prefix) == set()


@pytest.mark.parametrize("prefix", ["refusal", "log", "due"])
def test_texts_belong_to_a_code_in_the_source(prefix: str) -> None:
    assert {code for code in _keys(prefix) if code not in constants()} == set()


def test_refusal_of_the_controller_has_words_for_every_answer_code() -> None:
    value = messages()["refusal-mcu_refused"].value
    assert value is not None
    (placeable,) = value.elements
    assert isinstance(placeable, ftl.Placeable)
    assert isinstance(placeable.expression, ftl.SelectExpression)
    keys = [variant.key for variant in placeable.expression.variants]

    names = [key.name for key in keys if isinstance(key, ftl.Identifier)]

    assert names == [row.name for row in REJECTION_ROWS] + ["other"]


def test_refusal_of_a_unit_that_is_not_ready_says_what_to_do_for_every_reason() -> None:
    value = messages()["refusal-device_not_ready"].value
    assert value is not None
    select = value.elements[1]
    assert isinstance(select, ftl.Placeable)
    assert isinstance(select.expression, ftl.SelectExpression)
    keys = [variant.key for variant in select.expression.variants]

    names = {key.name for key in keys if isinstance(key, ftl.Identifier)}

    assert names == {*NOT_READY_REASONS, "other"}


# The five parts of an explanation. A person who reads it knows what to do without asking anybody.
A_TIME = re.compile(r"\d+ (seconds|minutes?)|Not today|minutes until it is ready")
AN_ACT = re.compile(
    r"\b(answer|ask|call|check|choose|close|do not|end|find|give|go|hold|let|log in|look|measure"
    r"|plug|press|put|recheck|reload|release|restart|seat|shorten|show|shut|switch|take|tell|test|touch"
    r"|try|turn|understand|use|wait|work|write|nothing is left|a clinician decides)\b",
    re.IGNORECASE,
)


def wrong_with_stop(row: FaultRow, texts: Mapping[str, str]) -> list[str]:
    """Which of the five parts the explanation of this stop lacks."""
    what, do, time = (texts.get(f"stop-{row.code}-{part}", "") for part in ("what", "do", "time"))
    wrong = []
    if len(what.split()) < 4 or not what.endswith("."):
        wrong.append("what")
    if row.value and not {"[value]", "[limit]"} <= set(re.findall(r"\[\w+\]", what)):
        wrong.append("value and limit")
    if not AN_ACT.search(do):
        wrong.append("what to do")
    if not A_TIME.search(time):
        wrong.append("how long")
    if not texts.get("dose-counts" if row.dose_counts else "dose-doubtful", ""):
        wrong.append("dose")
    return wrong


@cache
def rendered() -> Mapping[str, str]:
    """Both catalogues, with the names of the values in brackets."""
    bundle = FluentBundle(["en"], use_isolating=False)
    for name in ("codes.ftl", "screen.ftl"):
        bundle.add_resource(FluentResource((CATALOGUE.parent / name).read_text(encoding="utf-8")))
    names = {"value": "[value]", "limit": "[limit]", "delivered": "[delivered]", "unit": "[unit]"}
    keys = [key for key in messages() if key.startswith("stop-")]
    texts = {}
    for key in (*keys, "dose-counts", "dose-doubtful", "dose-uncertain"):
        pattern = bundle.get_message(key).value
        assert pattern is not None
        texts[key] = str(bundle.format_pattern(pattern, names)[0])
    return texts


@pytest.mark.parametrize("code", STOP_CODES)
def test_stop_explains_itself_in_five_parts(code: str) -> None:
    assert wrong_with_stop(fault_row(code), rendered()) == []


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"stop-201-what": "Hot."}, "what"),
        ({"stop-201-what": "The face reached [value], which is hot."}, "value and limit"),
        ({"stop-201-do": "The coil is warm."}, "what to do"),
        ({"stop-201-time": "It takes a while."}, "how long"),
        ({"dose-counts": ""}, "dose"),
    ],
)
def test_explanation_without_one_of_its_parts_is_found(
    change: dict[str, str], missing: str
) -> None:
    assert missing in wrong_with_stop(fault_row("201"), {**rendered(), **change})


def test_every_refusal_says_what_to_do_and_is_not_only_a_no() -> None:
    bundle = FluentBundle(["en"], use_isolating=False)
    bundle.add_resource(FluentResource(CATALOGUE.read_text(encoding="utf-8")))
    for key in messages():
        if key.startswith(("refusal-", "failure-")) and key != "refusal-mcu_refused":
            pattern = bundle.get_message(key).value
            assert pattern is not None
            text = str(bundle.format_pattern(pattern, {"reason": "too_hot"})[0])
            assert AN_ACT.search(text), (key, text)


def test_texts_have_no_prefix_but_these() -> None:
    prefixes = {key.split("-")[0] for key in messages()}

    assert prefixes == {*_registered(), "problem", "refusal", "log", "due"}


def test_texts_use_only_placeholders_that_are_filled() -> None:
    for key, message in messages().items():
        variables = _Variables()
        variables.visit(message)
        allowed = next((v for k, v in PLACEHOLDERS.items() if key.startswith(k)), set())
        assert variables.names <= allowed, key


def test_words_of_the_library_have_a_text_on_the_page() -> None:
    files = read_library_files(PROTOCOLS)
    key = json.loads(files[MANIFEST])["public_key"]
    wanted = set()
    for protocol in ProtocolLibrary.load(files, [key]).all():
        wanted |= {f"site-{protocol.site}", f"side-{protocol.side.value}"}
        wanted |= {f"status-{protocol.status.value}", *(f"coil-{c}" for c in protocol.coil_types)}
        wanted |= {f"site-{step.site}" for step in protocol.steps}
        wanted |= {f"mt-basis-{step.mt_basis.value}" for step in protocol.steps}
    resource = parse((CATALOGUE.parent / "screen.ftl").read_text(encoding="utf-8"))
    there = {entry.id.name for entry in resource.body if isinstance(entry, ftl.Message)}

    assert wanted - there == set()


SAMPLE = {
    "input": "patient",
    "value": "41.2 °C",
    "limit": "41 °C",
    "where": "ServiceRequest/1.extension[0]",
    "reason": "late",
    "minutes": 16,
    "train": 3,
    "pulses": 30,
    "delivered": 600,
}


def test_texts_are_short_whole_sentences() -> None:
    bundle = FluentBundle(["en"], use_isolating=False)
    bundle.add_resource(FluentResource(CATALOGUE.read_text(encoding="utf-8")))
    for key in messages():
        pattern = bundle.get_message(key).value
        assert pattern is not None, key
        rendered, errors = bundle.format_pattern(pattern, SAMPLE)
        text = str(rendered)
        assert not errors, (key, errors)
        assert len(text) <= SENTENCE_CHARS_MAX, key
        if key.split("-")[0] in ("stop", "refusal", "problem", "uncertain", "failure"):
            assert text.endswith((".", "?")), key
            # A sentence may begin with the name of a field.
            assert text[0].isupper() or text[0].isdigit(), key
