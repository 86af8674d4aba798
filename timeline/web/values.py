"""Dates, spans and claims of a row, as the page shows them."""

from __future__ import annotations

import re
from typing import Final

from timeline.ask.answers import Row
from timeline.meaning.times import from_datetime, period_text

__all__ = ["claim_parts", "valid_of"]


def valid_of(row: Row) -> str:
    lower, upper = (
        None if row[name] is None else from_datetime(row[name]) for name in ("valid_from", "valid_to")
    )
    return "" if lower is None and upper is None else period_text(lower, upper)


#: A figure within a claim, with what is before and behind it.
_FIGURE: Final = re.compile(r"^(.*?)(\d[\d\s.,\u2009–-]*\d|\d)(.*)$", re.DOTALL)


def claim_parts(row: Row) -> list[str]:
    """Return a claim in three parts, so that its figure can be set in bold: before, figure, behind."""
    claim = str(row["claim"] or "")
    if row["value_type"] != "amount":
        return [claim, "", ""]
    found = _FIGURE.match(claim)
    if found is None:
        return ["", claim, ""]
    before, figure, behind = found.groups()
    return [before, figure.replace("-", "–"), behind]
