"""Values in a shell are one line, in a notebook small HTML.

Both are escaped, load nothing, and ask the store nothing that was not asked.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.commands import OPENAI, run
from timeline import Belief, Timeline
from timeline.ask.answers import Answer, AsOf, Rows, Why
from timeline.ask.snapshot import Snapshot
from timeline.log.file import Commit
from timeline.printable import visible

WILD = st.text(max_size=30) | st.sampled_from(
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "a\x1b[31mred\x07\nline\r\u2028two\u202egnol",
        "英伟达 مثال 👩‍👧",
        "x" * 5_000,
        "\ud800",
        "&amp;",
    ]
)
ASKED = AsOf(1_771_545_599_999_999, 1_772_442_000_250_000, True, None, "latest", "certain")
SINCE = datetime(2025, 9, 30, 23, 59, 59, 999_999, tzinfo=UTC)


class Parsed(HTMLParser):
    """What a browser makes of HTML: its elements, and the text that is read."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += f"{data}\n"


def check_html(value: Any) -> Parsed:
    """Parse the HTML of a value: plain, without a request, and of colours that are inherited."""
    html = value._repr_html_()
    found = Parsed(html)
    assert found.elements <= {
        *("div", "style", "p", "strong", "table", "thead", "tbody", "tr", "th", "td"),
        *("ul", "li", "details", "summary"),
    }
    assert found.attributes <= {"class", "tabindex", "role", "aria-label", "dir", "scope"}
    style = html[html.index("<style>") : html.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    assert set(re.findall(r"[;{](?:color|background):([^;}]*)", style)) <= {"inherit", "none!important"}
    return found


def check_line(value: Any, *parts: str) -> None:
    """Check that a value is one short line that a terminal only prints, with these parts in it."""
    line = repr(value)
    assert line == visible(line)
    assert len(line) <= 320
    for part in parts:
        assert part in line


def believed(**more: Any) -> Belief:
    given = dict.fromkeys(Belief.__slots__)
    known = {
        "fact": OPENAI,
        "claim": "up to 100 billion USD",
        "status": "letter-of-intent",
        "value_type": "text",
        "believed_from": SINCE,
        "reported_at": SINCE,
        "origin": "nvidia",
        "event_id": "ab" * 32,
    }
    return Belief(**{**given, **known, **more})


# Each value


def test_a_belief_is_its_claim_status_and_beginning(bundled: Timeline) -> None:
    belief = bundled.belief(OPENAI, as_of="2026-01-15")
    assert (
        repr(belief)
        == f"<Belief {OPENAI}: up to 100 billion USD, letter-of-intent, believed since 2025-09-30>"
    )
    found = check_html(belief)
    for text in (OPENAI, "up to 100 billion USD", "letter-of-intent", "2025-09-30", "Nvidia means to invest"):
        assert text in found.text


def test_why_is_the_story_that_the_command_prints(recorded_project: Path) -> None:
    with Timeline.open(recorded_project / ".timeline") as tl:
        for fact, options in ((OPENAI, {}), (OPENAI, {"as_of": "2026-01-15"}), ("openai/cash-burn@2027", {})):
            why = tl.why(fact, **options)
            dates = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
            for columns in ("", "40", "200"):
                with pytest.MonkeyPatch.context() as patch:
                    patch.setenv("COLUMNS", columns)
                    done = run(recorded_project, ["why", fact, *dates], COLUMNS=columns)
                    assert f"{why}\n" == done.out
            html = check_html(why).text
            told = {word for word in str(why).split() if word != "-"}
            assert told <= set(html.split())
            assert f"{len(why.history)} event" in html
            check_line(why, fact, why.beliefs[0]["claim"], f"{len(why.history)} event")


def test_why_without_a_belief_says_so() -> None:
    why = Why(OPENAI, ASKED, [], [], [], [], [], [])
    assert repr(why) == f"<Why {OPENAI}: nothing believed; 0 events, 0 sources>"
    assert "Nothing is believed." in check_html(why).text
    assert "Nothing is believed." in str(why)


def test_an_answer_shows_its_first_rows_and_counts_the_rest(bundled: Timeline) -> None:
    answer = bundled.snapshot().beliefs(as_of="2025-02-22")
    found = check_html(answer)
    facts = [row[0] for row in answer.rows]
    assert [fact for fact in facts if f"\n{fact}\n" in found.text] == facts[:20]
    assert f"{len(facts)} rows, 27 columns; {len(facts) - 20} rows not shown." in found.text
    assert "As of 2025-02-22 (reported)" in found.text
    assert repr(answer) == f"<Answer: {len(facts)} rows, 27 columns, as of 2025-02-22>"


def test_an_answer_of_two_dates_names_neither_as_its_own(bundled: Timeline) -> None:
    answer = bundled.snapshot().changes("2025-10-15", "2026-02-28", OPENAI)
    assert "everything reported" not in check_html(answer).text
    assert "as of" not in repr(answer)


@pytest.mark.parametrize("form", ["rows", "frame", "arrow", "dicts", "_repr_html_"])
def test_an_answer_is_counted_once_any_form_of_it_was_made(bundled: Timeline, form: str) -> None:
    answer = bundled.snapshot().beliefs("softbank/investment/*", as_of="2025-02-22")
    assert repr(answer) == "<Answer: not fetched yet, as of 2025-02-22>"
    made = getattr(answer, form)
    if callable(made):
        made()
    assert repr(answer) == "<Answer: 2 rows, 27 columns, as of 2025-02-22>"


def test_an_answer_at_hand_is_counted_at_once(bundled: Timeline) -> None:
    snapshot = bundled.snapshot()
    assert repr(snapshot.sql("SELECT 1 AS a, 2 AS b")) == "<Answer: 1 row, 2 columns>"
    assert repr(snapshot.sql("SELECT 1 AS a WHERE false")) == "<Answer: 0 rows, 1 column>"
    assert repr(snapshot.beliefs(OPENAI, "2026-01-15")) == "<Answer: 1 row, 27 columns, as of 2026-01-15>"


def test_a_line_never_runs_a_question() -> None:
    class Broken:
        shape = None

        def fetch(self) -> Rows:
            raise AssertionError("it ran")

        frame = arrow = fetch

    assert repr(Answer(Broken())) == "<Answer: not fetched yet>"  # type: ignore[arg-type]


def test_a_wide_answer_is_cut_and_two_columns_may_have_one_name() -> None:
    names = ["same", "same", *(f"c{n}" for n in range(98))]
    answer = Answer.of(names, ["INTEGER"] * 100, [tuple(range(100))])
    found = check_html(answer)
    assert "1 row, 100 columns; 60 columns not shown." in found.text
    assert "\nc37\n" in found.text
    assert "\nc38\n" not in found.text


def test_a_commit_is_its_number_events_and_digest() -> None:
    commit = Commit(9, 188, 5, 1_772_442_000_250_000, "ab" * 32)
    assert repr(commit) == (
        "<Commit #9: 5 events at positions 188 to 192, "
        "recorded 2026-03-02T09:00:00.250000Z, digest abababab…>"
    )
    assert "ab" * 32 in check_html(commit).text
    assert "1 event at position 188," in repr(replace(commit, count=1))


# A store


def test_a_store_is_its_path_and_what_it_holds(bundled: Timeline) -> None:
    head = bundled.head()
    assert head is not None
    held = f"{head.last_position} events in {head.number} commits, last recorded "
    check_line(bundled, str(bundled.path), held)
    found = check_html(bundled)
    assert held in found.text
    assert f"timeline serve --store {bundled.path}" in found.text
    with Timeline.open(bundled.path, read_only=True) as tl:
        assert repr(tl).endswith(", read-only>")


def test_a_closed_store_says_so_until_it_is_asked_again(copy: Timeline) -> None:
    assert not repr(copy).endswith("closed>")
    copy.close()
    assert repr(copy).endswith(", closed>")
    assert "closed" in check_html(copy).text
    copy.beliefs(OPENAI)
    assert not repr(copy).endswith("closed>")
    copy.close()
    event = {"fact": "acme/ceo", "entity": "ada", "source": "a", "reported": "2025-09"}
    copy.append([event], register_unknown=True)
    assert not repr(copy).endswith("closed>")


def test_an_empty_store_holds_nothing(desk: Timeline) -> None:
    assert repr(desk) == f"<Timeline {desk.path}: no events>"
    assert repr(desk.snapshot()) == f"<Snapshot of {desk.path}: no events>"
    check_html(desk)
    check_html(desk.snapshot())


def test_a_store_that_cannot_be_read_still_has_a_line(copy: Timeline) -> None:
    last = max((copy.path / "log").glob("*.parquet"))
    damaged = Timeline.open(copy.path)
    last.write_bytes(b"nothing")
    assert repr(damaged) == f"<Timeline {copy.path}: its log cannot be read>"
    shutil.rmtree(copy.path)
    for tl in (damaged, copy):
        assert repr(tl) == f"<Timeline {copy.path}: its log cannot be read>"
        assert "its log cannot be read" in check_html(tl).text


def test_a_snapshot_opens_nothing_to_be_shown(copy: Timeline) -> None:
    snapshot = copy.snapshot()
    commit = f"<Snapshot of {copy.path}: everything up to commit #{snapshot.commit}"
    assert repr(snapshot) == f"{commit}>"
    check_html(snapshot)
    assert snapshot._readers.opened is None
    position = snapshot.position
    assert repr(snapshot) == f"{commit}, {position} events>"
    assert f"{position} events" in check_html(snapshot).text


# Whatever is stored


@given(WILD, WILD, WILD, WILD)
@example("<b>", "\x1b[2J", "\u202e", "'\"")
def test_no_text_of_a_report_gets_out_of_its_place(
    fact: str, claim: str, status: str, statement: str
) -> None:
    belief = believed(fact=fact, claim=claim, status=status, statement=statement, source=claim, speaker=fact)
    check_line(belief)
    assert visible(statement) in check_html(belief).text
    row = dict.fromkeys(
        ("key", "locator", "event_type", "target", "void", "reason", "effect", "commit", "evidence_at")
    )
    row |= {name: getattr(belief, name) for name in Belief.__slots__}
    row |= {"reported_from": SINCE, "reported": None, "event_type": "reported"}
    source = {"id": claim, "title": statement, "publisher": fact, "published": None}
    why = Why(fact, ASKED, [row], [row | {"event_id": "cd" * 32}], [row], [], [source], [row])
    check_line(why)
    found = check_html(why)
    assert visible(statement) in found.text
    assert "\x1b" not in str(why)
    answer = Answer.of([fact, claim], ["VARCHAR"] * 2, [(status, statement)] * 21)
    check_line(answer)
    assert "1 row not shown" in check_html(answer).text


def test_values_are_small_however_much_they_hold() -> None:
    long = believed(statement=None, claim="x" * 100_000)
    check_line(long)
    rows = [tuple(["y" * 10_000] * 27)] * 5_000
    answer = Answer.of([f"c{n}" for n in range(27)], ["VARCHAR"] * 27, rows)
    assert len(answer._repr_html_()) < 80_000


def test_paths_and_names_are_escaped_too(tmp_path: Path) -> None:
    odd = tmp_path / "<b>a & 'b'\x1b"
    with Timeline.create(odd) as tl:
        check_line(tl)
        text = check_html(tl).text
        check_html(tl.snapshot())
    assert visible(f"{odd}") in text
    assert isinstance(tl.snapshot(), Snapshot)
