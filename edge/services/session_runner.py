"""Runs the session of the open visit: arm, feed, pause, resume, stop, and settle the count.

Every act on the device is followed here to one of its three outcomes, and what was sent is always
settled before anything more is given. The phase table judges each move; a stop goes out before
anything else is done. One task at a time works for the session; a bug in it ends the service. Runs
on the loop; books through session_book, shows through session_board.
"""

from __future__ import annotations

import asyncio

import structlog

from edge.config import LimitsConfig
from edge.domain.dose import Settled
from edge.domain.faults import STOP_CODES
from edge.domain.session_states import OUTPUT_POSSIBLE, E, S
from edge.mcu.client import McuClient
from edge.mcu.outcome import Done
from edge.ports import StoreError
from edge.services.arm_flow import ArmFailed, arm_unit
from edge.services.chair_state import ChairState
from edge.services.device_watch import DeviceWatch
from edge.services.host_enable import HostKeeper
from edge.services.page_watch import PageAct, PageWatch
from edge.services.phase import Phase
from edge.services.session_board import SessionBoard
from edge.services.session_book import SessionBook
from edge.services.session_task import SessionTask
from edge.services.settling import Count, Settler
from edge.services.texts import Sentence
from edge.services.train_feeder import HaltError, TrainFeeder
from firmware.wire import codes
from firmware.wire.commands import Discharge, Hold
from firmware.wire.message import Message
from firmware.wire.reports import PulseReport, TrainResult

log = structlog.get_logger(__name__)

# [P] A bank is not kept charged beside a waiting patient; sooner than the controller, for which a
# minute (LEFT_CHARGED_MS_MAX) is a fault.
PAUSE_CHARGED_S = 50.0
IN_SESSION = (*OUTPUT_POSSIBLE, S.PAUSED)
SENSED = (codes.PULSE_EMITTED, codes.PULSE_CUT)
UNASKED = str(codes.F_PULSE_UNASKED)  # such a pulse is in the controller's count alone
AFTER_STOP = (S.STOPPED, S.WRAPUP)  # the count was settled, or is about to be


class SessionRunner:
    """Owner of the session's task and of its book."""

    def __init__(
        self,
        state: ChairState,
        limits: LimitsConfig,
        client: McuClient,
        watch: DeviceWatch,
        phase: Phase,
        host: HostKeeper,
        sentence: Sentence,
    ) -> None:
        self._state = state
        self._limits = limits
        self._client = client
        self._host = host
        self._sentence = sentence
        self._watch = watch
        self._phase = phase
        self._settler = Settler(state, client, watch, self.store_failed)
        self._task = SessionTask()
        self._bleed: asyncio.TimerHandle | None = None
        self._book: SessionBook | None = None
        self._board: SessionBoard | None = None
        self._feeder: TrainFeeder | None = None
        self._token = 0
        self.page = PageWatch()
        self.gap: dict[str, str | int | float] = {}  # of the next resumption, for its record
        self.count = Count.SETTLED
        client.listen(self._on_report)
        watch.add(self)

    @property
    def book(self) -> SessionBook | None:
        """The open visit's session, once it was armed."""
        return self._book

    @property
    def delivered(self) -> int:
        """Settled pulses of the session."""
        return 0 if self._book is None else self._book.delivered

    def page_silent_s(self) -> float | None:
        """How long the controlling screen has been silent; None when it need not speak."""
        return self.page.silent_s() if self._phase.now is S.TREATING else None

    async def run(self) -> None:
        """Until a task of the session fails; then raises its error."""
        await self._task.run()

    def take(self, book: SessionBook) -> None:
        """Work for this session from now on."""
        visit = self._state.visit
        assert visit is not None, "no visit is open"
        self._book = book
        self._board = SessionBoard(
            visit.session, book, self._client.clock, self._phase, self._state.device, self._limits
        )
        self.count = Count.SETTLED

    def drop(self) -> None:
        """The visit is over."""
        self._task.cancel()
        self._book = self._board = None
        self.count = Count.SETTLED

    # What people ask for; the chair has judged it.

    def arm(self, level_pct_mso: int, who: str) -> None:
        """From READY to ARMED, or from PAUSED to TREATING."""
        is_resuming = self._phase.now is S.PAUSED
        self._phase.move(E.RESUME if is_resuming else E.ARM)
        self._cancel_bleed()
        self._task.begin(self._arm(level_pct_mso, who, is_resuming=is_resuming))

    def start(self, who: str) -> None:
        """From ARMED to TREATING."""
        self._phase.move(E.START)
        self._begin_feeding("started", who)

    def pause(self, code: str, who: str = "") -> None:
        """Close the gate after the running pulse and keep the rest."""
        self._phase.move(E.PAUSE)
        self.count = Count.ASKING
        self.board.paused(code)
        self.board.rest("idle")
        self._cancel_bleed()
        self._bleed = asyncio.get_running_loop().call_later(PAUSE_CHARGED_S, self._bleed_bank)
        self._task.begin(self._hold(code, who))

    def disarm(self) -> None:
        """Out of ARMED; nothing was given."""
        self._task.cancel()
        self._client.stop()

    def stop(self, code: str) -> None:
        """Output off now, whatever is going on."""
        self._client.stop()
        self._break_off(E.STOP, code)

    def halt(self, code: str) -> None:
        """The edge itself found a reason to stop."""
        self._client.stop()
        self._break_off(E.FAULT, code)

    def restore(self) -> None:
        """After a restart: read the controller's count before anything else."""
        self._break_off(E.RESTORED, "restored")

    def acknowledged(self) -> None:
        """From STOPPED to PAUSED: understood, and its cause is gone; on, if nothing is left."""
        self.board.acknowledged()
        self._phase.say("acknowledged")
        self._phase.move(E.ACKNOWLEDGE)
        if self.count is Count.SETTLED and not (self.the_book.remaining or self.the_book.unsensed):
            self._task.begin(self._complete())

    def finish(self) -> None:
        """The session ends here: bank empty, nothing runs."""
        self._cancel_bleed()
        self._client.stop()
        if self._board is not None:
            self._board.rest("done")

    def close(self) -> None:
        """Signed: nothing is added to the session any more."""
        self._task.cancel()
        self._client.stop()

    def check_page(self) -> None:
        """Pause when nobody's screen is alive; call a few times a second."""
        if self._phase.now is not S.TREATING:
            return
        is_in_train = self.board.session.stage == "train"
        act = self.page.judge(is_in_train=is_in_train, train_us=self.the_book.plan.train_on_us)
        if act is not PageAct.NOTHING:
            self._phase.say("page_silent", seconds=round(self.page.silent_s() or 0))
        if act is PageAct.PAUSE_NOW:
            self.pause("page_silent")

    # What the device does.

    def on_lost(self, reason: str) -> None:
        """The controller goes safe by itself; Stop is the first thing on the next line."""
        if self._phase.now in IN_SESSION:
            self._client.stop()
        if self._phase.leads_on(E.LINK_LOST):
            self._phase.say("link_lost")
            self._break_off(E.LINK_LOST, reason)

    def on_identity(self) -> None:
        """Changes nothing in a session."""

    def on_fault(self, fault: int) -> None:
        """The controller has stopped by itself already."""
        if fault == codes.F_PULSE_UNASKED and self._phase.now in AFTER_STOP:
            self.count = Count.ASKING
            self._task.begin(self._settle("fault", must_ask=True))
        is_broken_off = self._book is not None and self._phase.now in (S.UNCERTAIN, *AFTER_STOP)
        if fault == codes.F_PULSE_MISSING and is_broken_off:  # heard of late, or after a restart
            if not self.the_book.has_noted_unsensed:
                self._tell("stopped", code=str(fault))
            self.board.show_dose(is_open=self.count is not Count.SETTLED)
        self._break_off(E.FAULT, str(fault))

    def on_status(self) -> None:
        """Keep the highest temperature of the session."""
        if self._board is not None and self._phase.now in (S.TREATING, S.PAUSED, S.STOPPED):
            self._board.warmed(self._state.device.surface_c10)

    def _on_report(self, report: Message, _at_s: float) -> None:
        if isinstance(report, PulseReport):
            self._take_pulse(report)
        elif isinstance(report, TrainResult):
            self._take_result(report)

    def _take_pulse(self, pulse: PulseReport) -> None:
        train = None if self._book is None else self._book.open_train
        if train is None or pulse.result not in SENSED or pulse.train_index != train.train_index:
            return
        in_train = pulse.ordinal - self.delivered
        if 0 < in_train <= train.commanded:
            self.board.show_running(train.first_pulse, in_train)

    def _take_result(self, result: TrainResult) -> None:
        if self._book is None or self._book.open_train is None:
            return
        try:
            is_booked = self._book.take_result(
                result, self._state.device.boot_epoch, self._peak_c10()
            )
        except StoreError as error:
            self.store_failed(error)
            return
        if not is_booked:
            log.error("a train's result does not fit", train_index=result.train_index)
            return
        train = self._book.trains[-1]
        self._say_train(train.train_index, train.measured or 0, train.ended)
        if self._feeder is not None:
            self._feeder.on_train_closed()
        if self.page.is_pause_due and self._phase.now is S.TREATING and self._book.remaining:
            self.pause("page_silent")

    def _say_train(self, train_index: int, pulses: int, ended: str) -> None:
        self.board.show_dose()
        self._phase.say("train_done", train=train_index + 1, pulses=pulses, ended=ended)

    async def _arm(self, level_pct_mso: int, who: str, *, is_resuming: bool) -> None:
        book = self.the_book
        armed = await arm_unit(
            self._client,
            self._watch,
            self._host,
            book.session_id,
            book.plan,
            level_pct_mso,
            book.delivered,
        )
        if isinstance(armed, ArmFailed):
            self._tell("arm_failed", code=armed.code, where=armed.where)
            self._phase.move(E.ARM_FAILED)
            return
        self._token = armed.token
        if not self._tell("armed", level_pct=level_pct_mso, who=who):
            return
        self._phase.move(E.ARM_DONE)
        if is_resuming:
            self._begin_feeding("resumed", who)

    def _begin_feeding(self, kind: str, who: str) -> None:
        self.page.begin()
        self.board.begin()
        if self._tell(kind, delivered=self.delivered, who=who, **self.gap):
            self._task.begin(self._feed())

    async def _feed(self) -> None:
        book = self.the_book
        last_pulse_us = book.last_pulse_us(self._state.device.boot_epoch)
        self._feeder = TrainFeeder(
            self._client, self._phase, self.board, book, self._token, last_pulse_us
        )
        try:
            await self._feeder.run()
            await self._complete()
        except StoreError as error:
            self.store_failed(error)
        except HaltError as error:
            self._give_up(error)
        finally:
            self._feeder = None

    def _give_up(self, error: HaltError) -> None:
        log.error("session cannot go on", code=error.code, is_uncertain=error.is_uncertain)
        self._client.stop()
        if error.is_uncertain:
            self._break_off(E.LINK_LOST, "link_lost")
            return
        self._phase.say("fault", code=error.code)
        self._break_off(E.FAULT, error.code if error.code in STOP_CODES else "edge_internal")

    async def _complete(self) -> None:
        self._cancel_bleed()
        self._tell("dose_complete", delivered=self.delivered)
        self._phase.move(E.DOSE_COMPLETE)
        self.board.rest("done")
        if not isinstance(await self._client.request(Discharge()), Done):
            self._client.stop()
        self._host.drop()

    async def _hold(self, code: str, who: str) -> None:
        """Gate closed; the strongest means when the gentle one is not confirmed."""
        if not isinstance(await self._client.request(Hold()), Done):
            self._client.stop()
        self._tell("paused", code=code, who=who, **self.board.stop_words(self._sentence))
        await self._settle("hold", must_ask=False)
        if self.count is Count.SETTLED and not self.the_book.remaining:
            await self._complete()

    def _break_off(self, event: E, code: str) -> None:
        """Leave whatever runs; the count is settled by a task of its own."""
        if not self._phase.leads_on(event):
            return
        self._cancel_bleed()
        self.count = Count.ASKING
        self.board.stopped(code)
        self.board.rest("idle")
        self._phase.move(event)
        self._task.begin(self._after_break(event, code))

    async def _after_break(self, event: E, code: str) -> None:
        self.board.show_dose(is_open=True)
        kind = "restored" if event is E.RESTORED else "stopped"
        self._tell(kind, code=code, **self.board.stop_words(self._sentence))
        ended = {E.STOP: "stop", E.FAULT: "fault"}.get(event, "uncertain")
        must_ask = self._phase.now is S.UNCERTAIN or code == UNASKED
        await self._settle(ended, must_ask=must_ask)

    async def _settle(self, ended: str, *, must_ask: bool) -> None:
        """Until the count is known, or known to stay open."""
        self.board.show_dose(is_open=True)
        judged = await self._settler.settle(
            self.the_book, ended, must_ask=must_ask, peak_c10=self._peak_c10()
        )
        if isinstance(judged, Settled):
            self._settled(judged)
            return
        self.count = Count.OPEN
        self.board.show_uncertain(judged)
        self._tell(
            "uncertain", reason=judged.reason, at_least=judged.at_least, at_most=judged.at_most
        )

    def _settled(self, judged: Settled) -> None:
        self.count = Count.SETTLED
        self.board.show_dose()
        if self._phase.now is S.UNCERTAIN:
            self._tell("reconciled", delivered=judged.delivered)
            self._phase.move(E.RECONCILED)

    def store_failed(self, error: StoreError) -> None:
        """Nothing may be given that cannot be written down."""
        log.critical("the store failed", why=str(error))
        self._client.stop()
        self._break_off(E.FAULT, "store_failed")

    def _bleed_bank(self) -> None:
        if self._phase.now is S.PAUSED:
            self._client.stop()

    @property
    def board(self) -> SessionBoard:
        """Of the session; there is one."""
        assert self._board is not None, "no session"
        return self._board

    @property
    def the_book(self) -> SessionBook:
        """Of the session; there is one."""
        assert self._book is not None, "no session"
        return self._book

    def _tell(self, kind: str, **args: str | int | float) -> bool:
        """Journal and screen; False when the journal failed, which stops the session."""
        self._phase.say(kind, **args)
        try:
            self.the_book.tell(kind, dict(args))
        except StoreError as error:
            self.store_failed(error)
            return False
        return True

    def _peak_c10(self) -> int | None:
        return self.board.session.peak_surface_c10

    def _cancel_bleed(self) -> None:
        if self._bleed is not None:
            self._bleed.cancel()
            self._bleed = None
