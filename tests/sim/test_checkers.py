"""Each checker passes a clean record and catches the bug planted for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from edge.domain.train_plan import plan_of
from firmware.wire.codes import IN_DOOR, IN_ESTOP, INPUTS_ALL
from hw_sim.checkers import Facts, Reported, Violation, check
from hw_sim.recorder import Pulse, TruthRecorder

pytestmark = pytest.mark.control("truth-checkers")

MS = 1_000_000
S = 1_000 * MS
PLAN = plan_of((5, 100_000), (2, 2_000_000), train_levels=1)
ONSETS_NS = [20 * S + offset_us * 1000 for offset_us in PLAN.offsets_us()]


def pulse_at(at_ns: int, **changes: object) -> Pulse:
    plain = Pulse(
        at_ns=at_ns,
        mcu_us=at_ns // 1000,
        boot_epoch=1,
        peak_da=46_580,
        amplitude_pm=700,
        bank_mv=1_260_000,
        is_asked=True,
        is_complete=True,
        was_gate_on=True,
        surface_mc=25_000,
    )
    return plain._replace(**changes)  # type: ignore[arg-type]


@dataclass
class Story:
    """A clean session as lists; a test spoils one thing and builds the record."""

    pulses: list[Pulse] = field(default_factory=lambda: [pulse_at(at) for at in ONSETS_NS])
    wires: list[tuple[int, str, int]] = field(
        default_factory=lambda: [
            (0, "contacts", INPUTS_ALL),
            (0, "gate", 0),
            (18 * S, "rx_Confirm", 9),
            (18 * S, "gate", 1),
            *[(beat * 250 * MS, "rx_Heartbeat", beat) for beat in range(1, 120)],
            (25 * S, "gate", 0),
            (17 * S, "host_enable", 1),
            *[(17 * S + edge * 40 * MS, "host_edge", edge % 2) for edge in range(201)],
            (25 * S + 250 * MS, "host_enable", 0),
        ]
    )
    marks: list[tuple[int, str]] = field(
        default_factory=lambda: [(0, "mcu booting 1"), (S, "mcu running 1")]
    )
    facts: Facts = field(
        default_factory=lambda: Facts(
            plan=PLAN,
            level_pct_max=70,
            ipi_us_min=9_000,
            reported=tuple(Reported(n, 1, at // 1000) for n, at in enumerate(ONSETS_NS, start=1)),
            counts=(("journal", 10), ("controller", 10)),
        )
    )

    def drop_gate_at(self, at_ns: int) -> None:
        self.wires = [w for w in self.wires if w[:2] != (25 * S, "gate")]
        self.wires.append((at_ns, "gate", 0))

    def violations(self) -> list[Violation]:
        truth = TruthRecorder()
        for at_ns, name, value in sorted(self.wires, key=lambda wire: wire[0]):
            truth.wire(at_ns, name, value)
        for pulse in self.pulses:
            truth.pulse(pulse)
        for at_ns, text in self.marks:
            truth.mark(at_ns, text)
        return check(truth, self.facts)


def interlock_bounces_and_firing_goes_on(story: Story) -> None:
    """The door opens for 3 ms between two pulses and the enable stays on."""
    at_ns = ONSETS_NS[2] + 40 * MS
    story.wires += [(at_ns, "contacts", INPUTS_ALL & ~IN_DOOR)]
    story.wires += [(at_ns + 3 * MS, "contacts", INPUTS_ALL)]


def pulse_with_estop_open(story: Story) -> None:
    """Enable fell in time, but the switch still closed while the E-stop was pushed."""
    at_ns = ONSETS_NS[-1] - 40 * MS
    story.wires += [(at_ns, "contacts", INPUTS_ALL & ~IN_ESTOP)]
    story.drop_gate_at(at_ns + 64)


def pulse_outside_the_gate(story: Story) -> None:
    story.drop_gate_at(ONSETS_NS[-1] - MS)


def pulse_without_the_edge_s_enable(story: Story) -> None:
    """The one-shot has fallen and the switch still closed."""
    story.wires = [w for w in story.wires if w[1] != "host_enable" or w[2] == 1]
    story.wires.append((ONSETS_NS[-1] - MS, "host_enable", 0))


def edge_s_enable_ends_in_a_pulse(story: Story) -> None:
    story.wires = [w for w in story.wires if w[1] != "host_enable" or w[2] == 1]
    story.wires.append((ONSETS_NS[-1] + MS // 10, "host_enable", 0))


def pulse_on_a_wave_that_has_stopped(story: Story) -> None:
    """The one-shot is welded on and the edge makes no edges any more."""
    story.wires = [w for w in story.wires if w[1] != "host_edge" or w[0] < ONSETS_NS[-1] - 300 * MS]


def pulse_nobody_asked_for(story: Story) -> None:
    story.pulses[4] = story.pulses[4]._replace(is_asked=False)


def heartbeats_end_in_the_session(story: Story) -> None:
    """The edge died after the second pulse and nobody noticed."""
    story.wires = [w for w in story.wires if w[1] != "rx_Heartbeat" or w[0] < ONSETS_NS[1]]


def amplitude_above_the_order(story: Story) -> None:
    story.pulses[3] = story.pulses[3]._replace(amplitude_pm=720)


def one_trigger_two_pulses(story: Story) -> None:
    story.pulses.insert(3, pulse_at(ONSETS_NS[2] + 2 * MS))


def interval_squeezed_to_catch_up(story: Story) -> None:
    """A late pulse is followed by a short interval: 130 ms, 70 ms."""
    story.pulses[2] = pulse_at(ONSETS_NS[2] + 30 * MS)


def second_train_too_early(story: Story) -> None:
    story.pulses[5:] = [pulse_at(at - 500 * MS) for at in ONSETS_NS[5:]]


def one_pulse_too_many(story: Story) -> None:
    story.pulses.append(pulse_at(ONSETS_NS[-1] + 100 * MS))


def stop_is_ignored_by_the_core(story: Story) -> None:
    story.wires.append((ONSETS_NS[3] + 20 * MS, "rx_Stop", 77))


def stop_on_screen_never_arrives(story: Story) -> None:
    story.facts = replace(story.facts, screen_stops_ns=(ONSETS_NS[5],))


def gate_outlives_a_hung_controller(story: Story) -> None:
    story.marks.append((ONSETS_NS[-1] + 50 * MS, "mcu hung 1"))


def enable_glitch_at_boot(story: Story) -> None:
    story.wires += [(S, "gate", 1), (S + MS, "gate", 0)]


def journal_counts_asked_pulses(story: Story) -> None:
    story.facts = replace(story.facts, counts=(("journal", 11),))


def booked_pulse_never_happened(story: Story) -> None:
    """Same count, another pulse: only a match one to one can see it."""
    assert story.facts.reported is not None
    rows = list(story.facts.reported)
    rows[6] = rows[6]._replace(at_us=rows[6].at_us + 40_000)
    story.facts = replace(story.facts, reported=tuple(rows))


def ordinal_skipped_on_resume(story: Story) -> None:
    assert story.facts.reported is not None
    rows = [row._replace(ordinal=row.ordinal + (row.ordinal > 5)) for row in story.facts.reported]
    story.facts = replace(story.facts, reported=tuple(rows))


PLANTED: tuple[tuple[str, Callable[[Story], None]], ...] = (
    ("I1", interlock_bounces_and_firing_goes_on),
    ("I2", pulse_with_estop_open),
    ("I3", pulse_outside_the_gate),
    ("I3", pulse_without_the_edge_s_enable),
    ("I3", edge_s_enable_ends_in_a_pulse),
    ("I3", pulse_nobody_asked_for),
    ("I4", heartbeats_end_in_the_session),
    ("I4", pulse_on_a_wave_that_has_stopped),
    ("I6", amplitude_above_the_order),
    ("I8", one_trigger_two_pulses),
    ("I9", interval_squeezed_to_catch_up),
    ("I9", second_train_too_early),
    ("I10", one_pulse_too_many),
    ("I14", stop_is_ignored_by_the_core),
    ("I14", stop_on_screen_never_arrives),
    ("I15", gate_outlives_a_hung_controller),
    ("I17", enable_glitch_at_boot),
    ("I19", journal_counts_asked_pulses),
    ("I19", booked_pulse_never_happened),
    ("I20", ordinal_skipped_on_resume),
)


def test_clean_session_has_no_violation() -> None:
    assert Story().violations() == []


@pytest.mark.parametrize(("checker_id", "plant"), PLANTED)
def test_planted_bug_is_caught_by_its_checker(
    checker_id: str, plant: Callable[[Story], None]
) -> None:
    story = Story()
    plant(story)
    assert checker_id in {violation.checker for violation in story.violations()}


def test_pause_between_pulses_is_allowed_when_the_gate_was_down() -> None:
    story = Story()
    pause_ns = 60 * S
    at_ns = ONSETS_NS[2] + 50 * MS
    story.drop_gate_at(at_ns)
    story.wires += [(at_ns + 30 * S, "rx_Confirm", 10)]
    story.wires += [(at_ns + 30 * S, "gate", 1), (90 * S, "gate", 0)]
    story.wires += [(25 * S + edge * 40 * MS, "host_edge", edge % 2) for edge in range(2000)]
    story.wires = [w for w in story.wires if w[1] != "host_enable" or w[2] == 1]
    story.wires += [(beat * 250 * MS, "rx_Heartbeat", beat) for beat in range(120, 400)]
    story.pulses[3:] = [pulse_at(at + pause_ns) for at in ONSETS_NS[3:]]
    onsets = [pulse.at_ns for pulse in story.pulses]
    reported = tuple(Reported(n, 1, at // 1000) for n, at in enumerate(onsets, start=1))
    story.facts = replace(story.facts, reported=reported)
    assert story.violations() == []


def test_record_that_dropped_entries_proves_nothing() -> None:
    truth = TruthRecorder(entries_max=10)
    for number in range(20):
        truth.wire(number, "gate", number % 2)
    with pytest.raises(ValueError, match="dropped"):
        check(truth, Facts())
