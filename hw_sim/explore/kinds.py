"""Every kind of fault that a plan can name: the campaign's catalogue and what the explorer adds.

A kind says how it is brought about, which invariants the broken metal or the broken clinic itself
breaks, and with which words it may end the service. What the right reaction is in each state is the
campaign's; here only safety and liveness are judged, with several faults at once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from hw_sim.checkers import OFF_NS_MAX
from hw_sim.explore import strikes as near
from hw_sim.explore import strikes_far as far
from hw_sim.explore.system import ExploreBench
from hw_sim.faults.campaign import number_of
from hw_sim.faults.catalogue import CATALOGUE

Strike = Callable[[ExploreBench], Awaitable[None]]
DISK_TROUBLE = "StoreError"


@dataclass(frozen=True)
class Kind:
    """One kind of fault."""

    id: str
    text: str
    strike: Strike
    breaks: tuple[str, ...] = ()  # invariants that it breaks by itself
    heard_ns: int = OFF_NS_MAX  # until a controller that stands still hears a Stop
    kills: tuple[str, ...] = ()  # words of what may end the service

    @property
    def number(self) -> str:
        """Of sources.md reliability 2.3."""
        return number_of(self.id)


# What ends the service for kinds of the catalogue: a bug of ours, or a disk under a record.
_KILLS: dict[str, tuple[str, ...]] = {
    "P16a": ("a bug",),
    "P16b": ("the driver of the inputs failed",),
    "D85b": (DISK_TROUBLE,),
    "D86": (DISK_TROUBLE,),
    "D87": (DISK_TROUBLE,),
    "D88": (DISK_TROUBLE,),
}
# The clinic itself has lost or doubled what it was given.
CLINIC_FORGETS, CLINIC_DOUBLES = ("I21",), ("I21",)

ADDED: tuple[Kind, ...] = (
    Kind("C3", "wall clock slewed by 500 ppm", near.slew),
    Kind("C5", "summer time ends during the visit", near.clocks_go_back),
    Kind("C8", "ready callbacks in any order", near.reorder_ready),
    Kind("C9b", "timers come together, up to 20 ms late", near.coalesce_timers),
    Kind("P17", "a task is cancelled", near.cancel_a_task, kills=("cancel",)),
    Kind("P18a", "no memory for a write", near.no_memory, kills=("no memory for a write",)),
    Kind("P18b", "a flood of commands", near.flood),
    Kind("P21", "started with a damaged configuration", near.damaged_config),
    Kind("P22", "no descriptor left", near.no_descriptors),
    Kind("P23", "computing a PIN hangs", near.hashes_hang),
    Kind("P24", "browser killed, service not", near.page_killed),
    Kind("S28", "chunks change places", far.swap_chunks),
    Kind("S33", "ready to read, but nothing there", far.ready_but_empty),
    Kind("S43", "0x03 before every command", far.interrupt_bytes),
    Kind("M47", "no memory in an interrupt", far.interrupt_without_memory),
    Kind("M56", "update breaks off", far.broken_update),
    Kind("M57", "firmware falls to its prompt", far.falls_to_prompt),
    Kind("N98a", "requests are lost, answers would come", far.fates(lost_request=1.0)),
    Kind("N98b", "answers are lost", far.fates(lost_answer=1.0)),
    Kind("N100a", "connection reset in the request", far.fates(reset_request=0.5)),
    Kind("N100b", "connection reset in the answer", far.fates(reset_answer=0.5)),
    Kind("N102", "requests carried twice, out of order", far.fates(twice=0.5)),
    Kind("N104", "captive portal", far.fates(portal=0.7)),
    Kind("N105", "certificate refused", far.fates(certificate=1.0)),
    Kind("N106a", "name not known", far.fates(no_name=1.0)),
    Kind("N106b", "name leads to another machine", far.fates(wrong_host=0.5)),
    Kind("N107", "answers larger than allowed", far.fates(huge_answer=0.5)),
    Kind("N108", "clinic restored from a backup", far.restore_backup, breaks=CLINIC_FORGETS),
    Kind("N109", "clinic doubles what it holds", far.clinic_doubles, breaks=CLINIC_DOUBLES),
    Kind("N111", "older order replayed", far.replay_order),
    Kind("K112b", "ghost touches", near.ghost_touches),
    Kind("K115", "edited in the instant of arming", near.edit_while_arming),
    Kind("K116", "STOP while the page reconnects", near.stop_while_reconnecting),
    Kind("K117b", "a page without a log-in asks for everything", near.hostile_page),
    Kind("K117c", "PINs are guessed at the lock screen", near.guess_pins),
)
KINDS: tuple[Kind, ...] = (
    *(
        Kind(
            f.id,
            f.text,
            f.strike,
            f.breaks,
            f.heard_ns,
            _KILLS.get(f.id, ()),
        )
        for f in CATALOGUE
    ),
    *ADDED,
)
KIND_BY_ID: dict[str, Kind] = {kind.id: kind for kind in KINDS}
