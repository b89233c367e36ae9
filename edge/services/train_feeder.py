"""Sends the trains of an armed session one by one, each ahead of its absolute start.

An intent is durable before its train is sent. A start that became too near, or that the controller
refused as late, moves this train and all after it; nothing is ever caught up or squeezed. Ends when
the dose is complete; raises HaltError when it cannot go on. Cancelled by a pause, stop or fault:
what was sent then is settled by session_runner. MCU time inside, loop time for waiting.
"""

from __future__ import annotations

import asyncio

import structlog

from edge.domain.device_facts import CLOCK_UNCERTAINTY_US_MAX
from edge.domain.session import NextTrain, Schedule, begin_schedule, next_train, resume_gap_us
from edge.mcu.client import McuClient
from edge.mcu.outcome import Done, Refused
from edge.services.phase import Phase
from edge.services.session_board import SessionBoard
from edge.services.session_book import BookedTrain, SessionBook
from firmware.wire.commands import FireTrain
from firmware.wire.reports import Answer

log = structlog.get_logger(__name__)

COUNTDOWN_US = 3_000_000
FIRE_AHEAD_US = 1_000_000  # sent this long before its first pulse when there is time
LEAD_US_MIN = 250_000  # nearer is late: ten times the controller's own 20 ms
LATE_TRIES = 5  # a unit that is late five times in a row has a defect
CLOCK_TRIES = 50  # 5 s of heartbeats to find the controller's time again
CLOCK_WAIT_S = 0.1
WAIT_US_MIN = 1000  # sending a millisecond later costs nothing
RESULT_LATE_S = 0.5  # after the last pulse; then the result is lost
SOON_S = 0.5  # a fault's own report follows the train's result within this


class HaltError(Exception):
    """The session cannot go on; code is a stop code or a refusal of the controller."""

    def __init__(self, code: str, *, is_uncertain: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.is_uncertain = is_uncertain


class TrainFeeder:
    """One armed stretch of a session, from countdown to the last train."""

    def __init__(
        self,
        client: McuClient,
        phase: Phase,
        board: SessionBoard,
        book: SessionBook,
        token: int,
        last_pulse_us: int | None,
    ) -> None:
        self._client = client
        self._phase = phase
        self._board = board
        self._book = book
        self._token = token
        self._last_pulse_us = last_pulse_us
        self._result: asyncio.Future[None] | None = None
        self._stage_name = "countdown"

    async def run(self) -> None:
        """Give what is left of the dose."""
        try:
            schedule = await self._first_schedule()
            while (train := next_train(self._book.plan, self._book.delivered)) is not None:
                self._show_wait(schedule, train)
                schedule = await self._give(schedule, train)
                self._stage_name = "gap"
        finally:
            self._board.cancel()

    def on_train_closed(self) -> None:
        """The open train's result was booked."""
        if self._result is not None and not self._result.done():
            self._result.set_result(None)

    async def _first_schedule(self) -> Schedule:
        plan, delivered = self._book.plan, self._book.delivered
        now_us = await self._trusted_now_us()
        wait_us = COUNTDOWN_US
        if self._last_pulse_us is None:
            wait_us = max(wait_us, resume_gap_us(plan, delivered))
        return begin_schedule(
            plan, delivered, not_before_us=now_us + wait_us, last_pulse_us=self._last_pulse_us
        )

    async def _give(self, schedule: Schedule, train: NextTrain) -> Schedule:
        for _ in range(LATE_TRIES):
            start_us = schedule.start_us(train)
            now_us = await self._wait_until_us(start_us - FIRE_AHEAD_US)
            if start_us - now_us < LEAD_US_MIN:
                schedule = self._moved(schedule, train, now_us)
                continue
            booked = self._book.intend(train, start_us, (start_us - now_us) // 1000)
            if await self._fire(train, start_us):
                await self._await_result(booked, start_us, start_us + self._span_us(train))
                return schedule
            self._book.refuse()
            schedule = self._moved(schedule, train, await self._trusted_now_us())
        raise HaltError("late")

    async def _fire(self, train: NextTrain, start_us: int) -> bool:
        """True when accepted, False when refused as late."""
        self._result = asyncio.get_running_loop().create_future()
        outcome = await self._client.request(
            FireTrain(
                token=self._token,
                train_index=train.train_index,
                first_pulse=train.first_pulse,
                pulse_count=train.pulse_count,
                start_us=start_us,
            )
        )
        if isinstance(outcome, Done):
            assert isinstance(outcome.value, Answer)
            self._token = outcome.value.detail
            return True
        if isinstance(outcome, Refused):
            if outcome.code == "late":
                return False
            if self._book.open_train is not None:
                self._book.refuse()
            await asyncio.sleep(SOON_S)  # a fault that explains it cancels this task
            raise HaltError(outcome.code)
        raise HaltError(outcome.reason, is_uncertain=True)

    async def _await_result(self, booked: BookedTrain, start_us: int, last_us: int) -> None:
        assert self._result is not None
        self._board.train(booked.train_index, start_us, last_us)
        left_s = self._board.loop_s(last_us) - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(max(0.0, left_s) + RESULT_LATE_S):
                await self._result
        except TimeoutError:
            # The result was lost on the line; the ledger knows.
            raise HaltError("no_answer", is_uncertain=True) from None
        if booked.ended == "complete" and booked.measured == booked.commanded:
            return
        await asyncio.sleep(SOON_S)
        raise HaltError("edge_internal")

    def _moved(self, schedule: Schedule, train: NextTrain, now_us: int) -> Schedule:
        was_us = schedule.start_us(train)
        moved = schedule.moved_to(train, now_us + FIRE_AHEAD_US)
        self._phase.say(
            "rescheduled",
            train=train.train_index + 1,
            later_ms=(moved.start_us(train) - was_us) // 1000,
        )
        self._show_wait(moved, train)
        return moved

    def _show_wait(self, schedule: Schedule, train: NextTrain) -> None:
        self._board.wait(
            self._stage_name, train.train_index, schedule.start_us(train), schedule.last_pulse_us
        )

    async def _trusted_now_us(self) -> int:
        """MCU time, known well enough to plan by."""
        clock = self._client.clock
        for _ in range(CLOCK_TRIES):
            now_s = asyncio.get_running_loop().time()
            now_us = clock.mcu_us_at(now_s)
            uncertainty_us = clock.uncertainty_us(now_s)
            is_sure = uncertainty_us is not None and uncertainty_us <= CLOCK_UNCERTAINTY_US_MAX
            if now_us is not None and is_sure:
                return now_us
            await asyncio.sleep(CLOCK_WAIT_S)
        raise HaltError("clock_unsure")

    async def _wait_until_us(self, mcu_us: int) -> int:
        """Wait until this MCU time, by an estimate renewed on the way; returns the time then."""
        while (left_us := mcu_us - (now_us := await self._trusted_now_us())) > 0:  # noqa: ASYNC110
            await asyncio.sleep(max(left_us, WAIT_US_MIN) / 1e6)
        return now_us

    def _span_us(self, train: NextTrain) -> int:
        offsets = self._book.plan.train_offsets_us
        return offsets[train.first_pulse + train.pulse_count - 1] - offsets[train.first_pulse]
