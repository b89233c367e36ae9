"""The fault registry: a row for every number, and a safe reaction in every row."""

from __future__ import annotations

import pytest

from edge.domain.faults import (
    CLASS_MS,
    FAULT_ROWS,
    REJECTION_ROWS,
    STOP_CODES,
    STOP_ROWS,
    Actor,
    Priority,
    Reaction,
    StopClass,
    fault_row,
    rejection_name,
)
from firmware.wire import codes

pytestmark = pytest.mark.control("fault-registry")


def test_registry_has_one_row_for_every_fault_number() -> None:
    assert tuple(row.number for row in FAULT_ROWS) == codes.FAULTS
    assert len({row.name for row in FAULT_ROWS}) == len(FAULT_ROWS)
    assert len(STOP_CODES) == len(FAULT_ROWS) + len(STOP_ROWS)


def test_registry_has_one_row_for_every_rejection_number() -> None:
    numbers = [getattr(codes, name) for name in dir(codes) if name.startswith("REJ_")]

    assert sorted(numbers) == [row.number for row in REJECTION_ROWS]
    assert rejection_name(codes.REJ_LATE) == "late"
    assert rejection_name(codes.OK) == codes.REJECTION_NAMES[0]
    assert rejection_name(len(codes.REJECTION_NAMES)) == "unlisted"
    assert rejection_name(200) == "unlisted"
    assert rejection_name(-1) == "unlisted"


def test_faults_of_the_controller_are_handled_by_the_controller() -> None:
    # The edge may be gone: no fault may wait for it.
    assert all(row.by in (Actor.MCU, Actor.BOTH) for row in FAULT_ROWS)
    assert all(row.reaction is Reaction.DISCHARGE for row in FAULT_ROWS)


def test_faults_of_unintended_output_heat_at_the_skin_and_people_are_high() -> None:
    high = {row.name for row in FAULT_ROWS if row.priority is Priority.HIGH}

    assert {"pulse_unasked", "surface_hot", "patient_stop", "estop"} <= high


def test_stops_that_leave_the_count_open_say_so() -> None:
    open_codes = {code for code in STOP_CODES if not fault_row(code).dose_counts}

    assert open_codes == {
        "306", "501", "502", "link_lost", "mcu_reboot", "restored", "edge_internal", "unknown",
    }  # fmt: skip


def test_fault_row_takes_numbers_and_words_and_knows_the_unknown() -> None:
    assert fault_row(201).value == "surface_c10"
    assert fault_row("201") is fault_row(201)
    assert fault_row("operator").priority is Priority.LOW
    assert fault_row(999).code == "unknown"
    assert not fault_row("nonsense").dose_counts


def test_class_and_time_of_every_stop_are_those_of_the_reference() -> None:
    by_class = {
        letter: {code for code in STOP_CODES if fault_row(code).stop_class is letter}
        for letter in StopClass
    }

    assert {"101", "102", "104", "mcu_reboot"} <= by_class[StopClass.E]
    assert by_class[StopClass.O] >= {"operator", "patient"}
    assert {"201", "202", "203", "301", "303", "304", "305", "401", "402"} <= by_class[StopClass.F]
    assert {fault_row(code).within_ms for code in ("101", "102", "104")} == {10}
    assert {fault_row(code).within_ms for code in ("operator", "patient")} == {100}
    assert (fault_row(401).within_ms, fault_row(402).within_ms) == (500, 60_050)


def test_no_stop_promises_more_than_its_class() -> None:
    # Longer where the cause itself takes time to be seen, never shorter by a slip of the pen.
    rows = [fault_row(code) for code in STOP_CODES]

    assert all(row.within_ms >= CLASS_MS[row.stop_class] for row in rows)
