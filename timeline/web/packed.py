"""Rows with equal names as columns in which nothing is repeated, and text as few bytes as a browser unpacks.

`static/unpack.js` undoes both.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

__all__ = ["Packer", "squeezed"]


class Packer:
    """Turns rows into columns; what several columns have in common is kept once, in `shared`.

    A column is the different values that it has, in the order in which they come first, and where each of
    them is. Columns that follow from each other, such as a figure from a claim, have the latter in common.

    >>> packer = Packer()
    >>> packer.table([{"claim": "up to 3", "high": 3}, {"claim": "5", "high": 5}])
    {'rows': 2, 'columns': {'claim': [0, 1], 'high': [2, 1]}}
    >>> packer.shared
    [['up to 3', '5'], [0, 1], [3, 5]]
    """

    def __init__(self) -> None:
        self.shared: list[list[Any]] = []
        self._numbers: dict[str, int] = {}

    def table(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Return rows as columns, which are numbers in `shared`; every row has the names of the first."""
        names = list(rows[0]) if rows else []
        return {
            "rows": len(rows),
            "columns": {name: self._column([row[name] for row in rows]) for name in names},
        }

    def _column(self, values: Sequence[Any]) -> list[int]:
        places: dict[Hashable, int] = {}
        different: list[Any] = []
        steps: list[int] = []
        last = 0
        for value in values:
            # Not the value itself: it may be a list, and true equals 1.
            place = places.setdefault(_text(value), len(places))
            if place == len(different):
                different.append(value)
            # Steps, since those of values that come in order are all the same.
            steps.append(place - last)
            last = place
        return [self._number(different), self._number(steps)]

    def _number(self, values: list[Any]) -> int:
        found = self._numbers.setdefault(_text(values), len(self.shared))
        if found == len(self.shared):
            self.shared.append(values)
        return found


def squeezed(text: str) -> str:
    """Return text as base64 of its bytes compressed, which browsers undo by themselves.

    >>> zlib.decompress(base64.b64decode(squeezed("a" * 9)))
    b'aaaaaaaaa'
    """
    return base64.b64encode(zlib.compress(text.encode("utf-8", "replace"), 9)).decode()


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
