"""Slow hashes of PINs (argon2id), so that a copied store does not give them away.

InlinePins computes where it is called and blocks for its whole cost: for command lines, tests and
the simulator. ThreadedPins moves the work to one thread of its own, because 0.7 s without a
heartbeat would make the controller disarm. Neither counts tries; that is edge/services/accounts.py.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError


class InlinePins:
    """edge.ports.PinHasher with argon2id; 64 MiB and three rounds measured 0.69 s here."""

    def __init__(self, memory_kib: int = 65536, rounds: int = 3) -> None:
        self._hasher = PasswordHasher(time_cost=rounds, memory_cost=memory_kib, parallelism=1)

    async def hash_pin(self, pin: str) -> str:
        """Hash with a fresh salt."""
        return self.hash_now(pin)

    async def verify_pin(self, pin_hash: str, pin: str) -> bool:
        """True when the PIN fits; a damaged hash fits nothing."""
        return self.verify_now(pin_hash, pin)

    def hash_now(self, pin: str) -> str:
        return self._hasher.hash(pin)

    def verify_now(self, pin_hash: str, pin: str) -> bool:
        try:
            return self._hasher.verify(pin_hash, pin)
        except (VerificationError, InvalidHashError):
            return False


class ThreadedPins:
    """The same on one worker thread: one check at a time, 64 MiB at most."""

    def __init__(self, inner: InlinePins) -> None:
        self._inner = inner
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pins")

    async def hash_pin(self, pin: str) -> str:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._inner.hash_now, pin)

    async def verify_pin(self, pin_hash: str, pin: str) -> bool:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._inner.verify_now, pin_hash, pin)

    def close(self) -> None:
        """End the thread."""
        self._pool.shutdown()
