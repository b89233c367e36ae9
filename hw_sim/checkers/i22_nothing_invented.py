"""I22: nothing is at the clinic that the coil has not done."""

from __future__ import annotations

from collections.abc import Iterator

from hw_sim.checkers.base import OPEN_END_NS, Checker, Finding
from hw_sim.checkers.facts import Facts, Json
from hw_sim.recorder import TruthRecorder


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    assert facts.clinic is not None
    assert facts.journal is not None
    end_ns = facts.end_ns or 0
    opened = [(row.session_id, row.at_ns) for row in facts.journal if row.kind == "opened"]
    begun = dict(opened)
    for resource in facts.clinic:
        session_id = _session_of(resource)
        if not session_id:
            continue
        if session_id not in begun:
            yield Finding(end_ns, f"{resource['resourceType']} of a session that never was")
            continue
        from_ns = begun[session_id]
        until_ns = min((at for _, at in opened if at > from_ns), default=OPEN_END_NS)
        given = sum(from_ns <= pulse.at_ns < until_ns for pulse in truth.pulses)
        for count in dose_of(resource):
            if count > given:
                yield Finding(end_ns, f"the clinic has {count} pulses, the coil gave {given}")


def _session_of(resource: Json) -> str:
    """Session that one of our own records tells of; '' for everything else."""
    if resource["resourceType"] not in ("Procedure", "Observation"):
        return ""
    tags = resource.get("meta", {}).get("tag", [])
    ours = [str(tag["code"]) for tag in tags if "outbox" in str(tag.get("system", ""))]
    return ours[0].rpartition(".")[0] if ours else ""


def dose_of(resource: Json, code: str = "stim_count") -> list[int]:
    """Pulses that this record tells of."""
    return [
        int(part["valueQuantity"]["value"])
        for part in resource.get("component", [])
        if code in [coding["code"] for coding in part["code"].get("coding", [])]
    ]


CHECKER = Checker(
    id="I22",
    name="nothing-invented",
    rule="No session and no pulse is at the clinic that the coil has not given.",
    bound="exact",
    evidence="the clinic's shelf, coil currents, times at which sessions were opened",
    judge=_judge,
    needs=("clinic", "journal"),
)
