"""What a biomedical engineer does about a record that is held: looks at both copies and says which.

The person's step that a service asks for which does not start: `tms-edge store check`, then `store
repair --keep log` or `--keep store`, done with the product's own functions on the simulated card;
a card on which neither can be read is changed. Notes what was decided; judges nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.adapters.store import care
from edge.ports import StoreError
from edge.services.tables import LOGGED_TABLES
from hw_sim.card.store import both_copies
from hw_sim.explore.notes import PLAN
from hw_sim.explore.reached import KEPT_LOG, KEPT_STORE, NEW_CARD

if TYPE_CHECKING:
    from hw_sim.explore.system import ExploreSystem


def decide(system: ExploreSystem) -> bool:
    """Make the service able to start; False when nothing is wrong with its record."""
    try:
        with system.reading():
            return False
    except StoreError as error:
        system.notes.add(PLAN, f"held: {error}")
    how = _repair(system)
    system.notes.add(PLAN, how)
    system.reached.recoveries[how] += 1
    return True


def _repair(system: ExploreSystem) -> str:
    """What is whole; of two whole ones the log, as it is on another disk than an exchanged file."""
    files, log = both_copies(system.card, system.card_key)
    try:
        found = care.look(files, log, LOGGED_TABLES)
        is_store_whole = found.store == care.WHOLE
        if is_store_whole and found.log != care.WHOLE:
            care.keep_store(*both_copies(system.card, system.card_key), LOGGED_TABLES)
            return KEPT_STORE
        care.keep_log(*both_copies(system.card, system.card_key), LOGGED_TABLES)
    except StoreError as error:
        system.notes.add(PLAN, f"neither copy can be kept: {error}")
        system.card.put_back({})
        return NEW_CARD
    return KEPT_LOG
