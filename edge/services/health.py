"""Facts for /health: is the service fit, and if not, what is missing.

Reads the one picture; no secrets and nothing of patients. No clock of its own.
"""

from __future__ import annotations

from edge.domain.certificate import number_text
from edge.domain.device_facts import DeviceFacts, not_ready_reasons
from edge.ports import WallClock
from edge.services.chair_state import ChairState


def health(
    state: ChairState,
    facts: DeviceFacts,
    wall_clock: WallClock,
    *,
    software_version: str,
    bad_frames: int,
    up_s: float,
) -> dict[str, object]:
    """One flat object; "ok": the service itself works, "ready": a patient may be treated."""
    reasons = not_ready_reasons(facts)
    device, certificate = state.device, state.certificate
    return {
        "ok": True,
        "ready": not reasons,
        "not_ready": list(reasons),
        "software_version": software_version,
        "up_s": round(up_s, 1),
        "phase": state.state.value,
        "link": device.link,
        "link_detail": device.link_detail,
        "unit_id": device.unit_id,
        "is_simulated": device.is_simulated,
        "firmware_version": device.firmware_version,
        "timing_class": device.timing_class,
        "boot_epoch": device.boot_epoch,
        "mcu_state": device.mcu_state,
        "faults": list(device.faults),
        "settings_match": device.settings_match,
        "clock_uncertainty_us": device.clock_uncertainty_us,
        "wall_clock_is_trusted": wall_clock.now().is_trusted,
        "bad_frames": bad_frames,
        "bad_frames_mcu": device.bad_frames_mcu,
        "refused": device.refused,
        "forged": device.forged,
        "slot": device.slot,
        "image_hash": device.image_hash,
        "is_trial": device.is_trial,
        "ipi_us_min": device.ipi_us_min,
        "self_test_found": list(device.self_test_found),
        "safety_test": facts.certificate or "valid",
        "certificate": None if certificate is None else number_text(certificate.number),
        "certificate_until": None
        if certificate is None
        else certificate.valid_until.isoformat(timespec="seconds"),
        "alarms": [alarm.alarm_id for alarm in state.alarms],
        "clinic": state.clinic_state,
        "to_send": state.to_send,
        "quarantined": state.quarantined,
    }
