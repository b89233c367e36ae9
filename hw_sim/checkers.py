"""Invariants of one unit, judged from outside on the truth recorder alone.

Each checker is one rule with the id of sources.md reliability 2.4 and yields violations in words.
Facts that the record cannot know (what was prescribed, what others claim) come in as Facts; a fact
left out is not judged. Pure: no clock, no product state; a record that dropped entries is refused.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, Protocol

from edge.domain.train_plan import Plan
from firmware.wire.limits import BANK_TOLERANCE_PM, HEARTBEAT_MS_MAX, SESSION_PULSES_MAX
from hw_sim.plant.host_enable import HOST_EDGE_WIRE, HOST_LIFE_NS, HOST_WIRE
from hw_sim.plant.panel import LOOP_MASK
from hw_sim.recorder import Pulse, TruthRecorder
from hw_sim.wire_watch import RX_BEAT

NS_PER_MS = 1_000_000
NS_PER_US = 1_000
# sources.md design 5: interlock, E-stop or STOP at the core to output off.
OFF_NS_MAX = 1 * NS_PER_MS
# [C: REF-BI] whole biphasic pulse, rounded down.
PULSE_NS = 296 * NS_PER_US
# sources.md design 5: heartbeat loss to disarm.
BEAT_AGE_NS_MAX = HEARTBEAT_MS_MAX * NS_PER_MS
# sources.md design 5: a press on the screen to output off.
SCREEN_STOP_NS_MAX = 100 * NS_PER_MS
# GATE_LIFE_US after the last feed, the longest the enable may outlive its firmware.
HUNG_GATE_NS_MAX = 100 * NS_PER_MS
# sources.md design 9: onset of a train against its schedule.
ONSET_US_MAX = 50


class Reported(NamedTuple):
    """One delivered pulse as somebody else has it (journal, MCU report)."""

    ordinal: int
    boot_epoch: int
    at_us: int


@dataclass(frozen=True)
class Facts:
    """What the session was meant to be, and what others say it was. None: not judged."""

    plan: Plan | None = None
    prescribed: int | None = None  # pulses; the plan's when a plan is given
    level_pct_max: int | None = None  # min(prescription, coil, device, stored limit)
    ipi_us_min: int | None = None
    screen_stops_ns: tuple[int, ...] = ()
    core_stop_ns_max: int = OFF_NS_MAX  # longer where the controller itself was made to stand still
    reported: tuple[Reported, ...] | None = None
    counts: tuple[tuple[str, int], ...] = ()  # (whose, delivered), such as ("journal", 600)


class Violation(NamedTuple):
    checker: str
    at_ns: int
    text: str

    def __str__(self) -> str:
        return f"{self.checker} at {self.at_ns / 1e9:.9f} s: {self.text}"


class Checker(Protocol):
    """One rule. ids are those of sources.md reliability 2.4."""

    id: str

    def check(self, truth: TruthRecorder, facts: Facts) -> Iterator[Violation]: ...


def gate_windows(truth: TruthRecorder, wire: str = "gate") -> list[tuple[int, int]]:
    """(on, off) of an enable, the controller's by default; off is beyond everything while on."""
    windows: list[tuple[int, int]] = []
    on_ns: int | None = None
    for at_ns, level in truth.levels(wire):
        if level and on_ns is None:
            on_ns = at_ns
        elif not level and on_ns is not None:
            windows.append((on_ns, at_ns))
            on_ns = None
    if on_ns is not None:
        windows.append((on_ns, 1 << 63))
    return windows


class _AfterOff:
    """Shared question: what still happened after a moment that had to switch the output off?"""

    def __init__(self, truth: TruthRecorder, wire: str = "gate") -> None:
        self._windows = gate_windows(truth, wire)
        self._ons = [on_ns for on_ns, _ in self._windows]
        self._pulses = truth.pulses
        self._onsets = [pulse.at_ns for pulse in truth.pulses]

    def gate_on_at(self, at_ns: int) -> bool:
        index = bisect_right(self._ons, at_ns) - 1
        return index >= 0 and at_ns < self._windows[index][1]

    def lasting(self, at_ns: int, bound_ns: int) -> int | None:
        """When the enable that was on at this moment fell, if that was later than the bound."""
        index = bisect_right(self._ons, at_ns) - 1
        if index < 0:
            return None
        off_ns = self._windows[index][1]
        return off_ns if off_ns > at_ns + bound_ns else None

    def pulses_before_rearming(self, at_ns: int, bound_ns: int) -> Iterator[Pulse]:
        """Pulses later than the bound while nobody had armed anew."""
        index = bisect_right(self._ons, at_ns)
        armed_ns = self._ons[index] if index < len(self._ons) else 1 << 63
        for pulse in self._pulses[bisect_right(self._onsets, at_ns + bound_ns) :]:
            if pulse.at_ns >= armed_ns:
                return
            yield pulse


class PulseInGate:
    """I3: each pulse lies inside the windows of both enables and was asked for."""

    id = "I3"

    def check(self, truth: TruthRecorder, facts: Facts) -> Iterator[Violation]:
        del facts
        gate, host = _AfterOff(truth), _AfterOff(truth, HOST_WIRE)
        for pulse in truth.pulses:
            # Complete means that it flowed for its whole length; cut, that it ended with the path.
            end_ns = pulse.at_ns + (PULSE_NS if pulse.is_complete else 0)
            if not gate.gate_on_at(pulse.at_ns):
                yield Violation(self.id, pulse.at_ns, "pulse outside an armed gate")
            elif not (host.gate_on_at(pulse.at_ns) and host.gate_on_at(end_ns)):
                yield Violation(self.id, pulse.at_ns, "pulse without the edge's enable")
            elif not pulse.is_asked:
                yield Violation(self.id, pulse.at_ns, "pulse that nobody asked for")


class InterlockLatches:
    """I1: an opened interlock ends the enable within 1 ms, and closing it again is not enough."""

    id = "I1"

    def check(self, truth: TruthRecorder, facts: Facts) -> Iterator[Violation]:
        del facts
        after, before = _AfterOff(truth), LOOP_MASK
        for at_ns, contacts in truth.levels("contacts"):
            opened = before & ~contacts & LOOP_MASK
            before = contacts
            if not opened:
                continue
            if after.lasting(at_ns, OFF_NS_MAX) is not None:
                yield Violation(self.id, at_ns, f"enable stayed on, interlock bits {opened:#x}")
            for pulse in after.pulses_before_rearming(at_ns, OFF_NS_MAX):
                yield Violation(self.id, pulse.at_ns, f"pulse after interlock bits {opened:#x}")


class NoPulseWhileOpen:
    """I2: no pulse while an interlock, E-stop or coil contact is open."""

    id = "I2"

    def check(self, truth: TruthRecorder, facts: Facts) -> Iterator[Violation]:
        del facts
        levels = truth.levels("contacts")
        times = [at_ns for at_ns, _ in levels]
        for pulse in truth.pulses:
            index = bisect_right(times, pulse.at_ns) - 1
            contacts = levels[index][1] if index >= 0 else 0
            is_open = contacts & LOOP_MASK != LOOP_MASK
            if is_open and pulse.at_ns > times[max(index, 0)] + NS_PER_US:
                yield Violation(self.id, pulse.at_ns, f"pulse with contacts {contacts:#x}")


class HeartbeatFresh:
    """I4: no enable and no pulse on a heartbeat older than 500 ms, nor a pulse on an edge of the
    host enable older than its one-shot lives."""

    id = "I4"

    def check(self, truth: TruthRecorder, facts: Facts) -> Iterator[Violation]:
        del facts
        after = _AfterOff(truth)
        beats = [at_ns for at_ns, _ in truth.levels(RX_BEAT)]
        for at_ns, following_ns in pairwise([*beats, 1 << 62]):
            is_gap = following_ns - at_ns > BEAT_AGE_NS_MAX
            if is_gap and after.lasting(at_ns, BEAT_AGE_NS_MAX) is not None:
                yield Violation(self.id, at_ns, "enable outlived the last heartbeat by over 500 ms")
        for pulse in truth.pulses:
            index = bisect_right(beats, pulse.at_ns) - 1
            if index < 0 or pulse.at_ns - beats[index] > BEAT_AGE_NS_MAX:
                yield Violation(self.id, pulse.at_ns, "pulse on a stale heartbeat")
        edges = [at_ns for at_ns, _ in truth.levels(HOST_EDGE_WIRE)]
        for pulse in truth.pulses:
            index = bisect_right(edges, pulse.at_ns) - 1
            if index < 0 or pulse.at_ns - edges[index] > HOST_LIFE_NS:
                yield Violation(self.id, pulse.at_ns, "pulse on a stale edge of the host enable")


class AmplitudeBounded:
    """I6: true amplitude never above the ordered level, within the bank's tolerance."""

    id = "I6"

    def check(self, truth: TruthRecorder, facts: Facts) -> Iterator[Violation]:
        if facts.level_pct_max is None:
            return
        limit_pm = facts.level_pct_max * (1000 + BANK_TOLERANCE_PM) / 100
        for pulse in truth.pulses:
            if pulse.amplitude_pm > limit_pm:
                text = f"amplitude {pulse.amplitude_pm / 10} %, ordered {facts.level_pct_max} %"
                yield Violation(self.id, pulse.at_ns, text)


class IntervalKept:
    """I8: never two pulses closer than the minimum interval, by any clock."""

    id = "I8"

    def check(self, truth: TruthRecorder, facts: Facts) -> Iterator[Violation]:
        if facts.ipi_us_min is None:
            return
        # One per mille for the controller's crystal, far above the 200 ppm of the catalogue.
        true_ns_min = facts.ipi_us_min * 999
        for pulse, following in pairwise(truth.pulses):
            is_same_boot = pulse.boot_epoch == following.boot_epoch
            mcu_us = following.mcu_us - pulse.mcu_us
            true_ns = following.at_ns - pulse.at_ns
            if true_ns < true_ns_min or (is_same_boot and mcu_us < facts.ipi_us_min):
                yield Violation(self.id, following.at_ns, f"{true_ns / 1e6:.3f} ms after the last")


class PlanKept:
    """I9: intervals are the plan's: exact inside an unbroken train, never shorter anywhere."""

    id = "I9"

    def check(self, truth: TruthRecorder, facts: Facts) -> Iterator[Violation]:
        if facts.plan is None:
            return
        plan, offsets = facts.plan, facts.plan.offsets_us()
        offs_ns = [off_ns for _, off_ns in gate_windows(truth)]
        for ordinal, (pulse, following) in enumerate(pairwise(truth.pulses[: len(offsets)])):
            wanted_us = offsets[ordinal + 1] - offsets[ordinal]
            if pulse.boot_epoch != following.boot_epoch:
                continue  # another counter: I8 holds the true interval against the minimum
            given_us = following.mcu_us - pulse.mcu_us
            is_same_train = (ordinal + 1) % plan.pulses_per_train != 0
            is_unbroken = bisect_right(offs_ns, pulse.at_ns) == bisect_right(
                offs_ns, following.at_ns
            )
            slack_us = 0 if is_same_train else ONSET_US_MAX
            is_late = is_same_train and is_unbroken and given_us > wanted_us
            if given_us < wanted_us - slack_us or is_late:
                text = f"pulse {ordinal + 2} after {given_us} us, plan {wanted_us} us"
                yield Violation(self.id, following.at_ns, text)


class CountBounded:
    """I10: never a pulse more than prescribed, nor than the hard total."""

    id = "I10"

    def check(self, truth: TruthRecorder, facts: Facts) -> Iterator[Violation]:
        prescribed = facts.plan.pulses if facts.plan is not None else facts.prescribed
        limit = SESSION_PULSES_MAX if prescribed is None else min(prescribed, SESSION_PULSES_MAX)
        for pulse in truth.pulses[limit:]:
            yield Violation(self.id, pulse.at_ns, f"pulse beyond the {limit} prescribed")


class StopWorks:
    """I14: STOP at the core ends output within 1 ms, on the screen within 100 ms."""

    id = "I14"

    def check(self, truth: TruthRecorder, facts: Facts) -> Iterator[Violation]:
        after = _AfterOff(truth)
        stops = [
            (at_ns, facts.core_stop_ns_max, "at the core") for at_ns, _ in truth.levels("rx_Stop")
        ]
        stops += [(at_ns, SCREEN_STOP_NS_MAX, "on screen") for at_ns in facts.screen_stops_ns]
        for at_ns, bound_ns, where in stops:
            if after.lasting(at_ns, bound_ns) is not None:
                yield Violation(self.id, at_ns, f"enable stayed on after STOP {where}")
            for pulse in after.pulses_before_rearming(at_ns, bound_ns):
                yield Violation(self.id, pulse.at_ns, f"pulse after STOP {where}")


class HungIsSafe:
    """I15: a controller that hangs, reboots or loses power lets the enable go by itself."""

    id = "I15"

    def check(self, truth: TruthRecorder, facts: Facts) -> Iterator[Violation]:
        del facts
        after = _AfterOff(truth)
        for mark in truth.marks:
            is_gone = mark.text.startswith(("mcu hung", "mcu booting", "mcu off"))
            if is_gone and after.lasting(mark.at_ns, HUNG_GATE_NS_MAX) is not None:
                yield Violation(self.id, mark.at_ns, f"enable stayed on after {mark.text}")


class BootInactive:
    """I17: from reset until somebody confirms an arming, no enable and no pulse."""

    id = "I17"

    def check(self, truth: TruthRecorder, facts: Facts) -> Iterator[Violation]:
        del facts
        confirms = [at_ns for at_ns, _ in truth.levels("rx_Confirm")]
        for mark in truth.marks:
            if not mark.text.startswith("mcu booting"):
                continue
            index = bisect_right(confirms, mark.at_ns)
            until_ns = confirms[index] if index < len(confirms) else 1 << 63
            for on_ns, _ in gate_windows(truth):
                if mark.at_ns < on_ns < until_ns:
                    yield Violation(self.id, on_ns, "enable on before any Confirm of this boot")
            for pulse in truth.pulses:
                if mark.at_ns < pulse.at_ns < until_ns:
                    yield Violation(self.id, pulse.at_ns, "pulse before any Confirm of this boot")


class AccountsAgree:
    """I19: what others booked is what the coil did, matched one to one, not by count alone."""

    id = "I19"

    def check(self, truth: TruthRecorder, facts: Facts) -> Iterator[Violation]:
        end_ns = truth.pulses[-1].at_ns if truth.pulses else 0
        for whose, count in facts.counts:
            if count != len(truth.pulses):
                text = f"{whose} has {count} pulses, the coil gave {len(truth.pulses)}"
                yield Violation(self.id, end_ns, text)
        if facts.reported is None:
            return
        booked = {(row.boot_epoch, row.at_us): row.ordinal for row in facts.reported}
        for number, pulse in enumerate(truth.pulses, start=1):
            ordinal = booked.pop((pulse.boot_epoch, pulse.mcu_us), None)
            if ordinal is None:
                yield Violation(self.id, pulse.at_ns, f"pulse {number} is booked nowhere")
            elif ordinal != number:
                yield Violation(self.id, pulse.at_ns, f"pulse {number} is booked as {ordinal}")
        for (boot_epoch, at_us), ordinal in booked.items():
            text = f"pulse {ordinal} booked at {boot_epoch}:{at_us} us never happened"
            yield Violation(self.id, end_ns, text)


class OrdinalsContiguous:
    """I20: booked ordinals are 1, 2, 3 ... with nothing repeated and nothing skipped."""

    id = "I20"

    def check(self, truth: TruthRecorder, facts: Facts) -> Iterator[Violation]:
        end_ns = truth.pulses[-1].at_ns if truth.pulses else 0
        for wanted, row in enumerate(facts.reported or (), start=1):
            if row.ordinal != wanted:
                text = f"ordinal {row.ordinal} where {wanted} was due"
                yield Violation(self.id, end_ns, text)
                return


CHECKERS: tuple[Checker, ...] = (
    InterlockLatches(),
    NoPulseWhileOpen(),
    PulseInGate(),
    HeartbeatFresh(),
    AmplitudeBounded(),
    IntervalKept(),
    PlanKept(),
    CountBounded(),
    StopWorks(),
    HungIsSafe(),
    BootInactive(),
    AccountsAgree(),
    OrdinalsContiguous(),
)


def check(
    truth: TruthRecorder, facts: Facts, checkers: Sequence[Checker] = CHECKERS
) -> list[Violation]:
    """All violations, in order of time. Raises when the record is no longer whole."""
    if truth.dropped:
        raise ValueError(f"truth record dropped {truth.dropped} entries: nothing can be proved")
    found = [violation for checker in checkers for violation in checker.check(truth, facts)]
    return sorted(found, key=lambda violation: violation.at_ns)
