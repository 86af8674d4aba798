"""Which names a store knows, asked for a few times and again and again."""

from __future__ import annotations

from contextlib import closing

import pytest

from timeline import Timeline
from timeline.index.index import Index
from timeline.intake.names import KnownNames
from timeline.log.log import Log

NAMES = ["a", "z", "é", "ab", "acme corp", "\uffff", "\U0001f600", "x" * 200]
UNKNOWN = ["", "aa", "A", "e", "zz", "\ud7ff", "\U0001f601"]


def known(desk: Timeline) -> KnownNames:
    log = Log(desk.path / "log")
    return KnownNames(Index(desk.path / "index", log).open().cursor())


@pytest.fixture
def described(desk: Timeline) -> Timeline:
    for name in NAMES:
        desk.append(
            [
                {"type": "entity-described", "id": name},
                {"type": "attribute-described", "id": name, "value": "text", "object": "no"},
                {
                    **{"type": "source-described", "id": name, "published": "2024-01"},
                    **{"numbers": "1.234,5", "language": "de", "timezone": "Europe/Berlin"},
                },
            ]
        )
    desk.append([{"type": "source-described", "id": "z", "origin": "a"}])
    return desk


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("entity", ()),
        ("attribute", ("text", "no")),
        ("source", ("2024-01", None, "1.234,5", "de", "Europe/Berlin")),
    ],
)
def test_the_answer_is_the_same_however_often_they_are_asked_for(
    described: Timeline, kind: str, says: tuple[str | None, ...]
) -> None:
    names = known(described)
    expected = dict.fromkeys(NAMES, says)
    if kind == "source":
        expected["z"] = (None, "a", None, None, None)
    for _ in range(10):
        assert names.among(kind, {*NAMES, *UNKNOWN}) == expected
        assert names.among(kind, UNKNOWN) == {}


def test_in_an_empty_store_nothing_is_known(desk: Timeline) -> None:
    names = known(desk)
    for _ in range(10):
        assert all(names.among(kind, ["a"]) == {} for kind in ("source", "attribute", "entity"))


def test_who_asks_often_asks_the_store_no_more(described: Timeline) -> None:
    log = Log(described.path / "log")
    with closing(Index(described.path / "index", log).open().cursor()) as con:
        names = KnownNames(con)
        for _ in range(10):
            names.among("entity", ["a"])
    # The connection is closed, so that the store cannot be asked any more.
    assert names.among("entity", NAMES) == dict.fromkeys(NAMES, ())
