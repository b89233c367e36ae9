"""The demo accounts of a simulated run, made through the edge's own command line.

Runs before the edge serves, because the database has one owner at a time. An account that exists
already is left alone. The PINs are printed: they guard nothing but a simulated unit.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hw_sim.realtime.run_files import RunError

PATIENCE_S: Final = 30.0


@dataclass(frozen=True)
class DemoAccount:
    """Log-in of one role."""

    user_id: str
    name: str
    role: str
    pin: str


DEMO_ACCOUNTS: Final = (
    DemoAccount("maria", "Maria Keller", "technician", "2468"),
    DemoAccount("jonas", "Jonas Brandt", "engineer", "1357"),
    DemoAccount("lee", "Dr. Susan Lee", "clinician", "8642"),
)


async def seed_accounts(
    edge: list[str], config: Path, accounts: tuple[DemoAccount, ...] = DEMO_ACCOUNTS
) -> None:
    """Add those missing in the run's database. Raises RunError with the edge's words.

    edge is the command that starts the edge's command line.
    """
    at = ("--config", str(config))
    listing = [*edge, "accounts", "list", "--json", *at]
    people = json.loads(await _call("The accounts could not be listed", listing))
    known = [person["user_id"] for person in people]
    for account in accounts:
        if account.user_id not in known:
            argv = [*edge, "accounts", "add", account.user_id, "--name", account.name]
            argv += ["--role", account.role, *at, "--pin-stdin", "--if-missing"]
            await _call(f"The account {account.user_id} could not be made", argv, account.pin)


async def _call(failure: str, argv: list[str], stdin: str = "") -> str:
    """Run one command; its output. Raises RunError."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            output, complaints = await process.communicate(f"{stdin}\n".encode())
    except TimeoutError as error:
        raise RunError(f"{failure}: no answer within {PATIENCE_S:.0f} s") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        words = (output + complaints).decode(errors="replace").strip()
        raise RunError(f"{failure}: {words[-2000:]}")
    return output.decode(errors="replace")
