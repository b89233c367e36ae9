"""Judges a command before anything is done: who, from which screen, on which picture.

Pure. The order of reasons is the order in which a person can do something about them. Whether the
chair's state allows the act is not judged here; the chair does that itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.domain.permissions import judge_permission
from edge.domain.verdict import ACCEPTED, Verdict, refused

# They make things safer or move nothing at the chair: refusing them on an old picture would help
# nobody.
ON_ANY_PICTURE = ("take_control", "pause", "pause_audio")


@dataclass(frozen=True)
class Asking:
    """Facts about a command and where it comes from."""

    kind: str
    role: str | None  # None: nobody is logged in there
    control: str  # here, elsewhere, free
    is_stale: bool  # named a picture from before the last material change, or one never sent


def judge_command(asking: Asking) -> Verdict:
    """Accepted, or not_logged_in, not_permitted, not_in_control, stale_screen."""
    permission = judge_permission(asking.role, asking.kind)
    if not permission.is_accepted:
        return permission
    if asking.control == "elsewhere" and asking.kind != "take_control":
        return refused("not_in_control")
    if asking.is_stale and asking.kind not in ON_ANY_PICTURE:
        return refused("stale_screen")
    return ACCEPTED
