"""Joins screens to the chair: pictures out, commands in, one screen in control, STOP before all.

Transport-free: the HTTP server and the simulator's robots attach the same way. Pictures go out on
change (at most ten a second) and on a period, encoded once per distinct view. Commands are judged
on arrival and again when their turn comes, and run one after another; STOP waits for nobody. A bug
in a handler ends run(), and with it the service: the controller then goes safe by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from functools import partial
from typing import Protocol as TypingProtocol

import structlog

from edge.api import schema
from edge.api.chair_port import ChairPort
from edge.api.commands import Commands, kind_of, needs_pin
from edge.api.connection import Connection, Send
from edge.api.gate import Asking, judge_command
from edge.api.intake import is_stop, read_message
from edge.api.login_desk import LoginDesk
from edge.api.operators import Operators
from edge.api.pacing import Shown, due_at, shown_now
from edge.api.pictures import Pictures
from edge.api.snapshot import UnitFacts
from edge.config import KioskConfig, LimitsConfig
from edge.domain.protocol import Protocol
from edge.domain.verdict import ACCEPTED, Verdict, refused
from edge.ports import Entropy, StoreError, WallClock
from edge.services.accounts import Account, Accounts
from edge.services.audit import Audit
from edge.services.supervisor import supervise

_log = structlog.get_logger()

REVEAL_S = 10.0  # reference: long enough for the two-identifier check
CONNECTIONS_MAX = 16  # far more than screens
_COMMANDS_MAX = 16  # waiting; a screen sends the next one after the answer
_STOPS_MAX = 20  # underway; each repeats itself on the line, more would add nothing

Sentence = Callable[[str, Mapping[str, str | int | float]], str]


class TooManyScreensError(Exception):
    """No further screen is attached."""


class ProtocolLookup(TypingProtocol):
    """edge.services.library.ProtocolLibrary fits."""

    def get(self, protocol_id: str, version: str | None = None) -> Protocol | None: ...


@dataclass(frozen=True)
class HubParts:
    """What the hub works with. sentence turns a text key and values into words."""

    chair: ChairPort
    accounts: Accounts
    audit: Audit
    wall_clock: WallClock
    entropy: Entropy
    library: ProtocolLookup
    sentence: Sentence
    kiosk: KioskConfig
    limits: LimitsConfig
    time_zone: tzinfo
    software_version: str


class Hub:
    """All screens of one unit."""

    def __init__(self, parts: HubParts) -> None:
        self._chair = parts.chair
        self._audit = parts.audit
        self._sentence = parts.sentence
        unit = UnitFacts(
            parts.software_version,
            parts.time_zone,
            parts.limits.surface_c10_max,
            parts.library.get,
        )
        operators = Operators(parts.entropy, parts.kiosk.lock_after_s)
        self._operators = operators
        self._desk = LoginDesk(parts.accounts, parts.audit, operators)
        self._commands = Commands(parts.chair, parts.accounts, parts.audit)
        self._pictures = Pictures(parts.chair, parts.accounts, operators, parts.wall_clock, unit)
        self._connections: list[Connection] = []
        self._queue: asyncio.Queue[tuple[Connection, schema.Command]] = asyncio.Queue(_COMMANDS_MAX)
        self._woken = asyncio.Event()
        self._has_news = self._is_asked = False
        self._tasks: asyncio.TaskGroup | None = None
        self._stops = 0
        parts.chair.on_change(self._take_news)

    @property
    def chair(self) -> ChairPort:
        return self._chair

    async def run(self) -> None:
        """Until cancelled; raises when a handler has a bug."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            try:
                # A group would take a command loop that somebody cancelled for one that is over.
                await supervise(
                    {"commands": self._carry_out_all, "pictures": self._broadcast},
                    on_failure=lambda _name, _error: None,  # whoever runs the hub tells
                )
            finally:
                self._tasks = None

    # Log-in

    async def login(
        self, user_id: str, pin: str, old_token: str = ""
    ) -> tuple[str, Account] | Verdict:
        """A token for connect(), and who it is; or the refusal."""
        done = await self._desk.login(user_id, pin, old_token, self._chair.state.state)
        self._view_changed()
        return done

    def logout(self, token: str) -> Verdict:
        """Ends a log-in; its screens fall back to the lock."""
        verdict = self._desk.logout(token, self._chair.state.state)
        self._view_changed()
        return verdict

    def operator(self, token: str) -> Account | None:
        """Who is logged in under this token."""
        return self._operators.find(token)

    def note_read(self, account: Account, session_id: str, action: str = "read_session") -> None:
        """Somebody reads a whole record: audited before it is shown. Raises StoreError."""
        self._audit.record(account.name, action, {"session_id": session_id})

    def refusal_text(self, code: str) -> str:
        """The sentence of a refusal without values."""
        return self._sentence(f"refusal-{code}", {})

    def words(self, verdict: Verdict) -> str:
        """A refusal as a sentence."""
        return self._sentence(f"refusal-{verdict.code}", verdict.args)

    # Screens

    def connect(
        self,
        send: Send,
        *,
        token: str = "",
        send_snapshot: Send | None = None,
        close: Callable[[], None] | None = None,
    ) -> Connection:
        """Attach a screen and show it the picture. Raises TooManyScreensError."""
        if len(self._connections) >= CONNECTIONS_MAX:
            _log.warning("screen refused: too many", connections=len(self._connections))
            raise TooManyScreensError(f"{CONNECTIONS_MAX} screens are attached")
        now_s = asyncio.get_running_loop().time()
        connection = Connection(
            ears=self,
            send=send,
            send_snapshot=send_snapshot or send,
            close_transport=close or (lambda: None),
            token=token,
            heard_at=now_s,
        )
        self._connections.append(connection)
        is_free = self._pictures.lease.control(connection, now_s) == "free"
        if is_free and self._operators.find(token) is not None:
            self._give_control(connection)
        self._pictures.show([connection])
        return connection

    def drop(self, connection: Connection) -> None:
        """A screen is gone; control becomes free when it had it."""
        if not connection.is_open:
            return
        connection.is_open = False
        self._connections.remove(connection)
        if self._pictures.lease.holder is connection:
            self._pictures.lease.take_back()
            self._view_changed()

    def take(self, connection: Connection, data: bytes) -> None:
        """A message of a screen."""
        now_s = asyncio.get_running_loop().time()
        message = read_message(data)
        match message:
            case schema.Stop():
                self._stop(connection, message.id)
            case schema.Malformed():
                self._refuse_malformed(connection, data, message, now_s)
            case schema.Beat():
                self._note_beat(connection, message, now_s)
            case _:
                self._enqueue(connection, message, now_s)

    def take_binary(self, connection: Connection, data: bytes) -> None:
        """A binary frame, which no page sends; a STOP in it counts all the same."""
        message = schema.Malformed("message", "binary frames are not used")
        now_s = asyncio.get_running_loop().time()
        self._refuse_malformed(connection, data, message, now_s)

    def _note_beat(self, connection: Connection, beat: schema.Beat, now_s: float) -> None:
        is_touched, is_alive = connection.note_beat(beat, now_s)
        if is_touched:
            self._operators.touch(connection.token, now_s)
        if is_alive and self._pictures.lease.holder is connection:
            self._chair.page_seen()

    def _refuse_malformed(
        self, connection: Connection, data: bytes, message: schema.Malformed, now_s: float
    ) -> None:
        if is_stop(data):
            self._stop(connection, None)
        _log.warning("message refused", where=message.where, why=message.text[:200])
        connection.send(schema.encode(message))
        if connection.note_malformed(now_s):
            _log.error("screen closed: too many messages that cannot be read")
            connection.close()

    # STOP

    def _stop(self, connection: Connection, stop_id: int | None) -> None:
        """From anybody, at any time. The answer follows the first step, which sends it."""
        if self._tasks is None:
            _log.critical("STOP while the service is ending: the controller stops by silence")
            return
        if self._stops < _STOPS_MAX:
            self._stops += 1
            self._tasks.create_task(self._run_stop(connection.token, is_first=self._stops == 1))
        loop = asyncio.get_running_loop()
        self._operators.touch(connection.token, loop.time())
        if stop_id is not None:
            loop.call_soon(self._answer, connection, stop_id, ACCEPTED)

    async def _run_stop(self, token: str, *, is_first: bool) -> None:
        phase = self._chair.state.state
        try:
            await self._chair.stop("operator")
        finally:
            self._stops -= 1
        if is_first:
            account = self._operators.find(token)
            who = "" if account is None else account.name
            try:
                self._audit.record(who, "stop", {"phase": phase.value})
            except StoreError as error:
                _log.error("audit row of a STOP lost", who=who, error=str(error))

    # Commands

    def _enqueue(self, connection: Connection, command: schema.Command, now_s: float) -> None:
        connection.heard_at = now_s
        self._operators.touch(connection.token, now_s)
        verdict = self._judge(connection, command)
        if verdict.is_accepted and self._queue.full():
            verdict = refused("control_busy")
        if verdict.is_accepted:
            self._queue.put_nowait((connection, command))
        else:
            self._refuse(connection, command, verdict)

    async def _carry_out_all(self) -> None:
        while True:
            connection, command = await self._queue.get()
            verdict = await self._carry_out(connection, command)
            if verdict.is_accepted:
                self._answer(connection, command.id, verdict)
            else:
                self._refuse(connection, command, verdict)

    async def _carry_out(self, connection: Connection, command: schema.Command) -> Verdict:
        verdict = self._judge(connection, command)
        account = self._operators.find(connection.token)
        if account is None or not verdict.is_accepted:
            return verdict
        if needs_pin(command) and (code := self._chair.refusals().get(kind_of(command))):
            return refused(code)  # before the PIN, which takes a while
        who = await self._commands.identify(account, command)
        if isinstance(who, Verdict):
            return who
        verdict = self._judge(connection, command)  # checking a PIN takes a while
        if not verdict.is_accepted:
            return verdict
        is_holder = self._pictures.lease.holder is connection
        if not is_holder and not isinstance(command, schema.TakeControl):
            self._give_control(connection)  # it was free
        return await self._commands.execute(who, command, self._on_screen(connection, command))

    def _on_screen(
        self, connection: Connection, command: schema.Command
    ) -> Callable[[], Verdict] | None:
        """Acts that concern the screen and not the chair."""
        match command:
            case schema.TakeControl():
                return partial(self._give_control, connection)
            case schema.Reveal():
                return partial(self._reveal, connection)
            case _:
                return None

    def _judge(self, connection: Connection, command: schema.Command) -> Verdict:
        if not connection.is_open:
            return refused("not_in_control")
        now_s = asyncio.get_running_loop().time()
        revisions = self._pictures.revisions
        revisions.refresh(self._chair.state)
        account = self._operators.find(connection.token)
        rev = command.rev
        asking = Asking(
            kind=kind_of(command),
            role=None if account is None else account.role,
            control=self._pictures.lease.control(connection, now_s),
            is_stale=not connection.was_sent(rev) or revisions.is_stale(rev),
        )
        return judge_command(asking)

    def _refuse(self, connection: Connection, command: schema.Command, verdict: Verdict) -> None:
        account = self._operators.find(connection.token)
        _log.info(
            "command refused",
            kind=kind_of(command),
            code=verdict.code,
            args=dict(verdict.args),
            who="" if account is None else account.name,
        )
        self._answer(connection, command.id, verdict)

    def _answer(self, connection: Connection, command_id: int, verdict: Verdict) -> None:
        """The answer, after the picture that shows what has become of it."""
        if not connection.is_open:
            return
        if not self._pictures.is_current(connection):
            self._pictures.show([connection])
        if verdict.is_accepted:
            connection.send(schema.encode(schema.Accepted(command_id)))
            return
        answer = schema.Refused(command_id, verdict.code, dict(verdict.args), self.words(verdict))
        connection.send(schema.encode(answer))

    # Control and pictures

    def _give_control(self, connection: Connection) -> Verdict:
        self._pictures.lease.give(connection)
        self._view_changed()
        return ACCEPTED

    def _reveal(self, connection: Connection) -> Verdict:
        visit = self._chair.state.visit
        if visit is None:
            return refused("wrong_state")
        until_s = asyncio.get_running_loop().time() + REVEAL_S
        connection.reveal(visit.appointment.appointment_id, until_s)
        self._view_changed()
        return ACCEPTED

    def _view_changed(self) -> None:
        self._pictures.view_changed()
        self._is_asked = True
        self._take_news()

    def _take_news(self) -> None:
        self._has_news = True
        self._woken.set()

    async def _broadcast(self) -> None:
        loop = asyncio.get_running_loop()
        state = self._chair.state
        while True:
            self._has_news = self._is_asked = False
            if self._desk.lock_idle(state.state):
                self._pictures.view_changed()
            self._pictures.show(self._connections)
            shown = shown_now(state, loop.time())
            while (due_s := self._due_at(shown)) > loop.time():
                await self._sleep_until(due_s)

    def _due_at(self, shown: Shown) -> float:
        state = self._chair.state
        return due_at(shown, state, has_news=self._has_news, is_asked=self._is_asked)

    async def _sleep_until(self, at_s: float) -> None:
        """Or until something has changed."""
        self._woken.clear()
        timer = asyncio.get_running_loop().call_at(at_s, self._woken.set)
        try:
            await self._woken.wait()
        finally:
            timer.cancel()
