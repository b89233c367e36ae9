"""Gives the simulated unit a certificate, as if somebody had tested it this morning.

For runs that are about something else: signed with the unit's own key and stored before the service
starts, so that the product cannot tell. A run that is about the test itself leaves it out.
"""

from __future__ import annotations

from edge.adapters.signing_key import Ed25519Signer
from edge.domain.certificate import Examined
from edge.domain.safety_test import DAILY, Attempt, Fitted, Run, steps_for
from edge.ports import Signer, Store, WallClock
from edge.services.audit import Audit
from edge.services.certificates import Certificates
from edge.version import SOFTWARE_VERSION
from firmware.core.snapshot import VERSION_MAJOR, VERSION_MINOR, VERSION_PATCH
from firmware.wire.codes import INPUT_NAMES, TIMING_SIMULATED

WHO = "simulator"
SIM_BOOT = "simulated"  # every run in virtual time is one start of the machine
FIRMWARE_VERSION = f"{VERSION_MAJOR}.{VERSION_MINOR}.{VERSION_PATCH}"
# Of a unit in virtual time, whose signature nobody relies on. `hw_sim run` has a key of its own.
SIM_SIGNER = Ed25519Signer(bytes(range(32, 64)))


def grant(
    store: Store,
    signer: Signer,
    wall_clock: WallClock,
    *,
    unit_id: str,
    settings_hash: str,
    valid_h: int,
    software_version: str = SOFTWARE_VERSION,
    image_hash: str = "",  # a factory folder has no manifest
    machine_boot: str = SIM_BOOT,
    is_renewed: bool = False,
) -> None:
    """A good certificate in this store, unless it has one. On a running loop. Raises StoreError.

    is_renewed: also when it has an older one, as on the next morning.
    """
    audit = Audit(store, wall_clock, 0)
    certificates = Certificates(store, audit, signer, wall_clock, valid_h, machine_boot)
    if certificates.newest is not None and not is_renewed:
        return
    tested = Examined(
        unit_id=unit_id,
        firmware_version=FIRMWARE_VERSION,
        image_hash=image_hash,
        boot_epoch=0,
        lifetime_pulses=0,
        coil_serial="",
        settings_hash=settings_hash,
        software_version=software_version,
    )
    fitted = Fitted(INPUT_NAMES, (), TIMING_SIMULATED)
    steps = steps_for(fitted, DAILY)
    attempts = tuple(Attempt(step.key, "", "", None, step.limit_ms) for step in steps)
    run = Run(DAILY, steps, attempts)
    certificates.issue(tested, run, WHO, wall_clock.now().utc, {})
