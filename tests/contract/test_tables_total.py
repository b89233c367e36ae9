"""Tables are total, and the words of one floor are those of the next.

States and events, faults and alarms, roles and commands, and the enumerations that the messages of
the page repeat as literals.
"""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest

from edge.api import schema, unit_view
from edge.domain.alarm_rules import ALARM_IDS
from edge.domain.checks import ALL_KEYS
from edge.domain.coils import COIL_TYPES
from edge.domain.contact_history import RULES
from edge.domain.device_facts import ATTEND, ENABLE_NAMES, OWN_WIRES, PANEL_NAMES
from edge.domain.faults import FAULT_ROWS, REJECTION_ROWS, STOP_CODES, Priority, fault_row
from edge.domain.permissions import COMMAND_KINDS, ROLES
from edge.domain.protocol import Status
from edge.domain.session_states import TABLE, E, Outcome, S
from edge.ports import READ_BACKS, PanelInput
from edge.services.stop_words import PANEL_CODES
from firmware.wire import codes, reports

pytestmark = pytest.mark.control("fault-registry")


def test_session_table_has_a_cell_for_every_state_and_event() -> None:
    cells = [cell for row in TABLE.values() for cell in row.values()]

    assert set(TABLE) == set(S)
    assert all(set(row) == set(E) for row in TABLE.values())
    assert len(cells) == len(S) * len(E)
    assert all(isinstance(cell, (S, Outcome)) for cell in cells)


def test_every_fault_number_has_a_row_and_every_row_an_alarm() -> None:
    numbers = [value for name, value in vars(codes).items() if name.startswith("F_") and value]

    assert sorted(numbers) == sorted(codes.FAULTS) == sorted(row.number for row in FAULT_ROWS)
    assert {row.name for row in FAULT_ROWS} <= set(ALARM_IDS)
    assert all(fault_row(code).code == code for code in STOP_CODES)


def test_every_rejection_number_has_a_row() -> None:
    numbers = [value for name, value in vars(codes).items() if name.startswith("REJ_")]

    assert sorted(numbers) == [row.number for row in REJECTION_ROWS]
    assert len(codes.REJECTION_NAMES) == len(REJECTION_ROWS) + 1


def test_every_coil_number_has_a_name() -> None:
    numbers = {value for name, value in vars(reports).items() if name.startswith("COIL_")}

    assert numbers == {reports.COIL_NONE, *COIL_TYPES}


def test_permissions_name_the_commands_of_the_page() -> None:
    tags = {
        msgspec.inspect.type_info(kind).tag  # type: ignore[attr-defined]
        for kind in get_args(schema.ClientMessage)
    }

    assert set(COMMAND_KINDS) == tags
    assert len(COMMAND_KINDS) == len(tags)


def test_literals_of_the_page_are_the_domain_s_words() -> None:
    assert set(get_args(schema.Phase)) == {state.value for state in S}
    assert set(get_args(schema.Role)) == set(ROLES)
    assert set(get_args(unit_view.Priority)) == {priority.value for priority in Priority}
    assert {status.value for status in Status} >= {"cleared", "published", "off_label"}


def test_panel_names_are_the_port_s_and_the_controller_s() -> None:
    contacts = {member.value for member in PanelInput if member not in READ_BACKS}

    assert {*OWN_WIRES.values(), ATTEND} == contacts
    assert set(OWN_WIRES) == set(codes.INPUT_NAMES) - set(ENABLE_NAMES)
    assert set(PANEL_NAMES) == {name for name, own in OWN_WIRES.items() if name == own}
    assert set(PANEL_CODES) == contacts - {ATTEND}
    assert all(fault_row(code).code == code for code in PANEL_CODES.values())
    assert set(RULES) == contacts - {"flow"}


def test_checks_have_unique_keys() -> None:
    assert len(set(ALL_KEYS)) == len(ALL_KEYS)
