# Whether a sealed command comes from who holds this controller's key, for this boot and this Hello,
# and for the first time. Counts what was refused. Owns the challenge and the counter's last value;
# a refusal here changes neither, and nothing else either. Numbers of commands are sequence.py. No
# clock.
from firmware.compat import TYPE_CHECKING, const
from firmware.wire.codes import OK, REJ_EPOCH, REJ_KEY, REJ_MAC, REJ_SEQUENCE
from firmware.wire.seal import KEY_BYTES, LinkKey, is_same, unseal

if TYPE_CHECKING:
    from firmware.core.hal import Hal

COUNT_MAX = const(65535)  # both counters travel as u16 and stop there


class Authority:
    # refused, forged: as in Status. challenge: of the latest Identity; until the first Hello one
    # that was told to nobody.

    def __init__(self, hal: "Hal", boot_epoch: int) -> None:
        self.refused = 0
        self.forged = 0
        self.boot_epoch = boot_epoch
        self._hal = hal
        key = hal.key()
        self._key = LinkKey(key) if len(key) == KEY_BYTES else None
        self.challenge = hal.random_u32()
        self._counter = 0  # of the last sealed command that was obeyed or judged by the envelope

    def greet(self) -> None:
        """A Hello: a new challenge, so that nothing sealed before it holds any longer."""
        fresh = self._hal.random_u32()
        self.challenge = fresh if fresh != self.challenge else fresh ^ 1
        self._counter = 0

    def is_unused(self) -> bool:
        """No sealed command has been accepted since the last Hello."""
        return self._counter == 0

    def judge(self, kind: int, seq: int, sealed: bytes) -> int:
        """OK when the seal is right. Says nothing about counter and number."""
        if self._key is None:
            return REJ_KEY
        payload, boot_epoch, counter, mac = unseal(sealed)
        if boot_epoch != self.boot_epoch:
            return REJ_EPOCH
        right = self._key.mac(boot_epoch, self.challenge, counter, kind, seq, payload)
        return OK if is_same(right, mac) else REJ_MAC

    def is_newer(self, sealed: bytes) -> bool:
        """Its counter is above that of all accepted before."""
        return unseal(sealed)[2] > self._counter

    def accept(self, sealed: bytes) -> None:
        """It was judged right, and is new: everything up to its counter is used up."""
        self._counter = unseal(sealed)[2]

    def count(self, code: int) -> None:
        """A command has been refused with this code."""
        if code == OK:
            return
        self.refused = min(self.refused + 1, COUNT_MAX)
        if code in (REJ_MAC, REJ_EPOCH, REJ_SEQUENCE):
            self.forged = min(self.forged + 1, COUNT_MAX)
