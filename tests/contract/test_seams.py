"""Nothing below an entry point reads a clock, a die, a file, a socket or a thread by itself.

What a run in virtual time depends on is its seed: the seams of docs/exploring.md are the only ways
in. This looks at every module of the product that runs in the simulation, and of the simulator
itself where it plays the world; planted leaks show that it sees them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Whole modules that nobody below an entry point may import.
_MODULE_NAMES = """
    time random secrets socket threading multiprocessing subprocess tempfile os signal select ssl
    shutil platform locale glob pathlib concurrent io ctypes fcntl getpass sqlite3
"""
MODULES = frozenset(_MODULE_NAMES.split())
# Calls that bring in the outside, by the last parts of their name.
_CALL_NAMES = """
    open input id datetime.now datetime.utcnow datetime.today date.today uuid.uuid1 uuid.uuid4 uuid4
    asyncio.to_thread loop.run_in_executor loop.getaddrinfo asyncio.all_tasks
    asyncio.create_subprocess_exec asyncio.open_connection
"""
CALLS = frozenset(_CALL_NAMES.split())
# Folders and files that run inside a simulated run, and what each of them may have all the same.
PRODUCT = {
    "edge/domain": (),
    "edge/mcu": (),
    "edge/services": (),
    "edge/api": (),
    "edge/app.py": (),
    "edge/ports.py": (),
    "firmware/core": (),
    "firmware/wire": (),
}
WORLD = {
    "hw_sim/plant": ("random",),
    "hw_sim/clinic": ("random",),
    "hw_sim/card": ("random",),
    "hw_sim/kernel.py": ("random",),
    "hw_sim/vtime.py": ("random", "threading", "asyncio.all_tasks"),
    "hw_sim/link.py": ("random",),
    "hw_sim/mcu.py": (),
    "hw_sim/sim_hal.py": ("random",),
    "hw_sim/unit.py": (),
    "hw_sim/recorder.py": (),
    "hw_sim/wire_watch.py": (),
    "hw_sim/edge_doors.py": (),
    "hw_sim/contact_hand.py": (),
    "hw_sim/kiosk_robot.py": (),
}
# Single files: what they may do, and why it is no leak.
REASONS = {
    "edge/api/page.py": ({"pathlib"}, "read_page() is for entry points, once at start"),
    "edge/api/export_schema.py": ({"pathlib"}, "an entry point: writes the page's types"),
    "hw_sim/clinic/fhir_server.py": ({"pathlib"}, "a shelf on disk is for the real-time clinic"),
    "hw_sim/clinic/shelf.py": ({"pathlib"}, "the same"),
    "hw_sim/clinic/server.py": (
        {"pathlib", "signal", "datetime.now"},
        "the entry point of the real-time clinic",
    ),
    "hw_sim/card/durability.py": ({"pathlib"}, "a campaign: writes its table"),
}


def files(names: dict[str, tuple[str, ...]]) -> Iterator[tuple[Path, frozenset[str]]]:
    for name, allowed in names.items():
        path = ROOT / name
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            more, _why = REASONS.get(file.relative_to(ROOT).as_posix(), (set(), ""))
            yield file, frozenset(allowed) | more


def leaks(source: str, allowed: frozenset[str]) -> list[str]:
    """What this module takes from outside the seams."""
    tree = ast.parse(source)
    found = [name for node in ast.walk(tree) for name in _of(node)]
    return sorted({name for name in found if name not in allowed})


def _of(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (a.name.split(".")[0] for a in node.names if a.name.split(".")[0] in MODULES)
    elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
        if node.module.split(".")[0] in MODULES:
            yield node.module.split(".")[0]
    elif isinstance(node, ast.Call):
        name = ".".join(_dotted(node.func)[-2:])
        short = _dotted(node.func)[-1:]
        if name in CALLS or (isinstance(node.func, ast.Name) and short[0] in CALLS):
            yield name
    elif isinstance(node, ast.For | ast.comprehension) and _is_set(node.iter):
        yield "a set that is gone through"


def _dotted(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Attribute):
        return [*_dotted(node.value), node.attr]
    return [node.id] if isinstance(node, ast.Name) else ["?"]


def _is_set(node: ast.AST) -> bool:
    """Written as a set on the spot: its order is not part of the seed."""
    is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    is_made = is_call and node.func.id in ("set", "frozenset")  # type: ignore[attr-defined]
    return isinstance(node, ast.Set | ast.SetComp) or is_made


@pytest.mark.parametrize("names", [PRODUCT, WORLD], ids=["product", "world"])
def test_everything_from_outside_comes_through_a_seam(names: dict[str, tuple[str, ...]]) -> None:
    found = {
        file.relative_to(ROOT).as_posix(): leak
        for file, allowed in files(names)
        if (leak := leaks(file.read_text(), allowed))
    }

    assert found == {}


def test_what_is_allowed_is_used() -> None:
    """An exception that nobody needs any more is a hole."""
    everything = {
        file.relative_to(ROOT).as_posix(): set(leaks(file.read_text(), frozenset()))
        for file, _ in files(PRODUCT | WORLD)
    }

    for name, (allowed, _why) in REASONS.items():
        assert allowed <= everything[name], name


@pytest.mark.parametrize(
    ("planted", "leak"),
    [
        ("import time\ntime.monotonic()", "time"),
        ("from random import random", "random"),
        ("from concurrent.futures import ThreadPoolExecutor", "concurrent"),
        ("import datetime\ndatetime.datetime.now()", "datetime.now"),
        ("async def f(loop): await loop.run_in_executor(None, f)", "loop.run_in_executor"),
        ("data = open('x').read()", "open"),
        ("import uuid\nuuid.uuid4()", "uuid.uuid4"),
        ("for x in {1, 2}: print(x)", "a set that is gone through"),
        ("a = [x for x in set(b)]", "a set that is gone through"),
        ("order = sorted(b, key=lambda o: id(o))", "id"),
    ],
)
def test_planted_leak_is_found(planted: str, leak: str) -> None:
    assert leaks(planted, frozenset()) == [leak]


@pytest.mark.parametrize(
    "clean",
    [
        "import uuid\nuuid.uuid5(a, 'b')",
        "async def f(self): await self.link.open()",
        "now = self.clock.now()",
        "for x in sorted({1, 2}): print(x)",
        "is_there = x in {1, 2}",
    ],
)
def test_clean_code_is_left_alone(clean: str) -> None:
    assert leaks(clean, frozenset()) == []
