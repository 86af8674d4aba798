"""SpyTime (Shasha & Zhu): who was reported to be in which city, and ten questions on two axes of time.

A report says that a spy is in a city over a span of valid time; the reporter is its source, and so its
origin. A spy's city is one fact, `spy-000001/city`. A later report takes over for the valid time that it
speaks of, and 3 in 100 are withdrawals. So the rows of the original table, a spy, a city, a valid interval
and a transaction interval, are the spans of belief. Transaction time is the reported axis, since a store's
own recorded axis cannot be dated back. Of one fact these rows never overlap in both times: Q9, which looks
for rows that contradict each other, is asked of what each reporter says, by-origin.

A tenth of the spans have no end, and one report in twenty is late by up to ninety days. There are ten reports
a spy, twenty reporters, and a city for a hundred reports, so that an answer grows little with the size.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import duckdb
import polars as pl

from benchmarks.harness.measure import Result
from benchmarks.peers.servers import SERVERS
from benchmarks.standards.bitemporal import (
    Choice,
    Duck,
    Polars,
    Question,
    Side,
    ask,
    geometric_means,
    opened_store,
    pieces,
    raw_reports,
    reports_in,
    resolved,
    resolved_as_of,
    run_as_command,
    served,
    tables,
)

WORKLOAD = "spytime"
FIRST_DAY = "2015-01-01"
DAYS = 3_650
#: The size that the original names SF1.
SIZE = 10_000

TABLES = {"spies": ("spy", "city"), "claims": ("spy", "reporter", "city")}


def write_reports(path: Path, size: int, seed: int = 1) -> Path:
    """Write `size` reports as Parquet in the flat columns of docs/formats.md, in the order of recording."""
    spies, cities = max(4, size // 10), max(20, size // 100)
    day = 86_400_000_000
    with duckdb.connect() as con:
        con.execute(
            f"""
            COPY (
                SELECT
                    if(taken_back, 'withdrawn', 'reported') AS type,
                    format('spy-{{:06d}}', spy) AS subject,
                    'city' AS attribute,
                    if(taken_back, NULL, format('city-{{:05d}}', hash(i, {seed}, 'city') % {cities})) AS text,
                    make_timestamptz(first_day * {day}) AS valid_from,
                    if(
                        hash(i, {seed}, 'open') % 10 = 0,
                        NULL,
                        make_timestamptz((first_day + 1 + (hash(i, {seed}, 'days') % 120)::BIGINT) * {day})
                    ) AS valid_to,
                    make_timestamptz(reported) AS reported,
                    format('reporter-{{:02d}}', hash(i, {seed}, 'reporter') % 20) AS source
                FROM (
                    SELECT *, reported // {day} - 60 + (hash(i, {seed}, 'from') % 90)::BIGINT AS first_day
                    FROM (
                        SELECT
                            i,
                            (i * 7919) % {spies} AS spy,
                            hash(i, {seed}, 'withdrawn') % 100 < 3 AS taken_back,
                            epoch_us(TIMESTAMP '{FIRST_DAY}')
                                + (i * ({DAYS} * 86400.0 / {size}))::BIGINT * 1000000
                                - if(hash(i, {seed}, 'late') % 20 = 0, hash(i, {seed}, 'by') % 90, 0)::BIGINT
                                    * {day} AS reported
                        FROM (SELECT range AS i FROM range({size}))
                    )
                )
                ORDER BY i
            ) TO '{path}' (FORMAT parquet, COMPRESSION zstd)
            """
        )
    return path


def questions(con: duckdb.DuckDBPyConnection, choices: int = 5) -> list[Question]:
    """Return the ten questions: about spies of the table `spies` that met, and dates in different years."""
    met = con.execute(
        """
        SELECT DISTINCT own.spy, other.spy
        FROM spies AS own
        JOIN spies AS other USING (city)
        WHERE own.spy < other.spy AND own.valid_from < other.valid_to AND other.valid_from < own.valid_to
        ORDER BY hash(own.spy, other.spy)
        LIMIT ?
        """,
        [choices],
    ).fetchall()
    spread: list[Choice] = []
    for nth, (spy, other) in enumerate(met):
        valid = datetime.fromisoformat(FIRST_DAY) + timedelta(days=DAYS * (2 * nth + 1) // (2 * len(met)))
        spread.append(
            {
                "spy": spy,
                "other": other,
                "valid": valid,
                "valid_end": valid + timedelta(days=14),
                "known": valid + timedelta(days=45),
            }
        )
    return [Question(name, sentence, name, spread) for name, sentence in SENTENCES.items()]


SENTENCES = {
    "Q1": "all that was ever known of a spy",
    "Q2": "where every spy was at an instant, as known at another",
    "Q3": "where every spy was at an instant, and when that was known",
    "Q4": "where every spy was at any time, as known at an instant",
    "Q5": "who was where during two weeks, whenever it was known",
    "Q6": "who else was ever in a city where a spy ever was, as known at an instant",
    "Q7": "who else was there at the same time, as known at an instant",
    "Q8": "who else was known for a city at the same time as a spy",
    "Q9": "which reporters contradicted each other on a spy",
    "Q10": "when two spies met, and how long it took to know",
}


def run(
    size: int = SIZE,
    folder: Path = Path(),
    peers: Sequence[str] = ("duckdb", "polars"),
    rounds: int = 11,
    choices: int = 5,
) -> list[Result]:
    """Ask the ten questions of Timeline and of these peers, about `size` reports kept in `folder`.

    Each is asked with so many `choices` of its parameters, one after the other.
    """
    place, reports = reports_in(folder / f"{WORKLOAD}-{size}", write_reports, size)
    with ExitStack() as stack:
        tl = stack.enter_context(opened_store(place, reports))
        sides: list[Side] = [
            Duck(
                "timeline",
                stack.enter_context(tl.connect()),
                pieces(WORKLOAD, "timeline"),
                tl.snapshot().translate,
            )
        ]
        raw = stack.enter_context(duckdb.connect())
        views(raw, reports)
        kept = stack.enter_context(tables(raw, place / "versions.duckdb", list(TABLES)))
        by_hand = pieces(WORKLOAD, "versions")
        if "duckdb" in peers:
            sides.append(Duck("duckdb", raw, by_hand | pieces(WORKLOAD, "duckdb")))
            sides.append(Duck("duckdb-versions", kept, by_hand))
        if "polars" in peers:
            sides.append(Polars({"Q2": partial(_where_in_polars, pl.scan_parquet(reports))}))
        found: list[Result] = []
        for peer in peers:
            if peer in SERVERS:
                sides += served(stack, peer, place, kept, WORKLOAD, TABLES, size, found)
        for question in questions(kept, choices):
            found += ask(WORKLOAD, question, sides, rounds, size)
    return found + geometric_means(WORKLOAD, found, list(SENTENCES), size)


def views(con: duckdb.DuckDBPyConnection, reports: Path) -> None:
    """Make the tables of SpyTime as views over the raw reports, and functions that resolve fewer of them."""
    raw_reports(con, reports)
    named = (
        "(SELECT n, type, subject AS spy, source AS reporter, text AS city, valid_from, valid_to, reported "
    )
    named += "FROM reports)"
    con.execute(
        f"""
        CREATE VIEW spies AS {resolved(named, ["spy"], "city")};
        CREATE VIEW claims AS {resolved(named, ["spy", "reporter"], "city")};
        CREATE MACRO spies_of(one) AS TABLE {resolved(named, ["spy"], "city", "spy = one")};
        CREATE MACRO claims_of(one) AS TABLE {resolved(named, ["spy", "reporter"], "city", "spy = one")};
        CREATE MACRO spies_known(by_then) AS TABLE {resolved_as_of(named, ["spy"], "city", "by_then")}
        """
    )


def _where_in_polars(reports: pl.LazyFrame, choice: Choice) -> pl.DataFrame:
    valid, known = (pl.lit(choice[name]).dt.replace_time_zone("UTC") for name in ("valid", "known"))
    return (
        reports.filter(
            (pl.col("reported") <= known)
            & (pl.col("valid_from") <= valid)
            & (pl.col("valid_to").is_null() | (pl.col("valid_to") > valid))
        )
        .sort("reported", maintain_order=True)
        .unique("subject", keep="last")
        .filter(pl.col("type") == "reported")
        .select("subject", "text")
        .collect()
    )


def main() -> None:
    run_as_command(run, __doc__, SIZE)


if __name__ == "__main__":
    main()
