"""Evaluates the alarm rules twice a second and on change; drives lamp and sounder.

Rules and reducer are the domain's; here are only the facts they look at, the moment of looking, and
the outputs. Every alarm on, off and acknowledged is logged. Runs on the loop's clock.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import structlog

from edge.domain.alarm_rules import AlarmFacts, alarm_conditions
from edge.domain.alarms import AlarmSignal, acknowledge, audio_pause_until, is_sounding, update
from edge.domain.device_facts import not_ready_reasons
from edge.domain.faults import Priority
from edge.domain.session_states import S
from edge.ports import Indicators, Lamp, WallClock
from edge.services.chair_state import AlarmState, ChairState
from edge.services.facts import Facts
from edge.services.phase import Phase
from edge.services.sounder import Sounder

log = structlog.get_logger(__name__)

PERIOD_S = 0.5
START_GRACE_S = 3.0  # [P] a service that has just started has not had time to find its controller
PERIODS_PER_MIN = 120
GATE_STATES = ("ARMED", "TRAIN")


class AlarmService:
    """The writer of ChairState.alarms."""

    def __init__(
        self,
        state: ChairState,
        facts: Facts,
        phase: Phase,
        indicators: Indicators,
        wall_clock: WallClock,
        *,
        bad_frames: Callable[[], int],
        page_silent_s: Callable[[], float | None],
    ) -> None:
        self._state = state
        self._facts = facts
        self._phase = phase
        self._indicators = indicators
        self._wall_clock = wall_clock
        self._bad_frames = bad_frames
        self._page_silent_s = page_silent_s
        self._signals: tuple[AlarmSignal, ...] = ()
        self._since_utc_s: dict[str, float] = {}
        self._bad_counts: deque[int] = deque(maxlen=PERIODS_PER_MIN)
        self._sounder = Sounder(indicators)
        self._lamp: Lamp | None = None
        self._soon: asyncio.Handle | None = None
        self._graced_until = asyncio.get_running_loop().time() + START_GRACE_S

    async def run(self, also: Callable[[], None]) -> None:
        """Until cancelled; also is called each period, before the rules."""
        try:
            while True:
                also()
                self._bad_counts.append(self._bad_frames())
                self.evaluate()
                await asyncio.sleep(PERIOD_S)
        finally:
            self._sounder.sound(None)

    def evaluate_soon(self) -> None:
        """Something the rules look at has changed."""
        if self._soon is None:
            self._soon = asyncio.get_running_loop().call_soon(self.evaluate)

    def evaluate(self) -> None:
        """Look at all rules now."""
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
        now = asyncio.get_running_loop().time()
        if self._is_starting(now):
            return
        self._replace(update(self._signals, alarm_conditions(self._alarm_facts(now)), now))
        self._drive(now)

    def acknowledge(self, alarm_id: str) -> bool:
        """False when there is no such alarm."""
        after = acknowledge(self._signals, alarm_id)
        if after is None:
            return False
        log.info("alarm acknowledged", alarm=alarm_id)
        self._replace(after)
        self._drive(asyncio.get_running_loop().time())
        return True

    def pause_audio(self) -> None:
        """Silence for at most two minutes; a new alarm ends it."""
        now = asyncio.get_running_loop().time()
        self._state.audio_paused_until = audio_pause_until(now)
        log.info("alarm sound paused")
        self._phase.touch()
        self._drive(now)

    def _is_starting(self, now: float) -> bool:
        is_found = self._state.device.heard_at is not None
        return now < self._graced_until and not is_found and self._state.state is S.IDLE

    def _alarm_facts(self, now: float) -> AlarmFacts:
        state, visit = self._state, self._state.visit
        heard_at = state.clinic_heard_at
        counts = self._bad_counts
        return AlarmFacts(
            device=self._facts.device(),
            state=state.state,
            uncertain_pulses=0 if visit is None else visit.session.dose.uncertain,
            clinic_silent_s=None if heard_at is None else now - heard_at,
            quarantined=state.quarantined,
            clock_is_trusted=self._wall_clock.now().is_trusted,
            disk_used_pct=None,
            page_silent_s=self._page_silent_s(),
            bad_frames_per_min=counts[-1] - counts[0] if counts else 0,
        )

    def _replace(self, signals: tuple[AlarmSignal, ...]) -> None:
        if signals == self._signals:
            return
        before = {signal.alarm_id: signal for signal in self._signals}
        after = {signal.alarm_id: signal for signal in signals}
        for alarm_id, signal in after.items():
            if alarm_id not in before:
                self._since_utc_s[alarm_id] = self._phase.utc_s()
                priority = signal.condition.priority.value
                log.warning("alarm on", alarm=alarm_id, priority=priority)
            elif before[alarm_id].is_active != signal.is_active:
                log.info("alarm condition", alarm=alarm_id, is_active=signal.is_active)
        for alarm_id in before:
            if alarm_id not in after:
                del self._since_utc_s[alarm_id]
                log.info("alarm off", alarm=alarm_id)
        self._signals = signals
        self._state.alarms = tuple(self._shown(signal) for signal in signals)
        self._phase.touch()

    def _shown(self, signal: AlarmSignal) -> AlarmState:
        return AlarmState(
            alarm_id=signal.alarm_id,
            priority=signal.condition.priority.value,
            kind=signal.condition.kind,
            since_utc_s=self._since_utc_s[signal.alarm_id],
            is_active=signal.is_active,
            is_acknowledged=signal.is_acknowledged,
            args=dict(signal.condition.args),
        )

    def _drive(self, now: float) -> None:
        paused_until = self._state.audio_paused_until
        if paused_until is not None and now >= paused_until:
            self._state.audio_paused_until = paused_until = None
            self._phase.touch()
        signal = is_sounding(self._signals, now, paused_until)
        self._sounder.sound(None if signal is None else signal.condition.priority)
        lamp = self._lamp_now()
        if lamp is not self._lamp:
            self._lamp = lamp
            self._indicators.set_lamp(lamp)

    def _lamp_now(self) -> Lamp:
        if any(s.is_active and s.condition.priority is Priority.HIGH for s in self._signals):
            return Lamp.FAULT
        if self._state.device.fault:
            return Lamp.FAULT
        if self._state.device.mcu_state in GATE_STATES:
            return Lamp.ARMED
        return Lamp.OFF if not_ready_reasons(self._facts.device()) else Lamp.READY
