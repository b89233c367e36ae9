"""Session rows that this version cannot read: held, shown, decided, never written over."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from edge.domain.session_states import S
from edge.services.archive import Archive
from edge.services.session_file import UnreadableError, decode_facts, decode_record
from tests.support.chair_bench import WHO, Bench, bench

pytestmark = pytest.mark.control("dose-ledger", "durable-store")

DOCTOR = "Dr. Berg"
Spoil = Callable[[str], str]


def with_member(name: str, value: Any) -> Spoil:
    return lambda text: json.dumps(json.loads(text) | {name: value})


def in_order(name: str, value: Any) -> Spoil:
    def spoil(text: str) -> str:
        facts = json.loads(text)
        facts["order"][name] = value
        return json.dumps(facts)

    return spoil


DAMAGES: dict[str, Spoil] = {
    "torn": lambda text: text[: len(text) // 2],
    "garbled": lambda text: "\x00" * len(text),
    "empty": lambda _: "",
    "a list": lambda _: "[]",
    "a wrong type": with_member("level_pct_mso", "fifty"),
    "no level": lambda text: json.dumps(
        {k: v for k, v in json.loads(text).items() if k != "level_pct_mso"}
    ),
    "another plan": with_member("levels", [[3, 20_000], [4, 200_000], [4, 4_000_000]]),
    "no plan": with_member("levels", []),
}
NEWER: dict[str, Spoil] = {
    "a higher layout": with_member("layout", 2),
    "an unknown member": with_member("second_coil", "F8-2"),
    "an unknown member inside": in_order("pulses_by_phase", [1, 2]),
}
ALL = {name: (spoil, "damaged") for name, spoil in DAMAGES.items()}
ALL |= {name: (spoil, "newer") for name, spoil in NEWER.items()}


def spoiled(made: Bench, spoil: Spoil, column: str = "facts") -> str:
    """The newest session's text as it is now kept."""
    ((session_id, text),) = made.store.rows(
        f"SELECT session_id, {column} FROM session ORDER BY opened_utc DESC LIMIT 1"
    )
    kept = spoil(str(text))
    made.store.rows(
        f"UPDATE session SET {column} = ? WHERE session_id = ?", (kept, str(session_id))
    )
    return kept


def kept_rows(made: Bench) -> list[tuple[object, ...]]:
    return [tuple(row) for row in made.store.rows("SELECT * FROM session ORDER BY session_id")]


@pytest.mark.parametrize("name", ["garbled", "another plan", "an unknown member inside"])
def test_row_that_cannot_be_read_is_held_and_stays_as_it_is(name: str) -> None:
    """Catches: a start that dies, a session silently dropped, a newer file read as an old one."""
    spoil, why = ALL[name]

    async def scenario(made: Bench) -> None:
        await made.treating(5)
        await made.crash()
        await asyncio.sleep(1.0)
        kept = spoiled(made, spoil)
        before = kept_rows(made)
        made.start()
        await made.until(lambda: made.state.device.link == "live")
        await made.sleep(3.0)
        assert [(held.why, held.is_open) for held in made.state.held] == [(why, True)]
        assert made.state.state is S.IDLE
        # The controller has counted for this very session: nobody is treated.
        assert "session_held" in made.not_ready()
        (entry,) = Archive(made.store).sessions()
        assert (entry.held, entry.received, entry.record) == (why, (kept,) if kept else (), None)
        made.accept(made.chair.decide_held(DOCTOR, "counted in full"))
        assert "session_held" not in made.not_ready()
        assert kept_rows(made) == before

    bench(scenario)


def test_texts_of_every_kind_of_damage_are_told_from_those_of_a_newer_version() -> None:
    async def scenario(made: Bench) -> None:
        await made.armed()
        ((text,),) = made.store.rows("SELECT facts FROM session")
        found = {}
        for name, (spoil, _) in ALL.items():
            with pytest.raises(UnreadableError) as caught:
                decode_facts(spoil(str(text)))
            found[name] = caught.value.why
        assert found == {name: why for name, (_, why) in ALL.items()}

    bench(scenario)


def test_torn_journal_of_a_session_is_held_like_torn_facts() -> None:
    async def scenario(made: Bench) -> None:
        await made.treating(5)
        await made.crash()
        await asyncio.sleep(1.0)
        made.store.rows(
            "UPDATE journal SET body = '{\"train_index\": 0' WHERE kind = 'train_intent'"
        )
        made.start()
        await made.until(lambda: made.state.device.link == "live")
        (held,) = made.state.held
        assert (held.why, held.is_open) == ("damaged", True)
        assert "journal" in held.detail

    bench(scenario)


def test_damaged_session_of_before_lets_other_patients_be_treated() -> None:
    """Its pulses are not the controller's last: the unit works, its own patient waits."""

    async def scenario(made: Bench) -> None:
        await made.treating(2)
        await made.finished()
        await made.crash()
        made.store.rows(
            "INSERT INTO session (session_id, appointment_id, patient_id, facts, state, opened_utc)"
            " VALUES ('old', 'apt-0', 'pat-0', '{', 'open', '2026-11-20T09:00:00+00:00')"
        )
        made.start()
        await made.until(lambda: "session_held" in made.not_ready())
        await made.until(lambda: not made.not_ready())
        assert [held.session_id for held in made.state.held] == ["old"]
        await made.armed()

    bench(scenario)


def test_decision_is_kept_over_a_restart_and_asked_for_once() -> None:
    async def scenario(made: Bench) -> None:
        await made.treating(5)
        await made.crash()
        await asyncio.sleep(1.0)
        spoiled(made, NEWER["a higher layout"])
        made.start()
        await made.until(lambda: "session_held" in made.not_ready())
        assert "decide_held" not in made.chair.refusals()
        made.accept(await made.chair.acknowledge(WHO))  # the controller missed the service
        await made.until(lambda: made.not_ready() == ("session_held",))
        made.accept(made.chair.decide_held(DOCTOR, "counted in full"))
        assert made.chair.decide_held(DOCTOR, "again").code == "nothing_held"
        await made.crash()
        made.start()
        await made.until(lambda: not made.not_ready())
        assert [held.is_decided for held in made.state.held] == [True]
        rows = made.store.rows("SELECT why, decided_by, reason FROM held_decision")
        assert rows == [("newer", DOCTOR, "counted in full")]

    bench(scenario)


def test_signed_record_that_cannot_be_read_is_held_without_stopping_the_unit() -> None:
    async def scenario(made: Bench) -> None:
        await made.treating(2)
        await made.finished()
        await made.crash()
        kept = spoiled(made, DAMAGES["torn"], "record")
        made.start()
        await made.until(lambda: not made.not_ready())
        assert [(held.why, held.is_open) for held in made.state.held] == [("damaged", False)]
        (entry,) = Archive(made.store).sessions()
        assert (entry.held, entry.received[1]) == ("damaged", kept)
        assert made.chair.leave_visit(WHO).code == "wrong_state"

    bench(scenario)


def test_texts_of_this_version_are_understood_and_older_ones_without_a_layout_too() -> None:
    async def scenario(made: Bench) -> None:
        await made.treating(2)
        await made.finished()
        ((facts, record),) = made.store.rows("SELECT facts, record FROM session")
        old_facts = {k: v for k, v in json.loads(str(facts)).items() if k != "layout"}
        del old_facts["order"]["resume_gap_s_max"]
        assert decode_facts(json.dumps(old_facts)) == decode_facts(str(facts))
        old = {
            k: v
            for k, v in json.loads(str(record)).items()
            if k not in ("layout", "segments", "is_clock_trusted")
        }
        assert decode_record(json.dumps(old)).pulses_measured == 36
        old["trains"][0]["colour"] = "red"
        with pytest.raises(UnreadableError, match=r"newer: \$\.trains\[0\]\.colour"):
            decode_record(json.dumps(old))

    bench(scenario)


def test_pulses_of_a_session_that_the_record_does_not_have_hold_the_unit_until_decided() -> None:
    # Catches a prescription that is given once more after the card was exchanged.
    async def scenario(made: Bench) -> None:
        await made.treating(5)
        await made.crash()
        await asyncio.sleep(1.0)
        given = made.pulses
        made.store.rows("DELETE FROM journal")
        made.store.rows("DELETE FROM session")
        made.start()
        await made.until(lambda: bool(made.state.held), 10.0)
        (held,) = made.state.held
        assert (held.why, held.pulses, held.is_decided) == ("unknown", given, False)
        assert "session_held" in made.not_ready()

        made.accept(made.chair.decide_held(DOCTOR, "known"))
        assert "session_held" not in made.not_ready()
        await made.crash()
        made.start()
        await made.until(lambda: bool(made.state.held), 10.0)
        assert made.state.held[0].is_decided
        assert "session_held" not in made.not_ready()

    bench(scenario)
