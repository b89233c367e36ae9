# Who is obeyed: a sealed command of this key, this boot, this Hello, once and in order. For every
# forgery: the right code, counted, and nothing moved. test_authority_planted.py plants the bugs
# that these must catch.
from firmware.core.authority import COUNT_MAX, Authority
from firmware.wire.codes import (
    ARMED,
    CHARGING,
    HOLD,
    IN_DOOR,
    INPUTS_ALL,
    OK,
    REJ_EPOCH,
    REJ_KEY,
    REJ_LENGTH,
    REJ_MAC,
    REJ_SEQUENCE,
    REJ_TOKEN,
    REJ_VERSION,
    STANDBY,
)
from firmware.wire.commands import (
    Charge,
    ClearFault,
    Discharge,
    Hello,
    Hold,
    ReadLedger,
    Stop,
    UpdateBegin,
    UpdateTry,
)
from firmware.wire.framing import Decoder
from firmware.wire.protocol import PROTOCOL_VERSION
from firmware.wire.reports import Identity, Ledger
from firmware.wire.seal import MAC_BYTES, SEAL_BYTES
from tests.firmware.bench import TEN_HZ_80, Bench, arm_of, configure_of
from tests.firmware.chance import sized
from tests.firmware.marks import control
from tests.firmware.sealed_line import (
    WatchedHal,
    code_of,
    counts,
    facts,
    flipped,
    put,
    refusal,
    sealed,
    watched,
)

pytestmark = control("command-seal")

CHARGE = Charge(level_pct_mso=60)
SEQ = 3000  # newer than anything the bench has sent


def test_one_wrong_bit_anywhere_is_refused_and_then_the_right_one_is_obeyed() -> None:
    # Catches: a MAC that leaves out a field, and a comparison that leaves out a byte.
    bench, hal = watched()
    good = sealed(bench, CHARGE, SEQ, 100)
    mac_bit = (len(good) - MAC_BYTES) * 8
    for bit in range(0, len(good) * 8, sized(1, 5)):
        in_epoch = 8 <= bit < 8 + 32
        assert refusal(bench, Charge.TYPE, SEQ, flipped(good, bit))[0] == (
            REJ_EPOCH if in_epoch else REJ_MAC
        ), bit
    for byte in range(MAC_BYTES):
        assert refusal(bench, Charge.TYPE, SEQ, flipped(good, mac_bit + byte * 8))[0] == REJ_MAC
    assert refusal(bench, Charge.TYPE, SEQ + 1, good)[0] == REJ_MAC
    assert hal.risks == []
    assert code_of(bench, Charge.TYPE, SEQ, good) == OK
    assert bench.state() == CHARGING


def test_seal_of_one_command_does_not_fit_another() -> None:
    # Catches: a MAC that leaves out the type number.
    bench, _ = watched()
    good = sealed(bench, UpdateBegin(), SEQ, 100)
    assert refusal(bench, UpdateTry.TYPE, SEQ, good)[0] == REJ_MAC
    assert code_of(bench, UpdateBegin.TYPE, SEQ, good) == OK


def test_every_wrong_length_is_refused_before_anything_else() -> None:
    bench, _ = watched()
    for command in (CHARGE, configure_of(), UpdateBegin()):
        good = sealed(bench, command, SEQ, 100)
        for length in range(len(good)):
            code = refusal(bench, command.TYPE, SEQ, good[:length])
            assert code == (REJ_LENGTH, command.size() + SEAL_BYTES)
        assert refusal(bench, command.TYPE, SEQ, good + b"\0")[0] == REJ_LENGTH
    assert refusal(bench, Charge.TYPE, SEQ, CHARGE.pack())[0] == REJ_LENGTH


def test_seal_of_another_boot_hello_or_key_is_refused() -> None:
    bench, _ = watched()
    for over, code in (
        ({"epoch": bench.boot_epoch - 1}, REJ_EPOCH),
        ({"epoch": bench.boot_epoch + 1}, REJ_EPOCH),
        ({"challenge": bench.challenge - 1}, REJ_MAC),
        ({"challenge": 0}, REJ_MAC),
    ):
        assert refusal(bench, Charge.TYPE, SEQ, sealed(bench, CHARGE, SEQ, 100, **over))[0] == code
    right = bench.hal.link_key
    bench.hal.link_key = bytes(32)
    foreign = sealed(bench, CHARGE, SEQ, 100)
    bench.hal.link_key = right
    assert refusal(bench, Charge.TYPE, SEQ, foreign)[0] == REJ_MAC


def test_number_used_before_with_other_bytes_is_refused() -> None:
    bench, _ = watched()
    assert code_of(bench, Charge.TYPE, SEQ, sealed(bench, CHARGE, SEQ, 100)) == OK
    other = Charge(level_pct_mso=70)
    for counter in (99, 100, 101):
        asked = sealed(bench, other, SEQ, counter)
        assert refusal(bench, Charge.TYPE, SEQ, asked) == (REJ_SEQUENCE, SEQ)
    for seq in (SEQ - 1, SEQ + 0x8000):
        asked = sealed(bench, other, seq, 101)
        assert refusal(bench, Charge.TYPE, seq, asked) == (REJ_SEQUENCE, SEQ)
    # A free command is held to its number too.
    assert refusal(bench, Discharge.TYPE, SEQ, b"")[0] == REJ_SEQUENCE


def test_counter_that_does_not_grow_is_refused_whatever_the_number() -> None:
    # Catches: numbers that come round after 65536 commands and heartbeats as the only guard.
    bench, _ = watched()
    recorded = sealed(bench, CHARGE, SEQ, 100)
    assert code_of(bench, Charge.TYPE, SEQ, recorded) == OK
    assert code_of(bench, Discharge.TYPE, SEQ + 1, b"") == OK
    bench.run_to_state(STANDBY)
    for step in range(1, 7):
        put(bench, Discharge.TYPE, (SEQ + step * 0x2000) & 0xFFFF, b"")
    assert refusal(bench, Charge.TYPE, SEQ, recorded)[0] == REJ_SEQUENCE
    seq = bench.device._dispatcher.sequence.last_command + 1
    for counter in (0, 99, 100):
        again = sealed(bench, CHARGE, seq, counter)
        assert refusal(bench, Charge.TYPE, seq, again)[0] == REJ_SEQUENCE
    assert code_of(bench, Charge.TYPE, seq, sealed(bench, CHARGE, seq, 101)) == OK


def test_exact_repeat_gets_the_kept_answer_once_its_seal_is_right() -> None:
    bench, hal = watched()
    good = sealed(bench, CHARGE, SEQ, 100)
    first = put(bench, Charge.TYPE, SEQ, good)
    before, told, hal.outputs = facts(bench), counts(bench), []
    again = put(bench, Charge.TYPE, SEQ, good)
    assert [answer.code for answer in again] == [OK] == [a.code for a in first if a.TYPE == 0x83]
    assert (facts(bench), counts(bench), hal.outputs) == (before, told, [])
    assert refusal(bench, Charge.TYPE, SEQ, flipped(good, len(good) * 8 - 1))[0] == REJ_MAC


def test_refused_by_the_envelope_is_kept_and_counted_once_and_is_no_forgery() -> None:
    bench, _ = watched()
    asked = sealed(bench, ClearFault(fault=0), SEQ, 100)
    refused, forged = counts(bench)
    first = put(bench, ClearFault.TYPE, SEQ, asked)[0]
    again = put(bench, ClearFault.TYPE, SEQ, asked)[0]
    assert first.code == again.code != OK
    assert counts(bench) == (refused + 1, forged)
    status = bench.status()
    assert (status.refused, status.forged) == (refused + 1, forged)


def test_token_of_before_is_refused_though_its_seal_is_right() -> None:
    bench = Bench(WatchedHal()).configured().charged().armed(TEN_HZ_80, 1)
    old = bench.token
    assert bench.fire(0, 0, 1, bench.now_us + 100000).code == OK
    bench.run_ms(200)
    assert bench.state() == ARMED
    bench.token = old
    assert bench.fire(0, 1, 1, bench.now_us + 100000).code == REJ_TOKEN
    assert len(bench.hal.pulses) == 1


def test_without_a_key_nothing_that_raises_risk_is_obeyed_and_stopping_is() -> None:
    for key in (b"", bytes(31), bytes(33)):
        hal = WatchedHal()
        hal.link_key = key
        bench = Bench(hal)
        bench.boot()
        asked = (configure_of(), CHARGE, arm_of(TEN_HZ_80, 1), UpdateBegin(), ClearFault(fault=0))
        for command in asked:
            assert refusal(bench, command.TYPE, SEQ, command.pack() + bytes(24))[0] == REJ_KEY
        assert counts(bench)[1] == 0
        assert isinstance(bench.ask(Hello(protocol=PROTOCOL_VERSION)), Identity)
        assert isinstance(bench.ask(ReadLedger()), Ledger)
        assert bench.status().state == STANDBY
        for free in (Discharge(), Stop()):
            assert bench.ask(free).code == OK
        assert hal.risks == []


def test_what_makes_safe_needs_no_seal() -> None:
    bench = Bench(WatchedHal()).configured().charged().armed(TEN_HZ_80, 1)
    assert code_of(bench, Hold.TYPE, SEQ, b"") == OK
    assert bench.state() == HOLD
    assert code_of(bench, Discharge.TYPE, SEQ + 1, b"") == OK
    assert code_of(bench, Stop.TYPE, 0, b"anything") == OK


def test_challenge_is_new_at_each_hello_but_not_for_a_repeat_of_it() -> None:
    # Catches: an edge that seals for the first of two answers to one Hello, and is refused.
    bench = Bench(WatchedHal())
    first = bench.ask(Hello(protocol=PROTOCOL_VERSION), 10)
    assert bench.ask(Hello(protocol=PROTOCOL_VERSION), 10).challenge == first.challenge
    bench.run_to_state(STANDBY)
    assert bench.ask(configure_of(), 11).code == OK
    # Used: whoever says that Hello once more gets another one, and the old seals are void.
    assert bench.ask(Hello(protocol=PROTOCOL_VERSION), 10).challenge != first.challenge
    other = bench.ask(Hello(protocol=PROTOCOL_VERSION), 500)
    assert bench.ask(Discharge(), 501).code == OK
    assert bench.ask(Hello(protocol=PROTOCOL_VERSION), 500).challenge != other.challenge


def test_challenge_differs_from_the_one_before_even_with_a_broken_random_source() -> None:
    for broken in (0, 1, 5):
        hal = WatchedHal()
        setattr(hal, "random_u32", lambda broken=broken: broken)  # noqa: B010
        judge = Authority(hal, 7)
        seen = [judge.challenge]
        for _ in range(3):
            judge.greet()
            seen.append(judge.challenge)
        assert seen == [broken, broken ^ 1, broken, broken ^ 1]


def test_before_the_first_hello_no_seal_fits() -> None:
    hal = WatchedHal()
    bench = Bench(hal)
    bench.boot_epoch = hal.boot_epoch
    bench.run_to_state(STANDBY)
    assert refusal(bench, Charge.TYPE, 1, sealed(bench, CHARGE, 1, 1))[0] == REJ_VERSION
    for challenge in (0, 1, 0xFFFFFFFF):
        asked = sealed(bench, UpdateBegin(), 1, 1, challenge)
        assert refusal(bench, UpdateBegin.TYPE, 1, asked)[0] == REJ_MAC


def test_update_is_obeyed_from_an_edge_of_another_version_and_needs_its_seal() -> None:
    bench = Bench(WatchedHal())
    bench.ask(Hello(protocol=PROTOCOL_VERSION ^ 1))
    bench.run_to_state(STANDBY)
    assert bench.ask(configure_of()).code == REJ_VERSION
    asked = sealed(bench, UpdateBegin(), SEQ, 50)
    assert refusal(bench, UpdateBegin.TYPE, SEQ, flipped(asked, 190))[0] == REJ_MAC
    assert code_of(bench, UpdateBegin.TYPE, SEQ, asked) == OK
    assert bench.device._unit.staging.is_busy
    bench.ask(Hello(protocol=PROTOCOL_VERSION))
    assert not bench.device._unit.staging.is_busy


def test_counts_stop_at_their_end() -> None:
    bench, _ = watched()
    judge = bench.device._dispatcher.authority
    judge.refused = judge.forged = COUNT_MAX - 1
    for _ in range(3):
        put(bench, Charge.TYPE, SEQ, bytes(Charge.size() + SEAL_BYTES))
    assert counts(bench) == (COUNT_MAX, COUNT_MAX)
    assert bench.status().forged == COUNT_MAX


def test_opened_door_is_refused_as_before_and_is_no_forgery() -> None:
    bench, _ = watched()
    bench.set_inputs(INPUTS_ALL & ~IN_DOOR)
    assert bench.ask(CHARGE).code != OK
    assert counts(bench)[1] == 0


# --- a whole recorded session, given again ---


def _recorded(bench: Bench) -> "list[tuple[int, int, bytes]]":
    """Everything the edge says in a session of one pulse, from Hello to Discharge."""
    said: list[bytes] = []
    honest = bench.send_bytes

    def hear(data: bytes) -> None:
        said.append(data)
        honest(data)

    setattr(bench, "send_bytes", hear)  # noqa: B010
    bench.configured().charged().armed(TEN_HZ_80, 1)
    assert bench.fire(0, 0, 1, bench.now_us + 100000).code == OK
    bench.run_ms(300)
    assert bench.ask(Discharge()).code == OK
    bench.run_to_state(STANDBY)
    setattr(bench, "send_bytes", honest)  # noqa: B010
    return Decoder().feed(b"".join(said))


def _replay(bench: Bench, frames: "list[tuple[int, int, bytes]]", has_hello: bool) -> "list[int]":
    """Give it again, in order; the codes of all refusals. Nothing may charge, enable or fire."""
    hal = bench.hal
    assert isinstance(hal, WatchedHal)
    pulses = len(hal.pulses)
    hal.risks = []
    codes = []
    for kind, seq, payload in frames:
        if kind == Hello.TYPE and not has_hello:
            continue
        answers = put(bench, kind, seq, payload)
        codes += [a.code for a in answers if a.TYPE == 0x83 and a.code != OK]
        bench.run_ms(1)
    assert hal.risks == []
    assert len(hal.pulses) == pulses
    assert bench.state() == STANDBY
    return codes


def test_session_given_again_on_the_same_hello_moves_nothing() -> None:
    bench = Bench(WatchedHal())
    frames = _recorded(bench)
    assert len(bench.hal.pulses) == 1
    codes = _replay(bench, frames, False)
    assert codes  # the last four have kept answers, the older ones are refused
    assert set(codes) == {REJ_SEQUENCE}


def test_session_given_again_with_its_hello_moves_nothing() -> None:
    # Catches: a challenge that can be called back.
    bench = Bench(WatchedHal())
    codes = _replay(bench, _recorded(bench), True)
    assert set(codes) == {REJ_MAC}
    assert len(codes) == 5  # Configure, Charge, Arm, Confirm, FireTrain


def test_session_given_again_after_a_reboot_moves_nothing() -> None:
    for epoch, code in ((8, REJ_EPOCH), (7, REJ_MAC)):  # 7: the count of boots was not stored
        bench = Bench(WatchedHal())
        frames = _recorded(bench)
        hal = WatchedHal(bench.hal.ledger)
        hal.boot_epoch = epoch
        hal.tokens = bench.hal.tokens + 1000
        again = Bench(hal)
        again.run_to_state(STANDBY)
        assert set(_replay(again, frames, True)) == {code}
        assert bench.hal.ledger == again.hal.ledger
