"""Answers for programs: JSON, CSV, Markdown and Parquet, and each value as text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from timeline.ask.answers import instant_of, plain, text_of
from timeline.meaning.columns import check_names
from timeline.meaning.times import format_instant, show_instant_end
from timeline.printable import escaped_json, visible

if TYPE_CHECKING:
    import pyarrow as pa

    from timeline.ask.answers import Answer, AsOf, Why

__all__ = [
    "FORMATS",
    "Formulas",
    "arrow_stream",
    "csv_lines",
    "document",
    "json_lines",
    "markdown_lines",
    "markdown_text",
    "shown",
    "why_json",
    "write_parquet",
    "write_parquet_texts",
    "yaml_lines",
]

FORMATS: Final = ("table", "json", "jsonl", "csv", "parquet", "markdown")


# Values


def shown(value: Any) -> str:
    """Return a value for people: an instant that is the last of its day is that date.

    >>> shown(datetime(2025, 9, 30, 23, 59, 59, 999999)), shown(True), shown(None)
    ('2025-09-30', 'true', '')
    """
    return show_instant_end(instant_of(value)) if isinstance(value, datetime) else text_of(value)


def _json(value: Any) -> str:
    import json

    return escaped_json(json.dumps(value, ensure_ascii=False))


# For programs


def document(
    asked: AsOf | None,
    names: Sequence[str],
    rows: Iterable[Sequence[Any]],
    more: Mapping[str, Any] | None = None,
) -> Iterator[str]:
    """Yield the lines of one JSON object: what was asked, `more` of that, and `rows`, one a line.

    Raises BadInput, before the first line, where two columns have one name.
    """
    check_names(names)
    yield "{"
    facts = {**(asked_plainly(asked) if asked is not None else {}), **(more or {})}
    for name, value in facts.items():
        yield f"  {_json(name)}: {_json(plain(value))},"
    pending = None
    for row in _objects(names, rows):
        if pending is None:
            yield '  "rows": ['
        else:
            yield f"    {pending},"
        pending = row
    if pending is None:
        yield '  "rows": []'
    else:
        yield from (f"    {pending}", "  ]")
    yield "}"


def asked_plainly(asked: AsOf) -> dict[str, str | None]:
    """Return the axes and the rule of a question, as JSON names them."""
    return {
        "as_of": None if asked.as_of is None else format_instant(asked.as_of),
        "recorded_as_of": format_instant(asked.recorded_as_of),
        "valid_at": None if asked.valid_at is None else format_instant(asked.valid_at),
        "basis": asked.basis,
        "policy": asked.policy,
    }


def why_json(why: Why) -> str:
    """Return the evidence for a belief as one JSON document."""
    import json

    parts = ("beliefs", "claims", "disagreements", "history", "sources")
    facts: dict[str, Any] = {**asked_plainly(why.asked), "fact": why.fact}
    facts |= {part: [plain(row) for row in getattr(why, part)] for part in parts}
    return escaped_json(json.dumps(facts, ensure_ascii=False, indent=2))


def json_lines(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Return a JSON object for each row; raises BadInput where two columns have one name."""
    check_names(names)
    return _objects(names, rows)


def _objects(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    from json import JSONEncoder

    encode = JSONEncoder(ensure_ascii=False).encode
    for row in rows:
        yield escaped_json(encode({name: plain(value) for name, value in zip(names, row, strict=True)}))


#: How a text begins that a spreadsheet runs, and the figures among them, which it only shows.
_RUN: Final = re.compile(r"[=+\-@\t\r]")
_FIGURE: Final = re.compile(r"[+-]?[0-9][0-9., ]*%?")


class Formulas:
    """Counts the cells of a table that a spreadsheet would run, and, where that is asked for, disarms them.

    >>> formulas = Formulas(disarm=True)
    >>> list(csv_lines(["claim"], [("=1+1",), ("-5",)], formulas)), formulas.count
    (['claim', "'=1+1", '-5'], 1)
    """

    def __init__(self, *, disarm: bool = False) -> None:
        self.count = 0
        self._disarm = disarm

    def __call__(self, text: str) -> str:
        """Return a text as it is, or, where it would be run, behind a sign that has it shown."""
        if not _RUN.match(text) or _FIGURE.fullmatch(text):
            return text
        self.count += 1
        return f"'{text}" if self._disarm else text


def csv_lines(
    names: Sequence[str], rows: Iterable[Sequence[Any]], formulas: Formulas | None = None
) -> Iterator[str]:
    r"""Yield rows as RFC 4180 has them, but with bare line feeds; an empty text is quoted, null is nothing.

    Every text goes through `formulas` first.

    >>> list(csv_lines(["fact", "claim"], [("a/b", "1, 2"), ("", None)]))
    ['fact,claim', 'a/b,"1, 2"', '"",']
    """
    if formulas is not None:
        names = [formulas(name) for name in names]
        rows = ([formulas(value) if isinstance(value, str) else value for value in row] for row in rows)
    yield ",".join(map(_csv_field, names))
    for row in rows:
        yield ",".join(["" if value is None else _csv_field(text_of(value)) for value in row])


def _csv_field(text: str) -> str:
    if text and not any(sign in text for sign in ',"\r\n') and text.strip() == text:
        return text
    return '"' + text.replace('"', '""') + '"'


def arrow_stream(table: pa.Table) -> bytes:
    """Return a table as a stream of Arrow's.

    >>> import pyarrow
    >>> pyarrow.ipc.open_stream(arrow_stream(pyarrow.table({"n": [1, 2]}))).read_all().to_pydict()
    {'n': [1, 2]}
    """
    import io

    import pyarrow as pa

    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def write_parquet(answer: Answer, out: str | Path | IO[bytes]) -> None:
    """Write an answer as Parquet, with the types of its columns; durations are text, which Parquet has not.

    Raises BadInput where two columns have one name, which few readers of Parquet take.
    """
    table = answer.arrow()
    import pyarrow as pa
    import pyarrow.parquet as pq

    for nth, column in enumerate(table.columns):
        if "duration" in str(column.type):
            texts = [None if value is None else text_of(value) for value in column.to_pylist()]
            table = table.set_column(nth, table.column_names[nth], pa.array(texts, pa.string()))
    pq.write_table(table, out, compression="zstd", store_schema=False)


def yaml_lines(events: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    r"""Yield events as YAML, a line a key, every text in quotes.

    >>> list(yaml_lines([{"fact": "a/b", "statement": "one\ntwo #3", "locator": {"start": 1, "end": 2}}]))
    ['- fact: "a/b"', '  statement: "one\\ntwo #3"', '  locator: {"start": 1, "end": 2}']
    """
    for event in events:
        for nth, (name, value) in enumerate(event.items()):
            yield f"{'  ' if nth else '- '}{name}: {_yaml(value)}"


def _yaml(value: Any) -> str:
    # What JSON leaves as it is may still end a line in YAML, or be no character there.
    return "".join(sign if sign.isprintable() else _escaped(sign) for sign in _json(value))


def _escaped(sign: str) -> str:
    return f"\\u{ord(sign):04x}" if ord(sign) < 0x10000 else f"\\U{ord(sign):08x}"


def write_parquet_texts(names: Sequence[str], rows: Iterable[Sequence[str | None]], file: Path) -> None:
    """Write rows of texts as Parquet, many at a time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(name, pa.string()) for name in names])
    left = iter(rows)
    with pq.ParquetWriter(file, schema, compression="zstd", store_schema=False) as out:
        while some := list(islice(left, _AT_ONCE)):
            columns = [pa.array(column, pa.string()) for column in zip(*some, strict=True)]
            out.write_table(pa.Table.from_arrays(columns, schema=schema))


#: Rows that are in memory at a time.
_AT_ONCE: Final = 100_000


def markdown_lines(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Yield a table in GitHub's Markdown.

    >>> list(markdown_lines(["fact", "claim"], [("a/b", "1|2")]))
    ['| fact | claim |', '| --- | --- |', '| a/b | 1\\\\|2 |']
    """
    yield f"| {' | '.join(map(markdown_text, names))} |"
    yield f"| {' | '.join('---' for _ in names)} |"
    for row in rows:
        yield f"| {' | '.join(markdown_text(shown(value)) for value in row)} |"


def markdown_text(text: str) -> str:
    r"""Return a text that Markdown shows as it is, on one line.

    >>> markdown_text("[a](http://b) <script>")
    '\\[a](http://b) \\<script>'
    """
    return re.sub(r"([\\|<`*_\[])", r"\\\1", visible(text))
