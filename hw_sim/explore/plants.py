"""The way to the planted bugs of hw_sim/plants: one by name, for as long as a block lasts."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from importlib import import_module

from hw_sim.explore.plan import PlanError


def planted(name: str) -> AbstractContextManager[object]:
    """Nothing for ''. Raises PlanError with the names that there are."""
    if not name:
        return nullcontext()
    try:
        plants = import_module("hw_sim.plants").PLANTS
    except ImportError as error:
        raise PlanError(f"no bugs can be planted here: {error}") from error
    if name not in plants:
        raise PlanError(f"no such plant: {name}; there are {', '.join(plants)}")
    found: AbstractContextManager[object] = plants[name].apply()
    return found
