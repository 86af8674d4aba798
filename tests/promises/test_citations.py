"""A citation lasts: the cited answer is found again to the byte, however much was recorded since."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests import commands
from tests.examples import some, thinned
from timeline import BadInput, Conflict, Corruption, NotFound, Timeline
from timeline.citations import Citation, read_line
from timeline.web.asked import address_of

SOURCES: Final = "sources:\n" + "".join(
    f"  - {{id: s{number}, origin: o{number}, published: 2024-12-0{number + 1}}}\n" for number in range(6)
)


def report(number: int, fact: str, reported: str, **claim: str) -> dict[str, Any]:
    return {"key": f"k{number}", "fact": fact, "source": f"s{number % 6}", "reported": reported, **claim}


EVENTS: Final = [
    report(0, "acme/staff", "2024-01-10", claim="120"),
    report(1, "acme/staff", "2024-02-10", claim="150"),
    report(2, "acme/ceo", "2024-03-10", text="ann"),
    report(3, "acme/revenue@2023", "2024-03-12", claim="5 billion USD"),
    report(4, "acme/revenue@2023", "2024-04-12", claim="9 billion USD"),
    report(5, "beta/ceo", "2024-05-12", text="bob"),
    {"type": "corrected", "key": "c1", "target": "k1", "claim": "155", "reason": "a slip"},
]
#: What comes later: of earlier dates and of later ones, and what mends what was cited.
LATER: Final = [
    report(10, "acme/staff", "2024-02-12", claim="900"),
    report(11, "acme/ceo", "2024-06-10", text="eve"),
    report(12, "acme/revenue@2023", "2024-04-13", claim="7 billion USD"),
    report(13, "gamma/ceo", "2024-01-01", text="new"),
    {"type": "corrected", "key": "c2", "target": "k2", "text": "anna", "reason": "a slip"},
    {"type": "retracted", "key": "r1", "target": "k4", "reported": "2024-04-20", "source": "s4"},
]
SQL: Final = "SELECT subject, count(*) AS n, max(reported_at) AS last FROM events GROUP BY ALL"
QUERY: Final = (
    "-- Beliefs about a subject.\n-- $subject: whose\n"
    "SELECT fact, claim FROM beliefs WHERE subject = $subject"
)

#: Questions, and their dates.
QUESTIONS: Final[list[tuple[str, dict[str, Any]]]] = [
    ("show acme/staff", {"as_of": "2024-02-20"}),
    ("show", {"as_of": "2024-04-30", "policy": "by-origin"}),
    ("show 'acme/*'", {}),
    ("history acme/staff", {"as_of": "2024-12-31"}),
    ("why acme/revenue@2023", {"as_of": "2024-04-30"}),
    ("diff 2024-02-01 2024-05-31", {}),
    ("diff 2024-05-31 2024-02-01 'acme/*'", {"policy": "first"}),
    ("disagreements", {"as_of": "2024-05-31", "within": None}),
    ("query of-subject subject=acme", {"as_of": "2024-03-31"}),
    ("show nobody/ceo", {"as_of": "2020-01-01"}),
    (SQL, {}),
    ("SELECT fact, claim FROM beliefs FOR REPORTED_TIME AS OF DATE '2024-03-31'", {"as_of": "2024-03-31"}),
    ("show acme/ceo", {"as_of": "2024-06-30", "basis": "possible"}),
    ("show acme/staff", {"recorded_as_of": "#2"}),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cited") / "desk"
    for name in ("events", "queries"):
        (folder / name).mkdir(parents=True)
    (folder / "timeline.toml").write_text('[project]\nname = "desk"\n')
    (folder / "queries" / "of-subject.sql").write_text(QUERY)
    with Timeline.create(folder / ".timeline") as tl:
        (folder / "events" / "sources.yaml").write_text(SOURCES)
        tl.ingest(folder / "events", register_unknown=True)
        tl.append(EVENTS[:3], register_unknown=True)
        tl.append([*EVENTS[3:], report(6, "nobody/ceo", "2024-05-01", text="x")], register_unknown=True)
        tl.rebuild()
    return folder


@pytest.fixture(scope="module")
def cited(made: Path) -> list[Citation]:
    with Timeline.open(made) as tl:
        return [tl.cite(question, **dates) for question, dates in QUESTIONS]


@pytest.fixture(scope="module")
def grown(made: Path, cited: list[Citation], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same store with more in it."""
    folder = Path(shutil.copytree(made, tmp_path_factory.mktemp("grown") / "desk"))
    with Timeline.open(folder) as tl:
        for event in LATER:
            tl.append([event], register_unknown=True)
    return folder


@pytest.mark.parametrize("number", some(range(len(QUESTIONS)), 3))
def test_the_answer_is_the_same_in_a_store_that_grew(number: int, cited: list[Citation], grown: Path) -> None:
    question, dates = QUESTIONS[number]
    citation = cited[number]
    assert citation.line.isascii()
    assert not set(citation.line) & set(" \n\"'<>")
    with Timeline.open(grown) as tl:
        # What was recorded since would change the answer, where it has no date on the recorded axis.
        found = tl.check_citation(citation.line, certify=number in thinned(range(len(QUESTIONS))))
        assert found.citation == citation
        assert found.grown == tl.snapshot().position - citation.position
        assert found.erased == []
        text = "".join(f"{line}\n" for line in found.lines)
        assert hashlib.sha256(text.encode()).hexdigest() == citation.answer
        assert len(found.lines) == citation.rows or question.startswith("why")
        if found.certified:
            reported = ("as_of" in dates or question.startswith("diff")) and dates.get("basis") != "possible"
            assert found.certified == (("reported", "recorded") if reported else ("recorded",))


def test_most_of_these_answers_would_have_changed(cited: list[Citation], grown: Path) -> None:
    with Timeline.open(grown) as tl:
        now = [tl.cite(question, **dates) for question, dates in QUESTIONS]
    changed = [old.question for old, new in zip(cited, now, strict=True) if old.answer != new.answer]
    assert len(changed) >= 8, changed


def test_the_digest_is_that_of_the_lines_that_commands_print(cited: list[Citation], grown: Path) -> None:
    citation = cited[0]
    dates = ["--as-of", "2024-02-20", "--recorded-as-of", citation.recorded_as_of]
    shown = commands.run(grown, ["show", "acme/staff", *dates, "--format", "jsonl"])
    assert hashlib.sha256(shown.out.encode()).hexdigest() == citation.answer
    checked = commands.run(grown, ["cite", "--check", citation.line, "--quick"])
    assert (checked.code, checked.out) == (0, shown.out)


def test_the_link_asks_the_same(cited: list[Citation], grown: Path) -> None:
    paths = set()
    with Timeline.open(grown) as tl:
        for citation in cited:
            assert read_line(f"https://desk.example{citation.link}") == citation
            link = urlsplit(citation.view)
            paths.add(link.path)
            items = [pair for pair in parse_qsl(link.query) if pair[0] != "sql"]
            dates = address_of(items).resolved(tl.snapshot())
            asked = tl.snapshot().dates(citation.as_of, citation.recorded_as_of, citation.valid_at)
            assert dates.recorded_as_of == asked.recorded_as_of
            if not citation.question.startswith("diff"):
                assert dates.as_of == asked.as_of
            assert (dates.policy, dates.basis) == (citation.policy, citation.basis)
    assert paths == {"/", "/fact/acme/staff", "/fact/acme/ceo", "/fact/acme/revenue@2023", "/disagreements",
                     "/ask", "/fact/nobody/ceo"}  # fmt: skip


# Lines that were pasted, and lines that were changed


PASTED: Final[dict[str, Callable[[str], str]]] = {
    "spaces": lambda line: f"  {line}\n",
    "a full stop": lambda line: f"{line}.",
    "brackets": lambda line: f"<{line}>",
    "quotes": lambda line: f"“{line}”,",
    "HTML": lambda line: line.replace("&", "&amp;"),
    "wrapped": lambda line: "\n".join(line[at : at + 60] for at in range(0, len(line), 60)),
    "indented": lambda line: line.replace("&", "&\r\n    "),
}


@pytest.mark.parametrize("paste", PASTED.values(), ids=PASTED)
def test_a_line_survives_being_pasted(cited: list[Citation], paste: Callable[[str], str]) -> None:
    for citation in cited:
        assert read_line(paste(citation.line)) == citation


def test_a_line_in_which_any_sign_is_changed_is_refused(cited: list[Citation]) -> None:
    line = cited[0].line
    for at in range(len(line)):
        for other in ("x", "0", "%", "&", ""):
            changed = line[:at] + other + line[at + 1 :]
            if changed == line:
                continue
            with pytest.raises((BadInput, Corruption)):
                read_line(changed)


CHANGES: Final[list[tuple[dict[str, Any], str]]] = [
    ({"question": "show acme/ceo"}, "the answer is not the one that was cited"),
    ({"as_of": "2024-01-20T23:59:59.999999Z"}, "the answer is not the one that was cited"),
    ({"policy": "first"}, "the answer is not the one that was cited"),
    ({"rows": 2}, "the answer is not the one that was cited"),
    ({"answer": "0" * 64}, "the answer is not the one that was cited"),
    ({"position": 3}, "the citation has position=3, expected"),
    ({"recorded_as_of": "2024-01-01T00:00:00Z"}, "the citation has recorded_as_of=2024-01-01"),
    ({"digest": "0" * 64}, "no commit of .* has the digest 0000"),
    ({"basis": "sure"}, "no such basis"),
    ({"within": "x", "question": "disagreements"}, "the citation has within='x'"),
    ({"question": "forget it"}, "'forget' begins no question that can be cited"),
    ({"question": "show 'acme"}, "cannot be read as a question"),
    ({"question": "query nowhere"}, "no query is called 'nowhere'"),
]


@pytest.mark.parametrize(("changes", "words"), CHANGES)
def test_a_line_that_was_changed_with_its_sum_says_what_differs(
    cited: list[Citation], grown: Path, changes: dict[str, Any], words: str
) -> None:
    with (
        Timeline.open(grown) as tl,
        pytest.raises((BadInput, Corruption, NotFound), match=words),
    ):
        tl.check_citation(replace(cited[0], **changes).line, certify=False)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "expected a line that begins with"),
        ("https://example.org", "expected a line that begins with"),
        ("timeline-cite:2?q=show", "version 2 of citations"),
        ("timeline-cite:1?q=show&q=show&sum=0", "is there twice"),
        ("timeline-cite:1?nothing=1&sum=0", "has no meaning there"),
        ("timeline-cite:1?q=%ff&sum=0", "not UTF-8"),
        # As a command has arguments that are no UTF-8.
        ("timeline-cite:1?q=\udcff&sum=0", "ASCII alone"),
        ("timeline-cite:1?q=show&sum=0", "has no recorded_as_of"),
    ],
)
def test_what_is_no_citation_is_bad_input(line: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        read_line(line)


@pytest.mark.parametrize("seed", range(5))
def test_anything_after_the_prefix_is_refused(seed: int) -> None:
    drawn = random.Random(seed)
    for _ in range(200):
        text = "".join(drawn.choices("q=&%0fshow+position digest\n\0é", k=drawn.randrange(40)))
        with pytest.raises((BadInput, Corruption)):
            read_line(f"timeline-cite:1?{text}")


# What cannot be cited, or no longer holds


def test_what_has_another_answer_each_time_is_not_cited(made: Path) -> None:
    with Timeline.open(made) as tl:
        for query in (
            "SELECT now()",
            "FROM beliefs WHERE reported_at < current_date",
            "SELECT random() AS r",
            # In a string of another form the quotes do not end where they seem to.
            "SELECT e'\\'', now(), '1'",
            "SELECT $a$'$a$ AS a, today() AS b, $$'$$ AS c",
            "FROM events USING SAMPLE 3",
            "FROM events TABLESAMPLE 10%",
            "SELECT current_localtimestamp()",
            "SELECT ago(INTERVAL 1 DAY)",
            "SELECT current_setting('threads')",
            "SELECT version()",
            "SELECT count(*) FROM duckdb_tables()",
            "SELECT table_name FROM information_schema.tables",
            "FROM query('SELECT now()')",
            "FROM beliefs FOR REPORTED_TIME AS OF NOW",
        ):
            with pytest.raises(BadInput, match="another answer each time"):
                tl.cite(query)
        assert tl.cite("SELECT 'now' AS word -- today").rows == 1
        assert (
            tl.cite("SELECT /* now() */ e'it\\'s now()' AS sample, 1 AS version, pg_typeof(1) AS p").rows == 1
        )
        for question in ("", "show a b", "history", "diff 2024", "query", "shw acme/ceo", "diff 2024 x"):
            with pytest.raises(BadInput):
                tl.cite(question)
        with pytest.raises(BadInput, match="two dates of its own"):
            tl.cite("diff 2024 2025", as_of="2024")
        with pytest.raises(NotFound, match="did you mean 'acme/staff'"):
            tl.cite("show acme/staf")
        with pytest.raises(NotFound, match="nothing was recorded by"):
            tl.cite("show", recorded_as_of="2001-01-01")
        with Timeline.open(made, sealed_as_of="2024-03-01") as sealed:
            for refused in (lambda: sealed.cite("show"), lambda: sealed.prove("k0")):
                with pytest.raises(BadInput, match="sealed as of 2024-03-01"):
                    refused()
    with Timeline.create(made.parent / "empty") as tl, pytest.raises(NotFound, match="nothing is recorded"):
        tl.cite("show")


def test_a_line_says_nothing_that_its_question_does_not_ask_with(made: Path) -> None:
    with Timeline.open(made) as tl:
        cited = tl.cite("show")
        for line in (replace(cited, within="5").line, replace(cited, query="0" * 64).line):
            with pytest.raises(BadInput, match="which show does not ask with"):
                tl.check_citation(line, certify=False)


def test_the_later_of_two_instants_is_not_the_later_text(made: Path) -> None:
    with Timeline.open(made) as tl:
        second = "2024-05-31T23:59:59Z"
        for dates in (("2024-05-31", second), (second, "2024-05-31"), (second, "2024-03-01")):
            line = tl.cite(["diff", *dates]).line
            assert tl.check_citation(line).certified == ("reported", "recorded")


def test_sql_that_looks_past_its_date_is_not_certified(made: Path) -> None:
    with Timeline.open(made) as tl:
        line = tl.cite(SQL, as_of="2024-02-28").line
        assert tl.check_citation(line, certify=False).certified == ()
        with pytest.raises(Conflict, match="rests on what was reported or recorded after 2024-02-28"):
            tl.check_citation(line)
        later = "SELECT fact FROM beliefs FOR REPORTED_TIME AS OF DATE '2024-05-31'"
        with pytest.raises(Conflict, match="rests on what was reported"):
            tl.check_citation(tl.cite(later, as_of="2024-02-28").line)


def test_a_query_that_was_changed_since_is_named(made: Path, tmp_path: Path) -> None:
    project = Path(shutil.copytree(made, tmp_path / "desk"))
    with Timeline.open(project) as tl:
        line = tl.cite(["query", "of-subject", "subject=acme"]).line
        assert tl.check_citation(line, certify=False).lines
        (project / "queries" / "of-subject.sql").write_text(f"{QUERY} -- changed")
        with pytest.raises(Conflict, match="'of-subject' was changed since it was cited"):
            tl.check_citation(line)


def test_an_erasure_that_touched_an_answer_is_named(made: Path, tmp_path: Path) -> None:
    project = Path(shutil.copytree(made, tmp_path / "desk"))
    with Timeline.open(project) as tl:
        touched, untouched = tl.cite("show acme/revenue@2023").line, tl.cite("show beta/ceo").line
        erased = tl.snapshot().event_id("k4")
        tl.erase("k4", reason="asked for")
        with pytest.raises(Conflict, match=rf"touched by an erasure.*{erased} \(asked for\)") as raised:
            tl.check_citation(touched, certify=False)
        assert "1 of its rows say so" in str(raised.value)
        found = tl.check_citation(untouched)
        assert found.erased == [erased]
        assert found.certified == ("recorded",)
        # What is cited after the erasure holds.
        assert tl.check_citation(tl.cite("show acme/revenue@2023").line).erased == []
    done = commands.run(project, ["cite", "--check", untouched, "--quick"])
    assert "1 event erased since; none is in this answer" in done.err
    assert commands.run(project, ["cite", "--check", touched, "--quick"]).code == 3


def test_a_store_that_lost_what_was_cited_is_corruption(
    cited: list[Citation], made: Path, tmp_path: Path
) -> None:
    project = Path(shutil.copytree(made, tmp_path / "desk"))
    shutil.rmtree(project / ".timeline" / "index")
    max((project / ".timeline" / "log").glob("*.parquet")).unlink()
    done = commands.run(project, ["cite", "--check", cited[0].line])
    assert (done.code, cited[0].digest in done.err) == (4, True)


def test_the_command_cites_and_checks(made: Path) -> None:
    def run(*words: str) -> commands.Done:
        return commands.run(made, words)

    made_line = run("cite", "show", "acme/staff", "--as-of", "2024-02-20")
    assert made_line.code == 0
    assert made_line.out.count("\n") == 1
    assert "/fact/acme/staff?as_of=2024-02-20&" in made_line.err
    assert f"/cite?{made_line.out.strip().partition('?')[2]}" in made_line.err
    as_json = json.loads(run("cite", "--json", "show", "acme/staff", "--as-of", "2024-02-20").out)
    assert as_json["citation"] == made_line.out.strip()
    checked = run("cite", "--check", made_line.out)
    assert checked.code == 0
    assert json.loads(checked.out)["claim"] == "155"
    assert "No event reported after its date took part" in checked.err
    verdict = json.loads(run("cite", "--check", made_line.out, "--json", "--quick").out)
    assert verdict["certified"] == []
    assert run("cite", "--check", made_line.out.replace("acme", "beta")).code == 4
    assert run("cite", "query", "of-subject", "-p", "subject=acme").code == 0
    assert run("cite", "disagreements", "--within", "any").code == 0
    for words in (
        [],
        ["--quick", "show"],
        ["show", "--within", "3"],
        ["disagreements", "--within", "x"],
        ["--check", made_line.out, "show"],
        ["--check", made_line.out, "--as-of", "2024"],
        ["--check", "nothing"],
    ):
        assert run("cite", *words).code == 2, words
