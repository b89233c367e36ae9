"""`python -m hw_sim run` as people use it: start, watch, Ctrl-C. Stubs stand for its programs."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import sys
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge.config_load import load_config
from hw_sim.realtime.accounts import DEMO_ACCOUNTS
from hw_sim.realtime.children import Child, ending
from hw_sim.realtime.run import RESTART_WINDOW_S, RESTARTS_MAX, RestartBudget
from hw_sim.realtime.run_files import Ports, RunError, check_ports, claim_folder, write_config

STUB = str(Path(__file__).with_name("run_stub.py"))
RUN = """
import asyncio, sys
from pathlib import Path
from rich.console import Console
from hw_sim.realtime.run import RunOptions, run_everything
from hw_sim.realtime.run_files import Ports
stub = (sys.executable, sys.argv[1])
ports = Ports(*map(int, sys.argv[3:6]))
options = RunOptions(Path(sys.argv[2]), 1, "figure8", ports, False, False, sim=stub, edge=stub)
sys.exit(asyncio.run(run_everything(options, Console(width=200))))
"""


def free_ports() -> Ports:
    """Three ports nobody has now."""
    probes = [socket.socket() for _ in range(3)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    kiosk, bench, clinic = (probe.getsockname()[1] for probe in probes)
    for probe in probes:
        probe.close()
    return Ports(kiosk, bench, clinic)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Started:
    """One run as a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = free_ports()
        self.process: asyncio.subprocess.Process
        self.text = ""

    async def start(self) -> None:
        ports = (self.ports.kiosk, self.ports.bench, self.ports.clinic)
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-c", RUN, STUB, str(self.folder), *map(str, ports)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )

    async def until(self, words: str) -> None:
        """Read its output up to these words."""
        assert self.process.stdout is not None
        while words not in self.text:
            data = await asyncio.wait_for(self.process.stdout.read(4096), 20)
            assert data, f"ended without {words!r}:\n{self.text}"
            self.text += data.decode()

    async def end(self) -> int:
        """Read the rest; its exit code."""
        assert self.process.stdout is not None
        self.text += (await asyncio.wait_for(self.process.stdout.read(), 20)).decode()
        return await self.process.wait()

    def pids(self) -> list[int]:
        files = sorted(self.folder.glob("*.pids"))
        return [int(line) for file in files for line in file.read_text().split()]

    async def all_gone(self) -> None:
        for _ in range(200):
            if not any(map(is_alive, self.pids())):
                return
            await asyncio.sleep(0.02)
        pytest.fail(f"orphans: {self.pids()}")


@pytest.fixture
async def started(tmp_path: Path) -> AsyncIterator[Started]:
    it = Started(tmp_path / "run")
    it.folder.mkdir()
    yield it
    if it.process.returncode is None:
        it.process.kill()
        await it.end()


@pytest.mark.process
async def test_run_prints_one_address_and_ctrl_c_ends_all_within_five_seconds(
    started: Started,
) -> None:
    """Catches a child left behind: every pid that a stub wrote down must be gone."""
    (started.folder / "clinic-ignores-sigterm").touch()
    await started.start()
    await started.until("Ctrl-C stops everything")
    assert f"Open http://127.0.0.1:{started.ports.kiosk}/" in started.text
    assert f"http://127.0.0.1:{started.ports.bench}/" in started.text
    accounts = (started.folder / "accounts.txt").read_text().splitlines()
    assert accounts == [f"{a.user_id} {a.pin}" for a in DEMO_ACCOUNTS if a.user_id != "lee"]
    assert len(started.pids()) == 3

    started.process.send_signal(signal.SIGINT)
    async with asyncio.timeout(5):
        assert await started.end() == 0
    await started.all_gone()


@pytest.mark.process
async def test_run_killed_leaves_no_orphans(started: Started) -> None:
    await started.start()
    await started.until("Ctrl-C stops everything")
    started.process.kill()
    await started.end()
    await started.all_gone()


@pytest.mark.process
async def test_run_edge_killed_is_restarted_like_an_init_system_would(started: Started) -> None:
    await started.start()
    await started.until("Ctrl-C stops everything")
    [first] = map(int, (started.folder / "edge.pids").read_text().split())
    os.kill(first, signal.SIGKILL)
    await started.until("The edge was ended by SIGKILL; restarting it.")
    for _ in range(250):
        if len((started.folder / "edge.pids").read_text().split()) == 2:
            break
        await asyncio.sleep(0.02)
    assert len((started.folder / "edge.pids").read_text().split()) == 2
    started.process.send_signal(signal.SIGTERM)
    assert await started.end() == 0
    await started.all_gone()


@pytest.mark.process
@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("unit-dies", "The unit ended with code 7."),
        ("clinic-refuses", "The clinic ended with code 3."),
        ("edge-refuses", "The edge ended with code 3."),
        ("accounts-refuses", "The accounts could not be listed: accounts says no"),
    ],
)
async def test_run_part_ended_says_which_with_its_last_lines_and_stops_all(
    started: Started, flag: str, words: str
) -> None:
    (started.folder / flag).touch()
    await started.start()
    assert await started.end() == 1
    assert words in started.text
    part, _, how = flag.partition("-")
    last = "has had enough" if how == "dies" else "says no"
    assert f"{part} {last}" in started.text
    await started.all_gone()


def test_folder_of_a_live_run_is_refused_and_of_a_dead_one_taken(tmp_path: Path) -> None:
    held = claim_folder(tmp_path, is_fresh=False)
    with pytest.raises(RunError, match="Another run uses"):
        claim_folder(tmp_path, is_fresh=False)
    os.close(held)
    os.close(claim_folder(tmp_path, is_fresh=False))


def test_folder_fresh_forgets_everything_but_the_lock(tmp_path: Path) -> None:
    (tmp_path / "store.db").touch()
    (tmp_path / "tms-serial").symlink_to("/")
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "edge.log").touch()
    os.close(claim_folder(tmp_path, is_fresh=True))
    assert sorted(item.name for item in tmp_path.rglob("*")) == ["logs", "tms-run.lock"]


def test_port_in_use_is_named_with_the_next_step() -> None:
    ports = free_ports()
    with socket.socket() as other:
        other.bind(("127.0.0.1", ports.clinic))
        other.listen()
        with pytest.raises(RunError, match=rf"Port {ports.clinic} for the clinic .*--clinic-port"):
            check_ports(ports)
    check_ports(ports)


def test_config_written_is_one_the_edge_accepts(tmp_path: Path) -> None:
    path = write_config(tmp_path, Ports(8080, 8090, 8070))
    text = path.read_text()
    config = load_config(text)
    assert config.gpio.pin_factory == "tms_sim"
    assert (config.gpio.estop_pin, config.gpio.sounder_pin) == (5, 26)
    assert config.serial.device == str(tmp_path / "tms-serial")
    assert config.kiosk.origins == ("http://127.0.0.1:8080", "http://localhost:8080")
    assert Path(config.protocols.path).is_dir()
    assert tomllib.loads(text)["limits"]["percent_mt_max"] == 120
    assert stat.S_IMODE(path.stat().st_mode) & 0o022 == 0


def test_restart_budget_is_ten_in_five_minutes() -> None:
    budget = RestartBudget()
    assert all(budget.take(float(second)) for second in range(RESTARTS_MAX))
    assert not budget.take(100.0)
    assert budget.take(RESTART_WINDOW_S + 0.5)


@pytest.mark.parametrize(
    ("code", "words"), [(0, "ended with code 0"), (-9, "was ended by SIGKILL")]
)
def test_ending_is_told_in_words(code: int, words: str) -> None:
    assert ending(code) == words


async def test_child_tail_gives_the_last_lines_only(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    child = Child("x", ("true",), log, {})
    assert child.tail() == []
    log.write_text("".join(f"line {n}\n" for n in range(5000)))
    assert child.tail()[-1] == "line 4999"
    assert len(child.tail()) == 12
