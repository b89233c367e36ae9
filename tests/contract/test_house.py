"""Rules of the house that a tool can check: sizes, the README's map, lock files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = ("firmware", "edge", "hw_sim", "tests")
FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 410  # "about 400"


def python_files() -> Iterator[Path]:
    for folder in CODE:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "node_modules" not in path.parts:
                yield path


def long_functions(source: str) -> list[str]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [
        node.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, kinds) and (node.end_lineno or 0) - node.lineno + 1 > FUNCTION_LINES_MAX
    ]


def test_functions_are_at_most_seventy_lines() -> None:
    found = {path.name: long_functions(path.read_text()) for path in python_files()}

    assert {name: names for name, names in found.items() if names} == {}


def test_long_function_would_be_found() -> None:
    assert long_functions("def f():\n" + "    x = 1\n" * FUNCTION_LINES_MAX) == ["f"]


def test_files_are_about_four_hundred_lines_at_most() -> None:
    page = [p for p in (ROOT / "kiosk/src").rglob("*.ts*") if p.name != "wire.ts"]
    files = (*python_files(), *page)

    assert [p.name for p in files if p.read_text().count("\n") > FILE_LINES_MAX] == []


def test_folder_map_of_the_readme_matches_the_tree() -> None:
    text = (ROOT / "README.md").read_text()
    mapped = set(re.findall(r"^\| `([\w/]+)` \|", text, re.MULTILINE))
    parts = {
        f"{top}/{path.name}"
        for top in ("firmware", "edge")
        for path in (ROOT / top).iterdir()
        if path.is_dir() and path.name != "__pycache__"
    }

    assert mapped == parts | {"kiosk", "hw_sim", "tests", "docs"}


@pytest.mark.parametrize(
    "name",
    [
        "requirements.lock",
        ".ci/node.lock",
        ".ci/pio.lock",
        "kiosk/package-lock.json",
        "tests/package-lock.json",
    ],
)
def test_lock_files_name_no_registry(name: str) -> None:
    text = (ROOT / name).read_text()

    assert '"resolved":' not in text
    assert "index-url" not in text


def test_source_named_in_a_comment_has_a_row() -> None:
    rows = set(
        re.findall(r"^\| (\w+ [\d.]+) \|", (ROOT / "docs/sources.md").read_text(), re.MULTILINE)
    )
    page = [p for p in (ROOT / "kiosk/src").rglob("*") if p.suffix in (".ts", ".tsx", ".css")]
    named = set()
    for path in (*python_files(), *page, ROOT / "tests/kiosk/layout_lint.js"):
        named |= set(re.findall(r"sources\.md (\w+ \d[\d.]*\d|\w+ \d)", path.read_text()))

    assert named - rows == set()
    assert rows - named == set()
