"""Way b: ledger, boot count and key survive torn writes, crashes and a second process."""

from __future__ import annotations

from pathlib import Path

import pytest

from firmware.board.ledger_store import PATHS
from firmware.core.counters import Counters
from firmware.pi import memory as memory_module
from firmware.pi.memory import Memory, SyncedFiles, UnitMemoryError
from firmware.wire.codes import RESET_POWER, RESET_WATCHDOG
from tests.pi.unit import KEY, write_key


def made(folder: Path) -> Memory:
    return Memory(folder / "state", folder / "link.key", lambda: False)


def crash(memory: Memory) -> None:
    memory.close(is_clean=False)


def test_boot_count_grows_with_each_start(tmp_path: Path) -> None:
    for epoch in (1, 2, 3, 4, 5):
        memory = made(tmp_path)
        assert memory.boot_epoch == epoch
        memory.close(is_clean=epoch == 3)


def test_start_after_a_crash_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = made(tmp_path)
    assert memory.reset_cause == RESET_POWER
    crash(memory)

    memory = made(tmp_path)
    assert memory.reset_cause == RESET_WATCHDOG
    memory.close(is_clean=True)
    memory = made(tmp_path)
    assert memory.reset_cause == RESET_POWER
    crash(memory)

    monkeypatch.setattr(memory_module, "_kernel_boot", lambda: b"another start")
    memory = made(tmp_path)  # the power went, the process did not crash
    assert memory.reset_cause == RESET_POWER
    memory.close(is_clean=True)


def test_second_process_is_kept_out(tmp_path: Path) -> None:
    memory = made(tmp_path)

    with pytest.raises(UnitMemoryError, match="another process uses it"):
        made(tmp_path)

    memory.close(is_clean=True)
    made(tmp_path).close(is_clean=True)


def record(pulses: int) -> bytes:
    counters = Counters()
    counters.begin(b"S" * 16, pulses)
    return counters.dump(False)


@pytest.mark.parametrize("kept", [0, 1, 20, -1])
def test_torn_write_leaves_the_copy_before(tmp_path: Path, kept: int) -> None:
    memory = made(tmp_path)
    assert memory.save_ledger(record(1))
    assert memory.save_ledger(record(2))
    newest = max(
        (tmp_path / "state/ledger" / path for path in PATHS), key=lambda path: path.read_bytes()[0]
    )
    newest.write_bytes(newest.read_bytes()[:kept])
    memory.close(is_clean=True)

    memory = made(tmp_path)

    assert memory.load_ledger() == record(1)
    assert not memory.is_ledger_bad
    assert memory.save_ledger(record(3))
    assert memory.load_ledger() == record(3)
    memory.close(is_clean=True)


def test_ledger_without_a_whole_copy_is_not_a_new_unit(tmp_path: Path) -> None:
    """Catches: a lifetime count that starts at zero because both copies were lost."""
    memory = made(tmp_path)
    memory.save_ledger(record(1))
    memory.save_ledger(record(2))
    for path in PATHS:
        (tmp_path / "state/ledger" / path).write_bytes(b"worn")
    memory.close(is_clean=True)

    memory = made(tmp_path)

    assert not Counters().load(memory.load_ledger())
    assert memory.is_ledger_bad
    memory.close(is_clean=True)


@pytest.mark.parametrize("worn", [b"worn", b"worn" * 6])
def test_boot_count_without_a_whole_copy_bars_the_start(tmp_path: Path, worn: bytes) -> None:
    """Catches: epoch 1 again, for which old sealed commands exist."""
    for _ in range(2):
        made(tmp_path).close(is_clean=True)
    for path in PATHS:
        (tmp_path / "state/boots" / path).write_bytes(worn)

    with pytest.raises(UnitMemoryError, match="no whole copy is left"):
        made(tmp_path)


def test_boot_count_that_cannot_be_stored_bars_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SyncedFiles, "write", lambda self, path, data: False)

    with pytest.raises(UnitMemoryError, match="cannot be written"):
        made(tmp_path)


def test_write_to_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    files = SyncedFiles(tmp_path / "nowhere")

    assert not files.write("ledger.0", b"data")
    assert files.read("ledger.0") is None


def test_state_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")

    with pytest.raises(UnitMemoryError, match=r"core\.state_dir"):
        made(tmp_path)


def test_key_is_read(tmp_path: Path) -> None:
    write_key(tmp_path)
    memory = made(tmp_path)

    assert (memory.key, memory.key_trouble) == (KEY, "")
    memory.close(is_clean=True)


@pytest.mark.parametrize(
    ("content", "mode", "words"),
    [
        (None, 0, "No such file"),
        (KEY, 0o640, "others may read it"),
        (KEY[:31], 0o600, "exactly 32 bytes"),
        (KEY + b"!", 0o600, "exactly 32 bytes"),
    ],
)
def test_key_that_is_not_right_is_no_key(
    tmp_path: Path, content: bytes | None, mode: int, words: str
) -> None:
    path = tmp_path / "link.key"
    if content is not None:
        path.write_bytes(content)
        path.chmod(mode)

    memory = made(tmp_path)

    assert memory.key == b""
    assert words in memory.key_trouble
    memory.close(is_clean=True)


def test_key_that_is_a_link_or_a_folder_is_no_key(tmp_path: Path) -> None:
    write_key(tmp_path)
    (tmp_path / "link.key").rename(tmp_path / "other.key")
    (tmp_path / "link.key").symlink_to(tmp_path / "other.key")
    memory = made(tmp_path)
    assert memory.key == b""
    memory.close(is_clean=True)

    (tmp_path / "link.key").unlink()
    (tmp_path / "link.key").mkdir(mode=0o700)
    memory = made(tmp_path)
    assert "not a regular file" in memory.key_trouble
    memory.close(is_clean=True)
