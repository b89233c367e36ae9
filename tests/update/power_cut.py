"""Power cut at every flash operation of an update's life: python -m tests.update.power_cut.

Plays the life of one board on a recording flash: ledger saves, an image staged, tried, kept, one
that fails its trials, one staged over the older slot. Then cuts the recording after, within and
before each operation, boots, and judges: the slot that runs is whole and is the old or the new one,
the ledger reads old or new, a slot with a manifest is whole, crashing trials end at a kept slot.
The parts under test can be exchanged for planted bugs. Seeded; an entry point prints.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from firmware.board import slots
from firmware.board.files import Files
from firmware.board.ledger_store import LedgerStore
from firmware.board.stage import Stage
from firmware.wire.commands import WRITE_BYTES
from firmware.wire.image import manifest_line
from tests.update.littlefs_flash import CUTS, Operation, RecordingFlash, apply, files_on, tear

Image = dict[str, bytes]
Boot = tuple[int, bytes, bool] | None


def image(seed: int) -> Image:
    """Files of some of the sizes that the firmware has: empty, small, over one sector."""
    chance = random.Random(seed)
    sizes = (
        ("__init__.mpy", 0),
        ("app.mpy", 4096),
        ("core/unit.mpy", 5000),
        ("wire/codes.mpy", 900),
    )
    return {name: chance.randbytes(size) for name, size in sizes}


def manifest_of(files: Image) -> bytes:
    """As both sides of the line work it out."""
    return b"".join(
        manifest_line(hashlib.sha256(files[name]).digest(), len(files[name]), name)
        for name in sorted(files)
    )


@dataclass(frozen=True)
class Parts:
    """What is under test; a planted bug replaces one of them."""

    stage: Callable[..., Any] = Stage
    ledger: Callable[..., Any] = LedgerStore
    choose: Callable[[Any], slots.Choice | None] = slots.choose
    keep: Callable[[Any, int], bool] = slots.keep


@dataclass
class Step:
    """Operations first to last-1, and what a boot may find before and after them."""

    name: str
    first: int
    last: int
    boots: tuple[Boot, Boot] = (None, None)
    ledgers: tuple[bytes, bytes] = (b"", b"")
    has_kept: bool = False  # a slot had passed its trial: the factory folder is not needed again


@dataclass
class Recording:
    start: bytes
    operations: list[Operation]
    steps: list[Step] = field(default_factory=list)
    failed: str = ""  # the step that failed even without a cut


class Board:
    """One life of a board: each method is what happens between two boots or within one."""

    def __init__(self, flash: RecordingFlash, parts: Parts, *, is_new: bool = False) -> None:
        self.files: Files = files_on(flash, is_new=is_new)
        self.parts = parts
        self.choice: slots.Choice | None = None

    def boot(self) -> None:
        self.choice = self.parts.choose(self.files)

    def save(self, number: int) -> None:
        assert self.parts.ledger(self.files, lambda: False).save(ledger(number))

    def stage(self, files: Image) -> None:
        stage = self.parts.stage(self.files, self.choice)
        assert stage.begin()
        for name in sorted(files):
            assert stage.write(name, b"")
            for at in range(0, len(files[name]), WRITE_BYTES):
                assert stage.write(name, files[name][at : at + WRITE_BYTES])
        assert stage.finish(manifest_of(files))

    def try_(self) -> None:
        assert self.parts.stage(self.files, self.choice).try_()

    def commit(self) -> None:
        assert self.choice is not None
        assert self.parts.keep(self.files, self.choice.slot)


def ledger(number: int) -> bytes:
    """Any 41 bytes that are as long as the real ones."""
    return hashlib.sha256(b"%d" % number).digest() + b"%9d" % number


def record(parts: Parts) -> Recording:
    """The life, once, without a cut."""
    flash = RecordingFlash()
    board = Board(flash, parts, is_new=True)
    board.files.mkdir(slots.PACKAGE)
    board.files.write(f"{slots.PACKAGE}/__init__.py", b"")
    board.boot()
    done = Recording(bytes(flash.buffer), flash.operations)
    flash.operations.clear()
    first, second, third, bad = image(1), image(2), image(3), image(4)
    acts: tuple[tuple[str, Callable[[], None]], ...] = (
        ("save ledger", lambda: board.save(1)),
        ("stage", lambda: board.stage(first)),
        ("try", board.try_),
        ("trial boot", board.boot),
        ("commit", board.commit),
        ("boot", board.boot),
        ("save ledger", lambda: board.save(2)),
        ("stage", lambda: board.stage(second)),
        ("try", board.try_),
        ("trial boot", board.boot),
        ("save ledger", lambda: board.save(3)),
        ("commit", board.commit),
        ("boot", board.boot),
        ("stage over older", lambda: board.stage(bad)),
        ("try", board.try_),
        ("trial boot", board.boot),
        ("second trial boot", board.boot),
        ("fall-back boot", board.boot),
        ("save ledger", lambda: board.save(4)),
        ("stage over failed", lambda: board.stage(third)),
    )
    for name, act in acts:
        begun = len(flash.operations)
        before = _outcome(bytes(flash.buffer), parts)
        has_kept = bool(slots.kept_slots(board.files))
        try:
            act()
        except AssertionError:
            done.failed = name
        after = _outcome(bytes(flash.buffer), parts)
        boots, ledgers = (before[0], after[0]), (before[1], after[1])
        done.steps.append(Step(name, begun, len(flash.operations), boots, ledgers, has_kept))
        if done.failed:
            break
    return done


def _boot_of(choice: slots.Choice | None) -> Boot:
    return None if choice is None else (choice.slot, choice.image_hash8, choice.is_trial)


def _outcome(contents: bytes, parts: Parts) -> tuple[Boot, bytes]:
    """What the next boot runs, and the ledger it reads."""
    board = Board(RecordingFlash(contents), parts)
    board.boot()
    return _boot_of(board.choice), parts.ledger(board.files, lambda: False).load()


def judge(contents: bytes, step: Step, parts: Parts, *, is_deep: bool) -> list[str]:
    """What is wrong with a board that lost power in this step; empty when nothing is."""
    flash = RecordingFlash(contents)
    board = Board(flash, parts)
    wrong = [
        f"slot {slots.NAMES[slot]} has a manifest and is not whole"
        for slot in (1, 2)
        if board.files.read(slots.manifest_path(slot)) is not None
        and not slots.is_intact(board.files, slot)
    ]
    board.boot()
    found = _boot_of(board.choice)
    if board.choice is None:
        return [*wrong, "nothing runs"]
    if found not in step.boots:
        wrong.append(f"runs {found}, neither old nor new")
    if board.choice.slot and not slots.is_intact(board.files, board.choice.slot):
        wrong.append("the slot that runs is not whole")
    store = parts.ledger(board.files, lambda: False)
    if store.load() not in step.ledgers:
        wrong.append("the ledger is neither old nor new")
    if is_deep:
        wrong += _live_on(board, step)
    return wrong


def _live_on(board: Board, step: Step) -> Iterator[str]:
    """Trials that crash end at a kept slot, and the board takes a new image afterwards."""
    for _ in range(slots.TRIALS_MAX + 1):
        board.boot()
    if board.choice is None or board.choice.is_trial:
        yield "crashing trials never end"
        return
    if step.has_kept and board.choice.slot == slots.PLAIN:
        yield "crashing trials end at the factory folder, not at the kept slot"
    try:
        board.save(9)
        board.stage(image(9))
        board.try_()
        board.boot()
        board.commit()
        board.boot()
    except AssertionError:
        yield "no image can be stored any more"
        return
    wanted = hashlib.sha256(manifest_of(image(9))).digest()[:8]
    if board.choice.image_hash8 != wanted or board.choice.is_trial:
        yield "the new image does not run"
    if board.parts.ledger(board.files, lambda: False).load() != ledger(9):
        yield "the new ledger is not there"


def cuts(done: Recording, every: int, only: str) -> Iterator[tuple[Step, int, str, bytes]]:
    """(step, operation, kind of cut, flash contents) of each cut in the steps of this name."""
    flash = bytearray(done.start)
    for number, operation in enumerate(done.operations):
        step = next(one for one in done.steps if one.first <= number < one.last)
        if number % every == 0 and step.name.startswith(only):
            for cut in CUTS:
                torn = bytearray(flash)
                tear(torn, operation, cut, random.Random(number))
                yield step, number, cut, bytes(torn)
        apply(flash, operation)


def campaign(
    parts: Parts,
    *,
    every: int,
    deep_every: int,
    title: str = "",
    only: str = "",
    enough: str = "",
) -> dict[str, Any]:
    """Cut, boot, judge; the figures. title shows a progress bar; ends early at words of enough."""
    done = record(parts)
    points = cuts(done, every, only)
    total = -(-len(done.operations) // every) * len(CUTS)
    if title:
        points = track(points, title, total, console=Console(stderr=True))  # type: ignore[assignment]
    count = {step.name: 0 for step in done.steps}
    deep = 0
    wrong = [f"{done.failed} fails without any cut"] if done.failed else []
    for at, (step, number, cut, contents) in enumerate(points):
        is_deep = at % deep_every == 0
        deep += is_deep
        count[step.name] += 1
        found = judge(contents, step, parts, is_deep=is_deep)
        wrong += [f"{step.name}, operation {number}, {cut}: {text}" for text in found]
        if enough and any(enough in text for text in found):
            break
    return {
        "operations": len(done.operations),
        "cuts": sum(count.values()),
        "lived_on": deep,
        "by_step": count,
        "violations": wrong,
    }


def main() -> int:
    """Every cut, each lived on; exit status 1 when a board was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--deep-every", type=int, default=2, help="live on after each n-th cut")
    given = parser.parse_args()
    found = campaign(Parts(), every=1, deep_every=given.deep_every, title="power cuts")
    text = json.dumps(found, indent=2) + "\n"
    if given.json is not None:
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_text(text, encoding="utf-8")
    print(text, end="")  # noqa: T201  a command's answer
    return 1 if found["violations"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
