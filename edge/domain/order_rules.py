"""Judges an order against threshold, protocol and limits: every problem at once, nothing clamped.

Refusals only; an order with problems is shown with all of them and cannot be armed. The prescriber
or the clinic's data must change, not the number on the screen. The clock (now_utc) and what was
already given come in as arguments; who may override is not decided here. Pure.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from edge.domain.prescription import (
    MotorThreshold,
    MtBasis,
    Order,
    Problem,
    Side,
    level_from_threshold,
)
from edge.domain.protocol import Protocol, Step
from edge.domain.protocol_parse import PERCENT_MT_MAX
from firmware.wire.limits import LEVEL_PCT_MAX, LEVEL_PCT_MIN

PERCENT_MT_OVERRIDE_MAX = 130  # [P] with the prescriber's override, which this unit cannot take yet
# Laboratory clocks differ; a threshold dated a little ahead is not from the future. [P]
THRESHOLD_AHEAD = timedelta(minutes=5)


class OrderLimits(typing.Protocol):
    """The part of the unit's limits that orders are judged by; edge.config.LimitsConfig fits."""

    @property
    def level_pct_max(self) -> int: ...

    @property
    def session_pulses_max(self) -> int: ...

    @property
    def day_pulses_max(self) -> int: ...

    @property
    def percent_mt_max(self) -> int: ...

    @property
    def threshold_age_days_max(self) -> int: ...


def judge_order(
    order: Order,
    threshold: MotorThreshold | None,
    protocol: Protocol | None,
    limits: OrderLimits,
    *,
    now_utc: datetime,
    day_pulses_done: int = 0,
    day_sessions_done: int = 0,
    last_session_end_utc: datetime | None = None,
    birth_date: date | None = None,
    timing_us_min: int | None = None,
) -> tuple[Problem, ...]:
    """Everything that keeps this order from being given now; empty when nothing does.

    timing_us_min: the shortest interval that the fitted controller can time; None while unknown.
    """
    problems = [*_judge_validity(order, now_utc)]
    if protocol is None:
        problems.append(Problem("unknown_protocol", "protocol_id", order.protocol_id))
        problems += _judge_threshold(order, threshold, limits, now_utc)
        return tuple(problems)
    problems += _judge_protocol(order, protocol)
    problems += _judge_age(protocol, birth_date, now_utc)
    problems += _judge_percent(order, protocol, limits)
    problems += _judge_threshold(order, threshold, limits, now_utc)
    problems += _judge_gap(protocol, last_session_end_utc, now_utc)
    problems += _judge_totals(order, protocol, limits, day_pulses_done, day_sessions_done)
    problems += _judge_timing(order, protocol, timing_us_min)
    return tuple(problems)


def order_step(order: Order, protocol: Protocol) -> Step | None:
    """The step that this order plans from; None when the timing is open, or not for its side."""
    if len(protocol.steps) != 1 or protocol.steps[0].side is not order.side:
        return None
    return protocol.steps[0]


def order_level_pct(order: Order, threshold: MotorThreshold) -> int:
    """Level in % of maximum output; meaningful only when the order has no problems."""
    return level_from_threshold(threshold.mt_pct_mso, order.percent_mt)


def _judge_validity(order: Order, now_utc: datetime) -> Iterator[Problem]:
    if order.authored_utc > now_utc:
        yield Problem("not_yet_valid", "authored_utc", _day(order.authored_utc))
    if order.valid_until_utc is not None and order.valid_until_utc <= now_utc:
        yield Problem("expired", "valid_until_utc", _day(order.valid_until_utc))
    if order.sessions_done >= order.sessions_total:
        yield Problem(
            "sessions_exhausted",
            "sessions_done",
            str(order.sessions_done),
            str(order.sessions_total),
        )


def _judge_protocol(order: Order, protocol: Protocol) -> Iterator[Problem]:
    if protocol.version != order.protocol_version:
        yield Problem(
            "protocol_version", "protocol_version", order.protocol_version, protocol.version
        )
    if protocol.needs_order:
        yield Problem("protocol_needs_order", "protocol_id", protocol.protocol_id)
    if len(protocol.steps) > 1:
        yield Problem("two_steps", "protocol_id", protocol.protocol_id)
    if order.coil_type not in protocol.coil_types:
        yield Problem("coil_mismatch", "coil_type", order.coil_type, ", ".join(protocol.coil_types))
    if order.side is not protocol.side:
        yield Problem("side_mismatch", "side", order.side.value, protocol.side.value)
    if order.site != protocol.site:
        yield Problem("site_mismatch", "site", order.site, protocol.site)
    if protocol.mt_basis is not None and order.mt_basis is not protocol.mt_basis:
        yield Problem("basis_mismatch", "mt_basis", order.mt_basis.value, protocol.mt_basis.value)


def _judge_age(protocol: Protocol, birth_date: date | None, now_utc: datetime) -> Iterator[Problem]:
    if birth_date is None:
        return
    age = age_years(birth_date, now_utc.date())
    low, high = protocol.age_years_min, protocol.age_years_max
    if (low is not None and age < low) or (high is not None and age > high):
        limit = f"{low if low is not None else 0} to {high if high is not None else '…'}"
        yield Problem("age_outside", "birth_date", str(age), limit)


def age_years(birth_date: date, today: date) -> int:
    """Completed years."""
    had_birthday = (today.month, today.day) >= (birth_date.month, birth_date.day)
    return today.year - birth_date.year - (0 if had_birthday else 1)


def _judge_percent(order: Order, protocol: Protocol, limits: OrderLimits) -> Iterator[Problem]:
    percent = order.percent_mt
    shown = f"{percent} %"
    most = min(PERCENT_MT_MAX, limits.percent_mt_max)
    if percent > PERCENT_MT_OVERRIDE_MAX or percent > limits.percent_mt_max:
        yield Problem("percent_above", "percent_mt", shown, f"{most} %")
    elif percent > PERCENT_MT_MAX:
        yield Problem("percent_override", "percent_mt", shown, f"{PERCENT_MT_MAX} %")
    elif protocol.percent is not None and percent > protocol.percent.max_pct:
        yield Problem("percent_above", "percent_mt", shown, f"{protocol.percent.max_pct} %")
    least = protocol.percent.min_pct if protocol.percent is not None else 1
    if percent < least:
        yield Problem("percent_below", "percent_mt", shown, f"{least} %")


def _judge_threshold(
    order: Order, threshold: MotorThreshold | None, limits: OrderLimits, now_utc: datetime
) -> Iterator[Problem]:
    if threshold is None:
        yield Problem("threshold_missing", "threshold")
        return
    age = now_utc - threshold.measured_utc
    if age > timedelta(days=limits.threshold_age_days_max):
        yield Problem(
            "threshold_old",
            "threshold.measured_utc",
            f"{age.days} d",
            f"{limits.threshold_age_days_max} d",
        )
    if -age > THRESHOLD_AHEAD:
        yield Problem("threshold_future", "threshold.measured_utc", _day(threshold.measured_utc))
    if threshold.coil_type != order.coil_type:
        yield Problem("threshold_coil", "threshold.coil_type", threshold.coil_type, order.coil_type)
    if threshold.basis is not order.mt_basis:
        yield Problem(
            "threshold_basis", "threshold.basis", threshold.basis.value, order.mt_basis.value
        )
    if _is_other_side(order, threshold):
        yield Problem("threshold_side", "threshold.side", threshold.side.value, order.side.value)
    yield from _judge_level(order, threshold, limits)


def _is_other_side(order: Order, threshold: MotorThreshold) -> bool:
    """A threshold belongs to a hemisphere, except that of the leg for a midline target."""
    if order.side in (Side.LEFT, Side.RIGHT):
        return threshold.side is not order.side
    return order.mt_basis is not MtBasis.LEG_RMT and threshold.side is Side.MIDLINE


def _judge_level(order: Order, threshold: MotorThreshold, limits: OrderLimits) -> Iterator[Problem]:
    """Refused, never clamped: a smaller dose needs the prescriber's order."""
    if not LEVEL_PCT_MIN <= threshold.mt_pct_mso <= LEVEL_PCT_MAX:
        yield Problem(
            "threshold_range",
            "threshold.mt_pct_mso",
            f"{threshold.mt_pct_mso} %",
            f"{LEVEL_PCT_MIN} to {LEVEL_PCT_MAX} %",
        )
        return
    level_pct = order_level_pct(order, threshold)
    most = min(LEVEL_PCT_MAX, limits.level_pct_max)
    if level_pct > most:
        yield Problem("level_above", "level_pct_mso", f"{level_pct} %", f"{most} %")
    if level_pct < LEVEL_PCT_MIN:
        yield Problem("level_below", "level_pct_mso", f"{level_pct} %", f"{LEVEL_PCT_MIN} %")


def _judge_gap(
    protocol: Protocol, last_session_end_utc: datetime | None, now_utc: datetime
) -> Iterator[Problem]:
    if last_session_end_utc is None or protocol.gap_s_min == 0:
        return
    gap = now_utc - last_session_end_utc
    if gap < timedelta(seconds=protocol.gap_s_min):
        done_min = max(0, int(gap.total_seconds() // 60))
        yield Problem(
            "gap_short",
            "last_session_end_utc",
            f"{done_min} min",
            f"{protocol.gap_s_min // 60} min",
        )


def _judge_totals(
    order: Order, protocol: Protocol, limits: OrderLimits, day_pulses: int, day_sessions: int
) -> Iterator[Problem]:
    step = order_step(order, protocol)
    if step is None:
        return
    pulses = step.plan.pulses
    if pulses > limits.session_pulses_max:
        yield Problem("session_limit", "pulses", str(pulses), str(limits.session_pulses_max))
    if day_pulses + pulses > limits.day_pulses_max:
        yield Problem("day_limit", "pulses", str(day_pulses + pulses), str(limits.day_pulses_max))
    sessions_max = protocol.sessions_per_day_max
    if sessions_max is None:
        return
    # By sessions and by pulses: a session broken off counts with what it gave.
    is_over = day_sessions >= sessions_max or day_pulses + pulses > sessions_max * pulses
    if is_over:
        yield Problem("day_sessions", "sessions_per_day_max", str(day_sessions), str(sessions_max))


def _judge_timing(order: Order, protocol: Protocol, timing_us_min: int | None) -> Iterator[Problem]:
    step = order_step(order, protocol)
    asked_us = None if step is None else step.plan.interval_us_min
    if asked_us is not None and timing_us_min is not None and asked_us < timing_us_min:
        yield Problem("interval_short", "ipi_us_min", _ms(asked_us), _ms(timing_us_min))


def _ms(us: int) -> str:
    return f"{us / 1000:g} ms"


def _day(at: datetime) -> str:
    return at.astimezone(UTC).date().isoformat()
