"""What the rows of a table say by themselves, column by column: the part of `bulk` that knows no store.

A table is read as the text that it would be in a CSV file. What has the usual shape is read in SQL
(timeline/sql/intake), what repeats and is unusual once a distinct value, by the functions that the way
by drafts uses.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from timeline.errors import BadInput
from timeline.index.catalog import sql_object
from timeline.intake.tabular import StoredTable
from timeline.log.paths import quoted
from timeline.meaning.amounts import parse_amount, plain_amount
from timeline.meaning.event import Event, bytes_at_most, event_from
from timeline.meaning.times import END, Edtf, former_period_text, no_end, parse_edtf, value_end

__all__ = ["RowReader", "as_text", "in_parts"]

_MACROS: Final = (
    *("is_segment", "instant_text", "spans_of", "nine_places", "figure_text", "plain_amount"),
    *("plain_number", "small_number", "plain_instant"),
)
_KEYS: Final = tuple(name for name in Event.model_fields if name not in ("target", "void"))
#: Keys whose text is an event's as it is, and therefore in NFC and without separators.
_TEXTS: Final = tuple(
    name
    for name in _KEYS
    if name not in ("type", "amount", "amount_low", "amount_high", "approximate", "inferred", "locator")
)
_SEPARATORS: Final = (b"\x00", b"\x1e", b"\x1f")
#: Characters any sequence of which is in NFC: none combines, decomposes or joins another.
_INERT: Final = (
    r"\x00-\x{2ff}\x{400}-\x{482}\x{2010}-\x{2027}\x{20a0}-\x{20bf}\x{3001}-\x{3029}\x{3041}-\x{3096}"
    r"\x{30a1}-\x{30fa}\x{4e00}-\x{9fff}\x{ac00}-\x{d7a3}\x{ff01}-\x{ff5e}\x{1f300}-\x{1f64f}"
)
_BYTES_AT_ONCE: Final = 2**24

_EDTF: Final[Mapping[str, Callable[[Edtf], Any]]] = {
    "text": lambda edtf: edtf.text,
    "lower": lambda edtf: edtf.lower,
    "upper": lambda edtf: no_end(edtf.upper),
    "date_to": lambda edtf: value_end(edtf.upper),
    "reported_from": lambda edtf: edtf.reported_from,
    "reported_at": lambda edtf: edtf.reported_at,
}
_FIGURES: Final = ("claim", "amount", "amount_low", "amount_high", "unit", "approximate")
_NUMBERS: Final = {
    "amount": ("amount_number", "amount_small"),
    "amount_low": ("low_number", "low_small"),
    "amount_high": ("high_number", "high_small"),
}
_DATES: Final = ("date", "reported", "period", "period_from", "period_to", "valid", "valid_from", "valid_to")

#: Figures that tell whether a unit is always the same unit: separators, signs and every kind of bound.
_PROBES: Final = (
    *(("1", "1", False), ("12", "12", True), ("1234567", "1234567", False), ("1.234", "1.234", False)),
    *(("2.5", "1000.125", False), ("1.234", "2.345", True), ("-7", "3", False), ("-7.5", "-7.5", True)),
    *((None, "1.234", False), ("1.234", None, True), ("-1000", None, False), (None, "0.5", True)),
)


def in_parts(
    table: pa.Table | StoredTable, at_once: int, names: Sequence[str] | None = None
) -> Iterator[pa.Table]:
    """The rows of a table, and only these columns where they are named, so many at a time."""
    if isinstance(table, StoredTable):
        yield from table.parts(at_once, names)
        return
    chosen = table if names is None else table.select(list(names))
    for at in range(0, table.num_rows, at_once):
        yield chosen.slice(at, at_once)


def as_text(table: pa.Table) -> pa.Table:
    """Every column as text; no columns, but as many rows, where nothing is given."""
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
        elif not pa.types.is_string(values.type):
            values = values.cast(pa.string())
        columns[name] = values
    return pa.table(columns)


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
    """How many bytes the longest text of a column has; 0 where there is none."""
    return pc.max(pc.binary_length(column)).as_py() or 0


def _row_of(keys: Mapping[str, object]) -> dict[str, Any]:
    """The columns of a report that gives these keys, or none where no report may."""
    try:
        return event_from({"fact": "a/b", **keys}).columns()
    except BadInput:
        return {}


def _plain_unit(unit: str) -> str | None:
    """The unit that a text means whatever figures stand before it, if that is so."""
    if not all(part.isascii() and part.isalpha() for part in unit.replace("%", "p").split("/")):
        return None
    plain = None
    for low, high, approximate in _PROBES:
        bounds = Decimal(low) if low else None, Decimal(high) if high else None
        try:
            read = parse_amount(plain_amount(*bounds, unit, approximate))
        except BadInput:
            return None
        if (read.low, read.high, read.approximate) != (*bounds, approximate):
            return None
        if plain not in (None, read.unit):
            return None
        plain = read.unit
    return plain


class RowReader:
    """Reads a table of these columns part by part, into a database of its own; close it after use.

    `normalize` makes views of one part with every key as text; `read` then makes the tables that the query
    `intake/rows` looks the values of that part up in.
    """

    def __init__(self, columns: Iterable[str]) -> None:
        self._given = set(columns)
        self._units: dict[str, str | None] = {}
        # Whether the part at hand, and whether the tables made last, have dates to be read.
        self._dated = False
        self._dates_made = True
        self.con = duckdb.connect()
        # Its parts are to keep their order, as they do where the many are looked up among the few.
        self.con.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
        for macro in _MACROS:
            self.make(macro)

    def close(self) -> None:
        self.con.close()

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
        told: dict[str, str] = {name: f"NULL::VARCHAR AS {name}" for name in _KEYS}
        for number, small in _NUMBERS.values():
            told[number] = f"NULL::DECIMAL(38, 9) AS {number}"
            told[small] = f"NULL::DECIMAL(18, 3) AS {small}"
        told["reported_instant"] = "NULL::TIMESTAMP AS reported_instant"
        told["has_period"] = "false AS has_period"
        for name in part.column_names:
            values: Any = part.column(name)
            number, small = _NUMBERS.get(name, ("", ""))
            if number and _fits(values.type):
                told[number] = f"{name}::DECIMAL(38, 9) AS {number}"
                if _is_small(values.type):
                    told[small] = f"{name}::DECIMAL(18, 3) AS {small}"
            elif name == "reported" and pa.types.is_timestamp(values.type):
                values = _without_zone(values)
                usual = "reported BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999'"
                told["reported_instant"] = f"if({usual}, reported, NULL) AS reported_instant"
                told["reported"] = "instant_text(reported) AS reported"
            else:
                values = as_text(part.select([name])).column(name)
                told[name] = f'"{name}"'
                if number:
                    told[number] = f"plain_number({name}) AS {number}"
                    told[small] = f"small_number({name}) AS {small}"
                elif name == "reported":
                    told["reported_instant"] = "plain_instant(reported) AS reported_instant"
                if name in _TEXTS and not _is_plain(values):
                    unreadable.append(f"coalesce(regexp_matches({name}, '[\\x00\\x1e\\x1f]'), false)")
                    values = self._normal(values, name)
                if name in _TEXTS and _longest(values) > (limit := bytes_at_most(name)):
                    unreadable.append(f"coalesce(strlen({name}) > {limit}, false)")
                if name == "fact" and pc.any(pc.match_substring(values, pattern="@")).as_py():
                    told["has_period"] = "contains(fact, '@') AS has_period"
            columns[name] = values
        # Typed instants need no reading.
        self._dated = "contains" in told["has_period"] or any(told[name] == f'"{name}"' for name in _DATES)
        numbers: Any = pc.cumulative_sum(
            pa.repeat(pa.scalar(1, pa.int64()), count), start=pa.scalar(first - 1, pa.int64())
        )
        self.con.register("told", pa.table({**columns, "row": numbers}))
        self.con.execute(
            f"CREATE OR REPLACE TEMP VIEW given AS SELECT row, {', '.join(told.values())}, "
            f"{' OR '.join(unreadable) or 'false'} AS unreadable FROM told"
        )
        units = (
            self.ask("SELECT DISTINCT unit FROM given WHERE unit IS NOT NULL") if "unit" in columns else []
        )
        for (unit,) in units:
            if unit not in self._units:
                self._units[unit] = _plain_unit(unit)
        plain = {unit: found for (unit,) in units if (found := self._units[unit])}
        cases = "".join(f" WHEN {quoted(unit)} THEN {quoted(found)}" for unit, found in plain.items())
        case = f"CASE said{cases} END" if cases else "NULL::VARCHAR"
        self.con.execute(f"CREATE OR REPLACE TEMP MACRO plain_unit(said) AS ({case})")
        self.make("normalized")

    def _normal(self, values: Any, name: str) -> Any:
        self.con.register("texts", pa.table({"said": values}))
        said = self.ask(f"SELECT DISTINCT said FROM texts WHERE regexp_matches(said, '[^{_INERT}]')")
        normal = {text: form for (text,) in said if (form := unicodedata.normalize("NFC", text)) != text}
        if normal:
            self.keep(f"normal_{name}", {"said": list(normal), "normal": list(normal.values())})
            values = (
                self.con.sql(
                    "SELECT coalesce(normal, said) "
                    "FROM (SELECT said, row_number() OVER () AS row FROM texts) "
                    f"LEFT JOIN normal_{name} USING (said) ORDER BY row"
                )
                .to_arrow_table()
                .column(0)
            )
        self.con.unregister("texts")
        return values

    def read(self) -> None:
        """Make the tables that `rows` looks values up in."""
        dates: dict[str, list[Any]] = {name: [] for name in ("given", *_EDTF)}
        if self._dated:
            self.make("dates")
            for (text,) in self.ask("SELECT given FROM dates WHERE lower IS NULL"):
                try:
                    edtf = parse_edtf(text)
                except BadInput:
                    continue
                dates["given"].append(text)
                for name, bound in _EDTF.items():
                    dates[name].append(bound(edtf))
        else:
            self.con.execute(
                "CREATE OR REPLACE TEMP TABLE dates (given VARCHAR, shape VARCHAR, lower TIMESTAMP)"
            )
        self.keep("edtf_read", dates, **dict.fromkeys([*_EDTF][1:], pa.timestamp("us")))
        for table in ("edtf", "periods", "bounds", "spans", "valids"):
            if self._dated or self._dates_made:
                self.make(table)
        self._dates_made = self._dated
        self._read_formers()
        self._read_unusual_figures()
        for table, name, kind in (("flags", "inferred", pa.bool_()), ("locators", "locator", pa.string())):
            told = f"SELECT DISTINCT {name} FROM given WHERE {name} IS NOT NULL"
            said = [text for (text,) in self.ask(told)] if name in self._given else []
            read = [_row_of({"text": "", name: text}).get(name) for text in said]
            self.keep(table, {"said": said, "read": read}, read=kind)

    def _read_formers(self) -> None:
        """Make the table of texts that end with 9999, each with what it was as a period before."""
        ending = self.ask("SELECT given FROM edtf WHERE reported_at = TIMESTAMP '9999-12-31 23:59:59.999999'")
        dates = {text: edtf for (text,) in ending if (edtf := parse_edtf(text)).upper == END}
        periods = [former_period_text(edtf.lower, edtf.upper) for edtf in dates.values()]
        self.keep("formers", {"given": list(dates), "period": periods})

    def _read_unusual_figures(self) -> None:
        unusual = self.ask(sql_object("intake/figures"))
        rows = [_row_of(dict(zip(_FIGURES, values, strict=True))) for values in unusual]
        read: dict[str, list[Any]] = {
            name: [values[at] for values in unusual] for at, name in enumerate(_FIGURES)
        }
        for name, column in (
            *(("low", "amount_low"), ("high", "amount_high"), ("headline", "amount"), ("plain_unit", "unit")),
            *(("about", "approximate"), ("told", "claim")),
        ):
            read[name] = [row.get(column) for row in rows]
        read["wrong"] = [not row for row in rows]
        read["is_unusual"] = [True] * len(rows)
        types = dict.fromkeys(("low", "high", "headline"), pa.decimal128(38, 9))
        flags = dict.fromkeys(("about", "wrong", "is_unusual"), pa.bool_())
        self.keep("unusual_figures", read, **types, **flags)
