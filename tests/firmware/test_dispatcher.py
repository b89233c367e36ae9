# What every accepted command answers, what is counted, and in which rank it leaves: the small facts
# of the line that no session would miss at once.
from firmware.core.dispatcher import decode_command
from firmware.core.outbox import RANK_ANSWER, RANK_RESULT, RANK_STATUS
from firmware.wire.codes import (
    ARMED,
    DISCHARGING,
    F_DOOR,
    FAULT,
    HOLD,
    OK,
    READY,
    REJ_INTERLOCK,
    REJ_LEDGER,
    REJ_MAC,
    REJ_STATE,
    STANDBY,
)
from firmware.wire.commands import (
    Charge,
    ClearFault,
    Configure,
    Confirm,
    Discharge,
    Hello,
    Hold,
    Stop,
    UpdateTry,
)
from firmware.wire.framing import encode
from firmware.wire.message import Message
from firmware.wire.protocol import PROTOCOL_VERSION, REPORT_TYPE_MIN
from firmware.wire.seal import SEAL_BYTES
from tests.firmware.bench import ITBS_600, TEN_HZ_80, Bench, arm_of, configure_of
from tests.firmware.marks import control
from tests.firmware.states import in_state

pytestmark = control("command-numbers")


def _answers(bench: Bench, command: Message) -> None:
    answer = bench.ask(command)
    assert (answer.command, answer.code, answer.detail) == (command.TYPE, OK, 0)


def test_accepted_commands_answer_ok_and_no_detail() -> None:
    for state, command in (
        (STANDBY, configure_of()),
        (STANDBY, Charge(level_pct_mso=60)),
        (READY, Discharge()),
        (ARMED, Hold()),
        (STANDBY, Stop()),
        (ARMED, Stop()),
    ):
        _answers(in_state(state), command)
    bench = in_state(FAULT)
    bench.run_ms(100)
    _answers(bench, ClearFault(fault=F_DOOR))


def test_tokens_are_answered_by_confirm_and_fire() -> None:
    bench = in_state(READY)
    echo = bench.ask_arm(arm_of(TEN_HZ_80, 1))
    answer = bench.ask(Confirm(token=echo.token))
    assert (answer.code, answer.detail) == (OK, bench.status().token)
    bench.token = answer.detail
    answer = bench.fire(0, 0, 1, bench.now_us + 100000)
    assert (answer.code, answer.detail) == (OK, bench.status().token)


def test_confirm_without_an_enable_names_no_input() -> None:
    bench = in_state(READY)
    echo = bench.ask_arm(arm_of(TEN_HZ_80, 1))
    bench.hal.is_gate_dead = True
    answer = bench.ask(Confirm(token=echo.token))
    assert (answer.code, answer.detail) == (REJ_INTERLOCK, 0)


def test_command_with_a_wrong_seal_is_refused_without_a_detail() -> None:
    bench = in_state(STANDBY)
    bench.challenge ^= 1
    bench._sealed = {}
    answer = bench.ask(Charge(level_pct_mso=60))
    assert (answer.code, answer.detail) == (REJ_MAC, 0)


def test_command_after_a_stop_is_obeyed_when_its_number_is_newer() -> None:
    # Catches: a Stop that leaves no number behind to compare with.
    bench = in_state(READY)
    bench.send(Stop(), 4000)
    bench.run_to_state(STANDBY)
    assert bench.ask(configure_of(), 4001).code == OK
    assert bench.status().echo_seq == 4001


def test_reports_heard_on_the_line_are_counted_and_never_answered() -> None:
    bench = in_state(STANDBY)
    dispatcher = bench.device._dispatcher
    mark = len(bench.reports)
    for count, kind in ((1, REPORT_TYPE_MIN), (2, REPORT_TYPE_MIN + 1), (3, 0xFF)):
        bench.send_bytes(encode(kind, 900 + count, b""))
        assert dispatcher.foreign_frames == count
    assert len(bench.reports) == mark
    bench.send_bytes(encode(REPORT_TYPE_MIN - 1, 904, b""))
    assert dispatcher.foreign_frames == 3
    assert len(bench.reports) == mark + 1


def test_answers_leave_as_answers_and_never_push_out_a_result() -> None:
    bench = in_state(STANDBY)
    outbox = bench.device._outbox
    frame = bench.frame_of(configure_of(), 4000)
    for _ in range(2):  # the second is answered with the kept answer
        bench.device.on_bytes(bench.now_us, frame)
        assert [rank for rank in outbox._ranks if rank != RANK_STATUS] == [RANK_ANSWER]
        outbox.take()


def test_results_of_pulses_and_trains_leave_as_results() -> None:
    # Catches: a figure of the dose that is dropped for a status when nobody empties the line.
    bench = in_state(ARMED)
    bench.fire(0, 0, 1, bench.now_us + 20000)
    bench.hal.advance(bench.now_us + 22000)
    bench.device.poll(bench.now_us + 22000)
    ranks = bench.device._outbox._ranks
    assert [rank for rank in ranks if rank != RANK_STATUS] == [RANK_RESULT] * 2


def test_refusals_are_counted_whoever_refuses() -> None:
    bench = in_state(READY)
    authority = bench.device._dispatcher.authority
    assert bench.ask(configure_of()).code == REJ_STATE
    assert (authority.refused, authority.forged) == (1, 0)
    assert bench.ask_arm(arm_of(TEN_HZ_80, 1, delivered=1)).code == REJ_LEDGER
    assert (authority.refused, authority.forged) == (2, 0)
    bench.send(arm_of(ITBS_600, 2))
    bench.send(Discharge())  # the Arm in work is refused
    assert (authority.refused, authority.forged) == (3, 0)


def test_command_is_decoded_with_no_detail_whether_sealed_or_not() -> None:
    for kind, payload in (
        (Charge.TYPE, Charge(level_pct_mso=60).pack() + bytes(SEAL_BYTES)),
        (Hello.TYPE, Hello(protocol=PROTOCOL_VERSION).pack()),
        (Configure.TYPE, configure_of().pack() + bytes(SEAL_BYTES)),
    ):
        message, code, detail = decode_command(kind, payload)
        assert message is not None
        assert (message.TYPE, code, detail) == (kind, OK, 0)


def test_deadline_of_a_state_counts_from_the_command_that_led_to_it() -> None:
    bench = in_state(ARMED)
    bench.run_ms(500)
    assert bench.ask(Hold()).code == OK
    assert bench.state() == HOLD
    assert bench.device._unit._entered_us == bench.now_us
    bench = in_state(FAULT)
    bench.run_ms(100)
    bench.hal.bleed_rate, bench.hal.millivolts = 0, 500000
    bench.poll()
    bench.run_ms(50)
    assert bench.ask(ClearFault(fault=F_DOOR)).code == OK
    assert bench.state() == DISCHARGING
    assert bench.device._unit._entered_us == bench.now_us


def test_try_of_an_image_promises_its_restart_from_now_on() -> None:
    bench = in_state(STANDBY)
    assert bench.ask(UpdateTry()).code == OK
    assert bench.hal.restarts == 0
    bench.run_ms(200)
    assert bench.hal.restarts > 0
