"""The converter on the simulated Pi's SPI pins, through gpiozero and the production adapter."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from gpiozero.exc import PinSPIUnsupported

from edge.adapters.gpio_thermometer import GpioThermometer
from hw_sim.realtime import wiring
from hw_sim.realtime.pin_lines import LineError
from hw_sim.realtime.pin_spi import SimConverter, decode_analogue, encode_analogue, is_analogue
from tests.sim.test_realtime_pins import Bench, until, wired_pins


@pytest.fixture
async def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    monkeypatch.setenv(wiring.DIR_VARIABLE, str(tmp_path))
    it = Bench(tmp_path)
    await it.server.start()
    yield it
    await it.server.close()


@asynccontextmanager
async def production_thermometer(bench: Bench) -> AsyncIterator[GpioThermometer]:
    with await bench.factory() as factory:
        thermometer = GpioThermometer(wired_pins(), factory)
        yield thermometer
        thermometer.close()


async def test_converter_of_the_unit_answers_the_production_thermometer(bench: Bench) -> None:
    async with production_thermometer(bench) as thermometer:
        assert thermometer.read() == (600, 512)
        bench.thermometer.raw = (1023, 511)
        await until(lambda: thermometer.read() == (1023, 511), "both channels follow")
        bench.thermometer.raw = None
        await until(lambda: thermometer.read() is None, "a dead converter has no value")
        bench.thermometer.raw = (0, 0)
        await until(lambda: thermometer.read() == (0, 0), "and comes back")
        await bench.server.close()
        await until(lambda: thermometer.read() is None, "a lost unit has no value")


async def test_converter_on_other_pins_is_refused(bench: Bench) -> None:
    with await bench.factory() as factory, pytest.raises(PinSPIUnsupported, match="no SPI device"):
        GpioThermometer(replace(wired_pins(), adc_clock_pin=17), factory)


def test_converter_answers_only_the_chips_own_requests() -> None:
    class Source:
        def analogue(self, channel: int) -> int:
            return 0x3F0 + channel

    converter = SimConverter(Source())
    assert converter.transfer([1, 0b1000_0000 | 5 << 4, 0]) == [0, 3, 0xF5]
    assert converter.transfer([0, 0b1000_0000, 0]) == [0, 0, 0]
    assert converter.transfer([1, 0b0101_0000, 0]) == [0, 0, 0]  # a differential one
    assert converter.transfer([1, 0]) == [0, 0]
    converter.close()


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"[]",
        b'{"analogue": 5}',
        b'{"analogue": {"0": 1}, "x": 1}',
        b'{"analogue": {"8": 1}}',
        b'{"analogue": {"00": 1}}',
        b'{"analogue": {"0": 1024}}',
        b'{"analogue": {"0": -1}}',
        b'{"analogue": {"0": true}}',
        b'{"analogue": {"0": "1"}}',
    ],
)
def test_analogue_line_malformed_is_refused(line: bytes) -> None:
    with pytest.raises(LineError):
        decode_analogue(line)


def test_analogue_line_there_and_back() -> None:
    line = encode_analogue({1: 511, 0: 1023})
    assert is_analogue(line)
    assert decode_analogue(line) == {0: 1023, 1: 511}
