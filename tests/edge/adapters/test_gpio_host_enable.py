"""The edge's enable on a mock pin: edges on demand, low at first, low at the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from gpiozero.exc import PinError
from gpiozero.pins.mock import MockFactory

from edge.adapters.gpio_host_enable import GpioHostEnable
from edge.config_load import load_config
from tests.support.unit_config import unit_toml

pytestmark = pytest.mark.control("host-enable")

PINS = load_config(unit_toml(pin_factory='"mock"')).gpio


@pytest.fixture
def factory() -> Iterator[MockFactory]:
    made = MockFactory()
    yield made
    made.close()


def test_host_enable_starts_low_toggles_and_drops(factory: MockFactory) -> None:
    host = GpioHostEnable(PINS, factory)
    pin = factory.pin(PINS.host_enable_pin)
    assert pin.state == 0
    seen = []
    for _ in range(4):
        host.beat()
        seen.append(pin.state)
    assert seen == [1, 0, 1, 0]
    host.beat()
    host.drop()
    assert pin.state == 0
    host.drop()
    assert pin.state == 0
    host.close()


def test_host_enable_closed_while_high_leaves_the_pin_low(factory: MockFactory) -> None:
    host = GpioHostEnable(PINS, factory)
    host.beat()
    pin = factory.pin(PINS.host_enable_pin)
    host.close()
    assert not pin.state


def test_host_enable_that_cannot_be_driven_does_not_raise(
    factory: MockFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = GpioHostEnable(PINS, factory)
    pin = factory.pin(PINS.host_enable_pin)

    def fails(value: int) -> None:
        raise PinError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(pin, "_set_state", fails)
        host.beat()
        host.beat()
    assert pin.state == 0
    host.beat()
    assert pin.state == 1
    host.close()
