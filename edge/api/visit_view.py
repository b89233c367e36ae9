"""The open visit as a screen shows it: order, checks, session, and the patient behind a mask.

Pure. The name, the birth date and the number appear only in a revealed view; free text of the
session's story only for people who may see patients. Session length is shown without the pause
after the last train (convention N), because that is when the patient may get up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Any

from edge.api import schema
from edge.api.session_view import (
    LogView,
    RestView,
    SessionView,
    StopView,
    TrainView,
    UnsettledView,
)
from edge.domain.checks import find_question
from edge.domain.dose import Unsettled
from edge.domain.prescription import MotorThreshold, Order
from edge.domain.protocol import Protocol
from edge.domain.resume import release_left_s
from edge.domain.session import rest_of
from edge.domain.train_plan import Plan
from edge.services.chair_state import LogLine, SessionState, StopState, VisitState


@dataclass(frozen=True)
class Moment:
    """When the picture is taken, on both clocks."""

    now_s: float  # loop
    utc_s: float
    time_zone: tzinfo
    find_protocol: Callable[[str, str], Protocol | None]


def view_visit(
    visit: VisitState, moment: Moment, *, sees_patient: bool, is_revealed: bool
) -> schema.VisitView:
    """One visit for one viewer."""
    patient = visit.patient
    is_open = is_revealed and sees_patient
    return schema.VisitView(
        appointment_id=visit.appointment.appointment_id,
        initials=patient.initials if sees_patient else "",
        mrn_last4=last_four(patient.mrn) if sees_patient else "",
        full_name=f"{patient.given} {patient.family}" if is_open else None,
        birth_date=patient.birth_date.isoformat() if is_open else None,
        mrn=patient.mrn if is_open else None,
        order=None
        if visit.order is None
        else _order(
            visit.order,
            visit.plan,
            visit.threshold,
            visit.level_pct_mso or 0,
            (visit.appointment.session_number, visit.appointment.sessions_total),
            moment.find_protocol(visit.order.protocol_id, visit.order.protocol_version),
            moment.time_zone,
        ),
        problems=[
            schema.ProblemView(problem.code, problem.where, problem.value, problem.limit)
            for problem in visit.problems
        ],
        checks=[_check(c.key, c.kind, c.answer, c.state, c.by) for c in visit.checks],
        session=_session(visit.session, visit.plan, moment, shows_log=sees_patient),
        record_state=word(visit.record_state),
    )


@lru_cache(maxsize=4)  # one visit is open; drawn ten times a second
def _order(
    order: Order,
    plan: Plan | None,
    threshold: MotorThreshold | None,
    level_pct_mso: int,
    session_of: tuple[int, int],
    protocol: Protocol | None,
    zone: tzinfo,
) -> schema.OrderView:
    valid_until = order.valid_until_utc
    return schema.OrderView(
        protocol_id=order.protocol_id,
        protocol_version=order.protocol_version,
        protocol_name=order.protocol_id if protocol is None else protocol.name,
        indication="" if protocol is None else protocol.indication,
        side=order.side.value,
        site=order.site,
        coil_type=order.coil_type,
        percent_mt=order.percent_mt,
        mt_basis=order.mt_basis.value,
        mt_pct_mso=0 if threshold is None else threshold.mt_pct_mso,
        mt_date="" if threshold is None else _local_date(threshold, zone),
        mt_method="" if threshold is None else threshold.method,
        level_pct_mso=level_pct_mso,
        pulses=0 if plan is None else plan.pulses,
        trains=0 if plan is None else plan.trains,
        pulses_per_train=0 if plan is None else plan.pulses_per_train,
        length_s=0 if plan is None else round(plan.durations().n_us / 1_000_000),
        session_number=session_of[0],
        sessions_total=session_of[1],
        prescriber=order.prescriber,
        authored=order.authored_utc.astimezone(zone).date().isoformat(),
        valid_until=None
        if valid_until is None
        else valid_until.astimezone(zone).date().isoformat(),
        status="" if protocol is None else protocol.status.value,
    )


def _local_date(threshold: MotorThreshold, zone: tzinfo) -> str:
    return threshold.measured_utc.astimezone(zone).date().isoformat()


@lru_cache(maxsize=256)  # fifteen lines a picture, ten pictures a second, a handful of answers
def _check(key: str, kind: str, answer: str, state: str, by: str) -> schema.CheckView:
    question = find_question(key)
    return schema.CheckView(
        key=key,
        kind=word(kind),
        answer=answer,
        state=word(state),
        by=by,
        choices=[] if question is None else list(question.choices),
        may_release=question is not None and state == "red" and answer in question.releasable,
    )


def _session(
    session: SessionState, plan: Plan | None, moment: Moment, *, shows_log: bool
) -> SessionView:
    dose = session.dose
    trains = 0 if plan is None else plan.trains
    ends_at, started = session.ends_at, session.started_utc_s
    paused_at = session.paused_at
    zone = moment.time_zone
    return SessionView(
        session_id=session.session_id,
        prescribed=dose.prescribed,
        delivered=dose.delivered,
        remaining=dose.remaining,
        uncertain=dose.uncertain,
        train=min(session.train_index + 1, trains),
        trains=trains,
        train_pulses=session.train_pulses,
        pulses_per_train=0 if plan is None else plan.pulses_per_train,
        stage=word(session.stage),
        stage_left_ms=ms_left(session.stage_ends_at, moment.now_s),
        stage_ms=round(session.stage_s * 1000),
        left_ms=ms_left(ends_at, moment.now_s),
        ends=""
        if ends_at is None
        else clock_text(moment.utc_s + max(0.0, ends_at - moment.now_s), zone),
        started="" if started is None else clock_text(started, zone),
        peak_surface_c=c_from_c10(session.peak_surface_c10),
        paused_ms=None if paused_at is None else max(0, round((moment.now_s - paused_at) * 1000)),
        pauses=session.pauses,
        stop=None if session.stop is None else _stop(session.stop, zone),
        cuts=list(session.cuts),
        rest=_rest(session, plan, moment.now_s),
        unsettled=None if session.unsettled is None else _unsettled(session.unsettled),
        ledger=[
            TrainView(train.prescribed, train.commanded, train.measured, train.uncertain)
            for train in session.ledger
        ],
        log=[_log(line, zone) for line in session.log] if shows_log else [],
    )


def _rest(session: SessionState, plan: Plan | None, now_s: float) -> RestView | None:
    dose, rest = session.dose, session.rest
    if plan is None or session.paused_at is None or dose.uncertain > 0:
        return None
    due = rest_of(plan, dose.delivered)
    if due is None:
        return None
    since_s = None if rest.last_pulse_at is None else max(0.0, now_s - rest.last_pulse_at)
    released_s = release_left_s(rest.release, dose.delivered, now_s)
    first = due.train_index + (2 if due.in_train else 1)  # people count trains from 1
    return RestView(
        length_ms=round(due.length_us / 1000),
        rest_of_train=due.in_train,
        first_train=first if due.trains else 0,
        last_train=plan.trains if due.trains else 0,
        since_ms=None if since_s is None else round(since_s * 1000),
        left_ms=None if since_s is None else max(0, round((rest.limit.s - since_s) * 1000)),
        doubt=rest.doubt,
        limit_s=rest.limit.s,
        source=word(rest.limit.source),
        released_by=rest.release.who if rest.release is not None and released_s > 0 else "",
        release_left_ms=round(released_s * 1000),
    )


def _unsettled(judged: Unsettled) -> UnsettledView:
    return UnsettledView(judged.reason, judged.at_least, judged.at_most)


def _stop(stop: StopState, zone: tzinfo) -> StopView:
    return StopView(
        code=stop.code,
        at=clock_text(stop.at_utc_s, zone, seconds=True),
        value=stop.value,
        limit=stop.limit,
        unit=stop.unit,
        dose_counts=stop.dose_counts,
        is_cleared=stop.is_cleared,
    )


@lru_cache(maxsize=128)  # at most fifty lines in each picture, and a line never changes
def _log(line: LogLine, zone: tzinfo) -> LogView:
    return LogView(clock_text(line.at_utc_s, zone, seconds=True), line.kind, line.args)


def clock_text(utc_s: float, zone: tzinfo, *, seconds: bool = False) -> str:
    """HH:MM or HH:MM:SS in the unit's zone."""
    text = _clock_text(int(utc_s), zone)
    return text if seconds else text[:5]


@lru_cache(maxsize=512)  # a picture holds up to sixty clock texts, ten times a second
def _clock_text(utc_s: int, zone: tzinfo) -> str:
    local = datetime.fromtimestamp(utc_s, UTC).astimezone(zone)
    return f"{local.hour:02}:{local.minute:02}:{local.second:02}"


def ms_left(ends_at: float | None, now_s: float) -> int:
    """Milliseconds until then, never below 0; 0 when there is no such moment."""
    return 0 if ends_at is None else max(0, round((ends_at - now_s) * 1000))


def c_from_c10(c10: int | None) -> float | None:
    """Degrees from tenths."""
    return None if c10 is None else c10 / 10


def last_four(number: str) -> str:
    """The end of a record number; half of one that is too short to be masked by four."""
    return number[-4:] if len(number) > 4 else number[(len(number) + 1) // 2 :]


def word(text: str) -> Any:
    """A word of a closed list of the schema; tests hold the services to those lists."""
    return text
