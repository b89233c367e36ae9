"""Keeps when each contact was last seen to open, over restarts, and which of them are due.

The writer of ChairState.device.unproved and of the table contact_proof. Hears openings from the
panel and sessions from the phases. A store that fails loses a count, never a stop: what is due only
warns. Wall clock through the port; runs on the loop.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from edge.domain.contact_history import RULES, Proof, due_names, seen_open, session_begun
from edge.domain.session_states import E, S
from edge.ports import Panel, Store, StoreError, WallClock
from edge.services.chair_state import ChairState
from edge.services.phase import Phase

log = structlog.get_logger(__name__)

# [P] A door that opens all day is written down once an hour: the count of sessions is what matters.
WRITE_AGAIN = timedelta(hours=1)


class ContactProofs:
    """Of one unit. Raises StoreError when the table cannot be made."""

    def __init__(
        self, panel: Panel, store: Store, state: ChairState, wall_clock: WallClock, phase: Phase
    ) -> None:
        self._store = store
        self._state = state
        self._wall_clock = wall_clock
        self._phase = phase
        self._counted = ""  # session that was counted last
        names = [each.value for each in panel.fitted() if each.value in RULES]
        self._proofs = {name: self._load(name) for name in names}
        phase.on_move(self._on_move)

    def seen_open(self, name: str) -> None:
        """This contact is open on every wire it has."""
        proof = self._proofs.get(name)
        if proof is None:
            return
        after = seen_open(proof, self._now())
        is_news = proof.sessions > 0 or abs(after.since - proof.since) >= WRITE_AGAIN
        self._proofs[name] = after
        if is_news:
            self._save([after])
        self.look()

    def dates(self) -> dict[str, str]:
        """When each contact was last seen to open, ISO date."""
        return {name: proof.since.date().isoformat() for name, proof in self._proofs.items()}

    def look(self) -> None:
        """Which contacts are due now; call a few times a second."""
        wall = self._wall_clock.now()
        due = due_names(self._proofs.values(), wall.utc if wall.is_trusted else None)
        if due != self._state.device.unproved:
            self._state.device.unproved = due
            log.info("contacts to be proved", inputs=list(due))
            self._phase.touch()

    def _on_move(self, _was: S, _now: S, event: E) -> None:
        """A session is armed for the first time."""
        visit = self._state.visit
        if event is not E.ARM or visit is None or visit.session.session_id == self._counted:
            return
        self._counted = visit.session.session_id
        patient_id = visit.patient.patient_id
        self._proofs = {
            name: session_begun(proof, patient_id) for name, proof in self._proofs.items()
        }
        self._save(list(self._proofs.values()))
        self.look()

    def _load(self, name: str) -> Proof:
        rows = self._store.rows(
            "SELECT since_utc, sessions, patients, last_patient FROM contact_proof WHERE name = ?",
            (name,),
        )
        if rows:
            ((since, sessions, patients, last_patient),) = rows
            since_utc = datetime.fromisoformat(str(since))
            return Proof(name, since_utc, int(sessions or 0), int(patients or 0), str(last_patient))
        proof = Proof(name, self._now())
        self._save([proof])
        return proof

    def _save(self, proofs: list[Proof]) -> None:
        try:
            with self._store.transaction():
                for proof in proofs:
                    self._store.rows(
                        "INSERT OR REPLACE INTO contact_proof VALUES (?, ?, ?, ?, ?)",
                        (
                            proof.name,
                            proof.since.isoformat(),
                            proof.sessions,
                            proof.patients,
                            proof.last_patient,
                        ),
                    )
        except StoreError as error:
            log.warning("contact history not kept", why=str(error))

    def _now(self) -> datetime:
        return self._wall_clock.now().utc
