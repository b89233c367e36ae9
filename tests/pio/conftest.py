"""The two emulators as fixtures: `run` is each of them in turn, `js` the quick one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import pytest

from tests.pio import in_pioemu
from tests.pio.in_rp2040js import Rp2040js, is_installed
from tests.pio.jobs import Runner
from tests.pio.programs import Programs, load


@pytest.fixture(scope="session")
def js() -> Iterator[Runner]:
    assert is_installed(), "run `npm ci` in tests/ first (make unit does)"
    with Rp2040js() as run:
        yield run


@pytest.fixture(params=["pioemu", "rp2040js"])
def run(request: pytest.FixtureRequest) -> Runner:
    if request.param == "pioemu":
        return in_pioemu.run
    return cast(Runner, request.getfixturevalue("js"))


@pytest.fixture(scope="session")
def p() -> Programs:
    return load()
