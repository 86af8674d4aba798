"""Personal data: events whose ids nobody can guess, and how such an event is found when it is given again.

The key of such an event gets a random part (`timeline.meaning.personal`), so that the same content has
another id each time. What the store has is therefore compared by the id that it would have without that part.
Of what was erased nothing but its fact, dates, source and origin is left to compare.
"""

from __future__ import annotations

import secrets
from collections.abc import Container, Mapping, Sequence
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from timeline.errors import BadInput, Place
from timeline.intake.known import KnownEvents
from timeline.meaning.columns import ERASED, LOG_COLUMNS
from timeline.meaning.identity import content_of, event_id, event_id_sql
from timeline.meaning.personal import MARK, SALT_BYTES, is_personal, key_without_salt

__all__ = ["PERSONAL_SQL", "WITHOUT_SALT_SQL", "PersonalEvents", "like_erased", "personal_key"]

_FORM: Final = f"'(?:(.+)-)?{MARK}[0-9a-f]{{{2 * SALT_BYTES}}}'"
#: Of a column `key` in SQL, whether it has a random part, and what it was put behind. Keys
#: that lack the mark are passed over in a fifth of the time.
PERSONAL_SQL: Final = f"contains(key, '{MARK}') AND regexp_full_match(key, {_FORM}, 's')"
WITHOUT_SALT_SQL: Final = f"nullif(regexp_extract(key, {_FORM}, 1, 's'), '')"
#: What makes an event another one than those that were erased, in words.
_OWN_KEY: Final = f"a key that ends in {MARK} and {2 * SALT_BYTES} random hexadecimal digits"

#: How many bytes a key may have that the random part is put behind.
_KEY_AT_MOST: Final = 4_900
#: What is left of an erased event, and is the same whenever the event is given.
_LEFT: Final = (
    *("event_type", "fact", "subject", "source", "origin", "target", "void"),
    *("valid_from", "valid_to", "reported_from"),
)

_Row = dict[str, Any]


def personal_key(key: str | None) -> str:
    """Return a key with 128 random bits, behind the one that is given, if any.

    >>> is_personal(personal_key("ceo")), personal_key("ceo") == personal_key("ceo")
    (True, False)
    """
    if key is not None and len(key.encode()) > _KEY_AT_MOST:
        raise BadInput(f"the key has more than {_KEY_AT_MOST:,} bytes, and a random part comes behind it")
    salt = MARK + secrets.token_hex(SALT_BYTES)
    return salt if key is None else f"{key}-{salt}"


def like_erased(places: Sequence[Place]) -> list[str]:
    """Return what is to be said of events that `PersonalEvents.identify` took for erased ones."""
    if not places:
        return []
    more = f" and {len(places) - 1:,} more" if len(places) > 1 else ""
    return [
        f"{places[0]}{more}: of an erased event nothing is left that shows whether it said the same, so that "
        "what is personal is not recorded again of its fact, source and dates; if it is another event, give "
        f"it {_OWN_KEY}"
    ]


class PersonalEvents:
    """The events with a random part that one state of the store has, and those that are taken since.

    `con` shows that state, and `taken` has the events that were taken since then, by their ids.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, stored: KnownEvents, taken: Container[str]) -> None:
        self._con = con
        self._stored = stored
        self._taken = taken
        #: Key and id of each, by the id that it would have without the random part.
        self._twins: dict[str, tuple[str, str]] | None = None
        self._named: dict[str, tuple[str, int]] = {}
        self._erased: dict[tuple[object, ...], list[str]] | None = None
        self._alike: dict[tuple[object, ...], dict[str, str]] = {}

    def named(self, key: str) -> tuple[str, int] | None:
        """Return id and position of the stored event whose key is this one and a random part."""
        self._load()
        return self._named.get(key)

    def identify(self, row: _Row, wanted: bool) -> bool:
        """Give a row that is hashed as it was given the key and the id that it is to have.

        They are those of an event that says the same, if there is one. With `wanted`, or a key that has a
        random part, an event that is new gets such a key, or keeps it. Return whether it is taken for an
        event that was erased only because nothing that is left of that differs.
        """
        twins = self._load()
        own = row.get("key")
        given = is_personal(own)
        if not (wanted or given or twins):
            return False
        bare = row | {"key": key_without_salt(own)}
        bare_id = event_id(content_of(bare)) if given else row["event_id"]
        if (twin := twins.get(bare_id)) is not None:
            row["key"], row["event_id"] = twin
        elif given:
            if not self._is_known(row["event_id"]):
                if self._is_known(bare_id):
                    row["key"], row["event_id"] = bare["key"], bare_id
                else:
                    twins[bare_id] = row["key"], row["event_id"]
        elif wanted and not self._is_known(bare_id):
            if (erased := self._like_erased(row, bare_id)) is not None:
                row["event_id"] = erased
                return True
            row["key"] = personal_key(own)
            row["event_id"] = event_id(content_of(row))
            twins[bare_id] = row["key"], row["event_id"]
        return False

    def ids_for(self, ids: Any) -> Any:
        """Return a column of ids of events as given, with those of stored events that say the same."""
        twins = self._load()
        if not twins:
            return ids
        at: Any = pc.index_in(ids, value_set=pa.array(twins, pa.string()))
        known = pa.array([event_id for _, event_id in twins.values()], pa.string())
        return pc.coalesce(pc.take(known, at), ids)

    def _is_known(self, event_id: str) -> bool:
        return event_id in self._taken or bool(self._stored.among([event_id]))

    def _load(self) -> dict[str, tuple[str, str]]:
        if self._twins is not None:
            return self._twins
        self._twins = {}
        positions = self._con.execute(
            f"SELECT position FROM store.keys WHERE {PERSONAL_SQL} ORDER BY position"
        ).fetchall()
        if positions:
            found = self._con.execute(
                f"SELECT {event_id_sql('e')}, e.salted, e.event_id, e.key, e.position FROM ("
                f"SELECT * REPLACE ({WITHOUT_SALT_SQL} AS key), key AS salted FROM store.events "
                "WHERE position IN (SELECT unnest($1::BIGINT[]))) AS e ORDER BY e.position",
                [[position for (position,) in positions]],
            ).fetchall()
            for bare_id, salted, known, key, position in found:
                self._twins.setdefault(bare_id, (salted, known))
                if key is not None:
                    self._named.setdefault(key, (known, position))
        return self._twins

    def _like_erased(self, row: Mapping[str, Any], bare_id: str) -> str | None:
        """Return the id of an erased event of which nothing that is left differs from a row, if any."""
        if self._erased is None:
            self._erased = {}
            if self._stored.erased():
                columns = (f"epoch_us({name})" if LOG_COLUMNS[name] == "instant" else name for name in _LEFT)
                found = self._con.execute(
                    f"SELECT event_id, {', '.join(columns)} FROM store.events "
                    f"WHERE status = '{ERASED}' ORDER BY position"
                ).fetchall()
                for erased, *left in found:
                    self._erased.setdefault(_left_in(dict(zip(_LEFT, left, strict=True))), []).append(erased)
        left_of_row = _left_in(row)
        if (ids := self._erased.get(left_of_row)) is None:
            return None
        # Of several that were erased each is named once, so that all of a file are found.
        alike = self._alike.setdefault(left_of_row, {})
        return alike.setdefault(bare_id, ids[min(len(alike), len(ids) - 1)])


def _left_in(row: Mapping[str, Any]) -> tuple[object, ...]:
    return tuple(bool(row.get(name)) if name == "void" else row.get(name) for name in _LEFT)
