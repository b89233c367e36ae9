"""Pull and send against odd servers, in virtual time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from edge.domain.fhir_check import check_transaction
from edge.ports import ClinicAnswer
from edge.services.clinic_request import retry_after_s
from hw_sim.clinic.quirks import Quirks
from tests.edge.clinic.bench import ClinicBench, record, run, session_id
from tests.edge.clinic.scripted import scripted

Json = dict[str, Any]


def posts(answer: ClinicAnswer, times: int = 10**9) -> Callable[[str, str], ClinicAnswer | None]:
    left = [times]

    def rule(method: str, _path: str) -> ClinicAnswer | None:
        if method != "POST" or left[0] == 0:
            return None
        left[0] -= 1
        return answer

    return rule


OUTCOME = json.dumps(
    {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": "invalid", "diagnostics": "no such code"}],
    }
).encode()


def state(bench: ClinicBench, number: int = 1) -> str:
    return bench.sync.session_state(session_id(number))


def settled(bench: ClinicBench) -> Callable[[], bool]:
    return lambda: bench.sync.to_send == 0


async def sent(bench: ClinicBench, limit_s: float = 86_400.0) -> None:
    async def wait() -> None:
        await bench.until(settled(bench), limit_s)

    await bench.running(wait)


def test_record_that_a_server_refuses_is_kept_with_its_words_and_does_not_block_others() -> None:
    async def main() -> None:
        bench = ClinicBench()
        scripted(bench, posts(ClinicAnswer(422, {}, OUTCOME), times=2))  # 3 entries, then 1
        await bench.pull()
        bench.enqueue(record(1))
        bench.enqueue(record(2))
        await sent(bench)
        assert (state(bench, 1), state(bench, 2)) == ("refused", "sent")
        ((words,),) = bench.store.rows("SELECT last_answer FROM outbox WHERE seq = 1")
        assert words == "HTTP 422 invalid no such code"
        assert (bench.sync.to_send, bench.sync.quarantined) == (0, 1)

    run(main())


def test_refused_record_that_is_retried_by_a_person_is_sent_once() -> None:
    async def main() -> None:
        bench = ClinicBench()
        scripted(bench, posts(ClinicAnswer(422, {}, OUTCOME), times=2))
        await bench.pull()
        bench.enqueue(record(1))
        await sent(bench)
        assert bench.sync.retry(session_id(1))
        assert not bench.sync.retry(session_id(1))
        await sent(bench)
        assert state(bench) == "sent"
        assert bench.copies_of("Procedure") == {session_id(1): 1}

    run(main())


def test_unsound_record_is_kept_in_quarantine_and_never_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def main() -> None:
        bench = ClinicBench()
        await bench.pull()
        bench.enqueue(record(1, operator=""))  # an empty display breaks a FHIR rule
        assert state(bench) == "refused"
        assert bench.sync.quarantined == 1
        ((body, words),) = bench.store.rows("SELECT body, last_answer FROM outbox")
        assert isinstance(body, bytes)
        assert check_transaction(json.loads(body))
        assert "actor.display" in str(words)
        await bench.pull()
        assert bench.sessions() == []

    run(main())


@pytest.mark.parametrize("status", [401, 403])
def test_server_that_does_not_authorise_stops_the_lane_but_keeps_the_record(status: int) -> None:
    async def main() -> None:
        bench = ClinicBench()
        scripted(bench, posts(ClinicAnswer(status, {}, OUTCOME), times=3))
        await bench.pull()
        bench.enqueue(record(1))

        async def wait() -> None:
            await bench.until(lambda: bench.sync.clinic_state == "refused")
            assert state(bench) == "queued"
            await bench.until(settled(bench))

        await bench.running(wait)
        assert state(bench) == "sent"

    run(main())


@pytest.mark.parametrize("status", [301, 404, 405])
def test_wrong_address_stops_the_lane_and_refuses_no_record(status: int) -> None:
    """A page of a proxy is no word about the record."""

    async def main() -> None:
        bench = ClinicBench()
        scripted(bench, posts(ClinicAnswer(status, {}, b"<html>"), times=4))
        await bench.pull()
        bench.enqueue(record(1))
        await sent(bench)
        assert state(bench) == "sent"
        assert bench.sync.quarantined == 0

    run(main())


def test_server_that_turns_one_record_down_with_500_for_ever_does_not_block_the_others() -> None:
    async def main() -> None:
        bench = ClinicBench()

        def rule(method: str, _path: str) -> ClinicAnswer | None:
            waits = ("ready", "sending")
            rows = bench.store.rows("SELECT state FROM outbox WHERE seq = 1")
            is_first = method == "POST" and rows[0][0] in waits
            return ClinicAnswer(500, {}, b"") if is_first else None

        scripted(bench, rule)
        await bench.pull()
        bench.enqueue(record(1))
        bench.enqueue(record(2))
        await sent(bench, 10 * 86_400.0)
        assert (state(bench, 1), state(bench, 2)) == ("refused", "sent")

    run(main())


def test_record_of_a_patient_whose_number_changed_is_not_sent() -> None:
    async def main() -> None:
        bench = ClinicBench()
        await bench.pull()
        patient = bench.server.shelf.get("Patient", "pat-3")
        assert patient is not None
        number = [{**patient["identifier"][0], "value": "MRN-OTHER"}]
        bench.server.shelf.put({**patient, "identifier": number}, "pat-3")
        bench.enqueue(record(1))
        await sent(bench)
        assert state(bench) == "refused"
        assert bench.sessions() == []

    run(main())


@pytest.mark.parametrize("fate", ["gone", "merged"])
def test_record_of_a_patient_who_is_gone_or_merged_waits_for_a_person(fate: str) -> None:
    async def main() -> None:
        bench = ClinicBench()
        await bench.pull()
        patient = bench.server.shelf.get("Patient", "pat-3")
        assert patient is not None
        if fate == "gone":
            bench.server.shelf.delete("Patient", "pat-3")
        else:
            link = {"type": "replaced-by", "other": {"reference": "Patient/pat-4"}}
            bench.server.shelf.put({**patient, "link": [link]}, "pat-3")
        bench.enqueue(record(1))
        await sent(bench)
        assert state(bench) == "refused"

    run(main())


def test_record_that_is_there_twice_already_waits_for_a_person() -> None:
    async def main() -> None:
        bench = ClinicBench()
        await bench.pull()
        bench.enqueue(record(1))
        await sent(bench)
        procedure = bench.server.resources("Procedure")[-1]
        bench.server.shelf.create({k: v for k, v in procedure.items() if k != "id"})
        with bench.store.transaction():
            bench.store.rows("UPDATE outbox SET state = 'sending', next_step = 0")
        bench.start_edge()
        await sent(bench)
        assert state(bench) == "refused"
        ((words,),) = bench.store.rows("SELECT last_answer FROM outbox")
        assert str(words).startswith("DUPLICATE")

    run(main())


def test_server_with_a_limit_of_entries_is_learned() -> None:
    async def main() -> None:
        bench = ClinicBench(Quirks(entry_limit=1))
        await bench.pull()
        bench.enqueue(record(1))
        bench.enqueue(record(2))
        await sent(bench)
        refusals = bench.line.requests
        assert bench.sync.quarantined == 0
        assert len(bench.sessions()) == 2
        assert bench.sync._sender.entries_max == 1
        assert refusals < 40

    run(main())


def test_new_record_does_not_cut_a_back_off_short() -> None:
    async def main() -> None:
        bench = ClinicBench()
        await bench.pull()
        bench.line.is_cut = True
        bench.enqueue(record(1))

        async def wait() -> None:
            await asyncio.sleep(3600.0)
            before = bench.line.requests
            for number in range(2, 12):
                bench.enqueue(record(number))
            await asyncio.sleep(1.0)
            assert bench.line.requests - before <= 1

        await bench.running(wait)

    run(main())


def test_record_enqueued_while_idle_is_sent_at_once() -> None:
    async def main() -> None:
        bench = ClinicBench()

        async def wait() -> None:
            await bench.until(lambda: bench.sync.clinic_state == "ok")
            await bench.until(lambda: bench.line.requests >= 8)
            bench.enqueue(record(1))
            await bench.until(lambda: state(bench) == "sent", 2.0)

        await bench.running(wait)
        assert bench.changes > 0

    run(main())


def test_clinic_that_comes_back_is_noticed_by_the_next_pull_and_the_queue_drains() -> None:
    async def main() -> None:
        bench = ClinicBench()
        await bench.pull()
        bench.line.is_cut = True
        bench.enqueue(record(1))

        async def wait() -> None:
            await asyncio.sleep(86_400.0)
            assert bench.sync.clinic_state == "unreachable"
            bench.line.is_cut = False
            await bench.until(settled(bench), 901.0)
            await bench.until(lambda: bench.sync.clinic_state == "ok", 2.0)

        await bench.running(wait)

    run(main())


def test_busy_server_is_left_alone_as_long_as_it_asks() -> None:
    async def main() -> None:
        bench = ClinicBench()
        times: list[float] = []

        def rule(method: str, _path: str) -> ClinicAnswer | None:
            if method != "POST":
                return None
            times.append(asyncio.get_running_loop().time())
            return ClinicAnswer(429, {"retry-after": "120"}, b"") if len(times) == 1 else None

        scripted(bench, rule)
        await bench.pull()
        bench.enqueue(record(1))
        await sent(bench)
        assert times[1] - times[0] >= 119.0

    run(main())


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"retry-after": "17"}, 17.0),
        ({"retry-after": "0"}, 1.0),
        ({"retry-after": "999999"}, 900.0),
        ({"retry-after": "soon"}, None),
        ({"ratelimit": '"fhirInteractions";r=0;t=44'}, 44.0),
        (
            {
                "retry-after": "Mon, 23 Nov 2026 10:00:30 GMT",
                "date": "Mon, 23 Nov 2026 10:00:00 GMT",
            },
            30.0,
        ),
    ],
)
def test_waiting_time_that_a_server_asks_for_is_read(
    headers: dict[str, str], expected: float | None
) -> None:
    assert retry_after_s(ClinicAnswer(429, headers, b"")) == expected
