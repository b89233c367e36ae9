# An Arm from its judgement to its echo: expands the plan and takes its fingerprint in slices, so
# that no poll gets long, and keeps the one-use token. Judges nothing (envelope.py) and sends
# nothing: the dispatcher collects the reply. MCU time.
from firmware.compat import TYPE_CHECKING
from firmware.core.bounds import CONFIRM_US_MAX, HASH_SLICE_PULSES
from firmware.core.envelope import plan_of
from firmware.core.train import PlanHash, TrainPlan
from firmware.wire.codes import REJ_STATE
from firmware.wire.commands import Arm
from firmware.wire.message import Message
from firmware.wire.reports import Answer, ArmEcho

if TYPE_CHECKING:
    from firmware.core.hal import Hal


class Arming:
    # plan is what was echoed last; token 0 means none is valid.

    def __init__(self, hal: "Hal") -> None:
        self._hal = hal
        self.plan: "TrainPlan | None" = None
        self.pulses_total = 0
        self._token = 0
        self._expires_us = -1  # of an echo's token; -1: a train's token does not age
        self._command: "Arm | None" = None
        self._hash: "PlanHash | None" = None
        self._reply: "Message | None" = None

    def is_busy(self) -> bool:
        """An Arm is being worked on."""
        return self._hash is not None

    def begin(self, command: Arm) -> None:
        """Take an accepted Arm; what was armed before is forgotten."""
        self.forget(0)
        plan = plan_of(command)
        self.plan = plan
        self.pulses_total = command.pulses_total
        self._command = command
        self._hash = PlanHash(plan)

    def work(self) -> "tuple[Arm, bytes] | None":
        """One slice; the Arm and its own fingerprint when it was the last."""
        running = self._hash
        command = self._command
        if running is None or command is None or not running.work(HASH_SLICE_PULSES):
            return None
        self._hash = None
        self._command = None
        return command, running.digest()

    def echo(self, command: Arm, digest: bytes, delivered: int, now_us: int) -> None:
        """Reply with what was understood. A fingerprint unlike the edge's gets no token."""
        if digest == command.plan_sha256:
            self._token = self._new_token()
            self._expires_us = now_us + CONFIRM_US_MAX
        values = {name: getattr(command, name) for name in command.FIELDS}
        values["plan_sha256"] = digest
        values["delivered"] = delivered
        values["token"] = self._token
        self._reply = ArmEcho(**values)

    def refuse(self, code: int) -> None:
        """Answer the Arm whose work is done with a refusal."""
        self._reply = Answer(command=Arm.TYPE, code=code, detail=0)

    def next_token(self) -> int:
        """Use up the token; the new one holds until it is used."""
        self._token = self._new_token()
        self._expires_us = -1
        return self._token

    def _new_token(self) -> int:
        token = self._hal.random_u32()
        return token if token not in (0, self._token) else (self._token ^ 1) or 2

    def token(self, now_us: int) -> int:
        """The valid token, 0 when there is none or it is too old."""
        if 0 <= self._expires_us <= now_us:
            self._token = 0
        return self._token

    def forget(self, state: int) -> None:
        """Leave nothing that could be confirmed or fired; an Arm in work is refused."""
        if self._hash is not None:
            self._reply = Answer(command=Arm.TYPE, code=REJ_STATE, detail=state)
        self._hash = None
        self._command = None
        self.plan = None
        self.pulses_total = 0
        self._token = 0
        self._expires_us = -1

    def take_reply(self) -> "Message | None":
        """The finished answer to the Arm, once."""
        reply = self._reply
        self._reply = None
        return reply
