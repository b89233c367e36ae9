"""The production entry point: configuration, hardware adapters, the service, an HTTP site.

`tms-edge serve` and `python -m edge` end here. Everything below build_app is the same in the
simulator. SIGTERM and SIGINT stop it: pulses first, then the site, then the store.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from pathlib import Path

import structlog
from aiohttp import web

from edge.adapters.clinic_http import ClinicHttpClient
from edge.adapters.disk_space import StoreDisk
from edge.adapters.entropy import SystemEntropy
from edge.adapters.gpio_host_enable import GpioHostEnable
from edge.adapters.gpio_indicators import GpioIndicators
from edge.adapters.gpio_panel import GpioPanel
from edge.adapters.gpio_thermometer import GpioThermometer
from edge.adapters.key_file import load_link_key
from edge.adapters.machine_boot import machine_boot
from edge.adapters.pin_hash import InlinePins, ThreadedPins
from edge.adapters.serial_link import SerialLinkOpener
from edge.adapters.service_manager import SystemdNotifier
from edge.adapters.signing_key import Ed25519Signer, open_signer
from edge.adapters.system_clock import SystemClock
from edge.api.page import read_page
from edge.api.server import make_runner
from edge.app import App, build_app
from edge.blackbox.stage import RecordedStage
from edge.config import Config, SafetyConfig, SerialConfig
from edge.config_load import load_config
from edge.open_box import open_black_box
from edge.ports import Adapters, KeyFileError
from edge.services.library import ProtocolLibrary, read_library_files
from edge.store_file import open_store
from edge.version import SOFTWARE_VERSION

log = structlog.get_logger("edge")


def set_up_logging() -> None:
    """One JSON line an event on standard error."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.dict_tracebacks,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def open_link_key(config: SerialConfig) -> bytes:
    """b"" when it cannot be read: records and clinic go on, the controller is not used."""
    try:
        return load_link_key(Path(config.link_key_path))
    except KeyFileError as error:
        log.error("no link key", why=str(error))  # noqa: TRY400 - the sentence says it all
        return b""


def open_signing_key(config: SafetyConfig) -> Ed25519Signer:
    """The key that signs certificates; made at the first start. Raises KeyFileError in words."""
    return open_signer(Path(config.signing_key_path))


async def serve(config: Config) -> None:
    """Run the service until a signal or a failure. Raises what the start-up found wrong."""
    library_files = read_library_files(Path(config.protocols.path))
    library = ProtocolLibrary.load(library_files, config.protocols.trusted_keys)
    signer = open_signing_key(config.safety)
    store = open_store(config.store)
    if store.repair[1]:
        log.warning("the store was repaired", what=store.repair[1])
    clinic = ClinicHttpClient(config.clinic.base_url, config.clinic.ca_path)
    host_enable = GpioHostEnable(config.gpio)
    thermometer = GpioThermometer(config.gpio)
    panel, indicators = GpioPanel(config.gpio), GpioIndicators(config.gpio)
    notifier = SystemdNotifier()
    link_key, boot = open_link_key(config.serial), machine_boot()
    box = open_black_box(config, library_files, machine_boot=boot, has_link_key=bool(link_key))
    stage = box.stage
    adapters = stage.adapters(
        Adapters(
            link=SerialLinkOpener(config.serial.device, config.serial.baud),
            panel=panel,
            indicators=indicators,
            host_enable=host_enable,
            thermometer=thermometer,
            store=store,
            wall_clock=SystemClock(),
            entropy=SystemEntropy(),
            clinic=clinic,
            service_manager=notifier,
            disk=StoreDisk(Path(config.store.path)),
            signer=signer,
            machine_boot=boot,
            tracks=box.tracks,
            recordings=box.recordings,
        )
    )
    app = stage.build(
        lambda: build_app(
            config,
            adapters,
            library=library,
            pins=stage.pins(ThreadedPins(InlinePins())),
            page=read_page(Path(config.kiosk.page_dir)),
            software_version=SOFTWARE_VERSION,
            link_key=link_key,
            doors=stage.doors,
        )
    )
    try:
        await _run_site(app, stage, config, notifier)
    finally:
        box.close("stopped")
        host_enable.close()
        thermometer.close()
        panel.close()
        indicators.close()
        await clinic.close()
        store.close()


async def _run_site(
    app: App, stage: RecordedStage, config: Config, notifier: SystemdNotifier
) -> None:
    runner = make_runner(app.web)
    await runner.setup()
    site = web.TCPSite(runner, config.kiosk.host, config.kiosk.port)
    running = stage.run(app.run)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stage.cancel)
    try:
        await site.start()
        notifier.notify("READY=1")
        log.info("ready", address=f"http://{config.kiosk.host}:{config.kiosk.port}")
        await asyncio.shield(running)
    except asyncio.CancelledError:
        log.info("stopping", reason="signal")
    finally:
        notifier.notify("STOPPING=1")
        stage.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await runner.cleanup()


def main(path: str) -> None:
    """Serve the configuration at path."""
    set_up_logging()
    asyncio.run(serve(load_config(Path(path).read_text(encoding="utf-8"))))


if __name__ == "__main__":
    main(sys.argv[1])
