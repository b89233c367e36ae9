# The Arm in work and its token, alone: what is refused, what is forgotten, where a token comes
# from.
from firmware.core.arming import Arming
from firmware.core.bounds import CONFIRM_US_MAX
from firmware.wire.codes import READY, REJ_STATE, REJ_STORE
from firmware.wire.commands import Arm
from firmware.wire.reports import Answer, ArmEcho
from tests.firmware.bench import ITBS_600, TEN_HZ_80, arm_of
from tests.firmware.fake_hal import FakeHal
from tests.firmware.marks import control

pytestmark = control("arm-echo-confirm")

FIELDS = ("plan", "pulses_total", "_token", "_expires_us", "_command", "_hash")


def _worked(arming: Arming, arm: Arm) -> bytes:
    arming.begin(arm)
    done = arming.work()
    while done is None:
        done = arming.work()
    assert done[0] is arm
    return done[1]


def _reply(arming: Arming) -> Answer:
    reply = arming.take_reply()
    assert isinstance(reply, Answer)
    assert arming.take_reply() is None
    return reply


def test_token_is_the_number_that_chance_gave() -> None:
    # Catches: a token that can be worked out from the one before.
    hal = FakeHal()
    arming = Arming(hal)
    arm = arm_of(TEN_HZ_80, 1)
    hal.tokens = 4711
    arming.echo(arm, _worked(arming, arm), 0, 1000)
    echo = arming.take_reply()
    assert isinstance(echo, ArmEcho)
    assert echo.token == arming.token(1000) == 4712
    assert arming.next_token() == 4713


def test_token_that_chance_gives_twice_or_as_zero_is_changed() -> None:
    hal = FakeHal()
    arming = Arming(hal)
    numbers = [0, 1, 1, 5, 5, 0]
    setattr(hal, "random_u32", lambda: numbers.pop(0))  # noqa: B010
    assert [arming.next_token() for _ in range(6)] == [1, 2, 1, 5, 4, 5]
    arming.forget(READY)
    setattr(hal, "random_u32", lambda: 0)  # noqa: B010
    arming._token = 1
    assert arming.next_token() == 2


def test_token_of_an_echo_ages_and_one_of_a_train_does_not() -> None:
    arming = Arming(FakeHal())
    arm = arm_of(TEN_HZ_80, 1)
    arming.echo(arm, _worked(arming, arm), 0, 1000)
    token = arming.token(1000 + CONFIRM_US_MAX - 1)
    assert token != 0
    assert arming.token(1000 + CONFIRM_US_MAX) == 0
    token = arming.next_token()
    assert arming.token(1 << 60) == token


def test_arm_whose_work_is_refused_is_answered_once() -> None:
    arming = Arming(FakeHal())
    _worked(arming, arm_of(TEN_HZ_80, 1))
    arming.refuse(REJ_STORE)
    reply = _reply(arming)
    assert (reply.command, reply.code, reply.detail) == (Arm.TYPE, REJ_STORE, 0)


def test_arm_in_work_is_refused_with_the_state_when_it_is_forgotten() -> None:
    arming = Arming(FakeHal())
    arming.begin(arm_of(ITBS_600, 2))
    assert arming.is_busy()
    arming.forget(READY)
    reply = _reply(arming)
    assert (reply.command, reply.code, reply.detail) == (Arm.TYPE, REJ_STATE, READY)
    arming.begin(arm_of(ITBS_600, 2))
    arming.begin(arm_of(TEN_HZ_80, 1))
    reply = _reply(arming)
    assert (reply.command, reply.code, reply.detail) == (Arm.TYPE, REJ_STATE, 0)
    assert arming.pulses_total == 80


def test_arm_that_was_forgotten_leaves_nothing() -> None:
    # Catches: a plan, a total or a token that outlives what it was armed for.
    arming = Arming(FakeHal())
    arm = arm_of(ITBS_600, 2)
    arming.echo(arm, _worked(arming, arm), 0, 1000)
    assert arming._command is None
    arming.forget(READY)
    fresh = Arming(FakeHal())
    for name in FIELDS:
        found = getattr(arming, name)
        assert found == getattr(fresh, name), name
        assert type(found) is type(getattr(fresh, name)), name
