"""Passages of documents that the reader has: found by their content, and never outside of the folder."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.commands import run as run_command
from tests.web.conftest import violations
from timeline import Timeline
from timeline.web.documents import Documents

TEXT = "Première page.\r\nNvidia invests <b>“100 billion”</b> & more.\r\nEnd."
PLACE = (TEXT.index("Nvidia"), TEXT.index("\r\nEnd"))


def source(text: str | bytes = TEXT, **more: Any) -> dict[str, Any]:
    content = text.encode() if isinstance(text, str) else text
    return {"id": "a", "sha256": hashlib.sha256(content).hexdigest(), **more}


def locator(*places: tuple[int, int]) -> str:
    spans = [{"start": start, "end": end} for start, end in places]
    return json.dumps(spans if len(spans) != 1 else spans[0])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one document, in a folder of it."""
    found = tmp_path / "documents"
    (found / "deep").mkdir(parents=True)
    (found / "deep" / "page.txt").write_bytes(TEXT.encode())
    return found


def test_a_passage_is_cut_by_characters_of_the_file_with_that_content(folder: Path) -> None:
    documents = Documents(folder)
    assert documents.passage(source(length=len(TEXT)), locator(PLACE)) == {
        "parts": ["Nvidia invests <b>“100 billion”</b> & more."]
    }
    assert documents.passage(source(), locator((0, 8), PLACE)) == {
        "parts": ["Première", "Nvidia invests <b>“100 billion”</b> & more."]
    }
    (folder / "deep" / "page.txt").rename(folder / "another name")
    assert Documents(folder).passage(source(), locator((0, 8))) == {"parts": ["Première"]}


@pytest.mark.parametrize(
    ("described", "place", "problem"),
    [
        (source(length=len(TEXT) + 1), locator(PLACE), "length"),
        (source(), locator((0, len(TEXT) + 1)), "beyond"),
        (source(), locator((5, 5)), "beyond"),
        (source(), locator((-3, 5)), "beyond"),
        (source("another text"), locator(PLACE), "missing"),
        (source(b"\xff\xfe"), locator((0, 1)), "utf8"),
    ],
)
def test_where_there_is_no_passage_a_word_says_why(
    folder: Path, described: dict[str, Any], place: str, problem: str
) -> None:
    (folder / "bytes").write_bytes(b"\xff\xfe")
    assert Documents(folder).passage(described, place) == {"problem": problem}


@pytest.mark.parametrize("place", [None, "null", "{}", '"7"', "[1]", '{"start": true, "end": 2}', "{"])
def test_without_a_place_or_a_hash_there_is_nothing_to_say(folder: Path, place: str | None) -> None:
    assert Documents(folder).passage(source(), place) is None
    assert Documents(folder).passage({"id": "a", "sha256": None}, locator(PLACE)) is None


def test_a_document_that_changes_has_no_passage_any_more(folder: Path) -> None:
    documents = Documents(folder)
    page = folder / "deep" / "page.txt"
    assert documents.passage(source(), locator(PLACE)) is not None
    before = page.stat()
    page.write_bytes(TEXT.replace("100", "200").encode())
    # As long as before, and dated as before.
    os.utime(page, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert documents.passage(source(), locator(PLACE)) == {"problem": "missing"}
    page.unlink()
    assert documents.passage(source(), locator(PLACE)) == {"problem": "missing"}


def test_nothing_outside_of_the_folder_is_read(folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "page.txt").write_text("secret", encoding="utf-8")
    (folder / "link.txt").symlink_to(secret / "page.txt")
    (folder / "folder").symlink_to(secret)
    os.mkfifo(folder / "pipe")
    documents = Documents(folder)
    assert documents.passage(source("secret"), locator((0, 6))) == {"problem": "missing"}
    # A folder that is a link itself is what the reader named; one that becomes a link is left.
    (tmp_path / "named").symlink_to(folder)
    assert Documents(tmp_path / "named").passage(source(), locator((0, 8))) == {"parts": ["Première"]}
    assert documents.passage(source(), locator((0, 8))) == {"parts": ["Première"]}
    (folder / "deep").rename(tmp_path / "moved")
    (folder / "deep").symlink_to(tmp_path / "moved")
    fresh = Documents(folder)
    assert fresh.passage(source(), locator((0, 8))) == {"problem": "missing"}


def test_the_folder_has_to_be_one(tmp_path: Path) -> None:
    Timeline.create(tmp_path / "store").close()
    done = run_command(tmp_path, ["serve", "--store", "store", "--documents", "none", "--no-browser"])
    assert done.code == 2
    assert "is no folder" in done.err


def test_the_evidence_shows_the_passage(
    opened: Callable[..., Any], serving: Any, folder: Path, tmp_path: Path
) -> None:
    with Timeline.create(tmp_path / "desk") as tl:
        sources = [source(length=len(TEXT)) | {"title": "A page"}, source("gone") | {"id": "b"}]
        reports = [
            {
                "fact": "nvidia/investment/openai",
                "amount": amount,
                "unit": "USD",
                "source": name,
                "reported": day,
                "locator": {"start": PLACE[0], "end": PLACE[1]},
            }
            for name, amount, day in (("a", 100, "2025-09-30"), ("b", 30, "2026-02-20"))
        ]
        written = tmp_path / "events.json"
        written.write_text(json.dumps({"sources": sources, "events": reports}), encoding="utf-8")
        tl.ingest(written, register_unknown=True)
    page = opened(
        "/fact/nvidia/investment/openai", server=serving(tmp_path / "desk", "--documents", str(folder))
    )
    quote = page.locator("blockquote q")
    assert quote.inner_text() == "Nvidia invests <b>“100 billion”</b> & more."
    assert page.locator(".no-passage").inner_text() == "No document here has the content that was read."
    assert violations(page) == []
    # Without the option there is neither.
    plain = opened("/fact/nvidia/investment/openai", server=serving(tmp_path / "desk"))
    assert plain.locator("blockquote, .no-passage").count() == 0
