"""The three outcomes of a command to the controller: done, refused, uncertain.

Done carries the controller's report. Refused means certainly nothing happened; code is a name of
firmware/wire/codes.REJECTION_NAMES, or one of ours for a command that was never sent. Uncertain
means nobody knows: the session stops until the controller's own counters have been read. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from firmware.wire.message import Message

# Codes of our own, for commands that were never sent.
LINK_DOWN = "link_down"
STOPPED = "stopped"
QUEUE_FULL = "queue_full"
NO_KEY = "no_key"  # the controller's own word, for our side of it
OTHER_VERSION = "version"

# Reasons for Uncertain.
NO_ANSWER = "no_answer"
LINK_LOST = "link_lost"
REBOOTED = "rebooted"
CUT_BY_STOP = "cut_by_stop"
SEAL_REFUSED = "seal_refused"


@dataclass(frozen=True)
class Done:
    """The controller obeyed; value is its report (Answer, ArmEcho, Ledger, Identity)."""

    value: Message


@dataclass(frozen=True)
class Refused:
    """Certainly not done. detail is the limit or state the controller judged by."""

    code: str
    detail: int = 0


@dataclass(frozen=True)
class Uncertain:
    """Sent, and the answer is not known."""

    reason: str


Outcome = Done | Refused | Uncertain

# Names of the controller's refusals that are about the seal and not about the command.
_SEAL_CODES = ("mac", "epoch", "sequence")


def is_seal_refused(outcome: Outcome) -> bool:
    """The controller could not tell that the command is ours, or new."""
    if isinstance(outcome, Refused):
        return outcome.code in _SEAL_CODES
    return isinstance(outcome, Uncertain) and outcome.reason == SEAL_REFUSED
