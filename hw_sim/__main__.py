"""`python -m hw_sim`: the simulator's command line.

run: everything in real time for people; unit, clinic: one part of that as a process; session,
explore, bench: the whole system in virtual time. Parses and hands over; imports what is needed
only when it is asked for, so that --help stays quick.
"""

from __future__ import annotations

import asyncio
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Simulated TMS unit: real time for people, virtual time for proofs.",
)

Port = Annotated[int, typer.Option(min=1, max=65535)]


class Coil(Enum):
    """Coil that the unit is fitted with."""

    FIGURE8_COOLED = "figure8_cooled"
    FIGURE8 = "figure8"


@app.command()
def run(
    folder: Annotated[Path, typer.Option("--dir", help="Folder of this run.")] = Path("build/run"),
    seed: Annotated[int, typer.Option(help="Seed of the simulated unit.")] = 1,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the chair's page.")] = 8080,
    bench_port: Annotated[int, typer.Option(min=1, max=65535, help="Bench panel.")] = 8090,
    clinic_port: Annotated[int, typer.Option(min=1, max=65535, help="Clinic server.")] = 8070,
    coil: Coil = Coil.FIGURE8_COOLED,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget earlier runs first.")] = False,
    certificate: Annotated[
        bool,
        typer.Option(
            "--certificate/--without-certificate",
            help="Begin with a safety test that holds, or with one that is due.",
        ),
    ] = True,
) -> None:
    """Start unit, clinic and edge in real time, and print the address to open."""
    from rich.console import Console

    from hw_sim.realtime.run import RunOptions, run_everything
    from hw_sim.realtime.run_files import Ports

    options = RunOptions(
        folder=folder.resolve(),
        seed=seed,
        coil=coil.value,
        ports=Ports(kiosk=port, bench=bench_port, clinic=clinic_port),
        is_fresh=fresh,
        has_certificate=certificate,
    )
    raise typer.Exit(asyncio.run(run_everything(options, Console())))


@app.command()
def unit(
    folder: Annotated[Path, typer.Option("--dir", help="Folder of the unit's device files.")],
    seed: Annotated[int, typer.Option(help="Seed of noise and contacts.")] = 1,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the bench panel.")] = 8090,
    coil: Coil = Coil.FIGURE8_COOLED,
    unit_id: Annotated[str, typer.Option(help="What the unit calls itself.")] = "SIM-0001",
) -> None:
    """The simulated unit alone: serial line, GPIO wires, bench panel."""
    from hw_sim.realtime import unit_process

    options = unit_process.UnitOptions(folder.resolve(), seed, coil.value, port, unit_id)
    raise typer.Exit(unit_process.main(options))


@app.command()
def clinic(
    folder: Annotated[Path, typer.Option("--dir", help="Folder of the clinic's data.")],
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8070,
    seed: Annotated[int, typer.Option(help="Seed of the patients.")] = 1,
    unit_id: Annotated[str, typer.Option(help="Unit that the appointments are for.")] = "SIM-0001",
    time_zone: str = "Europe/Berlin",
) -> None:
    """The simulated clinic server alone, with patients and appointments of today."""
    from hw_sim.clinic import server

    server.serve(port, folder.resolve(), unit_id=unit_id, seed=seed, time_zone=time_zone)


@app.command()
def session(
    protocol: Annotated[str, typer.Option(help="Protocol of the library.")] = "itbs-600",
    seed: Annotated[int, typer.Option(help="Seed of everything.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    record: Annotated[Path | None, typer.Option(help="Folder for its black box.")] = None,
) -> None:
    """One session of the whole system in virtual time, counted at the coil."""
    from hw_sim.session import run_session

    status = run_session(protocol=protocol, seed=seed, as_json=as_json, record=record)
    raise typer.Exit(status)


@app.command()
def explore(
    seconds: Annotated[float, typer.Option(help="How long to go on.")] = 60.0,
    seeds: Annotated[int | None, typer.Option(help="How many sessions, instead.")] = None,
    seed: Annotated[int, typer.Option(help="The first seed.")] = 1,
    fault: Annotated[str, typer.Option(help="A number or id that strikes in each.")] = "",
    plan: Annotated[Path | None, typer.Option(help="Play this plan or failure again.")] = None,
    plant: Annotated[str, typer.Option(help="Plant this bug of hw_sim/plants first.")] = "",
    cores: Annotated[int, typer.Option(help="Processes; 0: one for each core.")] = 0,
    json_path: Annotated[Path | None, typer.Option("--json", help="Write the summary.")] = None,
) -> None:
    """Random whole sessions with faults in virtual time, judged at the coil."""
    from hw_sim.explore.runner import Request
    from hw_sim.explore.runner import explore as run_seeds

    request = Request(
        seconds=seconds,
        seeds=seeds,
        first_seed=seed,
        fault=fault,
        plan=plan,
        plant=plant,
        cores=cores,
        json_path=json_path,
    )
    raise typer.Exit(run_seeds(request))


@app.command()
def faults(
    out: Annotated[Path | None, typer.Argument(help="Write summary and every pair.")] = None,
    only: Annotated[str | None, typer.Option(help="One fault, such as G66a.")] = None,
    state: Annotated[str | None, typer.Option(help="One state of a visit, such as train.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of everything.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Every fault of the catalogue in every state of a visit, in virtual time."""
    from hw_sim.faults.campaign import campaign

    status = campaign(only=only, state=state, seed=seed, json_path=out, as_json=as_json)
    raise typer.Exit(status)


@app.command()
def cuts(
    json_path: Annotated[Path | None, typer.Argument(help="Write summary and every cut.")] = None,
    at: Annotated[int | None, typer.Option(min=1, max=600, help="One pulse alone.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of everything.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """One session cut at each of its 600 pulses, resumed or settled, judged at the coil."""
    from hw_sim.cuts import campaign

    every = range(1, 601) if at is None else (at,)
    raise typer.Exit(campaign(cuts=every, seed=seed, json_path=json_path, as_json=as_json))


@app.command()
def replay(
    recording: Annotated[str, typer.Argument(help="A recording's file, or a session's number.")],
    folder: Annotated[Path | None, typer.Option("--dir", help="The unit's recordings.")] = None,
    key: Annotated[Path | None, typer.Option(help="The unit's store key, if it is sealed.")] = None,
    until: Annotated[float | None, typer.Option(help="Stop at this second of its clock.")] = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="What is whole of a torn one.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Play a black box's recording through the product again and compare every event."""
    from hw_sim.replay.command import replay as run_replay
    from hw_sim.session import quiet_logging

    quiet_logging()
    status = run_replay(
        recording,
        folder=folder,
        key_path=key,
        until_s=until,
        is_partial=partial,
        as_json=as_json,
    )
    raise typer.Exit(status)


@app.command()
def month(
    json_path: Annotated[Path | None, typer.Option("--json", help="Write every day.")] = None,
    days: Annotated[int, typer.Option(min=1, help="Working days.")] = 20,
    sessions: Annotated[int, typer.Option(min=1, max=9, help="Sessions a day.")] = 3,
) -> None:
    """A month of recorded sessions with faults and restarts; each replays to the same hash."""
    from hw_sim.replay.month import month as run_month

    raise typer.Exit(run_month(days=days, sessions=sessions, json_path=json_path))


@app.command()
def plants(
    only: Annotated[str | None, typer.Option(help="One plant, such as door-ignored.")] = None,
    json_path: Annotated[Path | None, typer.Option("--json", help="Write the outcomes.")] = None,
) -> None:
    """Every planted bug in its scene: is it found, by which invariant, after how many seconds."""
    from hw_sim.plants.campaign import campaign

    raise typer.Exit(campaign(only=only, json_path=json_path))


@app.command()
def heat(
    json_path: Annotated[Path | None, typer.Option("--json", help="Write the figures.")] = None,
    share: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Of the campaign's seeds, for a quick look.")
    ] = 1.0,
) -> None:
    """Thermal look-ahead: reference figures, spread coils, stopped pumps, clean sessions."""
    from hw_sim.heat.campaign import Sizes, run_campaign

    raise typer.Exit(run_campaign(json_path=json_path, sizes=Sizes().scaled(share)))


@app.command()
def durability(
    json_path: Annotated[Path | None, typer.Option("--json", help="Write the table.")] = None,
) -> None:
    """Power cut or failure at every operation of the card, with good settings and bad ones."""
    from hw_sim.card.durability import campaign

    raise typer.Exit(campaign(json_path=json_path))


@app.command()
def crash(
    only: Annotated[str | None, typer.Option(help="One visit: normal, paused or faulted.")] = None,
    every: Annotated[int, typer.Option(min=1, help="Take every so-many-th point only.")] = 1,
    seed: Annotated[int, typer.Option(help="Seed of everything.")] = 1,
    json_path: Annotated[Path | None, typer.Option("--json", help="Write the summary.")] = None,
) -> None:
    """Kill, power cut and failing card at every point of three reference visits."""
    from hw_sim.crash.campaign import campaign

    raise typer.Exit(campaign(only=only, every=every, seed=seed, json_path=json_path))


@app.command()
def publish(
    folder: Annotated[
        Path, typer.Option("--dir", help="Where the campaigns left their results.")
    ] = Path("build"),
) -> None:
    """Write docs/reliability.md out of what the campaigns have found."""
    from hw_sim.published import publish as write

    raise typer.Exit(write(folder))


@app.command()
def bench(
    json_path: Annotated[Path | None, typer.Option("--json", help="Write the figures.")] = None,
) -> None:
    """Speed of the simulation and of the service's hot paths on this machine."""
    from hw_sim.bench import bench as run_bench

    raise typer.Exit(run_bench(json_path))


if __name__ == "__main__":
    app(prog_name="python -m hw_sim")
