"""No text of a YAML file ends at a comment without an error that shows the whole line."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from timeline.errors import BadInput
from timeline.intake.batch import Batch
from timeline.intake.files import _read


def _batch(content: str) -> Batch:
    return _read("a.yaml", content.encode(), "yaml", False)


def _keys(content: str) -> list[dict[str, object]]:
    batch = _batch(content)
    assert batch.drafts is not None
    assert [str(problem) for problem in batch.problems] == []
    return [draft.keys for draft in batch.drafts]


@pytest.mark.parametrize(
    ("content", "place", "line", "cure"),
    [
        (
            "- fact: acme/rank\n  text: Acme is now #1 in chips\n",
            "a.yaml:2:9: ",
            "text: Acme is now #1 in chips",
            'text: "Acme is now #1 in chips"',
        ),
        ("- text: we are # 1\n", "a.yaml:1:9: ", "- text: we are # 1", 'text: "we are # 1"'),
        ("- text: rose  # 1 of 3\n", "a.yaml:1:9: ", "- text: rose  # 1 of 3", 'text: "rose  # 1 of 3"'),
        ("- text: we are\t#1\n", "a.yaml:1:9: ", "- text: we are\t#1", r'text: "we are\t#1"'),
        ("- {text: now #1, fact: a/b}\n- x\n", "a.yaml:1:10: ", "- {text: now #1, fact: a/b}", '"now #1, '),
        ("- text: one\n    #2\n    three\n", "a.yaml:1:9: ", "#2", 'text: "one #2"'),
        ("- {text: now #1\n  , fact: a/b}\n", "a.yaml:1:10: ", "- {text: now #1", 'text: "now #1"'),
        ("- fact: acme/team #4\n  text: x\n", "a.yaml:1:9: ", "- fact: acme/team #4", '"acme/team #4"'),
        ("- key: x # note\n  text: x\n", "a.yaml:1:8: ", "- key: x # note", 'key: "x # note"'),
        ("- text: #1 in chips\n", "a.yaml:1:8: ", "- text: #1 in chips", 'text: "#1 in chips"'),
        ("- statement: it is\n    #1 in chips\n  text: x\n", "a.yaml:1:14: ", "#1 in chips", '"it is #1 in'),
        ("- statement: it is\n    # 1 in chips\n  text: x\n", "a.yaml:1:14: ", "# 1 in chips", '"it is # 1'),
        ("- text: one\n    two #3\n", "a.yaml:1:9: ", "two #3", 'text: "one two #3"'),
        ("entities:\n- id: x\n  name: Team #1\n", "a.yaml:3:9: ", "name: Team #1", 'name: "Team #1"'),
        ("entities:\n- id: x\n  aliases: [y,\n   z #1\n   ]\n", "a.yaml:4:4: ", "z #1", '"z #1"'),
        ("entities:\n- id: x\n  aliases:\n  - z #1\n", "a.yaml:4:5: ", "- z #1", '"z #1"'),
        ("entities:\n- id: x\n  aliases:\n  - #1\n", "a.yaml:4:4: ", "- #1", '"#1"'),
        ("source: desk #4\nevents: []\n", "a.yaml:1:9: ", "source: desk #4", 'source: "desk #4"'),
        ("source: desk # which\nevents: []\n", "a.yaml:1:9: ", "source: desk # which", '"desk # which"'),
    ],
)
def test_a_comment_that_cuts_a_text_is_an_error(content: str, place: str, line: str, cure: str) -> None:
    try:
        [problem] = _batch(content).problems
    except BadInput as error:
        problem = error
    assert str(problem).startswith(place)
    assert line in problem.message
    assert cure in problem.message


@pytest.mark.parametrize(
    "content",
    [
        "# top\n- fact: a/b\n  text: x\n",
        "- fact: 'a/b' # so\n  text: \"x\" #1\n",
        "- # the first\n  fact: a/b\n  # its text\n  text: x\n# the end\n",
        "- fact: a/b\n  text: x\n\n  # below\n\n# the end\n",
        "- fact: a/b        # aligned\n  text: x\n",
        "- fact: a/b\n  text: x\n  statement:  # nothing yet\n",
        "- {fact: a/b, # the first\n   text: x}\n",
        "- {fact: a/b,\n   text: x\n   # the end\n  }\n",
        "- fact: a/b\n  text: x  \n",
        "events: # all\n- fact: a/b\n  text: >- # folded\n    x\n",
        "events:  ## all\n  - fact: a/b  ## so\n    text: 'x'\n",
    ],
)
def test_other_comments_stay(content: str) -> None:
    assert _keys(content) == [{"fact": "a/b", "text": "x"}]


def test_a_sign_within_a_word_begins_no_comment() -> None:
    assert _keys("- text: C# and a#b, http://x#y\n") == [{"text": "C# and a#b, http://x#y"}]


@pytest.mark.parametrize(
    ("written", "words"),
    [
        (
            "&b and so on",
            "&b is read as an anchor, which nothing refers to; a text that begins so needs quotes",
        ),
        ("! stuff", "! is read as a tag; a text that begins so needs quotes"),
        ("!important stuff", "the tag !important is not supported"),
        ("*b", "*b: no such anchor above"),
    ],
)
def test_what_yaml_takes_off_the_beginning_is_an_error(written: str, words: str) -> None:
    [problem] = _batch(f"- text: {written}\n").problems
    assert problem.message == words


@pytest.mark.parametrize("sign", ["\x85", "\u2028", "\u2029"])
def test_what_ends_a_line_to_yaml_alone_is_refused(sign: str) -> None:
    with pytest.raises(BadInput, match=rf"a\.yaml:2:11: not YAML: U\+{ord(sign):04X} ends a line here"):
        _batch(f'- fact: a/b\n  text: "x{sign}y"\n')
    assert _keys(f'- text: "x\\u{ord(sign):04x}y"\n') == [{"text": f"x{sign}y"}]


#: What begins otherwise than a text without quotes does.
_INDICATED = "'\"[]{}|>%@`,?-&*!#:"


@given(written=st.text("a1 #\t:&*!|>%@'\"-?{}[],é", min_size=1, max_size=16), after=st.booleans())
@example(written="a #1", after=False)
def test_a_text_is_read_whole_or_refused(written: str, after: bool) -> None:
    content = f"- text: {written}\n" + ("  fact: a/b\n" if after else "")
    try:
        batch = _batch(content)
    except BadInput:
        return
    if batch.problems:
        return
    assert batch.drafts is not None
    [draft] = batch.drafts
    if written.strip(" \t")[:1] not in _INDICATED:
        assert draft.keys["text"] == written.strip(" \t")


@given(value=st.text(max_size=20), after=st.text(max_size=8))
def test_what_a_library_writes_is_read_back(value: str, after: str) -> None:
    events = [{"fact": "a/b", "text": value}, {"fact": "c/d", "text": after}]
    content = yaml.safe_dump(events, allow_unicode=True)
    if not {"\x85", "\u2028", "\u2029"}.isdisjoint(content):
        return
    assert [keys["text"] for keys in _keys(content)] == [value, after]
