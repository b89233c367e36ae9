"""The link key's file: made once, private, never replaced, and every refusal says what to do.

The store's key uses the same file rules; tests/edge/adapters/test_sqlite_store.py has its cases.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.adapters.key_file import create_key, load_link_key
from edge.ports import KeyFileError
from firmware.wire.seal import KEY_BYTES

pytestmark = pytest.mark.control("private-keys")


def test_link_key_when_made_is_private_random_and_the_same_when_read(tmp_path: Path) -> None:
    path, other = tmp_path / "link.key", tmp_path / "other.key"

    key = create_key(path)

    assert load_link_key(path) == key != create_key(other)
    assert len(key) == KEY_BYTES
    assert path.stat().st_mode & 0o777 == 0o600
    assert sorted(item.name for item in tmp_path.iterdir()) == ["link.key", "other.key"]


def test_link_key_is_never_replaced(tmp_path: Path) -> None:
    """Catches: a second `key --new` after which the controller no longer listens."""
    path = tmp_path / "link.key"
    key = create_key(path)

    with pytest.raises(KeyFileError, match="is already there"):
        create_key(path)

    assert path.read_bytes() == key
    assert [item.name for item in tmp_path.iterdir()] == ["link.key"]


def test_link_key_that_is_missing_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="missing; make one with tms-edge firmware key"):
        load_link_key(tmp_path / "link.key")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_link_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "link.key"
    create_key(path)
    path.chmod(mode)

    with pytest.raises(KeyFileError, match="run chmod 600"):
        load_link_key(path)


@pytest.mark.parametrize("size", [0, KEY_BYTES - 1, KEY_BYTES + 1])
def test_link_key_of_a_wrong_length_is_refused(tmp_path: Path, size: int) -> None:
    path = tmp_path / "link.key"
    path.write_bytes(bytes(size))
    path.chmod(0o600)

    with pytest.raises(KeyFileError, match="exactly 32 bytes"):
        load_link_key(path)


def test_link_key_behind_a_link_or_in_no_folder_is_refused(tmp_path: Path) -> None:
    create_key(tmp_path / "real.key")
    (tmp_path / "link.key").symlink_to(tmp_path / "real.key")

    with pytest.raises(KeyFileError, match="cannot be read"):
        load_link_key(tmp_path / "link.key")
    with pytest.raises(KeyFileError, match="cannot be created"):
        create_key(tmp_path / "none" / "link.key")
