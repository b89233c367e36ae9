"""The unit as last heard, in the words that checks and alarms judge by.

Built by the services from what the controller reports and what the edge's own wires say. None is
unknown, and unknown is unsafe. Owns no age: a value that has gone stale arrives here as None. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from firmware.wire.codes import INPUT_NAMES

# Inputs that the edge senses on wires of its own as well (edge.ports.PanelInput).
PANEL_NAMES: tuple[str, ...] = ("estop", "door", "coil", "patient")
# [P] above this no train may start. Starts are ordered 250 ms ahead and a gap after a pulse of this
# controller boot is reckoned in the controller's own time, so an error here moves a start, never a
# gap. Twice the 2.8 ms [M] seen on a loaded two-core machine, rounded down.
CLOCK_UNCERTAINTY_US_MAX = 5_000
# [P] 3 degrees under the limit before a hot winding may start again
WINDING_RESTART_C10 = 30


@dataclass(frozen=True)
class DeviceFacts:
    """link and self_test use the words of the screen's messages."""

    link: str  # closed, opening, identifying, version_mismatch, key_refused, live, silent
    is_heard: bool  # a status arrived within its deadline
    self_test: str  # open, passed, failed
    fault: int  # first latched fault, 0 none
    faults: tuple[int, ...]
    mcu_state: str  # STATE_NAMES, '' unknown
    inputs: Mapping[str, bool | None]  # the controller's view; True is safe
    panel: Mapping[str, bool | None]  # the edge's own wires
    inputs_fitted: tuple[str, ...]
    surface_c10: int | None
    surface_c10_warn: int
    surface_c10_max: int
    winding_c10: int | None
    winding_c10_max: int
    coil_type: str  # '' none or unknown
    settings_match: bool
    clock_uncertainty_us: int | None

    @property
    def is_live(self) -> bool:
        """The controller answers and speaks our version."""
        return self.link == "live" and self.is_heard


# The controller answers and may not be used; also codes of reasons and alarms.
UNFIT_LINKS = ("version_mismatch", "key_refused")
# Codes of reason-<...>, worst first.
NOT_READY_REASONS: tuple[str, ...] = (
    "link_down",
    "version_mismatch",
    "key_refused",
    "fault",
    "interlock_open",
    "inputs_disagree",
    "inputs_unknown",
    "coil_absent",
    "too_hot",
    "temperature_unknown",
    "self_test_failed",
    "self_test_open",
    "settings_mismatch",
    "clock_unsure",
)


def not_ready_reasons(facts: DeviceFacts) -> tuple[str, ...]:
    """Why nobody can be treated now, worst first; empty when the unit is ready."""
    if facts.link in UNFIT_LINKS:
        return (facts.link,)
    if not facts.is_live:
        return ("link_down",)
    found = {
        *_input_reasons(facts),
        *_heat_reasons(facts),
        *(["fault"] if facts.fault else []),
        *([] if facts.coil_type else ["coil_absent"]),
        *([] if facts.self_test == "passed" else [_self_test_reason(facts)]),
        *([] if facts.settings_match else ["settings_mismatch"]),
        *([] if _is_clock_sure(facts) else ["clock_unsure"]),
    }
    return tuple(reason for reason in NOT_READY_REASONS if reason in found)


def interlock_states(facts: DeviceFacts) -> tuple[tuple[str, str], ...]:
    """(name, ok | open | unknown | disagree) of every fitted input, in the controller's order."""
    return tuple(
        (name, _interlock_state(facts, name)) for name in INPUT_NAMES if name in facts.inputs_fitted
    )


def _interlock_state(facts: DeviceFacts, name: str) -> str:
    mcu = facts.inputs.get(name) if facts.is_live else None
    own = facts.panel.get(name) if name in PANEL_NAMES else mcu
    if mcu is None or own is None:
        return "unknown"
    if mcu != own:
        return "disagree"
    return "ok" if mcu else "open"


def _input_reasons(facts: DeviceFacts) -> list[str]:
    words = {"open": "interlock_open", "unknown": "inputs_unknown", "disagree": "inputs_disagree"}
    states = [state for _, state in interlock_states(facts)]
    if not states:
        return ["inputs_unknown"]
    return [words[state] for state in states if state != "ok"]


def heat_state(facts: DeviceFacts) -> str:
    """ok, hot or unknown; hot from the warning on: the face warms on after the last pulse."""
    if facts.surface_c10 is None or facts.winding_c10 is None:
        return "unknown"
    is_hot = (
        facts.surface_c10 >= facts.surface_c10_warn
        or facts.winding_c10 >= facts.winding_c10_max - WINDING_RESTART_C10
    )
    return "hot" if is_hot else "ok"


def _heat_reasons(facts: DeviceFacts) -> list[str]:
    return {"hot": ["too_hot"], "unknown": ["temperature_unknown"], "ok": []}[heat_state(facts)]


def _self_test_reason(facts: DeviceFacts) -> str:
    return "self_test_failed" if facts.self_test == "failed" else "self_test_open"


def _is_clock_sure(facts: DeviceFacts) -> bool:
    uncertainty_us = facts.clock_uncertainty_us
    return uncertainty_us is not None and uncertainty_us <= CLOCK_UNCERTAINTY_US_MAX
