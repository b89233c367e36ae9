"""Foresees the coil's heat, live: for the start, for the running session, after its last pulse.

Feeds edge/domain/coil_heat.py with the readings and the sensed pulses of the coil that is plugged
in, and every few seconds puts a forecast of what is left into ChairState. Holds the session when
the cooling fails, or when the next pulses would bring the contact face over its limit: in front of
the trips of controller and edge, never instead of them. Runs in the client's callbacks on the loop.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

import structlog

from edge.config import LimitsConfig
from edge.domain.coil_heat import CoilHeat
from edge.domain.device_facts import HeatAhead
from edge.domain.session_states import S
from edge.domain.thermal import NOMINAL, Block, Forecast, blocks_of, first_seconds, level_square
from edge.domain.thermal_learn import Reading
from edge.services.chair_state import ChairState, HeatForecast, VisitState
from edge.services.coil_memory import CoilMemory
from edge.services.phase import Phase
from firmware.wire.codes import PULSE_CUT, PULSE_EMITTED
from firmware.wire.message import Message
from firmware.wire.reports import PulseReport, TrainResult

log = structlog.get_logger(__name__)

FORECAST_S = 2.5  # [P] at least two looks within DECIDE_S
READY_S = 10.0  # how often the waiting time is reckoned anew; it takes a dozen forecasts
# [P] of the next train that is weighed on its own; a longer one can be held in the middle
CHUNK_S = 10.0
DECIDE_S = 5.0  # a train is weighed when it is this near: the coil cools until then
COUNTDOWN_S = 3.0  # from Start or Resume to the first pulse
LOST_MAX = 60  # [P] reports lost one after the other; more would have stopped the session
WARM_UP_C = 0.05  # [C] half a step of the display: less is no change of a forecast
SENSED = (PULSE_EMITTED, PULSE_CUT)
COOLING, AHEAD = "cooling_trend", "too_hot_ahead"
ON_HEAD = (S.ARMED, S.TREATING)  # where nobody parks it; in other phases it may hang in the air
# Where a rest of the plan is still to be given.
WITH_REST = (
    S.PATIENT,
    S.CHECKS,
    S.READY,
    S.ARMING,
    S.ARMED,
    S.TREATING,
    S.PAUSED,
    S.RESUMING,
    S.STOPPED,
)


class ThermalWatch:
    """The writer of ChairState.heat. hold pauses a session with a stop code."""

    def __init__(
        self,
        state: ChairState,
        limits: LimitsConfig,
        phase: Phase,
        memory: CoilMemory,
        hold: Callable[[str], None],
    ) -> None:
        self._state = state
        self._phase = phase
        self._memory = memory
        self._hold = hold
        self._limit_c10 = limits.surface_c10_max
        self._limit_c = limits.surface_c10_max / 10
        self._winding_limit_c = limits.winding_c10_max / 10
        self._coil: CoilHeat | None = None
        self._coil_id = ("", "")
        self._level_sum = 0.0
        self._ordinal: int | None = None  # of the last pulse that was heard of
        self._due_at = 0.0
        self._ready: tuple[float, tuple[object, ...], float | None] | None = None
        phase.on_move(lambda was, _now, _event: self._moved(was))

    def take_report(self, report: Message, _at_s: float) -> None:
        """Pulses are heat; a train's result makes up for reports that were lost."""
        if isinstance(report, PulseReport) and report.result in SENSED:
            given = 1 if self._ordinal is None else report.ordinal - self._ordinal
            self._ordinal = report.ordinal
            # Those between two reports were given as well; a new session counts from 1 again.
            given = given if 1 <= given <= LOST_MAX else 1
            self._level_sum += given * (report.amplitude_pm / 1000) ** 2
        elif isinstance(report, TrainResult):
            self._take_result(report)

    def _take_result(self, result: TrainResult) -> None:
        """Pulses that no report told of are heat as well, but nobody can learn from them."""
        lost = 0 if self._ordinal is None else result.session_pulses - self._ordinal
        self._ordinal = result.session_pulses
        if lost > 0:
            self._level_sum += lost * level_square(self._state.device.ordered_pct_mso)
        if self._coil is not None:
            if lost:
                self._coil.end_stretch()
            elif result.emitted:
                self._coil.train_done()

    def take_status(self) -> None:
        """The controller has read its sensors."""
        self._look_at_plug()
        now = asyncio.get_running_loop().time()
        if self._coil is not None:
            self._read(self._coil, now)
        if now >= self._due_at:
            self._due_at = now + FORECAST_S
            self.look()

    def _read(self, coil: CoilHeat, now: float) -> None:
        device = self._state.device
        face_c10, winding_c10 = device.surface_c10, device.winding_c10
        if face_c10 is None or winding_c10 is None:
            self._end_stretch()
            return
        reading = Reading(now, face_c10 / 10, winding_c10 / 10, self._level_sum)
        had_failed = coil.has_cooling_failed
        is_on_head = self._phase.now in ON_HEAD
        coil.take(reading, is_on_head=is_on_head, own_face_c=self._own_face_c())
        if self._state.heat is None or coil.has_cooling_failed is not had_failed:
            self._due_at = now

    def on_lost(self) -> None:
        """Nothing is heard of the coil."""
        self._end_stretch()

    def look(self) -> None:
        """Foresee, show, and hold the session when it has to be."""
        forecast = self._forecast()
        if not _is_alike(self._state.heat, forecast):
            self._phase.touch()
        self._state.heat = forecast
        if self._phase.now is S.TREATING and self._coil is not None:
            if self._coil.has_cooling_failed:
                self._stop_here(COOLING)
            elif self._is_at_risk(forecast) and self._is_next_too_much(self._coil):
                self._stop_here(AHEAD)

    def _moved(self, was: S) -> None:
        """What is left to give may be another now; the next status is a tenth of a second away."""
        self._due_at = 0.0
        if was is S.TREATING:
            self._keep()

    def _stop_here(self, code: str) -> None:
        log.warning("held for heat", code=code)
        self._phase.say(code)
        self._hold(code)

    def _is_at_risk(self, forecast: HeatForecast | None) -> bool:
        """Whether all that is left would pass the limit; a part of it is never warmer."""
        peak_c10 = None if forecast is None else forecast.ahead.peak_c10
        return peak_c10 is not None and peak_c10 > self._limit_c10

    def _is_next_too_much(self, coil: CoilHeat) -> bool:
        """Whether the face would pass its limit even if nothing followed the next pulses."""
        visit = self._state.visit
        assert visit is not None, "treating without a visit"
        ahead = first_seconds(self._rest(visit), CHUNK_S)
        if not ahead or ahead[0].start_s > DECIDE_S:
            return False
        forecast = coil.forecast(ahead, visit.level_pct_mso or 0, self._limit_c)
        return forecast is not None and coil.judged_peak_c(forecast) > self._limit_c

    def _forecast(self) -> HeatForecast | None:
        coil, visit = self._coil, self._state.visit
        if coil is None:
            return None
        blocks: tuple[Block, ...] = ()
        level_pct = 0
        if visit is not None and self._phase.now in WITH_REST:
            blocks, level_pct = self._rest(visit), visit.level_pct_mso or 0
        found = coil.forecast(blocks, level_pct, self._limit_c)
        if found is None:
            return None
        return HeatForecast(
            made_at=asyncio.get_running_loop().time(),
            ahead=self._judged(coil, found, blocks, level_pct),
            peak_c=found.peak_c,
            peak_in_s=found.peak_at_s,
            points=found.points,
            is_learned=coil.is_learned,
        )

    def _judged(
        self, coil: CoilHeat, found: Forecast, blocks: tuple[Block, ...], level_pct: int
    ) -> HeatAhead:
        ready_in_s = self._ready_in_s(coil, found, blocks, level_pct) if blocks else 0.0
        start = "none" if not blocks else _start_word(ready_in_s)
        return HeatAhead(
            start=start,
            ready_in_s=ready_in_s or None,
            peak_c10=self._peak_c10(coil, found),
            limit_in_s=found.limit_at_s,
            is_off_head_due=self._is_off_head_due(coil, found),
            has_cooling_failed=coil.has_cooling_failed,
        )

    def _peak_c10(self, coil: CoilHeat, found: Forecast) -> int:
        """With its margin, rounded up: what is above the limit stays above it."""
        return math.ceil(coil.judged_peak_c(found) * 10)

    def _is_off_head_due(self, coil: CoilHeat, found: Forecast) -> bool:
        """Whether the face would pass its limit although nothing more is given."""
        is_treating = self._phase.now is S.TREATING
        if is_treating or coil.judged_peak_c(found) <= self._limit_c:
            return False
        alone = coil.forecast((), 0, self._limit_c)
        assert alone is not None, "there was a reading"
        return coil.judged_peak_c(alone) > self._limit_c

    def _ready_in_s(
        self, coil: CoilHeat, found: Forecast, blocks: tuple[Block, ...], level_pct: int
    ) -> float | None:
        """0 for at once. A longer wait is reckoned every ten seconds and counted down between."""
        is_fit = coil.judged_peak_c(found) <= self._limit_c
        if is_fit and found.winding_peak_c < self._winding_limit_c:
            self._ready = None
            return 0.0
        now = asyncio.get_running_loop().time()
        key = (len(blocks), blocks[0].pulses, level_pct)
        if self._ready is None or self._ready[1] != key or now - self._ready[0] >= READY_S:
            wait_s = coil.ready_in_s(blocks, level_pct, self._limit_c, self._winding_limit_c)
            self._ready = (now, key, wait_s)
        made_at, _, wait_s = self._ready
        # Unfit by the present forecast: a waiting time that has run out is not a yes.
        return None if wait_s is None else max(1.0, wait_s - (now - made_at))

    def _rest(self, visit: VisitState) -> tuple[Block, ...]:
        """What is left to give, seen from now."""
        session, plan = visit.session, visit.plan
        if plan is None:
            return ()
        starts_in_s = COUNTDOWN_S
        if self._phase.now is S.TREATING:
            ends_at = session.stage_ends_at
            is_waiting = session.stage in ("countdown", "gap") and ends_at is not None
            now = asyncio.get_running_loop().time()
            starts_in_s = max(0.0, ends_at - now) if is_waiting and ends_at is not None else 0.0
        return blocks_of(plan, min(session.dose.delivered, plan.pulses), starts_in_s)

    def _own_face_c(self) -> float | None:
        device = self._state.device
        if device.surface_own_c10 is None or device.surface_own_doubt:
            return None
        return device.surface_own_c10 / 10

    def _look_at_plug(self) -> None:
        """Another coil has its own constants; the same one is known again."""
        device = self._state.device
        coil_id = (device.coil_serial, device.coil_type)
        if coil_id == self._coil_id:
            return
        self._keep()
        self._coil_id = coil_id
        self._coil = self._ready = None
        nominal = NOMINAL.get(device.coil_type)
        if nominal is not None:
            known, trains = self._memory.find(*coil_id) or (None, 0)
            self._coil = CoilHeat(nominal, known, trains)
            log.info("coil", serial=device.coil_serial, type=device.coil_type, trains=trains)

    def _end_stretch(self) -> None:
        if self._coil is not None:
            self._coil.end_stretch()
        if self._state.heat is not None:
            self._state.heat = None
            self._phase.touch()

    def _keep(self) -> None:
        """What a session has taught outlives the service; a coil without a number is forgotten."""
        serial, coil_type = self._coil_id
        if self._coil is not None and serial and self._coil.is_learned:
            self._memory.keep(serial, coil_type, self._coil.constants(), self._coil.trains)


def _start_word(ready_in_s: float | None) -> str:
    if ready_in_s is None:
        return "never"
    return "ok" if ready_in_s == 0 else "wait"


def _is_alike(shown: HeatForecast | None, fresh: HeatForecast | None) -> bool:
    """A person could not tell them apart; their curves run on with the clock."""
    if shown is None or fresh is None:
        return shown is fresh
    return (
        abs(shown.peak_c - fresh.peak_c) < WARM_UP_C
        and shown.ahead.start == fresh.ahead.start
        and shown.ahead.is_off_head_due == fresh.ahead.is_off_head_due
        and shown.ahead.has_cooling_failed == fresh.ahead.has_cooling_failed
    )
