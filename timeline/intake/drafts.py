"""The events of one written file, however many: the last thousand in memory, the others on disk.

As Python objects a million events take a gigabyte.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Final

import pyarrow as pa

from timeline.errors import Place
from timeline.intake.batch import Draft
from timeline.intake.bulk_values import as_text, in_parts
from timeline.intake.spool import Spool
from timeline.intake.tabular import StoredTable

__all__ = ["Drafts", "TableDrafts", "drafts_of", "in_chunks", "table_to_drafts"]

#: So many rows of a table become drafts at once.
_AT_ONCE: Final = 5_000


class Drafts(Collection[Draft]):
    """Drafts in order, made again each time they are gone through.

    >>> drafts = Drafts("a.jsonl")
    >>> drafts.add(Draft({"fact": "a/b"}, Place("a.jsonl", 1)))
    >>> len(drafts), [*drafts]
    (1, [Draft(keys={'fact': 'a/b'}, place=Place(file='a.jsonl', line=1, column=None, row=None), places={})])
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._kept = Spool()

    def add(self, draft: Draft) -> None:
        """Add a draft, whose values are what YAML and JSON may say."""
        places = {key: (place.line, place.column) for key, place in draft.places.items()}
        self._kept.add((draft.keys, draft.place.line, draft.place.column, places or None))

    @property
    def is_large(self) -> bool:
        return self._kept.is_large

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[Draft]:
        place_at = partial(Place, self._name)
        for keys, line, column, places in self._kept:
            given: Mapping[str, Place] = {key: place_at(*at) for key, at in (places or {}).items()}
            yield Draft(keys, place_at(line, column), given)

    def __contains__(self, draft: object) -> bool:
        return any(draft == one for one in self)


class TableDrafts(Collection[Draft]):
    """The rows of a table as drafts, every value as text and nulls left out; rows count from 1.

    >>> import pyarrow as pa
    >>> [*TableDrafts(pa.table({"fact": ["nvidia/ceo"], "amount": [1.5]}), "t.parquet")][0].keys
    {'fact': 'nvidia/ceo', 'amount': '1.5'}
    """

    def __init__(self, table: pa.Table | StoredTable, name: str) -> None:
        self._table = table
        self._name = name

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def __iter__(self) -> Iterator[Draft]:
        first = 1
        for part in in_parts(self._table, _AT_ONCE):
            yield from drafts_of(as_text(part), self._name, range(first, first + part.num_rows))
            first += part.num_rows

    def __contains__(self, draft: object) -> bool:
        return any(draft == one for one in self)


def table_to_drafts(table: pa.Table | StoredTable, name: str) -> list[Draft]:
    """Return all rows of a table as drafts."""
    return [*TableDrafts(table, name)]


def drafts_of(texts: pa.Table, name: str, rows: Iterable[int]) -> Iterator[Draft]:
    """Yield the rows of a part of a table as drafts, of which these are the numbers."""
    for row, values in zip(rows, texts.to_pylist(), strict=True):
        keys = {key: value for key, value in values.items() if value is not None}
        yield Draft(keys, Place(name, row=row))


def in_chunks(drafts: Iterable[Draft], at_once: int) -> Iterator[list[Draft]]:
    """Yield drafts in their order, so many at a time."""
    left = iter(drafts)
    while chunk := [*islice(left, at_once)]:
        yield chunk
