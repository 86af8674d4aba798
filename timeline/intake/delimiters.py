"""Which sign separates the fields of a CSV file: found out, and never guessed where two would do."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from typing import Final

from timeline.errors import BadInput, Place
from timeline.intake.batch import FLAT_COLUMNS

__all__ = ["DELIMITERS", "header_under", "rows_of", "sniffed"]

DELIMITERS: Final = (",", ";", "\t", "|")
_SIGNS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
#: A header over a million characters is no header, and as much of the rows shows what separates them.
_LOOKED_AT: Final = 1 << 20


def sniffed(name: str, text: str, is_known: Callable[[str], bool] = FLAT_COLUMNS.__contains__) -> str:
    """Return the delimiter under which most columns of the header are known, else the only one that fits.

    A delimiter fits where the header and all rows have equally many fields, two or more. Raises BadInput
    where two fit, and for an empty file.

    >>> sniffed("f", "Land;Wert\\nBayern;1,5\\n"), sniffed("f", "fact,text\\na/b,x;y\\n")
    (';', ',')
    >>> sniffed("f", "a,b;c\\nd,e;f\\n")
    Traceback (most recent call last):
    timeline.errors.BadInput: f: comma and semicolon both separate its rows evenly; name the delimiter ...
    """
    headers = {delimiter: header_under(name, text, delimiter) for delimiter in DELIMITERS}
    known = {delimiter: sum(map(is_known, header)) for delimiter, header in headers.items()}
    most = max(known.values())
    best = [delimiter for delimiter in DELIMITERS if known[delimiter] == most]
    if len({tuple(headers[delimiter]) for delimiter in best}) == 1:
        # With one column the first will do, unless the rows have more.
        best = best[:1] if most else best
    if len(best) == 1:
        return best[0]
    fitting = [delimiter for delimiter in best if _fits(text, delimiter, len(headers[delimiter]))]
    if len(fitting) > 1:
        both = " and ".join(_SIGNS[delimiter] for delimiter in fitting)
        raise BadInput(
            f"{both} both separate its rows evenly; name the delimiter in a mapping, "
            f"as in delimiter = {json.dumps(fitting[0])}",
            Place(name),
        )
    return fitting[0] if fitting else max(best, key=lambda delimiter: len(headers[delimiter]))


def header_under(name: str, text: str, delimiter: str) -> list[str]:
    """Return the names in the first row that is not empty; raises BadInput where there is none."""
    rows = csv.reader(io.StringIO(text[:_LOOKED_AT], newline=""), delimiter=delimiter)
    try:
        if (header := next((row for row in rows if row), None)) is None:
            raise BadInput("is empty; expected a header row with the names of the columns", Place(name))
    except csv.Error as error:
        raise BadInput(f"not CSV: {error}", Place(name, 1)) from None
    return header


def _fits(text: str, delimiter: str, width: int) -> bool:
    """Whether all rows, as far as they are looked at, have as many fields as the header, two or more."""
    return width > 1 and all(len(row) == width for row in rows_of(text, delimiter))


def rows_of(text: str, delimiter: str) -> Sequence[list[str]]:
    """Return the rows at the beginning of a text, whole ones that are not empty."""
    part = text[:_LOOKED_AT]
    if len(text) > _LOOKED_AT:
        part = part[: part.rfind("\n") + 1]
    found: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(part, newline=""), delimiter=delimiter):
            found += [row] if row else []
    except csv.Error:
        pass
    # The last may be cut within quotes.
    return found if len(text) <= _LOOKED_AT or len(found) < 2 else found[:-1]
