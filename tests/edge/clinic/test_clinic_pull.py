"""Pulling from odd servers, in virtual time: what is kept, what is refused, what is noticed."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from edge.ports import ClinicAnswer
from edge.services.clinic_request import LaneError
from hw_sim.clinic import resources, search
from hw_sim.clinic.line import Faults
from hw_sim.clinic.quirks import Quirks
from tests.edge.clinic.bench import BASE_URL, START, ClinicBench, record, run, session_id
from tests.edge.clinic.scripted import scripted
from tests.edge.clinic.test_clinic_sync import sent


def test_pull_keeps_only_what_was_asked_for_even_if_filters_are_ignored() -> None:
    """Planted bug it catches: trusting a server that ignores a filter (everybody's orders)."""

    async def main() -> None:
        bench = ClinicBench(Quirks(lenient_search=True))
        original = dict(search.PARAMETERS["ServiceRequest"])
        search.PARAMETERS["ServiceRequest"].pop("patient")
        search.PARAMETERS["ServiceRequest"].pop("status")
        try:
            stranger = {**bench.server.resources("ServiceRequest")[0], "id": "stranger"}
            stranger["subject"] = {"reference": "Patient/other"}
            bench.server.shelf.put(stranger, "stranger")
            await bench.pull()
        finally:
            search.PARAMETERS["ServiceRequest"].update(original)
        ids = {row[0] for row in bench.store.rows("SELECT id FROM clinic_resource")}
        assert "order-3" in ids
        assert "stranger" not in ids

    run(main())


def test_pull_follows_pages() -> None:
    async def main() -> None:
        bench = ClinicBench()
        await bench.pull()
        ((count,),) = bench.store.rows(
            "SELECT count(*) FROM clinic_resource WHERE type = 'Procedure'"
        )
        assert count == sum(1 for r in bench.server.resources("Procedure"))
        assert isinstance(count, int)
        assert count > 50  # more than one page

    run(main())


def test_pull_does_not_follow_a_page_on_another_host() -> None:
    async def main() -> None:
        bench = ClinicBench(Quirks(wrong_next_link=True))

        async def wait() -> None:
            await bench.until(lambda: bench.sync.clinic_state != "never")

        await bench.running(wait)
        assert bench.sync.clinic_state == "refused"
        assert "elsewhere" in bench.sync.clinic_detail
        assert bench.store.rows("SELECT 1 FROM clinic_resource") == []

    run(main())


@pytest.mark.parametrize(("count", "word"), [(0, "0 Device"), (2, "2 Device")])
def test_pull_for_a_unit_that_the_clinic_does_not_know_once_says_so(count: int, word: str) -> None:
    async def main() -> None:
        bench = ClinicBench()
        units = [r for r in bench.server.resources("Device") if r["id"].startswith("unit-")]
        if count == 0:
            bench.server.shelf.delete("Device", units[0]["id"])
        else:
            bench.server.shelf.put(units[0], "unit-twice")

        async def wait() -> None:
            await bench.until(lambda: bench.sync.clinic_state != "never")

        await bench.running(wait)
        assert bench.sync.clinic_state == "refused"
        assert word in bench.sync.clinic_detail

    run(main())


def test_pull_notices_a_changed_order_within_one_period() -> None:
    async def main() -> None:
        bench = ClinicBench()

        async def wait() -> None:
            await bench.until(lambda: bench.sync.clinic_state == "ok")
            order = bench.server.shelf.get("ServiceRequest", "order-3")
            assert order is not None
            bench.server.shelf.put({**order, "status": "revoked"}, "order-3")
            await asyncio.sleep(31.0)
            facts = bench.book.visit("apt-20261123-3")
            assert facts is not None
            assert [p.code for p in facts.problems] == ["wrong_status"]

        await bench.running(wait)

    run(main())


@pytest.mark.parametrize("quirk", [Quirks(), Quirks(no_date_header=True)])
def test_pull_notices_a_new_appointment_and_its_patient_within_one_period(quirk: Quirks) -> None:
    async def main() -> None:
        bench = ClinicBench(quirk)

        async def wait() -> None:
            await bench.until(lambda: bench.sync.clinic_state == "ok")
            late = resources.appointment(
                "apt-new",
                "pat-5",
                "unit-sim-0001",
                "order-5",
                start=START + timedelta(hours=4),
                end=START + timedelta(hours=5),
                status="booked",
            )
            bench.server.load([late])
            await bench.until(
                lambda: "apt-new" in [row.appointment_id for row in bench.book.today()], 31.0
            )

        await bench.running(wait)

    run(main())


def test_pull_without_changes_writes_nothing_and_tells_that_the_clinic_was_heard() -> None:
    """Planted bug it catches: a quiet clinic looks silent, and the offline alarm comes."""

    async def main() -> None:
        bench = ClinicBench()
        told: list[float | None] = []

        async def wait() -> None:
            await bench.until(lambda: bench.sync.clinic_state == "ok")
            await asyncio.sleep(65.0)
            bench.sync.on_change(lambda: told.append(bench.sync.heard_at))
            seen = bench.store.rows("SELECT max(seen_utc) FROM clinic_resource")
            await asyncio.sleep(600.0)
            assert bench.store.rows("SELECT max(seen_utc) FROM clinic_resource") == seen
            assert len(told) >= 19
            assert told[-1] == bench.sync.heard_at
            assert told[-1] is not None
            assert asyncio.get_running_loop().time() - told[-1] <= 31.0

        await bench.running(wait)

    run(main())


def test_pull_that_fails_half_way_leaves_the_copies_as_they_were() -> None:
    async def main() -> None:
        bench = ClinicBench()

        def rule(_method: str, path: str) -> ClinicAnswer | None:
            return ClinicAnswer(500, {}, b"") if path.startswith("Procedure") else None

        scripted(bench, rule)

        async def wait() -> None:
            await bench.until(lambda: bench.sync.clinic_state != "never")

        await bench.running(wait)
        assert bench.sync.clinic_state == "unreachable"
        assert bench.store.rows("SELECT 1 FROM clinic_resource") == []

    run(main())


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        b'{"resourceType":"Bundle","type":"searchset","type":"searchset"}',
        b'{"resourceType":"OperationOutcome"}',
        b"\xff",
    ],
)
def test_pull_of_nonsense_is_refused_and_changes_nothing(body: bytes) -> None:
    async def main() -> None:
        bench = ClinicBench()
        scripted(bench, lambda _m, _p: ClinicAnswer(200, {}, body))

        async def wait() -> None:
            await bench.until(lambda: bench.sync.clinic_state != "never")

        await bench.running(wait)
        assert bench.sync.clinic_state == "refused"
        assert bench.store.rows("SELECT 1 FROM clinic_resource") == []

    run(main())


def test_pull_and_send_share_one_request_at_a_time_on_a_rough_line() -> None:
    async def main() -> None:
        bench = ClinicBench(faults=Faults(slow=0.5, lost_answer=0.1))
        for number in range(1, 6):
            bench.enqueue(record(number))
        await sent(bench)
        assert bench.line.in_flight_max == 1
        assert bench.sessions() == [session_id(n) for n in range(1, 6)]

    run(main())


def test_lane_error_carries_whether_it_may_have_arrived() -> None:
    assert not LaneError("refused", BASE_URL).may_have_arrived
