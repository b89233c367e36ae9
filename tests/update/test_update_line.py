"""The whole way of an update in virtual time: edge, sealed line, real core, simulated flash."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

import pytest

from edge.cli_firmware import use_line
from edge.firmware_image import FirmwareImage
from edge.firmware_update import (
    RESTART_S,
    Controller,
    Kept,
    UpdateError,
    UpdateLine,
    commit_image,
    stage_image,
)
from edge.mcu.outcome import Done, Refused
from edge.mcu.protocol import QUICK
from firmware.wire import codes
from firmware.wire.commands import (
    Charge,
    Configure,
    Hello,
    Stop,
    UpdateBegin,
    UpdateCommit,
    UpdateFile,
    UpdateTry,
)
from firmware.wire.protocol import PROTOCOL_VERSION
from hw_sim import vtime
from hw_sim.flash import SimFlash
from hw_sim.link import LinkPlan
from hw_sim.sim_hal import SIM_LINK_KEY
from hw_sim.unit import SimUnit

T = TypeVar("T")
Act = Callable[[UpdateLine], Awaitable[T]]
IMAGE = FirmwareImage(
    version="9.9.9",
    protocol=PROTOCOL_VERSION,
    files=(("__init__.mpy", b""), ("app.mpy", bytes(range(256)) * 20), ("core/unit.mpy", b"u")),
    public_key="",
)
OTHER = FirmwareImage("9.9.8", PROTOCOL_VERSION, (("app.mpy", b"other"),), "")
LIMITS = Configure(
    settings_hash=1,
    level_pct_max=100,
    ipi_us_min=9000,
    train_pulses_max=1800,
    session_pulses_max=6000,
    surface_c10_max=410,
    winding_c10_max=800,
    heartbeat_ms_max=500,
    inputs_required=codes.INPUTS_ALL,
)
BOOT_S = 1.0


def quiet(_sent: int, _total: int) -> None:
    """No progress bar."""


def on_unit(story: Callable[[SimUnit], Awaitable[None]], *, seed: int = 1) -> None:
    async def play() -> None:
        unit = SimUnit(seed=seed)
        try:
            await asyncio.sleep(BOOT_S)
            await story(unit)
        finally:
            unit.close()

    vtime.run(play())


async def on_line(unit: SimUnit, act: Act[T], key: bytes = SIM_LINK_KEY) -> T:
    return await use_line(unit.link_opener(), key, act)


async def staged(unit: SimUnit, image: FirmwareImage = IMAGE) -> Controller:
    return await on_line(unit, partial(stage_image, image=image, progress=quiet))


async def committed(unit: SimUnit, image: FirmwareImage = IMAGE) -> Kept:
    return await on_line(unit, partial(commit_image, image=image))


async def refused(attempt: Awaitable[object]) -> str:
    with pytest.raises(UpdateError) as caught:
        await attempt
    return str(caught.value)


def flash_of(unit: SimUnit) -> SimFlash:
    return unit.hal.flash


def test_image_is_staged_tried_and_kept() -> None:
    async def story(unit: SimUnit) -> None:
        seen: list[tuple[int, int]] = []
        act = partial(stage_image, image=IMAGE, progress=lambda *step: seen.append(step))
        await on_line(unit, act)
        assert seen[-1] == (IMAGE.total_bytes, IMAGE.total_bytes)
        assert unit.hal.image() == (codes.SLOT_NONE, bytes(8), 0)  # nothing else runs yet

        kept = await committed(unit)

        assert (kept.slot, kept.image_hash) == (codes.SLOT_A, IMAGE.image_hash)
        assert unit.hal.image() == (codes.SLOT_A, IMAGE.image_hash, 0)
        unit.reboot_mcu()
        await asyncio.sleep(BOOT_S)
        assert unit.hal.image() == (codes.SLOT_A, IMAGE.image_hash, 0)

    on_unit(story)


def test_next_image_goes_to_the_other_slot() -> None:
    async def story(unit: SimUnit) -> None:
        await staged(unit)
        await committed(unit)
        await staged(unit, OTHER)
        assert (await committed(unit, OTHER)).slot == codes.SLOT_B

    on_unit(story)


def test_kept_image_is_kept_once_more_without_a_restart() -> None:
    async def story(unit: SimUnit) -> None:
        await staged(unit)
        first = await committed(unit)
        assert await committed(unit) == first

    on_unit(story)


def test_image_arrives_whole_over_a_bad_line() -> None:
    async def story(unit: SimUnit) -> None:
        unit.set_link_plan(LinkPlan(lose=0.02, corrupt=0.02, double=0.02, split=0.1, hold=0.05))
        await staged(unit)
        await committed(unit)
        assert unit.hal.image() == (codes.SLOT_A, IMAGE.image_hash, 0)

    on_unit(story, seed=5)


def test_image_that_hangs_gives_way_to_the_old_one() -> None:
    async def story(unit: SimUnit) -> None:
        await staged(unit)
        flash_of(unit).hanging.add(IMAGE.image_hash)

        words = await refused(committed(unit))

        assert "went back to the old one" in words
        assert unit.hal.image() == (codes.SLOT_NONE, bytes(8), 0)

    on_unit(story)


def test_image_with_a_bad_self_test_is_not_kept_by_either_side() -> None:
    async def story(unit: SimUnit) -> None:
        await staged(unit)
        unit.hal.faults.self_test_bits = codes.SELF_TEST_SENSORS

        words = await refused(committed(unit))
        assert "its self-test found: sensors" in words

        async def insist(line: UpdateLine) -> None:
            await line.greet()
            assert isinstance(await line.ask(UpdateCommit(), QUICK), Refused)

        await on_line(unit, insist)
        assert unit.hal.image()[2] == 1
        for _ in range(2):
            unit.power_off()
            unit.power_on()
            await asyncio.sleep(BOOT_S)
        assert unit.hal.image() == (codes.SLOT_NONE, bytes(8), 0)

    on_unit(story)


def test_commit_without_a_staged_image_is_refused() -> None:
    async def story(unit: SimUnit) -> None:
        assert "refused UpdateTry (image" in await refused(committed(unit))

    on_unit(story)


def test_image_damaged_after_staging_is_never_tried() -> None:
    async def story(unit: SimUnit) -> None:
        await staged(unit, OTHER)
        flash_of(unit).damage_slot(codes.SLOT_A)
        assert "refused UpdateTry (image" in await refused(committed(unit, OTHER))

    on_unit(story)


def test_wrong_link_key_changes_nothing() -> None:
    async def story(unit: SimUnit) -> None:
        act = partial(stage_image, image=IMAGE, progress=quiet)
        words = await refused(on_line(unit, act, key=b"k" * 32))
        assert "link key is not the controller's" in words
        assert flash_of(unit).files.list("A") == []

    on_unit(story)


def test_full_flash_is_said_and_old_firmware_stays() -> None:
    async def story(unit: SimUnit) -> None:
        unit.hal.faults.is_flash_full = True
        assert "flash did not take the image" in await refused(staged(unit))
        unit.reboot_mcu()
        await asyncio.sleep(BOOT_S)
        assert unit.hal.image() == (codes.SLOT_NONE, bytes(8), 0)

    on_unit(story)


def test_silent_controller_is_said() -> None:
    async def story(unit: SimUnit) -> None:
        unit.power_off()
        assert "does not answer" in await refused(staged(unit))

    on_unit(story)


def test_controller_that_stays_silent_after_the_restart_is_said() -> None:
    async def story(unit: SimUnit) -> None:
        await staged(unit)
        begun = asyncio.get_running_loop().time()
        task = asyncio.ensure_future(refused(committed(unit)))
        await asyncio.sleep(0.3)  # the answer, 100 ms for it to leave, and the restart
        assert unit.hal.boot_epoch == 2
        unit.power_off()
        assert "does not answer since its restart" in await task
        assert asyncio.get_running_loop().time() - begun < 2 * RESTART_S

    on_unit(story)


def test_line_cut_while_staging_leaves_the_old_firmware_and_staging_starts_over() -> None:
    async def story(unit: SimUnit) -> None:
        task = asyncio.ensure_future(refused(staged(unit)))
        await asyncio.sleep(0.05)
        unit.cut_link(is_silent=True)
        assert "stopped answering" in await task
        unit.restore_link()

        await staged(unit)
        await committed(unit)

        assert unit.hal.image()[1] == IMAGE.image_hash

    on_unit(story)


async def enabled(unit: SimUnit) -> None:
    """The edge's enable, without which nothing is charged anyway."""
    unit.stick_host_output(True)
    await asyncio.sleep(0.1)


def test_energised_controller_refuses_and_its_state_is_said() -> None:
    async def story(unit: SimUnit) -> None:
        async def charge_and_stage(line: UpdateLine) -> None:
            await line.greet()
            assert isinstance(await line.ask(LIMITS, QUICK), Done)
            assert await line.state() == codes.STANDBY
            await enabled(unit)
            assert isinstance(await line.ask(Charge(level_pct_mso=50), QUICK), Done)
            outcome = await line.ask(UpdateBegin(), QUICK)
            assert outcome == Refused("state", codes.CHARGING)
            await stage_image(line, IMAGE, quiet)

        words = await refused(on_line(unit, charge_and_stage))

        assert "The controller is in CHARGING" in words
        assert flash_of(unit).files.list("A") == []

    on_unit(story)


def test_controller_with_a_fault_takes_an_image_but_keeps_none() -> None:
    async def story(unit: SimUnit) -> None:
        unit.hal.corrupt_ledger(b"no ledger")
        unit.reboot_mcu()
        await asyncio.sleep(BOOT_S)

        await staged(unit)
        words = await refused(committed(unit))

        assert "stays in FAULT instead of STANDBY" in words
        assert unit.hal.image()[2] == 1

    on_unit(story)


def test_nothing_is_charged_while_an_image_arrives_and_stop_ends_it() -> None:
    async def story(unit: SimUnit) -> None:
        async def act(line: UpdateLine) -> None:
            await line.greet()
            assert isinstance(await line.ask(UpdateBegin(), QUICK), Done)
            await enabled(unit)
            charge = await line.ask(Charge(level_pct_mso=50), QUICK)
            assert isinstance(charge, Refused)
            assert charge.code != "ok"
            assert isinstance(await line.ask(Stop(), QUICK), Done)
            file = UpdateFile(name=b"a.py".ljust(48, b"\0"), file_bytes=1, sha256=bytes(32))
            assert await line.ask(file, QUICK) == Refused("state", codes.STANDBY)

        await on_line(unit, act)

    on_unit(story)


def test_hello_ends_the_staging_but_not_a_promised_restart() -> None:
    async def story(unit: SimUnit) -> None:
        async def act(line: UpdateLine) -> None:
            await line.greet()
            assert isinstance(await line.ask(UpdateTry(), QUICK), Done)
            assert isinstance(await line.ask(Hello(protocol=PROTOCOL_VERSION), QUICK), Done)
            await enabled(unit)
            charge = await line.ask(Charge(level_pct_mso=50), QUICK)
            assert isinstance(charge, Refused)

        await staged(unit)
        await on_line(unit, act)
        await asyncio.sleep(BOOT_S)
        assert unit.hal.image() == (codes.SLOT_A, IMAGE.image_hash, 1)

    on_unit(story)


def test_controller_of_another_version_is_updated_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def story(unit: SimUnit) -> None:
        monkeypatch.setattr("edge.firmware_update.PROTOCOL_VERSION", PROTOCOL_VERSION ^ 1)
        controller = await staged(unit)
        assert controller.head.protocol == PROTOCOL_VERSION
        monkeypatch.undo()
        assert (await committed(unit)).image_hash == IMAGE.image_hash

    on_unit(story)
