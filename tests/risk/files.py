"""The hazard file as values: hazards, controls and the questions asked of each control action.

Reads docs/risk/*.toml and finds what does not hold together. Knows no test and no result.
"""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "risk"
RESIDUALS = ("shown in simulation", "needs hardware", "open")
ACTIONS = ("charge", "arm", "fire_train", "stop", "set_limit", "reset", "resume")
GUIDE_WORDS = ("not_given", "wrong", "timing", "length")
HAZARDS_MIN = 42  # the reference's analysis; ours may be longer


@dataclass(frozen=True)
class Hazard:
    """open is empty unless residual is "open"."""

    id: str
    cause: str
    situation: str
    harm: str
    severity: int
    controls: tuple[str, ...]
    residual: str
    open: str = ""


@dataclass(frozen=True)
class Control:
    """open: not built yet, and where it is asked for; on_bench: hardware has to show the rest."""

    id: str
    does: str
    code: tuple[str, ...]
    on_bench: bool = False
    open: str = ""


@dataclass(frozen=True)
class Risk:
    """Everything in docs/risk."""

    hazards: tuple[Hazard, ...]
    controls: tuple[Control, ...]
    stpa: Mapping[str, Mapping[str, Any]]

    def control(self, control_id: str) -> Control:
        return next(control for control in self.controls if control.id == control_id)

    def open_controls(self) -> tuple[Control, ...]:
        return tuple(control for control in self.controls if control.open)


def load(folder: Path = FOLDER) -> Risk:
    """The files as they are; an unknown or missing key is a TypeError."""
    return Risk(
        tuple(Hazard(**_tupled(row)) for row in _read(folder, "hazards")["hazard"]),
        tuple(Control(**_tupled(row)) for row in _read(folder, "controls")["control"]),
        _read(folder, "stpa"),
    )


def _read(folder: Path, name: str) -> dict[str, Any]:
    return tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))


def _tupled(row: dict[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in row.items()}


def problems(risk: Risk, tests: Mapping[str, object]) -> list[str]:
    """Everything that does not hold together; tests: ids of controls that some test carries."""
    return [
        *_hazard_problems(risk),
        *_control_problems(risk, tests),
        *(f"a test names control {name}, which is none" for name in _unknown(risk, tests)),
        *_stpa_problems(risk),
    ]


def _unknown(risk: Risk, tests: Mapping[str, object]) -> list[str]:
    return sorted(set(tests) - {control.id for control in risk.controls})


def _hazard_problems(risk: Risk) -> list[str]:
    found = []
    ids = {control.id: control for control in risk.controls}
    names = [hazard.id for hazard in risk.hazards]
    if len(names) < HAZARDS_MIN or len(set(names)) < len(names):
        found.append(f"{len(set(names))} different hazards of at least {HAZARDS_MIN}")
    for hazard in risk.hazards:
        if not hazard.controls:
            found.append(f"hazard {hazard.id} has no control")
        found += [f"hazard {hazard.id}: no control {c}" for c in hazard.controls if c not in ids]
        if not 1 <= hazard.severity <= 5:
            found.append(f"hazard {hazard.id}: severity {hazard.severity}")
        if hazard.residual not in RESIDUALS:
            found.append(f"hazard {hazard.id}: residual '{hazard.residual}'")
        if (hazard.residual == "open") != bool(hazard.open):
            found.append(f"hazard {hazard.id}: open has to say what is missing")
        known = [ids[c] for c in hazard.controls if c in ids]
        if any(control.open for control in known) != (hazard.residual == "open"):
            found += _open_problem(hazard, known)
    return found


def _open_problem(hazard: Hazard, controls: list[Control]) -> list[str]:
    # A hazard may also be open for a reason that is no control, such as a figure still to measure.
    if hazard.residual == "open":
        return []
    missing = ", ".join(control.id for control in controls if control.open)
    return [f"hazard {hazard.id} is called shown, but {missing} is not built"]


def _control_problems(risk: Risk, tests: Mapping[str, object]) -> list[str]:
    found = []
    used = {name for hazard in risk.hazards for name in hazard.controls}
    for control in risk.controls:
        if control.id not in used:
            found.append(f"control {control.id} belongs to no hazard")
        if control.open:
            if control.id in tests:
                found.append(f"control {control.id} is called open and has tests")
            continue
        if not control.code:
            found.append(f"control {control.id} names no code")
        if control.id not in tests:
            found.append(f"control {control.id} has no test")
        found += [
            f"control {control.id}: {place} is not there"
            for place in control.code
            if not exists(place)
        ]
    return found


def exists(place: str) -> bool:
    """A file of the project, a module, or a name in one (module:name.attribute)."""
    module, _, name = place.partition(":")
    if not name and (ROOT / module).is_file():
        return True
    path = ROOT / module.replace(".", "/")
    if not path.with_suffix(".py").is_file() and not (path / "__init__.py").is_file():
        return False
    if not name:
        return True
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found is not None


def _stpa_problems(risk: Risk) -> list[str]:
    found = []
    names = {hazard.id for hazard in risk.hazards}
    if set(risk.stpa) != {"guide_words", *ACTIONS} or set(risk.stpa["guide_words"]) != set(
        GUIDE_WORDS
    ):
        found.append("the table of control actions does not have its rows and columns")
    for action in ACTIONS:
        for word in GUIDE_WORDS:
            cell = risk.stpa.get(action, {}).get(word, {})
            hazards = cell.get("hazards", [])
            if not hazards and not cell.get("none"):
                found.append(f"{action}, {word}: neither a hazard nor a reason why none")
            missing = [name for name in hazards if name not in names]
            found += [f"{action}, {word}: no hazard {name}" for name in missing]
    return found
