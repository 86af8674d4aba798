"""The bundled reports: complete in themselves, and true to the articles that they were read from.

The articles are not part of the project. Where their folder is beside it, every locator is
looked up in them; elsewhere those tests are skipped and say so.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from timeline.meaning.columns import STATUSES
from timeline.meaning.event import event_from
from timeline.meaning.parts import parse_fact
from timeline.meaning.times import parse_edtf

ROOT = Path(__file__).resolve().parents[2]
BUNDLED = ROOT / "events"
ARTICLES = ROOT.parent / "shared" / "seeds"

DESCRIBING: Final = {"sources": "source", "entities": "entity", "attributes": "attribute"}
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
VALUE_KEYS: Final = {
    "claim": "amount",
    "text": "text",
    "date": "date",
    "entity": "entity",
    "answer": "answer",
}

#: What the page prints where a claim has the word or figure on the left.
IN_FRENCH: Final = {
    "4": ("quatre",),
    "10": ("dix",),
    "billion": ("milliard",),
    "million": ("million",),
    "thousand": ("millier",),
    "several": ("plusieurs", "des milliers"),
    "majority": ("majorité",),
    "up to": ("jusqu",),
    "more than": ("plus de", "dépasser"),
    "about": ("environ",),
    "%": ("%",),
    "GW": ("gigawatt",),
    "USD/month": ("dollars par mois",),
}
#: Clear from the sentence around a figure, which may be printed without them.
SELDOM_PRINTED: Final = {"USD", "times", "tranches"}

Keys = dict[str, Any]


def read(path: Path) -> Keys:
    # As the store reads them: every scalar is text, so `no` stays `no`.
    loaded = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    assert isinstance(loaded, dict), f"{path.name} is no mapping"
    return loaded


def described(name: str) -> dict[str, Keys]:
    return {each["id"]: each for each in read(BUNDLED / f"{name}.yaml")[name]}


FILES = sorted(path for path in BUNDLED.glob("*.yaml") if path.stem not in DESCRIBING)
#: Every event with its file's defaults filled in, in the order in which a folder is recorded.
EVENTS: Final[list[Keys]] = [
    {name: value for name, value in given.items() if name != "events"} | event | {"file": path.name}
    for path in FILES
    for given in [read(path)]
    for event in given["events"]
]
REPORTS = [event for event in EVENTS if event.get("type", "reported") == "reported"]
CORRECTIONS = [event for event in EVENTS if event.get("type") == "corrected"]
SOURCES, ENTITIES, ATTRIBUTES = (described(name) for name in DESCRIBING)


def key_of(event: Keys) -> str:
    return str(event["key"])


each_event = pytest.mark.parametrize("event", EVENTS, ids=key_of)
each_report = pytest.mark.parametrize("event", REPORTS, ids=key_of)
each_correction = pytest.mark.parametrize("event", CORRECTIONS, ids=key_of)


# ------------------------------------------------------------------------------- in themselves


def test_every_article_has_reports_and_one_file() -> None:
    assert Counter(read(path).get("source") for path in FILES) == Counter([*SOURCES, None])
    assert {event["source"] for event in REPORTS} == set(SOURCES)
    assert len(REPORTS) >= 60


def test_all_events_are_reports_or_corrections_of_them() -> None:
    assert len(REPORTS) + len(CORRECTIONS) == len(EVENTS)


def test_corrections_are_recorded_last_and_apart() -> None:
    assert {event["file"] for event in CORRECTIONS} == {FILES[-1].name}
    assert {event["file"] for event in REPORTS} == {path.name for path in FILES[:-1]}


@pytest.mark.parametrize("name", DESCRIBING)
def test_descriptions_are_well_formed_and_named_once(name: str) -> None:
    listed = read(BUNDLED / f"{name}.yaml")[name]
    assert [each["id"] for each in listed if not NAME.fullmatch(each["id"])] == []
    assert [id_ for id_, times in Counter(each["id"] for each in listed).items() if times > 1] == []
    for each in listed:
        event_from(each | {"type": f"{DESCRIBING[name]}-described"}).columns()


def test_descriptions_say_what_a_reader_needs() -> None:
    needed = {
        "sources": {"title", "origin", "published", "language", "tier", "sha256", "length"},
        "entities": {"name", "kind"},
        "attributes": {"meaning", "value", "object"},
    }
    for name, keys in needed.items():
        lacking = {id_: keys - set(each) for id_, each in described(name).items() if keys - set(each)}
        assert lacking == {}, name
    assert {each["value"] for each in ATTRIBUTES.values()} <= set(VALUE_KEYS.values())
    assert {each["object"] for each in ATTRIBUTES.values()} <= {"yes", "no", "optional"}


def test_nothing_is_described_that_no_report_needs() -> None:
    facts = [parse_fact(event["fact"]) for event in REPORTS]
    assert {fact.attribute for fact in facts} == set(ATTRIBUTES)
    named = {fact.subject for fact in facts} | {fact.object for fact in facts}
    named |= {event.get(name) for event in EVENTS for name in ("origin", "speaker", "entity")}
    named |= {source["origin"] for source in SOURCES.values()}
    assert named - {None} == set(ENTITIES)


def test_keys_are_readable_and_unique() -> None:
    assert [key for key in map(key_of, EVENTS) if not NAME.fullmatch(key)] == []
    assert [key for key, times in Counter(map(key_of, EVENTS)).items() if times > 1] == []


@each_event
def test_event_is_one_that_the_store_takes(event: Keys) -> None:
    event_from({name: value for name, value in event.items() if name != "file"}).columns()


@each_event
def test_statement_is_one_short_sentence(event: Keys) -> None:
    statement = event["statement"]
    assert 20 <= len(statement) <= 200
    assert statement.endswith(".")
    assert ". " not in statement


@each_report
def test_report_has_a_place_in_its_source(event: Keys) -> None:
    assert spans_of(event)
    for start, end in spans_of(event):
        assert 0 <= start < end <= int(SOURCES[event["source"]]["length"])


@each_report
def test_report_names_what_is_described(event: Keys) -> None:
    assert event["source"] in SOURCES
    assert {event[name] for name in ("origin", "speaker", "entity") if name in event} <= set(ENTITIES)
    fact = parse_fact(event["fact"])
    assert {fact.subject, fact.object} - {None} <= set(ENTITIES)
    assert fact.attribute in ATTRIBUTES
    for segment in (fact.subject, fact.attribute, fact.object):
        assert segment is None or NAME.fullmatch(segment)
    assert event["fact"] == fact.fact, "the period is not written in its shortest form"


@each_report
def test_report_keeps_to_the_meaning_of_its_attribute(event: Keys) -> None:
    fact = parse_fact(event["fact"])
    attribute = ATTRIBUTES[fact.attribute]
    assert [VALUE_KEYS[name] for name in VALUE_KEYS if name in event] == [attribute["value"]]
    if attribute["object"] != "optional":
        assert (fact.object is not None) == (attribute["object"] == "yes")
    assert event.get("status", "announced") in STATUSES


@each_report
def test_report_was_public_when_its_source_was(event: Keys) -> None:
    published = parse_edtf(SOURCES[event["source"]]["published"])
    reported = parse_edtf(event.get("reported") or SOURCES[event["source"]]["published"])
    assert reported.reported_at is not None
    assert published.reported_at is not None
    assert reported.reported_from is not None
    assert reported.reported_from <= published.reported_at


def test_one_source_fact_and_reported_date_gives_one_report() -> None:
    times = Counter(
        (event["source"], event["fact"], event.get("reported", SOURCES[event["source"]]["published"]))
        for event in REPORTS
    )
    assert [report for report, number in times.items() if number > 1] == []


@each_correction
def test_correction_mends_an_earlier_report_and_says_why(event: Keys) -> None:
    (target,) = (report for report in REPORTS if report["key"] == event["target"])
    assert EVENTS.index(target) < EVENTS.index(event)
    assert len(event["reason"]) >= 20
    given = {name for name in VALUE_KEYS if name in event}
    assert given == {name for name in VALUE_KEYS if name in target}
    assert {name: event[name] for name in given} != {name: target[name] for name in given}
    # All other keys are those of the target: only the figure was wrong.
    assert given | {"key", "type", "target", "statement", "reason", "file"} >= set(event) - {"locator"}


@pytest.mark.parametrize("path", sorted(BUNDLED.glob("*.yaml")), ids=lambda path: path.name)
def test_lines_are_short_enough_to_read(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").split("\n")
    assert [number for number, line in enumerate(lines, 1) if len(line) > 120] == []


# ------------------------------------------------------------------------ against the articles


@pytest.fixture(scope="module")
def articles() -> dict[str, bytes]:
    """Return the articles by the SHA-256 of their bytes."""
    if not ARTICLES.is_dir():
        pytest.skip("the five articles (../shared/seeds) are not beside the project")
    return {hashlib.sha256(found := path.read_bytes()).hexdigest(): found for path in ARTICLES.glob("*.txt")}


@pytest.fixture
def text(event: Keys, articles: dict[str, bytes]) -> str:
    """Return the article that an event, or the report that it corrects, was read from."""
    source = event.get("source")
    if source is None:
        (source,) = (report["source"] for report in REPORTS if report["key"] == event["target"])
    return articles[SOURCES[source]["sha256"]].decode("utf-8")


def spans_of(event: Keys) -> list[tuple[int, int]]:
    locator = event.get("locator", [])
    spans = locator if isinstance(locator, list) else [locator]
    return [(int(span["start"]), int(span["end"])) for span in spans]


def cited(event: Keys, text: str) -> str:
    return "\n".join(text[start:end] for start, end in spans_of(event))


def is_printed(words: str, passage: str) -> bool:
    """Return whether a passage prints a figure, in digits or in French, or a word, in French.

    A part of a longer figure is no figure; a space between thousands does not count.
    """
    plain = re.sub(r"(?<=\d)[ \u00a0\u202f](?=\d{3}\b)", "", passage)
    if words[0].isdigit() and re.search(rf"(?<![\d.,]){re.escape(words)}(?!\d|[.,]\d)", plain):
        return True
    return any(french in plain.casefold() for french in IN_FRENCH.get(words, ()))


def not_printed(claim: str, passage: str) -> list[str]:
    """Return the figures and words of a claim that a passage does not print.

    >>> not_printed("up to 30 billion USD", "jusqu'à 300 millions de dollars")
    ['30', 'billion']
    """
    phrases = "|".join(sorted(map(re.escape, IN_FRENCH), key=len, reverse=True))
    parts = re.findall(rf"\d+(?:\.\d+)?|(?:{phrases})(?!\w)|[^\s\d-]+", claim)
    return [part for part in parts if part not in SELDOM_PRINTED and not is_printed(part, passage)]


@pytest.mark.parametrize(
    ("claim", "passage", "lacking"),
    [
        ("30 billion USD", "30 milliards", []),
        ("30 billion USD", "300 milliards", ["30"]),
        ("30 billion USD", "130 milliards", ["30"]),
        ("30 billion USD", "30,5 milliards", ["30"]),
        ("30 billion USD", "2,30 milliards", ["30"]),
        ("30 billion USD", "30 millions", ["billion"]),
        ("more than 5000 billion USD", "plus de 5 000 milliards", []),
        ("more than 5000 billion USD", "5\u00a0000 milliards", ["more than"]),
        ("15-25 billion USD", "entre 15 et 20 milliards", ["25"]),
        ("75 %", "75 points", ["%"]),
        ("up to 10 MW", "jusqu'à 10 gigawatts", ["MW"]),
        ("several million", "plusieurs millions", []),
        ("several million", "un million", ["several"]),
        ("4 times", "quatre fois", []),
        ("4 times", "trois fois", ["4"]),
        ("majority", "la moitié", ["majority"]),
        ("200 USD/month", "200 dollars par an", ["USD/month"]),
    ],
)
def test_what_counts_as_printed(claim: str, passage: str, lacking: list[str]) -> None:
    assert not_printed(claim, passage) == lacking


@pytest.mark.parametrize("source", SOURCES.values(), ids=lambda source: source["id"])
def test_source_is_the_article_unchanged(source: Keys, articles: dict[str, bytes]) -> None:
    assert source["sha256"] in articles
    assert len(articles[source["sha256"]].decode("utf-8")) == int(source["length"])


@each_event
def test_spans_are_whole_words_within_the_text(event: Keys, text: str) -> None:
    for start, end in spans_of(event):
        assert 0 <= start < end <= len(text)
        span = text[start:end]
        assert span == span.strip()
        assert not (text[start - 1 : start] + span[0]).isalnum() or start == 0
        assert not (span[-1] + text[end : end + 1]).isalnum() or end == len(text)


@each_report
def test_amount_is_in_the_place_cited(event: Keys, text: str) -> None:
    if event.get("inferred") != "true":
        assert not_printed(event.get("claim", ""), cited(event, text)) == []


@each_correction
def test_corrected_figure_is_in_the_place_cited(event: Keys, text: str) -> None:
    # Without a place of its own, the evidence is not on the page but in the reason.
    if "locator" in event:
        assert not_printed(re.sub(r"\D+", " ", event["claim"]), cited(event, text)) == []


@each_report
def test_period_is_in_the_place_cited(event: Keys, text: str) -> None:
    years = re.findall(r"\d{4}", event["fact"].partition("@")[2])
    if years:
        counted = str(int(years[-1]) - int(years[0]) + 1)
        assert is_printed(years[-1], cited(event, text)) or is_printed(counted, cited(event, text))


# -------------------------------------------------------------------- no sentence of an article


def runs(text: str, length: int = 8) -> dict[tuple[str, ...], int]:
    """Return every run of `length` words, with the number of its first word."""
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[at : at + length]): at for at in range(len(words) - length + 1)}


def project_texts() -> list[Path]:
    found = [ROOT / "README.md"]
    for folder in ("events", "docs", "queries", "tests"):
        found += sorted(path for path in (ROOT / folder).rglob("*") if "__pycache__" not in path.parts)
    return [path for path in found if path.is_file()]


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ("a b c d e f g h", "z A, b: c d e «f» g-h z", True),
        ("a b c d e f g h", "a b c d e f g", False),
        ("a b c d e f g h", "a b c d x e f g h", False),
    ],
)
def test_what_counts_as_a_sentence_taken_over(one: str, other: str, shared: bool) -> None:
    assert bool(runs(one).keys() & runs(other).keys()) == shared


def test_no_sentence_of_an_article_is_in_the_project(articles: dict[str, bytes]) -> None:
    printed = {run for article in articles.values() for run in runs(article.decode("utf-8"))}
    assert printed
    taken = {}
    for path in project_texts():
        content = path.read_bytes().decode("utf-8", errors="ignore")
        if common := printed & runs(content).keys():
            taken[str(path.relative_to(ROOT))] = " ".join(min(common))
    assert taken == {}
