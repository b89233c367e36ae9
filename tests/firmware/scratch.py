# Empty folders for tests of what lies on the flash, on both interpreters, and files that fail when
# told to. A folder is below the system's temporary one, or at the root of the MicroPython in node.
import os

from firmware.board.files import Files

try:
    from atexit import register
    from shutil import rmtree
    from tempfile import mkdtemp

    IS_HOSTED = True
except ImportError:
    IS_HOSTED = False

_made: "list[str]" = []


def _new_folder() -> str:
    if IS_HOSTED:
        path = mkdtemp()
        register(rmtree, path, True)
    else:
        path = "/scratch%d" % len(_made)
        os.mkdir(path)  # noqa: PTH102  MicroPython has no pathlib
    _made.append(path)
    return path + "/"


def new_files() -> "FailingFiles":
    """Files in an empty folder."""
    return FailingFiles(_new_folder())


class FailingFiles(Files):
    # fail_after: so many writes are taken, the next ones are not; -1 for a healthy flash.

    def __init__(self, root: str) -> None:
        Files.__init__(self, root)
        self.fail_after = -1
        self.writes = 0
        self.is_full = False

    def _put(self, path: str, data: bytes, mode: str) -> bool:
        if self.fail_after >= 0 and self.writes >= self.fail_after:
            return False
        self.writes += 1
        return Files._put(self, path, data, mode)

    def free_bytes(self) -> int:
        return 0 if self.is_full else 1000000
