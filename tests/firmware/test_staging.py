# Firmware staging in the core: what may come, in which order, with which code; and that a refusal
# changes nothing. Runs on both interpreters.
from binascii import hexlify

from firmware.compat import sha256
from firmware.core.staging import RESTART_US, Staging
from firmware.wire.codes import (
    OK,
    REJ_CAUSE,
    REJ_IMAGE,
    REJ_RANGE,
    REJ_STATE,
    REJ_STORE,
    REJ_UPDATING,
    SELF_TEST_SENSORS,
    SLOT_B,
)
from firmware.wire.commands import (
    NAME_BYTES,
    WRITE_BYTES,
    UpdateBegin,
    UpdateCommit,
    UpdateFile,
    UpdateFinish,
    UpdateTry,
    UpdateWrite,
)
from firmware.wire.image import (
    IMAGE_FILE_BYTES_MAX,
    IMAGE_FILES_MAX,
    is_name,
    manifest_line,
    name_of,
)
from firmware.wire.limits import IMAGE_BYTES_MAX
from tests.firmware.marks import control

pytestmark = control("firmware-update")

FILES = (("__init__.py", b""), ("app.mpy", bytes(range(100))), ("core/unit.mpy", b"u" * 64))


class StageHal:
    # Keeps what was staged; names in failing are calls that the flash does not take.

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.files: dict[str, bytes] = {}
        self.manifest = b""
        self.is_trial = 0
        self.wrong = 0
        self.failing: tuple[str, ...] = ()

    def _call(self, name: str) -> bool:
        self.calls.append(name)
        return name not in self.failing

    def image(self) -> "tuple[int, bytes, int]":
        return SLOT_B, bytes(8), self.is_trial

    def self_test(self) -> int:
        return self.wrong

    def stage_begin(self) -> bool:
        self.files = {}
        return self._call("begin")

    def stage_write(self, name: str, data: bytes) -> bool:
        self.files[name] = self.files.get(name, b"") + data
        return self._call("write")

    def stage_finish(self, manifest: bytes) -> bool:
        self.manifest = manifest
        return self._call("finish")

    def stage_try(self) -> bool:
        return self._call("try")

    def stage_commit(self) -> bool:
        return self._call("commit")


def _made() -> "tuple[Staging, StageHal]":
    hal = StageHal()
    return Staging(hal), hal  # type: ignore[arg-type]


def _field(name: str) -> bytes:
    return name.encode() + bytes(NAME_BYTES - len(name))


def _file(name: str, data: bytes) -> UpdateFile:
    return UpdateFile(name=_field(name), file_bytes=len(data), sha256=sha256(data).digest())


def _write(offset: int, data: bytes) -> UpdateWrite:
    padded = data + bytes(WRITE_BYTES - len(data))
    return UpdateWrite(offset=offset, length=len(data), data=padded)


def _manifest(files: "tuple[tuple[str, bytes], ...]") -> bytes:
    return b"".join([manifest_line(sha256(data).digest(), len(data), name) for name, data in files])


def _finish(files: "tuple[tuple[str, bytes], ...]") -> UpdateFinish:
    return UpdateFinish(manifest_sha256=sha256(_manifest(files)).digest())


def _send(staging: Staging, files: "tuple[tuple[str, bytes], ...]") -> None:
    assert staging.take(UpdateBegin(), 0) == (OK, 0)
    for name, data in files:
        assert staging.take(_file(name, data), 0) == (OK, 0)
        for at in range(0, len(data), WRITE_BYTES):
            part = data[at : at + WRITE_BYTES]
            assert staging.take(_write(at, part), 0) == (OK, at + len(part))


def test_image_arrives_whole_and_manifest_is_worked_out_here() -> None:
    staging, hal = _made()

    _send(staging, FILES)
    assert staging.is_busy
    assert staging.take(_finish(FILES), 0) == (OK, 0)

    assert not staging.is_busy
    assert [hal.files[name] for name, _ in FILES] == [data for _, data in FILES]
    assert hal.manifest == _manifest(FILES)
    line = hexlify(sha256(b"").digest()) + b" 0 __init__.py"
    assert hal.manifest.split(b"\n")[0] == line


def test_nothing_is_taken_before_begin() -> None:
    staging, hal = _made()

    for command in (_file("a.py", b"x"), _write(0, b"x"), _finish(FILES)):
        assert staging.take(command, 0)[0] == REJ_STATE

    assert hal.calls == []
    assert not staging.is_busy


def test_begin_on_trial_is_refused_and_keeps_the_slot_to_fall_back_to() -> None:
    staging, hal = _made()
    hal.is_trial = 1

    assert staging.take(UpdateBegin(), 0)[0] == REJ_STATE

    assert hal.calls == []


def test_begin_that_flash_does_not_take_is_refused() -> None:
    staging, hal = _made()
    hal.failing = ("begin",)

    assert staging.take(UpdateBegin(), 0) == (REJ_STORE, 0)

    assert not staging.is_busy


def test_begin_starts_over() -> None:
    staging, hal = _made()
    staging.take(UpdateBegin(), 0)
    staging.take(_file("z.py", b"half"), 0)

    _send(staging, FILES)

    assert staging.take(_finish(FILES), 0) == (OK, 0)
    assert "z.py" not in hal.files


def test_names_outside_the_rule_are_refused_and_change_nothing() -> None:
    staging, hal = _made()
    staging.take(UpdateBegin(), 0)
    bad = ("", "a", "a.txt", "/a.py", "../a.py", "a/../b.py", "a//b.py", "A.py", "a b.py", ".py")
    for name in bad + ("a.py.py", "a" * 45 + ".py", "a/.mpy"):
        assert not is_name(name), name
        if len(name) <= NAME_BYTES:
            assert staging.take(_file(name, b"x"), 0)[0] == REJ_IMAGE, name
    for field in (b"\xff.py", b"a\0b.py", b"a\n.py"):
        assert name_of(field) == ""

    assert "write" not in hal.calls
    assert staging.take(_file("a" * 44 + ".py", b"x"), 0) == (OK, 0)


def test_files_out_of_order_or_begun_too_early_are_refused() -> None:
    staging, _hal = _made()
    staging.take(UpdateBegin(), 0)
    staging.take(_file("b.py", b"xy"), 0)

    assert staging.take(_file("c.py", b"z"), 0)[0] == REJ_IMAGE  # b.py is not whole
    assert staging.take(_write(0, b"xy"), 0) == (OK, 2)
    assert staging.take(_file("a.py", b"z"), 0)[0] == REJ_IMAGE
    assert staging.take(_file("b.py", b"z"), 0)[0] == REJ_IMAGE
    assert staging.take(_file("c.py", b"z"), 0) == (OK, 0)


def test_writes_with_gap_overlap_or_overrun_are_refused_and_change_nothing() -> None:
    staging, hal = _made()
    staging.take(UpdateBegin(), 0)
    assert staging.take(_write(0, b"x"), 0) == (REJ_IMAGE, 0)  # of no file
    staging.take(_file("a.py", b"0123456789"), 0)
    staging.take(_write(0, b"01234"), 0)

    assert staging.take(_write(6, b"6"), 0) == (REJ_IMAGE, 5)
    assert staging.take(_write(0, b"01234"), 0) == (REJ_IMAGE, 5)
    assert staging.take(_write(5, b"567890"), 0) == (REJ_IMAGE, 10)
    for length in (0, WRITE_BYTES + 1, 255):
        odd = UpdateWrite(offset=5, length=length, data=bytes(WRITE_BYTES))
        assert staging.take(odd, 0) == (REJ_RANGE, WRITE_BYTES)

    assert hal.files["a.py"] == b"01234"
    assert staging.take(_write(5, b"56789"), 0) == (OK, 10)


def test_file_with_wrong_hash_ends_the_staging() -> None:
    staging, _hal = _made()
    staging.take(UpdateBegin(), 0)
    staging.take(_file("a.py", b"right"), 0)

    assert staging.take(_write(0, b"wrong"), 0) == (REJ_IMAGE, 0)

    assert not staging.is_busy
    assert staging.take(_finish(FILES), 0)[0] == REJ_STATE


def test_empty_file_with_wrong_hash_is_refused() -> None:
    staging, _ = _made()
    staging.take(UpdateBegin(), 0)
    empty = UpdateFile(name=_field("a.py"), file_bytes=0, sha256=bytes(32))

    assert staging.take(empty, 0) == (REJ_IMAGE, 0)


def test_flash_that_does_not_take_a_write_ends_the_staging() -> None:
    staging, hal = _made()
    staging.take(UpdateBegin(), 0)
    staging.take(_file("a.py", b"xy"), 0)
    hal.failing = ("write",)

    assert staging.take(_write(0, b"x"), 0) == (REJ_STORE, 0)

    assert not staging.is_busy


def test_sizes_and_counts_are_bounded() -> None:
    staging, _hal = _made()
    staging.take(UpdateBegin(), 0)
    large = UpdateFile(name=_field("a.py"), file_bytes=IMAGE_FILE_BYTES_MAX + 1, sha256=bytes(32))
    assert staging.take(large, 0) == (REJ_RANGE, IMAGE_FILE_BYTES_MAX)
    for number in range(IMAGE_FILES_MAX):
        assert staging.take(_file("f%03d.py" % number, b""), 0) == (OK, 0)
    assert staging.take(_file("g.py", b""), 0) == (REJ_RANGE, IMAGE_FILES_MAX)


def test_sum_of_sizes_is_bounded() -> None:
    staging, _hal = _made()
    staging.take(UpdateBegin(), 0)
    data = b"x" * WRITE_BYTES
    count = IMAGE_BYTES_MAX // IMAGE_FILE_BYTES_MAX
    for number in range(count - 1):
        staging._bytes += IMAGE_FILE_BYTES_MAX - WRITE_BYTES  # as if it had been a large file
        assert staging.take(_file("f%03d.py" % number, data), 0) == (OK, 0)
        assert staging.take(_write(0, data), 0) == (OK, WRITE_BYTES)
    last = UpdateFile(name=_field("g.py"), file_bytes=IMAGE_FILE_BYTES_MAX, sha256=bytes(32))
    assert staging.take(_file("f999.py", b"x"), 0) == (OK, 0)
    assert staging.take(_write(0, b"x"), 0) == (OK, 1)
    assert staging.take(last, 0) == (REJ_RANGE, IMAGE_BYTES_MAX)


def test_finish_too_early_is_refused_and_changes_nothing() -> None:
    staging, _hal = _made()
    staging.take(UpdateBegin(), 0)
    assert staging.take(_finish(()), 0) == (REJ_IMAGE, 0)  # no file at all
    staging.take(_file("a.py", b"xy"), 0)

    assert staging.take(_finish((("a.py", b"xy"),)), 0) == (REJ_IMAGE, 0)
    assert staging.take(_write(0, b"xy"), 0) == (OK, 2)
    assert staging.take(_finish((("a.py", b"xy"),)), 0) == (OK, 0)


def test_finish_with_another_manifest_is_refused() -> None:
    staging, hal = _made()
    _send(staging, FILES)

    assert staging.take(_finish(FILES[:2]), 0) == (REJ_IMAGE, 0)

    assert "finish" not in hal.calls
    assert not staging.is_busy


def test_finish_that_does_not_read_back_is_refused() -> None:
    staging, hal = _made()
    _send(staging, FILES)
    hal.failing = ("finish",)

    assert staging.take(_finish(FILES), 0) == (REJ_STORE, 0)


def test_drop_forgets_an_image_half_received() -> None:
    staging, _hal = _made()
    _send(staging, FILES[:2])

    staging.drop()

    assert not staging.is_busy
    assert staging.take(_finish(FILES[:2]), 0)[0] == REJ_STATE


def test_try_promises_a_restart_after_its_answer() -> None:
    staging, hal = _made()
    assert not staging.restart_due(10**9)

    assert staging.take(UpdateTry(), 1000) == (OK, 0)
    assert staging.take(UpdateTry(), 5000) == (OK, 0)  # once is enough

    assert hal.calls == ["try"]
    assert not staging.restart_due(1000 + RESTART_US - 1)
    assert staging.restart_due(1000 + RESTART_US)


def test_try_bars_charging_until_the_restart() -> None:
    # Catches: a bank that is charged while the chip is about to restart.
    staging, _hal = _made()
    assert staging.take(UpdateTry(), 0) == (OK, 0)
    assert staging.is_busy is True


def test_sum_of_sizes_may_reach_its_bound_and_is_counted_anew_by_each_begin() -> None:
    staging, _hal = _made()
    for _ in range(2):
        staging.take(UpdateBegin(), 0)
        staging._bytes += IMAGE_BYTES_MAX - 1
        assert staging.take(_file("a.py", b"x"), 0) == (OK, 0)


def test_nothing_else_is_taken_between_try_and_restart() -> None:
    staging, _hal = _made()
    staging.take(UpdateTry(), 0)

    staging.drop()

    assert staging.is_busy  # nothing may be charged any more
    for command in (UpdateBegin(), _file("a.py", b""), UpdateCommit()):
        assert staging.take(command, 0) == (REJ_UPDATING, 0)
    assert staging.restart_due(RESTART_US)


def test_try_of_no_whole_image_is_refused() -> None:
    staging, hal = _made()
    hal.failing = ("try",)

    assert staging.take(UpdateTry(), 0) == (REJ_IMAGE, 0)

    assert not staging.is_busy
    assert not staging.restart_due(10**9)


def test_try_amid_an_image_is_refused() -> None:
    staging, hal = _made()
    _send(staging, FILES)

    assert staging.take(UpdateTry(), 0) == (REJ_UPDATING, 0)

    assert "try" not in hal.calls


def test_commit_keeps_a_slot_on_trial_only_with_a_good_self_test() -> None:
    staging, hal = _made()
    assert staging.take(UpdateCommit(), 0)[0] == REJ_STATE
    hal.is_trial = 1
    hal.wrong = SELF_TEST_SENSORS
    assert staging.take(UpdateCommit(), 0) == (REJ_CAUSE, SELF_TEST_SENSORS)
    hal.wrong = 0
    hal.failing = ("commit",)
    assert staging.take(UpdateCommit(), 0) == (REJ_STORE, 0)
    hal.failing = ()

    assert staging.take(UpdateCommit(), 0) == (OK, 0)

    assert hal.calls == ["commit", "commit"]
