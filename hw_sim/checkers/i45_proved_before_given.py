"""I45: no patient is treated before every way to stop has been proved on this unit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from hw_sim.certificate import SIM_BOOT
from hw_sim.checkers.base import NS_PER_S, Checker, Finding
from hw_sim.checkers.facts import CertificateEntry, Facts, JournalEntry, SessionEntry
from hw_sim.checkers.windows import gate_windows
from hw_sim.recorder import TruthRecorder

CLOCK_SLACK_S = 300  # [P] a clock that was set by less is not doubted (edge/domain/certificate.py)


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    assert facts.certificates is not None
    assert facts.journal is not None
    assert facts.sessions is not None
    by_id = {session.session_id: session for session in facts.sessions}
    for row in facts.journal:
        if row.kind != "armed":
            continue
        session = by_id[row.session_id]
        opened = next(r for r in facts.journal if r.session_id == row.session_id)
        if not any(_holds(each, session, opened) for each in facts.certificates):
            yield Finding(row.at_ns, "armed without a safety test that held")
    if not facts.certificates:
        for at_ns, _ in gate_windows(truth):
            yield Finding(at_ns, "armed on a unit that was never tested")


def _holds(certificate: CertificateEntry, session: SessionEntry, opened: JournalEntry) -> bool:
    """By the wall clock; within one start of the machine by the clock that nobody can set."""
    body, at = certificate.body, datetime.fromisoformat(opened.utc)
    ended, until = (datetime.fromisoformat(body[name]) for name in ("ended", "valid_until"))
    age_s = (at - ended).total_seconds()
    if body["machine_boot"] == SIM_BOOT:
        age_s = opened.at_ns / NS_PER_S - body["ended_s"]
    is_begun = age_s >= -CLOCK_SLACK_S
    is_valid = age_s <= (until - ended).total_seconds()
    is_ours = body["tested"]["unit_id"] == session.facts["unit_id"]
    is_like = body["tested"]["settings_hash"] == session.facts["settings_hash"]
    is_good = certificate.is_signed and body["is_passed"]
    return bool(is_good and is_begun and is_valid and is_ours and is_like)


CHECKER = Checker(
    id="I45",
    name="proved-before-given",
    rule="A session is armed under a signed, passed safety test of this very unit that has not run"
    " out.",
    bound="hours of safety_test_valid_h in the configuration",
    evidence="certificates in the store and their signatures, journal, the controller's enable",
    judge=_judge,
    needs=("certificates", "journal", "sessions"),
)
