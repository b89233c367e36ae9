"""Wrappers of the ports to what is kept and to other people: store, signer, PINs, clinic.

The store is an input like any other: what a statement gave is kept, so that a replay needs no copy
of the database and a recording holds of the patients only what the service has read. What is
written is an out, of which the digest is kept. PINs are never on the tape.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import msgspec

from edge.blackbox.channels import Ch
from edge.blackbox.gate import Codec, Gate
from edge.ports import ClinicAnswer, ClinicHttp, PinHasher, Signer, Store, Tracks, Value

_READING = ("SELECT", "PRAGMA", "WITH")
_LABEL_MAX = 60
_NOTHING: Codec[None] = Codec(None)
_ROWS: Codec[list[tuple[Value, ...]]] = Codec(list[list[Any]], lambda rows: list(map(tuple, rows)))
_BYTES: Codec[bytes] = Codec(bytes)
_IS: Codec[bool] = Codec(bool)
_TEXT: Codec[str] = Codec(str)
_ANSWER: Codec[tuple[int, list[tuple[str, str]], bytes]] = Codec(
    tuple[int, list[tuple[str, str]], bytes]
)


class TapedStore:
    """edge.ports.Store. From outside the product it is the store itself."""

    def __init__(self, gate: Gate, live: Store | None) -> None:
        self._gate = gate
        self._live = live

    def rows(self, sql: str, args: Sequence[Value] = ()) -> list[tuple[Value, ...]]:
        live = self._live
        if live is not None and not self._gate.is_inside:
            return live.rows(sql, args)

        def act() -> list[tuple[Value, ...]]:
            assert live is not None
            return live.rows(sql, args)

        if sql.lstrip()[:6].upper().startswith(_READING):
            return self._gate.read(Ch.ROWS, act, _ROWS)
        self._gate.out(Ch.STORE, _label(sql), msgspec.msgpack.encode((sql, list(args))))
        return self._gate.read(Ch.WRITTEN, act, _ROWS)

    def transaction(self) -> AbstractContextManager[None]:
        if self._live is not None and not self._gate.is_inside:
            return self._live.transaction()
        return self._transaction()

    def checkpoint(self) -> None:
        live = self._live

        def act() -> None:
            assert live is not None
            live.checkpoint()

        self._gate.out(Ch.STORE, "checkpoint", b"")
        self._gate.read(Ch.TRANSACTION, act, _NOTHING)

    def log_failure(self) -> str:
        return self._gate.read(Ch.STORE_LOG, lambda: self._there().log_failure(), _TEXT)

    def repaired(self) -> str:
        return self._gate.read(Ch.STORE_REPAIRED, lambda: self._there().repaired(), _TEXT)

    def _there(self) -> Store:
        assert self._live is not None
        return self._live

    def close(self) -> None:
        if self._live is not None:
            self._live.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        gate = self._gate
        opened: list[AbstractContextManager[None]] = []

        def begin() -> None:
            assert self._live is not None
            opened.append(self._live.transaction())
            opened[0].__enter__()

        def commit() -> None:
            opened[0].__exit__(None, None, None)

        gate.read(Ch.TRANSACTION, begin, _NOTHING)
        try:
            yield
        except BaseException as error:
            gate.out(Ch.STORE, "rollback", b"")
            if opened:
                failure = error
                gate.outside(
                    lambda: opened[0].__exit__(type(failure), failure, failure.__traceback__)
                )
            raise
        gate.out(Ch.STORE, "commit", b"")
        gate.read(Ch.TRANSACTION, commit, _NOTHING)


class TapedTracks:
    """edge.ports.Tracks."""

    def __init__(self, gate: Gate, live: Tracks | None) -> None:
        self._gate = gate
        self._live = live

    def begin(self, session_id: str, header: bytes) -> None:
        self._gate.out(Ch.NOTE, "track", session_id.encode() + header)
        live = self._live
        if live is not None:
            self._gate.outside(lambda: live.begin(session_id, header))

    def put(self, rows: bytes) -> None:
        self._gate.out(Ch.NOTE, "rows", rows)
        live = self._live
        if live is not None:
            self._gate.outside(lambda: live.put(rows))

    def end(self) -> None:
        self._gate.out(Ch.NOTE, "track ends", b"")
        if self._live is not None:
            self._gate.outside(self._live.end)

    def is_recorded(self) -> bool:
        def act() -> bool:
            assert self._live is not None
            return self._live.is_recorded()

        return self._gate.read(Ch.RECORDED, act, _IS)


class TapedSigner:
    """edge.ports.Signer."""

    def __init__(self, gate: Gate, live: Signer | None) -> None:
        self._gate = gate
        self._live = live

    def public_key(self) -> bytes:
        def act() -> bytes:
            assert self._live is not None
            return self._live.public_key()

        return self._gate.read(Ch.PUBLIC_KEY, act, _BYTES)

    def sign(self, message: bytes) -> bytes:
        def act() -> bytes:
            assert self._live is not None
            return self._live.sign(message)

        return self._gate.read(Ch.SIGNATURE, act, _BYTES)

    def is_signed(self, message: bytes, signature: bytes) -> bool:
        def act() -> bool:
            assert self._live is not None
            return self._live.is_signed(message, signature)

        return self._gate.read(Ch.IS_SIGNED, act, _IS)


class TapedPins:
    """edge.ports.PinHasher: whether it fitted is kept, the PIN is not."""

    def __init__(self, gate: Gate, live: PinHasher | None) -> None:
        self._gate = gate
        self._live = live

    async def hash_pin(self, pin: str) -> str:
        live = self._live
        if live is not None and not self._gate.is_inside:
            return await live.hash_pin(pin)

        async def act() -> str:
            assert live is not None
            return await live.hash_pin(pin)

        return await self._gate.ask(Ch.PIN_HASH, act, _TEXT)

    async def verify_pin(self, pin_hash: str, pin: str) -> bool:
        live = self._live

        async def act() -> bool:
            assert live is not None
            return await live.verify_pin(pin_hash, pin)

        return await self._gate.ask(Ch.PIN_VERIFY, act, _IS)


class TapedClinic:
    """edge.ports.ClinicHttp."""

    def __init__(self, gate: Gate, live: ClinicHttp | None) -> None:
        self._gate = gate
        self._live = live

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        timeout_s: float,
    ) -> ClinicAnswer:
        asked = (method, path, body, sorted((headers or {}).items()), timeout_s)
        kind = path.partition("?")[0].partition("/")[0]
        self._gate.out(Ch.CLINIC_ASKED, f"{method} {kind}", msgspec.msgpack.encode(asked))

        async def act() -> tuple[int, list[tuple[str, str]], bytes]:
            assert self._live is not None
            answer = await self._live.request(
                method, path, body=body, headers=headers, timeout_s=timeout_s
            )
            return answer.status, list(answer.headers.items()), answer.body

        status, names, text = await self._gate.ask(Ch.CLINIC, act, _ANSWER)
        return ClinicAnswer(status, dict(names), text)


def _label(sql: str) -> str:
    return " ".join(sql.split())[:_LABEL_MAX]
