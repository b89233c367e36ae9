# Slots, stage and ledger store over real files: what runs after each mark, what a damaged file
# does, and what a flash that refuses does. Power cuts: tests/update/power_cut.py. Runs on both.
from firmware.board import slots
from firmware.board.files import Files
from firmware.board.ledger_store import PATHS, LedgerStore
from firmware.board.slots import PLAIN, Choice, choose
from firmware.board.stage import Stage
from firmware.compat import TYPE_CHECKING, sha256
from firmware.wire.codes import SLOT_A, SLOT_B, SLOT_NONE
from firmware.wire.image import manifest_line
from tests.firmware.marks import control
from tests.firmware.scratch import FailingFiles, new_files

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = control("firmware-update")

ONE = (("__init__.py", b""), ("app.mpy", b"one" * 3000), ("core/unit.mpy", b"u" * 5))
TWO = (("app.mpy", b"two"), ("core/deep/x_1.py", b"x"))


def _manifest(image: "tuple[tuple[str, bytes], ...]") -> bytes:
    return b"".join([manifest_line(sha256(data).digest(), len(data), name) for name, data in image])


def _hash8(image: "tuple[tuple[str, bytes], ...]") -> bytes:
    return sha256(_manifest(image)).digest()[:8]


def _factory() -> FailingFiles:
    files = new_files()
    files.mkdir("firmware")
    files.write("firmware/__init__.py", b"")
    return files


def _boot(files: Files) -> Choice:
    choice = choose(files)
    assert choice is not None
    return choice


def _stage(files: Files, image: "tuple[tuple[str, bytes], ...]") -> Stage:
    stage = Stage(files, _boot(files))
    assert stage.begin()
    for name, data in image:
        assert stage.write(name, b"")
        for at in range(0, len(data), 64):
            assert stage.write(name, data[at : at + 64])
    return stage


def _staged(files: Files, image: "tuple[tuple[str, bytes], ...]") -> Stage:
    stage = _stage(files, image)
    assert stage.finish(_manifest(image))
    return stage


def _kept(files: Files, image: "tuple[tuple[str, bytes], ...]") -> None:
    assert _staged(files, image).try_()
    assert Stage(files, _boot(files)).commit()


def _told(files: Files) -> "tuple[int, bytes, bool]":
    choice = _boot(files)
    return choice.slot, choice.image_hash8, choice.is_trial


def test_slot_numbers_are_those_of_the_wire() -> None:
    assert (PLAIN, slots.NAMES.index("A"), slots.NAMES.index("B")) == (SLOT_NONE, SLOT_A, SLOT_B)


def test_empty_flash_has_nothing_to_run() -> None:
    assert choose(new_files()) is None


def test_new_board_runs_the_factory_folder() -> None:
    choice = _boot(_factory())

    assert (choice.slot, choice.root, choice.image_hash8) == (PLAIN, "", bytes(8))
    assert not choice.is_trial


def test_staged_image_runs_only_after_try_and_stays_only_after_commit() -> None:
    files = _factory()
    stage = _staged(files, ONE)
    assert _told(files) == (PLAIN, bytes(8), False)

    assert stage.try_()
    choice = _boot(files)
    assert (choice.slot, choice.root, choice.is_trial) == (SLOT_A, "A", True)
    assert choice.image_hash8 == _hash8(ONE)
    running = Stage(files, choice)
    assert running.image() == (SLOT_A, _hash8(ONE), 1)
    assert running.commit()

    assert running.image() == (SLOT_A, _hash8(ONE), 0)
    assert _told(files) == (SLOT_A, _hash8(ONE), False)


def test_trial_that_is_never_kept_ends_at_the_slot_before() -> None:
    files = _factory()
    _kept(files, ONE)
    _staged(files, TWO).try_()

    assert _told(files) == (SLOT_B, _hash8(TWO), True)
    assert _told(files) == (SLOT_B, _hash8(TWO), True)
    assert _told(files) == (SLOT_A, _hash8(ONE), False)
    assert _told(files) == (SLOT_A, _hash8(ONE), False)


def test_trial_is_counted_before_it_begins() -> None:
    files = _factory()
    _staged(files, ONE).try_()

    _boot(files)

    assert slots.trial(files) == (SLOT_A, 1)


def test_trial_that_cannot_be_counted_does_not_begin() -> None:
    files = _factory()
    _staged(files, ONE).try_()
    files.fail_after = 0

    assert _told(files) == (PLAIN, bytes(8), False)


def test_slots_take_turns() -> None:
    files = _factory()
    _kept(files, ONE)
    _kept(files, TWO)
    assert _told(files) == (SLOT_B, _hash8(TWO), False)

    _kept(files, ONE)

    assert _told(files) == (SLOT_A, _hash8(ONE), False)
    assert files.read(slots.GOOD) == b"A B"


def test_damaged_slot_is_never_run() -> None:
    damages: "tuple[Callable[[Files], bool], ...]" = (
        lambda files: files.write("B/firmware/app.mpy", b"twp"),
        lambda files: files.write("B/firmware/app.mpy", b"two "),
        lambda files: files.remove("B/firmware/app.mpy"),
        lambda files: files.write("B/firmware/app.py", b"would be imported first"),
        lambda files: files.write("B/struct.py", b"would be imported first"),
        lambda files: files.write("B/manifest", b""),
        lambda files: files.write("B/manifest", b"\xff\xfe \x00 z"),
        lambda files: files.write("B/manifest", b"00 x app.mpy\n00 y app.mpy"),
        lambda files: files.write("B/manifest", b"two words\nand two"),
        lambda files: files.remove("B/manifest"),
    )
    for damage in damages:
        files = _factory()
        _kept(files, ONE)
        _staged(files, TWO).try_()
        assert damage(files)
        assert _told(files) == (SLOT_A, _hash8(ONE), False)


def test_good_slot_that_is_damaged_gives_way_to_the_one_before_then_to_the_factory() -> None:
    files = _factory()
    _kept(files, ONE)
    _kept(files, TWO)

    files.write("B/firmware/app.mpy", b"rot")
    assert _told(files) == (SLOT_A, _hash8(ONE), False)

    files.write("A/firmware/app.mpy", b"rot")
    assert _told(files) == (PLAIN, bytes(8), False)


def test_slot_that_failed_its_trial_is_no_fall_back() -> None:
    files = _factory()
    _kept(files, ONE)
    _staged(files, TWO).try_()
    for _ in range(slots.TRIALS_MAX):
        _boot(files)
    files.write("A/firmware/app.mpy", b"rot")

    assert _told(files) == (PLAIN, bytes(8), False)


def test_marks_that_are_no_marks_are_ignored() -> None:
    for mark in (b"", b"A", b"C 0", b"A x", b"A 0 0", b"A 2", b"\xff 0", b"A         0"):
        files = _factory()
        _staged(files, ONE)
        files.write(slots.TRY, mark)
        assert _told(files) == (PLAIN, bytes(8), False)


def test_word_that_names_no_slot_is_ignored() -> None:
    files = _factory()
    _staged(files, ONE)

    files.write(slots.GOOD, b"X A")

    assert _told(files) == (SLOT_A, _hash8(ONE), False)


def test_stage_on_trial_touches_nothing() -> None:
    files = _factory()
    _kept(files, ONE)
    _staged(files, TWO).try_()
    stage = Stage(files, _boot(files))

    assert not stage.begin()
    assert not stage.finish(_manifest(ONE))
    assert not stage.try_()

    assert slots.is_intact(files, SLOT_A)


def test_begin_takes_the_marks_away_before_the_files() -> None:
    files = _factory()
    _kept(files, ONE)
    _kept(files, TWO)

    assert Stage(files, _boot(files)).begin()

    assert files.read(slots.GOOD) == b"B"
    assert files.list("A") == []


def test_begin_forgets_a_trial_that_was_promised() -> None:
    files = _factory()
    _staged(files, ONE).try_()
    stage = Stage(files, Choice(PLAIN, bytes(8), False))

    assert stage.begin()

    assert slots.trial(files) == (PLAIN, 0)


def test_finish_with_files_that_do_not_read_back_stores_no_manifest() -> None:
    files = _factory()
    stage = _stage(files, ONE)

    assert not stage.finish(_manifest(TWO))

    assert files.read("A/manifest") is None
    assert not stage.try_()


def test_commit_without_trial_is_refused() -> None:
    files = _factory()

    assert not Stage(files, _boot(files)).commit()

    assert files.read(slots.GOOD) is None


def test_flash_that_takes_no_more_writes_leaves_the_old_firmware() -> None:
    files = _factory()
    _kept(files, ONE)
    before = files.writes
    _staged(files, TWO)
    needed = files.writes - before
    for taken in range(needed):
        files.writes = 0
        files.fail_after = taken
        stage = Stage(files, _boot(files))
        done = stage.begin()
        for name, data in TWO:
            done = done and stage.write(name, data)
        assert not (done and stage.finish(_manifest(TWO)))
        assert not (done and stage.try_())
        files.fail_after = -1
        assert _told(files) == (SLOT_A, _hash8(ONE), False)


def test_full_flash_keeps_its_room_for_the_ledger() -> None:
    files = _factory()
    stage = Stage(files, _boot(files))
    stage.begin()
    files.is_full = True

    assert not stage.write("app.mpy", bytes(5000))


def test_long_work_keeps_the_watchdog_fed() -> None:
    files = _factory()
    _kept(files, ONE)
    fed: list[int] = []
    stage = Stage(files, _boot(files), lambda: fed.append(1))
    stage.begin()
    for name, data in ONE:
        stage.write(name, data)
    stage.finish(_manifest(ONE))
    assert len(fed) >= 2  # one for each flush at least

    fed = []
    assert stage.begin()
    assert len(fed) >= len(ONE)


def test_ledger_reads_the_newest_whole_copy() -> None:
    files = new_files()
    store = LedgerStore(files, lambda: False)
    assert store.load() == b""

    for number in range(5):
        assert store.save(b"count %d" % number)
        assert LedgerStore(files, lambda: False).load() == b"count %d" % number
    assert not store.is_damaged


def test_ledger_with_one_damaged_copy_reads_the_other_and_says_so() -> None:
    files = new_files()
    store = LedgerStore(files, lambda: False)
    store.save(b"one")
    store.save(b"two")
    for path in PATHS:
        whole = files.read(path)
        assert whole is not None
        files.write(path, whole[:-1] + bytes([whole[-1] ^ 1]))
        assert store.load() in (b"one", b"two")
        assert store.is_damaged
        files.write(path, whole)
    assert store.load() == b"two"


def test_ledger_with_no_whole_copy_is_no_new_board() -> None:
    files = new_files()
    for path in PATHS:
        files.write(path, b"no ledger")

    store = LedgerStore(files, lambda: False)

    assert store.load() != b""
    assert store.is_damaged
    assert not store.scrub()


def test_ledger_file_cut_while_first_made_is_no_damage() -> None:
    files = new_files()
    files.write(PATHS[1], b"")
    store = LedgerStore(files, lambda: False)

    assert store.load() == b""
    assert not store.is_damaged


def test_scrub_writes_a_damaged_copy_anew_with_the_newest_count() -> None:
    for path in PATHS:
        files = new_files()
        store = LedgerStore(files, lambda: False)
        store.save(b"one")
        store.save(b"two")
        assert store.scrub()
        files.write(path, b"rot")

        files.fail_after = 0
        assert not store.scrub()
        files.fail_after = -1
        assert store.scrub()

        assert store.load() == b"two"
        assert not store.is_damaged


def test_ledger_that_is_not_taken_says_so() -> None:
    files = new_files()
    store = LedgerStore(files, lambda: False)
    files.fail_after = 0

    assert not store.save(b"one")


def test_ledger_is_never_written_while_the_gate_is_on() -> None:
    files = new_files()
    store = LedgerStore(files, lambda: True)
    refused = False
    try:
        store.save(b"one")
    except AssertionError:
        refused = True

    assert refused
    assert store.load() == b""


def test_files_say_what_is_there() -> None:
    files = new_files()
    assert files.mkdir("a")
    assert files.mkdir("a")
    assert not files.mkdir("no/where")
    assert files.write("a/y", b"12")
    assert files.append("a/y", b"3")
    assert files.append("a/x", b"")
    assert files.mkdir("a/z")

    assert files.list("a") == [("x", False), ("y", False), ("z", True)]
    assert files.list("nothing") == []
    assert files.read("a/y") == b"123"
    assert files.read("nothing") is None
    assert files.digest("a/y") == (3, sha256(b"123").digest())
    assert files.digest("nothing") is None
    assert not files.mkdir("a/y")
    assert not files.remove("a")
    assert files.remove("a/z")
    assert not files.remove("a/z")
    assert not files.write("no/where", b"")
    assert not files.replace("no/where", b"")
    assert files.replace("a/y", b"new")
    assert files.read("a/y") == b"new"
    assert Files.free_bytes(files) > 0
