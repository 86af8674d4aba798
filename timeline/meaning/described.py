"""Descriptions of sources, entities and attributes as people write them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field

from timeline.errors import BadInput, brief
from timeline.meaning.given import LARGEST, Dated, Model, Text, bytes_at_most, checked_key, whole
from timeline.meaning.habits import source_habits
from timeline.meaning.names import parse_id, parse_segment
from timeline.meaning.times import parse_edtf

__all__ = ["DESCRIPTIONS", "Attribute", "Description", "Entity", "Source", "keys_in_json"]


class Description(Model):
    """What all descriptions have: the id of what they describe."""

    id: Text
    key: Text | None = None

    def columns(self) -> dict[str, Any]:
        """Return a description as columns of the log: the id as subject, all but the key as JSON in text."""
        (parse_segment if type(self) is Attribute else parse_id)(self.id, "id")
        given = self.model_dump(exclude={"key"}, exclude_none=True, exclude_defaults=True)
        text = json.dumps(given, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        if (size := len(text.encode())) > (limit := bytes_at_most("text")):
            raise BadInput(f"the description has {size:,} bytes as JSON; expected {limit:,} at most")
        row = {"event_type": _TYPE_OF[type(self)], "subject": self.id, "text": text}
        return row if self.key is None else row | {"key": checked_key(self.key)}


class Source(Description):
    """A document we read. `published` is EDTF; tier 1 is best; `length` counts characters.

    `timezone` and `numbers` are as in `Habits`.
    """

    title: Text | None = None
    publisher: Text | None = None
    origin: Text | None = None
    published: Dated | None = None
    timezone: Text | None = None
    numbers: Text | None = None
    url: Text | None = None
    language: Text | None = None
    tier: Annotated[int, Field(ge=1, le=2**31 - 1), BeforeValidator(whole)] | None = None
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    length: Annotated[int, Field(ge=0, le=LARGEST), BeforeValidator(whole)] | None = None

    def columns(self) -> dict[str, Any]:
        if self.origin is not None:
            parse_id(self.origin, "origin")
        source_habits(self.numbers, self.language, self.timezone)
        if self.published is not None and parse_edtf(self.published).reported_at is None:
            raise BadInput(
                f"published {self.published!r} has no last instant; expected a date such as 2025-02-22"
            )
        return super().columns()


class Entity(Description):
    """A company, person, project or anything else that facts are about."""

    name: Text | None = None
    kind: Text | None = None
    aliases: tuple[Text, ...] = ()


def _yes_or_no(value: object) -> object:
    words = {"true": "yes", "false": "no"}
    if isinstance(value, bool):
        return "yes" if value else "no"
    return words.get(value, value) if isinstance(value, str) else value


class Attribute(Description):
    """What may be reported of a subject: its meaning, the type of its values, whether it takes an object."""

    meaning: Text | None = None
    value: Literal["amount", "date", "text", "entity", "answer"] | None = None
    object: Annotated[
        Literal["yes", "no", "optional"] | None,
        BeforeValidator(_yes_or_no),
    ] = None


DESCRIPTIONS: Final[Mapping[str, type[Description]]] = {
    "source-described": Source,
    "entity-described": Entity,
    "attribute-described": Attribute,
}
_TYPE_OF = {model: name for name, model in DESCRIPTIONS.items()}


def keys_in_json(text: object) -> dict[str, Any]:
    """Return the keys of a description that is JSON, as in a table, whose columns are those of events."""
    try:
        found = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BadInput(f"text is {brief(text)}; expected the description as a JSON object with its id")
    return {name: value for name, value in found.items() if value is not None}
