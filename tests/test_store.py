"""The Python surface, on the bundled reports."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import polars as pl
import pytest

from timeline import BadInput, Belief, Commit, NotFound, Timeline
from timeline.meaning.columns import BELIEF_COLUMNS, EVENT_COLUMNS

ROOT = Path(__file__).resolve().parents[1]

FACT: Final = "nvidia/investment/openai"
#: The end of each day on which what was believed of the fact changed.
LETTER, SUSPENDED, NEGOTIATED = (
    datetime(*day, 23, 59, 59, 999_999, tzinfo=UTC) for day in ((2025, 9, 30), (2026, 2, 19), (2026, 2, 20))
)
MICROSECOND: Final = timedelta(microseconds=1)


def last_commit(tl: Timeline) -> Commit:
    head = tl.head()
    assert head is not None
    return head


class TestTheRunningExample:
    @pytest.mark.parametrize(
        ("as_of", "claim", "status", "believed_from"),
        [
            ("2025-09-29", None, None, None),
            ("2025-09", "up to 100 billion USD", "letter-of-intent", LETTER),
            ("2025-10-15", "up to 100 billion USD", "letter-of-intent", LETTER),
            ("2026-02-19", "up to 100 billion USD", "suspended", SUSPENDED),
            ("2026-02-28", "30 billion USD", "in-negotiation", NEGOTIATED),
            (None, "30 billion USD", "in-negotiation", NEGOTIATED),
        ],
    )
    def test_what_was_believed(
        self,
        bundled: Timeline,
        as_of: str | None,
        claim: str | None,
        status: str | None,
        believed_from: datetime | None,
    ) -> None:
        belief = bundled.belief(FACT, as_of=as_of)
        found = (belief.claim, belief.status, belief.believed_from) if belief else (None, None, None)
        assert found == (claim, status, believed_from)
        frame = bundled.beliefs(FACT, as_of=as_of)
        assert frame["claim"].to_list() == ([] if claim is None else [claim])

    def test_one_belief_in_full(self, bundled: Timeline) -> None:
        belief = bundled.belief(FACT, as_of="2025-10-15")
        assert belief is not None
        assert belief == Belief(
            fact=FACT,
            subject="nvidia",
            attribute="investment",
            object="openai",
            period=None,
            period_from=None,
            period_to=None,
            valid_from=None,
            valid_to=None,
            value_type="amount",
            amount=Decimal(100_000_000_000),
            amount_low=None,
            amount_high=Decimal(100_000_000_000),
            unit="USD",
            approximate=False,
            text=None,
            date_from=None,
            date_to=None,
            status="letter-of-intent",
            claim="up to 100 billion USD",
            believed_from=LETTER,
            reported_at=LETTER,
            event_id=bundled.snapshot().event_id("nvidia-letter-of-intent-corrected"),
            source="gate-2026-02-20",
            origin="nvidia",
            speaker=None,
            statement=belief.statement,
        )
        assert belief.statement is not None
        assert belief.believed_from is not None
        assert belief.believed_from.utcoffset() == timedelta(0)

    def test_a_day_in_february_2025_knows_of_neither(self, bundled: Timeline) -> None:
        frame = bundled.beliefs(as_of="2025-02-22")
        assert frame.height > 40
        assert FACT not in frame["fact"]
        assert frame.select(pl.col("reported_at").max()).item() < datetime(2025, 2, 23, tzinfo=UTC)

    def test_before_our_correction_the_old_record_shows(self, bundled: Timeline) -> None:
        before = bundled.belief(FACT, as_of="2025-10-15", recorded_as_of="#8")
        assert before is not None
        assert (before.claim, before.amount) == ("1000 billion USD", Decimal(10**12))
        assert before.event_id == bundled.snapshot().event_id("nvidia-letter-of-intent")


class TestDates:
    @pytest.mark.parametrize(
        ("as_of", "status"),
        [
            ("2026-02-19", "suspended"),
            (date(2026, 2, 19), "suspended"),
            (SUSPENDED, "suspended"),
            (SUSPENDED - MICROSECOND, "letter-of-intent"),
            ("2026-02-19T23:59:59.999999Z", "suspended"),
            ("2026-02-19T23:59:59Z", "letter-of-intent"),
            ("2026-02-20T01:00:00+01:00", "suspended"),
            (datetime(2026, 2, 20, 0, 59, 59, 999_999, tzinfo=timezone(timedelta(hours=1))), "suspended"),
            ("2026-01", "letter-of-intent"),
            ("2026", "in-negotiation"),
            ("2025/2026-02-19", "suspended"),
        ],
    )
    def test_of_every_kind(self, bundled: Timeline, as_of: Any, status: str) -> None:
        belief = bundled.belief(FACT, as_of=as_of)
        assert belief is not None
        assert belief.status == status
        assert bundled.beliefs(FACT, as_of=as_of)["status"].to_list() == [status]

    @pytest.mark.parametrize("method", ["belief", "beliefs", "claims", "disagreements", "why"])
    @pytest.mark.parametrize(
        ("asked", "words"),
        [
            ({"as_of": datetime(2025, 10, 15)}, "has no time zone"),  # noqa: DTZ001
            ({"as_of": "2025-10-15T12:00:00"}, "offset"),
            ({"recorded_as_of": datetime(2025, 10, 15)}, "has no time zone"),  # noqa: DTZ001
            ({"valid_at": datetime(2025, 10, 15)}, "has no time zone"),  # noqa: DTZ001
            ({"as_of": "2025-09/.."}, "no last instant"),
            ({"as_of": "soon"}, "soon"),
            ({"as_of": 20250101}, "20250101"),
            ({"recorded_as_of": "#four"}, "'#four' is not a commit; expected # and its number"),
            ({"basis": "sure"}, "no such basis: 'sure'; expected certain, possible or evidence"),
        ],
        ids=lambda value: None if isinstance(value, str) else str(value),
    )
    def test_that_are_refused(
        self, bundled: Timeline, method: str, asked: dict[str, Any], words: str
    ) -> None:
        with pytest.raises(BadInput, match=re.escape(words)):
            getattr(bundled, method)(FACT, **asked)

    def test_the_recorded_axis(self, bundled: Timeline) -> None:
        mended = last_commit(bundled)
        of_mending = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=mended.recorded_at)
        moments: dict[str, str | datetime] = {
            "at commit 8": "#8",
            "just before": of_mending - MICROSECOND,
            "at commit 9": "#9",
            "at that very instant": of_mending,
            "later than the head": "#1000",
            "at the end of time": "9999",
            "before the store": "2020-01-01",
            "at the beginning": "#0",
        }
        amounts = {
            label: bundled.beliefs(FACT, as_of="2025-10-15", recorded_as_of=moment)["amount"].to_list()
            for label, moment in moments.items()
        }
        wrong, right = [Decimal(10**12)], [Decimal(10**11)]
        assert amounts == {
            "at commit 8": wrong,
            "just before": wrong,
            "at commit 9": right,
            "at that very instant": right,
            "later than the head": right,
            "at the end of time": right,
            "before the store": [],
            "at the beginning": [],
        }

    def test_an_answer_names_the_axes_that_it_was_given_on(self, bundled: Timeline) -> None:
        head = last_commit(bundled).recorded_at
        asked = bundled.snapshot().beliefs(FACT, as_of="2025-10-15").asked
        assert asked is not None
        assert (asked.recorded_as_of, asked.recorded_is_head, asked.is_plain) == (head, True, True)
        later = bundled.snapshot().beliefs(FACT, recorded_as_of="9999").asked
        assert later is not None
        assert (later.recorded_as_of, later.recorded_is_head) == (head, True)
        first = bundled.snapshot().beliefs(FACT, recorded_as_of="#0", valid_at="2024").asked
        assert first is not None
        assert first.axes() == {
            "reported_as_of": None,
            "recorded_as_of": "0001-01-01T00:00:00Z",
            "valid_at": "2024-12-31",
        }
        assert bundled.sql("SELECT * FROM beliefs", recorded_as_of="#0").is_empty()

    def test_valid_at(self, desk: Timeline) -> None:
        desk.append(
            [
                {"fact": "acme/ceo", "text": "ann", "valid": "2020/2022", "reported": "2020", "source": "a"},
                {"fact": "acme/ceo", "text": "bob", "valid": "2023/..", "reported": "2023", "source": "a"},
                {"fact": "acme/ceo", "text": "eve", "valid": "2021", "reported": "2024", "source": "a"},
            ],
            register_unknown=True,
        )
        whole = desk.beliefs("acme/ceo")
        assert whole["claim"].to_list() == ["ann", "eve", "ann", "bob"]
        assert whole["valid_to"].to_list()[:3] == whole["valid_from"].to_list()[1:]
        assert (whole["valid_from"][0], whole["valid_to"][3]) == (datetime(2020, 1, 1, tzinfo=UTC), None)
        for asked, claim in {
            "2020-06": "ann",
            "2020": "ann",
            "2020-12-31T23:59:59.999999Z": "ann",
            "2021-01-01T00:00:00Z": "eve",
            "2021": "eve",
            "2022-01": "ann",
            "2030": "bob",
        }.items():
            assert desk.beliefs("acme/ceo", valid_at=asked)["claim"].to_list() == [claim]
            belief = desk.belief("acme/ceo", valid_at=asked)
            assert belief is not None
            assert belief.claim == claim
        assert desk.beliefs("acme/ceo", valid_at="2019").is_empty()
        assert desk.belief("acme/ceo", valid_at="2019") is None

    def test_without_valid_at_the_row_of_the_day_asked_about_is_chosen(self, desk: Timeline) -> None:
        desk.append(
            [
                {"fact": "acme/ceo", "text": "ann", "valid": "2020/2022", "reported": "2019", "source": "a"},
                {"fact": "acme/ceo", "text": "bob", "valid": "2030/2040", "reported": "2018", "source": "a"},
            ],
            register_unknown=True,
        )
        chosen = {
            as_of: belief.claim
            for as_of in ("2018-12-31", "2019", "2020", "2025", "2035", None)
            if (belief := desk.belief("acme/ceo", as_of=as_of))
        }
        assert chosen == {
            "2018-12-31": "bob",
            "2019": "ann",
            "2020": "ann",
            # No row covers the date: the row reported last is the answer.
            "2025": "ann",
            "2035": "bob",
            None: "ann",
        }

    def test_rows_reported_at_once_are_distinguished_by_their_valid_time(self, desk: Timeline) -> None:
        common: dict[str, object] = {"fact": "acme/ceo", "reported": "2019", "source": "a"}
        desk.append(
            [common | {"text": "bob", "valid": "2030"}, common | {"text": "ann", "valid": "2025"}],
            register_unknown=True,
        )
        for _ in range(3):
            belief = desk.belief("acme/ceo", as_of="2020")
            assert belief is not None
            assert belief.claim == "bob"
            desk.rebuild()


class TestPoliciesAndBases:
    def test_policies(self, bundled: Timeline) -> None:
        def origins(policy: str) -> list[str]:
            return sorted(bundled.beliefs(FACT, policy=policy)["origin"])

        assert origins("latest") == ["financial-times"]
        assert origins("first") == ["nvidia"]
        assert origins("by-origin") == ["financial-times", "nvidia", "wallstreetcn"]
        assert origins("ranked") == ["financial-times"]
        # The letter and the halt agree on 'up to 100 billion'.
        assert origins("confirmed:2") == ["wallstreetcn"]
        assert origins("confirmed:3") == []
        first = bundled.belief(FACT, policy="first")
        assert first is not None
        assert first.origin == "nvidia"

    @pytest.mark.parametrize(
        "policy", ["newest", "confirmed", "confirmed:0", "confirmed:-1", "confirmed:x", ""]
    )
    def test_policies_that_there_are_not(self, bundled: Timeline, policy: str) -> None:
        for ask in (bundled.belief, bundled.beliefs, bundled.why):
            with pytest.raises(BadInput, match="no such policy"):
                ask(FACT, policy=policy)

    def test_bases(self, bundled: Timeline) -> None:
        def status(as_of: str, basis: str) -> str | None:
            belief = bundled.belief(FACT, as_of=as_of, basis=basis)
            assert bundled.beliefs(FACT, as_of=as_of, basis=basis).height == (belief is not None)
            return belief.status if belief else None

        assert status("2025-09-01", "certain") is None
        assert status("2025-09-01", "possible") == "letter-of-intent"
        # The article from January 2026 on may have been out before that of 20 February.
        assert status("2026-01-01", "possible") == "suspended"
        assert status("2026-02-20", "evidence") is None
        assert status("2026-02-21", "evidence") == "in-negotiation"


class TestFrames:
    def test_beliefs(self, bundled: Timeline) -> None:
        frame = bundled.beliefs()
        assert tuple(frame.columns) == BELIEF_COLUMNS
        kinds = {"instant": pl.Datetime("us", "UTC"), "decimal": pl.Decimal(38, 9), "boolean": pl.Boolean()}
        for name in BELIEF_COLUMNS:
            kind = EVENT_COLUMNS.get(name, "instant")
            assert frame.schema[name] == kinds.get(kind, pl.String()), name
        assert frame["fact"].is_sorted()
        assert frame["fact"].n_unique() == len(bundled.snapshot().facts())

    @pytest.mark.parametrize(
        ("glob", "some", "none"),
        [
            ("nvidia/*", FACT, "openai/valuation"),
            ("*/openai", FACT, "openai/valuation"),
            ("nvidia/[a-i]*", FACT, "nvidia/market-value"),
            ("nvidia/investment/opena?", FACT, "nvidia/tranche/openai"),
            (FACT, FACT, "softbank/investment/openai"),
            ("*", "openai/valuation", "nobody/knows"),
        ],
    )
    def test_facts_by_glob(self, bundled: Timeline, glob: str, some: str, none: str) -> None:
        for facts in (bundled.beliefs(glob)["fact"].to_list(), bundled.snapshot().facts(glob)):
            assert some in facts
            assert none not in facts
        assert bundled.claims(glob)["fact"].unique().sort().to_list() == bundled.snapshot().facts(glob)

    def test_an_empty_answer_has_its_columns(self, bundled: Timeline) -> None:
        for frame in (bundled.beliefs("nobody/*"), bundled.beliefs(as_of="1999")):
            assert frame.is_empty()
            assert frame.schema == bundled.beliefs().schema

    def test_claims(self, bundled: Timeline) -> None:
        frame = bundled.claims(FACT)
        assert tuple(frame.columns) == BELIEF_COLUMNS
        assert frame["origin"].to_list() == ["nvidia", "wallstreetcn", "financial-times"]
        assert bundled.claims(FACT, as_of="2025-10-15")["origin"].to_list() == ["nvidia"]

    def test_disagreements(self, bundled: Timeline) -> None:
        stake = "softbank/investment/stargate"
        [pair] = bundled.disagreements("softbank/*").to_dicts()
        assert pair["fact"] == stake
        assert (pair["origin_1"], pair["origin_2"]) == ("reuters", "financial-times")
        assert (pair["amount_1"], pair["amount_2"]) == (Decimal(19 * 10**9), Decimal(15 * 10**9))
        assert pair["reported_at_2"] - pair["reported_at_1"] == timedelta(days=6)
        assert bundled.disagreements(stake, within=6).height == 1
        assert bundled.disagreements(stake, within=5).is_empty()
        assert bundled.disagreements(stake, as_of="2025-01-28").is_empty()
        # A year lies between the two valuations.
        assert bundled.disagreements("openai/valuation").is_empty()
        assert bundled.disagreements("openai/valuation", within=None).height == 1
        # 'Up to 100 billion' leaves room for 30.
        assert bundled.disagreements(FACT, within=None).is_empty()

    def test_history(self, bundled: Timeline) -> None:
        frame = bundled.history(FACT)
        assert frame.columns == [*EVENT_COLUMNS, "effect"]
        assert frame.select("key", "effect").rows() == [
            ("nvidia-letter-of-intent", "opened"),
            ("nvidia-letter-of-intent-corrected", "corrected"),
            ("nvidia-deal-suspended", "revised"),
            ("nvidia-deal-suspended-corrected", "corrected"),
            ("nvidia-30-billion", "revised"),
        ]
        assert bundled.history(FACT, as_of="2025-12")["key"].to_list() == [
            "nvidia-letter-of-intent",
            "nvidia-letter-of-intent-corrected",
        ]
        assert "corrected" not in bundled.history("nvidia/*", recorded_as_of="#8")["effect"].to_list()

    def test_changes(self, bundled: Timeline) -> None:
        frame = bundled.changes("2025-10-15", "2026-02-28", "nvidia/*")
        [row] = frame.filter(fact=FACT).to_dicts()
        assert (row["change"], row["claim_from"], row["claim_to"]) == (
            "changed",
            "up to 100 billion USD",
            "30 billion USD",
        )
        assert (row["amount_from"], row["amount_to"]) == (Decimal(10**11), Decimal(3 * 10**10))
        assert frame.filter(fact="nvidia/market-value")["change"].to_list() == ["appeared"]
        back = bundled.changes("2026-02-28", date(2025, 10, 15), "nvidia/*")
        assert back.filter(fact="nvidia/market-value")["change"].to_list() == ["gone"]
        assert bundled.changes("2025-10-15", "2025-10-15").is_empty()
        assert bundled.changes("2026-02-28", None).equals(bundled.changes(date(2026, 2, 28), "9999"))
        with pytest.raises(BadInput, match="by-origin has several"):
            bundled.changes("2025", "2026", policy="by-origin")

    def test_why(self, bundled: Timeline) -> None:
        why = bundled.why(FACT, as_of="2026-02-28")
        assert [row["claim"] for row in why.beliefs] == ["30 billion USD"]
        assert [row["origin"] for row in why.claims] == ["nvidia", "wallstreetcn", "financial-times"]
        assert [row["key"] for row in why.history][:2] == [
            "nvidia-letter-of-intent",
            "nvidia-letter-of-intent-corrected",
        ]
        assert why.disagreements == []
        assert [row["id"] for row in why.sources] == ["gate-2026-02-20"]
        assert why.beliefs[0]["reported_at"] == NEGOTIATED
        assert why.asked.policy == "latest"
        assert len(bundled.why("softbank/investment/stargate").disagreements) == 1
        early = bundled.why(FACT, as_of="2025-10-15", recorded_as_of="#8")
        assert [row["key"] for row in early.history] == ["nvidia-letter-of-intent"]

    def test_of_a_fact_never_heard_of(self, bundled: Timeline) -> None:
        hint = (
            "nothing was ever reported of 'nvidia/investment/opena'; did you mean 'nvidia/investment/openai'"
        )
        with pytest.raises(NotFound, match=hint):
            bundled.why("nvidia/investment/opena")
        with pytest.raises(NotFound, match=hint):
            bundled.snapshot().check_known("nvidia/investment/opena")
        with pytest.raises(NotFound, match=r"no fact matches 'nobody/\*'"):
            bundled.snapshot().check_known("nobody/*")
        bundled.snapshot().check_known("nvidia/*")
        assert bundled.belief("nvidia/investment/opena") is None

    def test_event_ids_by_name(self, bundled: Timeline) -> None:
        whole = bundled.snapshot().event_id("nvidia-30-billion")
        assert bundled.snapshot().event_id(whole) == bundled.snapshot().event_id(whole[:12]) == whole
        assert bundled.snapshot().event_id(whole[:12].upper()) == whole
        with pytest.raises(
            NotFound, match="no event has the key or event_id 'nvidia-30-bilion'; did you mean"
        ):
            bundled.snapshot().event_id("nvidia-30-bilion")


class TestAt:
    def rows(self, as_of: pl.Series) -> pl.DataFrame:
        return pl.DataFrame({"nth": range(len(as_of)), "fact": [FACT] * len(as_of), "as_of": as_of})

    @pytest.mark.parametrize(
        "as_of",
        [
            pl.Series([date(2026, 2, 28), None, date(2025, 10, 15), date(2025, 9, 29), date(2026, 2, 19)]),
            pl.Series(["2026-02-28", None, "2025-10", "2025-09-29T00:00:00Z", "2026-02-19"]),
            pl.Series([NEGOTIATED, None, LETTER, LETTER - MICROSECOND, SUSPENDED]),
            pl.Series([NEGOTIATED, None, LETTER, LETTER - MICROSECOND, SUSPENDED]).dt.convert_time_zone(
                "Asia/Tokyo"
            ),
        ],
        ids=["dates", "text", "instants", "another zone"],
    )
    def test_each_row_has_what_was_believed_then(self, bundled: Timeline, as_of: pl.Series) -> None:
        frame = self.rows(as_of)
        answer = bundled.at(frame)
        assert answer.select(frame.columns).equals(frame)
        assert answer.columns == [*frame.columns, *BELIEF_COLUMNS[1:]]
        assert answer["status"].to_list() == ["in-negotiation", None, "letter-of-intent", None, "suspended"]
        assert answer.schema["reported_at"] == pl.Datetime("us", "UTC")
        assert answer.schema["amount"] == pl.Decimal(38, 9)

    def test_coarser_units_of_time(self, bundled: Timeline) -> None:
        for unit in ("ms", "ns"):
            moments = pl.Series([NEGOTIATED + timedelta(seconds=1)]).dt.cast_time_unit(unit)
            assert bundled.at(self.rows(moments))["status"].to_list() == ["in-negotiation"]

    def test_facts_that_there_are_not_have_nothing(self, bundled: Timeline) -> None:
        frame = pl.DataFrame({"fact": ["nobody/knows", None, FACT], "as_of": ["2026", "2026", "1999"]})
        assert bundled.at(frame)["claim"].to_list() == [None] * 3

    def test_columns_by_other_names(self, bundled: Timeline) -> None:
        frame = pl.DataFrame({"key": [FACT], "day": ["2026"], "claim": ["ours"], "fact": ["its own"]})
        answer = bundled.at(frame, fact="key", as_of="day")
        assert answer.select("key", "claim", "claim_believed", "fact").row(0) == (
            FACT,
            "ours",
            "30 billion USD",
            "its own",
        )

    def test_an_empty_frame(self, bundled: Timeline) -> None:
        frame = pl.DataFrame(schema={"fact": pl.String(), "as_of": pl.String()})
        answer = bundled.at(frame)
        assert (answer.height, answer.columns) == (0, ["fact", "as_of", *BELIEF_COLUMNS[1:]])

    @pytest.mark.parametrize(
        ("columns", "words"),
        [
            ({"fact": [FACT], "as_off": ["2025"]}, "no column 'as_of' in the frame; did you mean 'as_off'?"),
            ({"facts": [FACT], "as_of": ["2025"]}, "no column 'fact' in the frame; did you mean 'facts'?"),
            ({"fact": [FACT], "as_of": [datetime(2025, 1, 1)]}, "holds naive datetimes"),  # noqa: DTZ001
            ({"fact": [FACT], "as_of": [2025]}, "column 'as_of' is Int64; expected dates"),
            ({"fact": [FACT], "as_of": ["soon"]}, "'soon' is not an EDTF date"),
            ({"fact": [FACT], "as_of": ["2025/.."]}, "no last instant"),
            (
                {"fact": [FACT], "as_of": ["2025"], "claim": [1], "claim_believed": [2]},
                "the frame has a column 'claim_believed' already",
            ),
        ],
        ids=lambda value: None if isinstance(value, dict) else value[:30],
    )
    def test_frames_that_are_refused(self, bundled: Timeline, columns: dict[str, Any], words: str) -> None:
        with pytest.raises(BadInput, match=re.escape(words)):
            bundled.at(pl.DataFrame(columns))
