"""What an event may hold at most, and what is counted where more is wrong."""

from __future__ import annotations

from decimal import Decimal

import pytest

from timeline.errors import BadInput
from timeline.meaning.event import event_from
from timeline.meaning.fact import fact_key
from timeline.meaning.habits import Habits, source_habits
from timeline.meaning.likeness import alias_key

REPORT: dict[str, object] = {"fact": "acme/plan", "source": "paper"}


def test_a_whole_number_has_29_digits_at_most() -> None:
    most = 10**29 - 1
    held = event_from({**REPORT, "amount": most, "unit": "USD"}).columns()
    assert held["amount_low"] == held["amount_high"] == Decimal(most)
    with pytest.raises(BadInput, match="more than 29 digits before the point"):
        event_from({**REPORT, "amount": most + 1, "unit": "USD"}).columns()


def test_a_locator_has_100_000_bytes_at_most() -> None:
    spans = [{"start": 0, "end": 9} for _ in range(4_999)]
    spans[0]["end"], spans[1]["end"] = 10**18, 10
    assert len(written(spans)) == 100_000
    columns = event_from({**REPORT, "text": "to grow", "locator": spans}).columns()
    assert columns["locator"] == written(spans)
    spans[1]["end"] = 100
    with pytest.raises(BadInput, match="locator has 100,001 bytes as JSON; expected 100,000 at most"):
        event_from({**REPORT, "text": "to grow", "locator": spans}).columns()


def written(spans: list[dict[str, int]]) -> str:
    return "[" + ",".join(f'{{"start":{span["start"]},"end":{span["end"]}}}' for span in spans) + "]"


@pytest.mark.parametrize(
    ("wrong", "end"), [(20, "unknown key 'k19'"), (21, "… and 1 more"), (1_022, "… and 1,002 more")]
)
def test_of_what_is_wrong_twenty_are_named_and_the_others_counted(wrong: int, end: str) -> None:
    with pytest.raises(BadInput) as caught:
        event_from({**REPORT, "text": "to grow", **{f"k{number}": 1 for number in range(wrong)}})
    assert caught.value.message.count("unknown key") == 20
    assert caught.value.message.endswith(end)


def test_what_is_no_text_is_no_fact() -> None:
    with pytest.raises(BadInput, match="5 is no fact; expected a text such as nvidia/investment/openai"):
        fact_key(5)  # type: ignore[arg-type]


def test_a_source_keeps_its_habits() -> None:
    assert source_habits("1.234,5", "de-AT", "Europe/Vienna") == Habits("1.234,5", "de-AT", "Europe/Vienna")
    assert source_habits("", "", "") == Habits()


def test_an_alias_is_compared_without_case_and_composed() -> None:
    assert alias_key("ANDRE\u0301 GmbH") == alias_key("andr\u00e9 gmbh") == "andr\u00e9 gmbh"
    assert alias_key("Straße") == alias_key("STRASSE") == "strasse"
