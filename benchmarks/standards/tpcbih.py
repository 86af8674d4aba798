"""TPC-BiH (Kaufmann et al., 2013): its temporal classes on a history like that of ORDERS and PARTSUPP.

Each attribute of a row is a fact: `part-00001/supply-cost/supplier-0001` and
`part-00001/stock/supplier-0001`, of PARTSUPP; `order-0000001/status` and
`order-0000001/receivable/customer-000001`, of ORDERS; and `part-00001/available`, `customer-000001/balance`
and `supplier-0001/balance`. Application time is valid time: since when a price is asked or an order has its
status, and over which days a sum is receivable, which is the second application time of ORDERS. System time
is the reported axis, since a store's own recorded axis cannot be dated back. The peers keep a table for each
attribute too.

The history begins with a first version of suppliers, customers and parts, some to be supplied only later.
Then come the scenarios of the benchmark's generator, about as often as there: orders are placed, delivered,
paid and cancelled; stock, prices and balances change, some prices for a while; parts are late; now and then a
finished order is edited. A cancelled order, and a sum that was paid, are withdrawn from that day on. What a
scenario reports, it reports at one instant. Nothing comes late: system time does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from decimal import Decimal
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
from benchmarks.standards.tpcbih_history import DAYS, FIRST_DAY, write_reports
from benchmarks.standards.tpcbih_joins import JOINS, joins

WORKLOAD = "tpcbih"
SIZE = 10_000

#: The peers' tables: the attribute that each holds, its keys, and its value.
ATTRIBUTES = {
    "supply_cost": ("supply-cost", {"part": "subject", "supplier": "object"}, "amount AS cost"),
    "orders": ("status", {"ordered": "subject"}, "text AS status"),
    "receivables": ("receivable", {"ordered": "subject", "customer": "object"}, "amount"),
    "customers": ("balance", {"customer": "subject"}, "amount AS balance"),
}
TABLES = {
    "supply_cost": ("part", "supplier", "cost"),
    "orders": ("ordered", "status"),
    "receivables": ("ordered", "customer", "amount"),
    "customers": ("customer", "balance"),
}

#: Questions that differ in their parameters alone are asked by one piece of SQL.
SENTENCES = {
    "T1.application": "sum over the prices at a day, as known now",
    "T1.system": "sum over the prices of today, as known at an instant",
    "T1.both": "sum over the prices at a day, as known at an instant",
    "T2.application": "how many orders had which status at a day, as known now",
    "T2.system": "how many orders have which status today, as known at an instant",
    "T2.both": "how many orders had which status at a day, as known at an instant",
    "T4": "the ten largest sums receivable at a day, as known at an instant",
    "T6.system": "what is receivable at any time, as known at an instant",
    "T6.application": "what was receivable at a day, whenever it was known",
    "K1": "the whole history of a customer's balance",
    "K2": "its history as known during half a year",
    "K4": "its five newest versions",
    "K5": "the version before one that was known at an instant",
    "K6": "every version of any balance within bounds",
    "R1": "how the orders' statuses changed between two instants",
    "R3a": "how many sums were receivable at a day, after each change of what was known",
    "R3b": "the largest sum receivable at the start of each of 24 months, as known then",
    "R5": "customers with a low balance while a large sum was receivable from them",
    "R7": "suppliers that raised a price by more than 7.5 % at once",
    **{name: sentence for name, (_, _, sentence) in JOINS.items()},
}


def questions(con: duckdb.DuckDBPyConnection, choices: int = 3) -> list[Question]:
    """Return the questions, asked about customers, parts and dates out of the peers' tables in `con`."""
    first = datetime.fromisoformat(FIRST_DAY)
    now = first + timedelta(days=DAYS)
    customers = con.execute(
        "SELECT customer FROM customers GROUP BY customer ORDER BY count(*) DESC, customer LIMIT ?",
        [choices],
    ).fetchall()
    parts = con.execute(
        "SELECT part FROM supply_cost GROUP BY part ORDER BY hash(part) LIMIT ?", [choices]
    ).fetchall()
    spread: list[Choice] = []
    for nth, ((customer,), (part,)) in enumerate(zip(customers, parts, strict=True)):
        known = first + timedelta(days=DAYS * (nth + 1) // (len(parts) + 1))
        spread.append(
            {
                "customer": customer,
                "part": part,
                "valid": known - timedelta(days=20),
                "known": known,
                "known_end": known + timedelta(days=180),
                "month": first.replace(year=first.year + 1 + nth % 4),
                "least": Decimal(500 * (nth + 1)),
                "most": Decimal(500 * (nth + 1) + 100),
            }
        )
    asked = []
    for name, sentence in SENTENCES.items():
        piece, _, varied = name.partition(".")
        changed: Choice = {}
        if name in JOINS:
            piece, current, _ = JOINS[name]
            changed = {"known": now} if current else {}
        elif piece == "T6":
            piece = name
        elif varied:
            changed = {"application": {"known": now}, "system": {"valid": now}, "both": {}}[varied]
        elif name == "R5":
            changed = {"most": Decimal(4900)}
        asked.append(Question(name, sentence, piece, [{**choice, **changed} for choice in spread]))
    return asked


def run(
    size: int = SIZE,
    folder: Path = Path(),
    peers: Sequence[str] = ("duckdb", "polars"),
    rounds: int = 11,
    choices: int = 3,
) -> list[Result]:
    """Ask all classes of Timeline and of these peers, about `size` reports kept in `folder`.

    Each is asked with so many `choices` of its parameters, one after the other.
    """
    place, reports = reports_in(folder / f"{WORKLOAD}-{size}", write_reports, size)
    with ExitStack() as stack:
        tl = stack.enter_context(opened_store(place, reports))
        ours = pieces(WORKLOAD, "timeline") | joins("timeline")
        sides: list[Side] = [
            Duck("timeline", stack.enter_context(tl.connect()), ours, tl.snapshot().translate)
        ]
        raw = stack.enter_context(duckdb.connect())
        views(raw, reports)
        kept = stack.enter_context(tables(raw, place / "versions.duckdb", list(TABLES)))
        by_hand = pieces(WORKLOAD, "versions") | joins("versions")
        if "duckdb" in peers:
            sides.append(Duck("duckdb", raw, by_hand | pieces(WORKLOAD, "duckdb")))
            sides.append(Duck("duckdb-versions", kept, by_hand))
        if "polars" in peers:
            frame = pl.scan_parquet(reports)
            sides.append(
                Polars(
                    {
                        "T1": lambda asked: (
                            _held(frame, "supply-cost", asked)
                            .select(pl.len(), pl.col("amount").sum())
                            .collect()
                        ),
                        "T2": lambda asked: _held(frame, "status", asked).group_by("text").len().collect(),
                    }
                )
            )
        found: list[Result] = []
        for peer in peers:
            if peer in SERVERS:
                sides += served(stack, peer, place, kept, WORKLOAD, TABLES, size, found, joins(peer))
        for question in questions(kept, choices):
            found += ask(WORKLOAD, question, sides, rounds, size)
    return found + geometric_means(WORKLOAD, found, list(SENTENCES), size)


def views(con: duckdb.DuckDBPyConnection, reports: Path) -> None:
    """Make the peers' tables as views over the raw reports, and functions that resolve fewer of them."""
    raw_reports(con, reports)
    for table, (attribute, keys, value) in ATTRIBUTES.items():
        of_keys = ", ".join(f"{column} AS {key}" for key, column in keys.items())
        kind = " AND subject LIKE 'customer-%'" if table == "customers" else ""
        named = f"""(
            SELECT n, type, {of_keys}, {value}, valid_from, valid_to, reported
            FROM reports
            WHERE attribute = '{attribute}'{kind}
        )"""
        result = value.split()[-1]
        con.execute(
            f"""
            CREATE VIEW {table} AS {resolved(named, list(keys), result)};
            CREATE MACRO {table}_known(by_then) AS TABLE
                {resolved_as_of(named, list(keys), result, "by_then")};
            CREATE MACRO {table}_of(one) AS TABLE
                {resolved(named, list(keys), result, f"{next(iter(keys))} = one")};
            CREATE MACRO {table}_at(at_day, by_then) AS TABLE
                SELECT {", ".join(keys)}, {result}
                FROM {named}
                WHERE reported <= by_then
                    AND coalesce(valid_from, '-infinity') <= at_day
                    AND at_day < coalesce(valid_to, 'infinity')
                QUALIFY row_number() OVER (
                    PARTITION BY {", ".join(keys)} ORDER BY reported DESC, n DESC
                ) = 1 AND type = 'reported'
            """
        )


def _held(reports: pl.LazyFrame, attribute: str, choice: Choice) -> pl.LazyFrame:
    """Return the last report of each key of an attribute at a point of both times, in polars."""
    valid, known = (pl.lit(choice[name]).dt.replace_time_zone("UTC") for name in ("valid", "known"))
    return (
        reports.filter(
            (pl.col("attribute") == attribute)
            & (pl.col("reported") <= known)
            & (pl.col("valid_from") <= valid)
            & (pl.col("valid_to").is_null() | (pl.col("valid_to") > valid))
        )
        .sort("reported", maintain_order=True)
        .unique(["subject", "object"], keep="last")
        .filter(pl.col("type") == "reported")
    )


def main() -> None:
    run_as_command(run, __doc__, SIZE)


if __name__ == "__main__":
    main()
