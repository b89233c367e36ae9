"""Who is logged in: tokens in memory, and the lock after a time without touch.

A restart logs everybody out. Tokens are kept as hashes. While the chair may not be left alone
(arming, treating, paused, reading back) nobody is locked out and the time starts anew afterwards.
Times are seconds of the event loop, handed in.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from edge.domain.session_states import S
from edge.ports import Entropy
from edge.services.accounts import Account

TOKEN_BYTES = 32
SESSIONS_MAX = 16  # far more than screens; the one longest idle gives way
WARNING_S = 60.0  # reference: a quiet countdown before the lock
NEVER_LOCKED = (S.ARMING, S.ARMED, S.TREATING, S.PAUSED, S.RESUMING, S.UNCERTAIN)


@dataclass
class _Session:
    account: Account
    active_at: float


class Operators:
    """The log-in sessions of one unit."""

    def __init__(self, entropy: Entropy, lock_after_s: float) -> None:
        self._entropy = entropy
        self._lock_after_s = lock_after_s
        self._sessions: dict[str, _Session] = {}

    def open(self, account: Account, now_s: float) -> str:
        """Log in; returns the new token."""
        token = base64.urlsafe_b64encode(self._entropy.token_bytes(TOKEN_BYTES)).decode().strip("=")
        if len(self._sessions) >= SESSIONS_MAX:
            idlest = min(self._sessions, key=lambda key: self._sessions[key].active_at)
            del self._sessions[idlest]
        self._sessions[_key(token)] = _Session(account, now_s)
        return token

    def close(self, token: str) -> Account | None:
        """Log out; who it was."""
        session = self._sessions.pop(_key(token), None)
        return None if session is None else session.account

    def find(self, token: str) -> Account | None:
        """Who this token stands for; None when unknown or locked."""
        session = self._sessions.get(_key(token)) if token else None
        return None if session is None else session.account

    def touch(self, token: str, now_s: float) -> None:
        """Somebody is there."""
        session = self._sessions.get(_key(token))
        if session is not None:
            session.active_at = now_s

    def lock_in_s(self, token: str, state: S, now_s: float) -> float | None:
        """Seconds to the lock during its last minute, else None."""
        session = self._sessions.get(_key(token)) if token else None
        if session is None or state in NEVER_LOCKED:
            return None
        left_s = session.active_at + self._lock_after_s - now_s
        return max(0.0, left_s) if left_s <= WARNING_S else None

    def expire(self, state: S, now_s: float) -> list[Account]:
        """Lock who has been away too long; call at least once a second."""
        if state in NEVER_LOCKED:
            for session in self._sessions.values():
                session.active_at = now_s
            return []
        gone = [
            key
            for key, session in self._sessions.items()
            if now_s - session.active_at >= self._lock_after_s
        ]
        return [self._sessions.pop(key).account for key in gone]


def _key(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
