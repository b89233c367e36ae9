"""A day at the simulated clinic: people, orders, thresholds, past sessions, today's appointments.

The same seed and instant give the same data. Names are made up. Besides plain visits there are the
ones that must be refused: an order that has ended, a protocol nobody knows, a missing threshold.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from hw_sim.clinic import resources
from hw_sim.clinic.shelf import Json
from hw_sim.plant.coil import COIL_KINDS

PROTOCOL_VERSION = "1.0.0"
SLOT = timedelta(minutes=45)
FIRST_SLOT = -2  # slots before now: two visits are over
_GIVEN = ("Alma", "Bruno", "Clara", "David", "Edda", "Felix", "Greta", "Henri", "Ida", "Jonas")
_FAMILY = ("Acker", "Brandt", "Conrad", "Dorn", "Engel", "Falk", "Gerber", "Haas", "Imhof", "Jung")
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://tms.example.org/simulated-clinic")


@dataclass(frozen=True)
class _Case:
    """One patient's situation."""

    protocol: str
    site: str
    area: str
    percent_mt: int
    sessions: int
    done: int
    status: str = "booked"
    ends_in_days: int = 60
    has_threshold: bool = True


# In the order of today's appointments.
CASES = (
    _Case("10hz-standard", "dlpfc-left", "m1-left", 120, 36, 8, status="fulfilled"),
    _Case("itbs-600", "dlpfc-left", "m1-left", 120, 36, 21, status="fulfilled"),
    _Case("itbs-600", "dlpfc-left", "m1-left", 120, 36, 11, status="arrived"),
    _Case("10hz-standard", "dlpfc-left", "m1-left", 120, 36, 4),
    _Case("1hz-right-900", "dlpfc-right", "m1-right", 110, 30, 29),
    _Case("10hz-dash", "dlpfc-left", "m1-left", 120, 36, 15, ends_in_days=-3),
    _Case("itbs-900-experimental", "dlpfc-left", "m1-left", 120, 20, 0),
    _Case("itbs-600", "dlpfc-left", "m1-left", 120, 36, 0, has_threshold=False),
)


def day(
    now: datetime, unit_id: str, *, seed: int = 1, time_zone: str = "Europe/Berlin"
) -> list[Json]:
    """All resources of the day, in an order in which references lead backwards."""
    rng = random.Random(f"clinic:{seed}")
    unit = f"unit-{unit_id.lower()}"
    found: list[Json] = [
        resources.practitioner("prac-1", "Dr", "Vera", "Lindner"),
        resources.practitioner("prac-2", "Dr", "Omar", "Hadid"),
        resources.unit_device(unit, unit_id),
    ]
    found += [
        resources.coil_device(f"coil-{kind.serial.lower()}", kind.serial, unit)
        for kind in COIL_KINDS.values()
    ]
    given = rng.sample(_GIVEN, len(CASES))
    family = rng.sample(_FAMILY, len(CASES))
    starts = _starts(now, time_zone)
    for number, case in enumerate(CASES, start=1):
        born = date(1950 + rng.randrange(50), rng.randrange(1, 13), rng.randrange(1, 29))
        mrn = f"MRN-{rng.randrange(100_000, 999_999)}"
        value_pct = rng.randrange(42, 56)
        patient_id = f"pat-{number}"
        found.append(
            resources.patient(patient_id, mrn, given[number - 1], family[number - 1], born)
        )
        found += _course(case, number, patient_id, now, value_pct)
        found.append(
            resources.appointment(
                f"apt-{_day_name(now, time_zone)}-{number}",
                patient_id,
                unit,
                f"order-{number}",
                start=starts[number - 1],
                end=starts[number - 1] + timedelta(minutes=30),
                status=case.status,
            )
        )
    return found


def has_day(appointments: Iterable[Json], now: datetime, time_zone: str) -> bool:
    """Whether today's appointments are there already."""
    start = f"apt-{_day_name(now, time_zone)}-"
    return any(str(appointment["id"]).startswith(start) for appointment in appointments)


def _course(case: _Case, number: int, patient_id: str, now: datetime, value_pct: int) -> list[Json]:
    """Order, threshold and the sessions given so far."""
    order_id = f"order-{number}"
    began = now - timedelta(days=case.done + 7)
    found = [
        resources.order(
            order_id,
            patient_id,
            f"prac-{1 + number % 2}",
            protocol=case.protocol,
            version=PROTOCOL_VERSION,
            site=case.site,
            percent_mt=case.percent_mt,
            sessions=case.sessions,
            authored=began,
            until=now + timedelta(days=case.ends_in_days),
        )
    ]
    if case.has_threshold:
        found.append(
            resources.threshold(
                f"mt-{number}",
                patient_id,
                value_pct=value_pct,
                area=case.area,
                measured=now - timedelta(days=5),
            )
        )
    for count in range(case.done):
        start = now - timedelta(days=case.done - count)
        found.append(
            resources.past_session(
                f"past-{number}-{count + 1}",
                str(uuid.uuid5(_NAMESPACE, f"{number}.{count}")),
                patient_id,
                order_id,
                start=start,
                end=start + timedelta(minutes=20),
            )
        )
    return found


def _day_name(now: datetime, time_zone: str) -> str:
    return f"{now.astimezone(ZoneInfo(time_zone)):%Y%m%d}"


def _starts(now: datetime, time_zone: str) -> list[datetime]:
    """Starts around now, all within the unit's local day."""
    local = now.astimezone(ZoneInfo(time_zone))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    base = local.replace(minute=local.minute // 15 * 15, second=0, microsecond=0)
    earliest = midnight - FIRST_SLOT * SLOT
    latest = midnight + timedelta(hours=23) - (len(CASES) + FIRST_SLOT) * SLOT
    base = min(max(base, earliest), latest)
    return [base + (FIRST_SLOT + index) * SLOT for index in range(len(CASES))]
