"""Every fault of the catalogue that touches safety, with the reaction that is right for each state.

The parts are by seam; ids are the numbers of sources.md reliability 2.3 with a letter for variants.
What is left out, and where it is shown instead, is in docs/fault_campaign.md.
"""

from __future__ import annotations

from hw_sim.faults import (
    catalogue_clock,
    catalogue_contacts,
    catalogue_controller,
    catalogue_enables,
    catalogue_heat,
    catalogue_line,
    catalogue_people,
    catalogue_power,
    catalogue_sensors,
    catalogue_wires,
)
from hw_sim.faults.trial import Fault

CATALOGUE: tuple[Fault, ...] = (
    *catalogue_clock.FAULTS,
    *catalogue_line.FAULTS,
    *catalogue_controller.FAULTS,
    *catalogue_power.FAULTS,
    *catalogue_wires.FAULTS,
    *catalogue_contacts.FAULTS,
    *catalogue_enables.FAULTS,
    *catalogue_sensors.FAULTS,
    *catalogue_heat.FAULTS,
    *catalogue_people.FAULTS,
)
FAULT_BY_ID = {fault.id: fault for fault in CATALOGUE}
