"""The dose of one session, train by train: journal first, memory second.

An intent row is durable before a train is sent, its result row follows. At most the last train
lacks a result, and only the controller's ledger may then settle it (edge/domain/dose.py). Rebuilds
itself from the journal after a crash. Knows when each train began, by the loop's clock as far as
that can be said. Owns no device and no phase; the journal stamps the time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from edge.domain.dose import LedgerCount, Settled, TrainIntent, Unsettled, reconcile
from edge.domain.record import JournalRow, TrainRow
from edge.domain.resume import Gap, Instant, gap_between
from edge.domain.session import NextTrain
from edge.domain.train_plan import Plan
from edge.services.journal import Journal
from firmware.wire.codes import F_PULSE_MISSING
from firmware.wire.reports import TrainResult

INTENT = "train_intent"
RESULT = "train_result"
STOPPED = "stopped"
UNSENSED = str(F_PULSE_MISSING)
TRAIN_KINDS = (INTENT, RESULT)
REFUSED = "refused"
ENDED_NAMES = ("complete", "hold", "stop", "fault")  # index: ENDED_* of firmware/wire/codes.py


class BadRowError(Exception):
    """A journal row that this service cannot have written; the text says which and why."""


@dataclass
class BookedTrain:
    """One train that was to be sent; measured is None until its result is known."""

    train_index: int
    first_pulse: int
    commanded: int
    measured: int | None = None
    ended: str = ""
    started_us: int | None = None
    starts_at: float | None = None  # loop seconds, as ordered
    doubt: str = ""  # why nobody can say when it began

    def intent(self) -> TrainIntent:
        """In the words of the domain."""
        return TrainIntent(self.train_index, self.first_pulse, self.commanded, self.measured)


class SessionBook:
    """One session's trains."""

    def __init__(self, journal: Journal, session_id: str, plan: Plan) -> None:
        self._journal = journal
        self.session_id = session_id
        self.plan = plan
        self.trains: list[BookedTrain] = []
        self._last_pulse: tuple[int | None, int] | None = None  # boot of the controller, MCU time
        # Pulses that went out and were not sensed: nobody knows whether the patient had them.
        self.unsensed = 0
        self._unsensed_train = 0  # the train that the last of them was in, counted from 1

    @property
    def open_train(self) -> BookedTrain | None:
        """The train whose result is not known."""
        if self.trains and self.trains[-1].measured is None:
            return self.trains[-1]
        return None

    @property
    def delivered(self) -> int:
        """Pulses with a result."""
        return sum(train.measured or 0 for train in self.trains)

    @property
    def remaining(self) -> int:
        """Pulses of the plan without a result."""
        return self.plan.pulses - self.delivered

    @property
    def commanded(self) -> int:
        """Pulses asked of the controller and not refused."""
        return sum(train.commanded for train in self.sent())

    def sent(self) -> list[BookedTrain]:
        """Trains that the controller took, or may have taken."""
        return [train for train in self.trains if train.ended != REFUSED]

    def intend(self, train: NextTrain, start_us: int, starts_in_ms: int) -> BookedTrain:
        """Book a train durably before it is sent. Raises StoreError: then it must not be sent."""
        assert self.open_train is None, "a train is open"
        assert self.delivered + train.pulse_count <= self.plan.pulses, "more than prescribed"
        booked = BookedTrain(train.train_index, train.first_pulse, train.pulse_count)
        booked.starts_at = asyncio.get_running_loop().time() + starts_in_ms / 1000
        self._journal.record(
            self.session_id,
            INTENT,
            {
                "train_index": train.train_index,
                "first_pulse": train.first_pulse,
                "commanded": train.pulse_count,
                "start_us": start_us,
                "starts_in_ms": starts_in_ms,
            },
        )
        self.trains.append(booked)
        return booked

    def close(
        self, measured: int, ended: str, *, started_us: int | None, peak_c10: int | None
    ) -> None:
        """Book the result of the open train. Raises StoreError: then it stays open."""
        train = self.open_train
        assert train is not None, "no train is open"
        assert 0 <= measured <= train.commanded, "count outside the train"
        body: dict[str, object] = {
            "train_index": train.train_index,
            "first_pulse": train.first_pulse,
            "measured": measured,
            "ended": ended,
            "started_us": started_us,
            "peak_c10": peak_c10,
        }
        self._journal.record(self.session_id, RESULT, body)
        train.measured, train.ended, train.started_us = measured, ended, started_us

    def refuse(self) -> None:
        """The open train was certainly not given. Raises StoreError."""
        self.close(0, REFUSED, started_us=None, peak_c10=None)

    def take_result(
        self, result: TrainResult, boot_epoch: int | None, peak_c10: int | None
    ) -> bool:
        """Book the controller's result; False when it is not of the open train or adds up to
        something impossible: then only the ledger can settle it. Raises StoreError."""
        train = self.open_train
        if train is None:
            return False
        if (result.train_index, result.first_pulse) != (train.train_index, train.first_pulse):
            return False
        measured = result.session_pulses - self.delivered
        if not 0 <= measured <= min(train.commanded, result.emitted + result.cut):
            return False
        ended = ENDED_NAMES[result.ended] if result.ended < len(ENDED_NAMES) else "fault"
        started_us = result.first_us if measured else None
        self.close(measured, ended, started_us=started_us, peak_c10=peak_c10)
        if measured:
            self._last_pulse = (boot_epoch, result.last_us)
        return True

    def pulses_over_by(self, boot_epoch: int | None, mcu_us: int | None) -> None:
        """No pulse was given later than this; for a count that came without its times."""
        self._last_pulse = None if mcu_us is None else (boot_epoch, mcu_us)

    def last_pulse_us(self, boot_epoch: int | None) -> int | None:
        """MCU time of the last pulse (or a bound), when it was given in this boot."""
        if self._last_pulse is None or boot_epoch is None or self._last_pulse[0] != boot_epoch:
            return None
        return self._last_pulse[1]

    def since_last_pulse(self) -> Gap | None:
        """How long ago the last pulse was that is known of; None when none was given."""
        given = [train for train in self.trains if train.measured]
        if not given:
            return None
        last = given[-1]
        if last.starts_at is None:
            return Gap(None, last.doubt)
        offsets_us = self.plan.train_offsets_us
        first = last.first_pulse
        span_us = offsets_us[first + (last.measured or 0) - 1] - offsets_us[first]
        now_s = asyncio.get_running_loop().time()
        return Gap(max(0.0, now_s - last.starts_at - span_us / 1e6))

    def cuts(self) -> tuple[int, ...]:
        """Pulses given at each place where a train was cut short, in order."""
        places, given = [], 0
        for train in self.trains:
            given += train.measured or 0
            if given % self.plan.pulses_per_train and given not in places:
                places.append(given)
        return tuple(places)

    def tell(self, kind: str, body: dict[str, object]) -> None:
        """Another row of the session's story. Raises StoreError."""
        self._journal.record(self.session_id, kind, body)
        self._count_unsensed(kind, body)

    def reconcile(
        self, ledger: LedgerCount, ended: str, *, peak_c10: int | None
    ) -> Settled | Unsettled:
        """Settle the open train by the controller's count, and book it when it can be settled."""
        intents = tuple(train.intent() for train in self.trains)
        judged = reconcile(self.plan, self.session_id, intents, ledger)
        if isinstance(judged, Settled) and self.open_train is not None:
            measured = judged.intents[-1].measured
            assert measured is not None
            self.close(measured, ended, started_us=None, peak_c10=peak_c10)
        return judged

    def rows(self) -> tuple[TrainRow, ...]:
        """For the record."""
        return tuple(
            TrainRow(
                train_index=train.train_index,
                first_pulse=train.first_pulse,
                commanded=train.commanded,
                measured=train.measured or 0,
                started_us=train.started_us,
                ended="uncertain" if train.measured is None else train.ended,
            )
            for train in self.sent()
        )

    def restore(self, rows: list[JournalRow]) -> None:
        """Rebuild from the journal; rows of other kinds are passed over. Raises BadRowError."""
        now = self._journal.now()
        for row in rows:
            if row.kind == INTENT:
                self.trains.append(self._booked(row, now))
            elif row.kind == RESULT:
                if not self.trains:
                    raise BadRowError(f"journal row {row.seq}: a result without a train")
                train = self.trains[-1]
                train.measured = _int(row, "measured")
                train.ended = str(row.body.get("ended", ""))
                started = row.body.get("started_us")
                train.started_us = started if isinstance(started, int) else None
            else:
                self._count_unsensed(row.kind, row.body)

    @property
    def has_noted_unsensed(self) -> bool:
        """Whether the last train is known to have ended with such a pulse."""
        return self._unsensed_train == len(self.trains)

    def _count_unsensed(self, kind: str, body: Mapping[str, object]) -> None:
        """A train ends with the first pulse that is not sensed, so there is one in a train."""
        is_new = not self.has_noted_unsensed
        if kind == STOPPED and body.get("code") == UNSENSED and is_new:
            self.unsensed += 1
            self._unsensed_train = len(self.trains)

    def _booked(self, row: JournalRow, now: Instant) -> BookedTrain:
        train = BookedTrain(
            _int(row, "train_index"), _int(row, "first_pulse"), _int(row, "commanded")
        )
        gap = gap_between(Instant(row.utc, row.is_trusted, row.mono_us), now)
        train.doubt = gap.doubt
        if gap.s is not None:
            lead_s = _int(row, "starts_in_ms") / 1000
            train.starts_at = asyncio.get_running_loop().time() - gap.s + lead_s
        return train


def _int(row: JournalRow, name: str) -> int:
    value = row.body.get(name)
    if not isinstance(value, int):
        raise BadRowError(f"journal row {row.seq}: {name} is no number")
    return value
