"""The certificate of a safety test: what it says, the bytes that are signed, whether it holds.

A certificate belongs to one controller with one firmware under one configuration; it names every
attempt of every step with the measured time, and the hash of the one before it, so that none can be
taken out. A test that ended failed has one too: it takes the place of an older, good one. Whether
the signature is right is asked of the port; keeping them is edge/services/certificates.py. Pure.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from edge.domain.hash_chain import GENESIS, canonical
from edge.domain.safety_test import Attempt

FORM = "tms-edge safety test 1"  # names what is signed, so that it can be taken for nothing else
CLOCK_SLACK = timedelta(minutes=5)  # [P] a clock that was set by less is not doubted

# Why no treatment may begin (texts certificate-<code>), in the order in which they are looked for.
REASONS: tuple[str, ...] = (
    "none",
    "bad_signature",
    "failed",
    "interrupted",
    "service_fault",
    "controller_unknown",
    "other_controller",
    "other_firmware",
    "other_software",
    "other_settings",
    "clock",
    "expired",
)
# A session that was armed under a valid certificate goes on under it: time alone, or the fault that
# it was stopped by and that a person understood, ask for a test before the next one.
REASONS_FOR_NEXT: tuple[str, ...] = ("expired", "service_fault")


@dataclass(frozen=True)
class Examined:
    """Whose proof it is. A controller that was exchanged begins its counts anew."""

    unit_id: str
    firmware_version: str
    image_hash: str  # hex, '' for an image without a manifest
    boot_epoch: int
    lifetime_pulses: int
    coil_serial: str
    settings_hash: str
    software_version: str


@dataclass(frozen=True)
class Certificate:
    """Times are UTC."""

    number: int
    tested: Examined
    variant: str
    who: str
    began: datetime
    ended: datetime
    valid_until: datetime
    is_passed: bool
    attempts: tuple[Attempt, ...]
    proofs: Mapping[str, str]  # contact: when it was last seen to open, ISO date
    machine_boot: str  # start of the machine in which it was issued, and its monotonic seconds
    ended_s: float
    previous: str  # hash of the certificate before this one
    public_key: str  # hex, of the unit


class CertificateError(Exception):
    """This is no certificate; the text says why."""


def body_of(certificate: Certificate) -> str:
    """Canonical JSON: what is stored, and what is signed."""
    fields = asdict(certificate)
    for name in ("began", "ended", "valid_until"):
        fields[name] = getattr(certificate, name).isoformat()
    return canonical({"form": FORM, **fields})


def hash_of(body: str) -> str:
    """Hex SHA-256 that the next certificate names."""
    return hashlib.sha256(body.encode()).hexdigest()


def read_body(body: str) -> Certificate:
    """The certificate in these bytes. Raises CertificateError."""
    try:
        fields = json.loads(body)
        if fields.pop("form") != FORM:
            raise CertificateError("it is of another form")
        for name in ("began", "ended", "valid_until"):
            fields[name] = datetime.fromisoformat(fields[name])
        fields["tested"] = Examined(**fields["tested"])
        fields["attempts"] = tuple(Attempt(**one) for one in fields["attempts"])
        certificate = Certificate(**fields)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CertificateError(f"it cannot be read: {error}") from error
    if body_of(certificate) != body:
        raise CertificateError("it is not in its canonical form")
    return certificate


def number_text(number: int) -> str:
    """As people write it down."""
    return f"ST-{number:06d}"


@dataclass(frozen=True)
class Standing:
    """What the newest certificate is judged against. Starts as a unit of which nothing is known."""

    tested: Examined | None = None  # as the unit is now; None until the controller was heard
    is_signed: bool = False  # by this unit's key
    is_interrupted: bool = False  # a test was begun later and came to no end
    has_service_fault: bool = False  # since then a fault that service has to look at
    now: datetime | None = None  # None while the clock is in doubt
    left_s: float | None = None  # by the loop's clock, once that has been set by the other


def judge(certificate: Certificate | None, standing: Standing) -> str:
    """'' when treatments may begin under it, else a word of REASONS."""
    if certificate is None:
        return "none"
    if not standing.is_signed:
        return "bad_signature"
    if not certificate.is_passed:
        return "failed"
    if standing.is_interrupted:
        return "interrupted"
    if standing.has_service_fault:
        return "service_fault"
    return _other(certificate.tested, standing.tested) or _age(certificate, standing)


def _other(then: Examined, now: Examined | None) -> str:
    if now is None:
        return "controller_unknown"
    is_younger = now.boot_epoch < then.boot_epoch or now.lifetime_pulses < then.lifetime_pulses
    if now.unit_id != then.unit_id or is_younger:
        return "other_controller"
    if (now.firmware_version, now.image_hash) != (then.firmware_version, then.image_hash):
        return "other_firmware"
    if now.software_version != then.software_version:
        return "other_software"
    return "" if now.settings_hash == then.settings_hash else "other_settings"


def _age(certificate: Certificate, standing: Standing) -> str:
    """The loop's clock, once it is set, cannot be put back; until then the other has to be good."""
    if standing.left_s is not None:
        return "" if standing.left_s > 0 else "expired"
    if standing.now is None or standing.now < certificate.ended - CLOCK_SLACK:
        return "clock"
    return "" if standing.now < certificate.valid_until else "expired"


def fits_chain(certificates: tuple[tuple[Certificate, str], ...]) -> str:
    """'' when each (certificate, body) names the one before it, else a sentence."""
    previous = GENESIS
    for number, (certificate, body) in enumerate(certificates, start=1):
        if certificate.number != number:
            return f"certificate {number_text(number)} is missing"
        if certificate.previous != previous:
            return f"certificate {number_text(number)} does not name the one before it"
        previous = hash_of(body)
    return ""
