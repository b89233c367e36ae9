"""The doors of the hub: what screens and people do, in the order in which it reached the product.

Has the hub's own methods; each goes through the gate. A log-in's token is veiled on the tape, and a
PIN is not on it at all: its digits are zeros there, which the product cannot tell, because whether
a PIN fits is another port's word. The same table of acts plays a tape back.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from edge.api.connection import Connection, Send
from edge.api.doors import HubDoors, Screen
from edge.api.hub import Hub
from edge.api.operators import TOKEN_BYTES
from edge.blackbox.channels import Ch
from edge.blackbox.gate import Gate
from edge.blackbox.ports_device import pack_words, veil
from edge.domain.verdict import Verdict
from edge.services.accounts import Account

T = TypeVar("T")
Done = Callable[[asyncio.Task[Any]], None]

_PIN = re.compile(rb'("pin"\s*:\s*")([^"]*)(")')
_DIGIT = re.compile(rb"[0-9]")
_LETTER = re.compile(rb"[^0-9]")


class HubActs:
    """What each door does to the hub, recorded or played back: the one place that says it."""

    def __init__(self, gate: Gate, hub: Hub) -> None:
        self._gate = gate
        self._hub = hub
        self._screens: dict[int, Connection] = {}

    def login(self, words: list[Any], done: Done, pin: str | None = None) -> None:
        user_id, kept_pin, token = words
        work = self._hub.login(user_id, kept_pin if pin is None else pin, token)
        task = asyncio.get_running_loop().create_task(work, name="log-in")
        task.add_done_callback(done)

    def connect(
        self, number: int, token: str, send: Send, snapshot: Send, close: Callable[[], None]
    ) -> Connection:
        gate = self._gate

        def put(label: str, to: Send, data: bytes) -> None:
            gate.out(Ch.SCREEN, f"{label} {number}", data)
            gate.outside(lambda: to(data))

        def close_it() -> None:
            gate.out(Ch.SCREEN, f"close {number}", b"")
            gate.outside(close)

        found = self._hub.connect(
            lambda data: put("answer", send, data),
            token=token,
            send_snapshot=lambda data: put("snapshot", snapshot, data),
            close=close_it,
        )
        self._screens[number] = found
        return found

    def receive(self, number: int, data: bytes) -> None:
        self._screens[number].receive(data)

    def receive_binary(self, number: int, data: bytes) -> None:
        self._screens[number].receive_binary(data)

    def disconnect(self, number: int) -> None:
        self._screens.pop(number).disconnect()


class TapedScreen:
    """edge.api.doors.Screen."""

    def __init__(self, gate: Gate, acts: HubActs, number: int) -> None:
        self._gate = gate
        self._acts = acts
        self._number = number
        self._is_open = True

    def receive(self, data: bytes) -> None:
        kept = pack_words(self._number, without_pin(data))
        self._gate.door(Ch.RECEIVE, kept, lambda: self._acts.receive(self._number, data))

    def receive_binary(self, data: bytes) -> None:
        kept = pack_words(self._number, without_pin(data))
        act = lambda: self._acts.receive_binary(self._number, data)  # noqa: E731
        self._gate.door(Ch.RECEIVE_BINARY, kept, act)

    def disconnect(self) -> None:
        if self._is_open:
            self._is_open = False
            kept = pack_words(self._number)
            self._gate.door(Ch.DISCONNECT, kept, lambda: self._acts.disconnect(self._number))


class TapedHub:
    """edge.api.doors.HubDoors."""

    def __init__(self, gate: Gate, hub: Hub) -> None:
        self._gate = gate
        self._hub = hub
        self._acts = HubActs(gate, hub)
        self._numbers = 0

    @property
    def chair(self) -> Any:
        """For looking only."""
        return self._hub.chair

    def operator(self, token: str) -> Account | None:
        return self._hub.operator(token)

    def refusal_text(self, code: str) -> str:
        return self._hub.refusal_text(code)

    def words(self, verdict: Verdict) -> str:
        return self._hub.words(verdict)

    async def login(
        self, user_id: str, pin: str, old_token: str = ""
    ) -> tuple[str, Account] | Verdict:
        """Runs inside; whoever asked waits outside."""
        ended: asyncio.Future[tuple[str, Account] | Verdict]
        ended = asyncio.get_running_loop().create_future()

        def done(task: asyncio.Task[tuple[str, Account] | Verdict]) -> None:
            self._gate.outside(lambda: pass_on(task, ended))

        words = [user_id, zeros(pin), veiled_text(old_token)]
        live_words = [user_id, pin, old_token]
        self._gate.door(Ch.LOGIN, pack_words(*words), lambda: self._acts.login(live_words, done))
        return await ended

    def logout(self, token: str) -> Verdict:
        kept = pack_words(veiled_text(token))
        return self._gate.door(Ch.LOGOUT, kept, lambda: self._hub.logout(token))

    def note_read(self, account: Account, session_id: str, action: str = "read_session") -> None:
        kept = pack_words(account.user_id, account.name, account.role, session_id, action)
        act = lambda: self._hub.note_read(account, session_id, action)  # noqa: E731
        self._gate.door(Ch.NOTE_READ, kept, act)

    def connect(
        self,
        send: Send,
        *,
        token: str = "",
        send_snapshot: Send | None = None,
        close: Callable[[], None] | None = None,
    ) -> Screen:
        self._numbers += 1
        number = self._numbers
        kept = pack_words(number, veiled_text(token))
        self._gate.door(
            Ch.CONNECT,
            kept,
            lambda: self._acts.connect(
                number, token, send, send_snapshot or send, close or (lambda: None)
            ),
        )
        return TapedScreen(self._gate, self._acts, number)


def play_door(acts: HubActs, hub: Hub, channel: Ch, payload: bytes) -> bool:
    """Do what the tape says; False for a door that is none of the hub's."""
    words: list[Any] = msgspec.msgpack.decode(payload) if payload else []

    def nowhere(_data: bytes) -> None:
        pass

    match channel:
        case Ch.LOGIN:
            acts.login(words, lambda task: None if task.cancelled() else _look(task))
        case Ch.LOGOUT:
            hub.logout(words[0])
        case Ch.NOTE_READ:
            hub.note_read(Account(words[0], words[1], words[2]), words[3], words[4])
        case Ch.CONNECT:
            acts.connect(words[0], words[1], nowhere, nowhere, lambda: None)
        case Ch.RECEIVE:
            acts.receive(words[0], words[1])
        case Ch.RECEIVE_BINARY:
            acts.receive_binary(words[0], words[1])
        case Ch.DISCONNECT:
            acts.disconnect(words[0])
        case _:
            return False
    return True


def pass_on(task: asyncio.Task[T], ended: asyncio.Future[T]) -> None:
    """A task's end to whoever waits on another loop."""
    if ended.done():
        _look(task)
    elif task.cancelled():
        ended.cancel()
    elif (error := task.exception()) is not None:
        ended.set_exception(error)
    else:
        ended.set_result(task.result())


def _look(task: asyncio.Task[Any]) -> None:
    """So that nobody complains that its error was never looked at."""
    if not task.cancelled():
        task.exception()


def zeros(pin: str) -> str:
    """As long, and of the same kind of characters."""
    return re.sub("[^0-9]", "x", re.sub("[0-9]", "0", pin))


def without_pin(data: bytes) -> bytes:
    """A message of the page with its PIN blotted out."""
    if b'"pin"' not in data:
        return data

    def blot(found: re.Match[bytes]) -> bytes:
        return found[1] + _LETTER.sub(b"x", _DIGIT.sub(b"0", found[2])) + found[3]

    return _PIN.sub(blot, data)


def veiled_text(token: str) -> str:
    """The token that the tape's product would have given out."""
    if not token:
        return ""
    try:
        secret = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        secret = token.encode("utf-8", "replace")
    kept = veil(secret) if len(secret) == TOKEN_BYTES else veil(token.encode("utf-8", "replace"))
    return base64.urlsafe_b64encode(kept).decode().strip("=")


__all__ = ["HubActs", "HubDoors", "TapedHub", "play_door"]
