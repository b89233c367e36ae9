"""The bring-up guide says what the code says: wiring, scales, self-test, files, coil record."""

from __future__ import annotations

import re
import struct
from pathlib import Path

from firmware.board import coil_chip, identity, pins, self_test
from firmware.wire import codes, reports
from firmware.wire.limits import GATE_LIFE_US

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/firmware.md").read_text()
DRAWING = (ROOT / "docs/images/hardware_chain.svg").read_text()
LEVELS = {0: "low", 1: "high", pins.ANY: "any"}


def rows(pattern: str) -> list[list[str]]:
    """Cells of every table row of the guide whose first cell is like this."""
    lines = [line for line in GUIDE.splitlines() if re.match(rf"\| {pattern} \|", line)]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def edge_pin(gp: int) -> str:
    """Number on the edge of a Pico: every fifth from pin 3 on is a ground."""
    if gp == pins.GP_LED:
        return "–"
    if gp >= 26:
        return {26: "31", 27: "32", 28: "34"}[gp]
    order = [pin for pin in range(1, 41) if pin not in (3, 8, 13, 18, 23, 28, 33, 38, 30)]
    return str(order[gp])


def test_wiring_table_is_the_pin_table() -> None:
    written = [
        [f"GP{gp}", edge_pin(gp), name, way, LEVELS[safe], what]
        for gp, name, way, safe, what in pins.ROWS
    ]

    assert rows(r"GP\d+") == written


def test_free_pins_are_those_that_nothing_uses() -> None:
    used = {row[0] for row in pins.ROWS}
    free = [int(gp) for gp in re.findall(r"GP(\d+)", GUIDE.split("are free")[0].splitlines()[-1])]

    assert free == [gp for gp in range(23) if gp not in used]


def test_scales_are_those_of_the_code() -> None:
    scales = {row[0]: row[1] for row in rows("(BANK|PEAK|CHARGER_LEVEL)")}

    assert scales == {
        "BANK": f"{pins.BANK_FULL_MV} mV",
        "PEAK": f"{pins.PEAK_FULL_PM} per mille",
        "CHARGER_LEVEL": f"{pins.CHARGER_FULL_MV} mV",
    }


def test_self_test_table_has_every_bit_in_order() -> None:
    bits = [row[:2] for row in rows(r"\d+") if row[1] in codes.SELF_TEST_NAMES]

    assert bits == [[str(1 << n), name] for n, name in enumerate(codes.SELF_TEST_NAMES)]


def test_self_test_takes_as_long_as_the_guide_says() -> None:
    told_ms = int(re.findall(r"every boot takes (\d+) ms", GUIDE)[0])
    taken_ms = (self_test.STEPS - 1) * self_test.WAIT_MS

    assert taken_ms <= told_ms < taken_ms + 10


def test_coil_record_is_laid_out_as_written() -> None:
    layout = [row[0] for row in rows(r"[\d–]+") if len(row) == 2]
    sizes = [4, 1, 1, 8, 4]
    starts = [sum(sizes[:n]) for n in range(len(sizes))]
    wanted = [
        f"{start}–{start + size - 1}" if size > 1 else str(start)
        for start, size in zip(starts, sizes, strict=True)
    ]

    assert layout == wanted
    assert struct.calcsize(coil_chip.RECORD) == coil_chip.RECORD_BYTES == sum(sizes[:-1])
    assert len(coil_chip.pack_record(b"F8-00017", reports.COIL_FIGURE8)) == sum(sizes)


def test_files_and_keys_are_those_that_are_read() -> None:
    for path in (identity.CONFIG_PATH, identity.EPOCH_PATH, identity.KEY_PATH):
        assert f"`{path}`" in GUIDE
    keys = {row[0].strip("`") for row in rows("`(unit_id|level_pct_max|cooling_always)`")}
    assert keys == {"unit_id", "level_pct_max", "cooling_always"}


def test_bound_of_the_enable_is_the_limit() -> None:
    assert f"not fed for {GATE_LIFE_US // 1000} ms" in GUIDE
    assert f"fed for at most {GATE_LIFE_US // 1000} ms" in DRAWING


def test_drawing_names_every_signal_of_the_chain() -> None:
    text = " ".join(re.findall(r">([^<]+)</text>", DRAWING))
    wanted = {name for _, name, _, _, _ in pins.ROWS}
    elsewhere = {
        "UART_TX",
        "UART_RX",
        "CHARGER_LEVEL",
        "PEAK_RESET",
        "COIL_ID",
        "NTC_SELECT",
        "LED",
    }

    assert {name for name in wanted if not re.search(rf"\b{name}\b", text)} == elsewhere
