"""Orders that must not be given: what the book says about each, end to end from the server."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from hw_sim.clinic import resources
from tests.edge.clinic.bench import START, run
from tests.edge.clinic.test_clinic_book import codes, edited, pulled

pytestmark = pytest.mark.control("order-of-patient")

Json = dict[str, Any]


ORDER_CHANGES: dict[str, tuple[Json, str]] = {
    "revoked": ({"status": "revoked"}, "wrong_status"),
    "on hold": ({"status": "on-hold"}, "wrong_status"),
    "plan": ({"intent": "plan"}, "wrong_intent"),
    "forbidden": ({"doNotPerform": True}, "not_performed"),
    "no protocol": ({"instantiatesCanonical": None}, "missing"),
    "no parameters": ({"extension": None}, "missing"),
    "no sessions": ({"quantityQuantity": None}, "missing"),
    "no site": ({"bodySite": None}, "missing"),
    "other side": ({"bodySite": [resources.concept("dlpfc-right")]}, "side_mismatch"),
    "not yet": (
        {"occurrencePeriod": {"start": resources.moment(START + timedelta(days=1))}},
        "not_yet_valid",
    ),
    "ended": (
        {"occurrencePeriod": {"end": resources.moment(START - timedelta(days=1))}},
        "expired",
    ),
    "exhausted": ({"quantityQuantity": {"value": 11, "unit": "sessions"}}, "sessions_exhausted"),
}


@pytest.mark.parametrize("name", ORDER_CHANGES)
def test_visit_with_a_changed_order_names_the_problem_and_changes_nothing_else(name: str) -> None:
    changes, code = ORDER_CHANGES[name]

    async def main() -> None:
        bench = await pulled(lambda b: edited(b, "ServiceRequest", "order-3", **changes))
        assert code in codes(bench)
        assert bench.book.today()[2].state == "problem"
        assert codes(bench, "apt-20261123-4") == []

    run(main())


def parameters(**changes: Any) -> Json:
    order = resources.order(
        "o",
        "p",
        "d",
        **{
            "protocol": "itbs-600",
            "version": "1.0.0",
            "site": "dlpfc-left",
            "percent_mt": 120,
            "sessions": 36,
            "authored": START,
            "until": START,
            **changes,
        },
    )
    return {name: order[name] for name in ("extension", "instantiatesCanonical", "bodySite")}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"percent_mt": 1200}, "out_of_range"),
        ({"percent_mt": 130}, "percent_above"),
        ({"percent_mt": 10}, "percent_below"),
        ({"mt_basis": "amt"}, "basis_mismatch"),
        ({"coil_type": "h1"}, "coil_mismatch"),
        ({"protocol": "itbs-601"}, "unknown_protocol"),
        ({"version": "0.9.0"}, "protocol_version"),
        ({"protocol": "bilateral-tbs", "site": "dlpfc"}, "two_steps"),
        ({"protocol": "bilateral-blumberger", "site": "dlpfc"}, "protocol_needs_order"),
    ],
)
def test_visit_with_changed_parameters_names_the_problem(changes: Json, code: str) -> None:
    async def main() -> None:
        bench = await pulled(
            lambda b: edited(b, "ServiceRequest", "order-3", **parameters(**changes))
        )
        assert code in codes(bench)

    run(main())


@pytest.mark.parametrize(
    ("opened", "is_decided", "waits"),
    [
        (START - timedelta(days=3), False, True),
        (START - timedelta(days=3), True, False),
        (START, True, True),
        (START, False, True),
    ],
)
@pytest.mark.parametrize("column", ["facts", "record"])
def test_patient_with_a_session_nobody_can_read_waits_for_a_decision_and_for_the_next_day(
    column: str, opened: datetime, is_decided: bool, waits: bool
) -> None:
    """Catches: pulses of a torn record that the day's limit forgets."""

    async def main() -> None:
        bench = await pulled(lambda _: None)
        others = codes(bench, "apt-20261123-4")
        before = codes(bench)
        patient_id = bench.book.today()[2].patient.patient_id
        state, record = ("closed", "{") if column == "record" else ("open", None)
        bench.store.rows(
            "INSERT INTO session (session_id, appointment_id, patient_id, facts, state, opened_utc,"
            " record) VALUES ('torn', 'apt-0', ?, '{', ?, ?, ?)",
            (patient_id, state, opened.isoformat(), record),
        )
        if is_decided:
            bench.store.rows("INSERT INTO held_decision VALUES ('torn', 'damaged', 'D', 'r', 'u')")
        bench.book.invalidate()
        assert codes(bench) == [*before, *(["held_session"] if waits else [])]
        assert codes(bench, "apt-20261123-4") == others

    run(main())
