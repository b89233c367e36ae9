"""The safety test of a simulated run, as if somebody had made it before the doors opened.

Runs before the edge serves, because the database has one owner at a time, and after the accounts,
which make its key. Without it the run begins as a real morning does: with the safety test.
"""

from __future__ import annotations

from pathlib import Path

from edge.__main__ import open_signing_key
from edge.adapters.machine_boot import machine_boot
from edge.adapters.system_clock import SystemClock
from edge.config_load import load_config
from edge.ports import KeyFileError, StoreError
from edge.store_file import open_store
from hw_sim.certificate import grant
from hw_sim.realtime.run_files import RunError


def grant_certificate(path: Path, *, image_hash: str = "") -> None:
    """For the unit of this configuration. On a running loop. Raises RunError."""
    config = load_config(path.read_text())
    try:
        store = open_store(config.store)
        try:
            grant(
                store,
                open_signing_key(config.safety),
                SystemClock(),
                unit_id=config.unit.unit_id,
                settings_hash=config.settings_hash,
                valid_h=config.safety.safety_test_valid_h,
                image_hash=image_hash,
                machine_boot=machine_boot(),
                is_renewed=True,
            )
        finally:
            store.close()
    except (StoreError, KeyFileError) as error:
        raise RunError(f"The certificate could not be made: {error}") from error
