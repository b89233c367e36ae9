# The loader on real files with a stand-in for the chip: outputs before anything else, which slot
# runs, and what happens when it ends, raises, or is damaged. Runs on both interpreters.
import sys

from firmware.board import files as files_module
from firmware.board import slots as slots_module
from firmware.board.files import Files
from firmware.board.pins import GP_LED, GP_UART_TX, OUTPUTS_LOW, ROWS
from firmware.compat import TYPE_CHECKING, sha256
from firmware.wire.image import manifest_line
from tests.firmware.scratch import FailingFiles, new_files

if TYPE_CHECKING:
    from typing import Any

APP = b"""
def main(choice, watchdog):
    import machine
    machine.log.append(("app", %s, choice.slot, choice.root, choice.is_trial, choice.image_hash8))
    %s
"""


OUTPUTS = [
    row[0] for row in ROWS if row[2] in ("out", "pwm") and row[0] not in (GP_UART_TX, GP_LED)
]


class FakeMachine:
    # What the loader does, in its order.

    def __init__(self) -> None:
        self.log: "list[Any]" = []
        machine = self

        class Pin:
            OUT = 1

            def __init__(self, gp: int, mode: int, value: int) -> None:
                assert mode == Pin.OUT
                self.gp = gp
                machine.log.append(("pin", gp, value))

            def toggle(self) -> None:
                machine.log.append(("toggle", self.gp))

        class WDT:
            def __init__(self, timeout: int) -> None:
                machine.log.append(("watchdog", timeout))

            def feed(self) -> None:
                machine.log.append(("feed",))

        class Timer:
            def __init__(self, period: int, callback: "Any") -> None:
                machine.log.append(("timer", period))
                callback(self)

        self.Pin = Pin
        self.WDT = WDT
        self.Timer = Timer


class Reset(BaseException):
    pass


def _root(app: str = "pass") -> "tuple[FailingFiles, str]":
    # A board with the factory folder only; app is the last line of its main().
    files = new_files()
    files.mkdir("firmware")
    files.mkdir("firmware/board")
    for module, name in ((files_module, "files"), (slots_module, "slots")):
        source = Files("").read(str(module.__file__))
        assert source is not None
        files.write("firmware/board/%s.py" % name, source)
    files.write("firmware/__init__.py", b"")
    files.write("firmware/app.py", APP % (b"0", app.encode()))
    return files, files._root


def _stage(files: FailingFiles, slot: int, number: int, app: str = "pass") -> bytes:
    # A whole image in a slot; returns its hash as the loader tells it.
    image = (("__init__.py", b""), ("app.py", APP % (b"%d" % number, app.encode())))
    folder = slots_module.NAMES[slot]
    files.mkdir(folder)
    files.mkdir(folder + "/firmware")
    manifest = b""
    for name, data in image:
        files.write(slots_module.file_path(slot, name), data)
        manifest += manifest_line(sha256(data).digest(), len(data), name)
    files.write(slots_module.manifest_path(slot), manifest)
    return sha256(manifest).digest()[:8]


def _loader() -> "Any":
    # By name: it has imports of its own that only a board can fulfil.
    __import__("firmware.main")
    return sys.modules["firmware.main"]


def _boot(root: str) -> "list[Any]":
    # One reset; what was done until the watchdog would bite or the prompt comes.
    machine = FakeMachine()
    told: "list[Any]" = machine.log
    kept = dict(sys.modules)
    path = list(sys.path)
    sys.modules["machine"] = machine  # type: ignore[assignment]
    sys.modules.pop("firmware.main", None)
    loader = _loader()
    loader.machine = machine
    loader.tell = lambda error: told.append(("told", error.__class__.__name__))
    loader.wait_for_reset = lambda: told.append(("waits for reset",))
    for name in kept:
        if name == "firmware" or name.startswith("firmware."):
            sys.modules.pop(name, None)
    try:
        loader.run(root)
    finally:
        for name in list(sys.modules):
            if name not in kept or name.startswith("firmware"):
                sys.modules.pop(name)
        sys.modules.update(kept)
        sys.path[:] = path
    return told


def _pins_low() -> "list[tuple[str, int, int]]":
    return [("pin", gp, 0) for gp in OUTPUTS]


def _apps(log: "list[Any]") -> "list[Any]":
    return [entry for entry in log if entry[0] == "app"]


def test_outputs_go_low_before_anything_else_and_the_watchdog_runs_before_the_application() -> None:
    root = _root()[1]

    log = _boot(root)

    count = len(OUTPUTS)
    assert sorted(log[:count]) == sorted(_pins_low())
    assert log[count] == ("watchdog", 8000)
    assert log[count + 1] == ("app", 0, 0, "", False, bytes(8))


def test_application_that_ends_by_itself_leaves_outputs_low_and_waits_for_the_reset() -> None:
    root = _root()[1]

    log = _boot(root)

    assert sorted(log[-len(OUTPUTS) - 1 : -1]) == sorted(_pins_low())
    assert log[-1] == ("waits for reset",)
    assert ("feed",) not in log


def test_application_that_raises_leaves_outputs_low_and_waits_for_the_reset() -> None:
    for error in ("raise ValueError('x')", "raise SystemExit", "import nothing_of_this_name"):
        root = _root(error)[1]

        log = _boot(root)

        count = len(OUTPUTS)
        assert sorted(log[-count - 2 : -2]) == sorted(_pins_low()), error
        assert log[-2][0] == "told"
        assert log[-1] == ("waits for reset",)


def test_interrupt_at_the_prompt_leaves_outputs_low_and_keeps_the_prompt_up() -> None:
    root = _root("raise KeyboardInterrupt")[1]

    log = _boot(root)

    count = len(OUTPUTS)
    assert sorted(log[-count - 2 : -2]) == sorted(_pins_low())
    assert log[-2:] == [("timer", 1000), ("feed",)]


def test_kept_slot_runs_instead_of_the_factory_folder() -> None:
    files, root = _root()
    hash8 = _stage(files, 1, 11)
    files.write(slots_module.GOOD, b"A")

    assert _apps(_boot(root)) == [("app", 11, 1, "A", False, hash8)]


def test_trial_that_crashes_gives_way_to_the_kept_slot() -> None:
    files, root = _root()
    _stage(files, 1, 11)
    _stage(files, 2, 22, "raise ValueError('x')")
    files.write(slots_module.GOOD, b"A")
    files.write(slots_module.TRY, b"B 0")

    ran = [_apps(_boot(root))[0][1] for _ in range(4)]

    assert ran == [22, 22, 11, 11]


def test_damaged_slot_is_never_imported() -> None:
    files, root = _root()
    _stage(files, 2, 22)
    files.write(slots_module.GOOD, b"B")
    files.append("B/firmware/app.py", b"\n")

    assert _apps(_boot(root))[0][1] == 0


def test_nothing_to_run_blinks_and_leaves_the_prompt_free() -> None:
    files = new_files()

    log = _boot(files._root)

    assert log[-3:] == [("pin", GP_LED, 1), ("timer", 150), ("toggle", GP_LED)]
    assert ("watchdog", 8000) not in log
    assert sorted(log[: len(OUTPUTS)]) == sorted(_pins_low())


def test_damaged_factory_folder_does_not_stop_the_loader() -> None:
    for damage in (b"this is no Python", b"raise MemoryError", b""):
        files, root = _root()
        files.write("firmware/board/slots.py", damage)

        log = _boot(root)

        assert [entry for entry in log if entry[0] == "told"]
        assert log[-1] == ("toggle", GP_LED)


def test_loader_knows_every_output() -> None:
    before = sys.modules.get("machine")
    sys.modules["machine"] = FakeMachine()  # type: ignore[assignment]
    loader = _loader()
    sys.modules.pop("machine")
    if before is not None:
        sys.modules["machine"] = before

    assert sorted(loader.OUTPUTS) == sorted(OUTPUTS)
    assert loader.OUTPUTS[: len(OUTPUTS_LOW)] == OUTPUTS_LOW
    assert loader.LED == GP_LED
