"""What a folder holds is read or named, and read in an order in which every target comes first."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.commands import run
from tests.examples import costly
from timeline import BadInput, Timeline
from timeline.intake.batch import FORMATS
from timeline.intake.files import read_batches
from timeline.intake.folders import list_folder

EVENT = "- {fact: a/b, text: x, source: s, reported: 2024}\n"


def put(folder: Path, name: str, content: str = EVENT) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


def names(folder: Path) -> list[str]:
    return [os.path.relpath(batch.name, folder) for batch in read_batches(folder)]


def test_subfolders_are_read_in_name_order(tmp_path: Path) -> None:
    for name in ("b/c.yaml", "b/a/z.yaml", "b.yaml", "a/9.yaml", "c.jsonl/x.yaml", "a/10.yaml"):
        put(tmp_path, name)
    put(tmp_path, "z/sources.yaml", "sources: [{id: s}]\n")
    assert names(tmp_path) == [
        *("z/sources.yaml", "a/10.yaml", "a/9.yaml", "b/a/z.yaml", "b/c.yaml", "b.yaml", "c.jsonl/x.yaml"),
    ]


def test_what_is_passed_over_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "events"
    put(folder, "a.yaml")
    for name in ("README.md", "old.yaml~", "LICENSE", ".hidden.yaml", ".drafts/a.yaml", "sub/notes.txt"):
        put(folder, name)
    put(folder, ".gitkeep", "")
    put(folder, "other/timeline.toml", "")
    put(folder, "other/events/a.yaml")
    (folder / "round").symlink_to(folder)
    (folder / "sub" / "up").symlink_to("..")
    (folder / "linked.yaml").symlink_to("a.yaml")
    with Timeline.create(folder / "store") as tl:
        result = tl.ingest(folder, register_unknown=True)
    assert result.passed_over == [
        f"{folder}/.drafts: a hidden folder",
        f"{folder}/.hidden.yaml: a hidden file",
        f"{folder}/LICENSE: it has no suffix",
        f"{folder}/README.md: no format has the suffix '.md'",
        f"{folder}/old.yaml~: no format has the suffix '.yaml~'",
        f"{folder}/other: a project of its own, with a timeline.toml",
        f"{folder}/round: a link to a folder, which is not followed",
        f"{folder}/store: the store",
        f"{folder}/sub/notes.txt: no format has the suffix '.txt'",
        f"{folder}/sub/up: a link to a folder, which is not followed",
    ]
    assert (result.new, result.known) == (1, 1)


@costly()
@given(data=st.data())
def test_every_file_is_read_or_named(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("folder")
    parts = st.sampled_from(["a", "b", "C", ".h", "ü"])
    suffixes = st.sampled_from([*FORMATS, "", ".txt", ".YAML", ".yaml~", ".bak"])
    paths = st.tuples(st.lists(parts, max_size=3), parts, suffixes)
    for above, stem, suffix in data.draw(st.lists(paths, max_size=12)):
        path = folder.joinpath(*above, f"{stem}{suffix}")
        if not any(each.is_file() for each in (path, *path.parents)) and not path.exists():
            put(path.parent, path.name)
    listed = list_folder(folder)
    named = {line.partition(": ")[0] for line in listed.passed_over}
    for path in folder.rglob("*"):
        if path.is_file():
            is_named = not named.isdisjoint(map(str, (path, *path.parents)))
            silent = path.name.startswith(".") and path.suffix.lower() not in FORMATS
            assert (path in listed.paths) + is_named == (is_named or not silent)


def test_a_command_names_what_it_passes_over(tmp_path: Path) -> None:
    put(tmp_path, "timeline.toml", "[project]\n")
    put(tmp_path, "events/sub/a.yaml")
    put(tmp_path, "events/README.md", "")
    done = run(tmp_path, ["ingest", "--register-unknown"])
    assert done.code == 0
    assert done.err.splitlines() == [
        "passed over events/README.md: no format has the suffix '.md'",
        "1 new event in commit #1, 3 registered",
    ]
    assert run(tmp_path, ["show", "--format", "csv"]).out.count("\n") == 2


def test_a_folder_of_folders_that_hold_nothing(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    with pytest.raises(BadInput, match="holds no file to ingest"):
        read_batches(tmp_path)


def test_what_amends_another_file_comes_behind_it(tmp_path: Path) -> None:
    put(tmp_path, "1.yaml", "- {type: retracted, target: c, reported: 2024}\n")
    put(tmp_path, "2.yaml", "- {type: corrected, key: c, target: r, text: y}\n")
    put(tmp_path, "3.yaml", EVENT)
    put(tmp_path, "4.csv", "key,fact,text,source,reported\nr,a/b,z,s,2023\n")
    put(
        tmp_path, "5.yaml", "- {type: retracted, target: b, reported: 2024}\n- {key: a, fact: a/b, text: x}\n"
    )
    put(
        tmp_path, "6.yaml", "- {type: retracted, target: a, reported: 2024}\n- {key: b, fact: a/b, text: x}\n"
    )
    assert names(tmp_path) == ["4.csv", "2.yaml", "1.yaml", "3.yaml", "6.yaml", "5.yaml"]


def test_what_the_commands_wrote_comes_last_and_its_names_first(tmp_path: Path) -> None:
    put(
        tmp_path,
        "recorded.yaml",
        "- {type: entity-described, id: a}\n- {type: corrected, target: k, text: y}\n",
    )
    put(tmp_path, "entities.yaml", "entities: [{id: a, name: Acme}]\n")
    put(tmp_path, "z.yaml", "- {key: k, fact: a/b, text: x}\n")
    assert names(tmp_path) == ["recorded.yaml", "entities.yaml", "z.yaml", "recorded.yaml"]
    batches = read_batches(tmp_path)
    assert [[draft.keys.get("type") for draft in batch.drafts or ()] for batch in batches] == [
        *(["entity-described"], ["entity-described"], [None], ["corrected"]),
    ]
