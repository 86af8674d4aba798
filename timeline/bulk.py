"""Tables of reports and withdrawals, taken column by column: what `event` and `intake` make of each row.

A table is read as the text that it would be in a CSV file. What repeats (dates, periods, names, figures)
is read once a distinct value: in SQL where it has the usual shape (timeline/sql/intake), otherwise by
the functions that the way by drafts uses. SQL only finds out *that* a row is refused; why, that way tells.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from timeline.amounts import parse_amount, plain_amount
from timeline.columns import LOG_COLUMNS, STATUSES, event_id_sql
from timeline.errors import BadInput, Place, TimelineError
from timeline.event import DESCRIPTIONS, Event, event_from
from timeline.files import Draft
from timeline.index import Reader, sql_object
from timeline.intake import Intake, Rejected
from timeline.log import schema
from timeline.times import parse_edtf

__all__ = ["BulkResolved", "resolve_table", "table_to_drafts", "takes"]

_MACROS: Final = ("is_segment", "instant_text", "spans_of", "figure_text", "plain_amount")
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

#: Where fewer rows are left out, slices are cheaper than a copy.
_FEW: Final = 100
#: Fewer rows than this are sooner done one by one.
_MANY: Final = 2_000

#: The columns that are there in every event, and the keys that the others come from.
_ALWAYS: Final = (
    *("event_type", "fact", "subject", "attribute", "status", "reported_from", "reported_at", "reported"),
    *("evidence_at", "source", "origin", "inferred", "void", "inherited"),
)
_COMES_FROM: Final = {
    **{name: (name,) for name in ("key", "speaker", "statement", "locator", "reason", "actor", "valid")},
    "object": ("object", "fact"),
    **dict.fromkeys(("period", "period_from", "period_to"), ("fact", "period", "period_from", "period_to")),
    **dict.fromkeys(("valid_from", "valid_to"), ("valid", "valid_from", "valid_to")),
    **dict.fromkeys(("date_from", "date_to"), ("date",)),
    **dict.fromkeys(
        ("amount", "amount_low", "amount_high", "unit", "approximate"),
        ("claim", "amount", "amount_low", "amount_high"),
    ),
    "text": ("text", "date", "entity", "answer"),
    **dict.fromkeys(
        ("value_type", "claim"),
        ("claim", "text", "date", "entity", "answer", "amount", "amount_low", "amount_high"),
    ),
}

_EDTF: Final = ("text", "lower", "upper", "reported_from", "reported_at")
_FIGURES: Final = ("claim", "amount", "amount_low", "amount_high", "unit", "approximate")

#: Figures that tell whether a unit is always the same unit: separators, signs and every kind of bound.
_PROBES: Final = (
    *(("1", "1", False), ("12", "12", True), ("1234567", "1234567", False), ("1.234", "1.234", False)),
    *(("2.5", "1000.125", False), ("1.234", "2.345", True), ("-7", "3", False), ("-7.5", "-7.5", True)),
    *((None, "1.234", False), ("1.234", None, True), ("-1000", None, False), (None, "0.5", True)),
)


@dataclass
class BulkResolved:
    """What became of one table: rows for the log, and what was not taken.

    `rows` has the columns of the log, descriptions of new names first; what only an append can fill in
    is null. `known` counts the events that the store has already, or the table before.
    """

    rows: pa.Table
    known: int = 0
    registered: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def takes(table: pa.Table) -> bool:
    """Whether it pays to take a table as a whole: there are many rows, all of them reports and withdrawals.

    >>> takes(pa.table({"type": ["reported"] * 10_000})), takes(pa.table({"type": ["corrected"] * 10_000}))
    (True, False)
    """
    if table.num_rows < _MANY:
        return False
    names = table.column_names
    if any(name in names and table[name].null_count < table.num_rows for name in ("target", "void")):
        return False
    if "type" not in names:
        return True
    return {"corrected", "retracted", *DESCRIPTIONS}.isdisjoint(table["type"].unique().to_pylist())


def table_to_drafts(table: pa.Table, name: str) -> list[Draft]:
    """The rows of a table as drafts, every value as text and nulls left out; rows count from 1.

    >>> table_to_drafts(pa.table({"fact": ["nvidia/ceo"], "amount": [1.5]}), "t.parquet")[0].keys
    {'fact': 'nvidia/ceo', 'amount': '1.5'}
    """
    return list(_drafts(_as_text(table), name, range(1, table.num_rows + 1)))


def resolve_table(
    reader: Reader, table: pa.Table, name: str, recorded_at: int, *, register_unknown: bool = False
) -> BulkResolved:
    """The rows of a table that `takes`, just as `Intake.resolve` would make them of its drafts.

    `recorded_at` is the moment against which reported dates are checked, in microseconds. Events keep the
    order of the table; `name` is what errors call it.
    """
    if not table.num_rows:
        return BulkResolved(schema().empty_table())
    with closing(reader.cursor()) as con:
        return _Table(con, reader, table, name, recorded_at, register_unknown).resolved()


def _as_text(table: pa.Table) -> pa.Table:
    """Every column as text; no columns, but as many rows, where nothing is given."""
    columns: dict[str, Any] = {}
    for name in table.column_names:
        values: Any = table.column(name)
        if pa.types.is_timestamp(values.type):
            # Without a zone, which Arrow would look up in a data base that not every machine has.
            moments = values.cast(pa.timestamp("us", "UTC")).cast(pa.int64()).cast(pa.timestamp("us"))
            written = pc.strftime(moments, format="%Y-%m-%dT%H:%M:%SZ")
            values = pc.replace_substring_regex(written, pattern=r"\.000000Z$", replacement="Z")
        elif not pa.types.is_string(values.type):
            values = values.cast(pa.string())
        columns[name] = values
    return pa.table(columns)


def _drafts(texts: pa.Table, name: str, rows: Iterable[int]) -> Iterator[Draft]:
    for row, values in zip(rows, texts.to_pylist(), strict=True):
        keys = {key: value for key, value in values.items() if value is not None}
        yield Draft(keys, Place(name, row=row))


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


def _hashed(query: str, names: Sequence[str]) -> str:
    """These columns of a query, which yields more columns of an event only as nulls, and the event id."""
    return f"SELECT {', '.join(names)}, {event_id_sql(among=names)} AS event_id FROM ({query})"


class _Table:
    """One table on its way into the log. Its parts are temporary objects of a connection of its own."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        reader: Reader,
        table: pa.Table,
        name: str,
        recorded_at: int,
        register_unknown: bool,
    ) -> None:
        self._con = con
        self._reader = reader
        self._texts = _as_text(table)
        self._name = name
        self._recorded_at = recorded_at
        self._register_unknown = register_unknown

    def resolved(self) -> BulkResolved:
        for macro in _MACROS:
            self._make(macro)
        self._con.execute(f"SET VARIABLE recorded_at = make_timestamp({self._recorded_at})")
        self._con.execute(f"SET VARIABLE register_unknown = {self._register_unknown}")
        self._lay_open()
        self._read()
        self._look_up_names()
        resolved = BulkResolved(schema().empty_table())
        taken = self._taken(resolved)
        new = self._new(taken, resolved)
        self._warn(new, resolved)
        resolved.rows = _for_the_log(new)
        if self._register_unknown:
            descriptions = self._registered()
            resolved.registered = descriptions.num_rows
            resolved.rows = pa.concat_tables([descriptions, resolved.rows])
        return resolved

    def _make(self, name: str) -> None:
        self._con.execute(sql_object(f"intake/{name}"))

    def _keep(self, name: str, columns: Mapping[str, Sequence[Any]], **types: Any) -> None:
        """Make a temporary table of Python values: text, unless `types` says otherwise."""
        arrays = [pa.array(values, types.get(key, pa.string())) for key, values in columns.items()]
        self._con.register("values_kept", pa.table(arrays, names=list(columns)))
        self._con.execute(f"CREATE TEMP TABLE {name} AS FROM values_kept")
        self._con.unregister("values_kept")

    def _ask(self, query: str) -> list[tuple[Any, ...]]:
        return self._con.execute(query).fetchall()

    # What the rows say by themselves

    def _lay_open(self) -> None:
        """Make the view `given`: the rows, numbered from 1, with every key, in NFC."""
        texts = self._texts
        unreadable = []
        for name in texts.column_names:
            if name in _TEXTS and not _is_plain(texts.column(name)):
                unreadable.append(f"coalesce(regexp_matches({name}, '[\\x00\\x1e\\x1f]'), false)")
                texts = self._normal(texts, name)
        count = self._texts.num_rows
        numbers: Any = pc.cumulative_sum(pa.repeat(pa.scalar(1, pa.int64()), count))
        self._con.register("told", texts.append_column("row", numbers))
        columns = [
            f'"{name}"' if name in texts.column_names else f'NULL::VARCHAR AS "{name}"' for name in _KEYS
        ]
        self._con.execute(
            f"CREATE TEMP VIEW given AS SELECT row, {', '.join(columns)}, "
            f"{' OR '.join(unreadable) or 'false'} AS unreadable FROM told"
        )

    def _normal(self, texts: pa.Table, name: str) -> pa.Table:
        self._con.register("texts", texts.select([name]).rename_columns(["said"]))
        said = self._ask(f"SELECT DISTINCT said FROM texts WHERE regexp_matches(said, '[^{_INERT}]')")
        normal = {text: form for (text,) in said if (form := unicodedata.normalize("NFC", text)) != text}
        if not normal:
            return texts
        self._keep(f"normal_{name}", {"said": list(normal), "normal": list(normal.values())})
        column = self._con.sql(
            "SELECT coalesce(normal, said) FROM (SELECT said, row_number() OVER () AS row FROM texts) "
            f"LEFT JOIN normal_{name} USING (said) ORDER BY row"
        ).to_arrow_table()
        return texts.set_column(texts.column_names.index(name), name, column.column(0))

    def _read(self) -> None:
        """Make the tables that `rows` looks values up in."""
        self._keep("words", {"word": list(STATUSES)})
        self._make("parts")
        self._make("dates")
        dates: dict[str, list[Any]] = {name: [] for name in ("given", *_EDTF)}
        for (text,) in self._ask("SELECT given FROM dates WHERE lower IS NULL"):
            try:
                edtf = parse_edtf(text)
            except BadInput:
                continue
            dates["given"].append(text)
            for name in _EDTF:
                dates[name].append(getattr(edtf, name))
        self._keep("edtf_read", dates, **dict.fromkeys(_EDTF[1:], pa.timestamp("us")))
        for table in ("edtf", "facts", "periods", "bounds", "spans", "valids", "figures"):
            self._make(table)
        units = self._ask("SELECT DISTINCT unit FROM figures WHERE unit IS NOT NULL")
        plain = {unit: found for (unit,) in units if (found := _plain_unit(unit))}
        self._keep("plain_units", {"unit": list(plain), "plain": list(plain.values())})
        self._make("usual_figures")
        self._read_unusual_figures()
        for table, name, kind in (("flags", "inferred", pa.bool_()), ("locators", "locator", pa.string())):
            said = [
                text for (text,) in self._ask(f"SELECT DISTINCT {name} FROM given WHERE {name} IS NOT NULL")
            ]
            read = [_row_of({"text": "", name: text}).get(name) for text in said]
            self._keep(table, {"said": said, "read": read}, read=kind)

    def _read_unusual_figures(self) -> None:
        listed = ", ".join(_FIGURES)
        unusual = self._ask(f"SELECT {listed} FROM figures EXCEPT SELECT {listed} FROM usual_figures")
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
        types = dict.fromkeys(("low", "high", "headline"), pa.decimal128(38, 9))
        self._keep("unusual_figures", read, **types, **dict.fromkeys(("about", "wrong"), pa.bool_()))
        self._con.execute(
            "CREATE TEMP VIEW amounts AS FROM usual_figures UNION ALL BY NAME FROM unusual_figures"
        )

    # What the store says to it

    def _look_up_names(self) -> None:
        self._con.execute("CREATE TEMP VIEW accepted AS FROM given")
        self._make("names")
        self._make("troubles")
        self._make("demands")
        sources = self._ask(
            "SELECT id, published, origin FROM sources "
            "WHERE (published <> '' OR origin <> '') AND id IN (SELECT source FROM given)"
        )
        dates = [parse_edtf(published) if published else None for _, published, _ in sources]
        columns: dict[str, list[Any]] = {
            "id": [row[0] for row in sources],
            "origin": [row[2] or None for row in sources],
        }
        for name in ("text", "reported_from", "reported_at"):
            columns[name] = [edtf and getattr(edtf, name) for edtf in dates]
        instant = pa.timestamp("us")
        self._keep("dated_sources", columns, reported_from=instant, reported_at=instant)

    def _taken(self, resolved: BulkResolved) -> pa.Table:
        """The rows that nothing speaks against; leaves in the view `accepted` what was given in them."""
        given = set(self._texts.column_names)
        names = [name for name in LOG_COLUMNS if not given.isdisjoint(_COMES_FROM.get(name, ()))]
        names += [*_ALWAYS, "row"]
        rows = _hashed(f"FROM ({sql_object('intake/rows')}) WHERE NOT refused", names)
        taken: pa.Table = self._con.sql(
            f"SELECT *, hash(source, fact, reported) AS topic FROM ({rows})"
        ).to_arrow_table()
        found = self._missing(taken)
        if found is None:
            # DuckDB keeps the order as it is; should it ever not, positions must not follow it.
            taken = taken.sort_by("row")
            found = self._missing(taken)
        bad = found or []
        self._con.register("taken", taken)
        first: list[int] = []
        if "key" in given:
            self._make("conflicts")
            conflicts = self._ask("SELECT row, first FROM conflicts")
            taken = _without(taken, [row for row, _ in conflicts])
            self._con.register("taken", taken)
            bad += [row for row, _ in conflicts]
            first = [row for _, row in conflicts if row is not None]
        if bad:
            self._explain(bad, first, resolved)
            self._keep("bad", {"row": bad}, row=pa.int64())
            self._con.execute("CREATE OR REPLACE TEMP VIEW accepted AS FROM given ANTI JOIN bad USING (row)")
            self._make("names")
        return taken

    def _missing(self, taken: pa.Table) -> list[int] | None:
        """The numbers of the rows that are not among these; None where these are out of order."""
        last = self._texts.num_rows + 1
        ends = [pa.array([row], pa.int64()) for row in (0, last)]
        numbers: Any = pa.concat_arrays([ends[0], *taken.column("row").chunks, ends[1]])
        steps: Any = pc.pairwise_diff(numbers)
        if not pc.all(pc.greater(steps, pa.scalar(0, pa.int64()))).as_py():
            return None
        gaps: list[Any] = pc.indices_nonzero(pc.greater(steps, pa.scalar(1, pa.int64()))).to_pylist()
        return [row for at in gaps for row in range(numbers[at - 1].as_py() + 1, numbers[at].as_py())]

    def _explain(self, bad: Sequence[int], first: Sequence[int], resolved: BulkResolved) -> None:
        """Why rows are refused, told by the way by drafts; `first` are rows that others are at odds with."""
        rows = sorted({*bad, *first})
        texts = self._texts.take(pa.array([row - 1 for row in rows], pa.int64()))
        intake = Intake(self._reader, self._recorded_at, register_unknown=self._register_unknown)
        told = intake.resolve(_drafts(texts, self._name, rows)).rejected
        resolved.rejected = sorted(told, key=lambda one: one.place.row or 0)
        if (explained := [one.place.row for one in resolved.rejected]) != sorted(bad):
            raise TimelineError(
                f"{self._name}: as a table its rows {sorted(bad)[:10]} were refused, one by one "
                f"{explained[:10]}; expected the same"
            )

    def _new(self, taken: pa.Table, resolved: BulkResolved) -> pa.Table:
        """Those of the rows that neither the store has nor the table before."""
        [(distinct,)] = self._ask("SELECT count(DISTINCT hash(event_id)) FROM taken")
        if distinct == taken.num_rows and not self._reader.position:
            return taken
        self._make("known")
        known = [row for (row,) in self._ask("SELECT row FROM known")]
        if not known:
            return taken
        resolved.known = len(known)
        return _without(taken, known)

    def _registered(self) -> pa.Table:
        """Descriptions of the names met for the first time, by kind and name."""
        names = ["event_type", "subject", "text", "inherited"]
        rows = self._con.sql(_hashed(sql_object("intake/registrations"), names)).to_arrow_table()
        return _for_the_log(rows.sort_by([("event_type", "ascending"), ("subject", "ascending")]))

    def _warn(self, new: pa.Table, resolved: BulkResolved) -> None:
        self._con.register("fresh", new)
        [(topics, reports)] = self._ask(
            "SELECT count(DISTINCT topic), count(*) FROM fresh WHERE event_type = 'reported'"
        )
        if topics == reports:
            return
        again = self._ask(
            "SELECT source, fact, reported FROM fresh WHERE event_type = 'reported' "
            "QUALIFY row_number() OVER (PARTITION BY source, fact, reported ORDER BY row) > 1 ORDER BY row"
        )
        resolved.warnings = [
            f"{source} tells of {fact} twice as of {reported}; the later one is believed"
            for source, fact, reported in again
        ]


def _without(rows: pa.Table, numbers: Sequence[int]) -> pa.Table:
    """The rows that do not have one of these numbers."""
    left_out: Any = pc.is_in(rows.column("row"), value_set=pa.array(numbers, pa.int64()))
    if len(numbers) > _FEW:
        kept_rows: pa.Table = rows.filter(pc.invert(left_out))
        return kept_rows
    # Slices share their memory with the whole.
    kept, start = [], 0
    ends: list[Any] = pc.indices_nonzero(left_out).to_pylist()
    for end in [*ends, rows.num_rows]:
        kept.append(rows.slice(start, end - start))
        start = end + 1
    return pa.concat_tables(kept)


def _for_the_log(rows: pa.Table) -> pa.Table:
    """Rows with all columns of the log and no others."""
    count = rows.num_rows
    # Columns of one type can share what holds nothing.
    nothing = {kind: pa.nulls(count, kind) for kind in {entry.type for entry in schema()}}
    columns = [
        rows.column(entry.name) if entry.name in rows.column_names else nothing[entry.type]
        for entry in schema()
    ]
    return pa.table(columns, schema=schema())
