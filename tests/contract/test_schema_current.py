"""The page's types are written from the Python messages; this finds a stale or an edited file."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.api import export_schema


def test_wire_ts_is_current() -> None:
    assert export_schema.WIRE_TS.read_text(encoding="utf-8") == export_schema.render()


def test_check_with_an_edited_file_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Planted: one field renamed by hand."""
    edited = tmp_path / "wire.ts"
    edited.write_text(export_schema.render().replace("heard_ms_ago", "heard_ago"), "utf-8")
    monkeypatch.setattr(export_schema, "WIRE_TS", edited)

    assert export_schema.main(["--check"]) == 1
    assert "not current" in capsys.readouterr().err
    assert export_schema.main([]) == 0
    assert export_schema.main(["--check"]) == 0


def test_direction_rule_server_fields_present_client_defaults_optional() -> None:
    text = export_schema.render()

    assert "readonly touches?: number;" in text
    snapshot = text.split("export interface Snapshot {")[1].split("}")[0]
    assert "?:" not in snapshot
