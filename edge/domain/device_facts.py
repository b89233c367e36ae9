"""The unit as last heard, in the words that checks and alarms judge by.

Built by the services from what the controller reports and what the edge's own wires say. None is
unknown, and unknown is unsafe. Owns no age: a value that has gone stale arrives here as None. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from firmware.wire.codes import INPUT_NAMES

# Inputs of the controller that are no contact: the edge's own enable is off whenever nobody treats.
ENABLE_NAMES: tuple[str, ...] = ("host",)
# Inputs that the edge senses on wires of its own as well (edge.ports.PanelInput).
PANEL_NAMES: tuple[str, ...] = ("estop", "door", "coil", "patient", "enclosure")
# The edge's own wire beside each input of the controller: the same contact, and for the cooling the
# flow switch beside the tacho. The attendance switch is the edge's alone.
OWN_WIRES: Mapping[str, str] = {**{name: name for name in PANEL_NAMES}, "cooling": "flow"}
ATTEND = "attend"
# [P] above this no train may start. Starts are ordered 250 ms ahead and a gap after a pulse of this
# controller boot is reckoned in the controller's own time, so an error here moves a start, never a
# gap. Twice the 2.8 ms [M] seen on a loaded two-core machine, rounded down.
CLOCK_UNCERTAINTY_US_MAX = 5_000
# [P] 3 degrees under the limit before a hot winding may start again
WINDING_RESTART_C10 = 30


@dataclass(frozen=True)
class HeatAhead:
    """What is foreseen of the coil's heat. Degrees in tenths, with their margin."""

    # none: nothing is left to give; ok; wait: it has to cool first; never: waiting does not help;
    # unknown: nothing is known of this coil
    start: str
    ready_in_s: float | None  # with wait
    peak_c10: int | None  # of the contact face
    limit_in_s: float | None  # until the face passes its limit, None when it does not
    is_off_head_due: bool  # it will pass the limit although nothing more is given
    has_cooling_failed: bool  # heat does not leave the winding as it should


NOTHING_AHEAD = HeatAhead("none", None, None, None, False, False)


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
    panel: Mapping[str, bool | None]  # the edge's own wires that are fitted
    chattering: tuple[str, ...]  # of them, those that open again and again
    unproved: tuple[str, ...]  # contacts that nobody has seen to open for too long
    inputs_fitted: tuple[str, ...]
    surface_c10: int | None
    surface_own_c10: int | None  # the edge's own sensor at the same face; None: not believed
    surface_own_doubt: str  # why this channel, or the two together, are not believed; ''
    is_surface_own_hot: bool  # it reached the limit and has not cooled well below it
    surface_c10_warn: int
    surface_c10_max: int
    winding_c10: int | None
    winding_c10_max: int
    coil_type: str  # '' none or unknown
    settings_match: bool
    clock_uncertainty_us: int | None
    host_back: bool | None  # output of the edge's own one-shot
    gate_back: bool | None  # the controller's enable, on a wire of the edge's own
    enable_fault: str  # which of the two differs from what was asked; '' none
    sounder: str  # open, passed, failed: whether it was heard when it was last tried
    certificate: str  # of the safety test: '' holds, else a word of edge.domain.certificate.REASONS
    ahead: HeatAhead
    is_session_held: bool = False  # a stored session cannot be read, and may be the controller's

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
    "enable_stuck",
    "coil_absent",
    "too_hot",
    "temperature_unknown",
    "cooling_trend",
    "too_hot_ahead",
    "heat_unknown",
    "self_test_failed",
    "self_test_open",
    "settings_mismatch",
    "clock_unsure",
    "sounder_dead",
    "sounder_unproved",
    "no_certificate",
    "session_held",
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
        *_ahead_reasons(facts.ahead),
        *(["fault"] if facts.fault else []),
        *(["enable_stuck"] if facts.enable_fault else []),
        *(["inputs_unknown"] if None in (facts.host_back, facts.gate_back) else []),
        *([] if facts.coil_type else ["coil_absent"]),
        *([] if facts.self_test == "passed" else [_self_test_reason(facts)]),
        *([] if facts.settings_match else ["settings_mismatch"]),
        *([] if _is_clock_sure(facts) else ["clock_unsure"]),
        *([] if facts.sounder == "passed" else [_sounder_reason(facts)]),
        *(["no_certificate"] if facts.certificate else []),
        *(["session_held"] if facts.is_session_held else []),
    }
    return tuple(reason for reason in NOT_READY_REASONS if reason in found)


def interlock_states(facts: DeviceFacts) -> tuple[tuple[str, str], ...]:
    """(name, ok | open | unknown | disagree) of every fitted contact, in the controller's order."""
    return tuple(
        (name, _interlock_state(facts, name))
        for name in INPUT_NAMES
        if name in facts.inputs_fitted and name not in ENABLE_NAMES
    )


def _interlock_state(facts: DeviceFacts, name: str) -> str:
    mcu = facts.inputs.get(name) if facts.is_live else None
    own = facts.panel.get(OWN_WIRES[name])
    if mcu is None or own is None:
        return "unknown"
    if mcu != own:
        return "disagree"
    return "ok" if mcu else "open"


def attendance(facts: DeviceFacts) -> str:
    """Of the foot or hand switch: not_fitted, held, released or unknown."""
    if ATTEND not in facts.panel:
        return "not_fitted"
    return {True: "held", False: "released", None: "unknown"}[facts.panel[ATTEND]]


def _input_reasons(facts: DeviceFacts) -> list[str]:
    words = {"open": "interlock_open", "unknown": "inputs_unknown", "disagree": "inputs_disagree"}
    states = [state for _, state in interlock_states(facts)]
    if not states:
        return ["inputs_unknown"]
    return [words[state] for state in states if state != "ok"]


def heat_state(facts: DeviceFacts) -> str:
    """ok, hot or unknown; hot from the warning on: the face warms on after the last pulse."""
    if facts.surface_c10 is None or facts.surface_own_c10 is None or facts.winding_c10 is None:
        return "unknown"
    if facts.surface_own_doubt:
        return "unknown"
    is_hot = (
        facts.is_surface_own_hot
        or max(facts.surface_c10, facts.surface_own_c10) >= facts.surface_c10_warn
        or facts.winding_c10 >= facts.winding_c10_max - WINDING_RESTART_C10
    )
    return "hot" if is_hot else "ok"


def own_heat_reason(facts: DeviceFacts) -> str:
    """Why the edge's own sensor, which stops by itself, would stop again at once; ''."""
    if facts.is_surface_own_hot:
        return "too_hot"
    return "temperature_unknown" if facts.surface_own_doubt else ""


def _heat_reasons(facts: DeviceFacts) -> list[str]:
    return {"hot": ["too_hot"], "unknown": ["temperature_unknown"], "ok": []}[heat_state(facts)]


def _ahead_reasons(ahead: HeatAhead) -> list[str]:
    words = {"wait": "too_hot_ahead", "never": "too_hot_ahead", "unknown": "heat_unknown"}
    found = [words[ahead.start]] if ahead.start in words else []
    return [*found, *(["cooling_trend"] if ahead.has_cooling_failed else [])]


def _self_test_reason(facts: DeviceFacts) -> str:
    return "self_test_failed" if facts.self_test == "failed" else "self_test_open"


def _sounder_reason(facts: DeviceFacts) -> str:
    return "sounder_dead" if facts.sounder == "failed" else "sounder_unproved"


def _is_clock_sure(facts: DeviceFacts) -> bool:
    uncertainty_us = facts.clock_uncertainty_us
    return uncertainty_us is not None and uncertainty_us <= CLOCK_UNCERTAINTY_US_MAX
