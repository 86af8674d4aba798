"""The description of the API holds: every answer to whatever schemathesis makes of it is one that it has.

Status codes, types of content, headers and bodies; what fits the description is accepted, what does not is
refused, and nothing fails at the server.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, Final

import schemathesis
from hypothesis import strategies as st
from schemathesis import engine
from schemathesis.engine import events

from tests.examples import LONG, counted
from tests.web.conftest import Served
from timeline import Timeline
from timeline.web.api import QUESTIONS

TOKEN: Final = "a-token-of-the-test-0123"

#: Dates to ask with: those of EDTF but for qualifiers, with hyphens.
DATES: Final = st.one_of(
    st.dates().map(str).filter(lambda day: day >= "0002"),
    st.integers(1900, 2100).map(str),
    st.sampled_from(["2025-09", "2025-Q3", "2025-02-22T10:00:00Z", "2024-W05"]),
)
NAMES: Final = st.text("abcdefghijklmnopqrstuvwxyz0123456789-é英", min_size=1, max_size=12).map(
    lambda text: f"x{text}"
)
QUERIES: Final = (
    "SELECT 1 AS a",
    "FROM beliefs LIMIT 3",
    "SELECT fact, amount, reported_at FROM events WHERE fact LIKE 'nvidia/%'",
    "SELECT NULL AS nothing, [1, 2] AS list, {'a': 1} AS structure, DATE '2025-02-22' AS day, 1.5 AS number",
    "FROM beliefs FOR REPORTED_TIME ALL",
)


def findings(served: Served, seed: int, examples: int, **more: Any) -> tuple[list[str], Counter[str]]:
    """Return what schemathesis finds in all of its phases, and how many cases each operation had."""
    with Timeline.open(served.store, read_only=True) as tl:
        facts = tl.snapshot().facts()
        cited = tl.cite("show", as_of="2025-10-15")
    lines = [cited.line, cited.link, cited.line.replace("q=show", "q=why")]
    schemathesis.openapi.format("citation", st.sampled_from(lines))
    schemathesis.openapi.format("edtf", DATES)
    schemathesis.openapi.format("fact", st.sampled_from(facts))
    schemathesis.openapi.format(
        "fact-or-glob",
        st.one_of(
            st.sampled_from(facts),
            st.sampled_from(["*", "nvidia/*", "*/investment/*", "?penai/*", "[a-z]*/ceo"]),
            st.tuples(NAMES, NAMES).map("/".join),
        ),
    )
    schemathesis.openapi.format("sql", st.sampled_from(QUERIES))
    config = schemathesis.Config.from_dict(
        {
            "seed": seed,
            "continue-on-failure": True,
            "generation": {"max-examples": examples, "database": "none", **more.pop("generation", {})},
            # It does not end.
            "operations": [{"include-path": "/api/live", "enabled": False}, *more.pop("operations", [])],
            "warnings": False,
            **more,
        }
    )
    schema = schemathesis.openapi.from_url(f"{served.address}/api/openapi.json", config=config)
    found: list[str] = []
    cases: Counter[str] = Counter()
    for event in engine.from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            for checks in event.recorder.checks.values():
                cases[event.label or event.phase.value] += 1
                for check in checks:
                    if check.failure_info is not None:
                        failure, sample = check.failure_info.failure, check.failure_info.code_sample
                        found.append(f"{event.phase.value}: {failure.title}: {failure.message}\n{sample}")
        elif isinstance(event, events.NonFatalError | events.FatalError):
            found.append(repr(event))
    return found, cases


#: What the short form leaves out: these have hundreds of cases, or a process each.
COSTLY: Final = (
    "^/api/(beliefs|claims|disagreements|history|changes|events|entities|attributes|why|sql|citation)$"
)


def test_nothing_is_found(served: Served) -> None:
    fewer = [{"include-path-regex": COSTLY, "phases": {"coverage": {"enabled": False}}}]
    found, cases = findings(served, 20261126, counted(2, 20), operations=[] if LONG else fewer)
    assert not found, "\n\n".join(found[:20])
    assert cases.keys() >= {f"GET /api/{name}" for name in (*QUESTIONS, "sql", "citation", "health")}
    assert sum(cases.values()) > (1_300 if LONG else 150)


def test_nothing_is_found_where_events_are_taken(serving: Any, tmp_path: Path) -> None:
    with Timeline.create(tmp_path / "desk") as tl:
        event = {"fact": "acme/ceo", "text": "Jane", "source": "letter", "reported": "2025-02-22"}
        tl.append([event], register_unknown=True)
    (tmp_path / "token").write_text(TOKEN)
    own = serving(tmp_path / "desk", "--allow-writes", "--token-file", str(tmp_path / "token"))
    found, cases = findings(
        own,
        20261126,
        counted(10, 100),
        headers={"Authorization": f"Bearer {TOKEN}"},
        # No schema says which sources the store knows, or that an amount needs a unit.
        checks={"positive_data_acceptance": {"expected-statuses": ["2xx", "400", "409", "412"]}},
        operations=[{"include-method": "GET", "enabled": False}],
        **({} if LONG else {"phases": {"coverage": {"enabled": False}}}),
    )
    assert not found, "\n\n".join(found[:20])
    assert cases["POST /api/events"] > 10
