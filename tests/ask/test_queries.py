"""The named queries of the bundled project: what they promise, and what they answer.

The expected rows are read off events/*.yaml by hand, never taken from what a query gave.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from timeline import Timeline
from timeline.ask.queries import Query, load_queries

ROOT = Path(__file__).resolve().parents[2]
QUERIES = {query.name: query for query in load_queries(ROOT / "queries")}

Rows = list[tuple[Any, ...]]

BILLION = Decimal(10**9)
JANUARY_21, JANUARY_23, JANUARY_29 = date(2025, 1, 21), date(2025, 1, 23), date(2025, 1, 29)
# A page of 30 January, give or take a day, counts from the 31st.
JANUARY_31 = date(2025, 1, 31)
SEPTEMBER_30 = date(2025, 9, 30)
FEBRUARY_19, FEBRUARY_20, FEBRUARY_21 = date(2026, 2, 19), date(2026, 2, 20), date(2026, 2, 21)
LETTERS = [
    "nvidia/consideration/openai",
    "nvidia/investment/openai",
    "nvidia/multi-year-investment/openai",
    "nvidia/tranche-count/openai",
    "nvidia/tranche/openai",
    "openai/chip-purchase/nvidia",
    "openai/compute-capacity",
]


@pytest.fixture(scope="module")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Timeline]:
    with Timeline.create(tmp_path_factory.mktemp("bundled") / "store") as tl:
        tl.ingest(ROOT / "events")
        yield tl


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Timeline]:
    """A store that has never heard of anything after February 2025."""
    folder = tmp_path_factory.mktemp("earlier")
    shutil.copytree(ROOT / "events", folder / "events", ignore=shutil.ignore_patterns("004-*", "900-*"))
    with Timeline.create(folder / "store") as tl:
        tl.ingest(folder / "events")
        yield tl


@pytest.fixture(scope="module")
def invented(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Timeline]:
    """Turns that the bundled reports do not take: deals done, forecasts revised, claims denied."""

    def report(fact: str, claim: str, status: str, reported: str, origin: str) -> dict[str, object]:
        value = "answer" if claim in ("yes", "no") else "claim"
        return {
            "fact": fact,
            value: claim,
            "status": status,
            "reported": reported,
            "source": f"{origin}-page",
            "origin": origin,
        }

    events: list[dict[str, object]] = [
        report("alpha/investment/omega", "10 billion USD", "letter-of-intent", "2024-01-10", "alpha"),
        report("alpha/investment/omega", "8 billion USD", "agreed", "2024-03-05", "alpha"),
        report("beta/investment/omega", "up to 5 billion USD", "letter-of-intent", "2024-01-10", "beta"),
        report("beta/investment/omega", "up to 5 billion USD", "letter-of-intent", "2024-02-10", "gamma"),
        report("delta/investment/omega", "1 billion USD", "letter-of-intent", "2024-01-10", "delta"),
        report("delta/investment/omega", "1 billion USD", "denied", "2024-04-01", "delta"),
        report("omega/revenue@2024", "100 million USD", "forecast", "2024-01-10", "omega"),
        report("omega/revenue@2024", "120 million USD", "forecast", "2024-02-10", "omega"),
        report("omega/revenue@2024", "90 million USD", "actual", "2025-01-10", "omega"),
        report("omega/bankrupt", "yes", "rumored", "2024-01-10", "gamma"),
        report("omega/bankrupt", "yes", "rumored", "2024-02-10", "alpha"),
        report("omega/listed", "yes", "alleged", "2024-01-10", "gamma"),
        report("omega/listed", "yes", "denied", "2024-02-10", "omega"),
        report("omega/sold", "yes", "denied", "2024-01-10", "omega"),
        report("omega/sold", "yes", "completed", "2024-02-10", "omega"),
        report("omega/split", "yes", "rumored", "2024-01-10", "gamma"),
        report("omega/split", "no", "announced", "2024-02-10", "omega"),
        report("omega/moved", "yes", "rumored", "2024-01-10", "gamma") | {"key": "moved"},
        {"type": "retracted", "target": "moved", "reported": "2024-02-10", "source": "gamma-page"},
        report("omega/renamed", "yes", "announced", "2024-01-10", "gamma") | {"key": "renamed"},
    ]
    with Timeline.create(tmp_path_factory.mktemp("invented") / "store") as tl:
        tl.append(events, register_unknown=True)
        tl.append([{"type": "corrected", "target": "renamed", "void": "yes", "reason": "of another firm"}])
        yield tl


def answer(tl: Timeline, name: str, **given: str) -> pl.DataFrame:
    query = QUERIES[name]
    return tl.sql(query.sql, params=query.bound(given))


def rows(tl: Timeline, name: str, *columns: str, **given: str) -> Rows:
    """The rows of an answer, only these columns of it where any are named."""
    frame = answer(tl, name, **given)
    return frame.select(columns or frame.columns).rows()


# What every query promises


def test_there_are_queries_enough() -> None:
    assert len(QUERIES) >= 14
    temporal = [
        query for query in QUERIES.values() if re.search(r"FOR (REPORTED|SYSTEM|VALID)_TIME", query.sql)
    ]
    assert len(temporal) * 2 >= len(QUERIES)


@pytest.mark.parametrize("query", QUERIES.values(), ids=lambda query: query.name)
def test_a_query_says_what_it_does_and_takes(query: Query) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", query.name)
    assert query.sql.startswith(f"-- {query.title}\n")
    assert query.title.endswith(".")
    assert query.description.endswith(".")
    said = re.findall(r"^-- \$(\w+)", query.sql, re.MULTILINE)
    used = set(re.findall(r"\$(\w+)", re.sub(r"--.*", "", query.sql)))
    assert said == [parameter.name for parameter in query.parameters]
    assert set(said) == used
    assert len(said) == len(used)
    assert all(parameter.meaning for parameter in query.parameters)


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_runs_as_it_comes(bundled: Timeline, name: str) -> None:
    frame = answer(bundled, name)
    assert frame.height >= 2
    assert len(frame.columns) <= 9
    assert not {"time", "date", "timestamp"} & set(frame.columns)
    assert frame.equals(answer(bundled, name))


@pytest.mark.parametrize("name", [name for name, query in QUERIES.items() if "$fact" in query.sql])
def test_a_glob_narrows_a_query(bundled: Timeline, name: str) -> None:
    found = {fact for (fact,) in rows(bundled, name, "fact", fact="*/investment/*")}
    assert all("/investment/" in fact for fact in found)
    assert rows(bundled, name, fact="nobody/*") == []


# These show by their nature what came later, or nothing of the reported axis at all.
NOT_AS_OF = {"life-of-a-fact", "corrected-claims"}


@pytest.mark.parametrize("name", sorted(QUERIES.keys() - NOT_AS_OF))
def test_nothing_looks_ahead(bundled: Timeline, earlier: Timeline, name: str) -> None:
    wanted = {"as_of": "2025-02-22", "from_date": "2025-01-25", "to_date": "2025-02-22"}
    given = {p.name: wanted[p.name] for p in QUERIES[name].parameters if p.name in wanted}
    assert given
    # The two stores were written one after the other, perhaps on two days.
    ours = ["recorded_on", "days_to_record"]
    then, now = (answer(tl, name, **given).drop(ours, strict=False) for tl in (earlier, bundled))
    assert now.equals(then)


# What each answers on the bundled reports


def test_believed_that_day(bundled: Timeline) -> None:
    found = rows(bundled, "believed-that-day", fact="*/investment/*")
    assert found == [
        ("openai/investment/stargate", "19 billion USD", "committed", "reuters", JANUARY_23, None, None),
        (
            "softbank/investment/openai",
            "15-25 billion USD",
            "in-negotiation",
            "financial-times",
            JANUARY_29,
            None,
            None,
        ),
        (
            "softbank/investment/stargate",
            "15 billion USD",
            "committed",
            "financial-times",
            JANUARY_29,
            None,
            None,
        ),
    ]
    [valued] = rows(bundled, "believed-that-day", "claim", "valid_from", "valid_to", fact="openai/valuation")
    assert valued == ("157 billion USD", date(2024, 1, 1), date(2025, 1, 1))
    # Four articles speak of 56 facts; nothing of the letter of intent is among them.
    facts = [fact for (fact,) in rows(bundled, "believed-that-day", "fact")]
    assert len(facts) == len(set(facts)) == 56
    assert not set(LETTERS) & set(facts)
    assert rows(bundled, "believed-that-day", as_of="2025-01-20") == []


def test_changed_between(bundled: Timeline) -> None:
    found = rows(bundled, "changed-between")
    assert found[:5] == [
        (
            "nvidia/consideration/openai",
            "changed",
            "a substantial stake in OpenAI",
            "letter-of-intent",
            "shares in OpenAI",
            "in-negotiation",
        ),
        (
            "nvidia/investment/openai",
            "changed",
            "up to 100 billion USD",
            "letter-of-intent",
            "30 billion USD",
            "in-negotiation",
        ),
        ("nvidia/multi-year-investment/openai", "changed", "yes", "letter-of-intent", "yes", "cancelled"),
        (
            "openai/valuation",
            "changed",
            "157 billion USD",
            "estimated",
            "730 billion USD",
            "in-negotiation",
        ),
        (
            "softbank/investment/openai",
            "changed",
            "15-25 billion USD",
            "in-negotiation",
            "30 billion USD",
            "in-negotiation",
        ),
    ]
    assert {row[1] for row in found[5:]} == {"appeared"}
    assert ("amazon/investment/openai", "appeared", None, None, "up to 50 billion USD", "considered") in found
    # Microsoft's custom was reported in 2025 already, and is only repeated.
    assert "openai/customer/microsoft" not in {row[0] for row in found}
    assert rows(
        bundled,
        "changed-between",
        from_date="2025-01-25",
        to_date="2025-01-30",
        fact="softbank/investment/stargate",
    ) == [
        (
            "softbank/investment/stargate",
            "changed",
            "19 billion USD",
            "committed",
            "15 billion USD",
            "committed",
        )
    ]


def test_life_of_a_fact(bundled: Timeline) -> None:
    fact = "nvidia/investment/openai"
    letter = "up to 100 billion USD"
    whole = [
        (fact, letter, "letter-of-intent", "nvidia", SEPTEMBER_30, FEBRUARY_19, 142),
        (fact, letter, "suspended", "wallstreetcn", FEBRUARY_19, FEBRUARY_20, 1),
        (fact, "30 billion USD", "in-negotiation", "financial-times", FEBRUARY_20, None, None),
    ]
    assert rows(bundled, "life-of-a-fact") == whole
    assert rows(bundled, "life-of-a-fact", to_date="2026-02-19") == whole[:1]
    assert rows(bundled, "life-of-a-fact", from_date="2026-02-20") == whole[1:]


def test_commitments_by_status(bundled: Timeline) -> None:
    assert rows(bundled, "commitments-by-status") == [
        ("amazon", "considered", 1, 0.0, 50.0, "USD"),
        ("mgx", "forecast", 1, 2.0, 2.0, "USD"),
        ("microsoft", "forecast", 1, 2.0, 2.0, "USD"),
        ("nvidia", "in-negotiation", 1, 30.0, 30.0, "USD"),
        ("openai", "committed", 1, 19.0, 19.0, "USD"),
        ("softbank", "in-negotiation", 1, 30.0, 30.0, "USD"),
        ("softbank", "committed", 1, 15.0, 15.0, "USD"),
    ]
    assert rows(bundled, "commitments-by-status", as_of="2025-10-15") == [
        ("nvidia", "letter-of-intent", 1, 0.0, 100.0, "USD"),
        ("openai", "committed", 1, 19.0, 19.0, "USD"),
        ("softbank", "in-negotiation", 1, 15.0, 25.0, "USD"),
        ("softbank", "committed", 1, 15.0, 15.0, "USD"),
    ]
    assert rows(bundled, "commitments-by-status", currency="EUR") == []


def test_totals_by_investor(bundled: Timeline) -> None:
    assert rows(bundled, "totals-by-investor") == [
        ("amazon", 0.0, 0.0, 50.0, 50.0, "USD"),
        ("softbank", 15.0, 0.0, 30.0, 45.0, "USD"),
        ("nvidia", 0.0, 0.0, 30.0, 30.0, "USD"),
        ("openai", 19.0, 0.0, 0.0, 19.0, "USD"),
        ("mgx", 0.0, 0.0, 2.0, 2.0, "USD"),
        ("microsoft", 0.0, 0.0, 2.0, 2.0, "USD"),
    ]
    assert rows(bundled, "totals-by-investor", as_of="2025-10-15", object="openai") == [
        ("nvidia", 0.0, 100.0, 0.0, 100.0, "USD"),
        ("softbank", 0.0, 0.0, 25.0, 25.0, "USD"),
    ]
    # On that day the letter of intent stood suspended, and nothing had taken its place.
    suspended = rows(bundled, "totals-by-investor", "investor", as_of="2026-02-19")
    assert suspended == [("softbank",), ("openai",)]


def test_forecasts_moved(bundled: Timeline, invented: Timeline) -> None:
    found = rows(bundled, "forecasts-moved")
    assert (
        "openai/cash-burn@2024",
        "5 billion USD",
        "estimated",
        "the-information",
        date(2025, 2, 21),
        None,
    ) in found
    # Two pages tell the same report of The Information: one forecast, which did not move.
    assert [row[1:] for row in found if row[0] == "openai/cash-burn@2027"] == [
        ("20 billion USD", "forecast", "the-information", date(2025, 2, 21), None)
    ]
    assert {row[5] for row in found if row[0] != "openai/valuation"} == {None}
    assert not [row for row in found if row[0] == "softbank/investment/openai"]
    talks = rows(
        bundled,
        "forecasts-moved",
        "claim",
        "moved_percent",
        statuses="in-negotiation",
        fact="softbank/investment/openai",
    )
    assert talks == [("15-25 billion USD", None), ("30 billion USD", 20.0)]
    assert rows(invented, "forecasts-moved") == [
        ("omega/revenue@2024", "100 million USD", "forecast", "omega", date(2024, 1, 10), None),
        ("omega/revenue@2024", "120 million USD", "forecast", "omega", date(2024, 2, 10), 20.0),
        ("omega/revenue@2024", "90 million USD", "actual", "omega", date(2025, 1, 10), -25.0),
    ]
    assert len(rows(invented, "forecasts-moved", as_of="2024-12-31")) == 2


def test_said_first(bundled: Timeline) -> None:
    asked = ("fact", "claim", "origin", "reported_on", "evidence_on", "days_late")
    found = rows(bundled, "said-first", *asked)
    # The letter of September 2025, which may have come out on its last day, was read in February 2026.
    assert [row[0] for row in found[:7]] == LETTERS
    assert found[1] == (
        "nvidia/investment/openai",
        "up to 100 billion USD",
        "nvidia",
        SEPTEMBER_30,
        FEBRUARY_21,
        144,
    )
    assert all(row[2:] == ("nvidia", SEPTEMBER_30, FEBRUARY_21, 144) for row in found[:7])
    # Of the three who say so the White House was first, on the Tuesday before the article.
    assert ("softbank/investor/stargate", "yes", "white-house", JANUARY_21, JANUARY_23, 2) in found
    # 001 is of the day after The Information's report; 003 tells it another day later.
    burn = rows(bundled, "said-first", *asked, fact="openai/cash-burn@2024", days="0")
    assert burn == [
        (
            "openai/cash-burn@2024",
            "5 billion USD",
            "the-information",
            date(2025, 2, 21),
            date(2025, 2, 22),
            1,
        )
    ]
    assert {row[0] for row in rows(bundled, "said-first", "days_late", days="100")} == {144}
    assert rows(bundled, "said-first", "recorded_on", fact="nvidia/investment/openai") == rows(
        bundled, "said-first", "recorded_on", fact="openai/compute-capacity"
    )


def test_one_origin(bundled: Timeline) -> None:
    # What both 001 and 003 tell of The Information's report, and nobody else.
    assert rows(bundled, "one-origin", sources="2") == [
        ("openai/cash-burn-multiple@2024/2027", "the-information", 2, "4 times"),
        ("openai/cash-burn@2024", "the-information", 2, "5 billion USD"),
        ("openai/cash-burn@2027", "the-information", 2, "20 billion USD"),
        ("openai/compute-share/stargate@2030", "the-information", 2, "75 %"),
        ("openai/inference-exceeds-training@2030", "the-information", 2, "yes"),
        ("softbank/role/openai@2030", "the-information", 2, "main supplier of compute"),
    ]
    found = {fact: sources for fact, sources in rows(bundled, "one-origin", "fact", "sources")}
    # The Financial Times said 15 to 25 in one source and 30 in another: each rests on one.
    assert found["softbank/investment/openai"] == 1
    # Several have spoken of these.
    assert not found.keys() & {"nvidia/investment/openai", "stargate/investment-initial", "openai/valuation"}
    # A corrected figure keeps its origin.
    assert ("nvidia/tranche/openai", "nvidia", 1, "10 billion USD") in rows(bundled, "one-origin")
    # Until the Financial Times spoke of it, the letter was Nvidia's word alone.
    assert rows(bundled, "one-origin", fact="nvidia/investment/openai", as_of="2025-10-15") == [
        ("nvidia/investment/openai", "nvidia", 1, "up to 100 billion USD")
    ]


def test_confirmed_by_several(bundled: Timeline) -> None:
    found = rows(bundled, "confirmed-by-several", "fact", "claim", "believed", "spoken_of_by")
    assert ("stargate/investment-initial", "100 billion USD", True, "techcrunch, traders-union") in found
    # Wallstreetcn speaks of the sum of Nvidia's letter; the Financial Times has another since.
    assert (
        "nvidia/investment/openai",
        "up to 100 billion USD",
        False,
        "financial-times, nvidia, wallstreetcn",
    ) in found
    # 19 billion against 15.
    assert "softbank/investment/stargate" not in {row[0] for row in found}
    assert rows(bundled, "confirmed-by-several", origins="3") == [
        (
            "softbank/investor/stargate",
            "yes",
            "announced",
            date(2025, 2, 22),
            True,
            "innovations, the-information, white-house",
        )
    ]
    assert rows(bundled, "confirmed-by-several", as_of="2025-01-30") == []


def test_corrected_claims(bundled: Timeline, invented: Timeline) -> None:
    found = rows(bundled, "corrected-claims", "fact", "wrong_claim", "right_claim")
    assert found == [
        ("nvidia/investment/openai", "1000 billion USD", "up to 100 billion USD"),
        ("nvidia/investment/openai", "1000 billion USD", "up to 100 billion USD"),
        ("nvidia/tranche/openai", "100 billion USD", "10 billion USD"),
        ("openai/funding-round", "more than 1000 billion USD", "more than 100 billion USD"),
        ("openai/valuation", "7300 billion USD", "730 billion USD"),
    ]
    assert rows(bundled, "corrected-claims", "reason", fact="nvidia/tranche/*") == [
        ("The translation from Chinese multiplied by ten; ten steps made up the 100 billion.",)
    ]
    assert rows(invented, "corrected-claims", "fact", "wrong_claim", "right_claim", "reason") == [
        ("omega/renamed", "yes", None, "of another firm")
    ]


def test_letters_of_intent(bundled: Timeline, invented: Timeline) -> None:
    found = rows(bundled, "letters-of-intent")
    letter = "up to 100 billion USD"
    assert sorted(row[0] for row in found) == sorted(LETTERS)
    assert {row[2] for row in found} == {SEPTEMBER_30}
    assert [row[0] for row in found[:3]] == LETTERS[:3]
    assert found[1] == (
        "nvidia/investment/openai",
        letter,
        SEPTEMBER_30,
        "30 billion USD",
        "in-negotiation",
        FEBRUARY_20,
    )
    assert [row[4] for row in found] == ["in-negotiation", "in-negotiation", "cancelled"] + [
        "letter-of-intent"
    ] * 4
    [before] = rows(bundled, "letters-of-intent", fact="nvidia/investment/*", as_of="2026-02-19")
    assert before[3:] == (letter, "suspended", FEBRUARY_19)

    # Alpha's became a deal; beta's was reported twice; delta's was denied.
    assert rows(invented, "letters-of-intent", "fact", "letter_from", "status") == [
        ("delta/investment/omega", date(2024, 1, 10), "denied"),
        ("beta/investment/omega", date(2024, 1, 10), "letter-of-intent"),
    ]
    # Before it was agreed on, alpha's was a letter like the others.
    early = rows(invented, "letters-of-intent", "fact", as_of="2024-03-04")
    assert early == [(f"{name}/investment/omega",) for name in ("alpha", "beta", "delta")]


def test_origins_at_odds(bundled: Timeline) -> None:
    found = rows(bundled, "origins-at-odds")
    # (19 - 15) / 15
    assert found[0] == (
        "softbank/investment/stargate",
        "reuters",
        "19 billion USD",
        "committed",
        "financial-times",
        "15 billion USD",
        "committed",
        26.7,
    )
    assert [(row[0], row[1], row[4], row[7]) for row in found[1:]] == [
        ("nvidia/view/openai", "nvidia", "financial-times", None)
    ]
    # A substantial stake, then shares: 143 days apart.
    year = {fact for (fact,) in rows(bundled, "origins-at-odds", "fact", within="365")}
    assert year == {"nvidia/consideration/openai", "nvidia/view/openai", "softbank/investment/stargate"}
    # 157 billion in January 2025, then 730 in February 2026.
    ever = {fact for (fact,) in rows(bundled, "origins-at-odds", "fact", within="any")}
    assert ever - year == {"openai/valuation"}
    assert rows(bundled, "origins-at-odds", within="5", fact="softbank/*") == []
    assert rows(bundled, "origins-at-odds", as_of="2025-01-28") == []


def test_denied_or_alleged(bundled: Timeline, invented: Timeline) -> None:
    asked = ("fact", "status", "origin", "believed_from", "outcome", "status_now", "origin_now")
    assert rows(bundled, "denied-or-alleged", *asked) == [
        (
            "nvidia/binding-agreement/openai",
            "alleged",
            "wallstreetcn",
            FEBRUARY_19,
            "borne out",
            "announced",
            "financial-times",
        ),
        ("nvidia/dispute/openai", "denied", "nvidia", date(2026, 2, 11), "stands", None, None),
        ("nvidia/view/openai", "alleged", "financial-times", FEBRUARY_20, "stands", None, None),
        ("openai/accusation/deepseek", "alleged", "openai", JANUARY_31, "stands", None, None),
    ]
    denied = rows(bundled, "denied-or-alleged", "fact", statuses="denied")
    assert denied == [("nvidia/dispute/openai",)]
    [then] = rows(bundled, "denied-or-alleged", "outcome", fact="nvidia/binding*", as_of="2026-02-19")
    assert then == ("stands",)

    assert rows(invented, "denied-or-alleged", "fact", "status", "origin", "outcome") == [
        ("delta/investment/omega", "denied", "delta", "stands"),
        ("omega/bankrupt", "rumored", "gamma", "repeated"),
        ("omega/bankrupt", "rumored", "alpha", "stands"),
        ("omega/listed", "alleged", "gamma", "denied"),
        ("omega/listed", "denied", "omega", "stands"),
        ("omega/moved", "rumored", "gamma", "gone"),
        ("omega/sold", "denied", "omega", "displaced"),
        ("omega/split", "rumored", "gamma", "displaced"),
    ]


def test_record_then_and_now(bundled: Timeline) -> None:
    asked = ("fact", "claim_then", "claim_now")
    letter = [
        ("nvidia/investment/openai", "1000 billion USD", "up to 100 billion USD"),
        ("nvidia/tranche/openai", "100 billion USD", "10 billion USD"),
    ]
    assert rows(bundled, "record-then-and-now", *asked) == letter
    [(reason,)] = rows(bundled, "record-then-and-now", "reason", fact="nvidia/investment/openai")
    assert (
        reason == "The translation from Chinese multiplied by ten; the page's own headline says 100 billion."
    )
    # By then the 30 billion are believed, which were right as printed.
    assert rows(bundled, "record-then-and-now", *asked, as_of="2026-02-28") == [
        letter[1],
        ("openai/funding-round", "more than 1000 billion USD", "more than 100 billion USD"),
        ("openai/valuation", "7300 billion USD", "730 billion USD"),
    ]
    assert rows(bundled, "record-then-and-now", recorded_as_of="#9") == []
    # Before the article of 2026 was recorded, we knew of no letter at all.
    before = rows(bundled, "record-then-and-now", "fact", "claim_then", recorded_as_of="#7")
    assert before == [(fact, None) for fact in LETTERS]


def test_stale_beliefs(bundled: Timeline) -> None:
    found = rows(bundled, "stale-beliefs", as_of="2025-02-22", days="32")
    assert [row[0] for row in found] == [
        "openai/investor/stargate",
        "oracle/investor/stargate",
        "stargate/aim/united-states",
        "stargate/investment-total@2025/2028",
    ]
    assert found[3][1:] == ("500 billion USD", "announced", "white-house", JANUARY_21, 32)
    aged = {fact for (fact,) in rows(bundled, "stale-beliefs", "fact", as_of="2026-02-28")}
    assert "softbank/investment/stargate" in aged
    assert "softbank/investment/openai" not in aged
    assert "chatgpt-pro/launch-date" not in aged, "what is completed does not age"
    # Left to today, which is later than any report.
    assert aged <= {fact for (fact,) in rows(bundled, "stale-beliefs", "fact", days="0")}


def test_sources_behind_fact(bundled: Timeline) -> None:
    fact, page = "nvidia/investment/openai", "gate-2026-02-20"
    title = "Nvidia's smaller investment in OpenAI, machine-translated from Chinese"
    evidence = (page, 3, "2026-02-20~", title)
    assert rows(bundled, "sources-behind-fact") == [
        (fact, "financial-times", "30 billion USD", "in-negotiation", True, *evidence),
        (fact, "wallstreetcn", "up to 100 billion USD", "suspended", False, *evidence),
        (fact, "nvidia", "up to 100 billion USD", "letter-of-intent", False, *evidence),
    ]
    asked = ("origin", "claim", "believed", "source", "tier")
    assert rows(bundled, "sources-behind-fact", *asked, fact="openai/cash-burn@2024") == [
        ("the-information", "5 billion USD", True, "innovations-2025-02-22", 2),
        ("the-information", "5 billion USD", True, "unnamed-2025-02-22", 3),
    ]
    # The page of 2025 said 15 to 25, so that it is no source of the 30.
    assert rows(bundled, "sources-behind-fact", *asked, fact="softbank/investment/openai") == [
        ("financial-times", "30 billion USD", True, page, 3)
    ]


def test_month_end_panel(bundled: Timeline) -> None:
    found = rows(bundled, "month-end-panel")
    nvidia = {row[0]: row[2:] for row in found if row[1] == "nvidia/investment/openai"}
    assert sorted(nvidia) == [
        SEPTEMBER_30,
        date(2025, 10, 31),
        date(2025, 11, 30),
        date(2025, 12, 31),
        date(2026, 1, 31),
        date(2026, 2, 28),
    ]
    assert nvidia[SEPTEMBER_30] == (100 * BILLION, "USD", "letter-of-intent", 0)
    assert nvidia[date(2026, 1, 31)] == (100 * BILLION, "USD", "letter-of-intent", 123)
    assert nvidia[date(2026, 2, 28)] == (30 * BILLION, "USD", "in-negotiation", 8)
    softbank = [row[2] for row in found if row[1] == "softbank/investment/openai"]
    assert softbank == [25 * BILLION] * 13 + [30 * BILLION]
    assert len({row[:2] for row in found}) == len(found)
    assert [
        row[0] for row in rows(bundled, "month-end-panel", from_date="2026-01-31", to_date="2026-02-27")
    ] == [date(2026, 1, 31)] * 4
    # The 157 billion are of 2024: of no month's end in 2025.
    valued = rows(bundled, "month-end-panel", "month_end", "amount", fact="openai/valuation")
    assert valued == [(date(2026, 2, 28), 730 * BILLION)]


def test_figures_to_check(bundled: Timeline) -> None:
    asked = ("fact", "claim", "inferred", "approximate")
    assert rows(bundled, "figures-to-check", *asked) == [
        ("mgx/investment/openai", "several billion USD", False, True),
        ("microsoft/investment/openai", "several billion USD", False, True),
        ("openai/cash-burn@2027", "20 billion USD", True, False),
        ("openai/chip-purchase/nvidia", "several million", False, True),
        ("openai/compute-spending@../2030", "about 600 billion USD", False, True),
        ("softbank/stake/stargate", "about 40 %", True, True),
        ("stargate/funding-share/debt", "80 %", True, False),
        ("stargate/server-count", "several thousand", False, True),
    ]
    # Inferred in 000, said outright in 003 three weeks later.
    [rank] = rows(bundled, "figures-to-check", fact="microsoft/*", as_of="2025-02-20")
    assert rank[:2] == ("microsoft/investor-rank/openai", "largest")
    assert rank[-2:] == ("unnamed-2025-01-30", '{"start":618,"end":706}')


def test_report_lag(bundled: Timeline) -> None:
    found = rows(bundled, "report-lag")
    lags = {row[:2]: row[2:5] for row in found}
    assert found[0][:5] == ("gate-2026-02-20", "nvidia", 9, 144.0, 144)
    # Altman wrote on the 10th at the latest.
    assert lags["gate-2026-02-20", "openai"] == (2, 11.0, 11)
    assert lags["traders-union-2025-01-23", "white-house"] == (5, 2.0, 2)
    assert lags["traders-union-2025-01-23", "traders-union"] == (11, 0.0, 0)
    assert sum(reports for reports, _, _ in lags.values()) == 105
    assert [row[3] for row in found] == sorted((row[3] for row in found), reverse=True)


def test_dates_read_otherwise(bundled: Timeline) -> None:
    found = rows(bundled, "dates-read-otherwise")
    assert [row[0] for row in found] == LETTERS
    letter = "up to 100 billion USD"
    assert found[1] == ("nvidia/investment/openai", letter, letter, None)
    # In mid-September the letter may have been out, but need not have been.
    assert rows(bundled, "dates-read-otherwise", as_of="2025-09-15", fact="nvidia/investment/*") == [
        ("nvidia/investment/openai", letter, None, None)
    ]
    # On the evening of the 20th the page that we hold was possibly not out yet.
    assert rows(bundled, "dates-read-otherwise", as_of="2026-02-20", fact="nvidia/investment/*") == [
        ("nvidia/investment/openai", "30 billion USD", "30 billion USD", None)
    ]
    assert rows(bundled, "dates-read-otherwise", as_of="2026-03-01") == []


def test_policies_compared(bundled: Timeline) -> None:
    found = {row[0]: row[1:] for row in rows(bundled, "policies-compared")}
    assert found["softbank/investment/stargate"] == (
        "15 billion USD",
        "19 billion USD",
        "19 billion USD",
        None,
    )
    letter = "up to 100 billion USD"
    assert found["nvidia/investment/openai"] == ("30 billion USD", letter, "30 billion USD", letter)
    assert found["softbank/investment/openai"] == (
        "30 billion USD",
        "15-25 billion USD",
        "30 billion USD",
        None,
    )
    # Said by several, and by all alike.
    assert "stargate/investment-initial" not in found
    assert rows(bundled, "policies-compared", "fact", as_of="2025-02-22") == [
        ("softbank/investment/stargate",)
    ]
