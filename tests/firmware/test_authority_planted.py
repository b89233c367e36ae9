# Bugs planted into the judgement of seals, one at a time; the test named beside each must catch it.
from firmware.core import authority
from firmware.core.authority import Authority
from firmware.wire.codes import OK
from firmware.wire.seal import LinkKey
from tests.firmware import test_authority as honest_tests
from tests.firmware.marks import control

pytestmark = control("command-seal")

EVERY_BIT = honest_tests.test_one_wrong_bit_anywhere_is_refused_and_then_the_right_one_is_obeyed


def _fails(test: object) -> bool:
    try:
        test()  # type: ignore[operator]
    except AssertionError:
        return True
    return False


def test_planted_comparison_of_one_byte_is_caught() -> None:
    honest = getattr(authority, "is_same")  # noqa: B009
    setattr(authority, "is_same", lambda one, other: one[:1] == other[:1])  # noqa: B010
    try:
        assert _fails(EVERY_BIT)
    finally:
        setattr(authority, "is_same", honest)  # noqa: B010


def test_planted_counter_that_is_not_looked_at_is_caught() -> None:
    honest = Authority.is_newer
    setattr(Authority, "is_newer", lambda self, sealed: True)  # noqa: B010
    try:
        assert _fails(honest_tests.test_counter_that_does_not_grow_is_refused_whatever_the_number)
    finally:
        setattr(Authority, "is_newer", honest)  # noqa: B010


def test_planted_mac_without_the_challenge_is_caught() -> None:
    honest = LinkKey.mac

    def planted(
        self: LinkKey,
        boot_epoch: int,
        challenge: int,
        counter: int,
        kind: int,
        seq: int,
        payload: bytes,
    ) -> bytes:
        return honest(self, boot_epoch, 0, counter, kind, seq, payload)

    setattr(LinkKey, "mac", planted)  # noqa: B010
    try:
        assert _fails(honest_tests.test_session_given_again_with_its_hello_moves_nothing)
        assert _fails(honest_tests.test_seal_of_another_boot_hello_or_key_is_refused)
    finally:
        setattr(LinkKey, "mac", honest)  # noqa: B010


def test_planted_mac_without_the_type_is_caught() -> None:
    honest = LinkKey.mac

    def planted(
        self: LinkKey,
        boot_epoch: int,
        challenge: int,
        counter: int,
        kind: int,
        seq: int,
        payload: bytes,
    ) -> bytes:
        return honest(self, boot_epoch, challenge, counter, 0, seq, payload)

    setattr(LinkKey, "mac", planted)  # noqa: B010
    try:
        assert _fails(honest_tests.test_seal_of_one_command_does_not_fit_another)
    finally:
        setattr(LinkKey, "mac", honest)  # noqa: B010


def test_planted_number_that_a_forgery_uses_up_is_caught() -> None:
    honest = Authority.judge

    def planted(self: Authority, kind: int, seq: int, sealed: bytes) -> int:
        code = honest(self, kind, seq, sealed)
        if code != OK:
            self._counter = 200
        return code

    setattr(Authority, "judge", planted)  # noqa: B010
    try:
        assert _fails(EVERY_BIT)
    finally:
        setattr(Authority, "judge", honest)  # noqa: B010


def test_planted_challenge_that_stays_is_caught() -> None:
    honest = Authority.greet
    setattr(Authority, "greet", lambda self: None)  # noqa: B010
    try:
        assert _fails(honest_tests.test_challenge_is_new_at_each_hello_but_not_for_a_repeat_of_it)
        assert _fails(honest_tests.test_session_given_again_with_its_hello_moves_nothing)
    finally:
        setattr(Authority, "greet", honest)  # noqa: B010
