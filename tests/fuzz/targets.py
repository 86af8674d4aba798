"""What is fuzzed: a target a format, with sound inputs to begin from, words of its kind, what has to hold.

Each takes bytes, raises one of `timeline.errors` for what it refuses, and AssertionError where it took what
an independent reading refuses or reads otherwise.
"""

from __future__ import annotations

import asyncio
import atexit
import csv
import io
import json
import shutil
import tempfile
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import openpyxl
import pyarrow as pa
import pyarrow.ipc as pa_ipc
import pyarrow.parquet as pq
import yaml

from timeline import Timeline, check_proof
from timeline.ask.temporal_sql import translate
from timeline.citations import read_line
from timeline.errors import BadInput, Corruption, TimelineError
from timeline.intake.batch import Batch
from timeline.intake.files import read_batches
from timeline.intake.mapping import mapping_from
from timeline.meaning.amounts import parse_amount, plain_amount, pretty_amount
from timeline.meaning.event import event_from
from timeline.meaning.parts import parse_fact
from timeline.meaning.times import parse_as_of, parse_edtf, period_text, show_reported
from timeline.project import project_folder, project_habits, recorded_file, toml_of

__all__ = ["TARGETS", "Target"]

ROOT: Final = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Target:
    """What takes bytes, in a folder of its own; `seeds` are taken as they are."""

    run: Callable[[bytes, Path], object]
    seeds: Callable[[], tuple[bytes, ...]]
    words: tuple[bytes, ...] = ()


def _text(data: bytes) -> str:
    """Return a text of these bytes; what is no UTF-8 becomes halves of surrogate pairs."""
    return data.decode("utf-8", "surrogateescape")


def _words(text: str) -> tuple[bytes, ...]:
    return tuple(word.encode() for word in text.split())


KEYS: Final = _words(
    "type key fact subject attribute object period period_from period_to claim text date entity "
    "answer amount "
    "amount_low amount_high unit approximate status reported valid valid_from valid_to source origin speaker "
    "locator statement inferred target void reason id name value tier aliases published timezone numbers "
    "language url sha256 length meaning events start end corrected retracted withdrawn source-described"
)
VALUES: Final = _words(
    "nvidia/ceo a/b@2025 a/b/c 2025-02-22 2025-Q3 2025/.. ../2025 2025~ 2025-02-22T10:00:00Z true "
    "false null 10 "
    "-1.5e3 1e400 announced denied letter-of-intent 5_USD about up_to s Europe/Berlin 1.234,5 de"
)
EVENT: Final[dict[str, Any]] = {
    "fact": "a/b",
    "claim": "up to 5 billion USD",
    "source": "s",
    "reported": "2025-02",
    "valid": "2025/..",
    "status": "announced",
    "locator": {"start": 1, "end": 9},
    "statement": "said",
}


# Files


def _file(name: str, check: Callable[[bytes, list[Batch]], None]) -> Callable[[bytes, Path], object]:
    def run(data: bytes, folder: Path) -> object:
        path = folder / name
        path.write_bytes(data)
        batches = read_batches(path)
        check(data, batches)
        for batch in batches:
            for draft in islice(batch.drafts or (), 50):
                with suppress(TimelineError):
                    event_from(draft.keys).columns()
        _dry(path)
        return batches

    return run


@cache
def _store() -> Timeline:
    """Return a store that knows a little, into which nothing is recorded."""
    folder = tempfile.mkdtemp(prefix="timeline-fuzz-")
    tl = Timeline.create(Path(folder) / "store")
    tl.append([{**EVENT, "key": "first"}], register_unknown=True)

    def end() -> None:
        _store.cache_clear()
        _application.cache_clear()
        tl.close()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
    return tl


def _dry(path: Path) -> None:
    """Check what a file would record, whole; nothing is."""
    _store().ingest(path, register_unknown=True, dry_run=True)


def _json_agrees(data: bytes, batches: list[Batch]) -> None:
    found = json.loads(data.removeprefix(b"\xef\xbb\xbf"))
    if isinstance(found, list):
        _same_number(batches, len(found))


def _jsonl_agrees(data: bytes, batches: list[Batch]) -> None:
    if any(batch.problems for batch in batches):
        return
    lines = [line for line in data.decode().removeprefix("\ufeff").split("\n") if line.strip()]
    for line in lines:
        json.loads(line)
    _same_number(batches, len(lines))


def _yaml_agrees(data: bytes, batches: list[Batch]) -> None:
    if any(batch.problems for batch in batches):
        return
    found = yaml.load(data.decode().removeprefix("\ufeff"), Loader=yaml.CBaseLoader)
    if isinstance(found, list):
        _same_number(batches, len(found))


def _csv_agrees(data: bytes, batches: list[Batch]) -> None:
    """Hold plain files alone to Python's module: without quotes, with commas and one kind of line end."""
    text = data.decode().removeprefix("\ufeff")
    if any(sign in text for sign in "\"';\t|\r\0") or not text.endswith("\n"):
        return
    rows = [row for row in csv.reader(io.StringIO(text)) if row]
    if "\n\n" not in text and "," in text:
        _same_number(batches, max(len(rows) - 1, 0))


def _parquet_agrees(data: bytes, batches: list[Batch]) -> None:
    _same_number(batches, pq.read_table(pa.BufferReader(data)).num_rows)


def _same_number(batches: list[Batch], expected: int) -> None:
    """Hold how many events were read to an independent reading; what was refused may be of any."""
    if any(batch.problems for batch in batches):
        return
    found = sum(len(each.drafts or ()) if each.table is None else each.table.num_rows for each in batches)
    assert found == expected, f"{found} events, expected {expected}"


def _yaml_seeds() -> tuple[bytes, ...]:
    plain = yaml.safe_dump([EVENT, {**EVENT, "type": "corrected", "target": "first", "void": True}])
    files = sorted((ROOT / "events").glob("*.yaml"))
    texts = [file.read_bytes() for file in files]
    return (plain.encode(), b"source: &s s\nevents:\n- {fact: a/b, text: x, source: *s}\n", *texts)


def _json_seeds() -> tuple[bytes, ...]:
    source = {"type": "source-described", "id": "s", "published": "2025-02-22", "timezone": "Europe/Berlin"}
    documents = ([EVENT], {"source": "s", "events": [EVENT, EVENT]}, [source], EVENT)
    return tuple(json.dumps(each).encode() for each in documents)


def _jsonl_seeds() -> tuple[bytes, ...]:
    return (
        b"\n".join((*_json_seeds()[2:3], json.dumps(EVENT).encode())) + b"\n",
        json.dumps(EVENT).encode(),
    )


def _csv_seeds() -> tuple[bytes, ...]:
    return (
        b"fact,claim,source,reported\na/b,5 billion USD,s,2025-02-22\nb/c,,s,2025\n",
        b"subject;attribute;object;amount;unit;source\na;b;c;1,5;USD;s\n",
        b'fact\ttext\tlocator\na/b\t"x ""y"""\t"[1, 2]"\n',
        b"fact,amount_low,amount_high,unit,approximate,valid_from,valid_to,source\na/b,1,2,USD,true,2025,2026,s\n",
    )


def _table() -> pa.Table:
    return pa.table(
        {
            "fact": ["a/b", "b/c", "c/d@2025"],
            "text": pa.array(["x", None, "z"], pa.string()),
            "source": pa.array(["s", "s", "t"]).dictionary_encode(),
            "reported": ["2025", "2025-02-22", None],
        }
    )


def _parquet_seeds() -> tuple[bytes, ...]:
    amounts = pa.table({"fact": ["a/b"], "amount": pa.array([1.5]), "unit": ["USD"], "source": ["s"]})
    made = []
    for table in (_table(), amounts):
        for options in ({"compression": "none"}, {"compression": "zstd"}, {"use_dictionary": False}):
            buffer = io.BytesIO()
            pq.write_table(table, buffer, **options)
            made.append(buffer.getvalue())
    return tuple(made)


def _arrow_seeds() -> tuple[bytes, ...]:
    made = []
    for new in (pa_ipc.new_file, pa_ipc.new_stream):
        buffer = io.BytesIO()
        with new(buffer, _table().schema) as file:
            file.write(_table())
        made.append(buffer.getvalue())
    return tuple(made)


#: How an input for workbooks begins that is one sheet of a sound workbook instead of a whole one.
_SHEET: Final = b"<"
_PART: Final = "xl/worksheets/sheet1.xml"


@cache
def _workbook() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        ("fact", "text", "amount", "unit", "source", "reported"),
        ("a/b", None, 1.5, "USD", "s", "2025"),
    ):
        sheet.append(row)
    sheet["C2"].number_format = "0.0%"
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _xlsx_seeds() -> tuple[bytes, ...]:
    with zipfile.ZipFile(io.BytesIO(_workbook())) as book:
        return (book.read(_PART), _workbook())


def _xlsx(data: bytes, folder: Path) -> None:
    if data.startswith(_SHEET):
        buffer = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(_workbook())) as old, zipfile.ZipFile(buffer, "w") as new:
            for name in old.namelist():
                new.writestr(name, data if name == _PART else old.read(name))
        data = buffer.getvalue()
    path = folder / "a.xlsx"
    path.write_bytes(data)
    _dry(path)


# Texts


def _edtf(data: bytes, _: Path) -> object:
    text = _text(data)
    with suppress(TimelineError):
        parse_as_of(text)
    found = parse_edtf(text)
    if found.lower is not None and found.upper is not None:
        assert found.lower < found.upper
    if found.reported_from is not None and found.reported_at is not None:
        assert found.reported_from <= found.reported_at
    again = parse_edtf(found.text)
    assert again == found
    period = parse_edtf(period_text(found.lower, found.upper))
    assert period_text(period.lower, period.upper) == period_text(found.lower, found.upper)
    return show_reported(found.reported_from, found.reported_at)


def _amount(data: bytes, _: Path) -> object:
    found = parse_amount(_text(data))
    values = found.low, found.high, found.unit, found.approximate
    assert parse_amount(plain_amount(*values)) == found
    assert parse_amount(pretty_amount(*values)) == found
    return found


def _fact(data: bytes, _: Path) -> object:
    found = parse_fact(_text(data))
    assert parse_fact(found.fact) == found
    return found


def _event(data: bytes, _: Path) -> object:
    try:
        keys = json.loads(data)
    except (ValueError, RecursionError):
        keys = {"fact": "a/b", "source": "s", "text": _text(data)}
    return event_from(keys if isinstance(keys, dict) else {"fact": keys}).columns()


def _sql(data: bytes, _: Path) -> object:
    text = _text(data)
    found = translate(text)
    if "FOR" not in text.upper():
        assert found == text
    with suppress(TimelineError):
        translate(text, as_of="2025-02-22", recorded_as_of="2025-03-01")
    return found


def _sql_seeds() -> tuple[bytes, ...]:
    own = (
        b"FROM beliefs FOR REPORTED_TIME AS OF DATE '2025-02-22' FOR VALID_TIME AS OF NOW AS b",
        b"FROM beliefs FOR REPORTED_TIME FROM DATE '2025-01-01' TO NULL, events FOR SYSTEM_TIME AS OF ?",
        b"WITH a AS (FROM claims FOR VALID_TIME BETWEEN x AND (y)) FROM a JOIN beliefs USING (fact)",
    )
    return own + tuple(file.read_bytes() for file in sorted((ROOT / "queries").glob("*.sql")))


def _toml(data: bytes, folder: Path) -> object:
    (folder / "timeline.toml").write_bytes(data)
    found = toml_of(_text(data), "timeline.toml") if data.isascii() else {}
    if found:
        assert found == tomllib.loads(_text(data))
    for key in ("store", "events", "queries"):
        inside = project_folder(folder, key)
        assert inside.resolve().is_relative_to(folder.resolve())
    assert recorded_file(folder).resolve().is_relative_to(folder.resolve())
    return project_habits(folder)


_CSV: Final = "Company;Metric;Year;Value\nNvidia;Revenue;2024;1.234,5\nOpenAI;Loss;2025;-7\n"


def _mapping(data: bytes, folder: Path) -> object:
    path, table = folder / "a.toml", folder / "a.csv"
    path.write_bytes(data)
    found = mapping_from(path)
    again = mapping_from(found.to_dict())
    assert again.to_dict() == found.to_dict()
    path.write_text(found.to_toml(), encoding="utf-8")
    assert mapping_from(path).to_dict() == found.to_dict()
    if not table.exists():
        table.write_text(_CSV)
    return read_batches(table, mapping=found)


def _mapping_seeds() -> tuple[bytes, ...]:
    return (
        b'fact = "{Company:slug}/{Metric:slug}@{Year}"\namount = "{Value}"\nunit = "USD"\nsource = "s"\n'
        b'delimiter = ";"\nnumbers = "1.234,5"\nmissing = ["-"]\n[where]\nYear = ["2024"]\n',
        b'subject = "{Company}"\nattribute = "{Metric}"\ntext = ["{Value}", "x"]\nsource = "s"\nheader = 1\n'
        b'footer = 2\nencoding = "utf-8"\ntimezone = "Europe/Berlin"\nlanguage = "de"\nrows = "/a"\n',
        b'fact = "{Company}/a"\namount = "{value}"\nunit = "USD"\nformat = "csv"\ndates = "dmy"\n'
        b'[unpivot]\ncolumns = ["Year", "Value"]\nname = "name"\nvalue = "value"\n',
    )


# What is handed back: citations, proofs, requests


@cache
def _proof() -> tuple[bytes, str]:
    tl = _store()
    proof = tl.prove(str(tl.sql("SELECT max(event_id) FROM events").item()))
    return json.dumps(proof).encode(), check_proof(proof).head


def _checked_proof(data: bytes, _: Path) -> object:
    sound, head = _proof()
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadInput("no JSON") from error
    try:
        found = check_proof(document, expect=head)
    except Corruption:
        return None
    # What leads to the digest that was noted shows what is there, whatever else the document has.
    assert found == check_proof(json.loads(sound), expect=head)
    return found


def _citation(data: bytes, _: Path) -> object:
    found = read_line(_text(data))
    assert read_line(found.line) == found
    return found.link


@cache
def _cited() -> tuple[bytes, ...]:
    tl = _store()
    return tuple(
        tl.cite(question).line.encode()
        for question in ("show", "history a/b", "why a/b", "sql 'FROM events'")
    )


@cache
def _application() -> Any:
    from timeline.web.app import application

    return application(_store(), hosts=frozenset(("localhost",)), token="t" * 20)


def _api(data: bytes, folder: Path) -> object:
    """Send a request: method and address in the first line, then headers, an empty line, and the body."""
    head, _, body = data.partition(b"\n\n")
    lines = head.split(b"\n")
    method, _, address = lines[0].partition(b" ")
    path, _, query = address.partition(b"?")
    if path.startswith((b"/api/live", b"/ask", b"/api/sql")):
        # It does not end; and what asks in SQL starts processes.
        raise BadInput("not here")
    headers = [tuple(line.partition(b":")[::2]) for line in lines[1:]]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method.decode("latin-1").upper() or "GET",
        "path": unquote_to_bytes(path).decode("utf-8", "replace"),
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "scheme": "http",
        "headers": [(b"host", b"localhost"), *((n.strip().lower(), v.strip()) for n, v in headers)],
        "server": ("localhost", 80),
        "client": ("127.0.0.1", 1),
    }
    status = asyncio.run(_sent(scope, body))
    assert status is not None
    assert status < 500, status
    return status


async def _sent(scope: dict[str, Any], body: bytes) -> int | None:
    statuses: list[int] = []
    sent = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> dict[str, Any]:
        return next(sent, {"type": "http.disconnect"})

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await _application()(scope, receive, send)
    return statuses[0] if statuses else None


def _requests() -> Iterator[bytes]:
    dates = b"as_of=2025-02-22&recorded_as_of=%234&valid_at=2025&basis=possible&policy=confirmed:2&limit=5"
    for question in (
        b"beliefs",
        b"claims",
        b"disagreements",
        b"history",
        b"changes",
        b"why",
        b"events",
        b"facts",
    ):
        yield b"GET /api/" + question + b"?fact=a/b&" + dates + b"&from_date=2025&to_date=2026&format=jsonl"
    yield b"GET /fact/a/b?" + dates + b'\nAccept: text/html;q=0.5, application/json\nIf-None-Match: "x"\n\n'
    yield b"GET /fact/a/b.svg\n\n"
    yield b"GET /?q=a&compare=2025\n\n"
    yield (
        b"POST /api/events?register_unknown=true\nAuthorization: Bearer tttttttttttttttttttt\n"
        b'Content-Type: application/json\nIf-Match: "#1"\nContent-Length: 5\n\n'
        + json.dumps([{**EVENT, "fact": "bad"}]).encode()
    )


_SQL_WORDS: Final = _words(
    "SELECT FROM WHERE FOR REPORTED_TIME SYSTEM_TIME VALID_TIME RECORDED_TIME AS OF BETWEEN AND TO "
    "ALL NOW NULL "
    "DATE '2025-02-22' TIMESTAMP beliefs claims events disagreements belief_spans sources ( ) , . :: $1 ? :a "
    "/* */ -- $$ $a$ e'\\ WITH RECURSIVE MATERIALIZED JOIN LATERAL PIVOT VALUES UNION INTERVAL '1' DAY"
)
_TOML_WORDS: Final = _words(
    "[project] [[a]] [where] [unpivot] [dates] store events queries recorded name timezone numbers "
    "language = "
    "{Company} {Metric:slug} {{ }} {x: @ / encoding idna undefined utf-7 rot13 header footer columns value "
    "../x /etc . \"\"\" ''' 1979-05-27 07:32:00 1e5 inf true delimiter missing rows sheet format"
)

TARGETS: Final[dict[str, Target]] = {
    "yaml": Target(
        _file("a.yaml", _yaml_agrees), _yaml_seeds, KEYS + VALUES + _words("- : & * ! !! | > --- ... <<:")
    ),
    "json": Target(_file("a.json", _json_agrees), _json_seeds, KEYS + VALUES),
    "jsonl": Target(_file("a.jsonl", _jsonl_agrees), _jsonl_seeds, KEYS + VALUES),
    "csv": Target(_file("a.csv", _csv_agrees), _csv_seeds, KEYS + VALUES),
    "xlsx": Target(
        _xlsx, _xlsx_seeds, _words('<row> <c r="XFD9" t="d" t="e" <v> <f> <is><t> s="9" </row> &#0; &lt;')
    ),
    "parquet": Target(_file("a.parquet", _parquet_agrees), _parquet_seeds),
    "arrow": Target(_file("a.arrow", lambda data, batches: None), _arrow_seeds),
    "edtf": Target(
        _edtf,
        lambda: _words(
            "2025-02-22 2025-02-22T10:00:00+01:00 2025-Q3 H1_2025 2025-09/.. 20XX-1X ~2025-?02 2025-21%"
        ),
        _words("/ .. - : T Z X ? ~ % + Q1 H2 W05 E 24 UTC e. Feb _"),
    ),
    "amount": Target(
        _amount,
        lambda: (
            b"15-25 billion USD",
            b"up to about 1,234.5 EUR/month",
            b"several million",
            b"majority",
            b"75 %",
            b"environ 1,5 milliard d'euros",
            b"rund 10 Mio. Euro",
            b"more than 2.5 to 3 GW",
            b"$5bn",
        ),
        _words(
            "billion bn mln k % percent USD $ C$ GW /month per_year - to between and about ~ > >= < dozen"
        ),
    ),
    "fact": Target(
        _fact, lambda: _words("a/b a/b/c a/b@2025 a/b/c@2025-01/2025-03 é/ß@../2030"), _words("/ @ * ?")
    ),
    "event": Target(
        _event,
        lambda: tuple(json.dumps(each).encode() for each in (EVENT, {"type": "source-described", "id": "s"})),
        KEYS + VALUES,
    ),
    "sql": Target(_sql, _sql_seeds, _SQL_WORDS),
    "toml": Target(
        _toml,
        lambda: (
            (ROOT / "timeline.toml").read_bytes(),
            b'[project]\nname = "x"\nstore = ".s"\ntimezone = "UTC"\n',
        ),
        _TOML_WORDS,
    ),
    "mapping": Target(_mapping, _mapping_seeds, _TOML_WORDS + KEYS),
    "proof": Target(_checked_proof, lambda: (_proof()[0],), _words('"chain" "path" "head" 1 true null 00')),
    "citation": Target(_citation, _cited, _words("& = ? % timeline-cite:1? q= sum= rows= why sql diff")),
    "api": Target(
        _api,
        lambda: tuple(_requests()),
        _words("GET POST HEAD ? & = % %00 %ff /api/ ..; format=arrow limit=0 after= wait=1 Accept: Range:"),
    ),
}
