"""Rules that need more than the truth record: a whole visit is good, and each spoilt copy is not.

The visit is played once on the healthy product; each case changes one thing of what was seen.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge.api.unit_view import AlarmView
from firmware.wire.commands import Charge, FireTrain
from firmware.wire.reports import PulseReport, Status
from hw_sim import vtime
from hw_sim.checkers import CHECKERS, Facts, check, judged
from hw_sim.checkers.facts import Applied, PinTry, Size, Tampering, Twin
from hw_sim.faults.bench import write_library
from hw_sim.recorder import TruthRecorder
from hw_sim.session import quiet_logging
from tests.sim.seen_visit import MS, S, Seen, played_visit
from tests.sim.test_checkers import PLANTED

pytestmark = pytest.mark.control("truth-checkers")


@pytest.fixture(scope="module")
def healthy() -> Iterator[Seen]:
    quiet_logging()
    with tempfile.TemporaryDirectory() as folder:
        yield vtime.run(played_visit(write_library(Path(folder))))


def i05_used_token(seen: Seen) -> None:
    """The second train carries the first one's token."""
    first: list[bytes] = []

    def change(frame: Any) -> Any:
        if frame.is_up or frame.kind != FireTrain.TYPE:
            return frame
        first.append(frame.payload[:4])
        return frame._replace(payload=first[0] + frame.payload[4:])

    seen.frames(change)


def i05_no_confirm(seen: Seen) -> None:
    """A train that nobody was told to give."""
    seen.frames(lambda f: None if f.kind == FireTrain.TYPE else f)


def i07_low_bank(seen: Seen) -> None:
    seen.truth.pulses[10] = seen.truth.pulses[10]._replace(bank_mv=1_000_000)


def i11_hot_face(seen: Seen) -> None:
    seen.truth.pulses[12] = seen.truth.pulses[12]._replace(surface_mc=42_100)


def i12_face_passes_the_limit(seen: Seen) -> None:
    for index, reading in enumerate(seen.truth.temperatures):
        warmer = 42_500 + 100 * index
        seen.truth.temperatures[index] = reading._replace(surface_mc=warmer)


def i13_sensor_opens(seen: Seen) -> None:
    seen.truth.mark(seen.truth.pulses[0].at_ns, "sensor surface open")


def i16_fault_goes_by_itself(seen: Seen) -> None:
    told = [f for f in seen.facts.frames or () if f.is_up and f.kind == Status.TYPE][-1]
    status = Status.unpack(told.payload)
    assert isinstance(status, Status)
    assert seen.facts.frames is not None
    rows = []
    for number, bits in enumerate((2, 0), start=1):
        status.fault_bits = bits
        rows.append(told._replace(at_ns=told.at_ns + number, payload=status.pack()))
    seen.facts = replace(seen.facts, frames=(*seen.facts.frames, *rows))


def i18_enable_without_confirm(seen: Seen) -> None:
    seen.wire(2 * S, "gate", 1)
    seen.wire(2 * S + 1, "gate", 0)


def i19_report_with_another_amplitude(seen: Seen) -> None:
    def change(frame: Any) -> Any:
        if not frame.is_up or frame.kind != PulseReport.TYPE:
            return frame
        report = PulseReport.unpack(frame.payload)
        assert isinstance(report, PulseReport)
        report.amplitude_pm += 30 if report.ordinal == 7 else 0
        return frame._replace(payload=report.pack())

    seen.frames(change)


def i19_train_one_pulse_short(seen: Seen) -> None:
    seen.rows(
        "journal", lambda r: _body(r, "train_result", lambda b: {"measured": b["measured"] - 1})
    )


def i20_train_given_twice(seen: Seen) -> None:
    seen.rows("journal", lambda r: _body(r, "train_intent", lambda _b: {"train_index": 0}))


def i21_twice_at_the_clinic(seen: Seen) -> None:
    assert seen.facts.clinic is not None
    again = [r for r in seen.facts.clinic if r["resourceType"] == "Procedure"]
    seen.facts = replace(seen.facts, clinic=(*seen.facts.clinic, *again))


def i21_altered_on_the_way(seen: Seen) -> None:
    seen.rows("clinic", lambda r: r | {"status": "stopped"} if "outcome" in r else r)


def i22_more_than_the_coil_gave(seen: Seen) -> None:
    del seen.truth.pulses[-5:]


def i23_row_lost(seen: Seen) -> None:
    """The last two rows of trains are gone after the power was."""
    assert seen.facts.journal is not None
    trains = [r.seq for r in seen.facts.journal if r.kind.startswith("train_")][-2:]
    seen.rows("journal", lambda r: None if r.seq in trains else r)


def i24_nobody_noticed(seen: Seen) -> None:
    seen.facts = replace(seen.facts, tampering=(Tampering("journal", "changed", 7, None),))


def i24_another_row_named(seen: Seen) -> None:
    said = Tampering("audit", "removed", 7, "audit row 12 is missing")
    seen.facts = replace(seen.facts, tampering=(said,))


def i25_fault_unseen(seen: Seen) -> None:
    i16_fault_goes_by_itself(seen)
    assert seen.facts.frames is not None
    *before, latched, _ = seen.facts.frames
    seen.facts = replace(
        seen.facts, frames=(*before, latched._replace(at_ns=(seen.facts.end_ns or 0) - 1_500 * MS))
    )


def i26_worst_not_first(seen: Seen) -> None:
    seen.pictures(lambda p: {"alarms": [_alarm("low"), _alarm("high")]})


def i26_flood(seen: Seen) -> None:
    assert seen.facts.audit is not None
    row = seen.facts.audit[-1]._replace(
        action="alarm_on", detail={"alarm": "door", "is_latching": False}
    )
    rows = [row._replace(at_ns=row.at_ns + number * MS) for number in range(20)]
    seen.facts = replace(seen.facts, audit=(*seen.facts.audit, *rows))


def i27_silent_alarm(seen: Seen) -> None:
    assert seen.facts.audit is not None
    row = seen.facts.audit[-1]
    paused = row._replace(at_ns=seen.middle_ns, action="alarm_paused", detail={})
    raised = paused._replace(
        at_ns=seen.middle_ns + S,
        action="alarm_on",
        detail={"alarm": "alarm-high", "is_latching": True},
    )
    seen.facts = replace(seen.facts, audit=(*seen.facts.audit, paused, raised))
    seen.pictures(lambda p: {"alarms": [_alarm("high")]})


def i28_paused_while_firing(seen: Seen) -> None:
    seen.pictures(lambda p: {"phase": "paused"} if p.shown.phase == "treating" else {})


def i29_more_than_given(seen: Seen) -> None:
    def change(picture: Any) -> dict[str, Any]:
        old = picture.shown.visit
        if picture.shown.phase != "treating" or old is None:
            return {}
        session = msgspec.structs.replace(old.session, delivered=old.session.delivered + 3)
        return {"visit": msgspec.structs.replace(old, session=session)}

    seen.pictures(change)


def i29_cold_face_shown(seen: Seen) -> None:
    seen.pictures(lambda p: {"device": msgspec.structs.replace(p.shown.device, surface_c=30.0)})


def i30_two_in_control(seen: Seen) -> None:
    assert seen.facts.pictures is not None
    other = tuple(p._replace(screen=9) for p in seen.facts.pictures)
    both = sorted((*seen.facts.pictures, *other), key=lambda p: p.at_ns)
    seen.facts = replace(seen.facts, pictures=tuple(both))


def i31_nobody_armed(seen: Seen) -> None:
    seen.rows("audit", lambda r: None if r.action == "arm" else r)


def i31_not_logged_in(seen: Seen) -> None:
    seen.rows("audit", lambda r: None if r.action == "login" else r)


def i32_sixth_guess(seen: Seen) -> None:
    tries = tuple(PinTry(number * S, "tech1", "wrong_pin") for number in range(6))
    seen.facts = replace(seen.facts, pin_tries=tries)


def i33_forged_charge_accepted(seen: Seen) -> None:
    """The seal of the Charge is another, and the controller has taken it all the same."""

    def change(frame: Any) -> Any:
        if frame.is_up or frame.kind != Charge.TYPE:
            return frame
        return frame._replace(payload=frame.payload[:-1] + bytes((frame.payload[-1] ^ 1,)))

    seen.frames(change)


def i34_altered_library(seen: Seen) -> None:
    applied = (Applied("an altered library", is_genuine=False, is_applied=True),)
    seen.facts = replace(seen.facts, applied=applied)


def i35_other_patient(seen: Seen) -> None:
    seen.rows(
        "clinic",
        lambda r: (
            r | {"subject": {"reference": "Patient/pat-9"}}
            if r["resourceType"] == "ServiceRequest"
            else r
        ),
    )


def i36_set_point_moves(seen: Seen) -> None:
    seen.wire(seen.middle_ns - MS, "target_mv", 1_090_000)


def i37_row_out_of_time(seen: Seen) -> None:
    assert seen.facts.journal is not None
    last = seen.facts.journal[-1].seq
    seen.rows("journal", lambda r: r._replace(at_ns=S) if r.seq == last else r)


def i37_length_by_wall_clock(seen: Seen) -> None:
    seen.rows("sessions", lambda s: s._replace(record={**s.record, "duration_ms": 3_600_000}))


def i38_grows(seen: Seen) -> None:
    sizes = tuple(Size(hour, "objects", 80_000 + 2_000 * hour) for hour in range(10))
    seen.facts = replace(seen.facts, sizes=sizes)


def i39_chip_stays_down(seen: Seen) -> None:
    seen.truth.marks = [m for m in seen.truth.marks if not m.text.startswith("mcu running")]


def i40_another_level(seen: Seen) -> None:
    seen.facts = replace(seen.facts, level_pct_order=60)


def i41_not_written_down(seen: Seen) -> None:
    seen.rows("journal", lambda r: None if r.kind == "train_intent" else r)


def i42_stuck(seen: Seen) -> None:
    seen.facts = replace(seen.facts, stuck="phase uncertain")


def i42_record_waits(seen: Seen) -> None:
    seen.rows("outbox", lambda item: item._replace(state="sending"))


def i43_other_hash(seen: Seen) -> None:
    seen.facts = replace(seen.facts, twins=(Twin(1, "aa", "ab"),))


def i44_undeclared(seen: Seen) -> None:
    seen.facts = replace(seen.facts, undeclared=("G61b in train: alarm, declared: stop 102",))


def i45_no_certificate(seen: Seen) -> None:
    seen.facts = replace(seen.facts, certificates=())


def i45_bad_signature(seen: Seen) -> None:
    seen.rows("certificates", lambda c: c._replace(is_signed=False))


def i46_number_in_address(seen: Seen) -> None:
    assert seen.facts.personal is not None
    seen.facts = replace(seen.facts, requests=(f"GET /Patient?x={seen.facts.personal[0]}",))


def i46_name_in_log(seen: Seen) -> None:
    assert seen.facts.personal is not None
    seen.facts = replace(seen.facts, words=(f"opened for {seen.facts.personal[1]}",))


SPOILT: tuple[Callable[[Seen], None], ...] = tuple(
    value for name, value in sorted(globals().items()) if name[:1] == "i" and name[1:3].isdigit()
)


def _id(spoil: Callable[[Seen], None]) -> str:
    return f"I{int(spoil.__name__[1:3])}"


def _body(row: Any, kind: str, change: Callable[[Any], dict[str, Any]]) -> Any:
    return row._replace(body={**row.body, **change(row.body)}) if row.kind == kind else row


def _alarm(priority: str) -> Any:
    return AlarmView(f"alarm-{priority}", priority, True, False, "09:00", {})  # type: ignore[arg-type]


def test_healthy_visit_breaks_nothing(healthy: Seen) -> None:
    assert healthy.violations() == []


def test_whole_visit_lets_nearly_everything_be_judged(healthy: Seen) -> None:
    unjudged = [c.id for c in CHECKERS if c.id not in judged(healthy.facts)]

    assert unjudged == ["I24", "I32", "I34", "I38", "I43", "I44"]


@pytest.mark.parametrize("spoil", SPOILT, ids=lambda spoil: spoil.__name__)
def test_spoilt_evidence_is_caught_by_its_rule(
    healthy: Seen, spoil: Callable[[Seen], None]
) -> None:
    seen = healthy.copy()
    spoil(seen)

    assert _id(spoil) in {violation.checker for violation in seen.violations()}


def test_every_rule_has_a_spoilt_record() -> None:
    covered = {_id(spoil) for spoil in SPOILT} | {checker_id for checker_id, _ in PLANTED}

    assert {checker.id for checker in CHECKERS} == covered


def test_rules_are_in_order_of_their_numbers() -> None:
    assert [checker.id for checker in CHECKERS] == [f"I{n}" for n in range(1, 47)]


def test_nothing_is_judged_without_evidence() -> None:
    empty = Facts()

    assert check(TruthRecorder(), empty) == []
    assert "I5" not in judged(empty)
