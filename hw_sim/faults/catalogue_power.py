"""The catalogue of faults: bank, charger, pulses.

Numbers G 77 and 78 of sources.md reliability
2.3. The reactions are those that a reader of the risk file may rely on; why says what makes them
right.
"""

from __future__ import annotations

from hw_sim.faults.strikes import act, first_pulse, first_weak, on_unit
from hw_sim.faults.strikes_unit import fire_unasked, hal, power, raise_bank
from hw_sim.faults.trial import Fault

# In a train each pulse is judged by its own current; the bank is looked at when the train is over.
TRAIN_MS = 1_500
BAND = "a bank outside its band stops; in a train the current of each pulse is judged instead"
STRENGTH = "the current of each pulse is judged before the next"

FAULTS: tuple[Fault, ...] = (
    Fault(
        "G77a",
        "power",
        "bank reads 10 % too little",
        BAND,
        hal(bank_sense_scale=0.9),
        rest="stop 302",
        live="stop 301",
        held="stop 301 | stop 302",
        arm="stop 301 | stop 302",
        alarms="bank_voltage charge_timeout",
        within_ms=TRAIN_MS,
    ),
    Fault(
        "G77b",
        "power",
        "bank reads 10 % too much",
        BAND,
        hal(bank_sense_scale=1.1),
        rest="stop 302",
        live="stop 301",
        held="stop 301 | stop 302",
        arm="stop 301 | stop 302",
        alarms="bank_voltage charge_timeout",
        within_ms=TRAIN_MS,
    ),
    Fault(
        "G77c",
        "power",
        "charger regulates 10 % too high",
        BAND,
        act(raise_bank),
        rest="stop 302",
        live="stop 301 | stop 305",
        held="stop 301 | stop 302",
        arm="stop 301 | stop 302",
        alarms="amplitude bank_voltage charge_timeout",
        within_ms=TRAIN_MS,
        breaks=("I6",),
    ),
    Fault(
        "G77d",
        "power",
        "charger dead",
        "weaker pulses stop at 10 %; a bank that does not fill gives none",
        power(is_charger_dead=True),
        rest="stop 302",
        live="stop 301 | stop 305",
        held="stop 301 | stop 302",
        arm="stop 301 | stop 302",
        alarms="amplitude bank_voltage charge_timeout",
        cause=first_weak,
    ),
    Fault(
        "G77e",
        "power",
        "pulses 20 % too strong",
        STRENGTH,
        on_unit(lambda u: setattr(u.plant, "current_scale", 1.2)),
        rest="stop 305",
        live="stop 305",
        held="stop 305",
        alarms="amplitude",
        cause=first_pulse,
        breaks=("I6",),
    ),
    Fault(
        "G77f",
        "power",
        "pulses 20 % too weak",
        STRENGTH,
        on_unit(lambda u: setattr(u.plant, "current_scale", 0.8)),
        rest="stop 305",
        live="stop 305",
        held="stop 305",
        alarms="amplitude",
        cause=first_pulse,
    ),
    Fault(
        "G77g",
        "power",
        "current sense reads half",
        STRENGTH,
        hal(sense_scale=0.5),
        rest="stop 305 | stop 303",
        live="stop 305 | stop 303",
        held="stop 305 | stop 303",
        alarms="amplitude pulse_missing uncertain_dose",
        cause=first_pulse,
        breaks=("I19",),
    ),
    Fault(
        "G77h",
        "power",
        "current sense reads nothing",
        "as M53: a pulse that is not sensed is booked as uncertain; the session is not resumed",
        hal(sense_scale=0.0),
        rest="stop 303",
        live="stop 303",
        held="stop 303",
        alarms="pulse_missing uncertain_dose",
        cause=first_pulse,
        breaks=("I19",),
    ),
    Fault(
        "G77i",
        "power",
        "the switch closes by itself",
        "seen at the controller's next turn; nothing flows where an enable is off",
        fire_unasked,
        rest="tolerate",
        live="stop 304",
        held="stop 304 | refuse uncertain | tolerate",
        arm="tolerate | stop 304",
        alarms="pulse_unasked uncertain_dose",
        breaks=("I3", "I8", "I9", "I10", "I14"),
        within_ms=30,
    ),
    Fault(
        "G78",
        "power",
        "bleed resistor open",
        "the charge is right; a bank that does not empty is told when it should have",
        power(is_bleed_open=True),
        rest="tolerate",
        live="tolerate",
        held="tolerate | refuse not_chargeable",
        alarms="bank_voltage",
        watch_s=35.0,
    ),
)
