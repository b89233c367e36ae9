"""What a picture says of the unit itself: its state, its alarms, its contacts, its device facts.

Part of the snapshot; edge/api/schema.py holds the whole. Numbers carry their unit in the name.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Args = dict[str, str | int | float]
Priority = Literal["high", "medium", "low"]


class UnitView(Struct, frozen=True):
    """Lock-screen facts, visible before log-in."""

    unit_id: str
    is_simulated: bool | None
    software_version: str
    firmware_version: str
    link: Literal[
        "closed", "opening", "identifying", "version_mismatch", "key_refused", "live", "silent"
    ]
    link_detail: str
    mcu_state: str
    heard_ms_ago: int | None
    can_fire: bool  # gate armed or charged bank: STOP is drawn filled


class AlarmView(Struct, frozen=True):
    alarm_id: str  # text keys alarm-<id>-what, -did, -do
    priority: Priority
    is_active: bool
    is_acknowledged: bool
    since: str  # clock text
    args: Args


class InterlockView(Struct, frozen=True):
    name: str  # text key interlock-<name>
    state: Literal["ok", "open", "unknown", "disagree"]


class HeldView(Struct, frozen=True):
    """A session that nobody can read, or that is not stored at all; why: text key held-<...>."""

    session: str  # the first eight of its identity
    opened: str  # date and time, as stored; '' of one that is not
    why: Literal["newer", "damaged", "unknown"]
    is_open: bool  # never signed: pulses of it may be unknown
    is_decided: bool
    pulses: int  # of one that is not stored, as the controller counted them


class DeviceView(Struct, frozen=True):
    ready: Literal["ready", "not_ready", "in_use"]
    reasons: list[str]  # text keys reason-<...>, empty when ready
    self_test: Literal["open", "passed", "failed"]
    self_test_at: str
    sounder: Literal["open", "passed", "failed"]  # heard when it was last tried
    sounder_at: str
    bank_pct: int | None  # of full voltage
    surface_c: float | None
    surface_own_c: float | None  # the edge's own sensor at the same face
    winding_c: float | None
    surface_limit_c: float
    coil_type: str
    coil_serial: str
    lifetime_pulses: int
    held: list[HeldView]
    interlocks: list[InterlockView]
    attend: Literal["not_fitted", "held", "released", "unknown"]  # foot or hand switch
    to_prove: list[str]  # contacts to open and close once, text keys interlock-<name>
