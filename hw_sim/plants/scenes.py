"""Every scene by name, and how long it may take. A scene is played, and tells what was violated.

Most are a visit (hw_sim/plants/stage.py); some are something else: two runs of one seed, a day of
idling, files that nobody has signed, pairs of the fault campaign.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from hw_sim.plants import scenes_people, scenes_records, scenes_unit, scenes_visit
from hw_sim.plants.stage import Found, Script, play

Scene = Callable[[], Found]

_SCRIPTS: tuple[Script, ...] = (
    scenes_visit.treatment,
    scenes_visit.door,
    scenes_visit.door_waits,
    scenes_visit.restarted_at_rest,
    scenes_visit.door_stays_open,
    scenes_visit.stop,
    scenes_visit.silent_line,
    scenes_visit.deaf_controller,
    scenes_visit.cut_short,
    scenes_visit.hung_controller,
    scenes_visit.reset_at_rest,
    scenes_visit.killed_between,
    scenes_visit.low_bank,
    scenes_visit.hot_face,
    scenes_visit.poor_coil,
    scenes_visit.broken_sensor,
    scenes_people.two_screens,
    scenes_people.two_alarms,
    scenes_people.estop_in_train,
    scenes_people.mushroom,
    scenes_people.alarm_and_restart,
    scenes_people.guesses,
    scenes_people.crowd_of_guesses,
    scenes_people.forger,
    scenes_people.forger_after_reset,
    scenes_people.locked_out,
    scenes_records.full_disk,
    scenes_records.full_disk_at_arming,
    scenes_records.other_patient,
    scenes_records.logged,
    scenes_records.tampered,
    scenes_records.untested,
    scenes_records.expired,
    scenes_records.clock_jumps,
)
# These have to come to their end on a healthy product: I42 is judged.
_TO_THE_END: tuple[Script, ...] = (
    scenes_visit.visit,
    scenes_visit.pause,
    scenes_visit.stop_and_go_on,
    scenes_visit.reset_controller,
    scenes_visit.killed_edge,
    scenes_records.lost_answers,
    scenes_records.changed_order,
)


def _name(script: Script) -> str:
    return str(getattr(script, "__name__", ""))


SCENES: Mapping[str, Scene] = {
    **{_name(script): partial(play, script) for script in _SCRIPTS},
    **{_name(script): partial(play, script, must_rest=True) for script in _TO_THE_END},
    "twins": scenes_unit.twins,
    "idle_days": scenes_unit.idle_days,
    "files": scenes_unit.files,
    "fault_pairs": scenes_unit.fault_pairs,
}
