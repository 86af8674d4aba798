"""What the rows of a table say by themselves, column by column: the part of `bulk` that knows no store.

A table is read as the text that it would be in a CSV file. Typed columns, names and figures of the usual
shape are read in SQL (timeline/sql/intake); every other text once for each distinct value, by the functions
that the way by drafts uses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import gettempdir
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from timeline.errors import BadInput
from timeline.index.catalog import sql_object
from timeline.intake.tabular import StoredTable
from timeline.log.paths import quoted
from timeline.log.spill import connect, spilling
from timeline.meaning.decimals import rounded, short_text
from timeline.meaning.event import Event, event_from, parse_unit
from timeline.meaning.given import BLANKS, bytes_at_most
from timeline.meaning.habits import Habits
from timeline.meaning.normal import nfc
from timeline.meaning.parts import period_bounds, raw_end, valid_bounds
from timeline.meaning.times import END, former_period_text, parse_edtf, period_text, within_calendar

__all__ = ["RowReader", "as_text", "in_parts"]

_MACROS: Final = (
    *(
        "is_visible",
        "is_id",
        "is_segment",
        "instant_text",
        "nine_places",
        "figure_text",
        "plain_amount",
        "plain_number",
    ),
    "small_number",
)
_KEYS: Final = tuple(name for name in Event.model_fields if name not in ("target", "void"))
#: Keys whose text is an event's as it is, and therefore in NFC and without separators.
_TEXTS: Final = tuple(
    name
    for name in _KEYS
    if name not in ("type", "amount", "amount_low", "amount_high", "approximate", "inferred", "locator")
)
#: Keys at the ends of whose texts blanks mean nothing, and which are not read by a function below.
_TRIMMED: Final = ("unit", "status", "answer", "source", "origin", "speaker")
#: A double that may need more than nine places.
_LONG: Final = r"\.[0-9]{10,}|[eE]-"
_SEPARATORS: Final = (b"\x00", b"\x1e", b"\x1f")
#: Characters any sequence of which is in NFC: none combines, decomposes or joins another.
_INERT: Final = (
    r"\x00-\x{2ff}\x{400}-\x{482}\x{2010}-\x{2027}\x{20a0}-\x{20bf}\x{3001}-\x{3029}\x{3041}-\x{3096}"
    r"\x{30a1}-\x{30fa}\x{4e00}-\x{9fff}\x{ac00}-\x{d7a3}\x{ff01}-\x{ff5e}\x{1f300}-\x{1f64f}"
)
_BYTES_AT_ONCE: Final = 2**24

_NO_HABITS: Final = Habits()
#: The types of value that a claim may be by its attribute, besides an amount.
_NO_AMOUNTS: Final = ("date", "text", "entity", "answer")

#: What one distinct row of texts means: a value for each column.
_Values = tuple[Any, ...]
_FIGURES: Final = ("claim", "amount", "amount_low", "amount_high", "unit", "approximate")
_NUMBERS: Final = {
    "amount": ("amount_number", "amount_small"),
    "amount_low": ("low_number", "low_small"),
    "amount_high": ("high_number", "high_small"),
}
#: So many units are looked up in SQL; rows of more are read one distinct row at a time.
_UNITS_AT_MOST: Final = 500


def in_parts(
    table: pa.Table | StoredTable, at_once: int, names: Sequence[str] | None = None
) -> Iterator[pa.Table]:
    """Yield the rows of a table, and only these columns where they are named, so many at a time."""
    if isinstance(table, StoredTable):
        yield from table.parts(at_once, names)
        return
    chosen = table if names is None else table.select(list(names))
    for at in range(0, table.num_rows, at_once):
        yield chosen.slice(at, at_once)


def as_text(table: pa.Table) -> pa.Table:
    """Return every column as text; no columns, but as many rows, where nothing is given."""
    columns: dict[str, Any] = {}
    for name in table.column_names:
        values: Any = table.column(name)
        if pa.types.is_timestamp(values.type):
            # Without a zone, which Arrow would look up in a data base that not every machine has.
            written = pc.binary_replace_slice(
                _without_zone(values).cast(pa.string()).cast(pa.binary()), 10, 11, b"T"
            ).cast(pa.string())
            values = pc.if_else(
                pc.ends_with(written, pattern=".000000"), pc.utf8_slice_codeunits(written, 0, -7), written
            )
            values = pc.binary_join_element_wise(values, "Z", "")
        elif pa.types.is_floating(values.type):
            values = _doubles_as_text(values)
        elif not pa.types.is_string(values.type):
            values = values.cast(pa.string())
        columns[name] = values
    return pa.table(columns)


def _doubles_as_text(values: Any) -> Any:
    """Return binary doubles with nine places: most have no more in their shortest text."""
    texts: Any = values.cast(pa.string())
    long: Any = pc.fill_null(pc.match_substring_regex(texts, pattern=_LONG), False)
    if not pc.any(long).as_py():
        return texts
    shorter = [short_text(rounded(each)) for each in values.filter(long).to_pylist()]
    mask: Any = long.combine_chunks()
    return pc.replace_with_mask(texts.combine_chunks(), mask, pa.array(shorter, pa.string()))


def _without_zone(values: Any) -> Any:
    instants: Any = values.cast(pa.timestamp("us", "UTC")).cast(pa.int64()).cast(pa.timestamp("us"))
    return instants


def _fits(kind: Any) -> bool:
    """Whether every number of an Arrow type is a figure of the usual shape."""
    types = pa.types
    if types.is_decimal(kind):
        return bool(0 <= kind.scale <= 9 and kind.precision - kind.scale <= 29)
    return types.is_integer(kind)


def _is_small(kind: Any) -> bool:
    """Whether every number of an Arrow type that fits has room in 64 bits with three places."""
    if pa.types.is_decimal(kind):
        return bool(kind.scale <= 3 and kind.precision - kind.scale <= 15)
    return bool(kind.bit_width < 64)


def _is_plain(column: pa.ChunkedArray[Any]) -> bool:
    """Whether all of a column is ASCII without separators, by a look at its bytes."""
    for chunk in column.chunks:
        _, offsets, texts = chunk.buffers()
        if offsets is None or texts is None or not len(chunk):
            continue
        ends = memoryview(offsets).cast("i")
        start, end = ends[chunk.offset], ends[chunk.offset + len(chunk)]
        for at in range(start, end, _BYTES_AT_ONCE):
            part = bytes(memoryview(texts)[at : min(end, at + _BYTES_AT_ONCE)])
            if not part.isascii() or any(separator in part for separator in _SEPARATORS):
                return False
    return True


def _longest(column: Any) -> int:
    """Return how many bytes the longest text of a column has; 0 where there is none."""
    return pc.max(pc.binary_length(column)).as_py() or 0


# What the texts of some columns mean: each function reads one distinct row of them, as the habits have it.


def _read_reported(habits: Habits, text: str | None) -> _Values:
    if text is None:
        return None, None, None, None
    edtf = parse_edtf(text, habits.timezone)
    return edtf.text, edtf.reported_from, edtf.reported_at, text.strip()


def _read_date(_habits: Habits, text: str | None) -> _Values:
    if text is None:
        return None, None, None, None
    edtf = parse_edtf(text, beyond=True)
    return edtf.text, *within_calendar(edtf.lower, edtf.upper), END if edtf.upper == END else None


def _read_valid(_habits: Habits, text: str | None, start: str | None, end: str | None) -> _Values:
    bounds = valid_bounds(text, start, end) or (None, None)
    written = None if text is None else parse_edtf(text, beyond=True).text
    return written, *bounds, raw_end(text, end)


def _read_period(
    _habits: Habits, in_fact: str | None, text: str | None, start: str | None, end: str | None
) -> _Values:
    bounds = period_bounds(text, start, end)
    if in_fact is not None:
        of_fact = period_bounds(in_fact, None, None)
        if bounds not in (None, of_fact):
            raise BadInput("the fact has another period")
        bounds = of_fact
    if bounds is None:
        return None, None, None, None, None
    former = raw_end(text if in_fact is None else in_fact, end)
    written = None if former is None else former_period_text(bounds[0], former)
    return period_text(*bounds), *bounds, written, None if former == END else written


def _read_key(name: str, _habits: Habits, text: str | None) -> _Values:
    return (None if text is None else event_from({"fact": "a/b", "text": "", name: text}).columns()[name],)


def _read_figure(habits: Habits, *values: str | None) -> _Values:
    keys = {name: value for name, value in zip(_FIGURES, values, strict=True) if value is not None}
    event = event_from({"fact": "a/b", **keys})
    assert isinstance(event, Event)
    return tuple(map(event.columns(habits).get, _FIGURES))


#: Keys that are read together, how, and the columns of what they mean.
_MEANINGS: Final[tuple[tuple[tuple[str, ...], Callable[..., _Values], tuple[str, ...]], ...]] = (
    (
        ("reported",),
        _read_reported,
        ("read_reported", "read_reported_from", "read_reported_at", "former_reported"),
    ),
    (("date",), _read_date, ("read_date", "read_date_from", "read_date_to", "former_date_to")),
    (
        ("valid", "valid_from", "valid_to"),
        _read_valid,
        ("read_valid", "read_valid_from", "read_valid_to", "former_valid_to"),
    ),
    (
        ("fact_period", "period", "period_from", "period_to"),
        _read_period,
        ("read_period", "read_period_from", "read_period_to", "former_period", "later_period"),
    ),
    (("inferred",), partial(_read_key, "inferred"), ("read_inferred",)),
    (("locator",), partial(_read_key, "locator"), ("read_locator",)),
)
#: What the store knows of a source that has a date or an origin.
_OF_SOURCE: Final = ("source_reported", "source_from", "source_at", "source_origin")
_UNUSUAL: Final = tuple(f"unusual_{name}" for name in _FIGURES)
#: The types of all these columns, for DuckDB and for Arrow.
_READ_TYPES: Final[dict[str, tuple[str, Any]]] = {
    **dict.fromkeys(
        ("read_reported", "read_date", "read_valid", "read_period", "read_locator"), ("VARCHAR", pa.string())
    ),
    **dict.fromkeys(("former_reported", "former_period", "later_period"), ("VARCHAR", pa.string())),
    **dict.fromkeys(("former_date_to", "former_valid_to"), ("TIMESTAMP", pa.timestamp("us"))),
    **dict.fromkeys((*_OF_SOURCE, "unusual_claim", "unusual_unit"), ("VARCHAR", pa.string())),
    **{
        f"{name}_{end}": ("TIMESTAMP", pa.timestamp("us"))
        for name, ends in (
            *(("read_reported", ("from", "at")), ("source", ("from", "at")), ("read_date", ("from", "to"))),
            *(("read_valid", ("from", "to")), ("read_period", ("from", "to"))),
        )
        for end in ends
    },
    **dict.fromkeys(
        ("read_inferred", "unusual_approximate", "misread"),
        ("BOOLEAN", pa.bool_()),
    ),
    **dict.fromkeys(
        ("unusual_amount", "unusual_amount_low", "unusual_amount_high"),
        ("DECIMAL(38, 9)", pa.decimal128(38, 9)),
    ),
}


def _distinct(columns: Sequence[Any]) -> tuple[list[tuple[Any, ...]], Any]:
    """Return the distinct rows of some columns, and which of them each row is."""
    rows: list[tuple[Any, ...]] = [()]
    which: Any = None
    for column in columns:
        encoded: Any = pa.chunked_array(column.chunks, column.type).combine_chunks()
        encoded = encoded.dictionary_encode(null_encoding="encode")
        values = encoded.dictionary.to_pylist()
        number = encoded.indices.cast(pa.int64())
        if which is not None:
            number = pc.add(pc.multiply(which, max(len(values), 1)), number)
        both = number.dictionary_encode()
        rows = [(*rows[at // len(values)], values[at % len(values)]) for at in both.dictionary.to_pylist()]
        which = both.indices.cast(pa.int64())
    return rows, which


class _HabitsOfRows:
    """The habits of each row: `which` has the places in `all`, as text; None where all have the first."""

    def __init__(self, all_: Sequence[Habits], which: Any = None) -> None:
        self.all = all_
        self.which = which

    def among(self, rows: Any) -> _HabitsOfRows:
        """Return the habits of those rows that an array of booleans chooses."""
        return self if self.which is None else _HabitsOfRows(self.all, self.which.filter(rows))


def _read_each(
    read: Callable[..., _Values], columns: Sequence[Any], into: Sequence[str], habits: _HabitsOfRows
) -> tuple[dict[str, Any], Any]:
    """Return what some columns say together, read once for each distinct row of them, and which rows say
    nothing.
    """
    by = () if habits.which is None else (habits.which,)
    rows, which = _distinct([*by, *columns])
    found, misread = [], []
    for row in rows:
        at, texts = (0, row) if habits.which is None else (int(row[0]), row[1:])
        try:
            found.append(read(habits.all[at], *texts))
            misread.append(False)
        except BadInput:
            found.append((None,) * len(into))
            misread.append(True)
    values = {
        name: pa.array([each[at] for each in found], _READ_TYPES[name][1]).take(which)
        for at, name in enumerate(into)
    }
    return values, pa.array(misread, pa.bool_()).take(which)


def _plain_unit(text: str) -> str | None:
    """Return the unit that a text means, if the figures before it are those of that unit."""
    try:
        unit, power = parse_unit(text)
    except BadInput:
        return None
    return None if power else unit


class RowReader:
    """Reads a table of these columns part by part, into a database of its own; close it after use.

    What does not fit into memory goes to a temporary folder `within` another.

    `normalize` makes views of one part with every key as text; `read` then puts beside them what the texts
    mean, as the query `intake/rows` takes it.
    """

    def __init__(self, habits: Habits = _NO_HABITS, within: Path | None = None) -> None:
        self._habits = habits
        self._habits_of: dict[str, Habits] = {}
        self._has_declared = False
        self._units: dict[str, str | None] = {}
        #: What the store knows of sources: their dates, as `_OF_SOURCE` has them, and origins.
        self.sources: dict[str, _Values] = {}
        # The part at hand: its columns, how each key is taken from them, and which rows cannot be taken.
        self._columns: dict[str, Any] = {}
        self._taken: dict[str, str] = {}
        self._unreadable = "false"
        self._spilled = ExitStack()
        self.con = connect(spill=self._spilled.enter_context(spilling(within or Path(gettempdir()))))
        # Its parts are to keep their order, as they do where the many are looked up among the few.
        self.con.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
        for macro in _MACROS:
            self.make(macro)

    def close(self) -> None:
        self.con.close()
        self._spilled.close()

    def habits_of(self, sources: Mapping[str, Habits]) -> None:
        """Read the rows of these sources by habits of their own."""
        self._habits_of = {name: habits for name, habits in sources.items() if habits != self._habits}

    def declare(self, attributes: pa.Table) -> None:
        """Read the claims of these attributes, with their id and type of `value`, as what they are."""
        self._has_declared = attributes.num_rows > 0
        self.con.register("values_kept", attributes)
        self.con.execute("CREATE OR REPLACE TEMP TABLE declared AS FROM values_kept")
        self.con.unregister("values_kept")

    def make(self, name: str) -> None:
        """Run timeline/sql/intake/NAME.sql."""
        self.con.execute(sql_object(f"intake/{name}"))

    def keep(self, name: str, columns: Mapping[str, Sequence[Any]], **types: Any) -> None:
        """Make a temporary table of Python values: text, unless `types` says otherwise."""
        arrays = [pa.array(values, types.get(key, pa.string())) for key, values in columns.items()]
        self.con.register("values_kept", pa.table(arrays, names=list(columns)))
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM values_kept")
        self.con.unregister("values_kept")

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        return self.con.execute(query).fetchall()

    def normalize(self, first: int, part: pa.Table) -> None:
        """Make the view `given`: the rows of a part, numbered, with every key, in NFC."""
        count = part.num_rows
        unreadable = []
        columns: dict[str, Any] = {}
        taken: dict[str, str] = {name: f"NULL::VARCHAR AS {name}" for name in _KEYS}
        for number, small in _NUMBERS.values():
            taken[number] = f"NULL::DECIMAL(38, 9) AS {number}"
            taken[small] = f"NULL::DECIMAL(18, 3) AS {small}"
        taken["reported_instant"] = "NULL::TIMESTAMP AS reported_instant"
        taken["has_period"] = "false AS has_period"
        for read, (kind, _) in _READ_TYPES.items():
            taken[read] = f"NULL::{kind} AS {read}"
        for name in part.column_names:
            values: Any = part.column(name)
            number, small = _NUMBERS.get(name, ("", ""))
            if number and _fits(values.type):
                taken[number] = f"{name}::DECIMAL(38, 9) AS {number}"
                if _is_small(values.type):
                    taken[small] = f"{name}::DECIMAL(18, 3) AS {small}"
            elif name == "reported" and pa.types.is_timestamp(values.type):
                values = _without_zone(values)
                usual = "reported BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999'"
                taken["reported_instant"] = f"if({usual}, reported, NULL) AS reported_instant"
                taken["reported"] = "instant_text(reported) AS reported"
            else:
                values = as_text(part.select([name])).column(name)
                taken[name] = f'"{name}"'
                if number:
                    taken[number] = f"plain_number({name}) AS {number}"
                    taken[small] = f"small_number({name}) AS {small}"
                written = "claim_written" if name == "claim" and self._has_declared else name
                if name in _TEXTS and not _is_plain(values):
                    unreadable.append(f"coalesce(regexp_matches({written}, '[\\x00\\x1e\\x1f]'), false)")
                    values = self._normal(values, name)
                    if name == "key":
                        unreadable.append("coalesce(NOT is_visible(key), false)")
                if name in _TRIMMED:
                    values = pc.utf8_trim(values, characters=BLANKS)
                if name in _TEXTS and _longest(values) > (limit := bytes_at_most(name)):
                    unreadable.append(f"coalesce(strlen({written}) > {limit}, false)")
                if name == "fact" and pc.any(pc.match_substring(values, pattern="@")).as_py():
                    taken["has_period"] = "contains(fact, '@') AS has_period"
            columns[name] = values
        if self._has_declared and "claim" in columns:
            moved = self._claims_by_type(columns)
            columns |= moved
            taken |= {name: f'"{name}"' for name in moved}
        numbers: Any = pc.cumulative_sum(
            pa.repeat(pa.scalar(1, pa.int64()), count), start=pa.scalar(first - 1, pa.int64())
        )
        self._columns, self._taken = {**columns, "row": numbers}, taken
        self._unreadable = " OR ".join(unreadable) or "false"
        self._show()
        units = (
            self.ask("SELECT DISTINCT unit FROM given WHERE unit IS NOT NULL") if "unit" in columns else []
        )
        for (unit,) in units[:_UNITS_AT_MOST]:
            if unit not in self._units:
                self._units[unit] = _plain_unit(unit)
        plain = {unit: found for (unit,) in units[:_UNITS_AT_MOST] if (found := self._units[unit])}
        cases = "".join(f" WHEN {quoted(unit)} THEN {quoted(found)}" for unit, found in plain.items())
        case = f"CASE text{cases} END" if cases else "NULL::VARCHAR"
        self.con.execute(f"CREATE OR REPLACE TEMP MACRO plain_unit(text) AS ({case})")
        self.make("normalized")

    def _claims_by_type(self, columns: Mapping[str, Any]) -> dict[str, Any]:
        """Return the columns of values with each claim in the one that its attribute takes, if free."""
        names = ("claim", "attribute", "fact", *_NO_AMOUNTS)
        nothing = pa.nulls(len(columns["claim"]), pa.string())
        self.con.register("claimed", pa.table({name: columns.get(name, nothing) for name in names}))
        table: pa.Table = self.con.sql(sql_object("intake/claims_by_type")).to_arrow_table()
        self.con.unregister("claimed")
        return {name: table[name] for name in table.column_names}

    def _habits_of_rows(self, sources: Any) -> _HabitsOfRows:
        """Return the habits of rows with these sources, or without any."""
        if not self._habits_of or sources is None:
            return _HabitsOfRows([self._habits])
        found = [self._habits, *dict.fromkeys(self._habits_of.values())]
        numbers = {name: str(found.index(habits)) for name, habits in self._habits_of.items()}
        encoded: Any = pa.chunked_array(sources.chunks, sources.type).combine_chunks()
        encoded = encoded.dictionary_encode(null_encoding="encode")
        of_each = [numbers.get(name, "0") for name in encoded.dictionary.to_pylist()]
        return _HabitsOfRows(found, pa.chunked_array([pa.array(of_each, pa.string()).take(encoded.indices)]))

    def _show(self) -> None:
        """Make the view `given` of the part at hand."""
        self.con.register("part", pa.table(self._columns))
        self.con.execute(
            f"CREATE OR REPLACE TEMP VIEW given AS SELECT row, {', '.join(self._taken.values())}, "
            f"{self._unreadable} AS unreadable FROM part"
        )

    def _normal(self, values: Any, name: str) -> Any:
        self.con.register("texts", pa.table({"text": values}))
        odd = self.ask(f"SELECT DISTINCT text FROM texts WHERE regexp_matches(text, '[^{_INERT}]')")
        normal = {text: form for (text,) in odd if (form := nfc(text)) != text}
        if normal:
            self.keep(f"normal_{name}", {"text": list(normal), "normal": list(normal.values())})
            values = (
                self.con.sql(
                    "SELECT coalesce(normal, text) "
                    "FROM (SELECT text, row_number() OVER () AS row FROM texts) "
                    f"LEFT JOIN normal_{name} USING (text) ORDER BY row"
                )
                .to_arrow_table()
                .column(0)
            )
        self.con.unregister("texts")
        return values

    def read(self) -> None:
        """Put beside the keys what their texts mean."""
        texts = {name: self._columns[name] for name in _KEYS if self._taken[name] == f'"{name}"'}
        if "contains" in self._taken["has_period"]:
            has_period = pc.match_substring(texts["fact"], pattern="@")
            behind = pc.replace_substring_regex(texts["fact"], pattern="^[^@]*@", replacement="")
            texts["fact_period"] = pc.if_else(has_period, behind, None)
        nothing = pa.chunked_array([pa.nulls(len(self._columns["row"]), pa.string())])
        misread: Any = pa.repeat(pa.scalar(False), len(nothing))
        habits = self._habits_of_rows(texts.get("source"))
        for keys, read, into in _MEANINGS:
            if not texts.keys().isdisjoint(keys):
                values, wrong = _read_each(read, [texts.get(key, nothing) for key in keys], into, habits)
                self._add(values)
                misread = pc.or_(misread, wrong)
        if self.sources and "source" in texts:
            unknown = (None,) * len(_OF_SOURCE)
            values, _ = _read_each(
                lambda _, name: self.sources.get(name, unknown),
                [texts["source"]],
                _OF_SOURCE,
                _HabitsOfRows([self._habits]),
            )
            self._add(values)
        unusual = self.con.sql(sql_object("intake/figures")).to_arrow_table()
        if unusual.num_rows:
            among = (
                self.con.sql("SELECT coalesce(is_unusual, false) FROM normalized")
                .to_arrow_table()[0]
                .combine_chunks()
            )
            values, wrong = _read_each(
                _read_figure, [unusual[name] for name in _FIGURES], _UNUSUAL, habits.among(among)
            )
            for name, found in values.items():
                self._add({name: pc.replace_with_mask(pa.nulls(len(among), found.type), among, found)})
            misread = pc.replace_with_mask(misread, among, pc.or_(misread.filter(among), wrong))
        self._add({"misread": misread})
        self._show()

    def _add(self, columns: Mapping[str, Any]) -> None:
        self._columns |= columns
        self._taken |= {name: name for name in columns}
