"""Pictures of the chair for the page's tests: one snapshot for each screen and each awkward case.

Written with the service's own structs, so that a changed message breaks here first. Run as a module
it writes kiosk/tests/fixtures/*.json, which Vitest and the browser tests read. Data only; no clock.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec.structs import replace

from edge.api.schema import Snapshot, TodayView
from edge.api.session_view import StopView, TrainView, UnsettledView
from edge.mcu.connection import KEY_PROBLEMS
from tests.kiosk.fixture_heat import heat_pictures
from tests.kiosk.fixture_parts import (
    ARMED_UNIT,
    BROKEN,
    CHAIR,
    DEVICE,
    FULL,
    HELD,
    UNKNOWN,
    HOT,
    IDLE,
    LONG,
    NOT_READY,
    OPEN_DOOR,
    PROBLEMS,
    REST,
    RUNNING,
    SESSION,
    STOP_HOT,
    STOPPED_CHAIR,
    TENHZ,
    TRAIN,
    TROUBLED,
    UNIT,
    VISIT,
    WARM,
    WARM_FACE,
    WHOLE_TRAIN,
    WITH_NOTES,
    alarm,
    at,
    checks,
    session,
)
from tests.kiosk.fixture_safety import safety_pictures

FOLDER = Path(__file__).parents[2] / "kiosk" / "tests" / "fixtures"


def _lock_and_day() -> dict[str, Snapshot]:
    locked = replace(IDLE, me=None, control="free", today=None)
    return {
        "lock": locked,
        "lock_not_ready": replace(locked, device=NOT_READY, alarms=[alarm("link_down", "medium")]),
        "lock_treating": replace(locked, phase="treating", unit=ARMED_UNIT, device=WARM),
        "today": IDLE,
        "today_key_refused": replace(
            IDLE,
            unit=replace(UNIT, link="key_refused", link_detail=max(KEY_PROBLEMS.values(), key=len)),
        ),
        "today_locking": replace(IDLE, lock_in_ms=42_000),
        "today_low_alarm": replace(IDLE, alarms=[alarm("clinic_offline", "low", minutes=16)]),
        "today_medium_alarm": replace(IDLE, alarms=[alarm("sounder_dead", "medium")]),
        "today_unknown": replace(
            IDLE,
            device=replace(DEVICE, ready="not_ready", reasons=["session_held"], held=UNKNOWN),
        ),
        "today_held": replace(
            IDLE,
            device=replace(DEVICE, ready="not_ready", reasons=["session_held"], held=HELD),
        ),
        "today_empty": replace(IDLE, today=TodayView("2026-11-21", [], None, 0, 0)),
        "patient": at("patient", VISIT),
        "patient_revealed": at(
            "patient",
            replace(
                VISIT, full_name="Maria Kowalczyk-Andersen", birth_date="1981-04-17", mrn="004182"
            ),
        ),
        "patient_problems": at(
            "patient", TROUBLED, refusals={"begin_checks": "order_has_problems"}
        ),
        "patient_no_order": at(
            "patient",
            replace(VISIT, order=None, problems=PROBLEMS[:1]),
            refusals={"begin_checks": "order_has_problems"},
        ),
        "wrapup": at(
            "wrapup", session(RUNNING, delivered=600, remaining=0, train=20, stage="done")
        ),
        "wrapup_partial": at("wrapup", session(RUNNING, stop=STOP_HOT)),
        "record": at(
            "record",
            replace(
                session(
                    RUNNING, delivered=600, remaining=0, train=20, ledger=[WHOLE_TRAIN] * 20
                ),
                record_state="queued",
            ),
        ),
        "record_sent": at(
            "record", replace(session(RUNNING, delivered=600, remaining=0), record_state="sent")
        ),
        "record_refused": at("record", replace(session(RUNNING), record_state="refused")),
    }


def _checking() -> dict[str, Snapshot]:
    refused = {"finish_checks": "checks_open", "arm": "checks_open"}
    return {
        "checks": at("checks", replace(VISIT, checks=checks(4)), refusals=refused),
        "checks_red": at("checks", replace(VISIT, checks=checks(8, "sleep")), refusals=refused),
        "checks_contacts": replace(
            at("checks", replace(VISIT, checks=checks(4)), refusals=refused), device=WITH_NOTES
        ),
        "checks_summary": at("checks", replace(VISIT, checks=checks(8)), refusals={}),
    }


def _chair() -> dict[str, Snapshot]:
    cooling = session(BROKEN)
    return {
        "ready": at("ready", VISIT),
        "ready_elsewhere": at("ready", VISIT, control="elsewhere"),
        "ready_long": at("ready", replace(VISIT, order=TENHZ)),
        "arming": at(
            "arming",
            VISIT,
            unit=replace(ARMED_UNIT, mcu_state="CHARGING"),
            device=replace(WARM, bank_pct=38),
        ),
        "armed": at("armed", VISIT, unit=ARMED_UNIT, device=WARM),
        "treating": at("treating", session(RUNNING), **CHAIR),
        "treating_train": at("treating", session(RUNNING, **TRAIN), **CHAIR),
        "treating_countdown": at(
            "treating",
            session(SESSION, stage="countdown", stage_left_ms=2_400, stage_ms=3_000, ends="10:03"),
            **CHAIR,
        ),
        "treating_long": at("treating", LONG, **CHAIR),
        "treating_warm": at("treating", session(RUNNING), **CHAIR, alarms=[WARM_FACE]),
        "paused": at(
            "paused", cooling, **(CHAIR | {"unit": replace(UNIT, mcu_state="HOLD", can_fire=True)})
        ),
        "resuming": at("resuming", cooling, **CHAIR),
        "stopped": at(
            "stopped",
            session(BROKEN, stop=STOP_HOT),
            **STOPPED_CHAIR,
            alarms=[HOT, WARM_FACE, FULL],
        ),
        "stopped_by_hand": at(
            "stopped",
            session(
                BROKEN,
                stop=StopView("operator", "09:58", None, None, "", True, False),
            ),
            **(CHAIR | {"unit": UNIT}),
        ),
        "stopped_door": at(
            "stopped",
            session(BROKEN, stop=StopView("102", "09:58", None, None, "", True, False)),
            **(STOPPED_CHAIR | {"device": replace(WARM, interlocks=OPEN_DOOR)}),
            alarms=[alarm("door", "high")],
            refusals={"acknowledge": "interlock_open"},
        ),
        "paused_loud": at(
            "paused",
            cooling,
            **(CHAIR | {"unit": replace(UNIT, mcu_state="HOLD", can_fire=True)}),
            alarms=[alarm("page_silent", "medium")],
        ),
        "paused_quiet": at(
            "paused",
            cooling,
            **(CHAIR | {"unit": replace(UNIT, mcu_state="HOLD", can_fire=True)}),
            alarms=[
                alarm("page_silent", "medium"),
                replace(HOT, is_active=False, is_acknowledged=True),
            ],
            audio_paused_ms=87_000,
        ),
    }


def _broken_off() -> dict[str, Snapshot]:
    """Sessions that wait: for a clinician, for the count, for the end."""
    held = CHAIR | {"unit": replace(UNIT, mcu_state="HOLD", can_fire=True)}
    over = replace(REST, since_ms=1_505_000, left_ms=0)
    unknown = replace(REST, since_ms=None, left_ms=None, doubt="clock_untrusted")
    released = replace(over, released_by="Dr. S. Brandt", release_left_ms=749_000)
    last = replace(REST, rest_of_train=0, first_train=20, last_train=20, source="order")
    silent = StopView("page_silent", "09:58", None, None, "", True, True)
    open_count = replace(
        BROKEN, remaining=270 - 30, delivered=330, uncertain=30, train=12, cuts=[64, 330], rest=None
    )
    too_long = {"resume": "pause_too_long"}
    return {
        "paused_silent": at("paused", session(BROKEN, stop=silent), **held),
        "paused_last_train": at(
            "paused", session(BROKEN, delivered=570, remaining=30, train=20, rest=last), **held
        ),
        "paused_too_long": at("paused", session(BROKEN, rest=over), **held, refusals=too_long),
        "paused_no_clock": at(
            "paused", session(BROKEN, rest=unknown), **held, refusals={"resume": "gap_unknown"}
        ),
        "paused_released": at("paused", session(BROKEN, rest=released), **held),
        "paused_other_order": at(
            "paused", session(BROKEN), **held, refusals={"resume": "order_changed"}
        ),
        "paused_other_day": at(
            "paused", session(BROKEN, rest=over), **held, refusals={"resume": "other_day"}
        ),
        "uncertain": at("uncertain", session(open_count), **CHAIR),
        "uncertain_no_link": at(
            "uncertain",
            session(open_count),
            **(CHAIR | {"unit": replace(ARMED_UNIT, link="closed")}),
            alarms=[alarm("link_down", "medium")],
        ),
        "uncertain_open": at(
            "uncertain",
            session(open_count, unsettled=UnsettledView("ledger_invalid", 330, 360)),
            **CHAIR,
            alarms=[alarm("uncertain_dose", "medium")],
        ),
    }


def _ended() -> dict[str, Snapshot]:
    """Records whose ledger has something to show."""
    cut = [WHOLE_TRAIN] * 2 + [TrainView(30, 56, 30, 0)] + [WHOLE_TRAIN] * 11
    partial = [*cut, TrainView(30, 30, 3, 0), *[TrainView(30, 0, 0, 0)] * 5]
    unsure = [*[WHOLE_TRAIN] * 11, TrainView(30, 30, 0, 30), *[TrainView(30, 0, 0, 0)] * 8]
    ended = replace(BROKEN, rest=None, paused_ms=None, ledger=partial)
    return {
        "record_partial": at("record", replace(session(ended), record_state="queued")),
        "record_unsure": at(
            "record",
            replace(
                session(ended, delivered=330, uncertain=30, remaining=240, ledger=unsure),
                record_state="sent",
            ),
        ),
    }


def snapshots() -> dict[str, Snapshot]:
    """Every picture by name."""
    heat = heat_pictures(IDLE, VISIT, RUNNING, CHAIR)
    chair = _chair() | _broken_off() | _ended()
    return _lock_and_day() | _checking() | chair | heat | safety_pictures(IDLE)


def main() -> None:
    """Writes the files; an old file without a picture goes away."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    pictures = snapshots()
    for path in FOLDER.glob("*.json"):
        if path.stem not in pictures:
            path.unlink()
    for name, picture in pictures.items():
        text = msgspec.json.format(msgspec.json.encode(picture), indent=1)
        (FOLDER / f"{name}.json").write_bytes(text + b"\n")


if __name__ == "__main__":
    main()
