"""What to give next, and when: pure bookkeeping of one session over its plan.

Pulses are given in the plan's order without gaps, so the number delivered says everything: an
interrupted train is completed by its rest, then the following trains come. Times are MCU
microseconds and absolute: a schedule is one anchor and the plan's own onsets, so nothing adds up
and nothing is ever caught up; after a pause the anchor moves, never closer than the plan's pause.
Owns no dose (edge/domain/dose.py) and asks no device. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.domain.train_plan import Plan


@dataclass(frozen=True)
class NextTrain:
    """A train, or the rest of one. Indices count from 0."""

    train_index: int
    first_pulse: int
    pulse_count: int


def next_train(plan: Plan, delivered: int) -> NextTrain | None:
    """The train due after this many pulses; None when the dose is complete."""
    if not 0 <= delivered <= plan.pulses:
        raise ValueError(f"{delivered} pulses delivered of {plan.pulses}")
    if delivered == plan.pulses:
        return None
    train_index, first_pulse = divmod(delivered, plan.pulses_per_train)
    return NextTrain(train_index, first_pulse, plan.pulses_per_train - first_pulse)


def position_after(plan: Plan, train: NextTrain) -> NextTrain | None:
    """What follows when this one was given whole; None after the last."""
    given = train.train_index * plan.pulses_per_train + train.first_pulse + train.pulse_count
    return next_train(plan, given)


@dataclass(frozen=True)
class Rest:
    """What a resumption gives: the rest of a train that was cut, then whole trains.

    in_train: pulses that complete the train with index train_index, 0 when it was not begun; trains
    counts those that follow whole. length_us: from the first of these pulses to the last.
    """

    train_index: int
    in_train: int
    trains: int
    length_us: int


def rest_of(plan: Plan, delivered: int) -> Rest | None:
    """What is still to be given after so many pulses; None when nothing is."""
    train = next_train(plan, delivered)
    if train is None:
        return None
    is_cut = train.first_pulse > 0
    return Rest(
        train_index=train.train_index,
        in_train=train.pulse_count if is_cut else 0,
        trains=plan.trains - train.train_index - (1 if is_cut else 0),
        length_us=plan.last_pulse_us - plan_offset_us(plan, train),
    )


def plan_offset_us(plan: Plan, train: NextTrain) -> int:
    """Onset of the train's first pulse, from the first pulse of the session."""
    return plan.train_onsets_us[train.train_index] + plan.train_offsets_us[train.first_pulse]


def resume_gap_us(plan: Plan, delivered: int) -> int:
    """Least time from the last pulse given to the next one; 0 before the first and after the last.

    Wherever the session was broken off, the pause between trains is kept: what follows is a new
    onset for the patient. In a plan of one train the plan's own interval is kept.
    """
    train = next_train(plan, delivered)
    if train is None or delivered == 0:
        return 0
    before = next_train(plan, delivered - 1)
    assert before is not None
    natural_us = plan_offset_us(plan, train) - plan_offset_us(plan, before)
    return max(natural_us, _pause_us(plan))


def _pause_us(plan: Plan) -> int:
    """From the last pulse of a train to the first of the next; 0 in a plan of one train."""
    for level in plan.levels[plan.train_levels :]:
        if level.count > 1:
            return level.period_us - plan.train_span_us
    return 0


@dataclass(frozen=True)
class Schedule:
    """Absolute onsets: the plan's pulse at anchor_offset_us is given at MCU time anchor_us."""

    plan: Plan
    anchor_us: int
    anchor_offset_us: int

    def start_us(self, train: NextTrain) -> int:
        """MCU time of the train's first pulse."""
        return self.anchor_us + plan_offset_us(self.plan, train) - self.anchor_offset_us

    @property
    def last_pulse_us(self) -> int:
        """MCU time of the session's last pulse."""
        return self.anchor_us + self.plan.last_pulse_us - self.anchor_offset_us

    def moved_to(self, train: NextTrain, not_before_us: int) -> Schedule:
        """The same schedule, or one in which this train and all after it begin later."""
        if not_before_us <= self.start_us(train):
            return self
        return Schedule(self.plan, not_before_us, plan_offset_us(self.plan, train))


def begin_schedule(
    plan: Plan, delivered: int, *, not_before_us: int, last_pulse_us: int | None = None
) -> Schedule:
    """Schedule whose first pulse is the one after `delivered`.

    last_pulse_us is the last pulse given in this boot of the MCU; without one the caller keeps the
    pause by not_before_us. Raises ValueError when nothing is left to give.
    """
    train = next_train(plan, delivered)
    if train is None:
        raise ValueError("the dose is complete")
    start_us = not_before_us
    if last_pulse_us is not None:
        start_us = max(start_us, last_pulse_us + resume_gap_us(plan, delivered))
    return Schedule(plan, start_us, plan_offset_us(plan, train))
