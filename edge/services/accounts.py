"""Who may use the unit: accounts with a role and a personal PIN.

Owns the account table and the rule against guessing: a wrong try is counted durably before the PIN
is looked at, so that pulling the plug is no free guess; five in a row close the account for a
minute, and from then on each wrong try does. Unknown accounts and wrong PINs get the same answer
after the same work. Computing the slow hash is a port. Loop time; log-in sessions are edge/api's.
"""

from __future__ import annotations

import asyncio
import math
import re
from dataclasses import dataclass

import structlog

from edge.domain.permissions import ROLES
from edge.domain.verdict import Verdict, refused
from edge.ports import PinHasher, Store, Value

WRONG_TRIES_MAX = 5  # [P]
LOCKED_S = 60.0  # [P] 10,000 four-digit PINs then take a week
_WAITING_MAX = 4  # checks that may queue behind the one that is computed
_PIN = re.compile(r"[0-9]{4,12}")  # as Pin in edge/api/schema.py
_USER_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_log = structlog.get_logger()


class AccountError(Exception):
    """The account cannot be made; the text says why."""


@dataclass(frozen=True)
class Account:
    """name is what records and the screen show."""

    user_id: str
    name: str
    role: str


class Accounts:
    """The account table; one instance per store."""

    def __init__(self, store: Store, pins: PinHasher) -> None:
        self._store = store
        self._pins = pins
        self._lock = asyncio.Lock()  # one computation at a time bounds memory and load
        self._waiting = 0
        self._closed_until: dict[str, float] = {}  # loop seconds; existing accounts only
        self._decoy = ""
        self._listed: list[Account] | None = None  # every screen asks ten times a second

    async def add(self, user_id: str, name: str, role: str, pin: str) -> None:
        """Make an account. Raises AccountError with a sentence."""
        if not _USER_ID.fullmatch(user_id):
            raise AccountError("user id: small letters, digits, dot, dash, at most 64")
        if not 1 <= len(name.strip()) <= 64:
            raise AccountError("name: 1 to 64 characters")
        if role not in ROLES:
            raise AccountError(f"role: one of {', '.join(ROLES)}")
        if not _PIN.fullmatch(pin):
            raise AccountError("PIN: 4 to 12 digits")
        if self._find(user_id) is not None:
            raise AccountError(f"user id: {user_id} exists already")
        pin_hash = await self._pins.hash_pin(pin)
        self._write(
            "INSERT INTO account (user_id, name, role, pin_hash) VALUES (?, ?, ?, ?)",
            (user_id, name.strip(), role, pin_hash),
        )
        self._listed = None

    def list_operators(self) -> list[Account]:
        """Active accounts by name."""
        if self._listed is None:
            found = self._store.rows(
                "SELECT user_id, name, role FROM account WHERE is_active = 1 ORDER BY name, user_id"
            )
            self._listed = [Account(str(row[0]), str(row[1]), str(row[2])) for row in found]
        return list(self._listed)

    async def check_pin(self, user_id: str, pin: str) -> Account | Verdict:
        """The account, or wrong_pin, pin_locked, control_busy. Raises StoreError."""
        if self._waiting > _WAITING_MAX:
            return refused("control_busy")
        self._waiting += 1
        try:
            async with self._lock:
                return await self._check(user_id, pin)
        finally:
            self._waiting -= 1

    async def _check(self, user_id: str, pin: str) -> Account | Verdict:
        found = self._find(user_id)
        if found is None:
            self._decoy = self._decoy or await self._pins.hash_pin("0000")
            await self._pins.verify_pin(self._decoy, pin)
            _log.warning("log-in refused: no such account")
            return refused("wrong_pin")
        account, pin_hash, tries = found
        left_s = self._closed_s(user_id, tries)
        if left_s > 0:
            _log.warning("log-in refused: account closed for a while", user_id=user_id)
            return refused("pin_locked", seconds=math.ceil(left_s))
        self._count(user_id, tries + 1)
        if not await self._pins.verify_pin(pin_hash, pin):
            if tries + 1 >= WRONG_TRIES_MAX:
                self._close(user_id)
            _log.warning("log-in refused: wrong PIN", user_id=user_id, tries=tries + 1)
            return refused("wrong_pin")
        self._closed_until.pop(user_id, None)
        self._count(user_id, 0)
        return account

    def _closed_s(self, user_id: str, tries: int) -> float:
        """Seconds the account stays closed; a restart begins the minute anew."""
        if tries < WRONG_TRIES_MAX:
            return 0.0
        if user_id not in self._closed_until:
            self._close(user_id)
        return self._closed_until[user_id] - asyncio.get_running_loop().time()

    def _close(self, user_id: str) -> None:
        self._closed_until[user_id] = asyncio.get_running_loop().time() + LOCKED_S

    def _count(self, user_id: str, tries: int) -> None:
        self._write("UPDATE account SET wrong_tries = ? WHERE user_id = ?", (tries, user_id))

    def _write(self, sql: str, args: tuple[Value, ...]) -> None:
        with self._store.transaction():
            self._store.rows(sql, args)

    def _find(self, user_id: str) -> tuple[Account, str, int] | None:
        rows = self._store.rows(
            "SELECT name, role, pin_hash, wrong_tries FROM account"
            " WHERE user_id = ? AND is_active = 1",
            (user_id,),
        )
        if not rows:
            return None
        ((name, role, pin_hash, tries),) = rows
        assert isinstance(tries, int)
        return Account(user_id, str(name), str(role)), str(pin_hash), tries
