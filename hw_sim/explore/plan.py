"""One hostile visit as plain data: who comes, what breaks when, and how it is to end.

A plan says everything that a run needs besides the code: it can be printed, kept, shrunk and
played again apart from the seed it was drawn from. Its hash names it. Draws nothing and does
nothing.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from typing import Any

COMPLETE, EARLY = "complete", "early"
ENDS = (COMPLETE, EARLY)  # the whole dose, or ended as soon as everything is mended
PULSE = "pulse "  # a moment such as "pulse 120": the coil has given so many
FAULT_MODEL = 1  # grows when a plan would mean something else than before


class PlanError(ValueError):
    """A file that is no plan; the text says why."""


@dataclass(frozen=True)
class Strike:
    """One fault and its moment."""

    fault: str  # of hw_sim/explore/kinds.py
    moment: str  # a state of the visit, or PULSE and a number
    delay_ms: int = 0  # after the moment was reached
    hold_ms: int = 0  # until everything is mended; 0: not before the heal phase


@dataclass(frozen=True)
class FaultPlan:
    """One run."""

    seed: int  # of everything that is drawn while it runs
    protocol: str
    person: str  # of hw_sim/explore/people.py
    ends: str = COMPLETE
    has_attend: bool = False
    quirks: str = ""  # of the clinic's server
    enabled: tuple[str, ...] = ()  # kinds that the swarm has drawn for this run
    strikes: tuple[Strike, ...] = ()
    chaos_s: int = 120  # longest time before everything is mended

    def to_json(self) -> dict[str, Any]:
        """As JSON has it."""
        document = asdict(self) | {"fault_model": FAULT_MODEL}
        document["enabled"] = list(self.enabled)
        document["strikes"] = [asdict(strike) for strike in self.strikes]
        return document

    @classmethod
    def from_json(cls, document: Any) -> FaultPlan:
        """The other way. Raises PlanError."""
        if not isinstance(document, dict):
            raise PlanError("a plan is a JSON object")
        values = dict(document)
        model = values.pop("fault_model", None)
        if model != FAULT_MODEL:
            raise PlanError(f"fault model {model!r}, this explorer plays {FAULT_MODEL}")
        unknown = sorted(set(values) - {each.name for each in fields(cls)})
        if unknown:
            raise PlanError(f"unknown: {', '.join(unknown)}")
        try:
            values["enabled"] = tuple(values.get("enabled", ()))
            values["strikes"] = tuple(Strike(**each) for each in values.get("strikes", ()))
            return cls(**values)
        except TypeError as error:
            raise PlanError(str(error)) from error

    @property
    def sha256(self) -> str:
        """Name of the plan: the same for the same data."""
        text = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def describe(self) -> list[str]:
        """For people, one line each."""
        head = (
            f"plan {self.sha256[:12]}: seed {self.seed}, {self.protocol}, {self.person} person,"
            f" ends {self.ends}, chaos up to {self.chaos_s} s"
        )
        extra = [f"  foot switch {'fitted' if self.has_attend else 'not fitted'}"]
        extra += [f"  clinic's server: {self.quirks}"] if self.quirks else []
        return [head, *extra, *(f"  {strike_words(each)}" for each in self.strikes)]


def strike_words(strike: Strike) -> str:
    """One strike in words."""
    until = f"mended after {strike.hold_ms / 1000:g} s" if strike.hold_ms else "until the end"
    return f"{strike.fault} {strike.delay_ms / 1000:g} s after {strike.moment}, {until}"
