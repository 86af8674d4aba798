"""The SQL objects in timeline/sql: the text of each, and the order in which a generation creates them.

`surface` holds the public objects (docs/sql.md), `rules` what they are made of, `tables` the tables of a
generation, `tail` what shows or adds the events since, `join` the point-in-time join, `intake` the bulk
intake, `evidence` what is behind a belief, `overview` what a page shows, `sealed` what a seal leaves,
`publish` what is published. Each object has a file, named after it; so has a query.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Final

__all__ = ["COSTLY_VIEWS", "OBJECTS", "VIEWS", "sql_object"]

#: The public objects and what they are made of. Those that read through others come after them.
OBJECTS: Final = (
    "rules/first_months",
    "rules/last_months",
    "rules/part_of_year",
    "rules/day_of_week",
    "rules/is_instant",
    "rules/behind_slash",
    "rules/end_of_interval",
    "rules/date_in",
    "rules/no_date",
    "rules/in_utc",
    "rules/reported_instant",
    "rules/recorded_instant",
    "rules/valid_instant",
    "surface/sources_as_of",
    "rules/standing",
    "rules/candidates",
    "rules/covered",
    "rules/cells",
    "rules/merged",
    "rules/resolved",
    "surface/events",
    "surface/sources",
    "surface/entities_as_of",
    "surface/entities",
    "surface/attributes_as_of",
    "surface/attributes",
    "surface/statuses",
    "surface/commits",
    "rules/policy_check",
    "rules/agrees",
    "rules/widened",
    "rules/clears",
    "rules/disagrees",
    "rules/confirmed",
    "surface/belief_spans_as_of",
    "surface/belief_spans",
    "rules/covers",
    "rules/believed",
    "surface/beliefs_as_of",
    "surface/beliefs",
    "rules/claimed",
    "surface/claims_as_of",
    "surface/claims",
    "surface/disagreements_as_of",
    "surface/disagreements",
    "rules/believed_only_then",
    "surface/changes",
    "surface/history",
)

#: The public views, which a reader creates again over a tail; functions find the tail by themselves.
VIEWS: Final = (
    *("surface/events", "surface/sources", "surface/entities", "surface/attributes"),
    *("surface/statuses", "surface/commits"),
    *("surface/belief_spans", "surface/beliefs"),
)
#: Those that take long to bind, several times as long as all others. The package does not ask them itself.
COSTLY_VIEWS: Final = ("surface/claims", "surface/disagreements")


@cache
def sql_object(name: str) -> str:
    """Return the text of timeline/sql/NAME.sql, such as `tables/events`."""
    return resources.files("timeline").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
