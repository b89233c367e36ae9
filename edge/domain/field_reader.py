"""Reads one table of plain data field by field and collects every problem with its path.

On a problem a harmless stand-in is returned, so that reading goes on and all problems are reported
at once; whoever reads must look at `problems` before using what was built. Knows nothing of what
the fields mean. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TypeVar

from edge.domain.prescription import Problem

EnumT = TypeVar("EnumT", bound=Enum)


class FieldReader:
    """Typed access to one mapping; path is the prefix of every problem's place."""

    def __init__(self, data: Mapping[str, object], path: str, problems: list[Problem]) -> None:
        self._data = data
        self._path = path
        self.problems = problems

    def where(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

    def report(self, code: str, key: str, value: object = "", limit: str = "") -> None:
        """Note a problem with this field."""
        self.problems.append(Problem(code, self.where(key), _shown(value), limit))

    def refuse_unknown(self, known: Sequence[str]) -> None:
        """Every key outside the list is a problem."""
        for key in self._data:
            if key not in known:
                self.report("unknown_key", str(key), limit=", ".join(known))

    def has(self, key: str) -> bool:
        return key in self._data

    def raw(self, key: str) -> object:
        """The value as it is; missing is a problem."""
        if key not in self._data:
            self.report("missing", key)
        return self._data.get(key)

    def text(self, key: str, pattern: str = r"(?s).+") -> str:
        """Text that matches the whole pattern."""
        value = self.raw(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.report("wrong_type", key, value, "text")
            return ""
        if not re.fullmatch(pattern, value):
            self.report("bad_id", key, value, pattern)
        return value

    def integer(self, key: str, low: int, high: int) -> int:
        """Whole number from low to high."""
        value = self.raw(key)
        if value is None:
            return low
        if not isinstance(value, int) or isinstance(value, bool):
            self.report("wrong_type", key, value, "whole number")
            return low
        if not low <= value <= high:
            self.report("out_of_range", key, value, f"{low} to {high}")
        return value

    def optional_integer(self, key: str, low: int, high: int) -> int | None:
        return self.integer(key, low, high) if self.has(key) else None

    def choice(self, key: str, kind: type[EnumT]) -> EnumT:
        """Member of an enum by its value."""
        value = self.raw(key)
        members = list(kind)
        for member in members:
            if member.value == value:
                return member
        if value is not None:
            self.report("wrong_code", key, value, ", ".join(str(m.value) for m in members))
        return members[0]

    def texts(self, key: str) -> tuple[str, ...]:
        """List of texts, may be empty."""
        value = self.raw(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.report("wrong_type", key, value, "list of texts")
            return ()
        return tuple(value)

    def table(self, key: str) -> FieldReader:
        """A nested table."""
        value = self.raw(key)
        if value is not None and not isinstance(value, Mapping):
            self.report("wrong_type", key, value, "table")
        data = value if isinstance(value, Mapping) else {}
        return FieldReader(data, self.where(key), self.problems)

    def tables(self, key: str) -> list[FieldReader]:
        """A list of tables."""
        value = self.raw(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
            self.report("wrong_type", key, value, "list of tables")
            return []
        return [
            FieldReader(item, f"{self.where(key)}[{index}]", self.problems)
            for index, item in enumerate(value)
        ]


def _shown(value: object) -> str:
    """A short form for the report: whatever came in must not flood a screen or a log."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= SHOWN_CHARS_MAX else text[: SHOWN_CHARS_MAX - 1] + "…"


SHOWN_CHARS_MAX = 80  # [P] one line of the service console
