"""When the next picture is due: at once for what may not wait, else as often as a person can read.

Pure. Seconds of the event loop.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.domain.session_states import S
from edge.services.chair_state import AlarmState, ChairState

IDLE_S = 0.5  # nothing has changed: the page sees that the unit is there
READ_S = 0.2  # numbers that drift, a countdown in whole seconds
TRAIN_S = 0.1  # the pulses of a train that runs; and what somebody at a screen has just asked for
# A new phase, such as a stop, or a new alarm: drawn within 100 ms of its report.
URGENT_S = 0.02


@dataclass(frozen=True)
class Shown:
    """What the last picture said of the things that may not wait, and when it went out."""

    at_s: float
    phase: S
    alarms: tuple[AlarmState, ...]


def shown_now(state: ChairState, now_s: float) -> Shown:
    """To be kept with each picture."""
    return Shown(now_s, state.state, state.alarms)


def due_at(shown: Shown, state: ChairState, *, has_news: bool, is_asked: bool) -> float:
    """When the next picture goes out, as far as is known now.

    has_news: something has changed since; is_asked: by a log-in, by taking control, by a reveal.
    """
    if state.state is not shown.phase or state.alarms != shown.alarms:
        return shown.at_s + URGENT_S
    is_train = state.visit is not None and state.visit.session.stage == "train"
    if is_asked or is_train:
        return shown.at_s + TRAIN_S
    return shown.at_s + (READ_S if has_news or state.state is S.TREATING else IDLE_S)
