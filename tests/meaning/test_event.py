"""What one event may say by itself, and what it becomes."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

import pytest

from timeline.errors import BadInput
from timeline.meaning.event import Event, event_from
from timeline.meaning.identity import content_of, event_id
from timeline.meaning.names import parse_segment
from timeline.meaning.parts import parse_fact
from timeline.meaning.times import parse_edtf

REPORT: Final[dict[str, object]] = {"fact": "acme/plan", "text": "to grow", "source": "paper"}
CORRECTION: Final[dict[str, object]] = {"type": "corrected", "target": "first"}
RETRACTION: Final[dict[str, object]] = {"type": "retracted", "target": "first"}
WITHDRAWAL: Final[dict[str, object]] = {"type": "withdrawn", "fact": "acme/plan", "source": "paper"}


def columns(base: dict[str, object] = REPORT, /, **more: object) -> dict[str, Any]:
    return event_from(base | more).columns()


def refusal(base: dict[str, object] = REPORT, /, **more: object) -> str:
    with pytest.raises(BadInput) as caught:
        columns(base, **more)
    assert caught.value.place is None
    return caught.value.message


def micros(text: str) -> int:
    lower = parse_edtf(text).lower
    assert lower is not None
    return lower


class TestFact:
    @pytest.mark.parametrize(
        ("text", "parts"),
        [
            ("nvidia/ceo", ("nvidia", "ceo", None, None)),
            ("nvidia/investment/openai", ("nvidia", "investment", "openai", None)),
            ("openai/cash-burn@2027", ("openai", "cash-burn", None, "2027")),
            ("Ørsted A-S/売上 高/🙂@2024-01/2024-03", ("Ørsted A-S", "売上 高", "🙂", "2024-01/2024-03")),
            (f"{'x' * 200}/y", ("x" * 200, "y", None, None)),
        ],
    )
    def test_its_parts(self, text: str, parts: tuple[str | None, ...]) -> None:
        fact = parse_fact(text)
        assert (fact.subject, fact.attribute, fact.object, fact.period) == parts
        assert fact.fact == text

    @pytest.mark.parametrize(
        ("written", "canonical"),
        [
            ("2024-01/2024-12", "2024"),
            ("2024-01-01/2024-12-31", "2024"),
            ("2024-01-01T00:00:00Z/2025-01-01T00:00:00Z", "2024"),
            ("2024-33", "2024-01/2024-03"),
            ("2024-02-01/2024-02-29", "2024-02"),
            ("../2030", "../2030"),
            ("2025-09/..", "2025-09/.."),
            ("2025-09/", "2025-09/.."),
            ("2029/2030-12", "2029/2030"),
            # The bounds of a period are the ones written.
            ("2024~", "2024"),
        ],
    )
    def test_periods_of_equal_bounds_are_one(self, written: str, canonical: str) -> None:
        fact = parse_fact(f"acme/revenue@{written}")
        assert (fact.fact, fact.period) == (f"acme/revenue@{canonical}", canonical)
        assert parse_fact(fact.fact) == fact
        edtf = parse_edtf(written)
        assert (fact.period_from, fact.period_to) == (edtf.lower, edtf.upper)

    def test_its_text_is_put_into_one_form(self) -> None:
        assert parse_fact("Cafe\u0301/ceo") == parse_fact("Caf\u00e9/ceo")
        assert columns(fact="Cafe\u0301/plan")["fact"] == "Caf\u00e9/plan"

    @pytest.mark.parametrize("text", ["acme", "", "a/b/c/d", "@2024", "acme@2024/plan"])
    def test_it_has_two_or_three_parts(self, text: str) -> None:
        assert "is not a fact; expected subject/attribute" in refusal(fact=text)

    @pytest.mark.parametrize(
        ("segment", "words"),
        [
            ("", "is 0 characters long; expected 1 to 200"),
            ("x" * 201, "is 201 characters long; expected 1 to 200"),
            ("a\tb", "holds a control character"),
            ("a\x7fb", "holds a control character"),
            ("a\x85b", "holds a control character"),
            ("a\u2028b", "holds a control character"),
            ("a*", "holds '*'; none of"),
            ("a?", "holds '?'"),
            ("[a", "holds '['"),
            ("a]", "holds ']'"),
            (" a", "begins or ends with a space"),
            ("a ", "begins or ends with a space"),
            ("a\u00a0", "begins or ends with a space"),
        ],
    )
    def test_segments_that_are_refused(self, segment: str, words: str) -> None:
        for what, fact in (
            ("subject", f"{segment}/plan/beta"),
            ("attribute", f"acme/{segment}/beta"),
            ("object", f"acme/plan/{segment}"),
        ):
            assert f"{what} {segment[:60]!r} {words}" in refusal(fact=fact)

    @pytest.mark.parametrize("segment", ["a/b", "a@b"])
    def test_segments_given_apart_hold_no_separator(self, segment: str) -> None:
        apart: dict[str, object] = {"attribute": "plan", "text": "to grow", "source": "paper"}
        assert f"holds {segment[1]!r}" in refusal(apart, subject=segment)
        with pytest.raises(BadInput, match="of a test 'a"):
            parse_segment(segment, "of a test")

    @pytest.mark.parametrize("period", ["../..", "/"])
    def test_a_period_without_bounds_is_none(self, period: str) -> None:
        assert "no bound on either side; leave it out" in refusal(fact=f"acme/plan@{period}")
        assert "no bound on either side; leave it out" in refusal(period=period)

    @pytest.mark.parametrize("period", ["", "..", "soon", "2024-13", "2025/2024", "2024@2025"])
    def test_a_period_is_edtf(self, period: str) -> None:
        assert refusal(fact=f"acme/plan@{period}")

    def test_parts_instead_of_a_key(self) -> None:
        whole = columns(fact="acme/plan/beta@2024")
        apart = {
            "subject": "acme",
            "attribute": "plan",
            "object": "beta",
            "text": "to grow",
            "source": "paper",
        }
        for period in ({"period": "2024"}, {"period_from": "2024", "period_to": "2025-01"}):
            assert event_from(apart | period).columns() == whole

    def test_a_period_beside_the_key(self) -> None:
        assert columns(period="2024-01/2024-12")["fact"] == "acme/plan@2024"
        assert columns(fact="acme/plan@2024", period="2024-01/2024-12") == columns(fact="acme/plan@2024")
        assert columns(period_to="2030")["fact"] == "acme/plan@../2029"
        assert columns(period_from="2030", period_to="..")["fact"] == "acme/plan@2030/.."

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            ({"fact": None}, "needs a fact, such as nvidia/investment/openai, or subject and attribute"),
            ({"fact": None, "subject": "acme"}, "needs both subject and attribute"),
            ({"fact": None, "attribute": "plan", "object": "x"}, "needs both subject and attribute"),
            ({"subject": "acme"}, "give either fact, or subject, attribute and object, not both"),
            ({"object": "beta"}, "give either fact, or subject, attribute and object, not both"),
            ({"fact": "acme/plan@2024", "period": "2025"}, "the fact says @2024, the period says 2025"),
            ({"fact": "acme/plan@2024", "period_to": "2025"}, "the fact says @2024, the period says ../2024"),
            ({"period": "2024", "period_from": "2024"}, "either period, or period_from and period_to"),
            ({"period_from": "2025", "period_to": "2025"}, "period_from 2025 is not before period_to 2025"),
            ({"period_from": "..", "period_to": ""}, "the period has no bound on either side"),
            ({"period_from": "../2024"}, "'../2024' has no first instant"),
        ],
    )
    def test_what_does_not_fit_together(self, more: dict[str, object], words: str) -> None:
        assert words in refusal(**more)


class TestValue:
    def test_an_amount_as_printed(self) -> None:
        row = columns(text=None, claim="about 15-25 billion USD")
        found = {name: row[name] for name in ("value_type", "amount", "amount_low", "amount_high", "unit")}
        assert found == {
            "value_type": "amount",
            "amount": Decimal(25_000_000_000),
            "amount_low": Decimal(15_000_000_000),
            "amount_high": Decimal(25_000_000_000),
            "unit": "USD",
        }
        assert (row["approximate"], row["claim"]) == (True, "about 15-25 billion USD")

    @pytest.mark.parametrize(
        ("parts", "low", "amount", "high", "claim"),
        [
            ({"amount": "75", "unit": "percent"}, "75", "75", "75", "75 percent"),
            ({"amount": 75, "unit": "%"}, "75", "75", "75", "75 percent"),
            ({"amount": 1.5, "unit": "GW"}, "1.5", "1.5", "1.5", "1.5 GW"),
            ({"amount_low": "10", "unit": "GW"}, "10", "10", None, "at least 10 GW"),
            ({"amount_high": "3e10", "unit": "USD"}, None, "3e10", "3e10", "up to 30000000000 USD"),
            ({"amount": "10", "amount_low": "10", "unit": "GW"}, "10", "10", None, "at least 10 GW"),
            ({"amount_low": "1", "amount_high": "2", "unit": "EUR"}, "1", "2", "2", "1-2 EUR"),
            ({"amount": 2, "amount_low": 1, "amount_high": 2, "unit": "EUR"}, "1", "2", "2", "1-2 EUR"),
            ({"amount": "-5", "unit": "USD/month"}, "-5", "-5", "-5", "-5 USD/month"),
        ],
    )
    def test_an_amount_in_parts(
        self, parts: dict[str, object], low: str | None, amount: str, high: str | None, claim: str
    ) -> None:
        row = columns(text=None, **parts)
        assert row["value_type"] == "amount"
        assert row["claim"] == claim
        expected = [None if bound is None else Decimal(bound) for bound in (low, amount, high)]
        assert [row[name] for name in ("amount_low", "amount", "amount_high")] == expected
        assert row["approximate"] is False
        assert columns(text=None, approximate="yes", **parts)["claim"] == f"about {claim}"

    def test_a_date(self) -> None:
        row = columns(text=None, date="2026-02-21/2026-02-22")
        assert (row["value_type"], row["text"], row["claim"]) == ("date", *["2026-02-21/2026-02-22"] * 2)
        assert (row["date_from"], row["date_to"]) == (micros("2026-02-21"), micros("2026-02-23"))

    @pytest.mark.parametrize(("name", "value"), [("text", ""), ("entity", "openai"), ("answer", "no")])
    def test_words(self, name: str, value: str) -> None:
        row = columns(**{"text": None, name: value})
        assert (row["value_type"], row["text"], row["claim"]) == (name, value, value)
        assert "amount" not in row
        assert "date_from" not in row

    @pytest.mark.parametrize(
        ("unit", "kept"),
        [
            *(
                ("dollars", "USD"),
                ("usd", "USD"),
                ("%", "percent"),
                ("EUR par mois", "EUR/month"),
                ("bps", "bp"),
            ),
            *(
                ("degrees Celsius", "\u00b0C"),
                ("barrels per day", "bbl/day"),
                ("t CO2", "tCO2"),
                ("m2", "m\u00b2"),
            ),
            # What the grammar does not know, or reads as more than a unit, stays what it is.
            *(
                ("GWW", "GWW"),
                ("billion USD", "billion USD"),
                ("% or more", "% or more"),
                ("pounds", "pounds"),
            ),
            *(
                ("index 2015=100", "index 2015=100"),
                ("per 100,000", "per 100,000"),
                ("mW", "mW"),
                ("x" * 100,) * 2,
            ),
            *(
                ("\u4eba", "\u4eba"),
                (" bags  per pallet ", "bags per pallet"),
                ("1", "1"),
                ("-5 USD", "-5 USD"),
            ),
        ],
    )
    def test_any_short_text_is_a_unit(self, unit: str, kept: str) -> None:
        row = columns(text=None, amount="2.5", unit=unit)
        assert (row["amount"], row["unit"], row["claim"]) == (Decimal("2.5"), kept, f"2.5 {kept}")

    @pytest.mark.parametrize(
        ("unit", "kept"), [("GBp", "GBP"), ("GBX", "GBP"), ("ZAc", "ZAR"), ("ILA", "ILS")]
    )
    def test_what_exchanges_quote_in_hundredths_is_divided(self, unit: str, kept: str) -> None:
        row = columns(text=None, amount_low="337.05", amount_high="1e3", unit=unit)
        assert (row["amount_low"], row["amount_high"], row["unit"]) == (Decimal("3.3705"), Decimal(10), kept)
        assert row["claim"] == f"3.3705-10 {kept}"

    @pytest.mark.parametrize(
        ("double", "kept"),
        [
            *((0.1 + 0.2, "0.3"), (1 / 3, "0.333333333"), (2 / 3, "0.666666667"), (2.0, "2"), (-0.0, "0")),
            # Ties go to the even digit.
            *(
                (0.0009765625, "0.000976562"),
                (0.0029296875, "0.002929688"),
                (1e-300, "0"),
                (1e22, "1" + "0" * 22),
            ),
            *((1000000000.1, "1000000000.1"), (123456789.123456789, "123456789.12345679"), (-2.5, "-2.5")),
        ],
    )
    def test_a_binary_double_is_rounded_to_nine_places(self, double: float, kept: str) -> None:
        row = columns(text=None, amount=double, unit="USD")
        assert (row["amount"], row["claim"]) == (Decimal(kept), f"{kept} USD")

    def test_texts_and_decimals_stay_exact_or_are_refused(self) -> None:
        for exact in ("0.30000000000000004", Decimal("0.30000000000000004")):
            with pytest.raises(BadInput, match="9 after the point"):
                columns(text=None, amount=exact, unit="USD")

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            ({"claim": "1 USD"}, "makes one claim, yet gives claim and text"),
            ({"amount": "1", "unit": "USD"}, "makes one claim, yet gives amount and text"),
            ({"entity": "x", "answer": "yes"}, "yet gives answer and entity and text"),
            ({"text": None}, "needs a claim: one of claim, text, date, entity, answer, or amount with unit"),
            ({"unit": "USD"}, "unit and approximate go with amount"),
            ({"approximate": False}, "unit and approximate go with amount"),
            ({"text": None, "claim": "1 USD", "unit": "USD"}, "unit and approximate go with amount"),
            ({"text": None, "claim": "a lot"}, "a lot"),
            ({"text": None, "amount": "1"}, "an amount needs a unit"),
            ({"text": None, "amount": "1", "unit": ""}, "the unit is empty"),
            ({"text": None, "amount": "1", "unit": " "}, "the unit is empty"),
            ({"text": None, "amount": "1", "unit": "x" * 101}, "101 characters; expected 100 at most"),
            ({"text": None, "amount": "1", "unit": "a\u200bb"}, "U+200B"),
            ({"text": None, "amount": "1", "unit": "a\nb"}, "unit"),
            ({"text": None, "amount": "1", "unit": "gbp"}, "GBP (pounds) or GBp (pence)"),
            ({"text": None, "amount": "0.00000001", "unit": "GBp"}, "cannot be kept exactly"),
            ({"text": None, "amount": "ten", "unit": "USD"}, "amount: 'ten' is not a number"),
            ({"text": None, "amount": "nan", "unit": "USD"}, "amount: 'nan' is not a finite number"),
            ({"text": None, "amount": "Infinity", "unit": "USD"}, "'Infinity' is not a finite number"),
            ({"text": None, "amount": "1e29", "unit": "USD"}, "more than 29 digits before"),
            ({"text": None, "amount": "1e-10", "unit": "USD"}, "or 9 after the point"),
            ({"text": None, "amount": True, "unit": "USD"}, "amount"),
            ({"text": None, "amount_low": 2, "amount_high": 1, "unit": "USD"}, "amount_low 2 is above"),
            (
                {"text": None, "amount": 1, "amount_low": 1, "amount_high": 2, "unit": "USD"},
                "amount 1 is neither the only bound nor the upper end of the range",
            ),
            ({"text": None, "amount": 3, "amount_low": 1, "unit": "USD"}, "amount 3 is neither"),
            ({"text": None, "date": "soon"}, "soon"),
            ({"text": None, "entity": " a/b"}, "entity ' a/b' begins or ends with a space"),
            ({"text": None, "entity": ""}, "entity '' is 0 characters long"),
            ({"text": None, "answer": "maybe"}, "answer is 'maybe'; expected 'yes' or 'no'"),
            ({"text": None, "answer": True}, "answer is True; expected 'yes' or 'no'"),
            ({"text": 1.5}, "text: Input should be a valid string"),
            ({"text": ["x"]}, "text: Input should be a valid string"),
        ],
    )
    def test_values_that_are_refused(self, more: dict[str, object], words: str) -> None:
        assert words in refusal(**more)

    def test_whole_numbers_are_text_too(self) -> None:
        assert columns(text=7)["text"] == "7"

    @pytest.mark.parametrize("name", ["reported", "valid", "valid_from", "period", "period_to", "date"])
    @pytest.mark.parametrize("number", [2025, 20250222, 2025.0, Decimal(2025)])
    def test_numbers_are_no_dates(self, name: str, number: object) -> None:
        expected = f"{name}: {number} is a number, not a date; write it as text"
        assert expected in refusal(**{"text": "x", name: number})


class TestTypes:
    def test_what_is_left_out(self) -> None:
        assert columns() == {
            "event_type": "reported",
            "inferred": False,
            "void": False,
            "source": "paper",
            **parse_fact("acme/plan").model_dump(),
            "value_type": "text",
            "text": "to grow",
            "claim": "to grow",
            "status": "announced",
        }

    def test_only_a_report_has_a_default_status(self) -> None:
        assert "status" not in columns(CORRECTION, claim="1 USD")
        assert "status" not in columns(WITHDRAWAL)
        assert columns(CORRECTION, claim="1 USD", status="planned")["status"] == "planned"

    @pytest.mark.parametrize(
        ("base", "more", "words"),
        [
            (CORRECTION, {"target": None}, "a corrected event needs a target"),
            (RETRACTION, {"target": None}, "a retracted event needs a target"),
            (REPORT, {"target": "x"}, "takes no target; did you mean type: corrected?"),
            (WITHDRAWAL, {"target": "x"}, "a withdrawn event takes no target"),
            (REPORT, {"void": True}, "only a corrected event can be void, not a reported one"),
            (RETRACTION, {"void": "true"}, "only a corrected event can be void"),
            (RETRACTION, {"claim": "1 USD"}, "a retracted event claims nothing, yet gives claim"),
            (WITHDRAWAL, {"text": ""}, "a withdrawn event claims nothing, yet gives text"),
            (WITHDRAWAL, {"status": "denied"}, "a withdrawn event claims nothing, yet gives a status"),
            (CORRECTION, {"void": True, "amount": "1", "unit": "USD"}, "a voiding event claims nothing"),
            (CORRECTION, {"void": "yes", "status": "denied"}, "a voiding event claims nothing, yet gives a"),
            (WITHDRAWAL, {"unit": "USD"}, "unit and approximate go with amount"),
            (WITHDRAWAL, {"fact": None}, "needs a fact"),
            (REPORT, {"type": "erased"}, "type is 'erased'; expected 'reported', 'withdrawn', 'corrected'"),
            (REPORT, {"type": "Reported"}, "type is 'Reported'; expected"),
            (REPORT, {"type": ["reported"]}, "type is ['reported']; expected"),
            (REPORT, {"inferred": "perhaps"}, "inferred: Input should be a valid boolean"),
        ],
    )
    def test_what_a_type_does_not_take(
        self, base: dict[str, object], more: dict[str, object], words: str
    ) -> None:
        assert words in refusal(base, **more)

    def test_an_amendment_needs_no_fact(self) -> None:
        assert "fact" not in columns(RETRACTION)
        assert columns(CORRECTION, void=True, fact="acme/plan")["fact"] == "acme/plan"

    def test_a_correction_may_claim_nothing(self) -> None:
        # Only the store knows whether the target claims something.
        assert "value_type" not in columns(CORRECTION, reported="2025")

    def test_an_unknown_status_is_named_with_the_nearest(self) -> None:
        assert refusal(status="estimate") == "no such status: 'estimate'; did you mean 'estimated'?"
        assert refusal(status="Planned").startswith("no such status: 'Planned'; did you mean 'planned'")
        assert refusal(status="") == "no such status: ''"

    def test_unknown_keys_are_named_with_the_nearest(self) -> None:
        message = refusal(orgin="x", colour="blue")
        assert "unknown key 'orgin'; did you mean 'origin'?" in message
        assert "unknown key 'colour'" in message
        assert "1 is no key; expected a text, such as fact" in event_refusal({1: 2})

    @pytest.mark.parametrize("name", ["key", "source", "origin", "speaker", "actor"])
    def test_names_are_not_empty(self, name: str) -> None:
        assert refusal(**{name: ""}) == f"{name} is empty; leave it out or name something"

    @pytest.mark.parametrize("name", ["statement", "reason"])
    def test_prose_may_be_empty(self, name: str) -> None:
        assert columns(**{name: ""})[name] == ""

    def test_null_is_absent(self) -> None:
        assert columns(key=None, locator=None, valid=None) == columns()


def event_refusal(keys: dict[Any, object]) -> str:
    with pytest.raises(BadInput) as caught:
        event_from(keys)
    return caught.value.message


class TestText:
    @pytest.mark.parametrize("character", ["\x00", "\x1e", "\x1f"])
    @pytest.mark.parametrize("name", ["text", "statement", "key", "fact", "source", "reported", "unit"])
    def test_separators_are_refused(self, name: str, character: str) -> None:
        assert f"{name}: holds U+{ord(character):04X}, a control" in refusal(**{name: f"a{character}b"})

    @pytest.mark.parametrize("half", [0xD800, 0xDBFF, 0xDC00, 0xDFFF])
    def test_half_of_a_surrogate_pair_is_refused(self, half: int) -> None:
        message = refusal(statement=f"a{chr(half)}")
        assert f"statement: holds U+{half:04X}, half of a surrogate pair" in message
        message.encode()

    def test_the_other_control_characters_may_stand_in_prose(self) -> None:
        assert columns(statement="a\tb\nc\x07")["statement"] == "a\tb\nc\x07"

    def test_text_is_put_into_one_form(self) -> None:
        once = columns(text="e\u0301 \u212b", key="n\u0303", source="o\u0308")
        again = columns(text="\u00e9 \u00c5", key="\u00f1", source="\u00f6")
        assert once == again


class TestDates:
    def test_the_reported_date_is_kept_as_written(self) -> None:
        assert columns(reported=" 2025-09~ ")["reported"] == "2025-09~"

    def test_valid_time_as_one_or_as_bounds(self) -> None:
        assert columns(valid="2024/2025") == columns() | {
            "valid": "2024/2025",
            "valid_from": micros("2024"),
            "valid_to": micros("2026"),
        }
        bounds = columns(valid_from="2024", valid_to="2026-01-01")
        assert (bounds["valid_from"], bounds["valid_to"]) == (micros("2024"), micros("2026"))
        assert "valid" not in bounds
        assert columns(valid_to="2024")["valid_from"] is None

    @pytest.mark.parametrize("open_end", ["..", ""])
    def test_open_ends(self, open_end: str) -> None:
        row = columns(valid_from="2024", valid_to=open_end)
        assert (row["valid_from"], row["valid_to"]) == (micros("2024"), None)

    def test_bounds_of_valid_time_are_the_ones_written(self) -> None:
        assert columns(valid="2024~")["valid_from"] == micros("2024")

    def test_a_correction_can_say_that_valid_time_is_unbounded(self) -> None:
        for more in ({"valid": "../.."}, {"valid_from": ".."}, {"valid_from": "..", "valid_to": ".."}):
            row = columns(CORRECTION, claim="1 USD", **more)
            assert (row["valid"], row["valid_from"], row["valid_to"]) == ("../..", None, None)

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            ({"valid": "2024", "valid_from": "2024"}, "give either valid, or valid_from and valid_to"),
            ({"valid_from": "2025", "valid_to": "2024"}, "valid_from 2025 is not before valid_to 2024"),
            ({"valid_from": "2025", "valid_to": "2025-01-01"}, "is not before"),
            ({"valid_from": "later"}, "later"),
            ({"valid_to": "../2024"}, "'../2024' has no first instant"),
            ({"valid": "2024-02-30"}, "2024-02-30"),
            ({"valid_from": "2024-01-01T10:00:00"}, "offset"),
        ],
    )
    def test_valid_times_that_are_refused(self, more: dict[str, object], words: str) -> None:
        assert words in refusal(**more)


class TestLocator:
    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            ({"start": 0, "end": 10}, '{"start":0,"end":10}'),
            ({"end": "10", "start": "0"}, '{"start":0,"end":10}'),
            ([{"start": 1, "end": 2}], '{"start":1,"end":2}'),
            ([{"start": 5, "end": 6}, {"start": 1, "end": 2}], '[{"start":5,"end":6},{"start":1,"end":2}]'),
            ('{"start": 3, "end": 4}', '{"start":3,"end":4}'),
            ('[{"start": 3, "end": 4}]', '{"start":3,"end":4}'),
        ],
    )
    def test_spans(self, given: object, kept: str) -> None:
        assert columns(locator=given)["locator"] == kept

    @pytest.mark.parametrize(
        "given",
        [
            {"start": 5, "end": 5},
            {"start": -1, "end": 5},
            {"start": 1},
            {"start": 1, "end": 2, "page": 3},
            {"start": "one", "end": "two"},
            {"start": 1.5, "end": 2},
            {"start": True, "end": 2},
            {"start": None, "end": 2},
            [1, 2],
            5,
            "true",
            [[{"start": 1, "end": 2}]],
        ],
    )
    def test_what_is_no_span(self, given: object) -> None:
        assert "is not a span; expected start and end, 0 <= start < end" in refusal(locator=given)

    def test_other_refusals(self) -> None:
        assert "locator is an empty list" in refusal(locator=[])
        assert "locator '1987-2275' is not JSON" in refusal(locator="1987-2275")


class TestDescriptions:
    def test_what_they_become(self) -> None:
        row = event_from(
            {"type": "source-described", "id": "paper", "tier": "2", "title": "Cafe\u0301", "length": 8}
        ).columns()
        assert (row["event_type"], row["subject"]) == ("source-described", "paper")
        assert json.loads(row["text"]) == {"id": "paper", "length": 8, "tier": 2, "title": "Caf\u00e9"}
        assert set(row) == {"event_type", "subject", "text"}

    def test_the_order_of_keys_makes_no_difference(self) -> None:
        one = {"type": "entity-described", "id": "a", "name": "A", "kind": "company", "aliases": ["b", "c"]}
        assert event_from(one).columns() == event_from(dict(reversed(one.items()))).columns()

    @pytest.mark.parametrize("word", ["yes", "true", True])
    def test_whether_an_attribute_takes_an_object(self, word: object) -> None:
        row = event_from({"type": "attribute-described", "id": "ceo", "object": word}).columns()
        assert json.loads(row["text"])["object"] == "yes"

    @pytest.mark.parametrize(
        ("kind", "more", "words"),
        [
            ("source", {"id": None}, "id: Field required"),
            ("source", {"id": ""}, "id '' is 0 characters long"),
            ("attribute", {"id": "a/b"}, "id 'a/b' holds '/'"),
            ("entity", {"id": " a/b"}, "id ' a/b' begins or ends with a space"),
            ("source", {"published": "2025/.."}, "published '2025/..' has no last instant"),
            ("source", {"published": "soon"}, "soon"),
            ("source", {"tier": 0}, "tier: Input should be greater than or equal to 1"),
            ("source", {"tier": "best"}, "tier"),
            ("source", {"length": -1}, "length"),
            ("source", {"sha256": "abc"}, "sha256"),
            ("source", {"publishr": "x"}, "unknown key 'publishr'; did you mean 'publisher'"),
            ("entity", {"aliases": "acme"}, "aliases"),
            ("entity", {"aliases": ["a\x1fb"]}, "aliases.0: holds U+001F"),
            ("entity", {"published": "2025"}, "unknown key 'published'"),
            ("attribute", {"value": "sum"}, "value is 'sum'; expected 'amount', 'date'"),
            ("attribute", {"object": "maybe"}, "object is 'maybe'; expected 'yes', 'no' or 'optional'"),
        ],
    )
    def test_descriptions_that_are_refused(self, kind: str, more: dict[str, object], words: str) -> None:
        assert words in refusal({"type": f"{kind}-described", "id": "x"}, **more)


class TestDeclaredValues:
    """A claim is read as the type of values that its attribute takes."""

    @pytest.mark.parametrize(
        ("claim", "declared", "key"),
        [
            *(
                ("2027-03-01", "date", "date"),
                ("2027-03", "date", "date"),
                ("jensen-huang", "entity", "entity"),
            ),
            *(("yes", "answer", "answer"), ("5 billion USD", "text", "text")),
        ],
    )
    def test_a_claim_is_what_its_own_key_would_be(self, claim: str, declared: str, key: str) -> None:
        event = event_from({"fact": "nvidia/note", "claim": claim})
        assert isinstance(event, Event)
        read = event.columns(declared=declared)
        same = event_from({"fact": "nvidia/note", key: claim}).columns()
        assert read == same
        assert event_id(content_of(read)) == event_id(content_of(same))

    @pytest.mark.parametrize(("claim", "declared"), [("soon", "date"), ("maybe", "answer"), ("", "entity")])
    def test_what_is_none_is_refused_with_the_type(self, claim: str, declared: str) -> None:
        event = event_from({"fact": "nvidia/note", "claim": claim})
        assert isinstance(event, Event)
        with pytest.raises(BadInput, match=f"its attribute takes values of type {declared}"):
            event.columns(declared=declared)


@pytest.mark.parametrize(("word", "flag"), [("true", True), ("Yes", True), ("FALSE", False), ("no", False)])
def test_a_flag_may_be_a_word(word: str, flag: bool) -> None:
    assert columns(inferred=word)["inferred"] is flag
    assert (
        columns(fact="acme/sales", text=None, amount="1", unit="USD", approximate=word)["approximate"] is flag
    )


def test_a_number_may_be_long() -> None:
    amount = {"text": None, "unit": "USD"}
    assert columns(amount="0" * 199 + "7", **amount)["amount"] == 7
    assert "is not a number in digits" in refusal(amount="0" * 200 + "7", **amount)


@pytest.mark.parametrize("number", [2**63, str(2**63), -(2**63)], ids=repr)
def test_a_place_in_a_text_fits_in_64_bits(number: object) -> None:
    assert columns(locator={"start": 0, "end": 2**63 - 1})["locator"]
    assert "locator" in refusal(locator={"start": 0, "end": number})


def test_a_hidden_sign_is_named_with_its_place() -> None:
    assert "U+200B ZERO WIDTH SPACE as character 3" in refusal(fact="ab\u200bc/plan")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"type": "source-described", "text": '{"id": "s", "title": null}'}, None),
        ({"type": "source-described", "text": "s"}, "expected the description as a JSON object with its id"),
        ({"type": "source-described", "text": "[" * 100_000}, "expected the description as a JSON object"),
        ({"type": "source-described", "text": ["s"]}, "text is \\['s'\\]; expected"),
        ({"type": "source-described", "id": "s", "title": "é" * 600_000}, "expected .* at most"),
        ({3: "x"}, "3 is no key; expected a text, such as fact"),
        ({"fact": object()}, "expected a text, a number, a date or yes or no"),
        (
            {"fact": "a/b", "claim": "1 USD", "source": "s", **{f"k{at}": "x" for at in range(60)}},
            "… and 40 more",
        ),
    ],
    ids=["described", "no JSON", "deep", "a list", "long", "no text as key", "an object", "many"],
)
def test_what_is_given_as_an_event_is_read_or_refused_in_words(given: Any, words: str | None) -> None:
    if words is None:
        assert event_from(given).columns()["subject"] == "s"
        return
    with pytest.raises(BadInput, match=words):
        event_from(given).columns()


def test_a_date_may_be_one_of_python() -> None:
    assert columns(reported=date(2025, 2, 22))["reported"] == "2025-02-22"
    assert columns(reported=datetime(2025, 2, 22, 10, tzinfo=UTC))["reported"] == "2025-02-22T10:00:00Z"
    assert "has no time zone" in refusal(reported=datetime(2025, 2, 22, 10))  # noqa: DTZ001
    assert "is a number, not a date" in refusal(reported=2025)
    assert refusal(text=None, amount=[1], unit="USD")
