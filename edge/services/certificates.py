"""Keeps the certificates of safety tests, and says whether the newest one holds.

Issues, signs and stores; each names the one before it, and the audit has a row of each. A test that
was begun and came to no end, and a fault that service has to look at, are noted here durably, as
they end an older certificate. Its age is told by the loop's clock, which nobody can put back:
within one start of the machine from the issue on, else from the first trusted wall clock on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from edge.domain.certificate import (
    Certificate,
    CertificateError,
    Examined,
    Standing,
    body_of,
    fits_chain,
    hash_of,
    judge,
    number_text,
    read_body,
)
from edge.domain.hash_chain import GENESIS
from edge.domain.safety_test import Run, is_passed
from edge.ports import Signer, Store, WallClock
from edge.services.audit import Audit

log = structlog.get_logger(__name__)

_RUNNING, _FAULT = "safety_test_running", "safety_test_fault"  # rows of table meta


class Certificates:
    """The only user of its table. Raises StoreError when it cannot be made or read."""

    def __init__(
        self,
        store: Store,
        audit: Audit,
        signer: Signer,
        wall_clock: WallClock,
        valid_h: int,
        machine_boot: str,
    ) -> None:
        self._store = store
        self._audit = audit
        self._signer = signer
        self._wall_clock = wall_clock
        self._valid = timedelta(hours=valid_h)
        self._machine_boot = machine_boot
        self._is_interrupted = self._noted(_RUNNING) is not None
        self._fault = self._noted(_FAULT) or ""
        self._newest: Certificate | None = None
        self._is_signed = True
        self._hash = GENESIS
        self._due_at: float | None = None  # loop seconds
        self._load()

    @property
    def newest(self) -> Certificate | None:
        """The last one that was issued, good or not."""
        return self._newest

    @property
    def service_fault(self) -> str:
        """Code of a fault since the newest one that service has to look at; ''."""
        return self._fault

    def judge(self, tested: Examined | None) -> str:
        """'' when treatments may begin on this unit now, else a word of certificate.REASONS."""
        if self._newest is None and not self._is_signed:
            return "bad_signature"
        self._set_due()
        now = asyncio.get_running_loop().time()
        wall = self._wall_clock.now()
        return judge(
            self._newest,
            Standing(
                tested=tested,
                is_signed=self._is_signed,
                is_interrupted=self._is_interrupted,
                has_service_fault=bool(self._fault),
                now=wall.utc if wall.is_trusted else None,
                left_s=None if self._due_at is None else self._due_at - now,
            ),
        )

    def begin(self, who: str, variant: str) -> None:
        """A test begins: until it ends, no certificate holds. Raises StoreError."""
        with self._store.transaction():
            self._note(_RUNNING, who)
            self._audit.append(who, "safety_test", {"variant": variant})
        self._is_interrupted = True

    def drop(self, who: str) -> None:
        """The test was given up and had found nothing: the one before holds. Raises StoreError."""
        with self._store.transaction():
            self._forget(_RUNNING)
            self._audit.append(who, "safety_test_dropped", {})
        self._is_interrupted = False

    def issue(
        self, tested: Examined, run: Run, who: str, began: datetime, proofs: Mapping[str, str]
    ) -> Certificate:
        """The certificate of a test that is over, good or not. Raises StoreError."""
        ended = self._wall_clock.now().utc
        certificate = Certificate(
            number=self._last_number() + 1,
            tested=tested,
            variant=run.variant,
            who=who,
            began=began,
            ended=ended,
            valid_until=ended + self._valid,
            is_passed=is_passed(run),
            attempts=run.attempts,
            proofs=dict(proofs),
            machine_boot=self._machine_boot,
            ended_s=asyncio.get_running_loop().time(),
            previous=self._hash,
            public_key=self._signer.public_key().hex(),
        )
        self._keep(certificate, body_of(certificate))
        self._due_at = asyncio.get_running_loop().time() + self._valid.total_seconds()
        log.info(
            "safety test certificate",
            number=number_text(certificate.number),
            is_passed=certificate.is_passed,
        )
        return certificate

    def note_fault(self, code: str) -> None:
        """A fault that service has to look at ends the certificate. Raises StoreError."""
        if self._newest is None or self._fault:
            return
        self._fault = code
        log.warning("safety test asked for by a fault", code=code)
        with self._store.transaction():
            self._note(_FAULT, code)

    def all(self) -> list[tuple[str, str]]:
        """(body, signature) of each, oldest first."""
        rows = self._store.rows("SELECT body, signature FROM certificate ORDER BY number")
        return [(str(body), str(signature)) for body, signature in rows]

    def verify(self) -> str:
        """'' when every certificate is signed by this unit and none is missing, else a sentence."""
        read: list[tuple[Certificate, str]] = []
        for body, signature in self.all():
            if not self._is_ours(body, signature):
                return f"certificate {len(read) + 1} is not signed by this unit"
            try:
                read.append((read_body(body), body))
            except CertificateError as error:
                return f"certificate {len(read) + 1}: {error}"
        return fits_chain(tuple(read))

    def _keep(self, certificate: Certificate, body: str) -> None:
        signature = self._signer.sign(body.encode()).hex()
        with self._store.transaction():
            self._store.rows(
                "INSERT INTO certificate VALUES (?, ?, ?)", (certificate.number, body, signature)
            )
            self._forget(_RUNNING)
            if certificate.is_passed:
                self._forget(_FAULT)
            detail = {"number": certificate.number, "hash": hash_of(body)}
            action = "safety_test_passed" if certificate.is_passed else "safety_test_failed"
            self._audit.append(certificate.who, action, detail)
        self._newest, self._is_signed, self._hash = certificate, True, hash_of(body)
        self._is_interrupted = False
        if certificate.is_passed:
            self._fault = ""

    def _load(self) -> None:
        rows = self._store.rows(
            "SELECT body, signature FROM certificate ORDER BY number DESC LIMIT 1"
        )
        if not rows:
            return
        body, signature = str(rows[0][0]), str(rows[0][1])
        self._hash = hash_of(body)
        self._is_signed = self._is_ours(body, signature)
        try:
            self._newest = read_body(body)
        except CertificateError as error:
            self._is_signed = False
            log.error("certificate cannot be read", why=str(error))  # noqa: TRY400

    def _set_due(self) -> None:
        """How long it still holds, by the loop's clock, as soon as the other can be believed."""
        certificate, wall = self._newest, self._wall_clock.now()
        if certificate is None or self._due_at is not None:
            return
        now = asyncio.get_running_loop().time()
        is_same_boot = self._machine_boot != "" and certificate.machine_boot == self._machine_boot
        if is_same_boot and certificate.ended_s <= now:
            valid_s = (certificate.valid_until - certificate.ended).total_seconds()
            self._due_at = certificate.ended_s + valid_s
        elif wall.is_trusted and judge(certificate, self._aged(certificate, wall.utc)) != "clock":
            left_s = (certificate.valid_until - wall.utc).total_seconds()
            self._due_at = now + left_s

    @staticmethod
    def _aged(certificate: Certificate, now: datetime) -> Standing:
        """A unit of which only the date is in question."""
        return Standing(tested=certificate.tested, is_signed=True, now=now)

    def _is_ours(self, body: str, signature: str) -> bool:
        try:
            return self._signer.is_signed(body.encode(), bytes.fromhex(signature))
        except ValueError:
            return False

    def _last_number(self) -> int:
        rows = self._store.rows("SELECT coalesce(max(number), 0) FROM certificate")
        return int(str(rows[0][0]))

    def _noted(self, key: str) -> str | None:
        rows = self._store.rows("SELECT value FROM meta WHERE key = ?", (key,))
        return str(rows[0][0]) if rows else None

    def _note(self, key: str, value: str) -> None:
        self._store.rows(
            "INSERT INTO meta (key, value) VALUES (?, ?)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key, value),
        )

    def _forget(self, key: str) -> None:
        self._store.rows("DELETE FROM meta WHERE key = ?", (key,))
