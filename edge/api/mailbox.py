"""What waits to be written to one screen: every answer, and only the newest picture.

A screen that reads slowly gets fewer pictures, never older ones, and no memory is taken for it.
Order is kept: an answer never overtakes the picture that was put before it. No clock.
"""

from __future__ import annotations

import asyncio
from collections import deque

ANSWERS_MAX = 64  # a page has one command and a few STOPs underway


class Mailbox:
    """Filled by the hub without waiting, emptied by the one writer of a connection."""

    def __init__(self) -> None:
        self._waiting: deque[bytes | None] = deque()  # None marks the picture's place
        self._picture: bytes | None = None
        self._filled = asyncio.Event()
        self._is_closed = False
        self.skipped = 0

    def put(self, answer: bytes) -> None:
        """Queue an answer; too many unread ones close the box."""
        if len(self._waiting) > ANSWERS_MAX:
            self.close()
            return
        self._waiting.append(answer)
        self._filled.set()

    def put_snapshot(self, picture: bytes) -> None:
        """Queue a picture, in the place of one that is still unread."""
        if self._picture is None:
            self._waiting.append(None)
        else:
            self.skipped += 1
        self._picture = picture
        self._filled.set()

    def close(self) -> None:
        """Nothing more is taken; what waits is still delivered."""
        self._is_closed = True
        self._filled.set()

    async def take(self) -> bytes | None:
        """The next message; None when closed and empty."""
        while not self._waiting:
            if self._is_closed:
                return None
            self._filled.clear()
            await self._filled.wait()
        item = self._waiting.popleft()
        if item is not None:
            return item
        picture, self._picture = self._picture, None
        assert picture is not None
        return picture
