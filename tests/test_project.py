"""What a timeline.toml may say, and where its paths may lead."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from timeline import BadInput, Timeline
from timeline.cli.app import run
from timeline.meaning.habits import Habits
from timeline.project import TRUSTED, find_store, project_folder, project_settings

KEYS = ("store", "events", "queries")


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIMELINE_STORE", raising=False)
    monkeypatch.delenv(TRUSTED, raising=False)


@pytest.fixture
def clone(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project that somebody else made, beside a folder that does not belong to it."""
    (project.parent / "outside").mkdir()
    monkeypatch.chdir(project)
    return project


def settings(project: Path, text: str) -> None:
    (project / "timeline.toml").write_text(text, encoding="utf-8")


def command(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["timeline", *arguments])
    return run()


class TestLeadingOutside:
    @pytest.mark.parametrize("key", KEYS)
    @pytest.mark.parametrize(
        "path",
        ["{outside}", "../outside", "../outside/deep/er", "events/../../outside", "link", "link/in/it"],
    )
    def test_it_is_refused(self, clone: Path, key: str, path: str) -> None:
        outside = clone.parent / "outside"
        (clone / "link").symlink_to("../outside")
        settings(clone, f'[project]\n{key} = "{path.format(outside=outside)}"\n')
        with pytest.raises(BadInput) as error:
            project_folder(clone, key)
        words = str(error.value)
        assert words.startswith(f"{clone / 'timeline.toml'}: [project] {key} = ")
        assert f"leads out of the project, to {outside}" in words
        assert f"{TRUSTED}={clone}" in words

    @pytest.mark.parametrize("key", KEYS)
    def test_so_is_a_link_in_the_place_of_a_default(self, clone: Path, key: str) -> None:
        settings(clone, "[project]\n")
        place = project_folder(clone, key)
        shutil.rmtree(place, ignore_errors=True)
        place.symlink_to(clone.parent / "outside")
        with pytest.raises(BadInput, match=f"{key} = '{place.name}' leads out of the project"):
            project_folder(clone, key)

    @pytest.mark.parametrize("part", ["log", "index"])
    def test_so_is_a_store_that_keeps_a_part_elsewhere(self, clone: Path, part: str) -> None:
        (clone / ".timeline").mkdir()
        (clone / ".timeline" / part).symlink_to(clone.parent / "outside")
        with pytest.raises(BadInput, match=rf"\(its {part}\) leads out of the project"):
            find_store()

    def test_a_link_that_leads_to_itself(self, clone: Path) -> None:
        (clone / ".timeline").symlink_to(".timeline")
        with pytest.raises(BadInput, match=r"\[project\] store = '.timeline' cannot be followed"):
            find_store()

    @pytest.mark.parametrize("path", ["deep/store", "./a/../store", ".", "link"])
    def test_inside_it_is_taken(self, clone: Path, path: str) -> None:
        (clone / "link").symlink_to("events")
        settings(clone, f'[project]\nstore = "{path}"\n')
        assert find_store() == clone / path

    def test_a_project_that_is_found_through_a_link(self, clone: Path) -> None:
        link = clone.parent / "outside" / "link"
        link.symlink_to(clone)
        assert find_store(link) == link / ".timeline"

    @pytest.mark.parametrize("key", KEYS)
    def test_its_owner_may_trust_it(self, clone: Path, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
        settings(clone, f'[project]\n{key} = "../outside"\n')
        for others in ("", "1", str(clone.parent), str(clone / "events"), os.pathsep):
            monkeypatch.setenv(TRUSTED, others)
            with pytest.raises(BadInput, match="leads out of the project"):
                project_folder(clone, key)
        for given in (str(clone), f"/nowhere{os.pathsep}{clone}/", f"{clone}{os.pathsep}"):
            monkeypatch.setenv(TRUSTED, given)
            assert project_folder(clone, key) == clone / "../outside"

    def test_it_cannot_trust_itself(self, clone: Path) -> None:
        for given in (f'{TRUSTED} = "{clone}"', "trusted = true"):
            settings(clone, f'[project]\nevents = "../outside"\n{given}\n')
            with pytest.raises(BadInput, match=r"timeline\.toml:3: \[project\] has an unknown key"):
                project_folder(clone, "events")

    def test_a_store_that_is_named_is_taken(self, clone: Path) -> None:
        outside = clone.parent / "outside" / "store"
        Timeline.create(outside).close()
        settings(clone, '[project]\nstore = "../outside/store"\n')
        assert find_store(outside) == outside

    def test_no_command_touches_what_is_outside(
        self, clone: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (clone.parent / "outside" / "a.sql").write_text("-- A.\nSELECT 1 AS a")
        settings(clone, '[project]\nstore = "../outside/s"\nevents = "../outside"\nqueries = "../outside"\n')
        for arguments in (
            ["show"],
            ["sql", "SELECT 1"],
            ["query"],
            ["query", "a"],
            ["ingest"],
            ["ingest", "events"],
            ["head"],
            ["stats"],
            ["rebuild"],
            ["report", "nvidia/ceo", "--entity", "jensen-huang", "--source", "a"],
        ):
            assert command(monkeypatch, *arguments) == 2, arguments
            printed = capsys.readouterr()
            assert "timeline.toml: [project]" in printed.err, arguments
            assert printed.out == ""
        assert [path.name for path in (clone.parent / "outside").iterdir()] == ["a.sql"]
        monkeypatch.setenv(TRUSTED, str(clone))
        settings(clone, '[project]\nqueries = "../outside"\n')
        assert command(monkeypatch, "query", "a", "--format", "csv") == 0
        assert capsys.readouterr().out == "a\n1\n"


class TestWrongSettings:
    @pytest.mark.parametrize("key", KEYS)
    @pytest.mark.parametrize(
        "value", ["3", "true", '["a"]', "{a = 1}", "2024-01-01", '""', '" "', '"a\\u0000b"']
    )
    def test_a_path_is_a_text(self, clone: Path, key: str, value: str) -> None:
        settings(clone, f"[project]\n{key} = {value}\n")
        with pytest.raises(BadInput) as error:
            project_folder(clone, key)
        words = str(error.value)
        assert words.startswith(f"{clone / 'timeline.toml'}: [project] {key} is ")
        assert words.endswith("expected the path of a folder, as text")

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ('[project]\nstor = "x"\n', "2: [project] has an unknown key 'stor'; did you mean 'store'?"),
            ("project.qeries = 'q'\n", "1: [project] has an unknown key 'qeries'; did you mean 'queries'?"),
            ('\n[projct]\nstore="x"\n', "2: unknown table or key 'projct'; did you mean 'project'?"),
            (
                'store = "x"\n[project]\n',
                "1: the key 'store' is in no table; it belongs below the line [project]",
            ),
            ("[project]\n[tool.x]\ny = 1\n", "2: unknown table or key 'tool'; expected the table [project]"),
            ("[project]\n'a b' = 1\n", "2: [project] has an unknown key 'a b'; expected one of name, store"),
        ],
    )
    def test_an_unknown_key_is_an_error_with_the_nearest(
        self,
        clone: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        text: str,
        words: str,
    ) -> None:
        settings(clone, text)
        for arguments in (["show"], ["ingest"], ["query"], ["head"]):
            assert command(monkeypatch, *arguments) == 2
            assert f"timeline.toml:{words}" in capsys.readouterr().err

    @pytest.mark.parametrize("text", ["project = 1", 'project = "a"', "[[project]]\nstore = 'a'"])
    def test_project_is_a_table(self, clone: Path, text: str) -> None:
        settings(clone, text)
        with pytest.raises(BadInput, match=r"timeline\.toml: project is .*; expected a table"):
            find_store()

    @pytest.mark.parametrize(
        "content", [b"[project", b"store: a", b"\xff\xfe", b"[project]\nstore = 'a'\nstore = 'b'"]
    )
    def test_it_is_toml(
        self,
        clone: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        content: bytes,
    ) -> None:
        (clone / "timeline.toml").write_bytes(content)
        for arguments in (["show"], ["query"], ["ingest"]):
            assert command(monkeypatch, *arguments) == 2
            assert re.search(r"timeline\.toml(:\d+)?: not (TOML: |UTF-8; )", capsys.readouterr().err)

    def test_it_can_be_read(self, clone: Path) -> None:
        missing = clone / "nowhere"
        with pytest.raises(BadInput, match=r"nowhere/timeline\.toml: cannot be read: No such file"):
            project_settings(missing)

    @pytest.mark.parametrize("value", ["3", "[]"])
    def test_a_command_says_so(
        self, clone: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], value: str
    ) -> None:
        settings(clone, f"[project]\nstore = {value}\n")
        assert command(monkeypatch, "show") == 2
        assert "timeline.toml: [project] store is " in capsys.readouterr().err

    def test_no_setting_is_the_default(self, clone: Path) -> None:
        for text in ("", "[project]\n", "# nothing\n"):
            settings(clone, text)
            assert [project_folder(clone, key).name for key in KEYS] == [".timeline", "events", "queries"]


class TestHabits:
    """How texts are to be read: numbers, language and timezone, from project, files and sources."""

    EVENTS = """
attributes: [{id: staff, meaning: How many people it employs., value: amount}]
entities: [{id: werft, name: Werft}]
sources:
  - {id: plain, published: 2025-03-04}
  - {id: english, published: 2025-03-04, numbers: "1,234.5"}
events:
  - {fact: werft/staff@2024, claim: 1.250 USD, source: plain}
  - {fact: werft/staff@2025, claim: "1,250 USD", source: english}
"""

    def figures(self, project: Path, head: str = "") -> list[str]:
        (project / "events" / "werft.yaml").write_text(head + self.EVENTS, encoding="utf-8")
        with Timeline.create(project / ".timeline") as tl:
            tl.ingest(project / "events" / "werft.yaml")
            return [f"{row['amount']:f}" for row in tl.beliefs("werft/*").sort("fact").iter_rows(named=True)]

    def test_a_project_settles_how_its_files_write_numbers(self, clone: Path) -> None:
        settings(clone, '[project]\nnumbers = "1.234,5"\n')
        assert self.figures(clone) == ["1250.000000000", "1250.000000000"]

    def test_a_file_comes_before_its_project(self, clone: Path) -> None:
        settings(clone, '[project]\nnumbers = "1,234.5"\n')
        assert self.figures(clone, 'numbers: "1.234,5"') == ["1250.000000000", "1250.000000000"]

    def test_a_store_knows_its_project_by_its_place(self, clone: Path) -> None:
        settings(clone, '[project]\nnumbers = "1.234,5"\nstore = "deep/er/store"\ntimezone = "Asia/Tokyo"\n')
        assert Timeline(clone / "deep" / "er" / "store").habits == Habits("1.234,5", None, "Asia/Tokyo")
        assert Timeline(clone / "deep" / "store").habits == Habits()

    @pytest.mark.parametrize(
        "line", ['timezone = "Mars"', 'numbers = "1.5"', "numbers = 1234.5", "language = []"]
    )
    def test_what_is_no_habit_is_refused_with_its_line(self, clone: Path, line: str) -> None:
        settings(clone, f'# A project\n[project]\nname = "x"\n{line}\n')
        with pytest.raises(BadInput) as error:
            self.figures(clone)
        assert str(error.value).startswith(f"{clone / 'timeline.toml'}:4: ")

    @pytest.mark.parametrize("line", ["timezone: Mars", "numbers: 1.5", "language: German"])
    def test_so_it_is_in_a_file(self, clone: Path, line: str) -> None:
        with pytest.raises(BadInput) as error:
            self.figures(clone, f"# A file\n{line}")
        assert str(error.value).startswith(f"{clone / 'events' / 'werft.yaml'}:2:")

    @pytest.mark.parametrize("key", ["timezone: Mars", "numbers: 1.5"])
    def test_and_in_a_source(self, clone: Path, key: str) -> None:
        text = f"sources:\n  - id: x\n    {key}\n"
        (clone / "events" / "werft.yaml").write_text(text, encoding="utf-8")
        with Timeline.create(clone / ".timeline") as tl, pytest.raises(BadInput) as error:
            tl.ingest(clone / "events" / "werft.yaml")
        assert str(error.value).startswith(f"{clone / 'events' / 'werft.yaml'}:2:")
