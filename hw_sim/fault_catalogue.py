"""Every fault of the catalogue that touches safety, with the reaction that is right for each state.

The parts are by seam; ids are the numbers of sources.md reliability 2.3 with a letter for variants.
What is left out, and where it is shown instead, is in docs/fault_campaign.md.
"""

from __future__ import annotations

from hw_sim import (
    fault_catalogue_clock,
    fault_catalogue_contacts,
    fault_catalogue_controller,
    fault_catalogue_enables,
    fault_catalogue_heat,
    fault_catalogue_line,
    fault_catalogue_people,
    fault_catalogue_power,
    fault_catalogue_sensors,
    fault_catalogue_wires,
)
from hw_sim.fault_trial import Fault

CATALOGUE: tuple[Fault, ...] = (
    *fault_catalogue_clock.FAULTS,
    *fault_catalogue_line.FAULTS,
    *fault_catalogue_controller.FAULTS,
    *fault_catalogue_power.FAULTS,
    *fault_catalogue_wires.FAULTS,
    *fault_catalogue_contacts.FAULTS,
    *fault_catalogue_enables.FAULTS,
    *fault_catalogue_sensors.FAULTS,
    *fault_catalogue_heat.FAULTS,
    *fault_catalogue_people.FAULTS,
)
FAULT_BY_ID = {fault.id: fault for fault in CATALOGUE}
