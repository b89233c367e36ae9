"""Breadth-first search over everything a machine can do, with rules checked at each step.

The machine is real code: a world saves and restores itself, names the events that are possible and
does them. Two states with the same key count as one; the first one found stands for both. So every
move that is counted was really made, and the key says how fine the search is. No clock.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol


class RuleBrokenError(Exception):
    """A rule does not hold; path is added by the search."""

    def __init__(self, rule: str, what: str) -> None:
        super().__init__(f"{rule}: {what}")
        self.rule = rule
        self.path: tuple[str, ...] = ()


class World(Protocol):
    """What is searched."""

    def save(self) -> Any: ...

    def restore(self, saved: Any) -> None: ...

    def key(self) -> Hashable: ...

    def place(self) -> str: ...

    def events(self) -> Iterable[str]: ...

    def do(self, event: str) -> int:
        """How many moves this was; all but the last changed nothing."""
        ...


@dataclass
class Found:
    """Counts of one search."""

    states: int = 0
    moves: int = 0
    depth: int = 0
    places: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    is_whole: bool = True  # False: ended by the bound, not by running out of states

    def line(self, name: str) -> str:
        """One line for people."""
        end = "whole" if self.is_whole else "cut off"
        return (
            f"{name}: {self.states:,} states, {self.moves:,} transitions,"
            f" {len(self.events)} events, depth {self.depth}, {end}"
        )


@dataclass(frozen=True)
class _Node:
    saved: Any
    depth: int
    before: _Node | None
    event: str

    def path(self) -> tuple[str, ...]:
        node, events = self, [self.event]
        while node.before is not None:
            node = node.before
            events.append(node.event)
        return tuple(reversed(events[:-1]))


def _do(world: World, event: str, path: tuple[str, ...]) -> int:
    try:
        return world.do(event)
    except RuleBrokenError as broken:
        broken.path = path
        raise


def search(world: World, states_max: int, start: tuple[str, ...] = ()) -> Found:
    """Do every event in every state that can be reached; raises RuleBrokenError with its path.

    start: events that lead to where the search begins.
    """
    found = Found()
    done: list[str] = []
    for event in start:
        done.append(event)
        _do(world, event, tuple(done))
    seen = {world.key()}
    todo = deque([_Node(world.save(), 0, None, "")])
    while todo:
        node = todo.popleft()
        found.states += 1
        found.depth = max(found.depth, node.depth)
        world.restore(node.saved)
        found.places[world.place()] += 1
        for event in tuple(world.events()):
            world.restore(node.saved)
            found.moves += _do(world, event, (*start, *node.path(), event))
            found.events[event] += 1
            key = world.key()
            if key not in seen:
                if len(seen) >= states_max:
                    found.is_whole = False
                    continue
                seen.add(key)
                todo.append(_Node(world.save(), node.depth + 1, node, event))
    return found
