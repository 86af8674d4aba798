"""What was believed, worked out by hand: one short story a test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from timeline.errors import BadInput
from timeline.meaning import fold
from timeline.meaning.fold import BEGINNING, END, Entry, Value

DAY = 86_400_000_000

Says = int | str | tuple[int | None, int | None] | Value


def on(day: int) -> int:
    """Return the last instant of a day, from which on a report of that day counts."""
    return (day + 1) * DAY - 1


def value(says: Says, unit: str = "USD", approximate: bool = False) -> Value:
    if isinstance(says, Value):
        return says
    if isinstance(says, str):
        return Value("text", text=says)
    low, high = says if isinstance(says, tuple) else (says, says)
    lowest, highest = (None if bound is None else Decimal(bound) for bound in (low, high))
    return Value("amount", lowest, highest, unit, approximate)


class Log:
    """A log of one fact, or of some; every event is a commit of its own, recorded at its position."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def add(self, event_type: str, day: int, says: Says | None = None, **more: Any) -> str:
        position = len(self.entries) + 1
        given = {
            "fact": "openai/plan",
            "origin": "reuters",
            "status": None if says is None else "announced",
            "recorded_at": position,
        } | more
        entry = Entry(
            position=position,
            event_id=f"event {position}",
            event_type=event_type,
            reported_at=on(day),
            value=None if says is None else value(says),
            **given,
        )
        self.entries.append(entry)
        return entry.event_id

    def report(self, day: int, says: Says, **more: Any) -> str:
        return self.add("reported", day, says, **more)

    def withdraw(self, day: int, **more: Any) -> str:
        return self.add("withdrawn", day, **more)

    def retract(self, target: str, day: int) -> str:
        return self.add("retracted", day, target=target)

    def correct(self, target: str, says: Says | None = None, day: int | None = None, **more: Any) -> str:
        """Correct a target, from which the correction takes over what it does not give, as in the store."""
        old = next(entry for entry in self.entries if entry.event_id == target)
        kept = {
            name: getattr(old, name)
            for name in ("fact", "origin", "source", "reported_from", "evidence_at", "valid_from", "valid_to")
        }
        when = old.reported_at // DAY if day is None else day
        return self.add("corrected", when, says, target=target, **(kept | more))

    def void(self, target: str) -> str:
        return self.correct(target, void=True)

    def believed(self, day: int | None = None, **asked: Any) -> list[Any]:
        """Return the value of each row believed as of the end of a day, an exact amount as a number."""
        return [shown(row.entry) for row in self.beliefs(day, **asked)]

    def beliefs(self, day: int | None = None, **asked: Any) -> list[fold.Belief]:
        return fold.beliefs(self.entries, END - 1 if day is None else on(day), **asked)

    def effects(self) -> list[str]:
        return list(fold.effects(self.entries).values())


def shown(entry: Entry | None) -> Any:
    value = entry.value if entry else None
    if value is None or value.value_type != "amount":
        return value.text if value else None
    return int(value.low) if value.low is not None and value.low == value.high else (value.low, value.high)


def valid(start: int | None, end: int | None) -> dict[str, int | None]:
    return {"valid_from": start, "valid_to": end}


def rows(beliefs: Sequence[fold.Belief]) -> list[tuple[Any, int, int]]:
    return sorted(
        ((shown(row.entry), row.valid_from, row.valid_to) for row in beliefs), key=lambda row: row[1]
    )


@pytest.fixture
def log() -> Log:
    return Log()


# Who wins


def test_nothing_is_believed_before_it_was_reported(log: Log) -> None:
    log.report(5, 10)
    assert log.believed(4) == []
    assert log.believed(5) == [10]
    assert fold.beliefs(log.entries, on(5) - 1) == []


def test_the_latest_report_displaces_the_one_before(log: Log) -> None:
    log.report(1, 10)
    log.report(3, 20)
    assert [log.believed(day) for day in (0, 1, 2, 3)] == [[], [10], [10], [20]]


def test_what_is_recorded_late_leaves_what_was_reported_later_alone(log: Log) -> None:
    log.report(3, 20)
    log.report(1, 10)
    assert [log.believed(day) for day in (2, 3)] == [[10], [20]]


def test_of_reports_of_one_instant_the_later_in_the_log_counts(log: Log) -> None:
    log.report(1, 10)
    log.report(1, 20)
    assert log.believed() == [20]


def test_a_withdrawal_leaves_nothing_until_the_next_report(log: Log) -> None:
    log.report(1, 10)
    log.withdraw(2)
    log.report(3, 20)
    assert [log.believed(day) for day in (1, 2, 3)] == [[10], [], [20]]


def test_an_old_period_restated_after_a_newer_one_leaves_the_newer_alone(log: Log) -> None:
    log.report(1, 60, fact="nvidia/revenue@2023")
    log.report(2, 130, fact="nvidia/revenue@2024")
    log.report(3, 61, fact="nvidia/revenue@2023")
    assert log.believed() == [61, 130]


def test_disjoint_recurrences_never_retire_each_other(log: Log) -> None:
    log.report(1, "ceo", **valid(10, 20))
    log.report(2, "ceo", **valid(30, 40))
    assert rows(log.beliefs()) == [("ceo", 10, 20), ("ceo", 30, 40)]
    assert [span.believed_until for span in fold.belief_spans(log.entries)] == [END, END]


def test_a_later_report_displaces_only_the_valid_time_it_speaks_of(log: Log) -> None:
    log.report(1, "old", **valid(0, 100))
    log.report(2, "new", **valid(40, 60))
    assert rows(log.beliefs()) == [("old", 0, 40), ("new", 40, 60), ("old", 60, 100)]


def test_without_valid_time_a_later_report_displaces_the_whole(log: Log) -> None:
    log.report(1, "old", **valid(0, 100))
    log.report(2, "new")
    assert rows(log.beliefs()) == [("new", BEGINNING, END)]


def test_adjacent_valid_times_with_one_winner_are_one_row(log: Log) -> None:
    log.report(1, "first", **valid(0, 10))
    log.report(2, "second", **valid(10, 20))
    log.report(3, "both", **valid(0, 20))
    assert rows(log.beliefs()) == [("both", 0, 20)]


def test_equal_claims_of_two_reports_stay_two_rows(log: Log) -> None:
    log.report(1, "same", **valid(0, 10))
    log.report(1, "same", **valid(10, 20))
    assert rows(log.beliefs()) == [("same", 0, 10), ("same", 10, 20)]


def test_valid_at_keeps_the_row_that_covers_it_up_to_its_exclusive_end(log: Log) -> None:
    log.report(1, "first", **valid(0, 10))
    log.report(1, "second", **valid(10, 11))
    asked = [log.believed(valid_at=moment) for moment in (-1, 0, 9, 10, 11)]
    assert asked == [[], ["first"], ["first"], ["second"], []]


# Since when


def test_believed_from_starts_again_where_a_neighbour_in_valid_time_splits_the_row(log: Log) -> None:
    log.report(1, "old")
    log.report(2, "new", **valid(40, 60))
    assert {row.believed_from for row in log.beliefs(1)} == {on(1)}
    assert {row.believed_from for row in log.beliefs(2)} == {on(2)}


def test_believed_from_does_not_move_when_the_same_is_reported_of_another_valid_time(log: Log) -> None:
    log.report(1, "old", **valid(0, 10))
    log.report(2, "new", **valid(20, 30))
    assert [row.believed_from for row in log.beliefs()] == [on(1), on(2)]


def test_a_row_as_of_a_date_shows_nothing_from_after_it(log: Log) -> None:
    log.report(1, "old")
    before = log.beliefs(2)
    log.report(3, "split", **valid(40, 60))
    log.retract("event 1", 4)
    log.withdraw(5)
    later = [(row.entry, row.valid_from, row.valid_to, row.believed_from) for row in log.beliefs(2)]
    assert later == [(row.entry, row.valid_from, row.valid_to, row.believed_from) for row in before]


def test_spans_show_until_when_exactly_a_row_was_held(log: Log) -> None:
    log.report(1, "old")
    log.report(2, "new")
    log.retract("event 2", 4)
    spans = [
        (shown(span.entry), span.believed_from, span.believed_until)
        for span in fold.belief_spans(log.entries)
    ]
    assert spans == [("old", on(1), on(2)), ("new", on(2), on(4)), ("old", on(4), END)]


def test_dates_a_microsecond_apart_are_distinguished(log: Log) -> None:
    log.report(1, "old")
    log.entries.append(replace(log.entries[0], position=2, event_id="event 2", reported_at=on(1) + 1))
    places = [[row.place for row in fold.beliefs(log.entries, on(1) + after)] for after in (-1, 0, 1)]
    assert places == [[], [1], [2]]


# Our own corrections


def test_a_correction_shows_from_the_date_of_its_target_on(log: Log) -> None:
    log.report(1, 1000)
    log.correct("event 1", 100)
    assert [log.believed(day) for day in (0, 1)] == [[], [100]]


def test_with_the_recorded_axis_before_the_correction_the_old_record_shows(log: Log) -> None:
    log.report(1, 1000)
    log.correct("event 1", 100)
    assert log.believed(1, recorded_as_of=1) == [1000]
    assert log.believed(1, recorded_as_of=2) == [100]


def test_a_correction_of_the_same_day_does_not_jump_ahead_of_a_later_report(log: Log) -> None:
    log.report(1, 1000)
    log.report(1, 200)
    log.correct("event 1", 100)
    assert log.believed() == [200]


def test_a_correction_may_give_another_date_and_valid_time(log: Log) -> None:
    log.report(1, 10)
    log.correct("event 1", 20, day=5, **valid(0, 10))
    assert log.believed(4) == []
    assert rows(log.beliefs(5)) == [(20, 0, 10)]


def test_of_several_corrections_of_one_target_the_last_recorded_counts(log: Log) -> None:
    log.report(1, 10)
    log.correct("event 1", 20)
    log.correct("event 1", 30)
    assert log.believed() == [30]


def test_then_the_corrections_of_that_one_stand(log: Log) -> None:
    log.report(1, 10)
    log.correct("event 1", 20)
    log.correct("event 1", 30)
    log.correct("event 2", 21)
    assert log.believed() == [30]
    log.correct("event 3", 31)
    assert log.believed() == [31]


def test_a_voided_report_is_gone_and_gives_back_what_it_displaced(log: Log) -> None:
    log.report(1, 10)
    log.report(2, 20)
    log.void("event 2")
    assert log.believed() == [10]
    assert log.believed(recorded_as_of=2) == [20]


def test_a_voided_correction_gives_back_what_it_had_replaced(log: Log) -> None:
    log.report(1, 10)
    log.correct("event 1", 20)
    log.correct("event 1", 30)
    log.void("event 3")
    assert log.believed() == [20]
    log.void("event 2")
    assert log.believed() == [10]


def test_a_voided_void_does_nothing(log: Log) -> None:
    log.report(1, 10)
    log.void("event 1")
    log.void("event 2")
    assert log.believed() == [10]
    log.void("event 3")
    assert log.believed() == []


@pytest.mark.parametrize("first", ["void", "correct"])
def test_corrections_of_what_is_void_are_moot_whenever_they_were_recorded(log: Log, first: str) -> None:
    log.report(1, 10)
    if first == "void":
        log.void("event 1")
    log.correct("event 1", 20)
    if first == "correct":
        log.void("event 1")
    assert log.believed() == []


def test_a_void_that_is_corrected_to_a_claim_replaces(log: Log) -> None:
    log.report(1, 10)
    log.void("event 1")
    log.correct("event 2", 20)
    assert log.believed() == [20]


def test_a_withdrawal_can_be_corrected_away(log: Log) -> None:
    log.report(1, 10)
    log.withdraw(2)
    log.void("event 2")
    assert log.believed() == [10]


# What the world took back


def test_a_retraction_restores_what_was_displaced_from_its_own_date_on(log: Log) -> None:
    log.report(1, 10)
    log.report(2, 20)
    log.retract("event 2", 4)
    assert [log.believed(day) for day in (1, 2, 3, 4)] == [[10], [20], [20], [10]]


def test_a_retracted_retraction_counts_no_longer(log: Log) -> None:
    log.report(1, 10)
    log.retract("event 1", 3)
    log.retract("event 2", 5)
    assert [log.believed(day) for day in (2, 3, 4, 5)] == [[10], [], [], [10]]
    assert [row.believed_from for row in log.beliefs(5)] == [on(5)]


def test_a_voided_retraction_never_was(log: Log) -> None:
    log.report(1, 10)
    log.retract("event 1", 3)
    log.void("event 2")
    assert log.believed(3) == [10]


def test_a_correction_of_a_retraction_moves_its_date(log: Log) -> None:
    log.report(1, 10)
    log.retract("event 1", 3)
    log.correct("event 2", day=5)
    assert [log.believed(day) for day in (3, 4, 5)] == [[10], [10], []]


def test_a_retraction_of_a_correction_means_what_was_corrected(log: Log) -> None:
    log.report(1, 10)
    log.correct("event 1", 20)
    log.retract("event 2", 3)
    assert [log.believed(day) for day in (2, 3)] == [[20], []]


def test_a_retraction_takes_what_counts_for_its_target_even_if_corrected_later(log: Log) -> None:
    log.report(1, 10)
    log.retract("event 1", 3)
    log.correct("event 1", 20)
    assert [log.believed(day) for day in (2, 3)] == [[20], []]


def test_a_retraction_may_be_dated_before_what_it_takes_back(log: Log) -> None:
    log.report(3, 10)
    log.retract("event 1", 1)
    assert log.believed(3) == []


def test_a_retracted_withdrawal_gives_back_the_report(log: Log) -> None:
    log.report(1, 10)
    log.withdraw(2)
    log.retract("event 2", 3)
    assert [log.believed(day) for day in (2, 3)] == [[], [10]]


# From when a report counts


def test_possible_admits_a_report_from_its_earliest_instant_in_the_same_order(log: Log) -> None:
    log.report(9, "vague", reported_from=on(1))
    log.report(5, "exact", reported_from=on(5))
    asked = [log.believed(day, basis="possible") for day in (1, 4, 5, 9)]
    assert asked == [["vague"], ["vague"], ["vague"], ["vague"]]
    assert [log.believed(day) for day in (1, 5, 9)] == [[], ["exact"], ["vague"]]


def test_possible_without_an_earliest_instant_counts_from_the_beginning(log: Log) -> None:
    log.report(9, "some time before")
    assert [row.believed_from for row in log.beliefs(0, basis="possible")] == [BEGINNING]


def test_evidence_counts_from_the_date_of_the_source_that_we_hold(log: Log) -> None:
    log.report(1, "recounted", evidence_at=on(8))
    assert log.believed(7, basis="evidence") == []
    assert log.believed(8, basis="evidence") == ["recounted"]


def test_evidence_keeps_the_order_of_the_reported_dates(log: Log) -> None:
    log.report(1, "recounted late", evidence_at=on(8))
    log.report(2, "held at once", evidence_at=on(2))
    assert log.believed(8, basis="evidence") == ["held at once"]


def test_a_retraction_too_counts_by_the_basis_asked_for(log: Log) -> None:
    log.report(1, 10)
    log.retract("event 1", 5)
    log.entries[1] = replace(log.entries[1], reported_from=on(3), evidence_at=on(7))
    by_basis = {
        basis: [bool(log.believed(day, basis=basis)) for day in (2, 3, 5, 7)]
        for basis in ("possible", "certain", "evidence")
    }
    assert by_basis == {
        "possible": [True, False, False, False],
        "certain": [True, True, False, False],
        "evidence": [True, True, True, False],
    }


# Policies


def test_first_is_the_earliest_by_the_same_order_withdrawals_aside(log: Log) -> None:
    log.withdraw(1)
    log.report(3, "third")
    log.report(2, "second")
    log.report(2, "second again")
    assert log.believed(policy="first") == ["second"]


def test_by_origin_a_withdrawal_withdraws_only_its_origins_claim(log: Log) -> None:
    log.report(1, "from reuters", origin="reuters")
    log.report(1, "from bloomberg", origin="bloomberg")
    log.withdraw(2, origin="reuters")
    assert log.believed(policy="by-origin") == ["from bloomberg"]
    assert log.believed() == []


def test_by_origin_ten_rewrites_of_one_story_are_one_claim(log: Log) -> None:
    for day in range(10):
        log.report(day, "the story", source=f"rewrite {day}", origin="reuters")
    assert [row.place for row in log.beliefs(policy="by-origin")] == [10]


def test_by_origin_a_correction_of_the_origin_moves_the_claim(log: Log) -> None:
    log.report(1, "old", origin="reuters")
    log.report(2, "new", origin="bloomberg")
    log.correct("event 2", "new", origin="reuters")
    assert log.believed(policy="by-origin") == ["new"]


def test_ranked_takes_the_best_tier_and_no_tier_last(log: Log) -> None:
    log.report(1, "best", source="filing")
    log.report(2, "middling", source="paper")
    log.report(3, "untold", source="blog")
    tiers = {"filing": 1, "paper": 2}
    assert log.believed(policy="ranked", tiers=tiers) == ["best"]
    assert log.believed(policy="ranked", tiers={"paper": 7}) == ["middling"]
    assert log.believed(policy="ranked") == ["untold"]


def test_ranked_a_withdrawal_of_a_better_source_leaves_nothing(log: Log) -> None:
    log.report(1, "best", source="filing")
    log.withdraw(2, source="filing")
    log.report(3, "middling", source="paper")
    assert log.believed(policy="ranked", tiers={"filing": 1, "paper": 2}) == []


def test_confirmed_ten_rewrites_of_one_story_confirm_nothing(log: Log) -> None:
    for day in range(10):
        log.report(day, "the story", source=f"rewrite {day}", origin="reuters")
    assert log.believed(policy="confirmed:2") == []
    log.report(10, "the story", origin="bloomberg")
    assert log.believed(policy="confirmed:2") == ["the story"]


def test_confirmed_is_the_latest_that_enough_origins_agree_with(log: Log) -> None:
    log.report(1, 10, origin="reuters")
    log.report(2, (9, 11), origin="bloomberg")
    log.report(3, 20, origin="blog")
    assert log.believed(policy="confirmed:1") == [20]
    assert log.believed(policy="confirmed:2") == [(9, 11)]
    assert log.believed(policy="confirmed:3") == []


def test_confirmed_asks_for_agreement_with_that_claim_not_among_the_others(log: Log) -> None:
    log.report(1, 9, origin="reuters")
    log.report(2, 11, origin="bloomberg")
    log.report(3, (9, 11), origin="ft")
    assert log.believed(policy="confirmed:3") == [(9, 11)]


@pytest.mark.parametrize("policy", ["confirmed:1", "confirmed:2"])
def test_a_denial_confirms_nothing_not_even_itself(log: Log, policy: str) -> None:
    log.report(1, 10, origin="reuters", status="denied")
    log.report(2, 10, origin="bloomberg", status="denied")
    assert log.believed(policy=policy) == []


def test_an_origin_that_changed_its_mind_confirms_only_its_last_word(log: Log) -> None:
    log.report(1, 10, origin="reuters")
    log.report(2, 10, origin="bloomberg")
    log.report(3, 20, origin="bloomberg")
    assert [log.believed(day, policy="confirmed:2") for day in (2, 3)] == [[10], []]


@pytest.mark.parametrize("policy", ["newest", "confirmed", "confirmed:0", "confirmed:-1", "confirmed:²", ""])
def test_other_policies_are_refused_with_those_there_are(policy: str) -> None:
    with pytest.raises(BadInput, match="latest, first, by-origin, ranked or confirmed:N"):
        fold.beliefs([], policy=policy)


def test_up_to_a_million_origins_may_confirm() -> None:
    assert [fold.check_policy(f"confirmed:{count}") for count in ("1", "1000000", "007")] == [1, 1_000_000, 7]
    with pytest.raises(BadInput, match="no such policy"):
        fold.check_policy("confirmed:1000001")


# An entry from the columns of an event


def test_an_entry_has_what_the_columns_of_an_event_say() -> None:
    columns: dict[str, Any] = dict.fromkeys(fold.ENTRY_COLUMNS) | {
        **{"position": 7, "event_id": "id", "event_type": "reported", "fact": "a/b", "recorded_at": 9},
        **{"value_type": "amount", "amount_low": Decimal(1), "amount_high": Decimal(2), "unit": "USD"},
    }
    assert fold.entry_of([columns[name] for name in fold.ENTRY_COLUMNS]) == Entry(
        7, "id", "reported", "a/b", fold.BEGINNING, 9, "", value((1, 2))
    )
    more = {
        **{"reported_at": 3, "origin": "o", "status": "denied", "approximate": True, "reported_from": 2},
        **{"evidence_at": 4, "valid_from": 5, "valid_to": 6, "source": "s", "target": "t", "void": True},
    }
    assert fold.entry_of([(columns | more)[name] for name in fold.ENTRY_COLUMNS]) == Entry(
        position=7,
        event_id="id",
        event_type="reported",
        fact="a/b",
        reported_at=3,
        recorded_at=9,
        origin="o",
        value=value((1, 2), approximate=True),
        status="denied",
        reported_from=2,
        evidence_at=4,
        valid_from=5,
        valid_to=6,
        source="s",
        target="t",
        void=True,
    )


# Agreement and disagreement


def entry(says: Says, day: int = 1, origin: str = "reuters", status: str = "announced") -> Entry:
    return Entry(1, "event 1", "reported", "openai/plan", on(day), 1, origin, value(says), status)


def agree(one: Says, other: Says) -> bool:
    found = fold.agree(entry(one), entry(other))
    assert found == fold.agree(entry(other), entry(one))
    return found


def disagree(one: Says, other: Says) -> bool:
    found = fold.disagrees(entry(one), entry(other))
    assert found == fold.disagrees(entry(other), entry(one))
    return found


@pytest.mark.parametrize(
    ("one", "other", "agreeing"),
    [
        (10, 10, True),
        (10, 11, False),
        ((10, 12), (12, 14), True),
        ((10, 12), (13, 14), False),
        ((None, 30), (None, 30), True),
        ((None, 30), (None, 31), False),
        ((None, 30), 20, False),
        ((10, None), (10, None), True),
        ((10, None), (None, 10), False),
        (value(10), value(10, unit="EUR"), False),
        (value(10, approximate=True), value(11), False),
        ("yes", "yes", True),
        ("yes", "no", False),
        (Value("text", text="yes"), Value("answer", text="yes"), False),
        (Value("date", text="2025", date_from=0, date_to=9), Value("date", date_from=0, date_to=9), True),
        (Value("date", date_from=0, date_to=9), Value("date", date_from=0, date_to=8), False),
    ],
)
def test_claims_agree_on_type_unit_and_value_or_overlap_or_the_same_bound(
    one: Says, other: Says, agreeing: bool
) -> None:
    assert agree(one, other) is agreeing


@pytest.mark.parametrize(
    ("one", "other", "disagreeing"),
    [
        (10, 10, False),
        (10, 11, True),
        ((10, 12), (12, 14), False),
        ((10, 12), (13, 14), True),
        ((None, 30), 20, False),
        ((None, 30), 31, True),
        ((10, None), (None, 10), False),
        ((10, None), (None, 9), True),
        (value(10, approximate=True), 11, False),
        (value(10, approximate=True), 12, True),
        (value(-10, approximate=True), -9, False),
        (value(-10, approximate=True), -8, True),
        (value(10, approximate=True), value(12, approximate=True), False),
        (value((10, None), approximate=True), 9, False),
        (10, value(11, unit="EUR"), False),
        ("yes", "no", True),
        ("yes", 10, False),
        (Value("date", date_from=0, date_to=9), Value("date", date_from=0, date_to=8), True),
        (Value("date", text="2025", date_from=0, date_to=9), Value("date", date_from=0, date_to=9), False),
    ],
)
def test_claims_disagree_where_both_cannot_be_right(one: Says, other: Says, disagreeing: bool) -> None:
    assert disagree(one, other) is disagreeing


def test_about_the_largest_amount_is_widened_by_a_tenth_and_not_rounded() -> None:
    largest = Decimal("9" * 29 + ".999999999")
    widened = Decimal("109999999999999999999999999999.9999999989")
    about = Value("amount", largest, largest, "USD", approximate=True)
    assert not disagree(about, Value("amount", widened, None, "USD"))
    assert disagree(about, Value("amount", widened.next_plus(), None, "USD"))


def test_a_denial_disagrees_with_the_claim_that_it_repeats_and_not_with_another_denial() -> None:
    assert fold.disagrees(entry(10), entry(10, status="denied"))
    assert not fold.disagrees(entry(10, status="denied"), entry(10, status="denied"))


def test_claims_more_than_90_days_apart_do_not_disagree() -> None:
    assert fold.disagrees(entry(10, day=0), entry(20, day=90))
    assert not fold.disagrees(entry(10, day=0), entry(20, day=91))
    assert not fold.disagrees(entry(10, day=0), replace(entry(20), reported_at=on(90) + 1))
    assert fold.disagrees(entry(10, day=0), entry(20, day=1000), within=None)


def test_a_pair_that_disagrees_is_one_row_the_one_reported_first_in_front(log: Log) -> None:
    log.report(2, 20, origin="bloomberg")
    log.report(1, 10, origin="reuters")
    [pair] = fold.disagreements(log.entries)
    assert (pair.first.entry.origin, pair.second.entry.origin) == ("reuters", "bloomberg")
    assert fold.disagreements(log.entries, on(1)) == []


def test_the_one_reported_first_is_in_front_though_its_row_began_later(log: Log) -> None:
    log.report(1, 10, origin="reuters", **valid(0, 30))
    log.report(2, 20, origin="bloomberg", **valid(0, 10))
    # From then on the first report holds for a shorter valid time, which makes it another row.
    log.report(3, 20, origin="reuters", **valid(20, 30))
    [pair] = fold.disagreements(log.entries)
    assert (pair.first.entry.origin, pair.second.entry.origin) == ("reuters", "bloomberg")


def test_a_pair_has_the_valid_time_that_it_shares_and_none_where_there_is_none(log: Log) -> None:
    log.report(1, 10, origin="reuters", **valid(0, 20))
    log.report(1, 20, origin="bloomberg", **valid(10, 30))
    log.report(1, 30, origin="ft", **valid(30, 40))
    [pair] = fold.disagreements(log.entries)
    assert (pair.valid_from, pair.valid_to) == (10, 20)


def test_one_origin_does_not_disagree_with_itself(log: Log) -> None:
    log.report(1, 10, **valid(0, 10))
    log.report(1, 20, **valid(5, 15))
    assert fold.disagreements(log.entries) == []


# What changed


def changed(log: Log, earlier: int, later: int) -> list[tuple[str, Any, Any]]:
    found = fold.changes(log.beliefs(earlier), log.beliefs(later))
    return [(change.change, shown(change.before), shown(change.after)) for change in found]


def test_changes_show_what_appeared_changed_and_went(log: Log) -> None:
    log.report(1, 10)
    log.report(2, 20)
    log.withdraw(3)
    assert changed(log, 0, 1) == [("appeared", None, 10)]
    assert changed(log, 1, 2) == [("changed", 10, 20)]
    assert changed(log, 2, 3) == [("gone", 20, None)]
    assert changed(log, 2, 2) == changed(log, 0, 0) == []


def test_another_report_of_the_same_value_is_a_change_of_what_is_believed(log: Log) -> None:
    log.report(1, 10)
    log.report(2, 10)
    assert changed(log, 1, 2) == [("changed", 10, 10)]


def test_changes_are_given_for_the_valid_time_in_which_answers_differ(log: Log) -> None:
    log.report(1, "old", **valid(0, 100))
    log.report(2, "new", **valid(40, 120))
    found = fold.changes(log.beliefs(1), log.beliefs(2))
    assert [(c.change, c.valid_from, c.valid_to) for c in found] == [
        ("changed", 40, 100),
        ("appeared", 100, 120),
    ]


def test_a_row_that_was_only_split_has_not_changed_beside_the_split(log: Log) -> None:
    log.report(1, "old")
    log.report(2, "new", **valid(40, 60))
    [change] = fold.changes(log.beliefs(1), log.beliefs(2))
    assert (change.valid_from, change.valid_to) == (40, 60)


# What each event did


def test_reports_open_revise_repeat_or_come_late(log: Log) -> None:
    log.report(3, 10)
    log.report(4, 20)
    log.report(5, 20)
    log.report(1, 5)
    assert log.effects() == ["opened", "revised", "repeated", "late"]


def test_another_status_revises(log: Log) -> None:
    log.report(1, 10)
    log.report(2, 10, status="committed")
    assert log.effects() == ["opened", "revised"]


def test_a_report_after_a_withdrawal_opens(log: Log) -> None:
    log.report(1, 10)
    log.withdraw(2)
    log.report(3, 10)
    assert log.effects() == ["opened", "withdrew", "opened"]


def test_a_report_of_another_valid_time_opens(log: Log) -> None:
    log.report(1, 10, **valid(0, 10))
    log.report(2, 10, **valid(10, 20))
    log.report(3, 10, **valid(5, 15))
    assert log.effects() == ["opened", "opened", "repeated"]


def test_a_report_that_wins_somewhere_is_not_late(log: Log) -> None:
    log.report(2, 10, **valid(0, 10))
    log.report(1, 20, **valid(0, 20))
    log.report(1, 30, **valid(0, 10))
    assert log.effects() == ["opened", "opened", "late"]


def test_corrections_voids_and_retractions_are_named_as_such(log: Log) -> None:
    log.report(1, 10)
    log.correct("event 1", 20)
    log.void("event 2")
    log.retract("event 1", 3)
    log.report(4, 10)
    assert log.effects() == ["opened", "corrected", "voided", "retracted", "opened"]


def test_what_comes_after_an_event_does_not_change_what_it_did(log: Log) -> None:
    log.report(1, 10)
    log.report(2, 20)
    log.void("event 1")
    assert log.effects() == ["opened", "revised", "voided"]


def test_the_events_of_one_commit_count_in_reported_order(log: Log) -> None:
    log.report(3, 30, recorded_at=1)
    log.report(1, 10, recorded_at=1)
    log.report(2, 10, recorded_at=1)
    assert fold.effects(log.entries) == {2: "opened", 3: "repeated", 1: "revised"}


def test_a_correction_in_one_commit_with_a_target_reported_later_is_left_out_until_then(log: Log) -> None:
    log.report(5, 50, recorded_at=1)
    log.correct("event 1", 40, day=1, recorded_at=1)
    log.report(2, 20, recorded_at=1)
    assert fold.effects(log.entries) == {2: "corrected", 3: "opened", 1: "revised"}
