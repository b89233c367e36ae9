"""I5: each train comes of arm, echo, confirm and fire, each with a token that is used once."""

from __future__ import annotations

from collections.abc import Iterator

from firmware.wire.commands import Arm, Confirm, FireTrain
from firmware.wire.reports import Answer, ArmEcho
from hw_sim.checkers.base import Checker, Finding
from hw_sim.checkers.facts import Facts
from hw_sim.checkers.seals import Sealed, sealed_commands
from hw_sim.recorder import TruthRecorder

EARLY_US_MAX = 50  # of a pulse against the time that its train was asked for


class _Tokens:
    """Tokens that the controller gave out and nobody used yet."""

    def __init__(self) -> None:
        self.armed: Arm | None = None
        self.echo: ArmEcho | None = None
        self.next_token = 0
        self.used: list[int] = []

    def take(self, token: int, what: str) -> Iterator[str]:
        if token in self.used:
            yield f"{what} with token {token:#x}, which was used before"
        elif token != self.next_token or token == 0:
            yield f"{what} with token {token:#x}, which was not the one in force"
        self.used.append(token)


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    assert facts.frames is not None
    assert facts.link_key is not None
    tokens, boot, trains = _Tokens(), None, []
    for sealed in sealed_commands(facts.frames, facts.link_key):
        if sealed.is_repeat or not sealed.is_accepted:
            continue
        if sealed.frame.boot_epoch != boot:
            tokens, boot = _Tokens(), sealed.frame.boot_epoch
        for text in _follow(tokens, sealed):
            yield Finding(sealed.frame.at_ns, text)
        if isinstance(sealed.command, FireTrain):
            trains.append((sealed.frame.boot_epoch, sealed.command))
    yield from _pulses(truth, trains)


def _follow(tokens: _Tokens, sealed: Sealed) -> Iterator[str]:
    command, reply = sealed.command, sealed.reply
    if isinstance(command, Arm) and isinstance(reply, ArmEcho):
        tokens.armed, tokens.echo, tokens.next_token = command, reply, reply.token
    elif isinstance(command, Confirm) and isinstance(reply, Answer):
        yield from tokens.take(command.token, "confirmed")
        if tokens.armed is None or tokens.echo is None:
            yield "confirmed without an echo"
        else:
            yield from _differences(tokens.armed, tokens.echo)
        tokens.next_token = reply.detail
    elif isinstance(command, FireTrain) and isinstance(reply, Answer):
        yield from tokens.take(command.token, "fired")
        tokens.next_token = reply.detail


def _differences(armed: Arm, echo: ArmEcho) -> Iterator[str]:
    for name in Arm.FIELDS:
        if getattr(armed, name) != getattr(echo, name):
            yield f"confirmed although the echo's {name} differed"


def _pulses(truth: TruthRecorder, trains: list[tuple[int, FireTrain]]) -> Iterator[Finding]:
    """Every pulse that was asked for belongs to a train that was accepted, and none has more."""
    given = [0] * len(trains)
    for pulse in truth.pulses:
        if not pulse.is_asked:
            continue  # I3
        at_us = pulse.mcu_us + EARLY_US_MAX
        own = [
            index
            for index, (boot_epoch, train) in enumerate(trains)
            if boot_epoch == pulse.boot_epoch and train.start_us <= at_us
        ]
        if not own:
            yield Finding(pulse.at_ns, "pulse of no accepted train")
            continue
        given[own[-1]] += 1
        if given[own[-1]] > trains[own[-1]][1].pulse_count:
            yield Finding(pulse.at_ns, "pulse beyond the train that was asked for")


CHECKER = Checker(
    id="I5",
    name="arm-confirm-fire",
    rule="Each train comes of arm, echo, confirm and fire, each with a token that is used once.",
    bound="none; 50 us for the onset",
    evidence="frames on both sides of the controller, its key, coil currents",
    judge=_judge,
    needs=("frames", "link_key"),
)
