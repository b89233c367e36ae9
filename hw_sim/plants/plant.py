"""What a planted bug is: a defect of the product as data, put in for the length of a context.

A bug replaces parts of the edge, of the firmware's core or, where the metal itself is a defence, of
its model, in this process. There is no switch for any of it in the product. A plant is one bug, or
several that hide each other. Owns no scenario.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

Apply = Callable[[], AbstractContextManager[None]]
Part = tuple[Any, str, Any]  # owner, name, what takes its place


@dataclass(frozen=True)
class Bug:
    """One defect. text: what the product does now."""

    text: str
    apply: Apply


@dataclass(frozen=True)
class Plant:
    """Bugs that together break invariants, each of which has to be caught in a run of the scene.

    masked: for each bug which defence hides it alone; so does every smaller choice of several.
    """

    name: str
    breaks: tuple[str, ...]
    scene: str  # of hw_sim/plants/scenes.py: how it is found
    bugs: tuple[Bug, ...]
    masked: Mapping[str, str] = field(default_factory=dict)  # text of a bug, and why it is not seen

    @property
    def text(self) -> str:
        """What the product does now."""
        return "; ".join(bug.text for bug in self.bugs)

    def part(self, numbers: Sequence[int]) -> Plant:
        """Some of its bugs alone."""
        return replace(self, bugs=tuple(self.bugs[number] for number in numbers))

    @contextmanager
    def apply(self) -> Iterator[None]:
        """Put in, for as long as the context lasts."""
        with ExitStack() as stack:
            for bug in self.bugs:
                stack.enter_context(bug.apply())
            yield


@contextmanager
def _replaced(parts: tuple[Part, ...]) -> Iterator[None]:
    before = [(owner, name, owner.__dict__[name]) for owner, name, _ in parts]
    try:
        for owner, name, value in parts:
            setattr(owner, name, value)
        yield
    finally:
        for owner, name, value in reversed(before):
            setattr(owner, name, value)


@contextmanager
def _entered(table: dict[Any, Any], key: Any, value: Any) -> Iterator[None]:
    before = table[key]
    table[key] = value
    try:
        yield
    finally:
        table[key] = before


def swap(text: str, *parts: Part) -> Bug:
    """Each part gives way to another."""
    return Bug(text, lambda: _replaced(parts))


def around(text: str, owner: Any, name: str, wrap: Callable[[Any], Any]) -> Bug:
    """One part is wrapped; wrap gets what was there and returns what is called instead."""
    return Bug(text, lambda: _replaced(((owner, name, wrap(owner.__dict__[name])),)))


def entry(text: str, table: dict[Any, Any], key: Any, value: Any) -> Bug:
    """One entry of a table gives way to another."""
    return Bug(text, lambda: _entered(table, key, value))


def nothing(*_args: object, **_fields: object) -> None:
    """A part that does nothing any more."""
