"""Bugs of the edge: what it asks for, what it shows, what it writes down, whom it believes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import structlog

from edge.api.connection import Connection
from edge.api.pictures import Lease
from edge.domain import alarm_rules, alarms
from edge.domain.train_plan import Level, Plan
from edge.domain.verdict import ACCEPTED
from edge.mcu.client import McuClient
from edge.mcu.outcome import Done
from edge.services import (
    alarm_service,
    arm_flow,
    device_watch,
    resume_desk,
    session_desk,
    train_feeder,
    visit_desk,
)
from edge.services.alarm_log import AlarmLog
from edge.services.certificates import Certificates
from edge.services.chair import Chair
from edge.services.heat_watch import HeatWatch
from edge.services.host_enable import HostKeeper
from edge.services.panel_stops import PanelStops
from edge.services.session_board import SessionBoard
from edge.services.session_book import SessionBook
from edge.services.thermal_watch import ThermalWatch
from edge.services.visit_desk import VisitDesk
from firmware.wire.commands import Hold
from hw_sim.plants.plant import around, nothing, swap

Call = Callable[..., Any]
log = structlog.get_logger(__name__)

# --- what it asks for ---------------------------------------------------------------------------

panel_ignored = swap(
    "the edge does not react to its own wires",
    (PanelStops, "on_panel_open", nothing),
    (PanelStops, "on_disagreement", nothing),
)
echo_not_compared = swap(
    "the echo is confirmed unread", (arm_flow, "echo_difference", lambda _asked, _echo: "")
)
level_higher = around(
    "ten percent more than ordered", Chair, "_level", lambda was: lambda self: was(self) + 10
)


def _one_train_more(was: Call) -> Call:
    def made(**fields: Any) -> Any:
        plan = fields["plan"]
        if plan is not None:
            *inner, last = plan.levels
            fields["plan"] = Plan(
                (*inner, Level(last.count + 1, last.period_us)), plan.train_levels
            )
        return was(**fields)

    return made


one_train_more = around(
    "the visit's plan has one train more", visit_desk, "VisitState", _one_train_more
)


def _whole_trains(was: Call) -> Call:
    def following(plan: Plan, delivered: int) -> Any:
        per_train = plan.pulses_per_train
        begun = -(-delivered // per_train) * per_train
        return was(plan, begun)

    return following


rest_skipped = around(
    "an interrupted train is not completed", train_feeder, "next_train", _whole_trains
)
trains_early = around(
    "trains follow each other half a second sooner",
    train_feeder,
    "begin_schedule",
    lambda was: lambda plan, *args, **fields: was(_quicker(plan), *args, **fields),
)


def _quicker(plan: Plan) -> Plan:
    *inner, last = plan.levels
    return Plan((*inner, Level(last.count, last.period_us - 500_000)), plan.train_levels)


def _stale_token(was: Call) -> Call:
    def made(**fields: Any) -> Any:
        return was(**fields | {"token": fields["token"] ^ 1})

    return made


stale_token = around(
    "trains are asked for with another token", train_feeder, "FireTrain", _stale_token
)
stale_confirm = around(
    "an arming is confirmed with another token", arm_flow, "Confirm", _stale_token
)
charged_higher = around(
    "the bank is charged ten percent higher than armed",
    arm_flow,
    "Charge",
    lambda was: lambda **fields: was(level_pct_mso=fields["level_pct_mso"] + 10),
)


def _quicker_pulses(was: Call) -> Call:
    def command(*args: Any) -> Any:
        asked = was(*args)
        asked.period_1_us = asked.period_1_us * 9 // 10
        return asked

    return command


armed_quicker = around(
    "the controller is told a shorter interval than the plan's",
    arm_flow,
    "arm_command",
    _quicker_pulses,
)
restored_default = around(
    "a restored visit has a default level",
    session_desk,
    "VisitState",
    lambda was: lambda **fields: was(**fields | {"level_pct_mso": 50}),
)
agreed_not_compared = swap(
    "a rest is given without asking whether its order still says the same",
    (resume_desk, "judge_agreed", lambda *_args: ACCEPTED),
)
book_not_restored = swap("a restored session counts from zero", (SessionBook, "restore", nothing))


def _renewing(was: Call) -> Call:
    def changed(self: VisitDesk) -> None:
        was(self)
        visit = self._state.visit
        facts = None if visit is None else self._book.visit(visit.appointment.appointment_id)
        if visit is not None and facts is not None and visit.session.session_id:
            self._renew(visit, facts)

    return changed


order_renewed = around(
    "a changed order is taken over in a running session", VisitDesk, "clinic_changed", _renewing
)
certificate_ignored = swap(
    "nobody asks for the safety test", (Certificates, "judge", lambda _self, _tested: "")
)
own_heat_ignored = swap("the edge does not trip on its own sensor", (HeatWatch, "_judge", nothing))
look_ahead_off = swap(
    "nobody holds a session for the heat that is foreseen", (ThermalWatch, "_stop_here", nothing)
)
host_kept = swap("the edge never lets its enable go", (HostKeeper, "drop", nothing))
slow_start = around(
    "the controller is looked for a quarter of a minute after the start",
    McuClient,
    "run",
    lambda was: lambda self: _late(was, self),
)


async def _late(was: Call, client: McuClient) -> None:
    await asyncio.sleep(15.0)
    await was(client)


def _trembling(was: Call) -> Call:
    def check_in(self: HostKeeper, part: str) -> None:
        was(self, part)
        if part == "heartbeat" and self.is_wanted and os.urandom(1)[0] < 64:
            self._port.beat()

    return check_in


chance_in_timing = around(
    "an edge of the enable depends on the machine's own chance", HostKeeper, "check_in", _trembling
)

# --- what it shows ------------------------------------------------------------------------------


def _no_hold(was: Call) -> Call:
    async def request(self: McuClient, command: Any) -> Any:
        if isinstance(command, Hold):
            return Done(command)
        return await was(self, command)

    return request


hold_not_sent = around(
    "a pause is shown and not asked for at the controller", McuClient, "request", _no_hold
)
dose_ahead = around(
    "the pulses that come next count as given",
    SessionBoard,
    "show_running",
    lambda was: lambda self, first, in_train: was(self, first, in_train + 3),
)


def _first_reading(was: Call) -> Call:
    kept: list[int] = []

    def reading(value_c10: int) -> int | None:
        found = was(value_c10)
        if found is not None and not kept:
            kept.append(found)
        return kept[0] if kept else found

    return reading


temperature_stands = around(
    "the screen shows the first temperature for ever", device_watch, "_reading", _first_reading
)


def _two_holders(was: Call) -> Call:
    def control(self: Lease, connection: Connection, now_s: float) -> str:
        held = self.__dict__.setdefault("_held", [])
        if self.holder is connection and connection not in held:
            held.append(connection)
        return "here" if connection in held else was(self, connection, now_s)

    return control


control_kept = around("who gives control away keeps it", Lease, "control", _two_holders)


def _without_door(was: Call) -> Call:
    return lambda facts: (c for c in was(facts) if c.alarm_id != "door")


door_not_alarmed = around("the door makes no alarm", alarm_rules, "_faults", _without_door)
alarms_forgotten = swap(
    "a new start of the service knows no alarms", (AlarmLog, "unacknowledged", lambda _self: [])
)
alarms_by_age = swap(
    "alarms stand in the order in which they came",
    (alarms, "_sorted", lambda signals: tuple(sorted(signals, key=lambda s: s.since))),
)
alarms_renewed = around(
    "an alarm comes up anew at each look",
    alarms,
    "_renewed",
    lambda was: lambda signal, condition, now: replace(was(signal, condition, now), raised_at=now),
)
pause_covers_all = swap(
    "a pause of the sound covers what comes up later",
    (
        alarm_service,
        "is_sounding",
        lambda signals, now, until: (
            None if until is not None else alarms.is_sounding(signals, now, None)
        ),
    ),
    (
        alarm_service,
        "pause_left",
        lambda _signals, now, until: until if until is not None and now < until else None,
    ),
)
