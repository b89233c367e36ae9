"""Every kind of fault that a plan can name: the campaign's catalogue and what the explorer adds.

A kind says how it is brought about, which invariants the broken metal or the broken clinic itself
breaks, and with which words it may end the service. What the right reaction is in each state is the
campaign's; here only safety and liveness are judged, with several faults at once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from hw_sim.card.card import Damage
from hw_sim.card.store import DATABASE, LOG_FOLDER
from hw_sim.checkers import OFF_NS_MAX
from hw_sim.explore import strikes as near
from hw_sim.explore import strikes_disk as card
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

# A card that has lost what it had called safe, in both copies.
CARD_FORGETS = ("I19", "I23", "I31", "I41")
# A card without any trace of the session: what was given and written down is not in the record. The
# service has to tell so before anybody is treated again (judge.py).
CARD_GONE = ("I9", "I10", "I19", "I21", "I23", "I31", "I41")

_CUTS = tuple(
    Kind(f"D83{letter}", f"power cut, what was not synced {damage.value}", card.power_cut(damage))
    for letter, damage in zip("abcdef", Damage, strict=True)
)
DISK: tuple[Kind, ...] = (
    *_CUTS,
    Kind("D83g", "power cut of the whole unit", card.blackout),
    Kind("D84a", "syncs lie, then a power cut", card.lying_syncs(1.0), breaks=CARD_FORGETS),
    Kind("D84b", "some syncs lie, then a power cut", card.lying_syncs(0.2), breaks=CARD_FORGETS),
    Kind("D85c", "a write or sync fails", card.nth_fails("write", "sync"), kills=(DISK_TROUBLE,)),
    Kind("D85d", "a read fails", card.nth_fails("read"), kills=(DISK_TROUBLE,)),
    Kind(
        "D90a",
        "database rots under the service",
        card.while_it_runs(card.rot(DATABASE)),
        kills=(DISK_TROUBLE,),
    ),
    Kind("D90b", "log rots under the service", card.while_it_runs(card.rot(LOG_FOLDER))),
    Kind("D90c", "database has rotted at a start", card.at_a_start(card.rot(DATABASE))),
    Kind("D90d", "log has rotted at a start", card.at_a_start(card.rot(LOG_FOLDER))),
    Kind(
        "D90e",
        "both have rotted at a start",
        card.at_a_start(card.rot(DATABASE, LOG_FOLDER)),
        breaks=CARD_GONE,  # when nothing of either can be read
    ),
    Kind("D91a", "database deleted", card.at_a_start(card.delete(DATABASE))),
    Kind("D91b", "database cut short", card.at_a_start(card.shorten(DATABASE))),
    Kind(
        "D91c", "newest changes of the database deleted", card.while_it_runs(card.delete(card.WAL))
    ),
    Kind("D91d", "log deleted", card.at_a_start(card.delete(LOG_FOLDER))),
    Kind("D91e", "log cut short", card.at_a_start(card.shorten(LOG_FOLDER))),
    Kind("D92a", "old database put back", card.old_copy(DATABASE)),
    Kind("D92b", "old log put back", card.old_copy(LOG_FOLDER)),
    Kind("D92c", "old card put back", card.old_copy("/"), breaks=CARD_GONE),
    Kind(
        "D92d",
        "card of a moment ago put back",
        card.old_copy("/", is_recent=True),
        breaks=CARD_FORGETS,
    ),
    Kind("D93a", "an empty card", card.other_card("/", is_empty=True), breaks=CARD_GONE),
    Kind("D93b", "another unit's card", card.other_card("/"), breaks=CARD_GONE),
    Kind("D93c", "another unit's database", card.other_card(DATABASE)),
    Kind(
        "D94",
        "writes land elsewhere",
        card.stray_writes,
        breaks=CARD_GONE,
        kills=(DISK_TROUBLE,),
    ),
    Kind("D95a", "another process has the database", card.locked_at_start),
    Kind("D95b", "another process wants the database", card.lock_wanted),
    Kind("D96a", "name of a new database log lost", card.in_a_cut(card.lose_name(card.WAL))),
    Kind("D96b", "name of a new change log lost", card.in_a_cut(card.lose_name(LOG_FOLDER))),
)
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
    *DISK,
)
KIND_BY_ID: dict[str, Kind] = {kind.id: kind for kind in KINDS}
