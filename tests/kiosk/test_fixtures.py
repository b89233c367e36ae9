"""The fixtures of the page's tests are messages the service could send, and current."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from edge.api.schema import Snapshot
from tests.kiosk.fixture_snapshots import FOLDER, snapshots

FILES = sorted(FOLDER.glob("*.json"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_fixture_decoded_as_snapshot_is_valid(path: Path) -> None:
    picture = msgspec.json.decode(path.read_bytes(), type=Snapshot)
    assert picture.unit.unit_id


def test_fixtures_written_again_are_the_same() -> None:
    """Catches a fixture edited by hand, or a schema changed without `-m tests.kiosk...`."""
    pictures = snapshots()
    assert sorted(pictures) == [path.stem for path in FILES]
    for path in FILES:
        text = msgspec.json.format(msgspec.json.encode(pictures[path.stem]), indent=1)
        assert path.read_bytes() == text + b"\n", (
            f"run: python -m tests.kiosk.fixture_snapshots ({path.stem})"
        )
