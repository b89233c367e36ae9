"""Answers of the simulated clinic server: status, headers, body, and refusals in FHIR's words."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus

from edge.domain.fhir_check import Fault
from hw_sim.clinic.shelf import Json

FHIR_JSON = "application/fhir+json; charset=utf-8"
# Faults of form are 400; a resource that is well formed and says something impossible is 422.
_FORM = frozenset({"structure", "type"})


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class RefusalError(Exception):
    """A request that is turned down, with everything that is wrong."""

    def __init__(self, status: int, code: str, *issues: tuple[str, str]) -> None:
        super().__init__("; ".join(text for text, _ in issues))
        self.status = status
        self.outcome: Json = {
            "resourceType": "OperationOutcome",
            "issue": [
                {
                    "severity": "error",
                    "code": code,
                    "diagnostics": text,
                    **({"expression": [where]} if where else {}),
                }
                for text, where in issues
            ],
        }


def faults_refusal(faults: Iterable[Fault]) -> RefusalError:
    """All faults of a resource in one refusal."""
    listed = list(faults)
    is_form = any(fault.rule in _FORM for fault in listed)
    issues = [(f"{fault.rule}: {fault.text}", fault.expression) for fault in listed]
    return RefusalError(400 if is_form else 422, "structure" if is_form else "invariant", *issues)


def of_resource(status: int, resource: Json, headers: dict[str, str] | None = None) -> Answer:
    body = json.dumps(resource, ensure_ascii=False).encode()
    return Answer(status, {"content-type": FHIR_JSON, **(headers or {})}, body)


def of_refusal(refusal: RefusalError) -> Answer:
    return of_resource(refusal.status, refusal.outcome)


def status_line(status: int) -> str:
    """As in Bundle.entry.response.status."""
    return f"{status} {HTTPStatus(status).phrase}"
