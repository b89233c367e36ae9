"""Today's list and the facts of a visit, against the real strict server in virtual time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from edge.domain.record import SessionRecord
from edge.services.clinic_book import VisitFacts
from hw_sim.clinic import resources
from tests.edge.clinic.bench import (
    START,
    UNIT,
    ClinicBench,
    memory_store,
    record,
    run,
    session_id,
)

pytestmark = pytest.mark.control("order-of-patient")

Json = dict[str, Any]
PLAIN = "apt-20261123-3"


async def pulled(change: Callable[[ClinicBench], None] | None = None) -> ClinicBench:
    bench = ClinicBench()
    if change is not None:
        change(bench)
    await bench.pull()
    return bench


def sign(bench: ClinicBench, given: SessionRecord) -> None:
    """As the chair does it: the session's row, closed and with its record."""
    with bench.store.transaction():
        bench.store.rows(
            "INSERT INTO session (session_id, appointment_id, patient_id, facts, state,"
            " opened_utc, record, closed_utc) VALUES (?, ?, ?, '{}', 'closed', ?, ?, ?)",
            (
                given.session_id,
                given.appointment_id,
                given.patient.patient_id,
                given.ended_utc.isoformat(),
                msgspec.json.encode(given).decode(),
                given.signed_utc.isoformat(),
            ),
        )
    bench.book.invalidate()


def edited(bench: ClinicBench, kind: str, resource_id: str, **changes: Any) -> None:
    """The clinic's people change a resource; None removes a member."""
    current = bench.server.shelf.get(kind, resource_id)
    assert current is not None
    merged = {**current, **changes}
    bench.server.shelf.put({k: v for k, v in merged.items() if v is not None}, resource_id)


def visit(bench: ClinicBench, appointment_id: str = PLAIN) -> VisitFacts:
    facts = bench.book.visit(appointment_id)
    assert facts is not None
    return facts


def codes(bench: ClinicBench, appointment_id: str = PLAIN) -> list[str]:
    return [problem.code for problem in visit(bench, appointment_id).problems]


def test_today_lists_the_units_appointments_in_order() -> None:
    async def main() -> None:
        bench = await pulled()
        rows = bench.book.today()
        assert [row.state for row in rows] == ["done"] * 2 + ["arrived"] + ["booked"] * 2 + [
            "problem"
        ] * 3
        assert [row.start_utc_s for row in rows] == sorted(row.start_utc_s for row in rows)
        assert (rows[2].protocol_name, rows[2].percent_mt, rows[2].side) == (
            "iTBS 600",
            120,
            "left",
        )
        assert (rows[2].session_number, rows[2].sessions_total) == (12, 36)
        assert rows[4].due == ("last_session",)
        assert [row.due for row in rows[5:]] == [("problem",), ("problem",), ("threshold_missing",)]

    run(main())


def test_today_before_any_pull_is_empty() -> None:
    async def main() -> None:
        bench = ClinicBench()
        assert bench.book.today() == ()
        assert bench.book.visit(PLAIN) is None

    run(main())


def test_visit_of_a_plain_appointment_has_plan_and_level_and_no_problems() -> None:
    async def main() -> None:
        facts = visit(await pulled())
        assert facts.problems == ()
        assert facts.order is not None
        assert facts.threshold is not None
        assert facts.plan is not None
        assert (facts.plan.pulses, facts.plan.last_pulse_us) == (600, 191_840_000)
        assert facts.level_pct_mso == (facts.threshold.mt_pct_mso * 120 + 50) // 100
        assert facts.order.prescriber == "Dr Omar Hadid"
        assert facts.appointment.session_number == 12

    run(main())


def test_visit_with_another_patients_order_is_refused() -> None:
    """Planted bug it catches: taking an order by id without looking whose it is."""

    async def main() -> None:
        bench = await pulled(
            lambda b: edited(
                b, "Appointment", PLAIN, basedOn=[{"reference": "ServiceRequest/order-4"}]
            )
        )
        assert codes(bench) == ["wrong_patient"]
        assert visit(bench).order is None

    run(main())


def test_visit_without_order_names_it() -> None:
    async def main() -> None:
        bench = await pulled(lambda b: edited(b, "Appointment", PLAIN, basedOn=None))
        assert codes(bench) == ["no_order"]

    run(main())


def test_visit_of_an_order_that_vanished_is_withdrawn() -> None:
    async def main() -> None:
        bench = await pulled()
        bench.server.shelf.delete("ServiceRequest", "order-3")
        bench.start_edge()
        await bench.pull()
        assert codes(bench) == ["withdrawn"]

    run(main())


def test_visit_whose_order_was_never_there_says_so() -> None:
    async def main() -> None:
        bench = await pulled(lambda b: b.server.shelf.delete("ServiceRequest", "order-3"))
        assert codes(bench) == ["order_not_found"]

    run(main())


def test_visit_whose_patient_was_never_sent_says_so() -> None:
    async def main() -> None:
        bench = await pulled(lambda b: b.server.shelf.delete("Patient", "pat-3"))
        assert "patient_not_found" in codes(bench)
        assert bench.book.today()[2].patient.family == "?"

    run(main())


def test_visit_of_an_inactive_patient_is_refused() -> None:
    async def main() -> None:
        bench = await pulled(lambda b: edited(b, "Patient", "pat-3", active=False))
        assert codes(bench) == ["patient_inactive"]

    run(main())


def test_visit_offline_for_longer_than_allowed_is_stale() -> None:
    async def main() -> None:
        bench = await pulled()
        bench.clock.offset = timedelta(days=8)
        assert {"order_stale", "wrong_day"} <= set(codes(bench))
        bench.clock.offset = timedelta(hours=2)
        assert codes(bench) == []

    run(main())


def test_visit_of_another_day_is_refused_but_known() -> None:
    async def main() -> None:
        tomorrow = START + timedelta(days=1)
        bench = await pulled(
            lambda b: b.server.load(
                [
                    resources.appointment(
                        "apt-next",
                        "pat-3",
                        f"unit-{UNIT.lower()}",
                        "order-3",
                        start=tomorrow,
                        end=tomorrow,
                        status="booked",
                    )
                ]
            )
        )
        assert codes(bench, "apt-next") == ["wrong_day"]
        assert "apt-next" not in [row.appointment_id for row in bench.book.today()]

    run(main())


def test_appointment_moved_to_another_unit_leaves_the_list() -> None:
    async def main() -> None:
        bench = await pulled()
        other = resources.unit_device("unit-b", "SIM-0002")
        bench.server.load([other])
        current = bench.server.shelf.get("Appointment", PLAIN)
        assert current is not None
        people = [current["participant"][0], {**current["participant"][1]}]
        people[1]["actor"] = {"reference": "Device/unit-b"}
        edited(bench, "Appointment", PLAIN, participant=people)
        bench.start_edge()
        await bench.pull()
        assert PLAIN not in [row.appointment_id for row in bench.book.today()]
        assert "wrong_unit_booked" in codes(bench)

    run(main())


@pytest.mark.parametrize("status", ["cancelled", "noshow", "entered-in-error", "waitlist"])
def test_appointment_that_is_off_leaves_the_list(status: str) -> None:
    async def main() -> None:
        bench = await pulled(lambda b: edited(b, "Appointment", PLAIN, status=status))
        assert PLAIN not in [row.appointment_id for row in bench.book.today()]
        assert codes(bench) == ["wrong_appointment_status"]

    run(main())


def test_appointment_that_vanished_is_withdrawn() -> None:
    async def main() -> None:
        bench = await pulled()
        bench.server.shelf.delete("Appointment", PLAIN)
        bench.start_edge()
        await bench.pull()
        assert PLAIN not in [row.appointment_id for row in bench.book.today()]
        assert "withdrawn" in codes(bench)

    run(main())


def test_signed_session_makes_the_visit_done_and_counts_at_once() -> None:
    async def main() -> None:
        bench = await pulled()
        sign(bench, record(1))
        row = bench.book.today()[2]
        assert (row.state, row.session_number) == ("done", 12)
        assert "wrong_appointment_status" in codes(bench)
        assert "day_sessions" in codes(bench)

    run(main())


def test_session_in_which_nothing_was_given_leaves_the_visit_open() -> None:
    async def main() -> None:
        bench = await pulled()
        sign(bench, record(1, outcome="not_done", pulses_measured=0, pulses_commanded=0))
        assert bench.book.today()[2].state == "arrived"
        assert codes(bench) == []

    run(main())


def test_session_counts_once_when_the_clinic_has_it_too() -> None:
    """Planted bug it catches: adding local and clinic counts."""

    async def main() -> None:
        bench = await pulled()
        yesterday = START - timedelta(days=1, hours=2)
        given = record(
            1,
            appointment_id="apt-20261123-1",
            started_utc=yesterday,
            ended_utc=yesterday + timedelta(minutes=4),
        )
        sign(bench, given)
        assert bench.book.today()[2].session_number == 13
        bench.enqueue(given)

        async def wait() -> None:
            await bench.until(lambda: bench.sync.session_state(session_id(1)) == "sent")

        await bench.running(wait)
        bench.start_edge()
        await bench.pull()
        assert bench.book.today()[2].session_number == 13

    run(main())


@pytest.mark.control("day-limit")
def test_session_by_another_unit_today_counts_for_the_day() -> None:
    async def main() -> None:
        bench = await pulled()
        bench.enqueue(record(1))

        async def wait() -> None:
            await bench.until(lambda: bench.sync.to_send == 0)

        await bench.running(wait)
        other = ClinicBench(store=memory_store())
        other.server.shelf.take_back(bench.server.shelf.mark())
        await other.pull()
        assert "day_sessions" in codes(other)
        assert other.book.today()[2].session_number == 13

    run(main())


def test_dose_by_another_unit_that_cannot_be_read_is_a_problem() -> None:
    async def main() -> None:
        dose: Json = {
            "resourceType": "Observation",
            "id": "foreign",
            "status": "final",
            "code": resources.concept("delivered-dose"),
            "subject": {"reference": "Patient/pat-3"},
            "effectiveDateTime": resources.moment(START),
        }
        bench = await pulled(lambda b: b.server.load([dose]))
        assert codes(bench) == ["missing"]

    run(main())


def test_later_visit_of_the_same_order_today_has_the_next_number() -> None:
    async def main() -> None:
        later = resources.appointment(
            "apt-late",
            "pat-3",
            f"unit-{UNIT.lower()}",
            "order-3",
            start=START + timedelta(hours=5),
            end=START + timedelta(hours=5),
            status="booked",
        )
        bench = await pulled(lambda b: b.server.load([later]))
        numbers = {row.appointment_id: row.session_number for row in bench.book.today()}
        assert (numbers[PLAIN], numbers["apt-late"]) == (12, 13)
        assert visit(bench, "apt-late").appointment.session_number == 13

    run(main())


def test_list_is_kept_until_something_changes() -> None:
    async def main() -> None:
        bench = await pulled()
        first = bench.book.today()
        assert bench.book.today() is first
        bench.book.invalidate()
        assert bench.book.today() is not first
        assert bench.book.today() == first
        bench.clock.offset = timedelta(minutes=6)
        assert bench.book.today() is not first

    run(main())


def test_order_near_its_end_is_due() -> None:
    async def main() -> None:
        period = {"end": resources.moment(START + timedelta(days=3))}
        bench = await pulled(
            lambda b: edited(b, "ServiceRequest", "order-3", occurrencePeriod=period)
        )
        assert bench.book.today()[2].due == ("order_expiring",)

    run(main())


def test_old_threshold_is_due_and_refused() -> None:
    async def main() -> None:
        old = {"effectiveDateTime": resources.moment(START - timedelta(days=50))}
        bench = await pulled(lambda b: edited(b, "Observation", "mt-3", **old))
        assert codes(bench) == ["threshold_old"]
        assert bench.book.today()[2].due == ("threshold_old",)

    run(main())


def test_replaced_patient_facts_do_not_leak_between_visits() -> None:
    async def main() -> None:
        bench = await pulled()
        one, other = visit(bench, PLAIN), visit(bench, "apt-20261123-4")
        assert one.patient != other.patient
        assert one.threshold != other.threshold
        assert replace(one.appointment, state="") == replace(bench.book.today()[2], state="")

    run(main())
