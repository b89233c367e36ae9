"""A kiosk without a browser: speaks the page's messages to the hub, for whole-system simulation.

Sends the beat that the page sends, keeps the last snapshot, waits on what the screen would show.
A picture is read when somebody looks at it: most are followed by the next before that. Knows
nothing of the services: it can only do what a finger on the screen can do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

import msgspec

from edge.api.schema import (
    Accepted,
    Beat,
    ClientMessage,
    Malformed,
    Refused,
    ServerMessage,
    Snapshot,
    encode,
)
from edge.domain.verdict import Verdict

BEAT_S = 0.5
LOOKS_MAX = 4
SNAPSHOT_HEAD = b'{"t":"snapshot"'
_decode = msgspec.json.Decoder(ServerMessage).decode
_decode_snapshot = msgspec.json.Decoder(Snapshot).decode


class _Head(msgspec.Struct):
    """All that a page needs of a picture nobody looks at."""

    rev: int


_decode_head = msgspec.json.Decoder(_Head).decode


class Line(Protocol):
    """An open page towards the hub."""

    def receive(self, data: bytes) -> None: ...

    def disconnect(self) -> None: ...


class Doors(Protocol):
    """What a screen can reach: edge.api.hub.Hub, or the same over HTTP."""

    async def login(self, user_id: str, pin: str) -> tuple[str, object] | Verdict: ...

    def connect(self, send: Callable[[bytes], None], *, token: str = "") -> Line: ...


class Watch(Protocol):
    """Somebody who looks at the same screen."""

    def see(self, shown: Snapshot) -> None: ...

    def close(self) -> None: ...


class RobotError(Exception):
    """The screen did not get where the robot wanted it; the text says where it stands."""


class KioskRobot:
    """One page. Commands return the answer; until() waits for the screen."""

    def __init__(self, hub: Doors, watch: Watch | None = None) -> None:
        self._watch = watch  # sees every picture, as the page is shown it
        self._hub = hub
        self._answers: dict[int, asyncio.Future[Accepted | Refused]] = {}
        self._seen = asyncio.Event()
        self._next_id = 0
        self._frames = 0
        self._beating: asyncio.Task[None] | None = None
        self._snapshot: Snapshot | None = None
        self._unread = b""  # the last picture, when nobody has looked at it
        self.malformed: list[Malformed] = []
        self._connection = hub.connect(self._take)

    async def log_in(self, user_id: str, pin: str) -> None:
        """Log in and open the page anew, as the browser does. Raises RobotError."""
        answer = await self._hub.login(user_id, pin)
        if isinstance(answer, Verdict):
            raise RobotError(f"log-in refused: {answer.code}")
        self._connection.disconnect()
        self._snapshot, self._unread = None, b""
        self._connection = self._hub.connect(self._take, token=answer[0])
        self._beating = asyncio.create_task(self._beat(), name="robot beat")
        await self.until(lambda s: s.me is not None, 5.0)

    async def close(self) -> None:
        """Close the page."""
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.gather(self._beating, return_exceptions=True)
        self._connection.disconnect()
        if self._watch is not None:
            self._watch.close()

    async def freeze(self) -> None:
        """The page stands still with its last picture: no beat any more, the line stays open."""
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.gather(self._beating, return_exceptions=True)

    def say(self, data: bytes) -> None:
        """Raw bytes to the service, as a broken page would send."""
        self._connection.receive(data)

    @property
    def snapshot(self) -> Snapshot | None:
        """The last picture."""
        if self._unread:
            self._snapshot, self._unread = _decode_snapshot(self._unread), b""
        return self._snapshot

    @property
    def rev(self) -> int:
        """Revision of the last snapshot."""
        if self._unread:
            return _decode_head(self._unread).rev
        return self._snapshot.rev if self._snapshot is not None else 0

    def new_id(self) -> int:
        self._next_id += 1
        return self._next_id

    async def send(self, message: ClientMessage) -> Accepted | Refused:
        """Send a command built with id=new_id(); returns its answer. Raises RobotError."""
        assert not isinstance(message, Beat)
        answer: asyncio.Future[Accepted | Refused] = asyncio.get_running_loop().create_future()
        self._answers[message.id] = answer
        self._connection.receive(encode(message))
        try:
            async with asyncio.timeout(10.0):
                return await answer
        except TimeoutError:
            raise RobotError(f"no answer to {message}") from None
        finally:
            self._answers.pop(message.id, None)

    def post(self, message: ClientMessage) -> None:
        """Send and do not wait for what becomes of it."""
        self._connection.receive(encode(message))

    async def do(self, kind: type, **fields: object) -> None:
        """Send a command with the revision on the screen. Raises RobotError when refused.

        When the picture changed under the finger the robot looks and taps again, as people do.
        """
        looks_left = LOOKS_MAX
        while True:
            shown_rev = self.rev
            answer = await self.send(kind(id=self.new_id(), rev=shown_rev, **fields))
            if isinstance(answer, Accepted):
                return
            looks_left -= 1
            if answer.code != "stale_screen" or looks_left == 0:
                raise RobotError(f"{kind.__name__} refused: {answer.code} {answer.args}")
            await self._newer_than(shown_rev)

    async def _newer_than(self, rev: int) -> None:
        await self.until(lambda s: s.rev > rev, 2.0)

    async def until(self, wanted: Callable[[Snapshot], bool], timeout_s: float) -> Snapshot:
        """Wait until the screen shows it. Raises RobotError after timeout_s."""
        try:
            async with asyncio.timeout(timeout_s):
                while (picture := self.snapshot) is None or not wanted(picture):
                    self._seen.clear()
                    await self._seen.wait()
        except TimeoutError:
            raise RobotError(f"waited {timeout_s} s, the screen shows: {self._where()}") from None
        return picture

    def _where(self) -> str:
        s = self.snapshot
        if s is None:
            return "nothing"
        stop = s.visit.session.stop if s.visit is not None else None
        problems = [p.code for p in s.visit.problems] if s.visit is not None else []
        return (
            f"phase {s.phase}, unit {s.unit.link} {s.unit.mcu_state}, stop {stop},"
            f" problems {problems}, reasons {s.device.reasons}, refusals {s.refusals}"
        )

    def _take(self, data: bytes) -> None:
        if data.startswith(SNAPSHOT_HEAD):
            self._unread = data
            if self._watch is not None and self.snapshot is not None:
                self._watch.see(self.snapshot)
            self._seen.set()
            return
        message = _decode(data)
        if isinstance(message, Malformed):
            self.malformed.append(message)
        else:
            waiting = self._answers.get(message.id)
            if waiting is not None and not waiting.done():
                waiting.set_result(message)

    async def _beat(self) -> None:
        while True:
            self._frames += 30
            beat = Beat(frames=self._frames, screen="robot", shown_rev=self.rev)
            self._connection.receive(encode(beat))
            await asyncio.sleep(BEAT_S)
