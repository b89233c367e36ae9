"""The bench panel: its acts move the real contacts and wires, and nobody else's page may press."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from edge.ports import READ_BACKS, PanelInput
from firmware.wire.codes import IN_COOLING
from hw_sim.mcu import Core
from hw_sim.plant.panel import Wire
from hw_sim.realtime.bench import Bench
from hw_sim.realtime.bench_unit import ActError, BenchUnit
from hw_sim.realtime.pin_lines import encode
from hw_sim.sim_hal import SimHal
from hw_sim.unit import SimUnit

CONTACTS = [it for it in PanelInput if it not in READ_BACKS]


class QuietCore:
    """A controller that hears and says nothing: the bench is the subject here."""

    def __init__(self, hal: SimHal) -> None:
        self._hal = hal
        self.heard = b""

    def on_bytes(self, now_us: int, data: bytes) -> None:
        self.heard += data

    def on_input(self, now_us: int, mask: int) -> None:
        pass

    def poll(self, now_us: int) -> int:
        self._hal.feed_watchdog()
        return now_us + 10_000

    def take_output(self) -> bytes:
        return b""


class Site:
    """A bench on a free port."""

    def __init__(self, folder: Path) -> None:
        self.core: QuietCore
        self.booted = asyncio.Event()
        self.unit = SimUnit(seed=1, core_factory=self._boot, has_attend=True)
        self.unit.hold_attend(True)
        self.bench_unit = BenchUnit(self.unit, folder)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.bench = Bench(self.bench_unit, self.port)
        self.url = f"http://127.0.0.1:{self.port}"

    def _boot(self, hal: SimHal, _now_us: int) -> Core:
        self.core = QuietCore(hal)
        self.booted.set()
        return self.core


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    it = Site(tmp_path)
    await it.bench_unit.start()
    await it.bench.start()
    yield it
    await it.bench.close()
    await it.bench_unit.close()
    it.unit.close()


@pytest.fixture
async def http(site: Site) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(site.url, trust_env=False) as session:
        yield session


async def act(http: aiohttp.ClientSession, **body: object) -> dict[str, Any]:
    async with http.post("/act", json=body) as answer:
        assert answer.status == 200, await answer.text()
        state: dict[str, Any] = await answer.json()
        return state


async def settled() -> None:
    """Contacts bounce for a few milliseconds."""
    await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("name", "field", "wire"),
    [
        ("estop", "on", PanelInput.ESTOP),
        ("door", "open", PanelInput.DOOR),
        ("coil", "unplugged", PanelInput.COIL),
        ("patient", "pressed", PanelInput.PATIENT),
        ("cover", "off", PanelInput.ENCLOSURE),
        ("attend", "released", PanelInput.ATTEND),
    ],
)
async def test_act_on_a_contact_opens_and_closes_its_wire(
    site: Site, http: aiohttp.ClientSession, name: str, field: str, wire: PanelInput
) -> None:
    """Catches an act wired to another contact: all others must stay closed."""
    state = await act(http, act=name, **{field: True})
    await settled()
    levels = site.unit.edge_panel().read()
    assert state["switches"][name] is True
    assert [it for it in CONTACTS if not levels[it]] == [wire]

    state = await act(http, act=name, **{field: False})
    await settled()
    assert state["switches"][name] is False
    levels = site.unit.edge_panel().read()
    assert all(levels[it] for it in CONTACTS)


async def test_act_on_a_wire_leaves_the_contact_alone(
    site: Site, http: aiohttp.ClientSession
) -> None:
    await act(http, act="doorwire", bridged=True)
    state = await act(http, act="door", open=True)
    await settled()
    assert state["contacts"]["door"] is False
    assert site.unit.edge_panel().read()[PanelInput.DOOR] is True
    await act(http, act="tacho", lying=True)
    state = await act(http, act="fan", blocked=True)
    assert state["contacts"]["flow"] is False
    assert site.unit.plant.panel.levels(Wire.MCU) & IN_COOLING
    await act(http, act="mend")
    assert site.unit.edge_panel().read()[PanelInput.FLOW] is True
    assert site.unit.plant.panel.levels(Wire.MCU) & IN_COOLING


async def test_act_chatter_opens_the_door_contact_again_and_again(
    site: Site, http: aiohttp.ClientSession
) -> None:
    before = len(site.unit.recorder.wires)
    await act(http, act="chatter", on=True)
    await asyncio.sleep(0.3)
    await act(http, act="chatter", on=False)
    site.unit.kernel.sync()
    moves = [wire for wire in site.unit.recorder.wires[before:] if wire.name == "contacts"]
    assert len(moves) >= 5
    assert site.unit.hand.is_closed("door")


async def test_act_fan_blocked_stops_the_cooling(site: Site, http: aiohttp.ClientSession) -> None:
    state = await act(http, act="fan", blocked=True)
    assert not state["is_cooling"]
    assert not state["contacts"]["cooling"]
    assert (await act(http, act="fan", blocked=False))["is_cooling"]


@pytest.mark.parametrize("which", ["surface", "winding", "face"])
@pytest.mark.parametrize(
    "fault", ["frozen", "open", "short", "slew", "spike", "fell_off", "noiseless", "none"]
)
async def test_act_sensor_sets_that_fault_on_that_sensor(
    http: aiohttp.ClientSession, which: str, fault: str
) -> None:
    state = await act(http, act="sensor", which=which, fault=fault)
    other = "winding" if which == "surface" else "surface"
    assert state[f"{which}_fault"] == state["sensors"][which] == fault
    assert state[f"{other}_fault"] == "none"


async def test_act_link_cut_loses_bytes_and_mended_carries_them_again(
    site: Site, http: aiohttp.ClientSession
) -> None:
    await site.booted.wait()
    await act(http, act="link", cut=True)
    site.unit.feed(b"lost")
    await asyncio.sleep(0.02)
    assert site.core.heard == b""
    await act(http, act="link", cut=False)
    site.unit.feed(b"heard")
    await asyncio.sleep(0.02)
    assert site.core.heard == b"heard"


async def test_act_usb_unplugged_removes_the_device(
    site: Site, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    assert (tmp_path / "tms-serial").is_char_device()
    state = await act(http, act="usb", unplugged=True)
    assert not state["serial"]["is_plugged"]
    assert not (tmp_path / "tms-serial").exists()
    await act(http, act="usb", unplugged=False)
    assert (tmp_path / "tms-serial").is_char_device()


async def test_act_reboot_restarts_the_controller(site: Site, http: aiohttp.ClientSession) -> None:
    before = site.unit.hal.boot_epoch
    assert (await act(http, act="reboot"))["boot_epoch"] == before + 1


async def test_act_mend_puts_everything_back(site: Site, http: aiohttp.ClientSession) -> None:
    await act(http, act="estop", on=True)
    await act(http, act="usb", unplugged=True)
    await act(http, act="sensor", which="surface", fault="open")
    state = await act(http, act="mend")
    await settled()
    assert not any(state["switches"].values())
    assert set(state["sensors"].values()) == {"none"}
    levels = site.unit.edge_panel().read()
    assert all(levels[it] for it in CONTACTS)


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"act": "explode"},
        {"act": ["estop"]},
        {"act": "estop"},
        {"act": "estop", "on": 1},
        {"act": "estop", "on": True, "door": True},
        {"act": "door", "on": True},
        {"act": "sensor", "which": "surface", "fault": "offset"},
        {"act": "sensor", "which": "bank", "fault": "open"},
        {"act": "sensor", "which": ["surface"], "fault": {}},
        {"act": "reboot", "now": True},
    ],
)
async def test_act_malformed_is_refused_in_words_and_changes_nothing(
    site: Site, body: object
) -> None:
    before = site.bench_unit.state()
    with pytest.raises(ActError, match=r"'act'|takes"):
        site.bench_unit.act(body)
    after = site.bench_unit.state()
    assert {**after, "at_ns": 0, "surface_c": 0, "winding_c": 0} == {
        **before,
        "at_ns": 0,
        "surface_c": 0,
        "winding_c": 0,
    }


async def test_http_not_json_and_wrong_type_are_refused(http: aiohttp.ClientSession) -> None:
    json_type = {"Content-Type": "application/json"}
    async with http.post("/act", data=b"{", headers=json_type) as answer:
        assert (answer.status, "not JSON" in await answer.text()) == (400, True)
    async with http.post("/act", data=b'{"act": "mend"}') as answer:
        assert answer.status == 415


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Host": "evil.example"}],
)
@pytest.mark.parametrize("path", ["/", "/state", "/truth", "/live", "/act"])
async def test_http_of_another_site_is_refused_everywhere(
    site: Site, http: aiohttp.ClientSession, path: str, headers: dict[str, str]
) -> None:
    method = "POST" if path == "/act" else "GET"
    body = b'{"act": "estop", "on": true}'
    kind = {"Content-Type": "application/json"}
    async with http.request(method, path, data=body, headers={**kind, **headers}) as answer:
        assert answer.status == 403
    assert not site.bench_unit.state()["switches"]["estop"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/bench.js", 200),
        ("/bench.css", 200),
        ("/favicon.ico", 204),
        ("/state", 200),
        ("/truth", 200),
        ("/truth?rows=many", 400),
        ("/act", 405),
        ("/nothing", 404),
    ],
)
async def test_http_every_answer_carries_the_strict_headers(
    http: aiohttp.ClientSession, path: str, status: int
) -> None:
    async with http.get(path) as answer:
        assert answer.status == status
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_truth_times_are_those_of_this_machines_monotonic_clock(
    site: Site, http: aiohttp.ClientSession
) -> None:
    await site.booted.wait()
    site.unit.stick_host_output(True)
    before_ns = time.monotonic_ns()
    assert site.unit.fire_unasked()
    await asyncio.sleep(0.01)
    after_ns = time.monotonic_ns()
    async with http.get("/truth") as answer:
        truth = await answer.json()
    [pulse] = truth["pulses"]
    assert truth["pulses_total"] == truth["pulses_since"] == 1
    assert before_ns <= pulse["at_ns"] == truth["last_pulse_ns"] <= after_ns
    assert not pulse["is_asked"]
    assert truth["last_pulse_age_ns"] == truth["now_ns"] - truth["last_pulse_ns"] > 0
    assert truth["wires"]["gate"][0]["value"] == 0
    assert any(mark["text"].startswith("mcu running") for mark in truth["marks"])


async def test_truth_holds_lamps_and_sounder_as_the_pi_drives_them(
    site: Site, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    _, writer = await asyncio.open_unix_connection(str(tmp_path / "tms-gpio.sock"))
    writer.write(encode("drive", {21: True, 26: True}))
    await asyncio.sleep(0.05)
    writer.transport.abort()
    await asyncio.sleep(0.05)
    async with http.get("/truth") as answer:
        wires = (await answer.json())["wires"]
    for name in ("lamp_fault", "sounder"):
        assert [row["value"] for row in wires[name]][-2:] == [1, 0]
    assert not any(row["value"] for row in wires["lamp_ready"])


async def test_truth_since_a_moment_leaves_older_rows_out(
    site: Site, http: aiohttp.ClientSession
) -> None:
    site.unit.stick_host_output(True)
    site.unit.fire_unasked()
    await asyncio.sleep(0.01)
    site.unit.kernel.sync()
    async with http.get(f"/truth?since_ns={site.unit.kernel.now_ns}") as answer:
        truth = await answer.json()
    assert (truth["pulses_total"], truth["pulses_since"], truth["pulses"]) == (1, 0, [])


async def test_live_sends_whole_states_at_once_and_after_an_act(
    site: Site, http: aiohttp.ClientSession
) -> None:
    async with http.ws_connect("/live") as live:
        first = json.loads(await live.receive_str(timeout=2))
        assert first["switches"]["door"] is False
        await act(http, act="door", open=True)
        second = json.loads(await live.receive_str(timeout=2))
        if not second["switches"]["door"]:  # one state may have been under way
            second = json.loads(await live.receive_str(timeout=2))
        assert second["switches"]["door"] is True
