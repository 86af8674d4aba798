"""The view of SQL that people send: the query, its answer as a table or a chart, and the named queries."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from timeline.ask.queries import Query
from timeline.errors import BadInput, TimelineError
from timeline.web.views import frame_of

if TYPE_CHECKING:
    from timeline.ask.snapshot import Snapshot
    from timeline.web.asked import Address
    from timeline.web.confined import Confined

__all__ = ["Sent", "ask_view", "sent_in"]

#: The comments that a query begins with, which name its parameters.
_COMMENTS: Final = re.compile(r"\A(?:--[^\n]*\n|\s)+")
_NAMES: Final = ("sql", "show", "x", "y")


@dataclass(frozen=True, slots=True)
class Sent:
    """A query, how its answer is shown, and the two columns that a chart is of."""

    sql: str = ""
    show: str = "table"
    x: str | None = None
    y: str | None = None

    def given(self) -> dict[str, str]:
        """Return it as it is in the address."""
        show = {} if self.show == "table" else {"show": self.show}
        columns = {name: value for name, value in (("x", self.x), ("y", self.y)) if value}
        return {"sql": self.sql, **show, **columns}


def sent_in(items: Sequence[tuple[str, str]]) -> tuple[Sent, list[tuple[str, str]]]:
    """Return what an address says of a query, and all else that it says.

    Raises BadInput for a name given twice, and for another way to show an answer.

    >>> sent_in([("sql", "FROM facts"), ("as_of", "2025")])
    (Sent(sql='FROM facts', show='table', x=None, y=None), [('as_of', '2025')])
    """
    found: dict[str, str] = {}
    for name, value in items:
        if name in _NAMES and value:
            if name in found:
                raise BadInput(f"{name} is given twice; expected it once")
            found[name] = value
    if (show := found.get("show", "table")) not in ("table", "chart"):
        raise BadInput(f"show is {show[:60]!r}; expected table or chart")
    return Sent(**found), [(name, value) for name, value in items if name not in _NAMES]


def ask_view(
    snapshot: Snapshot, confined: Confined, address: Address, sent: Sent, queries: Sequence[Query] = ()
) -> dict[str, Any]:
    """Return the view of a query: its answer, or in `problem` why there is none; and the named queries."""
    frame = frame_of(snapshot, address, address.resolved(snapshot))
    frame["asked"] |= sent.given()
    answer = problem = None
    if sent.sql.strip():
        try:
            answer = confined.run({"query": sent.sql, **address.dates})
        except TimelineError as error:
            problem = str(error)
    return {
        **frame,
        "view": "ask",
        "sql": sent.sql,
        "queries": _shown(queries),
        "answer": answer,
        "problem": problem,
    }


def _shown(queries: Sequence[Query]) -> list[dict[str, str]]:
    """Return the queries which ask for nothing more."""
    return [
        {"title": query.title, "sql": _filled(query)}
        for query in queries
        if all(parameter.default is not None for parameter in query.parameters)
    ]


def _filled(query: Query) -> str:
    """Return the SQL of a query with the defaults of its parameters in their places."""

    def value(found: re.Match[str]) -> str:
        default = defaults.get(found[1])
        return "NULL" if default is None else "'" + default.replace("'", "''") + "'"

    defaults = query.bound({})
    return re.sub(r"\$(\w+)\b", value, _COMMENTS.sub("", query.sql)).strip() if defaults else query.sql
