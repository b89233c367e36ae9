"""Plants against records: journal, audit, clinic, files, PINs, names."""

from __future__ import annotations

from hw_sim.plants import bugs_records as bugs
from hw_sim.plants.plant import Plant

RECORDS: tuple[Plant, ...] = (
    Plant("journal-rounds", ("I19",), "visit", (bugs.journal_rounds,)),
    Plant("outcome-left-out", ("I21",), "visit", (bugs.outcome_left_out,)),
    Plant(
        "sent-twice",
        ("I21",),
        "lost_answers",
        (bugs.asked_again_unasked, bugs.unconditional),
        {
            bugs.asked_again_unasked.text: "the clinic creates under a condition",
            bugs.unconditional.text: "the edge asks what is there before it sends again",
        },
    ),
    Plant("commanded-is-measured", ("I19", "I22"), "cut_short", (bugs.commanded_is_measured,)),
    Plant("trains-in-memory", ("I23",), "killed_between", (bugs.trains_kept_in_memory,)),
    Plant("rows-not-hashed", ("I24",), "tampered", (bugs.rows_not_hashed,)),
    Plant("arming-not-audited", ("I31",), "pause", (bugs.arming_not_audited,)),
    Plant("restart-is-free", ("I32",), "guesses", (bugs.restart_is_free,)),
    Plant("hashes-ignored", ("I34",), "files", (bugs.hashes_ignored,)),
    Plant("stranger-trusted", ("I34",), "files", (bugs.stranger_trusted,)),
    Plant("image-unsigned", ("I34",), "files", (bugs.image_unsigned,)),
    Plant("subject-ignored", ("I35",), "other_patient", (bugs.subject_ignored,)),
    Plant("duration-by-wall-clock", ("I37",), "clock_jumps", (bugs.duration_by_wall_clock,)),
    Plant("pictures-kept", ("I38",), "idle_days", (bugs.pictures_kept,)),
    Plant("store-failure-ignored", ("I41",), "full_disk", (bugs.store_failure_ignored,)),
    Plant("unclear-forgotten", ("I42",), "lost_answers", (bugs.unclear_forgotten,)),
    Plant("name-logged", ("I46",), "logged", (bugs.name_logged,)),
)
