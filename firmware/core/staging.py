# The update of the firmware as the controller sees it: the order in which an image may arrive, its
# bounds, and the manifest that is worked out here while it arrives. Every wrong step has a code and
# changes nothing; a wrong hash or a flash error ends the staging. That it is STANDBY and that the
# command is genuine has been judged before. Flash belongs to the HAL. MCU time, one context.
from firmware.compat import TYPE_CHECKING, const, sha256
from firmware.wire.codes import (
    OK,
    REJ_CAUSE,
    REJ_IMAGE,
    REJ_RANGE,
    REJ_STATE,
    REJ_STORE,
    REJ_UPDATING,
    STANDBY,
)
from firmware.wire.commands import (
    WRITE_BYTES,
    UpdateBegin,
    UpdateCommit,
    UpdateFile,
    UpdateFinish,
    UpdateTry,
    UpdateWrite,
)
from firmware.wire.image import IMAGE_FILE_BYTES_MAX, IMAGE_FILES_MAX, manifest_line, name_of
from firmware.wire.limits import IMAGE_BYTES_MAX

if TYPE_CHECKING:
    from typing import Any

    from firmware.core.hal import Hal
    from firmware.wire.message import Message

# [P] Time for the answer to leave before the chip restarts: a frame takes 2 ms at 921,600 baud, and
# the edge asks for a lost answer again after 60 ms.
RESTART_US = const(100000)


class Staging:
    # is_busy: an image is arriving or the restart into it is promised; nothing is charged then.

    def __init__(self, hal: "Hal") -> None:
        self.is_busy = False
        self._hal = hal
        self._restart_us = -1
        self._lines: "list[bytes]" = []
        self._bytes = 0  # of all files announced
        self._forget_file()

    def take(self, command: "Message", now_us: int) -> "tuple[int, int]":
        """Obey or refuse one of the six; (code, detail) of the answer."""
        if self._restart_us >= 0 and not isinstance(command, UpdateTry):
            return REJ_UPDATING, 0
        if isinstance(command, UpdateBegin):
            return self._begin()
        if isinstance(command, UpdateFile):
            return self._file(command)
        if isinstance(command, UpdateWrite):
            return self._write(command)
        if isinstance(command, UpdateFinish):
            return self._finish(command)
        if isinstance(command, UpdateTry):
            return self._try(now_us)
        assert isinstance(command, UpdateCommit)
        return self._commit()

    def drop(self) -> None:
        """Forget an image half received. A promised restart stays promised."""
        self.is_busy = self._restart_us >= 0
        self._lines = []
        self._bytes = 0
        self._forget_file()

    def restart_due(self, now_us: int) -> bool:
        """The answer to UpdateTry has had its time."""
        return 0 <= self._restart_us <= now_us

    def _forget_file(self) -> None:
        self._name = ""
        self._size = 0
        self._received = 0
        self._digest = b""
        self._hash: "Any" = None

    def _begin(self) -> "tuple[int, int]":
        self.drop()
        if self._hal.image()[2]:
            return REJ_STATE, STANDBY  # the other slot is what a failed trial falls back to
        if not self._hal.stage_begin():
            return REJ_STORE, 0
        self.is_busy = True
        return OK, 0

    def _is_whole(self) -> bool:
        return self._received == self._size

    def _file(self, command: UpdateFile) -> "tuple[int, int]":
        if not self.is_busy:
            return REJ_STATE, STANDBY
        name = name_of(command.name)
        if not name or not self._is_whole() or name <= self._name:
            return REJ_IMAGE, len(self._lines)
        if len(self._lines) >= IMAGE_FILES_MAX:
            return REJ_RANGE, IMAGE_FILES_MAX
        if command.file_bytes > IMAGE_FILE_BYTES_MAX:
            return REJ_RANGE, IMAGE_FILE_BYTES_MAX
        if self._bytes + command.file_bytes > IMAGE_BYTES_MAX:
            return REJ_RANGE, IMAGE_BYTES_MAX
        self._name = name
        self._size = command.file_bytes
        self._received = 0
        self._digest = command.sha256
        self._hash = sha256()
        self._bytes += command.file_bytes
        self._lines.append(manifest_line(command.sha256, command.file_bytes, name))
        return self._store(b"")  # an empty file is a file too

    def _write(self, command: UpdateWrite) -> "tuple[int, int]":
        if not self.is_busy:
            return REJ_STATE, STANDBY
        if not 0 < command.length <= WRITE_BYTES:
            return REJ_RANGE, WRITE_BYTES
        if not self._name or command.offset != self._received:
            return REJ_IMAGE, self._received
        if self._received + command.length > self._size:
            return REJ_IMAGE, self._size
        return self._store(command.data[: command.length])

    def _store(self, data: bytes) -> "tuple[int, int]":
        # To the flash and into the hash; the last byte of a file is followed by its judgement.
        if not self._hal.stage_write(self._name, data):
            self.drop()
            return REJ_STORE, 0
        self._hash.update(data)
        self._received += len(data)
        if self._is_whole() and self._hash.digest() != self._digest:
            self.drop()
            return REJ_IMAGE, 0
        return OK, self._received

    def _finish(self, command: UpdateFinish) -> "tuple[int, int]":
        if not self.is_busy:
            return REJ_STATE, STANDBY
        if not self._lines or not self._is_whole():
            return REJ_IMAGE, self._received
        manifest = b"".join(self._lines)
        self.drop()
        if sha256(manifest).digest() != command.manifest_sha256:
            return REJ_IMAGE, 0
        if not self._hal.stage_finish(manifest):
            return REJ_STORE, 0
        return OK, 0

    def _try(self, now_us: int) -> "tuple[int, int]":
        if self._restart_us >= 0:
            return OK, 0
        if self.is_busy:
            return REJ_UPDATING, 0
        if not self._hal.stage_try():
            return REJ_IMAGE, 0
        self.is_busy = True
        self._restart_us = now_us + RESTART_US
        return OK, 0

    def _commit(self) -> "tuple[int, int]":
        if not self._hal.image()[2]:
            return REJ_STATE, STANDBY
        wrong = self._hal.self_test()
        if wrong:
            return REJ_CAUSE, wrong
        if not self._hal.stage_commit():
            return REJ_STORE, 0
        return OK, 0
