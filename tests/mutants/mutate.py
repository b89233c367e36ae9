"""Mutants of a module, with the operators of mutmut: one small change of one expression each.

mutmut leaves out what has a decorator; here properties and cached functions are mutated as well,
because nothing has to be wrapped here. Of the code outside functions only the tables named in the
scope are mutated: each cell becomes the next other one that occurs in its table. Pure, no clock.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

import libcst as cst
import libcst.matchers as m
from libcst.metadata import MetadataWrapper
from mutmut.mutation.file_mutation import Mutation, MutationVisitor
from mutmut.mutation.mutators import mutation_operators
from mutmut.mutation.pragma_handling import IgnoredCode

_CELL = m.Name() | m.Attribute()
_IMPORT = m.SimpleStatementLine(body=[m.Import() | m.ImportFrom(), m.ZeroOrMore()])


@dataclass(frozen=True)
class Mutant:
    """One changed module. Named by what changed, so that moving code does not rename it."""

    module: str  # path from the top of the project
    function: str  # Class.method, or the name of a table
    old: str  # changed lines without their indent, joined by a blank
    new: str
    nth: int  # of mutants with the same old and new in this function, from 1
    source: str  # the whole module, mutated; of a table nothing
    remake: str  # the statements that are to run again: a table, or what a function has made

    def key(self) -> tuple[str, str, str, str, int]:
        """What names it."""
        return self.module, self.function, self.old, self.new, self.nth


class _Visitor(MutationVisitor):
    """mutmut's, but it looks into decorated functions (not at their decorators)."""

    def _skip_node_and_children(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.FunctionDef):
            return False
        return bool(super()._skip_node_and_children(node))


def mutants_of(source: str, name: str, tables: Collection[str] = ()) -> list[Mutant]:
    """Every mutant of this module in a fixed order; `name` is its path."""
    visitor = _Visitor(mutation_operators, IgnoredCode(set(), set(), set()))
    module = MetadataWrapper(cst.parse_module(source)).visit(visitor)
    parts = [module.code_for_node(statement) for statement in module.body]
    header = "".join(module.code_for_node(line) for line in module.header)
    seen: Counter[tuple[str, str, str]] = Counter()
    found = []
    for place, function, mutation in _within_functions(module, visitor.mutations):
        changed = module.body[place].deep_replace(mutation.original_node, mutation.mutated_node)
        assert isinstance(changed, cst.CSTNode)
        new_text = module.code_for_node(changed)
        old, new = _changed_lines(parts[place], new_text)
        seen[function, old, new] += 1
        whole = header + "".join((*parts[:place], new_text, *parts[place + 1 :]))
        nth = seen[function, old, new]
        found.append(
            Mutant(name, function, old, new, nth, whole, _made_by(module, parts, function))
        )
    for place, table in _tables(module, tables):
        after = _again(module, parts, place + 1)
        for number, new_text in enumerate(_changed_cells(module, module.body[place])):
            old, new = _changed_lines(parts[place], new_text)
            found.append(Mutant(name, table, old, new, number + 1, "", new_text + after))
    return found


def _made_by(module: cst.Module, parts: list[str], function: str) -> str:
    """What runs when the module is imported, from where it first names this function on."""
    word = re.compile(rf"\b{function}\b")
    for place, part in enumerate(parts):
        if _runs(module, place) and word.search(part):
            return _again(module, parts, place)
    return ""


def _again(module: cst.Module, parts: list[str], first: int) -> str:
    return "".join(parts[place] for place in range(first, len(parts)) if _runs(module, place))


def _runs(module: cst.Module, place: int) -> bool:
    """Neither an import nor a definition: constants, tables, loops that fill them."""
    statement = module.body[place]
    if isinstance(statement, cst.SimpleStatementLine):
        return not m.matches(statement, _IMPORT)
    return not isinstance(statement, cst.FunctionDef | cst.ClassDef)


def unchanged(source: str, name: str) -> Mutant:
    """No mutant: all that runs at the import runs once more. The tests have to pass."""
    module = cst.parse_module(source)
    parts = [module.code_for_node(statement) for statement in module.body]
    return Mutant(name, "", "", "", 0, "", _again(module, parts, 0))


def _tables(module: cst.Module, names: Collection[str]) -> Iterator[tuple[int, str]]:
    for place, statement in enumerate(module.body):
        if isinstance(statement, cst.SimpleStatementLine):
            for part in statement.body:
                target = _target(part)
                if target in names:
                    yield place, target


def _target(part: cst.BaseSmallStatement) -> str:
    if isinstance(part, cst.Assign):
        return getattr(part.targets[0].target, "value", "")
    return getattr(part.target, "value", "") if isinstance(part, cst.AnnAssign) else ""


def _changed_cells(module: cst.Module, statement: cst.CSTNode) -> Iterator[str]:
    """The statement's text with one cell after the other replaced."""
    found = m.findall(statement, m.Element(value=_CELL) | m.DictElement(value=_CELL))
    cells = [cell for cell in found if isinstance(cell, cst.Element | cst.DictElement)]
    texts = [module.code_for_node(cell.value) for cell in cells]
    values = list(dict.fromkeys(texts))
    for cell, text in zip(cells, texts, strict=True):
        other = values[(values.index(text) + 1) % len(values)]
        changed = cell.with_changes(value=cst.parse_expression(other))
        replaced = statement.deep_replace(cell, changed)
        assert isinstance(replaced, cst.CSTNode)
        yield module.code_for_node(replaced)


def _within_functions(
    module: cst.Module, mutations: Iterable[Mutation]
) -> Iterator[tuple[int, str, Mutation]]:
    """With the number of the statement of the module that holds each, and its function's name."""
    places: dict[cst.CSTNode, tuple[int, str]] = {}
    for place, statement in enumerate(module.body):
        if isinstance(statement, cst.FunctionDef):
            places[statement] = place, statement.name.value
        elif isinstance(statement, cst.ClassDef):
            for part in statement.body.body:
                if isinstance(part, cst.FunctionDef):
                    places[part] = place, f"{statement.name.value}.{part.name.value}"
    for mutation in mutations:
        around = mutation.contained_by_top_level_function
        if around is not None and around in places:
            place, function = places[around]
            yield place, function, mutation


def _changed_lines(old: str, new: str) -> tuple[str, str]:
    """The lines that differ, without their indent, joined by a blank."""
    before, after = old.splitlines(), new.splitlines()
    shorter = min(len(before), len(after))
    head = next((i for i in range(shorter) if before[i] != after[i]), shorter)
    tail = next((i for i in range(shorter - head) if before[-1 - i] != after[-1 - i]), 0)
    sides = (lines[head : len(lines) - tail] for lines in (before, after))
    old_lines, new_lines = (" ".join(line.strip() for line in lines) for lines in sides)
    return old_lines, new_lines
