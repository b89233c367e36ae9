"""The session as the screen shows it: stage and its end, counts, stop, highest temperature.

Translates MCU times of the schedule into loop times and the book's counts into the dose. The writer
of VisitState.session; decides nothing and asks no device.
"""

from __future__ import annotations

import asyncio

from edge.config import LimitsConfig
from edge.domain.dose import Unsettled, by_train
from edge.mcu.clock_sync import ClockSync
from edge.services.chair_state import DeviceState, SessionState
from edge.services.phase import Phase
from edge.services.session_book import SessionBook
from edge.services.stop_words import stop_sentence, stop_state
from edge.services.texts import Sentence


class SessionBoard:
    """Of one session."""

    def __init__(
        self,
        session: SessionState,
        book: SessionBook,
        clock: ClockSync,
        phase: Phase,
        device: DeviceState,
        limits: LimitsConfig,
    ) -> None:
        self.session = session
        self._book = book
        self._clock = clock
        self._phase = phase
        self._device = device
        self._limits = limits
        self._timer: asyncio.TimerHandle | None = None
        session.session_id = book.session_id
        self.show_dose()

    def wait(self, stage: str, train_index: int, start_us: int, session_end_us: int) -> None:
        """A countdown or gap until start_us; session_end_us is when all goes well."""
        self.session.ends_at = self.loop_s(session_end_us)
        self._show(stage, train_index, self.loop_s(start_us))

    def train(self, train_index: int, start_us: int, last_us: int) -> None:
        """Switch to the train when its first pulse is due."""
        self.cancel()
        self._timer = asyncio.get_running_loop().call_at(
            self.loop_s(start_us), self._show, "train", train_index, self.loop_s(last_us)
        )

    def rest(self, stage: str) -> None:
        """Nothing is running: idle or done."""
        self.cancel()
        session = self.session
        session.stage, session.stage_ends_at, session.stage_s = stage, None, 0.0
        session.ends_at = None
        self._show_ledger()
        self._phase.touch()

    def cancel(self) -> None:
        """Forget the switch that is due."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def loop_s(self, mcu_us: int) -> float:
        """Loop time of an MCU time; now, when the line is gone."""
        at_s = self._clock.loop_s_at(mcu_us)
        return asyncio.get_running_loop().time() if at_s is None else at_s

    def begin(self) -> None:
        """Pulses follow."""
        session = self.session
        session.stop, session.paused_at = None, None
        if session.started_utc_s is None:
            session.started_utc_s = self._phase.utc_s()

    def paused(self, code: str) -> None:
        """A pause began; code says why when no person asked for it."""
        session = self.session
        session.pauses += 1
        session.paused_at = asyncio.get_running_loop().time()
        if code != "operator":
            self._set_stop(code, is_cleared=True)

    def stopped(self, code: str) -> None:
        """A stop, fault or lost line. The pause that may follow is counted from here."""
        if self.session.paused_at is None:
            self.session.paused_at = asyncio.get_running_loop().time()
        self._set_stop(code, is_cleared=False)

    def acknowledged(self) -> None:
        """The stop was understood and its cause is gone; from now on it is a pause."""
        if self.session.stop is not None:
            self.session.stop.is_cleared = True
        self._phase.touch()

    def stop_words(self, sentence: Sentence) -> dict[str, str]:
        """The stop as the screen explains it, for record and log; none when a person paused."""
        stop = self.session.stop
        return {} if stop is None else {"text": stop_sentence(stop, self.session.dose, sentence)}

    def warmed(self, surface_c10: int | None) -> None:
        """A reading of the contact face during the session."""
        if surface_c10 is not None:
            peak_c10 = self.session.peak_surface_c10
            self.session.peak_surface_c10 = max(surface_c10, peak_c10 or surface_c10)

    def show_running(self, first_pulse: int, in_train: int) -> None:
        """A pulse of the running train was sensed."""
        self.session.train_pulses = first_pulse + in_train
        self.session.dose.delivered = self._book.delivered + in_train
        self._phase.touch()

    def show_dose(self, *, is_open: bool = False) -> None:
        """Counts as booked; is_open: what was asked and not heard of is uncertain."""
        book, dose = self._book, self.session.dose
        train = book.open_train
        dose.prescribed = book.plan.pulses
        if train is None:
            dose.delivered, dose.uncertain = book.delivered, book.unsensed
        else:
            dose.delivered = max(dose.delivered, book.delivered)
            most = book.delivered + train.commanded
            dose.uncertain = (most - dose.delivered if is_open else 0) + book.unsensed
        self.session.unsettled = None
        self._show_place()

    def show_uncertain(self, judged: Unsettled) -> None:
        """The count stays open, between two bounds."""
        dose = self.session.dose
        dose.delivered = judged.at_least
        dose.uncertain = judged.at_most - judged.at_least + self._book.unsensed
        self.session.unsettled = judged
        self._show_place()

    def _show_ledger(self) -> None:
        """Only once no more pulses are given: until then it changes with each of them."""
        if self.session.stage == "done":
            book = self._book
            self.session.ledger = by_train(book.plan, [train.intent() for train in book.sent()])

    def _show_rest(self) -> None:
        gap, rest = self._book.since_last_pulse(), self.session.rest
        rest.last_pulse_at, rest.doubt = None, ""
        if gap is not None:
            rest.doubt = gap.doubt
        if gap is not None and gap.s is not None:
            rest.last_pulse_at = asyncio.get_running_loop().time() - gap.s
        self.session.cuts = self._book.cuts()

    def _show_place(self) -> None:
        plan, session = self._book.plan, self.session
        self._show_rest()
        self._show_ledger()
        given = session.dose.delivered
        session.train_index = min(given // plan.pulses_per_train, plan.trains - 1)
        session.train_pulses = given - session.train_index * plan.pulses_per_train
        self._phase.touch()

    def _set_stop(self, code: str, *, is_cleared: bool) -> None:
        stop = stop_state(code, self._phase.utc_s(), self._device, self._limits)
        stop.is_cleared = is_cleared
        self.session.stop = stop

    def _show(self, stage: str, train_index: int, ends_at: float) -> None:
        session = self.session
        session.stage, session.stage_ends_at = stage, ends_at
        session.stage_s = max(0.0, ends_at - asyncio.get_running_loop().time())
        if session.train_index != train_index:
            session.train_index, session.train_pulses = train_index, 0
        self._phase.touch()
