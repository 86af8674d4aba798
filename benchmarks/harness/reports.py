"""Made-up reports at any size: F facts, N events, uniform or skewed, in order or with late arrivals.

    python benchmarks/harness/reports.py FILE [--events N] [--facts F] [--zipf S] [--late SHARE] [--seed K]

Writes one Parquet file in the flat columns of docs/formats.md, in the order in which a desk would have
recorded them: by reported date, except the late ones, which come up to ninety days after their date.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import duckdb

#: The reports of a generated file are spread evenly over the days from here on.
FIRST_DAY = "2015-01-01"
DAYS = 3_650

#: The n-th fact, as SQL.
FACT = "format('subject-{:07d}/attribute-{}', n // 10, n % 10)"


def write_reports(
    path: str | Path,
    events: int,
    facts: int,
    *,
    zipf: float = 0.0,
    late: float = 0.05,
    withdrawn: float = 0.01,
    first_day: str = FIRST_DAY,
    days: int = DAYS,
    seed: int = 1,
) -> Path:
    """Write `events` reports of `facts` facts, each fact at least once while there are enough events.

    With `zipf` above 0 a few facts are revised very often: the n-th as often as 1/n to that power. A share
    `late` is dated up to ninety days before its place in the file, a share `withdrawn` takes back what was
    reported. Reported dates are instants, spread over `days` from `first_day` on, by default
    ten years.
    """
    target = Path(path)
    # Of a continuous distribution with the density of rank ** -zipf, by its inverse.
    draw = f"hash(i, {seed}, 'fact') / 18446744073709551616.0"
    if zipf == 0:
        rank = f"floor({draw} * {facts})"
    elif zipf == 1:
        rank = f"floor(power({facts} + 1, {draw})) - 1"
    else:
        power = 1 - zipf
        rank = f"floor(power(({facts + 1}::DOUBLE ** {power} - 1) * {draw} + 1, {1 / power})) - 1"
    number = f"if(i < {facts}, (i * 7919 + {seed}) % {facts}, least({rank}, {facts - 1}))::BIGINT"
    with duckdb.connect() as con:
        con.execute("SET preserve_insertion_order = true")
        con.execute(
            f"""
            COPY (
                SELECT
                    if(w, 'withdrawn', 'reported') AS type,
                    {FACT} AS fact,
                    if(w, NULL, (hash(i, {seed}, 'amount') % 100000000)::DECIMAL(18, 2) / 100)
                        ::DECIMAL(18, 2) AS amount,
                    if(w, NULL, (['USD', 'GW', 'percent', 'count'])[n % 4 + 1]) AS unit,
                    make_timestamptz(
                        epoch_us(TIMESTAMP '{first_day}') + placed
                        - if(late, (hash(i, {seed}, 'by') % (90 * 86400000000)), 0)::BIGINT
                    ) AS reported,
                    format('wire-{{:02d}}', hash(i, {seed}, 'source') % 97) AS source
                FROM (
                    SELECT
                        i,
                        {number} AS n,
                        i >= {facts} AND hash(i, {seed}, 'withdrawn') % 10000 < {int(withdrawn * 10000)} AS w,
                        i >= {events} // 10 AND hash(i, {seed}, 'late') % 10000 < {int(late * 10000)} AS late,
                        (i * ({days} * 86400000000.0 / {events}))::BIGINT AS placed
                    FROM (SELECT range AS i FROM range({events}))
                )
            ) TO '{target}' (FORMAT parquet, COMPRESSION zstd)
            """
        )
    return target


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--facts", type=int)
    parser.add_argument("--zipf", type=float, default=0.0)
    parser.add_argument("--late", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    write_reports(
        options.file,
        options.events,
        options.facts or max(1, options.events // 10),
        zipf=options.zipf,
        late=options.late,
        seed=options.seed,
    )


if __name__ == "__main__":
    main()
