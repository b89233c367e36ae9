"""Pure parts of the API: snapshot values, gate, revisions, mailbox, page files, masks.

Planted bugs these catch: an unknown controller drawn as safe, a number too short to mask shown
whole, an old picture overtaking an answer, a link inside the page's folder being served.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from edge.api import page, schema
from edge.api.chair_port import ChairPort
from edge.api.gate import Asking, judge_command
from edge.api.mailbox import ANSWERS_MAX, Mailbox
from edge.api.page import assets_of, read_page
from edge.api.revisions import Revisions
from edge.api.session_view import LogView, StopView
from edge.api.snapshot import Scene, UnitFacts, Viewer, build_snapshot, can_fire
from edge.api.unit_view import AlarmView
from edge.api.visit_view import clock_text, last_four, ms_left
from edge.domain.device_facts import DeviceFacts
from edge.domain.prescription import Problem
from edge.domain.session_states import S
from edge.ports import WallTime
from edge.services.accounts import Account
from edge.services.chair_state import (
    AlarmState,
    AppointmentRow,
    ChairState,
    DeviceState,
    Dose,
    StopState,
)
from edge.services.texts import Texts
from tests.edge.api.fakes import NOON, FakeChair, appointment, decode_server, virtual, visit

pytestmark = pytest.mark.control("bounded-queues")

UNIT = UnitFacts("0.1.0", ZoneInfo("Europe/Berlin"), 410, lambda _id, _version: None)
TESS = Account("tess", "Tess", "technician")
VIEWER = Viewer(TESS, "here", is_revealed=False, lock_in_s=None)


def facts(**changes: Any) -> DeviceFacts:
    return replace(FakeChair.device_facts(FakeChair()), **changes)


def scene(state: ChairState, **changes: Any) -> Scene:
    base = Scene(state, facts(), {}, (TESS,), 7, 100.0, WallTime(NOON, is_trusted=True))
    return replace(base, **changes)


def shown(state: ChairState, viewer: Viewer = VIEWER, **changes: Any) -> schema.Snapshot:
    """Through the wire, so that every word of a closed list is checked."""
    built = build_snapshot(scene(state, **changes), UNIT, viewer)
    decoded = decode_server(schema.encode(built))
    assert isinstance(decoded, schema.Snapshot)
    return decoded


def treating() -> ChairState:
    state = ChairState(state=S.TREATING, visit=visit())
    assert state.visit is not None
    session = state.visit.session
    session.dose = Dose(prescribed=600, delivered=123, uncertain=2)
    session.train_index, session.train_pulses = 4, 3
    session.stage, session.stage_s, session.stage_ends_at = "gap", 8.0, 102.5
    session.ends_at, session.started_utc_s = 220.0, NOON.timestamp() - 60
    session.peak_surface_c10, session.paused_at = 355, 97.0
    session.stop = StopState("201", NOON.timestamp(), 41.2, 41.0, "°C", True, False)
    state.visit.problems = (Problem("level_above", "percent_mt", "130", "120"),)
    return state


@pytest.mark.parametrize("phase", list(S))
def test_snapshot_of_every_phase_fits_the_schema(phase: S) -> None:
    state = treating()
    state.state = phase
    assert shown(state).phase == phase.value


def test_snapshot_of_a_service_just_started_fits_the_schema() -> None:
    first = shown(ChairState(), Viewer(None, "free", is_revealed=False, lock_in_s=None))
    assert (first.phase, first.me, first.today, first.visit) == ("idle", None, None, None)
    assert first.unit.can_fire
    assert first.unit.heard_ms_ago is None
    assert first.device.bank_pct is None


def test_snapshot_shows_the_session_in_the_screens_units() -> None:
    view = shown(treating()).visit
    assert view is not None
    session = view.session
    assert (session.prescribed, session.delivered, session.remaining, session.uncertain) == (
        600, 123, 475, 2,
    )  # fmt: skip
    assert (session.train, session.trains, session.train_pulses, session.pulses_per_train) == (
        5, 20, 3, 30,
    )  # fmt: skip
    assert (session.stage, session.stage_left_ms, session.stage_ms) == ("gap", 2500, 8000)
    assert (session.left_ms, session.ends, session.started) == (120_000, "12:02", "11:59")
    assert (session.peak_surface_c, session.paused_ms) == (35.5, 3000)
    assert session.stop == StopView("201", "12:00:00", 41.2, 41.0, "°C", True, False)
    assert session.log == [LogView("12:00:00", "note", {"text": "Canarynote"})]
    assert view.problems == [schema.ProblemView("level_above", "percent_mt", "130", "120")]


def test_snapshot_shows_the_order_in_words_and_numbers() -> None:
    view = shown(treating()).visit
    assert view is not None
    assert view.order is not None
    order = view.order
    assert (order.pulses, order.trains, order.pulses_per_train, order.length_s) == (
        600,
        20,
        30,
        192,
    )
    assert (order.side, order.site, order.percent_mt, order.level_pct_mso) == (
        "left", "dlpfc-left", 120, 60,
    )  # fmt: skip
    assert (order.mt_pct_mso, order.mt_date, order.mt_method) == (50, "2026-11-21", "visual")
    assert (order.protocol_name, order.valid_until) == ("itbs-600", "2026-12-21")
    assert [check.choices for check in view.checks] == [["confirmed", "not_confirmed"], []]


def test_snapshot_of_an_order_without_threshold_and_plan_shows_none() -> None:
    state = treating()
    assert state.visit is not None
    state.visit.threshold = state.visit.plan = state.visit.level_pct_mso = None
    view = shown(state).visit
    assert view is not None
    assert view.order is not None
    assert (view.order.mt_pct_mso, view.order.level_pct_mso, view.order.pulses) == (0, 0, 0)
    assert view.session.trains == 0


def test_snapshot_of_today_counts_and_names_the_next() -> None:
    rows: tuple[AppointmentRow, ...] = (
        appointment("a", "done"),
        appointment("b", "problem"),
        appointment("c", "arrived"),
        appointment("d", "booked"),
    )
    today = shown(ChairState(today=rows)).today
    assert today is not None
    assert (today.date, today.next_id, today.done, today.to_come) == ("2026-11-21", "c", 1, 3)
    assert today.appointments[0].at == "12:00"
    assert (today.appointments[0].initials, today.appointments[0].mrn_last4) == ("Q. Z.", "8990")


def test_snapshot_shows_device_alarms_and_readiness() -> None:
    alarm = AlarmState("surface_warm", "low", "technical", NOON.timestamp(), True, False, {"c": 1})
    state = ChairState(alarms=(alarm,), audio_paused_until=130.0, self_test="passed")
    state.self_test_utc_s = NOON.timestamp()
    state.device = DeviceState(
        link="live", mcu_state="STANDBY", bank_mv=900_000, heard_at=99.95, unit_id="SIM-0001"
    )
    now = shown(state, device_facts=facts(surface_c10=395))
    assert now.alarms == [AlarmView("surface_warm", "low", True, False, "12:00", {"c": 1})]
    assert now.audio_paused_ms == 30_000
    assert (now.unit.heard_ms_ago, now.device.bank_pct, now.device.surface_c) == (50, 50, 39.5)
    assert (now.device.ready, now.device.reasons) == ("not_ready", ["too_hot"])
    assert (now.device.self_test_at, now.device.surface_limit_c) == ("12:00", 41.0)
    assert [i.state for i in now.device.interlocks] == ["ok"] * 4
    assert shown(ChairState()).device.ready == "ready"
    assert shown(treating()).device.ready == "in_use"


@pytest.mark.parametrize(
    ("device", "expected"),
    [
        (DeviceState(), True),
        (DeviceState(link="silent", mcu_state="STANDBY", bank_mv=0), True),
        (DeviceState(link="live", mcu_state="", bank_mv=0), True),
        (DeviceState(link="live", mcu_state="STANDBY", bank_mv=None), True),
        (DeviceState(link="live", mcu_state="STANDBY", bank_mv=0), False),
        (DeviceState(link="live", mcu_state="STANDBY", bank_mv=60_001), True),
        (DeviceState(link="live", mcu_state="FAULT", bank_mv=59_999), False),
        (DeviceState(link="live", mcu_state="CHARGING", bank_mv=0), True),
        (DeviceState(link="live", mcu_state="HOLD", bank_mv=0), True),
    ],
)
def test_stop_is_filled_unless_the_unit_is_known_to_be_safe(
    device: DeviceState, expected: bool
) -> None:
    assert can_fire(device) is expected


@pytest.mark.parametrize(
    ("number", "shown_part"),
    [("MRN-12345", "2345"), ("12345", "2345"), ("1234", "34"), ("123", "3"), ("", "")],
)
def test_record_number_is_never_shown_whole(number: str, shown_part: str) -> None:
    assert last_four(number) == shown_part


def test_clock_text_follows_the_zone_through_the_summer() -> None:
    zone = ZoneInfo("Europe/Berlin")
    summer = datetime(2026, 7, 1, 22, 5, 9, tzinfo=UTC).timestamp()
    assert clock_text(summer, zone) == "00:05"
    assert clock_text(summer, zone, seconds=True) == "00:05:09"


def test_time_left_is_never_negative() -> None:
    assert [ms_left(at, 10.0) for at in (None, 9.0, 10.5)] == [0, 0, 500]


# Gate


@pytest.mark.parametrize(
    ("asking", "code"),
    [
        (Asking("start", None, "here", is_stale=True), "not_logged_in"),
        (Asking("start", "engineer", "elsewhere", is_stale=True), "not_permitted"),
        (Asking("start", "technician", "elsewhere", is_stale=True), "not_in_control"),
        (Asking("start", "technician", "here", is_stale=True), "stale_screen"),
        (Asking("start", "technician", "free", is_stale=False), ""),
        (Asking("take_control", "technician", "elsewhere", is_stale=True), ""),
        (Asking("pause", "technician", "here", is_stale=True), ""),
        (Asking("pause", "technician", "elsewhere", is_stale=True), "not_in_control"),
        (Asking("nonsense", "technician", "here", is_stale=False), "not_permitted"),
    ],
)
def test_gate_names_the_first_thing_a_person_can_mend(asking: Asking, code: str) -> None:
    assert judge_command(asking).code == code


# Revisions


def test_revisions_grow_with_every_change_and_keep_the_material_one() -> None:
    state, revisions = ChairState(), Revisions()
    revisions.refresh(state)
    assert (revisions.rev, revisions.material_rev) == (1, 1)
    revisions.refresh(state)
    assert revisions.rev == 1
    state.rev += 1
    revisions.refresh(state)
    assert (revisions.rev, revisions.material_rev) == (2, 1)
    state.state = S.CHECKS  # the state changed, its own number not yet
    revisions.refresh(state)
    assert (revisions.rev, revisions.material_rev) == (3, 3)
    revisions.bump()
    assert (revisions.rev, revisions.material_rev) == (4, 3)
    assert [revisions.is_stale(rev) for rev in (2, 3, 4)] == [True, False, False]


# Mailbox


@virtual
async def test_mailbox_keeps_every_answer_and_only_the_newest_picture_in_its_place() -> None:
    box = Mailbox()
    box.put_snapshot(b"old")
    box.put(b"first")
    box.put_snapshot(b"new")
    box.put(b"second")
    assert [await box.take() for _ in range(3)] == [b"new", b"first", b"second"]
    assert box.skipped == 1
    box.put_snapshot(b"next")
    box.close()
    assert [await box.take(), await box.take()] == [b"next", None]


@virtual
async def test_mailbox_with_too_many_unread_answers_closes() -> None:
    box = Mailbox()
    for number in range(ANSWERS_MAX + 50):
        box.put(b"%d" % number)
    taken = 0
    while await box.take() is not None:
        taken += 1
    assert taken <= ANSWERS_MAX + 1


@virtual
async def test_mailbox_wakes_its_reader() -> None:
    box = Mailbox()
    reading = asyncio.create_task(box.take())
    await asyncio.sleep(1)
    box.put_snapshot(b"x")
    assert await reading == b"x"


# Page


def test_page_is_read_once_without_links_hidden_files_and_foreign_kinds(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html>")
    (tmp_path / "assets" / "main-DeAdBe_f.js").write_text("1")
    (tmp_path / ".env").write_text("secret")
    (tmp_path / "notes.exe").write_text("x")
    (tmp_path / "link.html").symlink_to("/etc/passwd")

    found = read_page(tmp_path)

    assert sorted(found) == ["/", "/assets/main-DeAdBe_f.js", "/index.html"]
    assert found["/"].content_type == "text/html"
    assert found["/"].cache == "no-store"
    assert found["/assets/main-DeAdBe_f.js"].content_type == "text/javascript"
    assert "immutable" in found["/assets/main-DeAdBe_f.js"].cache


def test_page_not_built_is_empty_and_a_wrong_folder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read_page(tmp_path / "none") == {}
    (tmp_path / "index.html").write_text("x" * 100)
    monkeypatch.setattr(page, "BYTES_MAX", 50)
    with pytest.raises(OSError, match="too large to be the page"):
        read_page(tmp_path)


@pytest.mark.parametrize(
    ("name", "is_hashed"),
    [("assets/a-12345678.css", True), ("assets/a.css", False), ("a-12345678.css", False)],
)
def test_page_file_is_cached_for_ever_only_with_a_hash_in_its_name(
    name: str, is_hashed: bool
) -> None:
    assert ("immutable" in assets_of({name: b""})[f"/{name}"].cache) is is_hashed


def test_texts_of_every_refusal_the_api_makes_are_in_the_catalogue() -> None:
    """Catches a code without words: the sentence would be the key."""
    texts = Texts.load("en")
    codes = (
        "not_logged_in", "not_permitted", "not_in_control", "stale_screen", "wrong_state",
        "wrong_pin", "pin_locked", "control_busy", "store_failed", "release_not_allowed",
        "not_found", "method_not_allowed", "too_large", "wrong_type", "malformed", "wrong_host",
        "wrong_origin",
    )  # fmt: skip
    keys = [f"refusal-{code}" for code in codes]
    assert [key for key in keys if texts.sentence(key, {"seconds": 60}) == key] == []


def test_real_chair_fits_what_the_api_asks_of_it() -> None:
    """mypy holds the types; this holds the names, should Chair be checked without them."""
    from edge.services.chair import Chair

    wanted = [name for name in vars(ChairPort) if not name.startswith("_") and name != "state"]
    assert [name for name in wanted if not callable(getattr(Chair, name, None))] == []


def test_controller_s_values_are_shown_in_words_and_unknown_ones_as_unknown() -> None:
    state = ChairState()
    empty = shown(state).controller
    assert (empty.timing, empty.slot, empty.image, empty.ipi_ms_min) == ("", "", "", None)
    assert (empty.refused, empty.forged, empty.bad_frames_mcu) == (None, None, None)
    for timing, word in ((0, "simulated"), (1, "pio"), (2, "rt_process"), (3, "best_effort")):
        state.device.timing_class = timing
        assert shown(state).controller.timing == word
    for slot, word in ((0, "plain"), (1, "a"), (2, "b")):
        state.device.slot = slot
        assert shown(state).controller.slot == word
    state.device.timing_class = state.device.slot = 99  # of a version to come
    state.device.image_hash, state.device.ipi_us_min = "3f9a01c7deadbeef", 25_500
    seen = shown(state).controller
    assert (seen.timing, seen.slot, seen.image, seen.ipi_ms_min) == ("", "", "3f9a01c7", 25.5)
