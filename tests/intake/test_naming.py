"""What becomes of names that the store does not know: refused, registered, resolved, warned of."""

# Names in this file look like others on purpose.
# ruff: noqa: RUF001

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.commands import run
from timeline import BadInput, Timeline
from timeline.errors import BadRows, UnknownName
from timeline.intake.names import Naming

Keys = dict[str, Any]
KNOWN: list[Keys] = [
    {"type": "entity-described", "id": "nvidia", "name": "Nvidia", "aliases": ["NVDA", "Nvidia Corp."]},
    {"type": "entity-described", "id": "openai", "aliases": ["The Lab"]},
    {"type": "entity-described", "id": "deepmind", "aliases": ["the lab"]},
    {"type": "entity-described", "id": "arm-holdings", "aliases": ["ARM"]},
    {"type": "entity-described", "id": "arm"},
    {"type": "attribute-described", "id": "investment"},
    {"type": "attribute-described", "id": "ceo"},
    {"type": "source-described", "id": "gate-2026-02-20", "published": "2026-02-20"},
    {"type": "source-described", "id": "reuters"},
]
REPORT: Keys = {
    **{"fact": "nvidia/investment/openai", "claim": "30 billion USD"},
    **{"source": "gate-2026-02-20", "reported": "2026-02-20"},
}


@pytest.fixture
def known(desk: Timeline) -> Timeline:
    desk.append(KNOWN)
    return desk


def problems(desk: Timeline, *events: Keys, **naming: Any) -> list[str]:
    with pytest.raises(BadRows) as caught:
        desk.append(events, **naming)
    return [problem.message for problem in caught.value.problems]


def recorded(desk: Timeline, event: Keys, **naming: Any) -> Keys:
    [(event_id, _)] = desk.record([event], **naming).events
    [row] = desk.sql("SELECT * FROM events WHERE event_id = $1", params=[event_id]).to_dicts()
    return row


def test_all_unknown_names_of_an_event_are_reported_at_once(known: Timeline) -> None:
    event = {"fact": "acme/stake/beta", "text": "x", "source": "wire", "speaker": "jo", "origin": "ap"}
    assert problems(known, event) == [
        "unknown entity 'acme' as subject; describe it in entities.yaml",
        "unknown entity 'beta' as object; describe it in entities.yaml",
        "unknown attribute 'stake' as attribute; describe it in attributes.yaml",
        "unknown source 'wire' as source; describe it in sources.yaml",
        "unknown entity 'jo' as speaker; describe it in entities.yaml",
        "unknown entity 'ap' as origin; describe it in entities.yaml",
    ]


def test_each_at_the_line_of_its_key(known: Timeline, tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(
        "source: gate-2026-02-20\nspeaker: jo\nevents:\n- fact: nvidia/investment/acme\n"
        "  claim: 1 USD\n  origin: ap\n- {subject: nvidia,\n   attribute: stake, text: x}\n",
        encoding="utf-8",
    )
    with pytest.raises(BadRows) as caught:
        known.ingest(file)
    places = [
        (problem.place.line, problem.message.split(";")[0])
        for problem in caught.value.problems
        if problem.place
    ]
    assert places == [
        (4, "unknown entity 'acme' as object"),
        (2, "unknown entity 'jo' as speaker"),
        (6, "unknown entity 'ap' as origin"),
        (8, "unknown attribute 'stake' as attribute"),
        (2, "unknown entity 'jo' as speaker"),
    ]
    assert str(caught.value).endswith("2 bad events; nothing was recorded")
    # What is twice at one place is printed once.
    assert str(caught.value).count("'jo'") == 1


@pytest.mark.parametrize("rows", [60, 3_000])
def test_in_a_big_file_they_are_counted(known: Timeline, tmp_path: Path, rows: int) -> None:
    file = tmp_path / "big.csv"
    lines = [
        f"acme-{row % 20 if row % 2 else 1},investment,{row} USD,wire,2026" for row in range(1, rows + 1)
    ]
    file.write_text("\n".join(["subject,attribute,claim,source,reported", *lines]), encoding="utf-8")
    with pytest.raises(BadRows) as caught:
        known.ingest(file)
    assert sum(isinstance(problem, UnknownName) for problem in caught.value.problems) == 2 * rows
    text = str(caught.value).splitlines()
    assert text[0] == f"11 unknown names in {2 * rows:,} places; the commonest:"
    assert text[1] == f"  source 'wire', {rows:,} times, first at {file}: row 1"
    commonest = sum(row % 2 == 0 or row % 20 == 1 for row in range(1, rows + 1))
    assert text[2] == f"  entity 'acme-1', {commonest:,} times, first at {file}: row 1"
    assert text[-2:] == [
        "describe them, or register them as they come with --register-unknown sources,entities",
        f"{rows} bad events; nothing was recorded",
    ]
    assert known.ingest(file, "sources,entities").new == rows


@pytest.mark.parametrize(
    ("given", "kinds"),
    [
        (True, {"source", "entity", "attribute"}),
        ("all", {"source", "entity", "attribute"}),
        (False, set()),
        ("sources,entities", {"source", "entity"}),
        (" attributes , source", {"source", "attribute"}),
        ({"entity"}, {"entity"}),
        (["sources", "sources"], {"source"}),
    ],
)
def test_the_kinds_that_are_registered(given: bool | str | Collection[str], kinds: set[str]) -> None:
    assert Naming.of(given).register == kinds


@pytest.mark.parametrize("given", ["companies", "sources;entities", "", [1], 7, None])
def test_what_is_no_kind_is_refused(known: Timeline, given: Any) -> None:
    with pytest.raises(
        BadInput, match=r"expected (some of sources, entities and attributes|True or False or)"
    ):
        known.append([REPORT], register_unknown=given)


def test_only_those_kinds_are_registered(known: Timeline) -> None:
    event = REPORT | {"fact": "acme/stake/openai", "source": "wire"}
    assert problems(known, event, register_unknown="sources,entities") == [
        "unknown attribute 'stake' as attribute; describe it in attributes.yaml"
    ]
    assert known.record([event], register_unknown="sources,entities,attributes").registered == 3


NEAR = [
    (
        {"fact": "nvidai/ceo"},
        "unknown entity 'nvidai' as subject is one slip away from 'nvidia', which is known",
    ),
    ({"fact": "nvidia/ceo/opnai"}, "'opnai' as object is one slip away from 'openai'"),
    ({"fact": "nvidia/investments"}, "unknown attribute 'investments' as attribute is one slip away"),
    ({"source": "reuter"}, "unknown source 'reuter' as source is one slip away from 'reuters'"),
    ({"speaker": "Nvidia"}, "'Nvidia' as speaker differs only in case from 'nvidia', which is known"),
    ({"origin": "nvidiа"}, "letters that look alike (U+0430 CYRILLIC SMALL LETTER A) from 'nvidia'"),
    ({"text": None, "entity": "ｎvidia"}, "'ｎvidia' as entity differs only in width from 'nvidia'"),
]


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize(("more", "words"), NEAR)
def test_a_name_near_a_known_one_is_not_registered(
    known: Timeline, more: Keys, words: str, padded: bool
) -> None:
    sound: Keys = {"fact": "nvidia/ceo", "text": "x", "source": "reuters", "reported": "2026-02"}
    event = {key: value for key, value in (sound | more).items() if value is not None}
    if padded:
        # As one row of many, which are taken as a table.
        names = sorted({*event, *sound})
        rows = [sound | {"text": str(nth)} for nth in range(3_000)]
        table = pa.table({name: [row.get(name) for row in [*rows, event]] for name in names})
        with pytest.raises(BadRows) as caught:
            known.ingest(table, True)
        [message] = [problem.message for problem in caught.value.problems]
    else:
        [message] = problems(known, event, register_unknown=True)
    assert words in message
    assert message.endswith("if it is another one, register it with --even-near")
    assert known.record([event], register_unknown=True, even_near=True).registered == 1


@pytest.mark.parametrize(
    "more",
    [
        *(
            {"source": "gate-2026-02-21"},
            {"source": "gate-2026-02-2"},
            {"fact": "cfo/ceo"},
            {"fact": "nvidia/cfo"},
        ),
        *({"speaker": "jensen-huang"}, {"origin": "reuters"}, {"source": "https://example.org/1"}),
    ],
)
def test_other_names_are(known: Timeline, more: Keys) -> None:
    known.append([REPORT | more], register_unknown=True)


def test_new_names_of_one_batch_are_not_slips_of_each_other(known: Timeline) -> None:
    rows = [
        {"fact": f"{name}/ceo", "text": "x", "source": "reuters", "reported": "2026"}
        for name in ("mate", "mats")
    ]
    assert known.record(rows, register_unknown=True).registered == 2


def test_a_twin_that_becomes_known_is_warned_of(known: Timeline) -> None:
    described = [{"type": "entity-described", "id": "Nvidia"}, {"type": "source-described", "id": "Réuters"}]
    assert known.record(described).warnings == [
        "entity 'Nvidia' is new, and differs from 'nvidia', which is known, only in case",
        "source 'Réuters' is new, and differs from 'reuters', which is known, only in case and accents",
    ]
    # Once: now it is known.
    assert known.record([described[0] | {"kind": "company"}]).warnings == []


@pytest.mark.parametrize("count", [1, 3_000])
def test_twins_of_one_batch_are_warned_of(known: Timeline, count: int) -> None:
    names = ["Café", "acme-corp", "Acme-Corp", "CAFE"]
    rows = [
        {"fact": f"{name}/ceo", "text": str(nth), "source": "reuters", "reported": "2026"}
        for nth in range(count)
        for name in names
    ]
    result = known.ingest(pa.Table.from_pylist(rows), "entities")
    assert result.registered == 4
    assert [text for text in result.warnings if "is new" in text] == [
        "entity 'Café' is new, and differs from 'CAFE', which is new too, only in case and accents",
        "entity 'acme-corp' is new, and differs from 'Acme-Corp', which is new too, only in case",
    ]


ALIASES = [
    ({"fact": "NVDA/investment/openai"}, "'NVDA' as subject is an alias of 'nvidia'; write that id"),
    ({"fact": "openai/ceo/nvda@2025"}, "'nvda' as object is an alias of 'nvidia'"),
    ({"claim": None, "entity": "nvidia corp."}, "'nvidia corp.' as entity is an alias of 'nvidia'"),
    ({"speaker": "Nvidia Corp."}, "'Nvidia Corp.' as speaker is an alias of 'nvidia'"),
    ({"origin": "NVDA"}, "'NVDA' as origin is an alias of 'nvidia'"),
]


@pytest.mark.parametrize("register_unknown", [False, True])
@pytest.mark.parametrize(("more", "words"), ALIASES)
def test_an_alias_is_refused_with_the_id_that_it_means(
    known: Timeline, more: Keys, words: str, register_unknown: bool
) -> None:
    event = {key: value for key, value in (REPORT | more).items() if value is not None}
    [message] = problems(known, event, register_unknown=register_unknown)
    assert words in message
    assert "--resolve-aliases" in message


@pytest.mark.parametrize(("more", "words"), ALIASES)
def test_or_resolved_where_that_is_asked_for(known: Timeline, more: Keys, words: str) -> None:
    event = {key: value for key, value in (REPORT | more).items() if value is not None}
    meant = {
        name: str(value).replace(alias, "nvidia")
        for name, value in event.items()
        for alias in ["NVDA", "nvda", "Nvidia Corp.", "nvidia corp."]
        if alias in str(value)
    }
    row = recorded(known, event, resolve_aliases=True)
    assert "nvda" not in str(row).lower()
    assert "corp." not in str(row).lower()
    # It is the event that the ids make.
    assert known.record([event | meant]).new == 0


def test_a_table_with_aliases_gives_the_same(known: Timeline) -> None:
    rows = [
        {"fact": fact, "entity": entity, "source": "reuters", "reported": f"{year}-01", "speaker": speaker}
        for year in range(1025, 2025)
        for fact, entity, speaker in [
            ("NVDA/ceo", "nvidia corp.", None),
            ("openai/investment/NVDA@2025", "openai", "nvda"),
            ("nvidia/ceo", "openai", "nvidia"),
        ]
    ]
    assert known.ingest(pa.Table.from_pylist(rows), resolve_aliases=True).new == 3_000
    ids = {"NVDA": "nvidia", "nvda": "nvidia", "nvidia corp.": "nvidia"}
    meant = [
        {
            name: ids.get(value, str(value).replace("NVDA", "nvidia")) if value else None
            for name, value in row.items()
        }
        for row in rows
    ]
    assert known.ingest(pa.Table.from_pylist(meant)).known == 3_000
    with pytest.raises(BadRows, match="is an alias of 'nvidia'"):
        known.ingest(pa.Table.from_pylist([row | {"reported": "2025-02"} for row in rows[:3]]))


@pytest.mark.parametrize("naming", [{}, {"resolve_aliases": True}, {"register_unknown": True}])
def test_an_alias_of_two_is_refused(known: Timeline, naming: Keys) -> None:
    [message] = problems(known, REPORT | {"fact": "the LAB/ceo"}, **naming)
    assert message == "'the LAB' as subject may mean 'deepmind' or 'openai'; write which one"
    [message] = problems(known, REPORT | {"fact": "ARM/ceo"}, **naming)
    assert message == "'ARM' as subject may mean 'arm' or 'arm-holdings'; write which one"
    # An id is an id.
    assert recorded(known, REPORT | {"fact": "arm/ceo"}, **naming)["subject"] == "arm"


def test_the_latest_description_counts(known: Timeline) -> None:
    known.append([{"type": "entity-described", "id": "nvidia", "aliases": ["Team Green"]}])
    assert problems(known, REPORT | {"fact": "NVDA/ceo"})[0].startswith("unknown entity 'NVDA'")
    events = [
        {"type": "entity-described", "id": "apple", "aliases": ["AAPL"]},
        REPORT | {"fact": "aapl/ceo"},
        REPORT | {"fact": "team green/ceo"},
    ]
    known.append(events, resolve_aliases=True)
    assert known.belief("apple/ceo") is not None
    assert known.belief("nvidia/ceo") is not None


def test_the_origin_of_a_source_may_be_an_alias(known: Timeline) -> None:
    described = {"type": "source-described", "id": "blog", "origin": "NVDA"}
    assert "'NVDA' as origin is an alias of 'nvidia'" in problems(known, described)[0]
    known.append([described], resolve_aliases=True)
    assert known.sql("SELECT origin FROM sources WHERE id = 'blog'")["origin"].item() == "nvidia"


def test_ids_are_what_they_are_in_life(known: Timeline) -> None:
    source, origin, speaker = "https://x.org/a?b=[1]*", "Novo Nordisk A/S", "@SECGov"
    event = REPORT | {"source": source, "origin": origin, "speaker": speaker}
    known.append([event], register_unknown="sources,entities")
    belief = known.belief("nvidia/investment/openai")
    assert belief is not None
    assert (belief.source, belief.origin, belief.speaker) == (source, origin, speaker)
    assert [row["id"] for row in known.why("nvidia/investment/openai").sources] == [source]
    assert {source, "reuters"} <= {*known.sql("SELECT id FROM sources")["id"]}
    assert {origin, speaker} <= {*known.sql("SELECT id FROM entities")["id"]}


def test_the_options_of_the_commands(desk: Timeline, tmp_path: Path) -> None:
    desk.append(KNOWN)
    desk.close()
    file = tmp_path / "new.jsonl"
    store = ["--store", str(desk.path)]

    def report(*more: str, code: int = 0) -> str:
        done = run(tmp_path, ["report", *more, "--text", "x", "--reported", "2026", *store])
        assert done.code == code, done.err
        return done.err

    assert "unknown source 'wire'" in report("nvidia/ceo", "--source", "wire", code=2)
    report("nvidia/ceo", "--source", "wire", "--register-unknown")
    report("nvidia/ceo", "--register-unknown", "sources", "--source", "agency")
    report("acme/ceo", "--register-unknown=sources,entities", "--source", "bureau")
    assert "no kind of names" in report("nvidia/ceo", "--register-unknown=companies", "--source", "a", code=2)
    assert "--even-near" in report("nvidai/ceo", "--register-unknown", "--source", "wire", code=2)
    report("nvidai/ceo", "--register-unknown", "--even-near", "--source", "wire")
    assert "alias of 'nvidia'" in report("NVDA/ceo", "--source", "wire", code=2)
    assert "Known already" in report("NVDA/ceo", "--source", "wire", "--resolve-aliases")
    file.write_text(
        '{"fact": "beta/ceo", "text": "x", "source": "wire", "reported": "2026"}\n', encoding="utf-8"
    )
    assert run(tmp_path, ["ingest", "--register-unknown", str(file), *store]).code == 0
    assert run(tmp_path, ["ingest", *store, str(file), "--register-unknown"]).code == 0


def test_what_is_typed_goes_to_the_file_with_the_ids(tmp_path: Path) -> None:
    with Timeline.create(tmp_path / "store") as desk:
        desk.append(KNOWN)
        event = {
            "fact": "NVDA/ceo/openai@2025",
            "text": "x",
            "source": "reuters",
            "reported": "2026",
            "speaker": "nvda",
        }
        desk.record([event], resolve_aliases=True, file=tmp_path / "typed.yaml")
        text = (tmp_path / "typed.yaml").read_text(encoding="utf-8")
        assert "fact: nvidia/ceo/openai@2025\n" in text
        assert "speaker: nvidia\n" in text
        assert desk.ingest(tmp_path / "typed.yaml").known == 1
