"""Today's list and the facts of a visit, out of the clinic's copies and our own sessions.

Judges at reading time, so that what a visit shows follows from the copies, the library, the limits
and the clock alone. Problems are collected, never thrown: an order with problems is shown with all
of them and cannot be armed. No network. Clock: the wall clock, for days and validity.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from edge.config import LimitsConfig
from edge.domain.fhir_appointment import LISTED, Appointment, read_appointment
from edge.domain.fhir_order import read_order
from edge.domain.fhir_patient import read_patient, read_practitioner_name, unknown_patient
from edge.domain.fhir_threshold import pick_threshold
from edge.domain.order_rules import judge_order, order_level_pct, order_step
from edge.domain.prescription import MotorThreshold, Order, Patient, Problem
from edge.domain.protocol import Protocol
from edge.domain.train_plan import Plan
from edge.ports import Store, WallClock
from edge.services.chair_state import AppointmentRow
from edge.services.clinic_copies import ClinicCopies, Copy
from edge.services.given_sessions import Given, GivenSessions
from edge.services.library import ProtocolLibrary

CACHE_S = 300.0  # [P] the list is judged anew at least this often: orders expire, gaps pass
EXPIRING = timedelta(days=7)  # [P] the list warns this long before an order ends
THRESHOLD_DUE = ("threshold_missing", "threshold_old")
OPEN_STATUS = tuple(status for status, word in LISTED.items() if word != "done")


@dataclass(frozen=True)
class VisitFacts:
    """Everything known about one appointment; problems empty means it may be given now."""

    appointment: AppointmentRow
    patient: Patient
    order: Order | None
    threshold: MotorThreshold | None
    plan: Plan | None
    level_pct_mso: int | None
    problems: tuple[Problem, ...]
    protocol_gap_s_max: int | None = None


@dataclass(frozen=True)
class BookSettings:
    """What the book needs of the configuration."""

    time_zone: str
    order_valid_days: int
    unit_identifier_system: str
    unit_id: str


class ClinicBook:
    """today() and visit(); reads only."""

    def __init__(
        self,
        store: Store,
        library: ProtocolLibrary,
        limits: LimitsConfig,
        wall_clock: WallClock,
        settings: BookSettings,
    ) -> None:
        self._copies = ClinicCopies(store, wall_clock)
        self._library = library
        self._limits = limits
        self._wall_clock = wall_clock
        self._settings = settings
        self._zone = ZoneInfo(settings.time_zone)
        self._given = GivenSessions(store, self._copies)
        self._cached: tuple[AppointmentRow, ...] | None = None
        self._cached_at: datetime | None = None
        self._timing_us_min: int | None = None  # of the controller, None until one was heard

    def today(self) -> tuple[AppointmentRow, ...]:
        """This unit's appointments of the day, sorted by start."""
        now = self._wall_clock.now().utc
        at = self._cached_at
        is_fresh = at is not None and abs((now - at).total_seconds()) < CACHE_S
        if self._cached is None or at is None or not is_fresh or self._day(at) != self._day(now):
            self._cached, self._cached_at = self._list(now), now
        return self._cached

    def visit(self, appointment_id: str) -> VisitFacts | None:
        """Facts of one appointment, judged now; None when there is none of this name."""
        copy = self._copies.get("Appointment", appointment_id)
        if copy is None:
            return None
        appointment, problems = read_appointment(copy.body, appointment_id)
        now = self._wall_clock.now().utc
        problems += self._judge_appointment(copy, appointment, now)
        facts = self._facts(appointment, problems, now)
        same = [row for row in self.today() if row.appointment_id == appointment_id]
        number = same[0].session_number if same else facts.appointment.session_number
        return replace(facts, appointment=replace(facts.appointment, session_number=number))

    def invalidate(self) -> None:
        """Copies or sessions changed."""
        self._cached = None
        self._given.forget()

    def fit_controller(self, timing_us_min: int) -> bool:
        """The controller times intervals down to this; True when that is news."""
        if timing_us_min == self._timing_us_min:
            return False
        self._timing_us_min = timing_us_min
        self._cached = None
        return True

    def device_id(self, system: str, value: str) -> str:
        """The clinic's id of a device by identifier; '' while unknown."""
        return self._given.device_id(system, value)

    def _day(self, moment: datetime) -> str:
        return moment.astimezone(self._zone).date().isoformat()

    def _list(self, now: datetime) -> tuple[AppointmentRow, ...]:
        unit = self.device_id(self._settings.unit_identifier_system, self._settings.unit_id)
        listed: list[tuple[datetime, Appointment, list[Problem]]] = []
        for copy in self._copies.all("Appointment"):
            appointment, problems = read_appointment(copy.body, copy.resource_id)
            start = appointment.start_utc
            is_ours = unit in appointment.device_ids and appointment.is_listed
            if is_ours and start is not None and self._day(start) == self._day(now):
                listed.append((start, appointment, problems))
        listed.sort(key=lambda item: (item[0], item[1].appointment_id))
        rows: list[AppointmentRow] = []
        waiting: dict[str, int] = {}  # order -> earlier visits of today still to come
        for start, appointment, problems in listed:
            row = self._facts(appointment, problems, max(now, start)).appointment
            if row.state != "done" and row.order_id:
                ahead = waiting.get(row.order_id, 0)
                waiting[row.order_id] = ahead + 1
                row = replace(row, session_number=row.session_number + ahead)
            rows.append(row)
        return tuple(rows)

    def _judge_appointment(
        self, copy: Copy, appointment: Appointment, now: datetime
    ) -> list[Problem]:
        where = f"Appointment/{appointment.appointment_id}"
        problems: list[Problem] = []
        if copy.is_withdrawn:
            problems.append(Problem("withdrawn", where))
        unit = self.device_id(self._settings.unit_identifier_system, self._settings.unit_id)
        if not unit or unit not in appointment.device_ids:
            booked = ", ".join(appointment.device_ids)
            problems.append(
                Problem("wrong_unit_booked", f"{where}.participant", booked, unit or "?")
            )
        if appointment.start_utc is not None and self._day(appointment.start_utc) != self._day(now):
            problems.append(
                Problem(
                    "wrong_day", f"{where}.start", self._day(appointment.start_utc), self._day(now)
                )
            )
        return problems

    def _facts(
        self, appointment: Appointment, found: Iterable[Problem], now: datetime
    ) -> VisitFacts:
        problems = list(found)
        where = f"Appointment/{appointment.appointment_id}.status"
        is_done = self._given.is_signed(appointment.appointment_id)
        if is_done or appointment.status not in ("", *OPEN_STATUS):
            shown = "done" if is_done else appointment.status
            problems.append(
                Problem("wrong_appointment_status", where, shown, ", ".join(OPEN_STATUS))
            )
        patient = self._patient(appointment.patient_id, problems)
        given = self._given.of(appointment.patient_id, appointment.order_id, now, self._zone)
        problems += given.problems
        order = self._order(appointment, given, problems, now)
        threshold, threshold_problems = self._threshold(appointment.patient_id, order)
        problems += threshold_problems
        plan, level = self._judge(patient, order, threshold, given, problems, now)
        row = self._row(appointment, patient, order, problems, given, is_done=is_done, now=now)
        protocol = self._protocol(order)
        return VisitFacts(
            row,
            patient,
            order,
            threshold,
            plan,
            level,
            tuple(problems),
            None if protocol is None else protocol.resume_gap_s_max,
        )

    def _protocol(self, order: Order | None) -> Protocol | None:
        """The very version that the order names."""
        if order is None:
            return None
        return self._library.get(order.protocol_id, order.protocol_version)

    def _patient(self, patient_id: str, problems: list[Problem]) -> Patient:
        copy = self._copies.get("Patient", patient_id)
        if copy is None or copy.is_withdrawn:
            if patient_id:
                problems.append(Problem("patient_not_found", f"Patient/{patient_id}"))
            return unknown_patient(patient_id)
        patient, found = read_patient(copy.body, patient_id)
        problems += found
        return patient

    def _order(
        self, appointment: Appointment, given: Given, problems: list[Problem], now: datetime
    ) -> Order | None:
        order_id = appointment.order_id
        where = f"ServiceRequest/{order_id}"
        copy = self._copies.get("ServiceRequest", order_id)
        if copy is None:
            if order_id:
                problems.append(Problem("order_not_found", where))
            return None
        if copy.is_withdrawn:
            problems.append(Problem("withdrawn", where))
        age = now - copy.seen_utc
        if age > timedelta(days=self._settings.order_valid_days):
            days = str(self._settings.order_valid_days)
            problems.append(Problem("order_stale", where, str(age.days), days))
        reading = read_order(
            copy.body,
            order_id,
            patient_id=appointment.patient_id,
            sessions_done=given.sessions_done,
            name_of=self._name_of,
        )
        problems += reading.problems
        if reading.not_before_utc is not None and reading.not_before_utc > now:
            start = self._day(reading.not_before_utc)
            problems.append(Problem("not_yet_valid", f"{where}.occurrencePeriod.start", start))
        return reading.order

    def _name_of(self, reference: str) -> str:
        kind, _, practitioner_id = reference.partition("/")
        copy = self._copies.get(kind, practitioner_id) if kind == "Practitioner" else None
        return read_practitioner_name(copy.body, practitioner_id) if copy is not None else ""

    def _threshold(
        self, patient_id: str, order: Order | None
    ) -> tuple[MotorThreshold | None, tuple[Problem, ...]]:
        return pick_threshold(self._given.thresholds(patient_id), order)

    def _judge(
        self,
        patient: Patient,
        order: Order | None,
        threshold: MotorThreshold | None,
        given: Given,
        problems: list[Problem],
        now: datetime,
    ) -> tuple[Plan | None, int | None]:
        """Plan and level; None where they do not follow from order, protocol and threshold."""
        if order is None:
            return None, None
        protocol = self._library.get(order.protocol_id, order.protocol_version)
        protocol = protocol or self._library.get(order.protocol_id)
        problems += judge_order(
            order,
            threshold,
            protocol,
            self._limits,
            now_utc=now,
            day_pulses_done=given.day_pulses,
            day_sessions_done=given.day_sessions,
            last_session_end_utc=given.last_end_utc,
            birth_date=patient.birth_date,
            timing_us_min=self._timing_us_min,
        )
        step = order_step(order, protocol) if protocol is not None else None
        level = order_level_pct(order, threshold) if threshold is not None else None
        return step.plan if step is not None else None, level

    def _row(
        self,
        appointment: Appointment,
        patient: Patient,
        order: Order | None,
        problems: list[Problem],
        given: Given,
        *,
        is_done: bool,
        now: datetime,
    ) -> AppointmentRow:
        state = LISTED.get(appointment.status, "problem")
        if is_done:
            state = "done"
        codes = [problem.code for problem in problems]
        if state != "done" and codes:
            state = "problem"
        protocol = self._protocol(order)
        number = given.sessions_done + (0 if state == "done" else 1)
        return AppointmentRow(
            appointment_id=appointment.appointment_id,
            start_utc_s=appointment.start_utc.timestamp() if appointment.start_utc else 0.0,
            patient=patient,
            order_id=appointment.order_id,
            protocol_name=_protocol_name(order, protocol.name if protocol else ""),
            side=order.side.value if order else "",
            percent_mt=order.percent_mt if order else 0,
            session_number=number,
            sessions_total=order.sessions_total if order else 0,
            state=state,
            due=() if state == "done" else _due(codes, order, number, now),
        )


def _protocol_name(order: Order | None, name: str) -> str:
    return name or (order.protocol_id if order is not None else "")


def _due(codes: list[str], order: Order | None, number: int, now: datetime) -> tuple[str, ...]:
    """Words of the list, worst first."""
    due = []
    if any(code not in THRESHOLD_DUE for code in codes):
        due.append("problem")
    due += [word for word in THRESHOLD_DUE if word in codes]
    if order is not None:
        ends = order.valid_until_utc
        if ends is not None and now < ends < now + EXPIRING:
            due.append("order_expiring")
        if number == order.sessions_total:
            due.append("last_session")
    return tuple(due)
