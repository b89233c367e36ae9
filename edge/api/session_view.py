"""What a screen is told of the running or last session: counts, rest, stop, ledger, story.

Part of edge/api/schema.py, which writes these to the page as well; filled by
edge/api/visit_view.py. Structs only.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from edge.api.unit_view import Args


class StopView(Struct, frozen=True):
    code: str  # text keys stop-<code>-what, -do
    at: str
    value: float | None
    limit: float | None
    unit: str
    dose_counts: bool
    is_cleared: bool


class LogView(Struct, frozen=True):
    at: str
    kind: str
    args: Args


class RestView(Struct, frozen=True):
    """What is still to be given, and how long the session may stay broken off.

    rest_of_train: pulses that complete the train that was cut, 0 when none was; then the trains
    first_train to last_train follow whole (0 and 0: none). since_ms, left_ms: null while no pulse
    was given, or when nobody can say (doubt: text key gap-<...>).
    """

    length_ms: int  # from the next pulse to the last, when nothing goes wrong
    rest_of_train: int
    first_train: int
    last_train: int
    since_ms: int | None
    left_ms: int | None
    doubt: str
    limit_s: int
    source: Literal["order", "protocol", "unit"]
    released_by: str
    release_left_ms: int


class UnsettledView(Struct, frozen=True):
    """The controller was asked and the count stays open; reason: text key uncertain-<...>."""

    reason: str
    at_least: int
    at_most: int


class TrainView(Struct, frozen=True, array_like=True):
    """The ledger of one train: prescribed, asked of the controller, sensed, not settled."""

    prescribed: int
    commanded: int
    measured: int
    uncertain: int


class SessionView(Struct, frozen=True):
    session_id: str
    prescribed: int
    delivered: int
    remaining: int
    uncertain: int
    train: int  # 1-based train being given or due next
    trains: int
    train_pulses: int
    pulses_per_train: int
    stage: Literal["idle", "countdown", "train", "gap", "done"]
    stage_left_ms: int
    stage_ms: int
    left_ms: int
    ends: str  # clock text
    started: str
    peak_surface_c: float | None
    paused_ms: int | None
    pauses: int
    stop: StopView | None
    cuts: list[int]  # pulses given where a train was cut short
    rest: RestView | None  # of a session that is broken off, while the count is settled
    unsettled: UnsettledView | None
    ledger: list[TrainView]  # each train, once no more pulses are given
    log: list[LogView]
