"""One open line to the controller: reads, beats, and works through the handshake.

Used once: after any loss the client makes another. Runs on the loop's clock; owns the timers of
its protocol object, the heartbeat and the watch over silence. Decides nothing about sessions.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Protocol

import structlog

from edge.mcu.clock_sync import ClockSync
from edge.mcu.handshake import Settings, configure_command, judge_identity
from edge.mcu.liveness import HEARTBEAT_S, Liveness
from edge.mcu.outcome import REBOOTED, SEAL_REFUSED, Done, Outcome, Refused, is_seal_refused
from edge.mcu.protocol import QUICK, THINKING, LinkProtocol
from edge.ports import ByteLink, LinkLostError
from firmware.wire.codes import IN_COIL
from firmware.wire.commands import Arm, Heartbeat, Hello, ReadLedger
from firmware.wire.message import Message
from firmware.wire.protocol import PROTOCOL_VERSION
from firmware.wire.reports import Identity, Status

log = structlog.get_logger(__name__)

BEATS_KEPT = 16  # unanswered heartbeats remembered for the clock measurement
STALL_S = 0.005  # one turn of the loop and a little
BAD_SAID_S = 1.0  # a noisy line may not fill the log
LIMITS_REFUSED = "the controller keeps tighter limits; restart it to apply this configuration"
FOREIGN_IDENTITY = "the controller introduces itself in a form this service does not know"
# By the code of a refused Configure: what is wrong with the keys, and what to do.
KEY_PROBLEMS = {
    "mac": (
        "the controller does not hold this unit's link key;"
        " store it there with tms-edge firmware key"
    ),
    "no_key": (
        "the controller or this service has no link key;"
        " tms-edge doctor says which, tms-edge firmware key stores it"
    ),
}
IDENTIFY_AGAIN_S = 5.0  # a controller that may not be used is asked again this often


class Listener(Protocol):
    """Who hears about the line."""

    def on_link(self, link: str, detail: str) -> None:
        """The line's state changed; words as in ChairState.device.link."""

    def on_report(self, report: Message, at_s: float) -> None:
        """Every whole report, in order."""

    def on_beat(self) -> None:
        """A heartbeat went out."""


class Connection:
    """The line, from open to lost."""

    def __init__(
        self,
        link: ByteLink,
        settings: Settings,
        clock: ClockSync,
        listener: Listener,
        first_seq: int,
        link_key: bytes,
    ) -> None:
        self._link = link
        self._settings = settings
        self._clock = clock
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self._protocol = LinkProtocol(first_seq, link_key)
        self._live = Liveness(self._loop.time())
        self._timer: asyncio.TimerHandle | None = None
        self._beats: OrderedDict[int, float] = OrderedDict()
        self._beat = 0
        self._is_beat_held = False
        self._bad_seen = 0
        self._is_coil_out = False
        self._broken: LinkLostError | None = None
        self._bad_said_at = -BAD_SAID_S
        self._to_greet = asyncio.Event()
        self._to_greet.set()
        self.identity: Identity | None = None
        self.state = "identifying"

    @property
    def is_stopping(self) -> bool:
        """A Stop waits for its confirmation."""
        return self._protocol.is_stopping

    @property
    def bad_frames(self) -> int:
        """Frames of this line that could not be read."""
        return self._protocol.bad_frames

    @property
    def repeats(self) -> int:
        """Quick commands of this line that were asked again."""
        return self._protocol.repeats

    async def run(self, stop_first: bool) -> None:
        """Until the line is lost; raises LinkLostError, or what else has ended one of its tasks."""
        if stop_first:
            self.stop()
        reader = asyncio.create_task(self._read(), name="reader")
        greeter = asyncio.create_task(self._greet(), name="greeter")
        beater = asyncio.create_task(self._keep_beating(), name="beater")
        try:
            # None of them returns by itself. A cancel that was not ours would be taken for our own.
            await asyncio.wait((reader, beater, greeter), return_when=asyncio.FIRST_COMPLETED)
            for task in (reader, beater, greeter):
                if task.cancelled():
                    raise RuntimeError(f"the line's {task.get_name()} was cancelled")
                if task.done():
                    task.result()
        finally:
            for task in (reader, greeter, beater):
                task.cancel()
            await asyncio.gather(reader, greeter, beater, return_exceptions=True)
            self._close()

    def request(self, command: Message) -> asyncio.Future[Outcome]:
        """Future of the command's outcome."""
        future: asyncio.Future[Outcome] = self._loop.create_future()

        def settle(outcome: Outcome) -> None:
            if is_seal_refused(outcome) and self.state == "live":
                self._greet_again()
            if not future.done():
                future.set_result(outcome)

        patience = THINKING if isinstance(command, Arm) else QUICK
        self._protocol.submit(self._loop.time(), command, settle, patience)
        self._flush()
        return future

    def hold_beats(self, *, is_held: bool) -> None:
        """Say the last heartbeat's number again and again: answered, and no sign of life."""
        self._is_beat_held = is_held

    def stop(self) -> None:
        """Stop now, repeated until confirmed."""
        self._protocol.stop(self._loop.time())
        self._flush()

    async def _read(self) -> None:
        while True:
            data = await self._link.read()
            now = self._loop.time()
            for report in self._protocol.receive(now, data):
                self._take(report, now)
            self._say_bad_frames(now)
            self._flush()

    def _say_bad_frames(self, now: float) -> None:
        count = self._protocol.bad_frames
        if count != self._bad_seen and now - self._bad_said_at >= BAD_SAID_S:
            self._bad_seen, self._bad_said_at = count, now
            log.warning("frames from the controller failed their check", bad_frames=count)

    def _take(self, report: Message, now: float) -> None:
        if isinstance(report, Status):
            self._take_status(report, now)
        elif isinstance(report, Identity):
            self._note_boot(report.boot_epoch)
        self._listener.on_report(report, now)

    def _take_status(self, status: Status, now: float) -> None:
        self._live.hear(now)
        self._note_boot(status.boot_epoch)
        self._note_coil(status)
        sent_at = self._beats.pop(status.echo_beat, None) if status.echo_beat else None
        if sent_at is not None:
            self._clock.add(sent_at, now, status.mcu_us)
        if self.state == "silent":
            self._say("live", "")

    def _note_boot(self, boot_epoch: int) -> None:
        if self.identity is None or self.identity.boot_epoch == boot_epoch:
            return
        log.warning("controller restarted", boot_epoch=boot_epoch, was=self.identity.boot_epoch)
        self._clock.reset()
        self._beats.clear()
        self.identity = None
        self._to_greet.set()
        self._say("identifying", REBOOTED)
        self._protocol.fail(REBOOTED)

    def _note_coil(self, status: Status) -> None:
        """A coil was plugged in: whatever it is, only a new introduction tells."""
        if not status.inputs_known & IN_COIL:
            return
        was_out, self._is_coil_out = self._is_coil_out, not status.inputs & IN_COIL
        if was_out and not self._is_coil_out and self.identity is not None:
            log.info("a coil was plugged in")
            # The line stays live: what was sealed before the new introduction is refused anyway.
            self.identity = None
            self._to_greet.set()

    def _greet_again(self) -> None:
        """Somebody else greeted the controller, or our numbers are old to it: begin anew."""
        log.warning("the controller refused a seal")
        self.identity = None
        self._to_greet.set()
        self._say("identifying", SEAL_REFUSED)

    async def _greet(self) -> None:
        """Handshake, and again after each restart of the controller."""
        while True:
            await self._to_greet.wait()
            self._to_greet.clear()
            pause_s = await self._introduce()
            if self.identity is None:
                self._to_greet.set()
                await asyncio.sleep(pause_s)

    async def _introduce(self) -> float:
        """One try; returns how long to wait before the next when it failed."""
        hello = await self.request(Hello(protocol=PROTOCOL_VERSION))
        if not isinstance(hello, Done) or not isinstance(hello.value, Identity):
            return self._no_greeting()
        identity = hello.value
        wrong = judge_identity(identity, self._settings)
        if wrong:
            log.error("controller may not be used", why=wrong)
            self._say("version_mismatch", wrong)
            return IDENTIFY_AGAIN_S
        self.identity = identity
        configured = await self.request(configure_command(self._settings, identity))
        if isinstance(configured, Refused) and configured.code in KEY_PROBLEMS:
            return self._no_trust(KEY_PROBLEMS[configured.code])
        if is_seal_refused(configured):
            self.identity = None
            return HEARTBEAT_S
        ledger = await self.request(ReadLedger())
        if self.identity is not identity:
            return HEARTBEAT_S
        if not isinstance(ledger, Done):
            self.identity = None
            return HEARTBEAT_S
        if isinstance(configured, Done):
            self._say("live", "")
        else:
            log.error("controller refused the unit's limits", outcome=str(configured))
            self._say("live", LIMITS_REFUSED)
        return HEARTBEAT_S

    def _no_trust(self, why: str) -> float:
        """The keys do not fit: nothing is asked but who is there, and that seldom."""
        log.error("controller may not be used", why=why)
        self.identity = None
        self._say("key_refused", why)
        return IDENTIFY_AGAIN_S

    def _no_greeting(self) -> float:
        """Nobody answered, or in a form of another version."""
        if self._protocol.foreign_identities == 0:
            self._say("identifying", "")
            return HEARTBEAT_S
        self._protocol.foreign_identities = 0
        self._say("version_mismatch", FOREIGN_IDENTITY)
        return IDENTIFY_AGAIN_S

    async def _keep_beating(self) -> None:
        while True:
            if self._broken is not None:
                raise self._broken
            now = self._loop.time()
            if self._live.is_hopeless(now) and self.state != "version_mismatch":
                raise LinkLostError("the controller does not answer")
            if self.state == "live" and self._live.is_silent(now):
                # After a stall of our own the answers are there and only unread.
                await asyncio.sleep(STALL_S)
                if self.state == "live" and self._live.is_silent(self._loop.time()):
                    self._say("silent", "")
                now = self._loop.time()
            if not self._is_beat_held:
                self._beat = (self._beat + 1) & 0xFFFFFFFF or 1
                self._beats[self._beat] = now
            if len(self._beats) > BEATS_KEPT:
                self._beats.popitem(last=False)
            self._protocol.send(Heartbeat(beat=self._beat))
            self._flush()
            if self._broken is None:
                self._listener.on_beat()
            await asyncio.sleep(HEARTBEAT_S)

    def _flush(self) -> None:
        """Write what is due and set the timer for what comes next."""
        wake_at = self._protocol.poll(self._loop.time())
        data = self._protocol.take_output()
        if data and self._broken is None:
            try:
                self._link.write(data)
            except LinkLostError as error:
                self._broken = error  # raised where the line's task can see it
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if wake_at is not None:
            self._timer = self._loop.call_at(wake_at, self._flush)

    def _say(self, state: str, detail: str) -> None:
        if state == self.state and not detail:
            return
        self.state = state
        self._listener.on_link(state, detail)

    def _close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._protocol.fail("link_lost")
        if self._timer is not None:
            self._timer.cancel()
        self._link.close()
