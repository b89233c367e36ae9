"""What to do at start when the store and its change log do not tell the same.

Each transaction is in the change log before it is committed in the store, and the store notes the
number and the hash of that change; so one change ahead is an ordinary power cut, and everything
else has a cause that a person should hear of. Total over what the two can look like; never guesses:
two histories that contradict each other are held for a person. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class StoreKind(Enum):
    """What was found of the database."""

    NEW = "new"  # no file, or one in which nothing was ever committed
    WHOLE = "whole"
    DAMAGED = "damaged"


class LogKind(Enum):
    """What was found of the change log, after an unfinished last change was cut off."""

    EMPTY = "empty"
    WHOLE = "whole"
    DAMAGED = "damaged"


@dataclass(frozen=True)
class StoreEnd:
    """last_change 0: the store never had a change log. is_log_behind: changes went past it.

    hash_there: the store's hash at the log's last change; None when it does not have it any more.
    """

    kind: StoreKind
    last_change: int = 0
    last_hash: bytes = b""
    is_log_behind: bool = False
    hash_there: bytes | None = None


@dataclass(frozen=True)
class LogEnd:
    """hash_there: the log's hash at the store's last change; None when the log does not have it.

    last_hash: at its own last change.
    """

    kind: LogKind
    last_change: int = 0
    hash_there: bytes | None = None
    last_hash: bytes | None = None


class Repair(Enum):
    """What brings the two together. The value is the code of texts store-<code>."""

    NOTHING = "nothing"
    BEGIN_LOG = "begin_log"  # the store is older than its log: write the log from the store
    FINISH_CHANGE = "finish_change"  # a power cut between log and store: apply the last change
    CATCH_UP = "catch_up"  # an older copy of the store: apply what it lacks
    REBUILD_STORE = "rebuild_store"  # from the log
    REWRITE_LOG = "rewrite_log"  # from the store
    HOLD_BOTH_DAMAGED = "hold_both_damaged"
    HOLD_LOG_ALONE_DAMAGED = "hold_log_alone_damaged"  # the store is gone, and the log is damaged
    HOLD_STORE_ALONE_DAMAGED = "hold_store_alone_damaged"  # the log is gone, the store is damaged
    HOLD_TWO_HISTORIES = "hold_two_histories"

    @property
    def is_held(self) -> bool:
        """Nothing may be done without a person."""
        return self.name.startswith("HOLD_")

    @property
    def is_told(self) -> bool:
        """A person should hear of it; the others are ordinary."""
        return self in (Repair.CATCH_UP, Repair.REBUILD_STORE, Repair.REWRITE_LOG)


def judge(store: StoreEnd, log: LogEnd) -> Repair:
    """What to do with a store and a log that look like this."""
    if store.kind is StoreKind.NEW:
        return _WITHOUT_STORE[log.kind]
    if store.kind is StoreKind.DAMAGED:
        return _WITH_DAMAGED_STORE[log.kind]
    if log.kind is LogKind.EMPTY:
        return Repair.REWRITE_LOG if store.last_change else Repair.BEGIN_LOG
    if log.kind is LogKind.DAMAGED or store.is_log_behind:
        return Repair.REWRITE_LOG
    return _both_whole(store, log)


_WITHOUT_STORE = {
    LogKind.EMPTY: Repair.NOTHING,
    LogKind.WHOLE: Repair.REBUILD_STORE,
    LogKind.DAMAGED: Repair.HOLD_LOG_ALONE_DAMAGED,
}
_WITH_DAMAGED_STORE = {
    LogKind.EMPTY: Repair.HOLD_STORE_ALONE_DAMAGED,
    LogKind.WHOLE: Repair.REBUILD_STORE,
    LogKind.DAMAGED: Repair.HOLD_BOTH_DAMAGED,
}


def _both_whole(store: StoreEnd, log: LogEnd) -> Repair:
    if log.last_change < store.last_change:
        is_ours = log.last_hash is not None and log.last_hash == store.hash_there
        # The log's disk has lost what it had said was safe; or the store came from elsewhere.
        return Repair.REWRITE_LOG if is_ours else Repair.HOLD_TWO_HISTORIES
    if log.hash_there != store.last_hash:
        return Repair.HOLD_TWO_HISTORIES
    ahead = log.last_change - store.last_change
    return {0: Repair.NOTHING, 1: Repair.FINISH_CHANGE}.get(ahead, Repair.CATCH_UP)
