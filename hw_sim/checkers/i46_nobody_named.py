"""I46: nothing that tells who the patient is gets into addresses or logs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hw_sim.checkers.base import Checker, Finding
from hw_sim.checkers.facts import Facts
from hw_sim.recorder import TruthRecorder


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    del truth
    assert facts.personal is not None
    yield from _named("an address", facts.requests or (), facts.personal)
    yield from _named("a log line", facts.words or (), facts.personal)


def _named(where: str, texts: Sequence[str], personal: Sequence[str]) -> Iterator[Finding]:
    for text in texts:
        for word in personal:
            if word in text:
                yield Finding(0, f"{where} names the patient ({len(word)} letters of it)")
                return


CHECKER = Checker(
    id="I46",
    name="nobody-named",
    rule="Name, birth date and number of a patient are in no address and in no line of the log.",
    bound="none",
    evidence="addresses that the clinic was asked for, lines that the service logged",
    judge=_judge,
    needs=("personal",),
)
