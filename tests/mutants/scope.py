"""Which modules are mutated, and which tests try each mutant, the quickest killers first.

A stage begins only for a mutant that survived the one before: the module's own tests, then those of
the whole floor, then the exhaustive searches. docs/mutation.md says what is out and why. Pure data.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Group:
    """Modules of one floor; the score counts for each group."""

    name: str  # the folder of its modules
    modules: dict[str, tuple[str, ...]]  # file name without its end: its own tests
    floor: tuple[str, ...]  # tests of the floor
    searches: tuple[str, ...]

    def paths(self) -> list[Path]:
        """Every module, from the top of the project."""
        return [Path(self.name) / f"{module}.py" for module in self.modules]

    def stages(self, module: Path) -> tuple[tuple[str, ...], ...]:
        """Test files of each stage; none twice."""
        own = self.modules[module.stem]
        floor = tuple(test for test in self.floor if test not in own)
        return own, floor, tuple(test for test in self.searches if test not in own)


# Tables whose cells are mutated as well.
TABLES: dict[str, tuple[str, ...]] = {
    "firmware/core/transitions.py": ("TABLE",),
    "edge/domain/session_states.py": ("_EVERYWHERE", "_MOVES"),
    "edge/domain/permissions.py": ("ALLOWED",),
}

_CLINIC = "what the clinic is told or told us; a wrong record, never a pulse"
_ORDER = "judged before a patient lies down; what the hardware may do the controller judges again"
# Modules of these folders that are not mutated, with the reason.
OUT: dict[str, dict[str, str]] = {
    "firmware/core": {
        "bounds": "numbers only; each is read by the tests of the module that uses it",
        "hal": "a type for the type checker, empty at run time",
    },
    "edge/domain": {
        "alarm_sounds": "how an alarm sounds; that it sounds is alarms",
        "coils": "names only",
        "field_reader": _CLINIC,
        "hash_chain": "one hash, held against its definition by its test",
        **{
            f"fhir_{name}": _CLINIC
            for name in (
                *("appointment", "bundle", "check", "codes", "history", "order", "patient"),
                *("read", "session", "table", "threshold"),
            )
        },
        **dict.fromkeys(("order_rules", "prescription", "protocol", "protocol_parse"), _ORDER),
        "record": _CLINIC,
        "train_plan": "held pulse by pulse against firmware/core/train.py, which is mutated",
        "train_tables": _ORDER,
        "verdict": "a value without a decision",
    },
}


def _core(*names: str) -> tuple[str, ...]:
    return tuple(f"tests/firmware/test_{name}.py" for name in names)


def _domain(*names: str) -> tuple[str, ...]:
    return tuple(f"tests/edge/domain/test_{name}.py" for name in names)


CORE = Group(
    name="firmware/core",
    modules={
        "gate": _core("starting_values", "watchdogs"),
        "interlocks": _core("starting_values", "interlocks"),
        "envelope": _core("starting_values", "envelope_bounds", "settings", "prove", "envelope"),
        "heat": _core("starting_values", "heat", "prove"),
        "arming": _core("starting_values", "arming"),
        "supervision": _core("supervision", "host_enable"),
        "transitions": _core("transitions"),
        "pulser": _core("starting_values", "pulser", "device_pulses"),
        "train": _core("train", "pulser"),
        "dispatcher": _core("starting_values", "dispatcher", "prove", "outbox", "authority"),
        "unit": _core(
            *("starting_values", "unit", "dispatcher", "prove", "device_flash", "device_pulses"),
            *("device_power", "host_enable"),
        ),
        "snapshot": _core("snapshot"),
        "staging": _core("starting_values", "staging", "device_flash"),
        "authority": _core("starting_values", "authority", "authority_planted"),
        "counters": _core("starting_values", "watchdogs", "device_pulses"),
        "device": _core("starting_values", "device_calls", "prove", "device_flash", "device_line"),
        "machine": _core("starting_values", "transitions", "watchdogs"),
        "outbox": _core("starting_values", "outbox"),
        "power": _core("starting_values", "watchdogs"),
        "sequence": _core("starting_values", "outbox", "authority"),
        "settings": _core("starting_values", "settings"),
        "watchdogs": _core("starting_values", "watchdogs", "host_enable", "prove"),
    },
    floor=_core(
        "starting_values",
        "snapshot",
        "arming",
        "supervision",
        "interlocks",
        "heat",
        "watchdogs",
        "transitions",
        "outbox",
        "settings",
        "pulser",
        "train",
        "envelope_bounds",
        "staging",
        "prove",
        "unit",
        "device_pulses",
        "device_power",
        "dispatcher",
        "device_calls",
        "device_line",
        "device_flash",
        "host_enable",
        "authority",
        "scenarios",
        "device_stop",
        "sessions",
        "envelope",
    ),
    searches=_core("search_gates", "search_core"),
)

DOMAIN = Group(
    name="edge/domain",
    modules={
        "session_states": _domain("session_states", "session"),
        "device_facts": _domain("device_facts", "enables", "heat_ahead"),
        "checks": _domain("checks", "heat_ahead"),
        "permissions": _domain("permissions"),
        "enables": _domain("enables"),
        "roll_call": _domain("roll_call"),
        "contacts": _domain("contacts"),
        "contact_history": _domain("contact_history"),
        "heat_channel": _domain("heat_channel"),
        "warming": _domain("warming"),
        "cooling_trend": _domain("cooling_steps", "cooling_trend"),
        "alarm_rules": _domain("alarm_rules", "alarms"),
        "alarms": _domain("alarms", "alarm_sounds"),
        "faults": (*_domain("faults"), "tests/contract/test_tables_total.py"),
        "session": _domain("session", "dose"),
        "dose": _domain("dose", "session"),
        "store_repair": _domain("store_repair"),
        "resume": _domain("resume"),
        "held": _domain("held"),
        "certificate": _domain("certificate", "safety_records"),
        "safety_test": _domain("safety_test", "safety_records"),
        "thermal": _domain("thermal_exact", "thermal"),
        "thermal_learn": _domain("thermal_samples", "thermal_learn"),
        "coil_heat": _domain("coil_heat"),
    },
    floor=(
        *_domain("device_facts", "enables", "checks", "permissions", "contacts", "values"),
        *_domain("contact_history", "heat_channel", "warming", "cooling_trend", "coil_heat"),
        *_domain(
            "alarms",
            "alarm_rules",
            "alarm_sounds",
            "faults",
            "session",
            "dose",
            "thermal",
            "roll_call",
        ),
        *_domain("heat_ahead", "session_states", "thermal_learn", "certificate", "safety_test"),
    ),
    searches=(
        *_domain("search_session", "alarm_histories"),
        "tests/contract/test_tables_total.py",
    ),
)

GROUPS = (CORE, DOMAIN)
