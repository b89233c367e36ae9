"""I31: every act is somebody's who was logged in, may do it, and is named in the log."""

from __future__ import annotations

from collections.abc import Iterator

from hw_sim.checkers.base import NS_PER_S, Checker, Finding
from hw_sim.checkers.facts import Facts
from hw_sim.checkers.windows import gate_windows
from hw_sim.recorder import TruthRecorder

MAY_TREAT = ("technician", "clinician")
BEFORE_NS = 40 * NS_PER_S  # [P] the bank may have to be bled and charged first
ARMING = ("arm", "resume")
ACTS = ("armed", "started", "resumed", "acknowledged", "ended", "signed", "note", "opened")


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    assert facts.audit is not None
    assert facts.accounts is not None
    roles = {account.name: account.role for account in facts.accounts}
    logins = [(row.boot, row.who, row.at_ns) for row in facts.audit if row.action == "login"]
    for at_ns, _ in gate_windows(truth):
        own = [
            row
            for row in facts.audit
            if row.action in ARMING and at_ns - BEFORE_NS <= row.at_ns <= at_ns
        ]
        if not own:
            yield Finding(at_ns, "armed, and the audit has nobody who asked for it")
        for row in own[-1:]:
            if roles.get(row.who) not in MAY_TREAT:
                yield Finding(at_ns, f"armed by {row.who!r}, who may not")
            if not any(
                boot == row.boot and who == row.who and login_ns <= row.at_ns
                for boot, who, login_ns in logins
            ):
                yield Finding(at_ns, f"armed by {row.who!r}, who was not logged in")
    for entry in facts.journal or ():
        who = entry.body.get("who")
        if entry.kind in ACTS and roles.get(str(who)) not in MAY_TREAT:
            yield Finding(entry.at_ns, f"{entry.kind} by {who!r}, who may not")


CHECKER = Checker(
    id="I31",
    name="acts-have-names",
    rule="Every arming and every act of a session is that of a person who was logged in and may.",
    bound="audit row at most 40 s before the arming [P]",
    evidence="the controller's enable, audit, journal, accounts",
    judge=_judge,
    needs=("audit", "accounts"),
)
