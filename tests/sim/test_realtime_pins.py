"""The gpiozero pin factory of the simulated unit, through gpiozero's own devices."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from gpiozero import LED, Button, DigitalInputDevice, PWMOutputDevice
from gpiozero.exc import PinError

from edge.adapters.gpio_indicators import GpioIndicators
from edge.adapters.gpio_panel import GpioPanel
from edge.config import PinConfig
from edge.domain.alarm_sounds import Tone
from edge.ports import Lamp, PanelInput
from hw_sim.realtime import wiring
from hw_sim.realtime.gpio_server import GpioServer
from hw_sim.realtime.pin_factory import SimFactory
from hw_sim.realtime.pin_lines import (
    Drive,
    LineBuffer,
    LineError,
    decode_drive,
    decode_levels,
    encode,
)


class FakePanel:
    """Contacts that a test moves."""

    def __init__(self) -> None:
        self.levels = dict.fromkeys(PanelInput, True)
        self._callback: Callable[[], None] | None = None

    def fitted(self) -> tuple[PanelInput, ...]:
        return tuple(PanelInput)

    def read(self) -> Mapping[PanelInput, bool]:
        return dict(self.levels)

    def watch(self, callback: Callable[[], None] | None) -> None:
        self._callback = callback

    def move(self, name: PanelInput, level: bool) -> None:
        self.levels[name] = level
        if self._callback is not None:
            self._callback()


class FakeThermometer:
    """Raw values of the converter; None is a dead one."""

    def __init__(self) -> None:
        self.raw: tuple[int, int] | None = (600, 512)

    def read(self) -> tuple[int, int] | None:
        return self.raw


class Bench:
    """A server with a fake panel, and factories connected to it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / wiring.SOCKET_NAME
        self.panel = FakePanel()
        self.thermometer = FakeThermometer()
        self.outputs: list[dict[str, bool]] = []
        self.server = self.new_server()

    def new_server(self) -> GpioServer:
        return GpioServer(self.path, self.panel, self.thermometer, self.outputs.append)

    async def factory(self) -> SimFactory:
        """The constructor waits for levels, so it must not hold up the server's loop."""
        return await asyncio.to_thread(SimFactory)


@pytest.fixture
async def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    monkeypatch.setenv(wiring.DIR_VARIABLE, str(tmp_path))
    it = Bench(tmp_path)
    await it.server.start()
    yield it
    await it.server.close()


async def until(condition: Callable[[], object], what: str) -> None:
    for _ in range(600):
        if condition():
            return
        await asyncio.sleep(0.005)
    pytest.fail(f"never: {what}")


def is_low(device: DigitalInputDevice) -> bool:
    return bool(device.value == 0)


def can_read(device: DigitalInputDevice) -> bool:
    try:
        return device.value in (0, 1)
    except PinError:
        return False


def test_factory_is_registered_with_gpiozero() -> None:
    [entry] = entry_points(group="gpiozero_pin_factories", name="tms_sim")
    assert entry.load() is SimFactory


async def test_pin_input_follows_every_wire(bench: Bench) -> None:
    with await bench.factory() as factory:
        for name, bcm in wiring.INPUT_PINS.items():
            with DigitalInputDevice(bcm, pull_up=False, pin_factory=factory) as device:
                assert device.value == 1, name
                bench.panel.move(name, False)
                await until(partial(is_low, device), f"{name} open")


async def test_pin_edges_call_back_on_open_and_close_from_the_reader_thread(bench: Bench) -> None:
    seen: list[tuple[str, str]] = []
    with await bench.factory() as factory:
        button = Button(5, pull_up=False, pin_factory=factory)
        button.when_released = lambda: seen.append(("open", threading.current_thread().name))
        button.when_pressed = lambda: seen.append(("closed", threading.current_thread().name))
        bench.panel.move(PanelInput.ESTOP, False)
        bench.panel.move(PanelInput.ESTOP, True)
        await until(lambda: len(seen) == 2, "two edges")
        # A held Button waits for its own thread, and the unit lives on this loop.
        await asyncio.to_thread(button.close)
    assert seen == [("open", "tms-sim-gpio"), ("closed", "tms-sim-gpio")]


async def test_pin_outputs_reach_the_unit_and_are_released_at_the_end(bench: Bench) -> None:
    with await bench.factory() as factory:
        lamp = LED(wiring.OUTPUT_PINS["lamp_ready"], pin_factory=factory)
        lamp.on()
        await until(lambda: bench.server.outputs()["lamp_ready"], "lamp on")
        assert not bench.server.outputs()["sounder"]
        lamp.off()
        await until(lambda: not bench.server.outputs()["lamp_ready"], "lamp off")
        lamp.on()
        await until(lambda: bench.server.outputs()["lamp_ready"], "lamp on")
        lamp.close()
        await until(lambda: not bench.server.outputs()["lamp_ready"], "released")


async def test_pin_pi_gone_without_a_word_releases_its_outputs(bench: Bench) -> None:
    _, writer = await asyncio.open_unix_connection(str(bench.path))
    writer.write(encode("drive", {20: True}))
    await until(lambda: bench.server.outputs()["lamp_ready"], "lamp on")
    writer.transport.abort()
    await until(lambda: not bench.server.outputs()["lamp_ready"], "released")


async def test_pin_unit_gone_raises_and_calls_back_instead_of_the_last_good_level(
    bench: Bench,
) -> None:
    """Catches a factory that goes on answering with the levels it heard last."""
    opened = threading.Event()
    with await bench.factory() as factory:
        estop = DigitalInputDevice(5, pull_up=False, pin_factory=factory)
        lamp = LED(20, pin_factory=factory)
        estop.when_deactivated = opened.set
        assert estop.value == 1
        await bench.server.close()
        await until(lambda: not can_read(estop), "level unknown")
        assert opened.is_set()
        with pytest.raises(PinError, match="lost"):
            _ = estop.value
        with pytest.raises(PinError):
            lamp.on()

        bench.server = bench.new_server()
        await bench.server.start()
        await until(lambda: can_read(estop), "unit back")
        assert estop.value == 1
        await until(lambda: bench.server.outputs()["lamp_ready"], "lamp driven again")
        estop.close()
        lamp.close()


async def test_pin_unit_frozen_without_hanging_up_becomes_unknown(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a factory that trusts an open socket: the unit's process may be stopped."""
    monkeypatch.setattr("hw_sim.realtime.pin_factory.STALE_S", 0.3)
    with (
        await bench.factory() as factory,
        DigitalInputDevice(6, pull_up=False, pin_factory=factory) as door,
    ):
        assert door.value == 1
        bench.server.freeze()
        await until(lambda: not can_read(door), "stale")


async def test_pin_unwired_reads_its_pull(bench: Bench) -> None:
    with await bench.factory() as factory:
        with DigitalInputDevice(17, pull_up=True, pin_factory=factory) as floating:
            assert floating.pin.state == 1
        with DigitalInputDevice(17, pull_up=False, pin_factory=factory) as floating:
            assert floating.pin.state == 0


def wired_pins() -> PinConfig:
    return PinConfig(
        pin_factory="tms_sim",
        **{f"{name.value}_pin": bcm for name, bcm in wiring.INPUT_PINS.items()},
        **{f"{name}_pin": bcm for name, bcm in wiring.OUTPUT_PINS.items()},
        **{f"{name}_pin": bcm for name, bcm in wiring.CONVERTER_PINS.items()},
        sounder_back_pin=wiring.SOUNDER_BACK_PIN,
    )


async def test_production_adapters_work_on_the_simulated_pins(bench: Bench) -> None:
    pins = wired_pins()
    calls: list[None] = []
    with await bench.factory() as factory:
        panel, indicators = GpioPanel(pins, factory), GpioIndicators(pins, factory)
        panel.watch(lambda: calls.append(None))
        assert panel.read() == dict.fromkeys(PanelInput, True)
        bench.panel.move(PanelInput.COIL, False)
        await until(lambda: calls, "called back on the loop")
        assert panel.read() == {**dict.fromkeys(PanelInput, True), PanelInput.COIL: False}

        indicators.set_lamp(Lamp.FAULT)
        assert indicators.sounder_current() is False
        indicators.set_sounder(Tone(262, 12))
        wanted = {"lamp_ready": False, "lamp_fault": True, "sounder": True}
        await until(
            lambda: bench.server.outputs().items() >= wanted.items(), "lamp and sounder at the unit"
        )
        await until(indicators.sounder_current, "current read back")
        indicators.set_sounder(Tone(294, 12))
        indicators.set_sounder(None)
        await until(lambda: indicators.sounder_current() is False, "silent")

        calls.clear()
        await bench.server.close()
        await until(lambda: calls, "called back at the loss")
        assert panel.read() == {}
        assert indicators.sounder_current() is None
        indicators.set_sounder(Tone(262, 12))
        indicators.close()
        panel.close()


@pytest.mark.parametrize("folder", [None, "nowhere"])
def test_factory_without_unit_says_what_is_missing(
    folder: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if folder is None:
        monkeypatch.delenv(wiring.DIR_VARIABLE, raising=False)
        expected = wiring.DIR_VARIABLE
    else:
        monkeypatch.setenv(wiring.DIR_VARIABLE, str(tmp_path / folder))
        expected = "no simulated unit at"
    with pytest.raises(PinError, match=expected):
        SimFactory()


def test_factory_silent_unit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hw_sim.realtime.pin_factory.STALE_S", 0.05)
    monkeypatch.setenv(wiring.DIR_VARIABLE, str(tmp_path))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / wiring.SOCKET_NAME))
        listener.listen()
        with pytest.raises(PinError, match="sends no levels"):
            SimFactory()


@pytest.mark.parametrize(
    "line",
    [
        b"nonsense",
        b"[]",
        b'{"levels": {"5": 1}, "more": 1}',
        b'{"drive": {"5": 1}}',
        b'{"levels": [5]}',
        b'{"levels": {"28": 1}}',
        b'{"levels": {"-1": 1}}',
        b'{"levels": {"5": 2}}',
        b'{"levels": {"5": "1"}}',
    ],
)
def test_line_that_is_not_levels_is_refused(line: bytes) -> None:
    with pytest.raises(LineError):
        decode_levels(line)


def test_line_carries_a_square_wave_both_ways() -> None:
    drive: dict[int, Drive] = {20: True, 26: Tone(262, 12)}

    assert encode("drive", drive) == b'{"drive": {"20": 1, "26": [262, 12]}}\n'
    assert decode_drive(encode("drive", drive)) == drive


@pytest.mark.parametrize(
    "wave", [b"[]", b"[262]", b"[262, 0]", b"[0, 12]", b"[262, 101]", b"[20000, 12]", b'["a", 1]']
)
def test_line_with_an_impossible_square_wave_is_refused(wave: bytes) -> None:
    with pytest.raises(LineError):
        decode_drive(b'{"drive": {"26": ' + wave + b"}}")


async def test_pin_square_wave_needs_an_output_and_a_frequency(bench: Bench) -> None:
    with await bench.factory() as factory:
        pin = factory.pin(26)
        with pytest.raises(PinError):
            pin.frequency = 262
        pin.function = "output"
        with pytest.raises(PinError):
            pin.state = 0.12
        pin.frequency = 262
        pin.state = 0.12
        assert (pin.frequency, pin.state) == (262, 0.12)
        await until(lambda: bench.server.outputs()["sounder"], "sounds")
        pin.frequency = None
        await until(lambda: not bench.server.outputs()["sounder"], "silent")
        assert pin.state == 0


async def test_server_with_a_dead_sounder_reads_no_current(bench: Bench) -> None:
    bench.server.is_sounder_dead = True
    with (
        await bench.factory() as factory,
        DigitalInputDevice(wiring.SOUNDER_BACK_PIN, pull_up=False, pin_factory=factory) as back,
        PWMOutputDevice(26, frequency=262, pin_factory=factory) as sounder,
    ):
        sounder.value = 0.12
        await asyncio.sleep(0.2)
        assert back.value == 0


def test_line_buffer_cuts_lines_and_is_bounded() -> None:
    buffer = LineBuffer()
    assert buffer.feed(b'{"le') == []
    assert buffer.feed(b'vels": {}}\n{}\nre') == [b'{"levels": {}}', b"{}"]
    with pytest.raises(LineError, match="longer"):
        buffer.feed(b"x" * wiring.LINE_BYTES_MAX)


async def test_server_cuts_off_a_client_that_talks_nonsense(bench: Bench) -> None:
    reader, writer = await asyncio.open_unix_connection(str(bench.path))
    writer.write(b"GET / HTTP/1.1\n")
    while await reader.read(4096):
        pass
    writer.close()
    assert bench.server.clients == 0


async def test_server_cuts_off_a_client_that_does_not_read(bench: Bench) -> None:
    _, writer = await asyncio.open_unix_connection(str(bench.path), limit=1)
    await until(lambda: bench.server.clients == 1, "connected")
    for _ in range(10_000):
        bench.panel.move(PanelInput.DOOR, False)
    await until(lambda: bench.server.clients == 0, "cut off")
    writer.transport.abort()
