"""The visit before and around treatment: verdicts, and refusals that say the same beforehand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise

import pytest

from edge.domain.alarm_sounds import TEST_TONE
from edge.domain.checks import QUESTIONS
from edge.domain.safety_test import DAILY, FULL
from edge.domain.session_states import S
from edge.domain.verdict import Verdict
from edge.ports import Lamp
from edge.services import device_watch
from edge.services.session_file import SessionFile, decode_record
from firmware.wire.commands import Charge
from firmware.wire.framing import encode
from tests.support.chair_bench import SHORT, WHO, Bench, bench, facts_of, with_problem


async def say_everything(made: Bench) -> dict[str, Verdict]:
    """Every command that is refused now, tried."""
    chair = made.chair
    plain: dict[str, Callable[[], Verdict]] = {
        "open_visit": lambda: chair.open_visit(WHO, "apt-1"),
        "leave_visit": lambda: chair.leave_visit(WHO),
        "begin_checks": lambda: chair.begin_checks(WHO),
        "answer_check": lambda: chair.answer_check(WHO, "sleep", "usual"),
        "release_check": lambda: chair.release_check(WHO, "sleep", "reason"),
        "release_gap": lambda: chair.release_gap(WHO, "reason"),
        "decide_held": lambda: chair.decide_held(WHO, "reason"),
        "finish_checks": lambda: chair.finish_checks(WHO),
        "back": lambda: chair.back(WHO),
        "end_session": lambda: chair.end_session(WHO, "other"),
        "add_note": lambda: chair.add_note(WHO, "note"),
        "wrap_up": lambda: chair.wrap_up(WHO, 0, ""),
        "test_alarms": lambda: chair.test_alarms(WHO),
        "start_safety_test": lambda: chair.start_safety_test(WHO, DAILY),
        "start_full_safety_test": lambda: chair.start_safety_test(WHO, FULL),
        "repeat_safety_step": lambda: chair.repeat_safety_step(WHO),
        "end_safety_test": lambda: chair.end_safety_test(WHO),
    }
    waiting = {
        "arm": chair.arm, "start": chair.start, "pause": chair.pause, "resume": chair.resume,
        "acknowledge": chair.acknowledge,
    }  # fmt: skip
    refusals = chair.refusals()
    said = {kind: act() for kind, act in plain.items() if kind in refusals}
    for kind, wait in waiting.items():
        if kind in refusals:
            said[kind] = await wait(WHO)
    return said


def test_refusals_are_what_each_command_then_answers_in_every_phase() -> None:
    """Catches: a button that looks possible and is refused, or the other way round."""
    seen: list[S] = []

    async def compare(made: Bench) -> None:
        before, refusals = made.state.state, made.chair.refusals()
        said = await say_everything(made)
        assert {kind: verdict.code for kind, verdict in said.items()} == refusals
        assert made.state.state is before
        seen.append(before)

    async def scenario(made: Bench) -> None:
        await compare(made)
        await made.until(lambda: not made.not_ready())
        await compare(made)
        made.chair.open_visit(WHO, "apt-1")
        await compare(made)
        made.chair.begin_checks(WHO)
        await compare(made)
        made.chair.leave_visit(WHO)
        await made.armed()
        await compare(made)
        await made.chair.start(WHO)
        await made.until(lambda: made.pulses > 3)
        await compare(made)
        await made.chair.pause(WHO)
        await made.sleep(1.0)
        await compare(made)
        await made.chair.stop("operator")
        await made.sleep(1.0)
        await compare(made)
        made.chair.end_session(WHO, "time")
        await compare(made)
        made.chair.wrap_up(WHO, 0, "")
        await compare(made)

    bench(scenario)
    assert seen == [S.IDLE, S.IDLE, S.PATIENT, S.CHECKS, S.ARMED, S.TREATING, S.PAUSED, S.STOPPED,
                    S.WRAPUP, S.RECORD]  # fmt: skip


def test_visit_with_an_unknown_appointment_is_refused() -> None:
    async def scenario(made: Bench) -> None:
        assert made.chair.open_visit(WHO, "apt-9").code == "unknown_appointment"
        assert made.state.visit is None

    bench(scenario)


def test_visit_with_a_problem_in_its_order_cannot_begin() -> None:
    async def scenario(made: Bench) -> None:
        made.book.facts = with_problem(facts_of(SHORT), "expired")
        made.accept(made.chair.open_visit(WHO, "apt-1"))
        verdict = made.chair.begin_checks(WHO)
        assert verdict.code == "order_has_problems"
        assert verdict.args == {"problem": "expired", "count": 1}

    bench(scenario)


def test_visit_whose_order_is_withdrawn_when_ready_cannot_be_armed() -> None:
    async def scenario(made: Bench) -> None:
        await made.ready()
        made.book.facts = with_problem(made.book.facts, "withdrawn")
        made.chair.clinic_changed()
        assert (await made.chair.arm(WHO)).code == "order_has_problems"

    bench(scenario)


def test_visit_with_an_open_or_red_check_does_not_pass() -> None:
    async def scenario(made: Bench) -> None:
        await made.until(lambda: not made.not_ready())
        made.chair.open_visit(WHO, "apt-1")
        made.chair.begin_checks(WHO)
        assert made.chair.finish_checks(WHO).code == "checks_open"
        for question in QUESTIONS:
            made.accept(made.chair.answer_check(WHO, question.key, question.choices[0]))
        made.accept(made.chair.answer_check(WHO, "sleep", "short"))
        assert made.chair.finish_checks(WHO).args == {"key": "sleep", "count": 1}
        assert made.chair.answer_check(WHO, "sleep", "nonsense").code == "unknown_choice"
        assert made.chair.answer_check(WHO, "link", "ok").code == "unknown_check"
        assert made.chair.release_check("Dr. Berg", "mood", "why").code == "release_not_allowed"
        made.accept(made.chair.release_check("Dr. Berg", "sleep", "slept at noon"))
        made.accept(made.chair.finish_checks(WHO))
        made.accept(await made.chair.arm(WHO))
        await made.until_state(S.ARMED)
        made.accept(made.chair.back(WHO))
        made.accept(made.chair.end_session(WHO, "patient_wish"))
        await made.finished()
        record = made.clinic.records[0]
        assert record.outcome == "not_done"
        assert record.started_utc is None
        assert record.checks["sleep"] == "short, released by Dr. Berg: slept at noon"

    bench(scenario)


def test_visit_with_the_door_open_is_not_ready_to_arm() -> None:
    async def scenario(made: Bench) -> None:
        await made.ready()
        made.unit.set_door(True)
        await made.sleep(1.0)
        assert (await made.chair.arm(WHO)).code == "checks_open"
        assert made.state.state is S.READY

    bench(scenario)


def test_visit_left_after_arming_is_abandoned_and_disarmed() -> None:
    async def scenario(made: Bench) -> None:
        await made.armed()
        made.accept(made.chair.back(WHO))
        made.accept(made.chair.leave_visit(WHO))
        await made.sleep(5.0)
        assert made.state.device.mcu_state == "STANDBY"
        assert made.state.visit is None
        assert SessionFile(made.store).unfinished() == []
        assert made.store.rows("SELECT state FROM session") == [("abandoned",)]

    bench(scenario)


def test_visit_armed_twice_is_one_session() -> None:
    async def scenario(made: Bench) -> None:
        await made.armed()
        made.accept(made.chair.back(WHO))
        await made.until(lambda: "arm" not in made.chair.refusals())
        made.accept(made.chair.back(WHO))
        made.accept(made.chair.finish_checks(WHO))
        made.accept(await made.chair.arm(WHO))
        await made.until_state(S.ARMED)
        assert len(made.store.rows("SELECT 1 FROM session")) == 1
        made.accept(await made.chair.start(WHO))
        await made.finished()
        assert made.pulses == 36

    bench(scenario)


def test_visit_armed_again_after_a_changed_order_is_another_session() -> None:
    """Catches: a record that names another level than was given."""

    async def scenario(made: Bench) -> None:
        await made.armed()
        made.accept(made.chair.back(WHO))
        made.book.facts = facts_of(SHORT, 48)
        made.chair.clinic_changed()
        made.accept(await made.chair.arm(WHO))
        await made.until_state(S.ARMED)
        made.accept(await made.chair.start(WHO))
        await made.finished()
        states = made.store.rows("SELECT state FROM session ORDER BY rowid")
        assert states == [("abandoned",), ("closed",)]
        assert made.clinic.records[0].level_pct_mso == 48
        peak = max(pulse.amplitude_pm for pulse in made.unit.recorder.pulses)
        assert 460 < peak < 500

    bench(scenario)


def test_record_of_a_session_holds_notes_and_reads_back_from_the_store() -> None:
    async def scenario(made: Bench) -> None:
        await made.treating(3)
        made.accept(made.chair.add_note(WHO, "tingling"))
        await made.finished()
        record = made.clinic.records[0]
        assert record.notes == ("tingling", "fine")
        assert record.pain_0_10 == 2
        assert record.operator == record.signed_by == WHO
        assert record.peak_surface_c10 is not None
        ((text,),) = made.store.rows("SELECT record FROM session")
        assert decode_record(str(text)) == record
        assert made.state.visit is not None
        assert made.state.visit.record_state == "queued"

    bench(scenario)


def test_changes_are_announced_at_most_20_times_a_second() -> None:
    async def scenario(made: Bench) -> None:
        times: list[float] = []
        made.chair.on_change(lambda: times.append(asyncio.get_running_loop().time()))
        await made.treating(12)
        gaps = [after - before for before, after in pairwise(times)]
        assert min(gaps) >= 0.049
        assert len(times) > 10

    bench(scenario)


def test_trace_is_two_points_a_second_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert device_watch.TRACE_POINTS * device_watch.TRACE_PERIOD_S == 600
    monkeypatch.setattr(device_watch, "TRACE_POINTS", 60)

    async def scenario(made: Bench) -> None:
        await made.sleep(40.0)
        trace = made.chair.trace()
        assert len(trace) == 60
        assert 28 < trace[-1][0] - trace[0][0] < 32

    bench(scenario)


def test_alarm_of_a_lost_line_shows_sounds_and_is_silenced_by_a_person() -> None:
    async def scenario(made: Bench) -> None:
        await made.until(lambda: not made.not_ready())
        await made.sleep(1.0)
        assert made.unit.state()["lamp"] == Lamp.READY.value
        made.unit.cut_link()
        sounded = False
        for _ in range(200):
            await asyncio.sleep(0.01)
            sounded = sounded or bool(made.unit.state()["sounder"])
        assert sounded
        assert [alarm.alarm_id for alarm in made.state.alarms] == ["link_down"]
        assert made.chair.acknowledge_alarm(WHO, "nothing").code == "no_such_alarm"
        made.accept(made.chair.acknowledge_alarm(WHO, "link_down"))
        assert made.state.alarms[0].is_acknowledged
        for _ in range(2000):
            await asyncio.sleep(0.01)
            assert not made.unit.state()["sounder"]
        made.unit.restore_link()
        await made.until(lambda: not made.state.alarms)

    bench(scenario)


def test_starting_service_sounds_its_test_and_no_alarm_before_it_could_find_its_unit() -> None:
    async def scenario(made: Bench) -> None:
        tones = set()
        for _ in range(200):
            await asyncio.sleep(0.01)
            tones.add(made.unit.edge_indicators().tone)
        assert tones == {None, TEST_TONE}
        assert made.state.alarms == ()

    bench(scenario)


def test_health_names_what_is_missing_and_nothing_of_patients() -> None:
    async def scenario(made: Bench) -> None:
        assert made.chair.health()["ready"] is False
        await made.ready()
        facts = made.chair.health()
        assert facts["ready"] is True
        assert facts["is_simulated"] is True
        assert "Muster" not in str(facts)

    bench(scenario)


def test_controller_that_is_too_slow_for_today_s_orders_is_told_to_the_book() -> None:
    async def scenario(made: Bench) -> None:
        await made.until(lambda: not made.not_ready())
        assert made.book.timings == [9_000]
        made.unit.reboot_mcu()
        await made.until(lambda: len(made.book.timings) == 2)
        assert made.book.timings == [9_000, 9_000]

    bench(scenario)


def test_device_shows_what_the_controller_says_of_itself_and_of_the_line() -> None:
    async def scenario(made: Bench) -> None:
        made.unit.hal.faults.self_test_bits = 1 | 64
        device = made.state.device
        await made.until(lambda: device.link == "live" and device.ipi_us_min is not None)
        assert device.self_test_found == ("clock", "key")
        assert (device.ipi_us_min, device.slot, device.is_trial) == (9_000, 0, False)
        assert (device.refused, device.forged) == (0, 0)
        made.unit.feed(b"rubbish\0" * 3)
        await made.until(lambda: device.bad_frames_mcu == 3)
        made.unit.feed(encode(Charge.TYPE, 60_000, bytes(25)))
        await made.until(lambda: (device.refused, device.forged) == (1, 1))
        made.unit.cut_link()
        await made.until(lambda: device.link == "closed")
        assert (device.bad_frames_mcu, device.refused, device.forged) == (None, None, None)

    bench(scenario)
