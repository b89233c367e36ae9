"""One valid example of every command, and what the chair is asked by it."""

from __future__ import annotations

from typing import Any

from edge.api import schema
from tests.edge.api.fakes import DOCT, PINS

FIELDS: dict[type[schema.Command], dict[str, Any]] = {
    schema.TakeControl: {},
    schema.OpenVisit: {"appointment_id": "apt-1"},
    schema.LeaveVisit: {},
    schema.Reveal: {},
    schema.BeginChecks: {},
    schema.AnswerCheck: {"key": "identity", "answer": "confirmed"},
    schema.ReleaseCheck: {"key": "sleep", "user_id": DOCT, "pin": PINS[DOCT], "reason": "talked"},
    schema.ReleaseGap: {"user_id": DOCT, "pin": PINS[DOCT], "reason": "seen"},
    schema.DecideHeld: {"user_id": DOCT, "pin": PINS[DOCT], "reason": "seen"},
    schema.FinishChecks: {},
    schema.Back: {},
    schema.ArmUnit: {},
    schema.Start: {},
    schema.Pause: {},
    schema.Resume: {},
    schema.Acknowledge: {},
    schema.AcknowledgeAlarm: {"alarm_id": "estop"},
    schema.PauseAudio: {},
    schema.TestAlarms: {},
    schema.StartSafetyTest: {},
    schema.StartFullSafetyTest: {},
    schema.RepeatSafetyStep: {},
    schema.EndSafetyTest: {},
    schema.EndSession: {"reason": "time"},
    schema.AddNote: {"note": "calm"},
    schema.WrapUp: {"pain_0_10": 2, "note": "fine", "pin": "?"},
}
CALLS = {
    "open_visit": ("apt-1",),
    "answer_check": ("identity", "confirmed"),
    "release_check": ("sleep", "talked"),
    "release_gap": ("seen",),
    "decide_held": ("seen",),
    "acknowledge_alarm": ("estop",),
    "end_session": ("time",),
    "add_note": ("calm",),
    "wrap_up": (2, "fine"),
}


def fields_for(kind: type[schema.Command], user_id: str) -> dict[str, Any]:
    fields = dict(FIELDS[kind])
    if kind is schema.WrapUp:
        fields["pin"] = PINS.get(user_id, "0000")
    return fields
