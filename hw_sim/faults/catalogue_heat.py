"""The catalogue of faults: heat and cooling.

Numbers G 71, 73 and 79 of sources.md reliability
2.3. The reactions are those that a reader of the risk file may rely on; why says what makes them
right.
"""

from __future__ import annotations

from hw_sim.faults.strikes import act, ambient, heat, open_contact, stop_cooling_unseen
from hw_sim.faults.trial import Fault

FAULTS: tuple[Fault, ...] = (
    Fault(
        "G71a",
        "heat",
        "contact face truly at 42 degrees",
        "a face above its limit trips, by either sensor",
        heat(surface_c=42.0),
        rest="refuse fault",
        live="stop 201",
        held="stop 201 | refuse fault",
        alarms="coil_off_head sensor_own surface_hot surface_hot_own surface_warm",
    ),
    Fault(
        "G71b",
        "heat",
        "contact face jumps to 39.5 degrees",
        "below the limit; but no coil does that, and a sensor that jumps is not believed",
        heat(surface_c=39.5),
        rest="refuse temperature_unknown",
        live="stop 205",
        held="stop 205 | stop sensor_own | refuse temperature_unknown",
        alarms="sensor_own sensor_slew surface_warm",
        places={"uncertain": "stop 205 | stop sensor_own | refuse fault"},
    ),
    Fault(
        "G71c",
        "heat",
        "winding truly at 85 degrees",
        "a winding above its limit trips",
        heat(winding_c=85.0),
        rest="refuse fault",
        live="stop 202",
        held="stop 202 | refuse hot",
        alarms="cooling_trend winding_hot",
    ),
    Fault(
        "G73a",
        "heat",
        "cooling stops and its tacho says so",
        "an open contact stops, and keeps the unit from starting until it is closed",
        open_contact("cooling"),
        rest="refuse interlock_open",
        live="stop 105",
        held="stop 105 | refuse interlock_open",
        alarms="cooling",
        arm="stop 105 | refuse interlock",
    ),
    Fault(
        "G73b",
        "heat",
        "cooling stops and its tacho lies",
        "40 pulses warm nothing; python -m hw_sim heat shows the warning minutes before the trip",
        act(stop_cooling_unseen),
        rest="tolerate",
        live="tolerate",
        held="tolerate",
    ),
    Fault(
        "G79a",
        "heat",
        "room at 45 degrees",
        "the coil takes minutes to follow, and is judged by its own sensors",
        ambient(45.0),
        rest="tolerate",
        live="tolerate",
        held="tolerate",
    ),
    Fault(
        "G79b",
        "heat",
        "room at 0 degrees",
        "cold harms no skin, and the coil is judged by its own sensors",
        ambient(0.0),
        rest="tolerate",
        live="tolerate",
        held="tolerate",
    ),
)
