"""Aliases in the columns of a table, replaced by the ids that they mean."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from timeline.errors import BadInput
from timeline.intake.bulk_values import as_text
from timeline.meaning.fact import with_parts
from timeline.meaning.names import parse_segment
from timeline.meaning.normal import nfc

__all__ = ["with_ids"]

_NAMES: Final = ("subject", "object", "entity", "speaker", "origin")
#: Returns the ids that some names mean, of those that are aliases; the flag says that a name may be a source.
_IdsOf = Callable[[Collection[str], bool], dict[str, str]]


def with_ids(part: pa.Table, ids_of: _IdsOf, claimed: Collection[str]) -> pa.Table:
    """Return a part of a table in which every alias of an entity is its id, as `Intake` resolves it.

    `claimed` are the attributes whose claims are entities.
    """
    changed = {}
    for column in (*_NAMES, "fact", *(["claim"] if claimed else [])):
        if column in part.column_names:
            forms, encoded = _distinct(part, column)
            meant = _facts(forms, ids_of) if column == "fact" else _names(forms, column, ids_of)
            if meant:
                replaced = _by_form(encoded, [meant.get(form, form) for form in forms])
                if column == "claim":
                    replaced = pc.if_else(_have(part, claimed), replaced, encoded.cast(pa.string()))
                changed[column] = replaced
    for column, values in changed.items():
        part = part.set_column(part.column_names.index(column), column, values)
    return part


def _distinct(part: pa.Table, column: str) -> tuple[list[str], Any]:
    """Return the distinct texts of a column, in NFC, and the column with the numbers of these."""
    texts: Any = as_text(part.select([column]))[column].combine_chunks()
    encoded = texts.dictionary_encode()
    return [nfc(text) for text in encoded.dictionary.to_pylist()], encoded


def _by_form(encoded: Any, values: list[Any]) -> Any:
    return pa.DictionaryArray.from_arrays(encoded.indices, pa.array(values, pa.string())).cast(pa.string())


def _have(part: pa.Table, attributes: Collection[str]) -> Any:
    """Return which rows have one of the attributes."""
    columns = []
    for column in ("attribute", "fact"):
        if column in part.column_names:
            forms, encoded = _distinct(part, column)
            names = forms if column == "attribute" else [_attribute_of(fact) for fact in forms]
            columns.append(_by_form(encoded, names))
    named: Any = pc.coalesce(*columns)
    return pc.is_in(named, value_set=pa.array(sorted(attributes), pa.string()))


def _attribute_of(fact: str) -> str | None:
    parts = fact.partition("@")[0].split("/")
    return parts[1] if len(parts) > 1 else None


def _names(names: Collection[str], column: str, ids_of: _IdsOf) -> dict[str, str]:
    found = ids_of(names, column == "origin")
    return {name: of for name, of in found.items() if column not in ("subject", "object") or _is_segment(of)}


def _facts(facts: Collection[str], ids_of: _IdsOf) -> dict[str, str]:
    parts_of = {fact: fact.partition("@")[0].split("/") for fact in facts}
    parts_of = {fact: parts for fact, parts in parts_of.items() if 2 <= len(parts) <= 3}
    ids = ids_of({parts[at] for parts in parts_of.values() for at in (0, 2) if at < len(parts)}, False)
    found = {}
    for fact, parts in parts_of.items():
        subject, object_ = parts[0], parts[2] if len(parts) == 3 else None
        meant = [name and ids.get(name, name) for name in (subject, object_)]
        if meant != [subject, object_] and all(_is_segment(one) for one in meant if one is not None):
            found[fact] = with_parts(fact, meant[0] or subject, meant[1])
    return found


def _is_segment(name: str) -> bool:
    try:
        parse_segment(name, "name")
    except BadInput:
        return False
    return True
