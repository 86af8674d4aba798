"""A mapping applied to a table, column by column in DuckDB: what comes out is a table of events.

A reference by itself keeps the type of its column, so that renaming columns changes no event. Dates in
figures, figures in another style and times of day without an offset are rewritten as the mapping says; where
it does not say how, and the column can be read in two ways, this is an error that names the key.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from timeline.errors import BadInput, Place
from timeline.index.catalog import sql_object
from timeline.intake.batch import FLAT_COLUMNS, BadRow, Batch, RowOrigin
from timeline.intake.foreign import ForeignTable
from timeline.intake.mapping import CLAIMS, Reference, TableMapping, Template
from timeline.intake.pandas_periods import is_periods, written_periods
from timeline.intake.periods import is_period
from timeline.intake.tabular import STAYS_IN_ITS_FILE, StoredTable, batch_of_table
from timeline.log.paths import quoted
from timeline.log.spill import connected

__all__ = ["NUMBER_STYLES", "applied"]

_MACROS: Final = (
    *("instant_text", "slug", "plain_double", "styled_number", "day_and_clock", "is_midnight", "in_figures"),
    *("ordered_day", "worded_day", "clock_time"),
)
_AMOUNTS: Final = ("amount", "amount_low", "amount_high")
#: How many rows that cannot be read are named.
_NAMED_AT_MOST: Final = 10_000
_FACT: Final = ("fact", "subject", "attribute", "object", "period")

#: For each style of numbers: a pattern of what is written so, the class of its separators, its decimal sign.
NUMBER_STYLES: Final = {
    style: (
        rf"(?:\d{{1,3}}(?:{separators}\d{{3}})+|\d+)(?:{re.escape(point)}\d+)?(?:[eE][+-]?\d{{1,3}})?",
        separators,
        point,
    )
    for style, separators, point in (
        ("1,234.5", "[,]", "."),
        ("1.234,5", "[.]", ","),
        ("1 234,5", "[ \u00a0\u2007\u2009\u202f]", ","),
    )
}
#: Figures that mean the same in no two styles, and figures that show that the point is a decimal one.
_TWO_WAYS: Final = r"[+-]?[1-9]\d{0,2}\.\d{3}"
_DECIMAL: Final = r"[+-]?(?:\d{4,}\.\d+|0*\.\d+|\d+\.(?:\d{1,2}|\d{4,}))"
_SEPARATED: Final = r"[(+-]?\d[\d., \x{00a0}\x{2007}\x{2009}\x{202f}]*,[\d., ]*\)?"


def applied(mapping: TableMapping, foreign: ForeignTable) -> Batch:
    """Return a table as the events that a mapping makes of its rows, in their order.

    Rows that cannot be read are among the batch's problems, and those that are left out are counted in its
    warnings. Raises BadInput for columns that are not there, and for a column of dates, figures or times that
    can be read in two ways.
    """
    mapping.check_columns(foreign.columns, foreign.name)
    if twice := next(
        (each for each in sorted(mapping.columns()) if list(foreign.columns).count(each) > 1), None
    ):
        raise BadInput(f"column {twice!r} is given twice", Place(foreign.name))
    with connected(Path(tempfile.gettempdir())) as con:
        con.execute("SET TimeZone = 'UTC'")
        for macro in _MACROS:
            con.execute(sql_object(f"intake/{macro}"))
        try:
            return _Application(con, mapping, foreign).batch()
        except (duckdb.Error, pa.ArrowException) as error:
            raise BadInput(f"cannot be read by this mapping: {error}", Place(foreign.name)) from None


class _Application:
    """One mapping on its way over one table."""

    def __init__(self, con: duckdb.DuckDBPyConnection, mapping: TableMapping, foreign: ForeignTable) -> None:
        self._con = con
        self._mapping = mapping
        self._foreign = foreign
        self._templates = mapping.templates()
        #: For each column, how SQL names it, and its type.
        self._sql: dict[str, str] = {}
        self._types: dict[str, str] = {}
        self._numbers = set(foreign.numbers)
        self._troubles: list[str] = []
        #: The view of the rows that the mapping takes, and which of its columns holds which expression.
        self._kept = "kept"
        self._stages: dict[str, str] = {}

    def batch(self) -> Batch:
        self._show_rows()
        self._show_cells()
        keys = {key: self._key(key, templates) for key, templates in self._templates.items()}
        trouble = f"nullif(concat_ws('; ', {', '.join(self._troubles)}), '')" if self._troubles else "NULL"
        self._con.execute(
            f"CREATE TEMP VIEW mapped AS SELECT row, {', '.join([*self._cell(), *keys.values()])}, "
            f"{trouble} AS trouble FROM {self._kept}"
        )
        names = [*(["cell"] if self._mapping.unpivot else []), *keys]
        query = f"SELECT row, {', '.join(_named(names))} FROM mapped"
        problems = self._problems(list(keys)) if self._troubles else []
        if problems:
            query += " WHERE trouble IS NULL"
        batch = self._read(query, list(keys))
        warnings = [*self._foreign.warnings, *batch.warnings, *self._warnings()]
        return replace(batch, problems=problems, warnings=warnings, habits=self._mapping.habits())

    def _ask(self, query: str) -> tuple[Any, ...]:
        found: tuple[Any, ...] = self._con.execute(query).fetchall()[0]
        return found

    # The rows and their columns

    def _show_rows(self) -> None:
        """Make the view `foreign_rows`: numbered rows, their columns named c0, c1 and so on."""
        foreign = self._foreign
        if foreign.table is not None:
            names = [f"c{at}" for at in range(len(foreign.columns))]
            numbers = range(1, foreign.table.num_rows + 1) if foreign.rows is None else foreign.rows
            table = (
                self._known_types(foreign.table)
                .rename_columns(names)
                .append_column("row", pa.array(numbers, pa.int64()))
            )
            self._con.register("foreign_rows", table)
        else:
            path = quoted(str(foreign.path))
            names = [f'"{column.replace(chr(34), chr(34) * 2)}"' for column in foreign.columns]
            chosen = ", ".join(f"{name} AS c{at}" for at, name in enumerate(names))
            self._con.execute(
                f"CREATE TEMP VIEW foreign_rows AS SELECT {chosen}, file_row_number + 1 AS row "
                f"FROM read_parquet({path}, file_row_number = true)"
            )
        types = dict(
            self._con.execute("SELECT column_name, column_type FROM (DESCRIBE FROM foreign_rows)").fetchall()
        )
        for at, column in enumerate(foreign.columns):
            self._sql[column], self._types[column] = f"c{at}", types[f"c{at}"]

    def _known_types(self, table: pa.Table) -> pa.Table:
        """Return a table whose columns DuckDB sees as what they are: periods of pandas as their text.

        Raises BadInput for a column of another type of its own; those that are not read are left out.
        """
        read = self._mapping.columns()
        for at, column in enumerate(table.column_names):
            kind = table.schema.field(at).type
            if not isinstance(kind, pa.BaseExtensionType):
                continue
            values: Any = pa.chunked_array([pa.nulls(table.num_rows)])
            if column in read:
                if not is_periods(kind):
                    place = Place(self._foreign.name)
                    raise BadInput(f"column {column!r} is {kind}; cast it to text first", place)
                values = written_periods(column, table.column(at))
            table = table.set_column(at, column, values)
        return table

    def _show_cells(self) -> None:
        """Make the view `kept`: the rows that the mapping takes, columns that become rows being rows."""
        unpivot, missing = self._mapping.unpivot, self._mapping.missing
        cells = []
        for column, name in self._sql.items():
            value = name
            if self._types[column] in ("DOUBLE", "FLOAT") and missing is not None:
                value = f"CASE WHEN NOT isnan({name}) THEN {name} END"
            elif self._types[column] == "VARCHAR" and missing:
                listed = ", ".join(map(quoted, missing))
                value = f"CASE WHEN trim({name}) IN ({listed}) THEN NULL ELSE {name} END"
            cells.append(f"{value} AS {name}")
        self._con.execute(f"CREATE TEMP VIEW cells AS SELECT row, {', '.join(cells)} FROM foreign_rows")
        query = "SELECT * FROM cells"
        if unpivot is not None:
            names = ", ".join(map(quoted, unpivot.columns))
            types = {self._types[column] for column in unpivot.columns}
            values = [
                self._sql[column] if len(types) == 1 else self._text(column) for column in unpivot.columns
            ]
            query = (
                f"SELECT *, unnest([{names}]) AS cell_name, unnest([{', '.join(values)}]) AS cell_value "
                "FROM cells"
            )
            self._sql |= {unpivot.name: "cell_name", unpivot.value: "cell_value"}
            self._types |= {
                unpivot.name: "VARCHAR",
                unpivot.value: types.pop() if len(types) == 1 else "VARCHAR",
            }
            if self._numbers.issuperset(unpivot.columns):
                self._numbers.add(unpivot.value)
        self._con.execute(f"CREATE TEMP VIEW pieces AS {query}")
        self._con.execute(f"CREATE TEMP VIEW kept AS SELECT * FROM pieces WHERE {self._condition()}")

    def _condition(self) -> str:
        """Return what a row has to be so that it is taken."""
        return f"{self._chosen()} AND NOT ({self._is_empty()})"

    def _chosen(self) -> str:
        parts = [
            f"coalesce({self._text(column)} IN ({', '.join(map(quoted, values))}), false)"
            for column, values in self._mapping.where.items()
        ]
        return " AND ".join(parts) or "true"

    def _is_empty(self) -> str:
        """Return when a row says nothing of its fact, which only leaves it out where there is `missing`."""
        claims = [each for key, templates in self._templates.items() if key in CLAIMS for each in templates]
        if self._mapping.missing is None or not claims or not all(map(_references, claims)):
            return "false"
        empty = [
            f"({' OR '.join(f'{self._sql[part.column]} IS NULL' for part in _references(template))})"
            for template in claims
        ]
        if (kind := self._templates.get("type")) is not None:
            empty.append(f"coalesce({self._composed(kind[0])}, 'reported') = 'reported'")
        return " AND ".join(empty)

    def _cell(self) -> list[str]:
        return ["cell_name AS cell"] if self._mapping.unpivot else []

    def _warnings(self) -> list[str]:
        chosen, empty = self._chosen(), self._is_empty()
        warnings = self._left_behind()
        if (chosen, empty) != ("true", "false"):
            rows, left, without = self._ask(
                f"SELECT count(*), count(*) FILTER (NOT ({chosen})), "
                f"count(*) FILTER (({chosen}) AND ({empty})) FROM pieces"
            )
            what = "values" if self._mapping.unpivot else "rows"
            if left:
                warnings.append(f"{self._foreign.name}: {left:,} of {rows:,} {what} left out by where")
            if without:
                warnings.append(f"{self._foreign.name}: {without:,} of {rows:,} {what} left out as missing")
        parts = [
            part for each in self._templates.values() for template in each for part in _references(template)
        ]
        for reference in dict.fromkeys(parts):
            if reference.slug:
                warnings += self._twins(reference.column)
        return warnings

    def _left_behind(self) -> list[str]:
        """Return a warning of columns that look like those that become rows, and do not: a new year's."""
        unpivot = self._mapping.unpivot
        if unpivot is None or not all(map(is_period, unpivot.columns)):
            return []
        read = self._mapping.columns()
        left = [column for column in self._foreign.columns if column not in read and is_period(column)]
        return [f"{self._foreign.name}: column {column!r} is not among those of unpivot" for column in left]

    def _twins(self, column: str) -> list[str]:
        """Return a warning where different values of a column become one name."""
        value = self._trimmed(column)
        found = self._con.execute(
            "SELECT slug(value), min(value), max(value) "
            f"FROM (SELECT DISTINCT {value} AS value FROM {self._kept}) "
            "GROUP BY 1 HAVING count(DISTINCT lower(value)) > 1 ORDER BY 1 LIMIT 3"
        ).fetchall()
        return [
            f"{self._foreign.name}: column {column!r}: {first!r} and {last!r} are both {slug!r}"
            for slug, first, last in found
        ]

    # Values

    def _text(self, column: str) -> str:
        """Return a column as text, as SQL."""
        name, kind = self._sql[column], self._types[column]
        if kind == "VARCHAR":
            return name
        if kind == "DOUBLE":
            return f"plain_double({name})"
        if kind == "TIMESTAMP WITH TIME ZONE":
            return f"instant_text({name}::TIMESTAMP)"
        if kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION")):
            return f"to_json({name})::VARCHAR"
        return f"{name}::VARCHAR"

    def _trimmed(self, column: str) -> str:
        return f"trim({self._text(column)})"

    def _staged(self, expression: str) -> str:
        """Return the name of a column that holds what an expression gives.

        A macro names its parameters several times, and DuckDB writes out what was given for each: macros
        over macros over macros take seconds to plan, for a table of one row, too.
        """
        if expression not in self._stages:
            below, name = self._kept, f"stage{len(self._stages)}"
            self._kept = f"kept_{name}"
            self._con.execute(
                f"CREATE TEMP VIEW {self._kept} AS SELECT *, {expression} AS {name} FROM {below}"
            )
            self._stages[expression] = name
        return self._stages[expression]

    def _key(self, key: str, templates: Sequence[Template]) -> str:
        """Return the value of a key as SQL; what can be wrong with it is noted."""
        values = [self._value(key, template) for template in templates]
        if "fact" in self._mapping.keys and key in _FACT and key not in self._mapping.keys:
            for reference in _references(templates[0]):
                empty = f"coalesce({self._trimmed(reference.column)}, '') = ''"
                self._note(reference.column, empty, "is empty")
        if len(values) == 1:
            return f"{self._where_it_goes(key, templates[0], values[0])} AS {_quote(key)}"
        texts = ", ".join(f"({value})::VARCHAR" for value in values)
        return f"coalesce({texts}) AS {_quote(key)}"

    def _value(self, key: str, template: Template) -> str:
        if len(template) == 1 and isinstance(part := template[0], Reference) and not part.slug:
            return self._bare(key, part.column)
        return self._composed(template, self._kind(key))

    def _where_it_goes(self, key: str, template: Template, value: str) -> str:
        """Return the value of a key, but of a constant only where the row has what it goes with."""
        if _references(template):
            return value
        amounts = [each for name in _AMOUNTS for each in self._templates.get(name, ()) if _references(each)]
        if key in ("unit", "approximate") and amounts:
            columns = {self._sql[part.column] for each in amounts for part in _references(each)}
            given = " OR ".join(f"{name} IS NOT NULL" for name in sorted(columns))
            return f"CASE WHEN {given} THEN {value} END"
        if key == "status" and (kind := self._templates.get("type")) is not None:
            return f"CASE WHEN coalesce({self._composed(kind[0])}, 'reported') = 'reported' THEN {value} END"
        return value

    def _kind(self, key: str) -> str:
        return "text" if key == "fact" else FLAT_COLUMNS[key]

    def _bare(self, key: str, column: str) -> str:
        kind, name = self._types[column], self._sql[column]
        wanted = self._kind(key)
        if wanted == "time":
            return self._dated(column)
        if wanted == "number":
            if kind == "VARCHAR":
                return name if column in self._numbers else self._figure(column)
            return f"{name}::DECIMAL(38, 0)" if kind in ("HUGEINT", "UHUGEINT") else name
        if wanted == "flag" and kind == "BOOLEAN":
            return name
        if key in _FACT:
            return self._trimmed(column)
        return self._text(column)

    def _composed(self, template: Template, wanted: str = "text") -> str:
        """Return a template as SQL, NULL where a column in it is empty."""
        parts = []
        for part in template:
            if isinstance(part, str):
                parts.append(quoted(part))
            elif part.slug:
                parts.append(f"slug({self._text(part.column)})")
            elif wanted == "time":
                parts.append(f"({self._dated(part.column)})::VARCHAR")
            elif wanted == "number" and part.column not in self._numbers:
                parts.append(f"({self._figure(part.column)})")
            else:
                parts.append(self._trimmed(part.column))
        return " || ".join(parts) or "''"

    def _note(self, column: str, wrong: str, words: str) -> None:
        """Note when a value cannot be taken, and the words for that."""
        name = quoted(column)
        unpivot = self._mapping.unpivot
        if unpivot is not None and column == unpivot.value:
            name = "cell_name"
        message = f"concat('column ''', {name}, ''': ', {words if '||' in words else quoted(words)})"
        trouble = f"CASE WHEN {wrong} THEN {message} END"
        if trouble not in self._troubles:
            self._troubles.append(trouble)

    # Figures

    def _figure(self, column: str) -> str:
        """Return a column of figures in plain digits, as SQL."""
        value, style = self._trimmed(column), self._mapping.numbers
        if self._types[column] != "VARCHAR":
            return self._text(column)
        value = self._staged(value)
        if style is None:
            self._check_style(column)
            return value
        pattern, separators, point = NUMBER_STYLES[style]
        figure = self._staged(
            f"styled_number({value}, {quoted(pattern)}, {quoted(separators)}, {quoted(point)})"
        )
        words = f"'''' || left({value}, 60) || ''' is no number as in ' || {quoted(style)}"
        self._note(column, f"{value} IS NOT NULL AND {figure} IS NULL", words)
        return figure

    def _check_style(self, column: str) -> None:
        """Raise BadInput where the figures of a column can be read in two ways."""
        value = self._trimmed(column)
        two_ways, decimal, separated = self._ask(
            f"SELECT min({value}) FILTER (regexp_full_match({value}, {quoted(_TWO_WAYS)})), "
            f"min({value}) FILTER (regexp_full_match({value}, {quoted(_DECIMAL)})), "
            f"min({value}) FILTER (regexp_full_match({value}, {quoted(_SEPARATED)})) FROM {self._kept}"
        )
        if separated is not None or (two_ways is not None and decimal is None):
            shown = separated if separated is not None else two_ways
            readings = "; ".join(
                f'{read} with numbers = "{style}"' for style, read in _readings(str(shown)).items()
            )
            raise BadInput(
                f"column {column!r} has {str(shown)!r}, and the mapping does not say how numbers are "
                f"written: {readings or 'it is none in any style'}",
                Place(self._foreign.name),
            )

    # Dates

    def _dated(self, column: str) -> str:
        """Return a column of dates as SQL: in EDTF, or in the type that it has."""
        kind, name = self._types[column], self._sql[column]
        if kind == "DATE" or kind == "TIMESTAMP WITH TIME ZONE":
            return name
        if kind.startswith("TIMESTAMP"):
            return self._timed(column, f"{name}::DATE", f"{name}::TIME", f"{name}::TIME <> '00:00'")
        if kind in ("DOUBLE", "FLOAT") or kind != "VARCHAR":
            return self._ordered(column, self._text(column))
        value = self._staged(self._trimmed(column))
        parts = self._staged(f"day_and_clock({value})")
        day = self._staged(f"coalesce(nullif({parts}.day, ''), {value})")
        clock = self._staged(f"nullif({parts}.clock, '')")
        time = f"clock_time({clock})"
        has_clock, late = self._ask(
            f"SELECT coalesce(bool_or({clock} IS NOT NULL), false), "
            f"coalesce(bool_or(NOT is_midnight({clock})), false) FROM {self._kept}"
        )
        if not has_clock:
            return self._ordered(column, value)
        ordered = self._ordered(column, day)
        if not late:
            return ordered
        return self._timed(column, ordered, time, f"{clock} IS NOT NULL", checked=True)

    def _ordered(self, column: str, day: str) -> str:
        if self._types[column] == "VARCHAR":
            day = self._staged(f"worded_day({day})")
        order = self._mapping.order_of(column)
        if order is None:
            orders = f"if(regexp_matches({day}, {quoted('^[0-9]{4}')}), 'ymd', 'dmy or mdy')"
            readings = (
                f"{quoted(chr(39))} || {day} || "
                f"{quoted(chr(39) + ' can be read in two ways; say in which order its parts are: dates = ')} "
                f"|| {orders}"
            )
            self._note(column, f"in_figures({day})", readings)
            return day
        read = self._staged(f"ordered_day({day}, {quoted(order)})")
        words = f"'''' || left({day}, 60) || ''' is no day in the order ' || {quoted(order)}"
        self._note(column, f"{day} IS NOT NULL AND {read} IS NULL", words)
        return read

    def _timed(self, column: str, day: str, time: str, has_time: str, checked: bool = False) -> str:
        """Return dates, some with times of day, as SQL: days where all is midnight, else instants in UTC."""
        if not checked:
            (late,) = self._ask(f"SELECT coalesce(bool_or({has_time}), false) FROM {self._kept}")
            if not late:
                return day
            has_time = f"{time} IS NOT NULL"
        if self._mapping.timezone is None:
            raise BadInput(
                f"column {column!r} has times of day without an offset; say in the mapping which zone they "
                'are in, as in timezone = "America/New_York"',
                Place(self._foreign.name),
            )
        zone = quoted(self._mapping.timezone)
        local = self._staged(f"TRY_CAST({day} AS DATE) + {time}")
        instant = self._staged(f"timezone({zone}, {local})")
        # In the night when clocks change an hour is there twice, or not at all.
        wrong = (
            f"{has_time} AND ({instant}::TIMESTAMP IS NULL OR timezone({zone}, {instant}) <> {local} "
            f"OR timezone({zone}, {instant} + INTERVAL 1 HOUR) = {local} "
            f"OR timezone({zone}, {instant} - INTERVAL 1 HOUR) = {local})"
        )
        words = f"'''' || {self._trimmed(column)} || ''' is no one instant in ' || {zone}"
        self._note(column, wrong, words)
        return f"if({has_time}, instant_text({instant}::TIMESTAMP), ({day})::VARCHAR)"

    # What comes out

    def _problems(self, keys: Sequence[str]) -> list[BadInput]:
        """Return the rows that the mapping cannot read, with what it makes of them as far as it can."""
        texts = ", ".join(f"{_quote(key)}::VARCHAR" for key in keys)
        found = self._con.execute(
            f"SELECT row, trouble, {texts} FROM mapped WHERE trouble IS NOT NULL LIMIT {_NAMED_AT_MOST + 1}"
        ).fetchall()
        name = self._foreign.name
        problems: list[BadInput] = [
            BadRow(
                words, Place(name, row=row), {key: one for key, one in zip(keys, values, strict=True) if one}
            )
            for row, words, *values in found[:_NAMED_AT_MOST]
        ]
        if len(found) > _NAMED_AT_MOST:
            problems.append(BadInput(f"and more than {_NAMED_AT_MOST:,} such rows in all", Place(name)))
        return problems

    def _read(self, query: str, keys: Sequence[str]) -> Batch:
        name = self._foreign.name
        columns = {key: self._mapping.columns_of(key) for key in keys}
        unpivot = self._mapping.unpivot
        value = unpivot.value if unpivot else None
        if self._count() > STAYS_IN_ITS_FILE:
            with tempfile.TemporaryDirectory(prefix="timeline-") as folder:
                path = Path(folder) / "mapped.parquet"
                self._con.execute(f"COPY ({query}) TO {quoted(str(path))} (FORMAT parquet, COMPRESSION lz4)")
                # The open file stays readable when its name has gone.
                file = pq.ParquetFile(pa.OSFile(str(path), "rb"))
            origin = file.read(["row", *(["cell"] if unpivot else [])])
            batch = Batch(name, table=StoredTable(name, file, list(keys)))
            self._batch_of(file.schema_arrow.empty_table().select(list(keys)))
        else:
            table = self._con.sql(query).to_arrow_table()
            batch = self._batch_of(table.select(list(keys)))
            origin = table
        cells = origin.column("cell").combine_chunks() if unpivot else None
        rows = origin.column("row").combine_chunks()
        return replace(batch, origin=RowOrigin(rows, columns, cells, value))

    def _batch_of(self, table: pa.Table) -> Batch:
        try:
            return batch_of_table(self._foreign.name, table, False)
        except BadInput as problem:
            # What it says of a key is so because of a column.
            found = re.match(r"column (\w+) ", problem.message)
            columns = self._mapping.columns_of(found[1]) if found else []
            if found is None or len(columns) != 1:
                raise
            words = f"column {columns[0]!r} {problem.message[found.end() :]}"
            raise BadInput(words, problem.place) from None

    def _count(self) -> int:
        if self._foreign.table is not None:
            rows = self._foreign.table.num_rows
        else:
            assert self._foreign.path is not None
            rows = int(pq.read_metadata(self._foreign.path).num_rows)
        return rows * (len(self._mapping.unpivot.columns) if self._mapping.unpivot else 1)


def _readings(text: str) -> dict[str, str]:
    """Return what a figure is in each style in which it is one."""
    found = {}
    for style, (pattern, separators, point) in NUMBER_STYLES.items():
        if re.fullmatch(rf"[+-]?{pattern}|\({pattern}\)", text):
            found[style] = re.sub(separators, "", text).replace(point, ".")
    return found


def _references(template: Template) -> list[Reference]:
    return [part for part in template if isinstance(part, Reference)]


def _quote(name: str) -> str:
    return f'"{name}"'


def _named(names: Sequence[str]) -> Iterator[str]:
    return map(_quote, names)
