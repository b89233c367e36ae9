"""The controller as the services see it: requests with three outcomes, and a STOP that persists.

Opens the line, makes connections, and opens it again for ever with a growing pause. A Stop that
could not be confirmed before the line was lost is the first thing sent on the next one. Runs on the
loop's clock. Owns no session and judges no treatment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from edge.config import LimitsConfig
from edge.mcu.clock_sync import ClockSync
from edge.mcu.connection import Connection
from edge.mcu.handshake import Settings
from edge.mcu.outcome import LINK_DOWN, Outcome, Refused
from edge.ports import LinkLostError, LinkOpener
from firmware.wire.message import Message
from firmware.wire.reports import Identity

log = structlog.get_logger(__name__)

BACK_OFF_S = (0.25, 0.5, 1.0, 2.0, 4.0)  # a replugged cable is back within a second
GOOD_LINE_S = 5.0  # a line that held this long starts the back-off anew

OnReport = Callable[[Message, float], None]
OnLink = Callable[[str, str], None]
Call = Callable[[], None]


class McuClient:
    """One controller on one serial line."""

    def __init__(
        self,
        opener: LinkOpener,
        *,
        unit_id: str,
        limits: LimitsConfig,
        settings_hash: str,
        link_key: bytes,
    ) -> None:
        self._opener = opener
        self._settings = Settings(unit_id, limits, settings_hash)
        self._link_key = link_key  # b"" when this unit has none: the controller is then not used
        self._connection: Connection | None = None
        self._on_report: list[OnReport] = []
        self._on_link: list[OnLink] = []
        self._on_beat: list[Call] = []
        self._on_stop: list[Call] = []
        self._stop_owed = False
        self._seq = 1
        self.clock = ClockSync()
        self.link = "closed"
        self.link_detail = ""
        self.bad_frames_before = 0
        self._repeats_before = 0

    @property
    def settings(self) -> Settings:
        """What this unit expects of its controller."""
        return self._settings

    @property
    def is_live(self) -> bool:
        """Handshake done and heard within the limit of silence."""
        return self.link == "live"

    @property
    def identity(self) -> Identity | None:
        """Of the controller on the open line; None before the handshake."""
        return None if self._connection is None else self._connection.identity

    @property
    def is_stopping(self) -> bool:
        """A Stop has been asked for and the controller has not confirmed it."""
        if self._connection is None:
            return self._stop_owed
        return self._connection.is_stopping

    @property
    def bad_frames(self) -> int:
        """Unreadable frames since start."""
        now = 0 if self._connection is None else self._connection.bad_frames
        return self.bad_frames_before + now

    @property
    def repeats(self) -> int:
        """Quick commands asked again since start, as their answer was lost."""
        now = 0 if self._connection is None else self._connection.repeats
        return self._repeats_before + now

    def listen(self, on_report: OnReport, on_link: OnLink | None = None) -> None:
        """Hear every report, and every change of the line's state, on the loop."""
        self._on_report.append(on_report)
        if on_link is not None:
            self._on_link.append(on_link)

    def listen_beat(self, on_beat: Call) -> None:
        """Hear each heartbeat that went out, on the loop."""
        self._on_beat.append(on_beat)

    def listen_stop(self, on_stop: Call) -> None:
        """Hear each Stop before it is sent."""
        self._on_stop.append(on_stop)

    async def request(self, command: Message) -> Outcome:
        """Send and wait for the outcome; repeats of a lost answer are inside."""
        if self._connection is None or not self.is_live:
            return Refused(LINK_DOWN)
        return await self._connection.request(command)

    def hold_beats(self, *, is_held: bool) -> None:
        """For the safety test: give no sign of life, while the controller's states are heard.

        Ends with the line, or with is_held=False.
        """
        if self._connection is not None:
            self._connection.hold_beats(is_held=is_held)

    def stop(self) -> None:
        """Stop at once, in every state, without a handshake, until confirmed."""
        for callback in self._on_stop:
            callback()
        if self._connection is None:
            self._stop_owed = True
        else:
            self._connection.stop()

    async def run(self) -> None:
        """Keep a line open; returns only by cancellation."""
        failures = 0
        loop = asyncio.get_running_loop()
        while True:
            opened_at = loop.time()
            self.on_link("opening", self.link_detail)
            try:
                await self._use_one_line()
            except LinkLostError as error:
                if str(error) != self.link_detail:
                    log.warning("line to the controller lost", why=str(error))
                self.on_link("closed", str(error))
            if loop.time() - opened_at > GOOD_LINE_S:
                failures = 0
            await asyncio.sleep(BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)])
            failures += 1

    async def _use_one_line(self) -> None:
        link = await self._opener.open()
        connection = Connection(link, self._settings, self.clock, self, self._seq, self._link_key)
        self._seq = (self._seq + 4096) & 0xFFFF  # no number of the last line is used again soon
        self._connection = connection
        self.clock.reset()
        self.on_link("identifying", "")
        try:
            await connection.run(stop_first=self._stop_owed)
        finally:
            self._stop_owed = connection.is_stopping
            self.bad_frames_before += connection.bad_frames
            self._repeats_before += connection.repeats
            self._connection = None

    def on_link(self, link: str, detail: str) -> None:
        """From the connection: pass the state on, once."""
        if (link, detail) == (self.link, self.link_detail):
            return
        self.link, self.link_detail = link, detail
        log.info("line to the controller", state=link, detail=detail)
        for callback in self._on_link:
            callback(link, detail)

    def on_report(self, report: Message, at_s: float) -> None:
        """From the connection: pass the report on."""
        for callback in self._on_report:
            callback(report, at_s)

    def on_beat(self) -> None:
        """From the connection: pass the heartbeat on."""
        for callback in self._on_beat:
            callback()
