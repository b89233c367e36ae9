"""Evaluates the alarm rules twice a second and on change; drives lamp and sounder.

Rules and reducer are the domain's; here are only the facts they look at, the moment of looking, and
the outputs. Every alarm on, off, acknowledged and paused is logged. Tries the sounder at start and
on request. Runs on the loop's clock.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from edge.domain.alarm_rules import AlarmFacts, alarm_conditions
from edge.domain.alarm_sounds import cause_of, score
from edge.domain.alarms import (
    AUDIO_PAUSE_S_MAX,
    AlarmSignal,
    acknowledge,
    audio_pause_until,
    is_sounding,
    pause_left,
    restored,
    update,
)
from edge.domain.device_facts import not_ready_reasons
from edge.domain.faults import Priority
from edge.domain.session_states import OUTPUT_POSSIBLE, S
from edge.domain.verdict import ACCEPTED, Verdict, refused
from edge.ports import DiskSpace, Indicators, Lamp, Store, StoreError, WallClock
from edge.services.alarm_log import UNIT, AlarmLog
from edge.services.alarm_test import AlarmTest
from edge.services.chair_state import AlarmState, ChairState
from edge.services.facts import Facts
from edge.services.phase import Phase
from edge.services.sounder import Sounder
from edge.services.texts import Sentence

log = structlog.get_logger(__name__)

PERIOD_S = 0.5
COUNT_S = 1.0  # [P] the controller's count is read within a few answers of the line
START_GRACE_S = 3.0  # [P] a service that has just started has not had time to find its controller
PERIODS_PER_MIN = 120
GATE_STATES = ("ARMED", "TRAIN")
TEST_TRIES = 3  # [P] one lost reading is no dead sounder
STOP_WAITS = (S.STOPPED, S.UNCERTAIN)


@dataclass(frozen=True)
class AlarmSources:
    """Where the facts come from that nobody else keeps."""

    bad_frames: Callable[[], int]
    repeats: Callable[[], int]
    page_silent_s: Callable[[], float | None]
    loop_late_ms: Callable[[], int]
    disk: DiskSpace
    store: Store
    is_recorded: Callable[[], bool]
    sentence: Sentence


class AlarmService:
    """The writer of ChairState.alarms and ChairState.sounder."""

    def __init__(
        self,
        state: ChairState,
        facts: Facts,
        phase: Phase,
        indicators: Indicators,
        wall_clock: WallClock,
        alarm_log: AlarmLog,
        sources: AlarmSources,
    ) -> None:
        self._state = state
        self._facts = facts
        self._phase = phase
        self._indicators = indicators
        self._wall_clock = wall_clock
        self._log = alarm_log
        self._sources = sources
        self._signals: tuple[AlarmSignal, ...] = ()
        self._since_utc_s: dict[str, float] = {}
        self._bad_counts: deque[int] = deque(maxlen=PERIODS_PER_MIN)
        self._repeat_counts: deque[int] = deque(maxlen=PERIODS_PER_MIN)
        self._disk_used_pct: int | None = None
        self._uncertain_at: float | None = None  # loop seconds, since when pulses are not settled
        self._sounder = Sounder(indicators, self._sounder_judged)
        self._playing = Priority.LOW  # of the burst that was begun last
        self._test = AlarmTest(indicators)
        self._tester = UNIT
        self._test_due = asyncio.Event()
        self._test_due.set()  # at start
        self._lamp: Lamp | None = None
        self._soon: asyncio.Handle | None = None
        self._graced_until = asyncio.get_running_loop().time() + START_GRACE_S

    async def run(self, also: Callable[[], None]) -> None:
        """Until cancelled; also is called each period, before the rules."""
        self._restore()
        periods = 0
        try:
            while True:
                also()
                if periods % PERIODS_PER_MIN == 0:
                    self._disk_used_pct = self._sources.disk.used_pct()
                periods += 1
                self._bad_counts.append(self._sources.bad_frames())
                self._repeat_counts.append(self._sources.repeats())
                self.evaluate()
                self._prove_sounder()
                await asyncio.sleep(PERIOD_S)
        finally:
            self._sounder.silence()

    async def run_tests(self) -> None:
        """Until cancelled: one test at start, others when they are asked for."""
        try:
            while True:
                await self._test_due.wait()
                await self._try_sounder()
        finally:
            self._indicators.set_sounder(None)

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
        before = self._signals
        self._replace(update(before, alarm_conditions(self._alarm_facts(now)), now))
        self._drive(now, by_person=False)
        self._write_down(before)

    def acknowledge(self, who: str, alarm_id: str) -> bool:
        """False when there is no such alarm."""
        after = acknowledge(self._signals, alarm_id)
        if after is None:
            return False
        log.info("alarm acknowledged", alarm=alarm_id, who=who)
        self._log.acknowledged(who, alarm_id)
        before = self._signals
        self._replace(after)
        self._drive(asyncio.get_running_loop().time(), by_person=True)
        self._write_down(before)
        return True

    def pause_audio(self, who: str) -> None:
        """Silence for at most two minutes; a new alarm ends it."""
        now = asyncio.get_running_loop().time()
        self._state.audio_paused_until = audio_pause_until(now)
        log.info("alarm sound paused", who=who)
        self._log.paused(who, AUDIO_PAUSE_S_MAX)
        self._phase.touch()
        self._drive(now, by_person=True)

    def judge_test(self) -> Verdict:
        """Not beside a live coil, and not while an alarm needs the sounder."""
        if self._phase.now in OUTPUT_POSSIBLE:
            return refused("wrong_state", state=self._phase.now.value)
        return refused("alarm_sounds") if self._is_needed() else ACCEPTED

    def judge_test_by_hand(self) -> Verdict:
        """The same outside a safety test, where an urgent alarm keeps its lamp also in silence."""
        return refused("alarm_sounds") if self._is_urgent() else self.judge_test()

    def ask_test(self, who: str) -> Verdict:
        """Try lamps and sounder now; the outcome shows as ChairState.sounder."""
        verdict = self.judge_test()
        if verdict.is_accepted:
            self._tester = who
            self._test_due.set()
        return verdict

    def _restore(self) -> None:
        """What nobody had acknowledged when the service ended is shown and heard again."""
        try:
            conditions = self._log.unacknowledged()
        except StoreError as error:
            log.error("alarm log not read", why=str(error))  # noqa: TRY400
            return
        signals = restored(conditions, asyncio.get_running_loop().time())
        if signals:
            log.warning("alarms restored", alarms=[signal.alarm_id for signal in signals])
        self._replace(signals)
        self._write_down(())

    def _prove_sounder(self) -> None:
        """A test that an alarm cut off is made when the sounder is free."""
        if self._state.sounder == "open" and not self._is_needed() and not self._is_urgent():
            self._test_due.set()

    def _is_needed(self) -> bool:
        """An alarm must be heard now; one of low priority gives way for the second of a test."""
        return self._sounder.is_playing and self._playing is not Priority.LOW

    def _is_urgent(self) -> bool:
        return any(s.is_active and s.condition.priority is Priority.HIGH for s in self._signals)

    async def _try_sounder(self) -> None:
        who, self._tester = self._tester, UNIT
        is_good: bool | None = False
        for _ in range(TEST_TRIES):
            if is_good is False:
                is_good = None if self._is_needed() else await self._tried()
        self._test_due.clear()
        if is_good is not None:
            self._set_sounder("passed" if is_good else "failed", who)
        self._lamp = None  # the test has had it
        self._drive(asyncio.get_running_loop().time(), by_person=False)

    async def _tried(self) -> bool | None:
        self._sounder.silence()
        return await self._test.run()

    def _sounder_judged(self, is_good: bool) -> None:
        """The current of bursts that were played proves or refutes; a dead one needs a test."""
        if is_good and self._state.sounder == "open":
            self._set_sounder("passed", UNIT)
        elif not is_good:
            self._set_sounder("failed", UNIT)
        self.evaluate_soon()

    def _set_sounder(self, result: str, who: str) -> None:
        self._state.sounder = result
        self._state.sounder_utc_s = self._phase.utc_s()
        tell = log.info if result == "passed" else log.error
        tell("alarm test", result=result, who=who)
        self._log.tested(who, result)
        self._phase.touch()

    def _is_starting(self, now: float) -> bool:
        is_found = self._state.device.heard_at is not None
        return now < self._graced_until and not is_found and self._state.state is S.IDLE

    def _alarm_facts(self, now: float) -> AlarmFacts:
        state = self._state
        heard_at = state.clinic_heard_at
        return AlarmFacts(
            device=self._facts.device(),
            state=state.state,
            link_lost_s=self._link_lost_s(now),
            uncertain_pulses=self._uncertain_pulses(now),
            clinic_silent_s=None if heard_at is None else now - heard_at,
            quarantined=state.quarantined,
            clock_is_trusted=self._wall_clock.now().is_trusted,
            disk_used_pct=self._disk_used_pct,
            is_store_log_failed=bool(self._sources.store.log_failure()),
            store_repaired=self._sources.store.repaired(),
            is_recorded=self._sources.is_recorded(),
            page_silent_s=self._sources.page_silent_s(),
            bad_frames_per_min=_grown(self._bad_counts),
            sounder=state.sounder,
            loop_late_ms=self._sources.loop_late_ms(),
            repeats_per_min=_grown(self._repeat_counts),
            stop_code=self._stop_code(),
            held_code=self._held_code(),
            expected=state.safety.expected,
        )

    def _link_lost_s(self, now: float) -> float | None:
        """Only of a loss that is told of: a safety test makes some of its own."""
        is_told = any(s.is_active and s.alarm_id == "link_down" for s in self._signals)
        lost_at = self._state.device.lost_at
        return now - lost_at if is_told and lost_at is not None else None

    def _uncertain_pulses(self, now: float) -> int:
        """Not while the controller's count is just being read, as after each stop in a train."""
        visit = self._state.visit
        pulses = 0 if visit is None else visit.session.dose.uncertain
        if pulses == 0:
            self._uncertain_at = None
            return 0
        if self._uncertain_at is None:
            self._uncertain_at = now
        return pulses if now - self._uncertain_at >= COUNT_S else 0

    def _stop_code(self) -> str:
        """Of the stop that waits to be understood."""
        visit = self._state.visit
        if visit is None or visit.session.stop is None or self._state.state not in STOP_WAITS:
            return ""
        return "" if visit.session.stop.is_cleared else visit.session.stop.code

    def _held_code(self) -> str:
        """Why the running pause began, when no person asked for it."""
        visit = self._state.visit
        if visit is None or visit.session.stop is None or self._state.state is not S.PAUSED:
            return ""
        return visit.session.stop.code

    def _replace(self, signals: tuple[AlarmSignal, ...]) -> None:
        if signals == self._signals:
            return
        self._since_utc_s = {
            signal.alarm_id: self._since_utc_s.get(signal.alarm_id, self._phase.utc_s())
            for signal in signals
        }
        self._signals = signals
        self._state.alarms = tuple(self._shown(signal) for signal in signals)
        self._phase.touch()

    def _write_down(self, signals_before: tuple[AlarmSignal, ...]) -> None:
        """What has become of the signals; after lamp and sounder, as a disk may be slow."""
        before = {signal.alarm_id: signal for signal in signals_before}
        after = {signal.alarm_id: signal for signal in self._signals}
        for alarm_id, signal in after.items():
            self._note(before.get(alarm_id), signal)
        for alarm_id in before:
            if alarm_id not in after:
                log.info("alarm off", alarm=alarm_id)
                self._log.off(alarm_id)

    def _note(self, was: AlarmSignal | None, signal: AlarmSignal) -> None:
        """A signal is new, has come up again, or its condition has gone."""
        alarm_id, condition = signal.alarm_id, signal.condition
        if signal.is_active and (was is None or was.raised_at != signal.raised_at):
            words = self._sources.sentence(f"alarm-{alarm_id}-what", condition.args)
            priority = condition.priority.value
            log.warning("alarm on", alarm=alarm_id, priority=priority, text=words)
            self._log.on(signal)
        elif was is not None and was.is_active != signal.is_active:
            log.info("alarm condition", alarm=alarm_id, is_active=signal.is_active)

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

    def _drive(self, now: float, *, by_person: bool) -> None:
        paused_until = self._state.audio_paused_until
        left = pause_left(self._signals, now, paused_until)
        if paused_until is not None and left is None:
            self._state.audio_paused_until = None
            log.info("alarm sound is back")
            self._log.pause_over()
            self._phase.touch()
        self._sound(is_sounding(self._signals, now, left), by_person=by_person)
        lamp = self._lamp_now()
        if lamp is not self._lamp and not self._test.is_running:
            self._lamp = lamp
            self._indicators.set_lamp(lamp)

    def _sound(self, signal: AlarmSignal | None, *, by_person: bool) -> None:
        if signal is not None:
            if signal.condition.priority is Priority.LOW and self._test_due.is_set():
                return  # it sounds when the test is over
            self._test.cut()
            self._playing = signal.condition.priority
            self._sounder.sound(score(signal.condition.priority, cause_of(signal.alarm_id)))
        elif by_person:
            self._sounder.silence()
        else:
            self._sounder.end()

    def _lamp_now(self) -> Lamp:
        if self._is_urgent() or self._state.device.fault:
            return Lamp.FAULT
        if self._state.device.mcu_state in GATE_STATES:
            return Lamp.ARMED
        return Lamp.OFF if not_ready_reasons(self._facts.device()) else Lamp.READY


def _grown(counts: deque[int]) -> int:
    """By how much a count has grown in the last minute."""
    return counts[-1] - counts[0] if counts else 0
