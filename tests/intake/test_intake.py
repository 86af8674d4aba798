"""What the store adds to events as written: defaults, bounds, names, targets, and what is new."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest

from timeline.errors import BadRows, Conflict, Place
from timeline.index.index import Index
from timeline.index.reader import Reader
from timeline.intake.batch import Draft
from timeline.intake.known import KnownEvents
from timeline.intake.names import Naming
from timeline.intake.outcome import Ingested, raise_for
from timeline.intake.rows import Intake, Resolved
from timeline.log.log import Log
from timeline.meaning.event import event_from
from timeline.meaning.identity import INHERITABLE, content_of, event_id
from timeline.meaning.times import parse_as_of, parse_instant
from timeline.store import Timeline

Keys = dict[str, object]
Row = dict[str, Any]

#: The moment of recording in these tests.
NOW: Final = parse_instant("2024-06-15T12:00:00Z")

NAMES: Final[list[Keys]] = [
    {"type": "attribute-described", "id": "plan"},
    {"type": "attribute-described", "id": "ceo", "value": "entity", "object": "no"},
    {"type": "attribute-described", "id": "stake", "value": "amount", "object": "yes"},
    {"type": "attribute-described", "id": "view", "value": "text", "object": "optional"},
    {"type": "entity-described", "id": "acme"},
    {"type": "entity-described", "id": "beta"},
    {"type": "entity-described", "id": "jane-doe"},
    {"type": "entity-described", "id": "wire-service"},
    {"type": "source-described", "id": "paper", "published": "2024-05-10", "origin": "wire-service"},
    {"type": "source-described", "id": "about-may", "published": "2024-05-10~"},
    {"type": "source-described", "id": "undated"},
    {"type": "source-described", "id": "magazine", "published": "2024-05-20", "origin": "undated"},
]
RECORDED: Final[list[Keys]] = [
    {
        "key": "growing",
        "fact": "acme/plan@2025",
        "text": "to grow",
        "status": "planned",
        "reported": "2024-05-08",
        "valid": "2024/2025",
        "source": "paper",
        "locator": {"start": 1, "end": 9},
        "speaker": "jane-doe",
        "statement": "Acme means to grow.",
    },
    {"key": "led", "fact": "acme/ceo", "entity": "jane-doe", "source": "paper"},
    {"key": "quiet", "type": "withdrawn", "fact": "acme/view", "source": "paper"},
    {"key": "taken-back", "type": "retracted", "target": "led", "reported": "2024-05-12"},
    {
        "key": "growing-less",
        "type": "corrected",
        "target": "growing",
        "text": "to grow less",
        "origin": "beta",
    },
]
REPORT: Final[Keys] = {"fact": "acme/plan", "text": "to shrink", "source": "paper"}
#: What a correction may take over: columns of one bit of `inherited`.
BITS: Final = {name: INHERITABLE[name] for name in INHERITABLE if name not in ("valid_from", "valid_to")}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Timeline]:
    with Timeline.create(tmp_path_factory.mktemp("intake") / "store") as tl:
        tl.append(NAMES)
        tl.append(RECORDED)
        yield tl


@pytest.fixture(scope="module")
def reader(store: Timeline) -> Iterator[Reader]:
    opened = Index(store.path / "index", Log(store.path / "log")).open()
    yield opened
    opened.close()


@pytest.fixture
def intake(reader: Reader) -> Intake:
    return Intake(reader, NOW)


def drafts(*events: Keys) -> list[Draft]:
    return [Draft(dict(keys), Place("a.yaml", line=line)) for line, keys in enumerate(events, 1)]


def taken(intake: Intake, *events: Keys) -> list[Row]:
    """Return the rows of events all of which are taken."""
    resolved = intake.resolve(drafts(*events))
    assert [str(one.error) for one in resolved.rejected] == []
    return [*resolved.rows]


def one(intake: Intake, keys: Keys, /, **more: object) -> Row:
    [row] = taken(intake, keys | more)
    return row


def refusals(intake: Intake, *events: Keys) -> list[str]:
    return [str(one.error) for one in intake.resolve(drafts(*events)).rejected]


def refusal(intake: Intake, keys: Keys, /, **more: object) -> str:
    [message] = refusals(intake, keys | more)
    return message


def end_of(day: str) -> int:
    return parse_as_of(day)


def start_of(day: str) -> int:
    return parse_instant(day)


class TestDefaultsFromTheSource:
    def test_the_origin_is_the_source_s(self, intake: Intake) -> None:
        assert one(intake, REPORT)["origin"] == "wire-service"

    def test_a_source_without_an_origin_is_its_own(self, intake: Intake) -> None:
        assert one(intake, REPORT, source="about-may")["origin"] == "about-may"

    def test_the_date_is_the_source_s(self, intake: Intake) -> None:
        row = one(intake, REPORT)
        assert (row["reported"], row["reported_from"]) == ("2024-05-10", start_of("2024-05-10"))
        assert row["reported_at"] == row["evidence_at"] == end_of("2024-05-10")

    def test_an_uncertain_date_of_a_source_is_widened(self, intake: Intake) -> None:
        row = one(intake, REPORT, source="about-may")
        assert (row["reported_from"], row["reported_at"]) == (start_of("2024-05-09"), end_of("2024-05-11"))

    def test_defaults_are_no_content(self, intake: Intake) -> None:
        row = one(intake, REPORT)
        assert row["event_id"] == event_id(content_of(event_from(REPORT).columns()))
        assert row["inherited"] == BITS["reported"] + BITS["origin"]
        explicit = one(intake, REPORT, origin="wire-service")
        assert explicit["origin"] == row["origin"]
        assert explicit["event_id"] != row["event_id"]
        dated = one(intake, REPORT, reported="2024-05-10")
        assert dated["reported_at"] == row["reported_at"]
        assert len({row["event_id"], explicit["event_id"], dated["event_id"]}) == 3

    def test_a_source_described_better_later_makes_no_new_events(self, intake: Intake) -> None:
        better: Keys = {
            "type": "source-described",
            "id": "paper",
            "published": "2024-05-09",
            "origin": "beta",
        }
        resolved = intake.resolve(drafts(better, *RECORDED))
        assert [row["event_type"] for row in resolved.rows] == ["source-described"]
        assert (resolved.known, resolved.rejected) == (len(RECORDED), [])

    def test_a_source_described_just_before_counts(self, intake: Intake) -> None:
        described: Keys = {"type": "source-described", "id": "new", "published": "2024", "origin": "e\u0301"}
        entity: Keys = {"type": "entity-described", "id": "\u00e9"}
        *_, row = taken(intake, entity, described, REPORT | {"source": "new", "reported": "2023"})
        assert row["origin"] == "\u00e9"
        # Of a source that is dated by a year, no later day than that of recording can be meant.
        assert row["evidence_at"] == NOW

    def test_a_source_described_in_the_file_before_counts(self, intake: Intake) -> None:
        taken(intake, {"type": "source-described", "id": "paper", "published": "2024-05-02"})
        assert one(intake, REPORT)["reported"] == "2024-05-02"

    def test_descriptions_count_from_their_place_on(self, intake: Intake) -> None:
        described: Keys = {"type": "source-described", "id": "new", "published": "2024"}
        assert refusals(intake, REPORT | {"source": "new"}, described) == [
            "unknown source 'new' as source; describe it in sources.yaml"
        ]


class TestReportedDates:
    @pytest.mark.parametrize(
        ("source", "reported", "start", "end"),
        [
            ("paper", "2024-05-08", "2024-05-08", "2024-05-08"),
            ("paper", "2024-05", "2024-05-01", "2024-05-10"),
            ("paper", "2024-05-10~", "2024-05-09", "2024-05-10"),
            ("paper", "2024-05-11~", "2024-05-10", "2024-05-10"),
            ("paper", "2024", "2024-01-01", "2024-05-10"),
            ("paper", "2023-12/2024-02", "2023-12-01", "2024-02-29"),
            ("about-may", "2024-05", "2024-05-01", "2024-05-11"),
            ("undated", "2024-05", "2024-05-01", "2024-05-31"),
            ("undated", "2024-06-15", "2024-06-15", "2024-06-15"),
        ],
    )
    def test_they_are_cut_to_the_end_of_their_source(
        self, intake: Intake, source: str, reported: str, start: str, end: str
    ) -> None:
        row = one(intake, REPORT, source=source, reported=reported)
        cut = min(end_of(end), NOW)
        assert (row["reported_from"], row["reported_at"]) == (start_of(start), cut)
        assert row["reported"] == reported

    def test_the_start_may_be_open(self, intake: Intake) -> None:
        row = one(intake, REPORT, reported="../2024-05")
        assert (row["reported_from"], row["reported_at"]) == (None, end_of("2024-05-10"))

    def test_evidence_dates_from_the_source_or_else_from_the_report(self, intake: Intake) -> None:
        assert one(intake, REPORT, reported="2024-05-01")["evidence_at"] == end_of("2024-05-10")
        row = one(intake, REPORT, source="undated", reported="2024-05-01")
        assert row["evidence_at"] == end_of("2024-05-01")

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            ({"reported": "2024-05-11"}, "starts after its source, which is of '2024-05-10'"),
            ({"reported": "2024-05-11T00:00:00Z"}, "starts after its source, which is of '2024-05-10'"),
            ({"reported": "2024-06"}, "reported '2024-06' starts after its source"),
            ({"source": "undated", "reported": "2024-06-16"}, "starts after the moment of recording, 2024-"),
            ({"source": "undated", "reported": "2024-06-15T12:00:00.000001Z"}, "2024-06-15T12:00:00Z"),
            ({"reported": "2024-05/.."}, "reported '2024-05/..' has no last instant; expected a date"),
            ({"source": "undated"}, "source 'undated' has no date of its own, so the event needs its"),
            ({"source": None}, "an event needs a source: the document we read"),
        ],
    )
    def test_dates_that_are_refused(self, intake: Intake, more: Keys, words: str) -> None:
        assert words in refusal(intake, REPORT, **more)

    def test_the_moment_of_recording_itself_is_allowed(self, intake: Intake) -> None:
        row = one(intake, REPORT, source="undated", reported="2024-06-15T12:00:00Z")
        assert row["reported_at"] == NOW

    def test_a_withdrawal_is_dated_as_a_report_is(self, intake: Intake) -> None:
        row = one(intake, {"type": "withdrawn", "fact": "acme/plan", "source": "paper", "reported": "2024"})
        assert (row["origin"], row["reported_at"]) == ("wire-service", end_of("2024-05-10"))
        assert row.get("status") is None


class TestNames:
    @pytest.mark.parametrize(
        ("more", "message"),
        [
            ({"fact": "acm/plan"}, "unknown entity 'acm' as subject; did you mean 'acme'?"),
            ({"fact": "acme/plans"}, "unknown attribute 'plans' as attribute; did you mean 'plan'?"),
            ({"fact": "acme/plan/betta"}, "unknown entity 'betta' as object; did you mean 'beta'?"),
            ({"source": "papr"}, "unknown source 'papr' as source; did you mean 'paper'?"),
            ({"speaker": "jane-do"}, "unknown entity 'jane-do' as speaker; did you mean 'jane-doe'?"),
            ({"origin": "wire"}, "unknown entity 'wire' as origin; describe it in entities.yaml"),
            ({"text": None, "entity": "acme-2"}, "unknown entity 'acme-2' as entity; did you mean 'acme'?"),
            ({"fact": "zzz/plan"}, "unknown entity 'zzz' as subject; describe it in entities.yaml"),
            ({"source": "zzz"}, "unknown source 'zzz' as source; describe it in sources.yaml"),
            ({"fact": "acme/zzz"}, "unknown attribute 'zzz' as attribute; describe it in attributes.yaml"),
        ],
    )
    def test_unknown_ones_are_named_with_the_nearest(self, intake: Intake, more: Keys, message: str) -> None:
        assert refusal(intake, REPORT, **more) == message

    def test_an_origin_is_an_entity_or_a_source(self, intake: Intake) -> None:
        assert one(intake, REPORT, origin="beta")["origin"] == "beta"
        assert one(intake, REPORT, origin="undated")["origin"] == "undated"

    def test_the_origin_of_a_source_is_known_too(self, intake: Intake) -> None:
        described: Keys = {"type": "source-described", "id": "new", "origin": "wire-servise"}
        assert refusal(intake, described) == (
            "unknown entity 'wire-servise' as origin; did you mean 'wire-service'?"
        )
        assert one(intake, described, origin="new")["subject"] == "new"
        assert one(intake, described, origin="paper")["subject"] == "new"

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            ({"fact": "acme/ceo"}, "attribute 'ceo' takes values of type entity, got text"),
            ({"fact": "acme/stake/beta"}, "attribute 'stake' takes values of type amount, got text"),
            (
                {"fact": "acme/stake", "text": None, "claim": "1 %"},
                "attribute 'stake' needs an object, as in acme/stake/OBJECT",
            ),
            (
                {"fact": "acme/ceo/beta", "text": None, "entity": "beta"},
                "attribute 'ceo' takes no object, got 'beta'",
            ),
            ({"type": "withdrawn", "text": None, "fact": "acme/stake"}, "attribute 'stake' needs an object"),
        ],
    )
    def test_what_an_attribute_does_not_take(self, intake: Intake, more: Keys, words: str) -> None:
        assert words in refusal(intake, REPORT, **more)

    @pytest.mark.parametrize("fact", ["acme/view", "acme/view/beta", "acme/plan", "acme/plan/beta"])
    def test_what_it_takes(self, intake: Intake, fact: str) -> None:
        assert one(intake, REPORT, fact=fact)["fact"] == fact

    def test_an_attribute_described_just_before_counts(self, intake: Intake) -> None:
        described: Keys = {"type": "attribute-described", "id": "owner", "object": True}
        assert refusals(intake, described, REPORT | {"fact": "acme/owner"}) == [
            "attribute 'owner' needs an object, as in acme/owner/OBJECT"
        ]


class TestRegisteringUnknownNames:
    @pytest.fixture
    def intake(self, reader: Reader) -> Intake:
        return Intake(reader, NOW, naming=Naming.of(True))

    def test_they_come_before_the_event_that_names_them(self, intake: Intake, reader: Reader) -> None:
        everything: Keys = {
            "fact": "s/a/o",
            "entity": "e",
            "source": "src",
            "origin": "org",
            "speaker": "sp",
            "reported": "2024",
        }
        resolved = intake.resolve(drafts(everything, everything | {"entity": "e2"}))
        assert [(row["event_type"], row["subject"]) for row in resolved.rows] == [
            ("entity-described", "s"),
            ("entity-described", "o"),
            ("attribute-described", "a"),
            ("source-described", "src"),
            ("entity-described", "sp"),
            ("entity-described", "e"),
            ("entity-described", "org"),
            ("reported", "s"),
            ("entity-described", "e2"),
            ("reported", "s"),
        ]
        assert (resolved.registered, resolved.known) == (8, 0)
        assert [row["position"] for row in resolved.rows] == list(
            range(reader.position + 1, reader.position + 11)
        )
        assert intake.position == reader.position + 10

    def test_the_origin_of_a_source_is_registered_before_it(self, intake: Intake) -> None:
        rows = taken(intake, {"type": "source-described", "id": "src", "origin": "org"})
        assert [row["subject"] for row in rows] == ["org", "src"]

    def test_what_a_refused_event_names_stays_unknown(self, intake: Intake) -> None:
        late: Keys = {"fact": "newco/plan", "text": "x", "source": "paper", "reported": "2024-06"}
        resolved = intake.resolve(drafts(late, late | {"reported": "2024-04"}))
        assert [str(one.place) for one in resolved.rejected] == ["a.yaml:1"]
        assert [(row["event_type"], row["subject"]) for row in resolved.rows] == [
            ("entity-described", "newco"),
            ("reported", "newco"),
        ]

    def test_a_name_that_cannot_be_one_is_refused(self, intake: Intake) -> None:
        assert "entity 'a ' begins or ends with a space" in refusal(
            intake, {"fact": "acme/plan", "entity": "a ", "source": "paper"}
        )

    def test_a_registered_source_has_no_date(self, intake: Intake) -> None:
        assert "source 'src' has no date of its own" in refusal(intake, REPORT, source="src")


class TestTargets:
    def test_by_key_or_by_id(self, intake: Intake, store: Timeline) -> None:
        growing = store.snapshot().event_id("growing")
        by_key = one(intake, {"type": "corrected", "target": "growing", "text": "x"})
        by_id = one(intake, {"type": "corrected", "target": growing, "text": "y"})
        assert by_key["target"] == by_id["target"] == growing
        again = intake.resolve(drafts({"type": "corrected", "target": growing, "text": "x"}))
        # One event, however its target is named.
        assert ([*again.rows], again.known) == ([], 1)

    def test_earlier_in_the_batch(self, intake: Intake) -> None:
        report, correction, further = taken(
            intake,
            REPORT | {"key": "k"},
            {"type": "corrected", "key": "c", "target": "k", "text": "x"},
            {"type": "corrected", "target": "c", "text": "y"},
        )
        assert correction["target"] == report["event_id"]
        assert further["target"] == correction["event_id"]
        assert report["place"] == correction["place"] == further["place"] == report["position"]

    def test_in_the_batch_before(self, intake: Intake) -> None:
        [report] = taken(intake, REPORT | {"key": "k"})
        correction = one(intake, {"type": "corrected", "target": "k", "text": "x"})
        by_id = one(intake, {"type": "corrected", "target": report["event_id"], "text": "y"})
        assert (correction["place"], by_id["place"]) == (report["position"], report["position"])

    def test_known_already_and_again_in_the_batch(self, intake: Intake, store: Timeline) -> None:
        [correction] = taken(intake, RECORDED[0], {"type": "corrected", "target": "growing", "text": "x"})
        assert correction["target"] == store.snapshot().event_id("growing")
        assert correction["place"] == len(NAMES) + 1

    @pytest.mark.parametrize("by_key", [True, False])
    def test_known_already_and_again_in_the_batch_before(
        self, intake: Intake, store: Timeline, by_key: bool
    ) -> None:
        better: Keys = {
            "type": "source-described",
            "id": "paper",
            "published": "2024-05-10",
            "origin": "beta",
        }
        assert len(taken(intake, better, *RECORDED)) == 1
        target = "led" if by_key else store.snapshot().event_id("led")
        row = one(intake, {"type": "corrected", "target": target, "entity": "acme"})
        assert row["place"] == len(NAMES) + 2
        # The correction takes over what was recorded, not what its target would take from its source today.
        assert row["origin"] == "wire-service"

    def test_a_chain_keeps_the_place_where_it_began(self, intake: Intake) -> None:
        row = one(intake, {"type": "corrected", "target": "growing-less", "text": "x"})
        assert row["place"] == len(NAMES) + 1

    def test_a_retraction_has_a_place_of_its_own(self, intake: Intake) -> None:
        row = one(intake, {"type": "retracted", "target": "growing", "reported": "2024-05-12"})
        assert row["place"] == row["position"]

    def test_the_fact_is_the_target_s(self, intake: Intake) -> None:
        row = one(intake, {"type": "retracted", "target": "growing", "reported": "2024-05-12"})
        parts = ("fact", "subject", "attribute", "object", "period", "period_from", "period_to")
        assert [row[name] for name in parts] == [
            "acme/plan@2025",
            "acme",
            "plan",
            None,
            "2025",
            start_of("2025-01-01"),
            start_of("2026-01-01"),
        ]
        assert row["inherited"] == BITS["fact"]
        explicit = one(
            intake,
            {"type": "retracted", "target": "growing", "reported": "2024-05-12"},
            fact="acme/plan@2025-01/2025-12",
        )
        assert explicit["fact"] == row["fact"]
        assert not explicit["inherited"] & BITS["fact"]

    @pytest.mark.parametrize(
        ("target", "message"),
        [
            (
                "growin",
                "nothing earlier is called 'growin'; expected the key or event_id of an event; did you",
            ),
            ("nothing-like-it", "nothing earlier is called 'nothing-like-it'"),
            ("0" * 64, f"nothing earlier is called '{'0' * 64}'"),
            ("paper", "nothing earlier is called 'paper'"),
        ],
    )
    def test_that_are_not_there(self, intake: Intake, target: str, message: str) -> None:
        assert message in refusal(intake, {"type": "corrected", "target": target, "text": "x"})

    def test_later_in_the_batch_is_not_there_yet(self, intake: Intake) -> None:
        correction: Keys = {"type": "corrected", "target": "k", "text": "x"}
        assert "nothing earlier is called 'k'" in refusals(intake, correction, REPORT | {"key": "k"})[0]

    def test_that_were_refused(self, intake: Intake) -> None:
        late = REPORT | {"key": "k", "reported": "2024-06"}
        first, second = refusals(intake, late, {"type": "corrected", "target": "k", "text": "x"})
        assert "starts after its source" in first
        assert "nothing earlier is called 'k'" in second

    def test_a_description_is_no_target(self, intake: Intake, store: Timeline) -> None:
        [described] = taken(intake, {"type": "entity-described", "id": "new"})
        message = refusal(intake, {"type": "retracted", "target": described["event_id"], "reported": "2024"})
        assert "nothing earlier is called" in message

    def test_of_another_fact(self, intake: Intake) -> None:
        message = refusal(
            intake, {"type": "corrected", "target": "growing", "fact": "acme/plan", "text": "x"}
        )
        assert message == "the target is about acme/plan@2025, not acme/plan"


class TestCorrections:
    BARE: Final[Keys] = {"type": "corrected", "target": "growing", "text": "to grow fast", "reason": "a slip"}

    def test_what_is_taken_over(self, intake: Intake) -> None:
        row = one(intake, self.BARE)
        assert {name: row.get(name) for name in BITS} == {
            "fact": "acme/plan@2025",
            "status": "planned",
            "valid": "2024/2025",
            "reported": "2024-05-08",
            "source": "paper",
            "origin": "wire-service",
            "locator": '{"start":1,"end":9}',
        }
        assert row["inherited"] == sum(BITS.values())
        assert (row["valid_from"], row["valid_to"]) == (start_of("2024-01-01"), start_of("2026-01-01"))
        assert (row["reported_from"], row["reported_at"]) == (start_of("2024-05-08"), end_of("2024-05-08"))
        assert row["evidence_at"] == end_of("2024-05-10")
        # The speaker and the statement belong to the words that were wrong.
        assert row.get("speaker") is None
        assert row.get("statement") is None
        assert row["event_id"] == event_id(
            content_of(event_from(self.BARE).columns() | {"target": row["target"]})
        )

    @pytest.mark.parametrize(
        ("given", "bit", "column", "value"),
        [
            ({"status": "denied"}, "status", "status", "denied"),
            ({"status": "planned"}, "status", "status", "planned"),
            ({"origin": "beta"}, "origin", "origin", "beta"),
            ({"locator": {"start": 3, "end": 4}}, "locator", "locator", '{"start":3,"end":4}'),
            ({"reported": "2024-05-09"}, "reported", "reported_at", end_of("2024-05-09")),
            ({"reported": "2024-05"}, "reported", "reported_at", end_of("2024-05-10")),
            ({"valid": "2023"}, "valid", "valid_to", start_of("2024-01-01")),
            ({"valid_from": "2024-06"}, "valid", "valid_to", None),
            ({"valid_from": "2024-06"}, "valid", "valid", None),
            ({"valid": "../.."}, "valid", "valid_from", None),
            ({"valid_from": ".."}, "valid", "valid_from", None),
            ({"fact": "acme/plan@2025"}, "fact", "fact", "acme/plan@2025"),
        ],
    )
    def test_what_is_given_is_not_taken_over(
        self, intake: Intake, given: Keys, bit: str, column: str, value: object
    ) -> None:
        row = one(intake, self.BARE, **given)
        assert row.get(column) == value
        assert row["inherited"] == sum(BITS.values()) - BITS[bit]
        assert row["event_id"] != one(intake, self.BARE | {"reason": "another"})["event_id"]

    def test_another_source(self, intake: Intake) -> None:
        row = one(intake, self.BARE, source="magazine")
        # A place in one text is no place in another; the date and the origin of the claim do not change.
        assert row.get("locator") is None
        assert row["source"] == "magazine"
        assert row["evidence_at"] == end_of("2024-05-20")
        assert (row["origin"], row["reported_at"]) == ("wire-service", end_of("2024-05-08"))
        assert row["inherited"] == sum(BITS.values()) - BITS["source"] - BITS["locator"]

    def test_another_source_and_date(self, intake: Intake) -> None:
        row = one(intake, self.BARE, source="magazine", reported="2024-05")
        assert row["reported_at"] == end_of("2024-05-20")
        message = refusal(intake, self.BARE, source="magazine", reported="2024-05-21")
        assert "starts after its source, which is of '2024-05-20'" in message

    def test_a_source_without_a_date_leaves_the_evidence_where_it_was(self, intake: Intake) -> None:
        assert one(intake, self.BARE, source="undated")["evidence_at"] == end_of("2024-05-10")

    def test_the_date_is_held_to_the_source_taken_over(self, intake: Intake) -> None:
        assert "starts after its source" in refusal(intake, self.BARE, reported="2024-05-11")

    def test_a_correction_of_a_correction_takes_over_from_it(self, intake: Intake) -> None:
        row = one(intake, self.BARE, target="growing-less")
        assert (row["origin"], row["status"], row["reported"]) == ("beta", "planned", "2024-05-08")

    def test_a_report_needs_its_claim(self, intake: Intake) -> None:
        for target in ("growing", "growing-less"):
            message = refusal(intake, {"type": "corrected", "target": target, "reported": "2024-05-01"})
            assert message == (
                "a correction of a report needs its claim; to strike the report out, give void: true"
            )

    def test_a_withdrawal_may_be_of_another_date_or_a_report(self, intake: Intake) -> None:
        moved = one(intake, {"type": "corrected", "target": "quiet", "reported": "2024-05-09"})
        assert (moved["reported_at"], moved.get("status")) == (end_of("2024-05-09"), None)
        assert not moved["inherited"] & BITS["status"]
        report = one(intake, {"type": "corrected", "target": "quiet", "text": "calm"})
        assert (report["status"], report["origin"]) == ("announced", "wire-service")

    def test_a_retraction_claims_nothing(self, intake: Intake) -> None:
        row = one(intake, {"type": "corrected", "target": "taken-back", "reported": "2024-05-13"})
        assert row["reported_at"] == end_of("2024-05-13")
        assert row.get("source") is None
        message = refusal(intake, {"type": "corrected", "target": "taken-back", "entity": "beta"})
        assert "a correction of a retraction claims nothing" in message
        # Nor does a correction of that correction.
        further, *rest = refusals(
            intake,
            {"type": "corrected", "key": "moved", "target": "taken-back", "reported": "2024-05-14"},
            {"type": "corrected", "target": "moved", "entity": "beta"},
        )
        assert "a correction of a retraction claims nothing" in further
        assert rest == []

    @pytest.mark.parametrize("target", ["growing", "growing-less", "led", "quiet", "taken-back"])
    def test_anything_can_be_voided(self, intake: Intake, target: str) -> None:
        row = one(intake, {"type": "corrected", "target": target, "void": True})
        assert (row["void"], row.get("value_type"), row.get("status")) == (True, None, None)

    def test_a_void_can_be_voided(self, intake: Intake) -> None:
        _, row = taken(
            intake,
            {"type": "corrected", "key": "void", "target": "growing", "void": True},
            {"type": "corrected", "target": "void", "void": True},
        )
        assert row["place"] == len(NAMES) + 1

    def test_the_attribute_s_rules_hold(self, intake: Intake) -> None:
        message = refusal(intake, {"type": "corrected", "target": "led", "text": "somebody"})
        assert message == "attribute 'ceo' takes values of type entity, got text"
        message = refusal(intake, {"type": "corrected", "target": "led", "entity": "jane-do"})
        assert message == "unknown entity 'jane-do' as entity; did you mean 'jane-doe'?"


class TestRetractions:
    def test_they_are_dated_by_themselves(self, intake: Intake) -> None:
        row = one(intake, {"type": "retracted", "target": "growing", "reported": "2024-05-12"})
        assert row["reported_at"] == row["evidence_at"] == end_of("2024-05-12")
        assert (row.get("source"), row.get("origin"), row.get("valid_from")) == (None, None, None)

    def test_or_by_their_source(self, intake: Intake) -> None:
        row = one(intake, {"type": "retracted", "target": "growing", "source": "magazine"})
        assert (row["reported_at"], row["origin"]) == (end_of("2024-05-20"), "undated")

    def test_before_what_they_take_back(self, intake: Intake) -> None:
        row = one(intake, {"type": "retracted", "target": "growing", "reported": "2024-01-01"})
        assert row["reported_at"] == end_of("2024-01-01")

    def test_one_of_the_two_is_needed(self, intake: Intake) -> None:
        message = refusal(intake, {"type": "retracted", "target": "growing"})
        assert message == "a retraction without a source needs its reported date"

    @pytest.mark.parametrize("target", ["growing-less", "quiet", "taken-back"])
    def test_anything_can_be_retracted(self, intake: Intake, target: str) -> None:
        row = one(intake, {"type": "retracted", "target": target, "reported": "2024-05-12"})
        assert row["event_type"] == "retracted"


class TestWhatIsKnown:
    def test_all_of_it_again(self, intake: Intake) -> None:
        resolved = intake.resolve(drafts(*NAMES, *RECORDED))
        assert ([*resolved.rows], resolved.known, intake.warnings()) == ([], len(NAMES) + len(RECORDED), [])
        assert [position for _, position in resolved.events] == list(range(1, len(resolved.events) + 1))

    def test_ids_and_positions_come_in_the_order_given(self, intake: Intake) -> None:
        new: dict[str, object] = {"fact": "acme/view", "text": "new", "source": "paper"}
        head = intake.position
        given = [*intake.resolve(drafts(*reversed(RECORDED), new, *RECORDED, new)).events]
        count = len(RECORDED)
        assert given[:count] == given[count + 1 : -1][::-1]
        assert len({event_id for event_id, _ in given}) == count + 1
        assert given[count] == given[-1]
        assert given[-1][1] == head + 1

    def test_twice_in_one_batch(self, intake: Intake, reader: Reader) -> None:
        resolved = intake.resolve(
            drafts(REPORT, {"fact": "acme/view", "text": "", "source": "paper"}, REPORT)
        )
        assert (len(resolved.rows), resolved.known) == (2, 1)
        assert resolved.rows[0]["position"] == reader.position + 1

    def test_in_the_batch_before(self, intake: Intake) -> None:
        taken(intake, REPORT)
        resolved = intake.resolve(drafts(REPORT))
        assert ([*resolved.rows], resolved.known) == ([], 1)

    def test_who_recorded_it_makes_no_difference(self, intake: Intake) -> None:
        resolved = intake.resolve(drafts(RECORDED[0] | {"actor": "somebody else"}))
        assert ([*resolved.rows], resolved.known) == ([], 1)

    def test_other_ways_to_write_it_are_the_same(self, intake: Intake) -> None:
        apart: Keys = {"fact": None, "subject": "acme", "attribute": "plan", "period": "2025-01/2025-12"}
        resolved = intake.resolve(drafts(RECORDED[0] | apart))
        assert ([*resolved.rows], resolved.known) == ([], 1)

    def test_a_key_with_other_content_is_a_conflict_that_shows_both(self, intake: Intake) -> None:
        resolved = intake.resolve(drafts(RECORDED[0] | {"text": "to shrink"}))
        [one] = resolved.rejected
        assert isinstance(one.error, Conflict)
        assert one.error.exit_code == 3
        first, recorded, now = str(one.error).splitlines()
        assert first.startswith("key 'growing' is taken by an event that says otherwise")
        assert recorded.startswith("  recorded:")
        assert "text to grow," in recorded
        assert now.startswith("  now:")
        assert "text to shrink," in now
        with pytest.raises(Conflict, match=r"a\.yaml:1: key 'growing' is taken"):
            raise_for(resolved.rejected)

    def test_a_key_given_twice_in_one_batch(self, intake: Intake) -> None:
        named = REPORT | {"key": "k"}
        resolved = intake.resolve(drafts(named, named | {"text": "to grow"}, named))
        assert (len(resolved.rows), resolved.known) == (1, 1)
        [one] = resolved.rejected
        assert isinstance(one.error, Conflict)
        assert "text to shrink" in str(one.error)
        assert "text to grow" in str(one.error)

    def test_a_key_for_what_is_recorded_without_one(self, intake: Intake) -> None:
        # The key is part of the content: this is another event.
        assert len(taken(intake, REPORT, REPORT | {"key": "k"})) == 2


class TestWarnings:
    def test_one_source_fact_and_date_twice(self, intake: Intake) -> None:
        intake.resolve(drafts(REPORT, REPORT | {"text": "to grow"}))
        assert intake.warnings() == ["paper reports acme/plan twice for 2024-05-10; the later report wins"]

    @pytest.mark.parametrize(
        "more",
        [
            {"fact": "acme/plan@2024"},
            {"source": "about-may"},
            {"reported": "2024-05-01"},
            {"text": "to shrink"},
        ],
    )
    def test_anything_else_is_as_it_should_be(self, intake: Intake, more: Keys) -> None:
        intake.resolve(drafts(REPORT, REPORT | more))
        assert intake.warnings() == []

    def test_a_withdrawal_and_a_correction_are_no_second_report(self, intake: Intake) -> None:
        resolved = intake.resolve(
            drafts(
                REPORT | {"key": "k"},
                {"type": "withdrawn", "fact": "acme/plan", "source": "paper"},
                {"type": "corrected", "target": "k", "text": "x"},
            )
        )
        assert (len(resolved.rows), intake.warnings()) == (3, [])


class TestRefusals:
    BAD: Final[list[Keys]] = [
        REPORT | {"fact": "acm/plan"},
        REPORT,
        REPORT | {"status": "plannd"},
        RECORDED[0] | {"text": "other"},
    ]

    @pytest.fixture
    def resolved(self, intake: Intake) -> Resolved:
        return intake.resolve(drafts(*self.BAD))

    def test_every_bad_event_is_named_and_the_rest_is_taken(self, resolved: Resolved) -> None:
        assert len(resolved.rows) == 1
        # Events that no store would take are found before those that only this one refuses.
        assert {str(one.place) for one in resolved.rejected} == {"a.yaml:1", "a.yaml:3", "a.yaml:4"}

    def test_all_of_them_are_raised_at_once(self, resolved: Resolved) -> None:
        with pytest.raises(BadRows) as caught:
            raise_for(resolved.rejected)
        assert caught.value.exit_code == 2
        message = str(caught.value)
        for part in (
            "a.yaml:1: unknown entity 'acm' as subject; did you mean 'acme'?",
            "a.yaml:3: no such status: 'plannd'; did you mean 'planned'?",
            "a.yaml:4: key 'growing' is taken",
            "3 bad events; nothing was recorded",
        ):
            assert part in message
        assert len(caught.value.problems) == 3

    def test_nothing_refused_raises_nothing(self) -> None:
        raise_for([])

    def test_they_are_written_with_their_reasons(self, resolved: Resolved, tmp_path: Path) -> None:
        path = tmp_path / "rejects.jsonl"
        Ingested(rejected=resolved.rejected).write_rejects(path)
        lines = {line["line"]: line for line in map(json.loads, path.read_text("utf-8").splitlines())}
        assert lines[3] == {
            "file": "a.yaml",
            "line": 3,
            "reason": "no such status: 'plannd'; did you mean 'planned'?",
            "event": self.BAD[2],
        }
        assert lines[4]["reason"].startswith("key 'growing' is taken")
        assert set(lines) == {1, 3, 4}


@pytest.mark.parametrize("count", [1, 8, 9, 70, 2_000])
def test_known_events_are_found_however_many_are_asked_for(reader: Reader, count: int) -> None:
    con = reader.cursor()
    held = con.execute("SELECT event_id, position, place FROM store.events").fetchall()
    strangers = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(count)]
    # An id that begins like that of a recorded event is another id.
    strangers.append(held[0][0][:16] + strangers[0][16:])
    known = KnownEvents(con, reader)
    for _ in range(4):
        assert known.among(strangers) == {}
        assert known.among([*strangers, *(event_id for event_id, _, _ in held)]) == {
            event_id: (position, place) for event_id, position, place in held
        }
        assert known.among([held[1][0]]) == {held[1][0]: held[1][1:]}
    assert known.among([]) == {}
    con.close()


def test_known_events_of_an_empty_store(tmp_path: Path) -> None:
    with closing(Index(tmp_path / "index", Log.create(tmp_path / "log")).open()) as opened:
        con = opened.cursor()
        known = KnownEvents(con, opened)
        assert [known.among([f"{number:064x}" for number in range(20)]) for _ in range(4)] == [{}] * 4
        con.close()
