"""Do the two enables do what was asked of them? Judged on wires of the edge's own.

host_back is the output of the one-shot that the edge's square wave holds, gate_back the
controller's enable behind its guard. A difference counts when it has lasted longer than wires,
one-shot and line need. What cannot be read does not prove that the edge's enable is there. Pure:
the caller brings the time.
"""

from __future__ import annotations

from dataclasses import dataclass

GATE_STATES = ("ARMED", "TRAIN")  # the controller's enable belongs there and nowhere else
HOST_LOST_S = 0.3  # [P] longer than the one-shot's life of 250 ms
STUCK_S = 0.5  # [P] one-shot's life, and two periods in which the wires are read for sure


@dataclass(frozen=True)
class EnableFacts:
    """Wanted and read. mcu_state is '' unless a status was heard lately."""

    is_beating: bool
    host_back: bool | None
    gate_back: bool | None
    mcu_state: str


# What can differ: stop code, and how long it may last.
DIFFERENCES: dict[str, tuple[str, float]] = {
    "gate_on": ("enable_stuck", STUCK_S),
    "host_on": ("enable_stuck", STUCK_S),
    "gate_off": ("enable_stuck", STUCK_S),
    "host_off": ("host_lost", HOST_LOST_S),
}


def differences(facts: EnableFacts) -> tuple[str, ...]:
    """Names of DIFFERENCES that are there now, worst first."""
    is_known = bool(facts.mcu_state)
    is_armed = facts.mcu_state in GATE_STATES
    found = {
        "gate_on": is_known and not is_armed and facts.gate_back is True,
        "host_on": not facts.is_beating and facts.host_back is True,
        "gate_off": is_armed and facts.gate_back is False,
        "host_off": facts.is_beating and facts.host_back is not True,
    }
    return tuple(name for name in DIFFERENCES if found[name])


class EnableJudge:
    """Remembers since when each difference has been there."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}

    def look(self, now: float, facts: EnableFacts) -> str:
        """Name of the worst difference that has lasted too long; '' without one."""
        present = differences(facts)
        self._since = {name: self._since.get(name, now) for name in present}
        for name in present:
            if now - self._since[name] > DIFFERENCES[name][1]:
                return name
        return ""
