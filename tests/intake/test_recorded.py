"""What is typed is added to the text of a YAML file, and read back as what it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.examples import costly
from timeline.errors import BadInput
from timeline.intake.documents import YamlReader, document
from timeline.intake.recorded import RecordedFile, entry_of, with_entries

EVENT = {"fact": "acme/ceo", "text": "Ann: #1", "inferred": True, "source": "s"}
WRITTEN = '- fact: acme/ceo\n  text: "Ann: #1"\n  source: s\n  inferred: true\n'
OTHER = "- fact: a/b\n  text: x\n"


def read(content: str) -> list[dict[str, object]]:
    batch = document("a.yaml", YamlReader("a.yaml").read(content), False)
    assert batch.problems == []
    assert batch.drafts is not None
    return [draft.keys for draft in batch.drafts]


@given(
    event=st.dictionaries(
        st.sampled_from(["text", "statement", "reason", "key", "source"]),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
        | st.text("# :-'\"\n\\&*!|>%@`{}[],?~", max_size=6),
        min_size=1,
    )
)
@example(event={"text": "null"})
@example(event={"text": "x\x85y\u2028z\ufeff"})
def test_any_text_is_read_back(event: dict[str, str]) -> None:
    assert read(entry_of(event)) == [event]


@given(texts=st.lists(st.text("ab#: \n", max_size=6), max_size=5))
def test_events_come_behind_each_other_once(texts: list[str]) -> None:
    content = ""
    for text in [*texts, *texts]:
        content = with_entries("a.yaml", content, [{"fact": "a/b", "text": text}])
    assert [keys["text"] for keys in read(content)] == list(dict.fromkeys(texts))


@pytest.mark.parametrize(
    ("before", "added"),
    [
        (OTHER, f"\n{WRITTEN}"),
        (f"# one\n\n{OTHER}# the end\n", f"\n{WRITTEN}"),
        (OTHER.rstrip(), f"\n\n{WRITTEN}"),
        ("# nothing yet\n", f"\n{WRITTEN}"),
        (
            "events:\n  - {fact: a/b, text: x}\n",
            "\n" + "".join(f"  {line}\n" for line in WRITTEN.splitlines()),
        ),
        ("entities: [{id: a}]\nevents:\n- {fact: a/b, text: x}\n", f"\n{WRITTEN}"),
        ("  - fact: a/b\n    text: x\n", "\n" + "".join(f"  {line}\n" for line in WRITTEN.splitlines())),
        (f"---\n{OTHER}", f"\n{WRITTEN}"),
        (OTHER.replace("\n", "\r\n"), f"\n{WRITTEN}".replace("\n", "\r\n")),
    ],
)
def test_what_is_there_stays(before: str, added: str) -> None:
    after = with_entries("a.yaml", before, [EVENT])
    assert after == before + added
    assert read(after) == [*read(before), EVENT | {"inferred": "true"}]
    assert with_entries("a.yaml", after, [EVENT]) == after


@pytest.mark.parametrize(
    "content",
    [
        "[]\n",
        "origin: o\nevents:\n- fact: a/b\n  text: x\n",
        "events:\n- fact: a/b\n  text: x\nsources:\n- id: s\n",
        "- fact: a/b\n  text: |+\n    x\n\n",
        f"{OTHER}...\n",
    ],
)
def test_a_file_of_another_layout_is_left_alone(content: str) -> None:
    with pytest.raises(
        BadInput, match=r"^a\.yaml: an event cannot be added to it; expected a list of events"
    ):
        with_entries("a.yaml", content, [EVENT])


@pytest.mark.parametrize(
    "content", ["events: [\n", "evnts: []\n", "events:\n- {fact: a/b, text: x, mood: glad}\n"]
)
def test_a_file_that_cannot_be_read_is_left_alone(content: str) -> None:
    with pytest.raises(BadInput, match=r"^a\.yaml:\d"):
        with_entries("a.yaml", content, [EVENT])


@costly()
@given(
    before=st.none()
    | st.just(b"")
    | st.just(b"\xef\xbb\xbf- {fact: a/b, text: x}\n")
    | st.just(OTHER.encode())
)
def test_it_can_be_put_back(before: bytes | None, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("project")
    path = folder / "events" / "recorded.yaml"
    if before is not None:
        path.parent.mkdir()
        path.write_bytes(before)
    file = RecordedFile(path)
    file.add([EVENT])
    file.add([EVENT, EVENT | {"text": "y"}])
    assert path.read_bytes().startswith(before or b"# ")
    file.put_back()
    assert (path.read_bytes() if path.exists() else None) == before


def test_what_somebody_else_wrote_meanwhile_is_not_put_back(tmp_path: Path) -> None:
    path = tmp_path / "recorded.yaml"
    file = RecordedFile(path)
    file.add([EVENT])
    path.write_text(OTHER)
    file.put_back()
    assert path.read_text() == OTHER


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "recorded.yaml").mkdir()
    with pytest.raises(BadInput, match=r"recorded\.yaml: is a folder, expected a file"):
        RecordedFile(tmp_path / "recorded.yaml").add([EVENT])
