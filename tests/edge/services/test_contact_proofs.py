"""Openings and sessions are counted over restarts; what is due warns and never blocks."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta

import pytest

from edge.adapters.store.sqlite_store import SqliteStore
from edge.domain.session_states import E, S
from edge.ports import StoreError, WallTime
from edge.services.chair_state import ChairState
from edge.services.contact_proofs import ContactProofs
from edge.services.phase import Phase
from edge.services.tables import LAYOUT_VERSION, TABLES
from hw_sim import vtime
from tests.edge.services.test_panel_service import HandPanel
from tests.support.chair_bench import NOON, WHO, Bench, bench

pytestmark = pytest.mark.control("defeated-interlock")


class HandClock:
    """Set by hand."""

    def __init__(self) -> None:
        self.utc, self.is_trusted = NOON, True

    def now(self) -> WallTime:
        return WallTime(self.utc, self.is_trusted)


class Rig:
    """Proofs on a store that outlives them."""

    def __init__(self, store: SqliteStore, clock: HandClock) -> None:
        from edge.ports import PanelInput

        self.state = ChairState()
        self.phase = Phase(self.state, clock)
        panel = HandPanel(tuple(PanelInput))
        self.proofs = ContactProofs(panel, store, self.state, clock, self.phase)

    @property
    def due(self) -> tuple[str, ...]:
        self.proofs.look()
        return self.state.device.unproved


def new_store() -> SqliteStore:
    return SqliteStore(":memory:", None, tables=TABLES, layout_version=LAYOUT_VERSION)


def test_contact_is_due_after_its_days_also_when_the_service_was_restarted() -> None:
    async def main() -> None:
        store, clock = new_store(), HandClock()
        assert Rig(store, clock).due == ()
        clock.utc = NOON + timedelta(days=31)
        assert Rig(store, clock).due == ("estop", "door", "patient")
        rig = Rig(store, clock)
        rig.proofs.seen_open("door")
        assert rig.due == ("estop", "patient")
        assert Rig(store, clock).due == ("estop", "patient")
        store.close()

    vtime.run(main())


def test_contact_is_not_judged_by_a_clock_in_doubt() -> None:
    async def main() -> None:
        store, clock = new_store(), HandClock()
        rig = Rig(store, clock)
        clock.utc, clock.is_trusted = NOON + timedelta(days=4000), False
        assert rig.due == ()
        store.close()

    vtime.run(main())


def test_contact_seen_often_is_written_down_once_an_hour() -> None:
    async def main() -> None:
        store, clock = new_store(), HandClock()
        rig = Rig(store, clock)

        def kept() -> object:
            return store.rows("SELECT since_utc FROM contact_proof WHERE name = 'door'")

        first = kept()
        for _ in range(10):
            clock.utc += timedelta(minutes=5)
            rig.proofs.seen_open("door")
        assert kept() == first
        clock.utc += timedelta(hours=1)
        rig.proofs.seen_open("door")
        assert kept() != first
        store.close()

    vtime.run(main())


def test_contact_history_that_cannot_be_kept_stops_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def main() -> None:
        store, clock = new_store(), HandClock()
        rig = Rig(store, clock)

        @contextmanager
        def failing():  # type: ignore[no-untyped-def]
            raise StoreError("disk full")
            yield

        monkeypatch.setattr(store, "transaction", failing)
        clock.utc += timedelta(days=31)
        rig.proofs.seen_open("estop")
        rig.proofs.seen_open("flow")  # has no rule
        assert rig.due == ("door", "patient")
        store.close()

    vtime.run(main())


def test_phase_moves_without_a_session_count_nothing() -> None:
    async def main() -> None:
        store, clock = new_store(), HandClock()
        rig = Rig(store, clock)
        rig.state.state = S.READY
        rig.phase.move(E.ARM)
        assert rig.due == ()
        store.close()

    vtime.run(main())


def test_door_that_stays_shut_for_three_changes_of_patient_is_named_and_blocks_nothing() -> None:
    """A whole chair: sessions of other patients, then the door is opened on both wires."""

    async def scenario(made: Bench) -> None:
        for patient_id in ("pat-1", "pat-2", "pat-3", "pat-4"):
            assert "contact_not_proved" not in [alarm.alarm_id for alarm in made.state.alarms]
            await made.ready()
            assert made.state.visit is not None
            made.state.visit.patient = type(made.book.facts.patient)(
                patient_id, "MRN", "Muster", "Anna", made.book.facts.patient.birth_date
            )
            made.accept(await made.chair.arm(WHO))
            await made.until_state(S.ARMED)
            made.accept(made.chair.back(WHO))
            made.accept(made.chair.leave_visit(WHO))
        await made.sleep(1.0)
        alarms = {alarm.alarm_id: alarm for alarm in made.state.alarms}
        assert alarms["contact_not_proved"].args == {"input": "door"}
        assert alarms["contact_not_proved"].priority == "low"
        await made.until(lambda: not made.not_ready())
        made.unit.stick_input("door", "mcu", True)  # one wire bridged: opening proves nothing
        made.unit.set_door(True)
        await made.sleep(1.0)
        assert made.state.device.unproved == ("door",)
        made.unit.set_door(False)
        made.unit.stick_input("door", "mcu", None)
        await made.sleep(1.0)
        made.unit.set_door(True)
        await made.sleep(1.0)
        made.unit.set_door(False)
        await made.sleep(1.0)
        assert not made.state.device.unproved
        assert "contact_not_proved" not in [alarm.alarm_id for alarm in made.state.alarms]

    bench(scenario)
