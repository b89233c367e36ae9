"""Which tests carry which control's marker, read from their source without running it."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.risk.files import ROOT

TESTS = ROOT / "tests"


def marked_tests(folder: Path = TESTS) -> dict[str, list[str]]:
    """Control id to tests: path::name, or the path alone when all of a file carry it."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(folder.rglob("test_*.py")):
        if "node_modules" in path.parts:
            continue
        source = path.read_text(encoding="utf-8")
        if "control(" not in source:
            continue
        place = path.relative_to(folder.parent).as_posix()
        for control, name in _marks(ast.parse(source)):
            found[control].append(f"{place}::{name}" if name else place)
    return {control: found[control] for control in sorted(found)}


def _marks(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "pytestmark" for target in node.targets
        ):
            for control in _controls(node.value):
                yield control, ""
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for decorator in node.decorator_list:
                for control in _controls(decorator):
                    yield control, node.name


def _controls(expression: ast.expr) -> Iterator[str]:
    for node in ast.walk(expression):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        if name == "control":
            for argument in node.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value
