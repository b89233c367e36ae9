"""I32: nobody gets more guesses at a PIN than the rule gives, by restarts, clocks or haste."""

from __future__ import annotations

from collections.abc import Iterator

from hw_sim.checkers.base import NS_PER_S, Checker, Finding
from hw_sim.checkers.facts import Facts
from hw_sim.recorder import TruthRecorder

FREE_TRIES = 5  # [P] edge/services/accounts.py
MORE_EACH_NS = 60 * NS_PER_S
LOOKED_AT = "wrong_pin"  # pin_locked and control_busy have not looked at the PIN


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    del truth
    assert facts.pin_tries is not None
    wrong: dict[str, list[int]] = {}
    for each in facts.pin_tries:
        if each.answer == "":
            wrong[each.user_id] = []
        if each.answer != LOOKED_AT:
            continue
        own = wrong.setdefault(each.user_id, [])
        own.append(each.at_ns)
        allowed = FREE_TRIES + (each.at_ns - own[0]) // MORE_EACH_NS
        if len(own) > allowed:
            seconds = (each.at_ns - own[0]) / NS_PER_S
            yield Finding(each.at_ns, f"{len(own)} guesses at one PIN in {seconds:.1f} s")
            return


CHECKER = Checker(
    id="I32",
    name="pin-budget",
    rule="Five wrong PINs, then one a minute: no restart, clock or crowd of requests gives more.",
    bound="5, and 1 in 60 s [P]",
    evidence="PINs that were typed and their answers",
    judge=_judge,
    needs=("pin_tries",),
)
