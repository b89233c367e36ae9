# The unit as others see it: Status and Identity for the edge, Situation for the envelope, Ledger
# for reconciliation. Copies values, decides nothing.
from firmware.compat import const
from firmware.core import supervision
from firmware.core.authority import Authority
from firmware.core.envelope import Situation
from firmware.core.unit import Unit
from firmware.wire.protocol import PROTOCOL_VERSION
from firmware.wire.reports import Identity, Ledger, Status

# Of the firmware as a whole; a test holds it against pyproject.toml.
VERSION_MAJOR = const(0)
VERSION_MINOR = const(1)
VERSION_PATCH = const(0)


def identity_of(unit: Unit, challenge: int) -> Identity:
    """Who this is, asked of the hardware anew each time: coils are changed."""
    found = unit.hal.identity()
    ipi_us_min, lateness_us = unit.hal.timing()
    slot, image_hash, is_trial = unit.hal.image()
    return Identity(
        protocol=PROTOCOL_VERSION,
        challenge=challenge,
        version_major=VERSION_MAJOR,
        version_minor=VERSION_MINOR,
        version_patch=VERSION_PATCH,
        unit_id=found[0],
        boot_epoch=found[1],
        reset_cause=found[2],
        is_simulated=found[3],
        timing_class=found[4],
        coil_serial=found[5],
        coil_type=found[6],
        level_pct_max=found[7],
        inputs_fitted=found[8],
        ipi_us_min=ipi_us_min,
        lateness_us=lateness_us,
        slot=slot,
        image_hash=image_hash,
        is_trial=is_trial,
        self_test=unit.hal.self_test(),
    )


def status_of(
    unit: Unit, now_us: int, beat: int, echo_seq: int, bad_frames: int, authority: Authority
) -> Status:
    """The whole state now; beat 0 when nobody asked."""
    return Status(
        echo_beat=beat,
        mcu_us=now_us,
        boot_epoch=unit.boot_epoch,
        state=unit.machine.state,
        fault=unit.machine.first_fault(),
        fault_bits=unit.machine.fault_bits(),
        inputs=unit.inputs.closed,
        inputs_known=unit.inputs.known,
        surface_c10=unit.heat.surface.value_c10,
        winding_c10=unit.heat.winding.value_c10,
        bank_mv=max(unit.power.bank_mv, 0),
        level_pct_mso=unit.power.level_pct,
        settings_hash=unit.settings.settings_hash,
        train_index=unit.pulser.train_index,
        train_pulses=unit.pulser.delivered,
        session_pulses=unit.counters.session_pulses,
        lifetime_pulses=unit.counters.lifetime_pulses,
        token=unit.arming.token(now_us),
        echo_seq=echo_seq,
        amplitude_pm=unit.pulser.last_amplitude_pm,
        bad_frames=bad_frames,
        refused=authority.refused,
        forged=authority.forged,
    )


def ledger_of(unit: Unit) -> Ledger:
    """The unit's own count as it stands now."""
    counters = unit.counters
    return Ledger(
        session_id=counters.session_id,
        session_pulses=counters.session_pulses,
        train_index=counters.train_index,
        train_next_pulse=counters.train_next_pulse,
        lifetime_pulses=counters.lifetime_pulses,
        is_valid=1 if counters.is_valid else 0,
    )


def situation_of(unit: Unit, now_us: int, is_identified: bool) -> Situation:
    """What a command is judged against."""
    identity = unit.hal.identity()
    faults = unit.machine.faults
    situation = Situation()
    situation.now_us = now_us
    situation.state = unit.machine.state
    situation.first_fault = unit.machine.first_fault()
    situation.is_identified = is_identified
    situation.settings = unit.settings
    situation.unit_level_pct_max = identity[7]
    situation.inputs_fitted = identity[8]
    situation.unsafe_inputs = unit.inputs.unsafe(unit.settings.inputs_required)
    situation.is_cool = unit.heat.is_cool()
    situation.is_alive = not unit.beats.is_lost(now_us)
    situation.is_arming = unit.arming.is_busy()
    situation.is_settling = unit.pulser.is_active
    situation.charged_level_pct = unit.power.level_pct
    situation.token = unit.arming.token(now_us)
    situation.plan = unit.arming.plan
    situation.pulses_total = unit.arming.pulses_total
    situation.session_id = unit.counters.session_id
    situation.session_pulses = unit.counters.session_pulses
    situation.is_ledger_valid = unit.counters.is_valid
    situation.last_pulse_us = unit.last_pulse_us
    situation.armed_pulse_us = unit.armed_pulse_us
    situation.timing_ipi_us_min = unit.hal.timing()[0]
    situation.is_staging = unit.staging.is_busy
    situation.is_starving = unit.hunger.lasts(now_us)
    situation.is_face_still = unit.heat.surface.is_still(now_us)
    situation.is_winding_still = unit.heat.winding.is_still(now_us)
    situation.faults = faults
    situation.faults_with_cause = [f for f in faults if supervision.has_cause(unit, f, now_us)]
    return situation
