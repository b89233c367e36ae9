"""Planted bugs: what every invariant is proved to catch, as data.

PLANTS by name. A plant with several bugs is one that redundant defences would hide: each bug alone
is said to be masked, and by what; the campaign holds both. `PLANTS[name].apply()` is a context.
"""

from __future__ import annotations

from collections.abc import Mapping

from hw_sim.plants.plant import Bug, Plant
from hw_sim.plants.table_dose import DOSE
from hw_sim.plants.table_records import RECORDS
from hw_sim.plants.table_stops import STOPS

__all__ = ["PLANTS", "Bug", "Plant"]

PLANTS: Mapping[str, Plant] = {plant.name: plant for plant in (*STOPS, *DOSE, *RECORDS)}
