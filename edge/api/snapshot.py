"""Turns what the chair knows into what one screen is shown.

A pure function of the state, the moment and the viewer. Nothing of a patient before log-in; masked
(initials, last four of the number) after it, in full only while revealed. Clock texts are local
time of the unit, for people. Views of one patient's visit are in edge/api/visit_view.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from functools import cache
from typing import Literal, cast, get_args

from edge.api import schema, unit_view
from edge.api.controller_view import view_controller
from edge.api.heat_view import view_heat
from edge.api.safety_test_view import view_safety_test
from edge.api.visit_view import Moment, c_from_c10, clock_text, last_four, ms_left, view_visit, word
from edge.domain.device_facts import DeviceFacts, attendance, interlock_states, not_ready_reasons
from edge.domain.permissions import judge_permission
from edge.domain.protocol import Protocol
from edge.domain.session_states import S
from edge.ports import WallTime
from edge.services.accounts import Account
from edge.services.chair_state import AlarmState, AppointmentRow, ChairState, DeviceState
from firmware.wire.limits import V_FULL_MV

COMMAND_KINDS: tuple[str, ...] = tuple(
    str(message.__struct_config__.tag) for message in get_args(schema.Command)
)
# States of the controller in which a pulse is possible or the bank may be charged.
_LIVE_STATES = ("CHARGING", "READY", "ARMED", "TRAIN", "HOLD", "DISCHARGING")
# [K] 60 V is the touch limit for direct voltage; above it the bank counts as charged.
_BANK_MV_SAFE = 60_000
_IN_USE = (S.ARMING, S.ARMED, S.TREATING, S.PAUSED, S.RESUMING, S.STOPPED, S.UNCERTAIN)
Control = Literal["here", "elsewhere", "free"]


@dataclass(frozen=True)
class UnitFacts:
    """What does not change while the service runs."""

    software_version: str
    time_zone: tzinfo
    surface_c10_max: int
    find_protocol: Callable[[str, str], Protocol | None]


@dataclass(frozen=True)
class Viewer:
    """Whose screen it is."""

    account: Account | None
    control: Control
    is_revealed: bool
    lock_in_s: float | None


@dataclass(frozen=True)
class Scene:
    """One broadcast: everything that all screens share."""

    state: ChairState
    device_facts: DeviceFacts
    refusals: Mapping[str, str]  # the chair's own, by command kind
    operators: tuple[Account, ...]
    rev: int
    now_s: float  # loop
    wall: WallTime


def build_snapshot(scene: Scene, unit: UnitFacts, viewer: Viewer) -> schema.Snapshot:
    """The whole picture for one viewer."""
    state = scene.state
    local = scene.wall.utc.astimezone(unit.time_zone)
    moment = Moment(scene.now_s, scene.wall.utc.timestamp(), unit.time_zone, unit.find_protocol)
    is_known = viewer.account is not None
    sees_patients = _sees_patients(viewer.account)
    visit = state.visit if is_known else None
    return schema.Snapshot(
        rev=scene.rev,
        phase=state.state.value,
        at_ms=round(scene.now_s * 1000),
        clock=local.replace(microsecond=0).isoformat(),
        clock_is_trusted=scene.wall.is_trusted,
        me=None if viewer.account is None else _operator(viewer.account),
        control=viewer.control,
        operators=[_operator(account) for account in scene.operators],
        unit=_unit(state.device, unit, scene.now_s),
        device=_device(state, scene.device_facts, unit),
        controller=view_controller(state.device),
        heat=view_heat(scene.device_facts.ahead, state.heat, scene.now_s),
        safety_test=view_safety_test(
            state, scene.device_facts.certificate, scene.now_s, unit.time_zone
        ),
        sync=schema.SyncView(
            clinic=word(state.clinic_state),
            to_send=state.to_send,
            quarantined=state.quarantined,
        ),
        alarms=[_alarm(alarm, unit.time_zone) for alarm in state.alarms],
        audio_paused_ms=ms_left(state.audio_paused_until, scene.now_s),
        today=_today(state.today if sees_patients else (), local.date().isoformat(), unit.time_zone)
        if is_known
        else None,
        visit=None
        if visit is None
        else view_visit(visit, moment, sees_patient=sees_patients, is_revealed=viewer.is_revealed),
        refusals=refusals_for(scene.refusals, viewer, has_visit=visit is not None),
        lock_in_ms=None if viewer.lock_in_s is None else round(viewer.lock_in_s * 1000),
    )


def refusals_for(
    chair_refusals: Mapping[str, str], viewer: Viewer, *, has_visit: bool
) -> dict[str, str]:
    """Which commands would be refused now, and why; the same order of reasons as the gate's."""
    denied = _denied(None if viewer.account is None else viewer.account.role)
    found: dict[str, str] = {}
    for kind in COMMAND_KINDS:
        if kind in denied:
            found[kind] = denied[kind]
        elif viewer.control == "elsewhere" and kind != "take_control":
            found[kind] = "not_in_control"
        elif kind == "reveal" and not has_visit:
            found[kind] = "wrong_state"
        elif kind in chair_refusals:
            found[kind] = chair_refusals[kind]
    return found


@cache  # one entry a role; asked for ten times a second
def _denied(role: str | None) -> Mapping[str, str]:
    judged = {kind: judge_permission(role, kind) for kind in COMMAND_KINDS}
    return {kind: verdict.code for kind, verdict in judged.items() if not verdict.is_accepted}


def _operator(account: Account) -> schema.Operator:
    return schema.Operator(account.user_id, account.name, cast(schema.Role, account.role))


def _unit(device: DeviceState, unit: UnitFacts, now_s: float) -> unit_view.UnitView:
    heard = device.heard_at
    return unit_view.UnitView(
        unit_id=device.unit_id,
        is_simulated=device.is_simulated,
        software_version=unit.software_version,
        firmware_version=device.firmware_version,
        link=word(device.link),
        link_detail=device.link_detail,
        mcu_state=device.mcu_state,
        heard_ms_ago=None if heard is None else max(0, round((now_s - heard) * 1000)),
        can_fire=can_fire(device),
    )


def can_fire(device: DeviceState) -> bool:
    """Whether STOP matters right now; a controller that is not heard counts as yes."""
    if device.link != "live" or not device.mcu_state or device.bank_mv is None:
        return True
    return device.mcu_state in _LIVE_STATES or device.bank_mv > _BANK_MV_SAFE


def _device(state: ChairState, facts: DeviceFacts, unit: UnitFacts) -> unit_view.DeviceView:
    device = state.device
    reasons = list(not_ready_reasons(facts))
    tested, heard = state.self_test_utc_s, state.sounder_utc_s
    return unit_view.DeviceView(
        ready="in_use" if state.state in _IN_USE else "not_ready" if reasons else "ready",
        reasons=reasons,
        self_test=word(state.self_test),
        self_test_at="" if tested is None else clock_text(tested, unit.time_zone),
        sounder=word(state.sounder),
        sounder_at="" if heard is None else clock_text(heard, unit.time_zone),
        bank_pct=None if device.bank_mv is None else round(device.bank_mv * 100 / V_FULL_MV),
        surface_c=c_from_c10(facts.surface_c10),
        surface_own_c=c_from_c10(facts.surface_own_c10),
        winding_c=c_from_c10(facts.winding_c10),
        surface_limit_c=unit.surface_c10_max / 10,
        coil_type=device.coil_type,
        coil_serial=device.coil_serial,
        lifetime_pulses=device.lifetime_pulses,
        held=[
            unit_view.HeldView(
                each.session_id[:8],
                each.opened[:16],
                word(each.why),
                each.is_open,
                each.is_decided,
                each.pulses,
            )
            for each in state.held
        ],
        interlocks=[
            unit_view.InterlockView(name, word(level)) for name, level in interlock_states(facts)
        ],
        attend=word(attendance(facts)),
        to_prove=list(facts.unproved),
    )


def _alarm(alarm: AlarmState, zone: tzinfo) -> unit_view.AlarmView:
    return unit_view.AlarmView(
        alarm_id=alarm.alarm_id,
        priority=cast(unit_view.Priority, alarm.priority),
        is_active=alarm.is_active,
        is_acknowledged=alarm.is_acknowledged,
        since=clock_text(alarm.since_utc_s, zone),
        args=alarm.args,
    )


def _sees_patients(account: Account | None) -> bool:
    """Whoever may open a visit may see whose it is; an engineer sees the treatment only."""
    return account is not None and judge_permission(account.role, "open_visit").is_accepted


def _today(rows: tuple[AppointmentRow, ...], date: str, zone: tzinfo) -> schema.TodayView:
    waiting = [row for row in rows if row.state in ("booked", "arrived")]
    return schema.TodayView(
        date=date,
        appointments=[_appointment(row, zone) for row in rows],
        next_id=waiting[0].appointment_id if waiting else None,
        done=sum(row.state == "done" for row in rows),
        to_come=sum(row.state != "done" for row in rows),
    )


def _appointment(row: AppointmentRow, zone: tzinfo) -> schema.AppointmentView:
    return schema.AppointmentView(
        appointment_id=row.appointment_id,
        at=clock_text(row.start_utc_s, zone),
        initials=row.patient.initials,
        mrn_last4=last_four(row.patient.mrn),
        protocol_name=row.protocol_name,
        side=row.side,
        percent_mt=row.percent_mt,
        session_number=row.session_number,
        sessions_total=row.sessions_total,
        state=word(row.state),
        due=list(row.due),
    )
