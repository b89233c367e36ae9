"""Ways in which real FHIR servers differ, each switchable, each measured (sources.md clinic 1.3).

The default is the strict and well-behaved server; a test or a seed switches quirks on by name.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Quirks:
    """Each says what the server does instead of the well-behaved thing."""

    entry_limit: int = 0  # most entries of a transaction that holds a condition; 0: no limit
    body_bytes_max: int = 40 * 1024 * 1024  # 1 MB on two of three servers
    update_create: bool = False  # PUT to an unknown id creates
    races_on_conditions: bool = False  # parallel equal creates make duplicates
    bumps_on_same_content: bool = False  # PUT of unchanged content makes a new version
    absolute_locations: bool = False
    no_location_on_match: bool = False  # a matched conditional create answers without location
    lenient_search: bool = False  # an unknown parameter is ignored, which widens the result
    no_tag_search: bool = False  # _tag is unknown
    batch_like_transaction: bool = False  # one bad entry: answered 200 with a 4xx entry, rest kept
    uuid_versions: bool = False
    conflict_status_after_commit: int = 0  # 409, 412 or 500 although the write was done
    no_date_header: bool = False
    wrong_next_link: bool = False  # the next page's address names another host


NAMES = tuple(field.name for field in fields(Quirks))


def quirks_of(names: str) -> Quirks:
    """From a list such as 'entry_limit=8,absolute_locations'. Raises ValueError with a sentence."""
    chosen: dict[str, int] = {}
    for part in filter(None, (item.strip() for item in names.split(","))):
        name, _, value = part.partition("=")
        if name not in NAMES:
            raise ValueError(f"no such quirk: {name}; there are {', '.join(NAMES)}")
        chosen[name] = int(value) if value else 1
    flags = {field.name for field in fields(Quirks) if isinstance(field.default, bool)}
    values: dict[str, Any] = {n: bool(v) if n in flags else v for n, v in chosen.items()}
    return Quirks(**values)
