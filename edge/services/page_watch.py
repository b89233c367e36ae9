"""Is anybody's screen alive while pulses are given?

The API reports each beat of the controlling screen. Silence asks for a pause: at once between
trains or in a long one, else when the train is over. Loop time; pauses nothing itself.
"""

from __future__ import annotations

import asyncio
from enum import Enum

PAGE_SILENT_S = 3.0  # [P] six beats of the controlling screen
PAGE_WAIT_S_MAX = 10.0  # [P] a train longer than this is not waited for


class PageAct(Enum):
    """What to do about it now."""

    NOTHING = "nothing"
    PAUSE_NOW = "pause_now"
    PAUSE_AFTER_TRAIN = "pause_after_train"


class PageWatch:
    """Beats of the controlling screen."""

    def __init__(self) -> None:
        self._seen_at: float | None = None
        self.is_pause_due = False  # decided, and waiting for the train to end

    def seen(self) -> None:
        """The screen draws and answers."""
        self._seen_at = asyncio.get_running_loop().time()

    def begin(self) -> None:
        """Pulses follow; whoever asked for them was there just now."""
        self.seen()
        self.is_pause_due = False

    def silent_s(self) -> float | None:
        """Seconds since the last beat; None before the first."""
        if self._seen_at is None:
            return None
        return asyncio.get_running_loop().time() - self._seen_at

    def judge(self, *, is_in_train: bool, train_us: int) -> PageAct:
        """What silence demands; asks once for the end of a train."""
        silent_s = self.silent_s()
        if self.is_pause_due or silent_s is None or silent_s <= PAGE_SILENT_S:
            return PageAct.NOTHING
        if not is_in_train or train_us > PAGE_WAIT_S_MAX * 1e6:
            return PageAct.PAUSE_NOW
        self.is_pause_due = True
        return PageAct.PAUSE_AFTER_TRAIN
