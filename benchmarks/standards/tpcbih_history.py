"""The history that benchmarks/standards/tpcbih.py asks about, made by one query of DuckDB."""

from __future__ import annotations

from pathlib import Path

import duckdb

FIRST_DAY = "1992-01-01"
DAYS = 2_557


def write_reports(path: Path, size: int, seed: int = 1) -> Path:
    """Write `size` reports as Parquet in the flat columns of docs/formats.md, in the order of recording.

    To a hundred reports there are five customers, twelve orders, two prices, and half a part.
    """
    customers, parts, suppliers = max(10, size // 20), max(10, size // 200), max(5, size // 400)
    orders = size // 8

    def drawn(what: str, below: int) -> str:
        """Return SQL for a number from 0 on that follows from i, for one column of its stream."""
        return f"(hash(i, {seed}, '{what}') % {below})::BIGINT"

    def cents(number: str) -> str:
        return f"(({number})::DECIMAL(18, 2) / 100)::DECIMAL(18, 2)"

    first = f"TIMESTAMP '{FIRST_DAY}'"

    def any_time(kind: str) -> str:
        return f"{first} + to_seconds({drawn(kind, DAYS * 86_400)})"

    part = "format('part-{:05d}', key // 4)"
    # Four suppliers a part, all different.
    supplier = f"format('supplier-{{:04d}}', (key // 4 + key % 4 * ({suppliers} // 4 + 1)) % {suppliers})"
    price = cents(f"10000 + (hash(key, {seed}) % 90000)::BIGINT")
    balance = cents(f"{drawn('balance', 1_100_000)} - 100000")

    def stream(count: int, kind: str, **columns: str) -> str:
        """Return a query for reports of one kind; the columns that are not given are absent."""
        given = {
            "type": "'reported'",
            "subject": "NULL",
            "attribute": "NULL",
            "object": "NULL",
            "text": "NULL",
            "amount": "NULL",
            "unit": "NULL",
            "valid_from": "date_trunc('day', happened)",
            "valid_to": "NULL",
        } | columns
        happened = given.pop("happened", any_time(kind))
        only = given.pop("only", "true")
        base = given.pop("base", f"SELECT range AS i FROM range({count})")
        chosen = ", ".join(f"{value} AS {name}" for name, value in given.items())
        dated = f"SELECT *, {happened} AS happened FROM ({base})"
        return f"SELECT {chosen}, happened, '{kind}' AS source FROM ({dated}) WHERE {only}"

    placed = f"""
        SELECT
            *,
            placed + to_days((5 + {drawn("deliver", 55)})::INTEGER) AS delivered,
            placed + to_days((10 + {drawn("pay", 80)})::INTEGER) AS paid,
            placed + to_days((1 + {drawn("cancel", 30)})::INTEGER) AS cancelled,
            placed + to_days((100 + {drawn("edit", 300)})::INTEGER) AS edited,
            date_trunc('day', placed) AS day,
            {drawn("fate", 12)} AS fate,
            format('customer-{{:06d}}', {drawn("customer", customers)}) AS customer,
            format('order-{{:07d}}', i) AS ordered,
            {cents(f"100000 + {drawn('sum', 400_000)}")} AS total
        FROM (SELECT *, {any_time("new-order")} AS placed FROM (SELECT range AS i FROM range({orders})))
    """
    status = {"base": placed, "subject": "ordered", "attribute": "'status'"}
    receivable = {
        "base": placed,
        "subject": "ordered",
        "attribute": "'receivable'",
        "object": "customer",
    }
    due = {"valid_from": "day", "valid_to": f"day + to_days((30 + {drawn('due', 90)})::INTEGER)"}
    keyed = f"SELECT range AS i, range AS key FROM range({parts * 4})"
    revised = "SELECT range AS i, (hash(range, {}, '{}') % {})::BIGINT AS key FROM range({})"
    cost = {"subject": part, "attribute": "'supply-cost'", "object": supplier, "unit": "'USD'"}
    stock = {"subject": part, "attribute": "'stock'", "object": supplier, "unit": "'count'"}
    dollars = {"unit": "'USD'"}
    start = {"happened": first}
    streams = [
        stream(
            0,
            "version-0",
            base=keyed,
            amount=price,
            valid_from=f"happened + to_days(greatest(0, {drawn('supplied', 3_000)} - 1500)::INTEGER)",
            **cost,
            **start,
        ),
        stream(0, "version-0", base=keyed, amount=drawn("stock", 10_000), **stock, **start),
        stream(
            parts,
            "version-0",
            subject="format('part-{:05d}', i)",
            attribute="'available'",
            text="'yes'",
            **start,
        ),
        stream(
            customers,
            "version-0",
            subject="format('customer-{:06d}', i)",
            attribute="'balance'",
            amount=balance,
            **dollars,
            **start,
        ),
        stream(
            suppliers,
            "version-0",
            subject="format('supplier-{:04d}', i)",
            attribute="'balance'",
            amount=balance,
            valid_from="NULL",
            **dollars,
            **start,
        ),
        stream(0, "new-order", text="'open'", happened="placed", **status),
        stream(0, "new-order", amount="total", happened="placed", **receivable, **due, **dollars),
        stream(0, "deliver-order", text="'delivered'", happened="delivered", only="fate < 8", **status),
        stream(0, "cancel-order", type="'withdrawn'", happened="cancelled", only="fate > 8", **status),
        stream(
            0,
            "cancel-order",
            type="'withdrawn'",
            happened="cancelled",
            only="fate > 8",
            valid_from="day",
            **receivable,
        ),
        stream(0, "receive-payment", type="'withdrawn'", happened="paid", only="fate < 8", **receivable),
        stream(
            0,
            "receive-payment",
            base=placed,
            subject="customer",
            attribute="'balance'",
            amount=balance,
            happened="paid",
            only="fate < 8",
            **dollars,
        ),
        stream(
            0,
            "manipulate-order",
            amount="(total * 1.1)::DECIMAL(18, 2)",
            happened="edited",
            only=f"{drawn('manipulate', 100)} = 0",
            **receivable,
            **due,
            **dollars,
        ),
        stream(
            size // 20,
            "update-customer",
            subject=f"format('customer-{{:06d}}', {drawn('update-customer-key', customers)})",
            attribute="'balance'",
            amount=balance,
            **dollars,
        ),
        stream(
            0,
            "change-price",
            base=revised.format(seed, "price", parts * 4, size // 10),
            amount=f"({price} * (80 + {drawn('factor', 45)}) / 100)::DECIMAL(18, 2)",
            valid_from=f"date_trunc('day', happened) + to_days({drawn('ahead', 30)}::INTEGER)",
            valid_to=f"if({drawn('offer', 3)} = 0, date_trunc('day', happened) + to_days(90), NULL)",
            **cost,
        ),
        stream(
            0,
            "update-stock",
            base=revised.format(seed, "stock", parts * 4, size // 8),
            amount=drawn("stock", 10_000),
            **stock,
        ),
        stream(
            size // 20,
            "delay-availability",
            type="'withdrawn'",
            subject=f"format('part-{{:05d}}', {drawn('part', parts)})",
            attribute="'available'",
            valid_to=f"date_trunc('day', happened) + to_days((1 + {drawn('days', 14)})::INTEGER)",
        ),
        stream(
            size // 20,
            "update-supplier",
            subject=f"format('supplier-{{:04d}}', {drawn('supplier', suppliers)})",
            attribute="'balance'",
            amount=balance,
            valid_from="NULL",
            **dollars,
        ),
    ]
    columns = """
        type, subject, attribute, object::VARCHAR AS object, text::VARCHAR AS text,
        amount::DECIMAL(18, 2) AS amount, unit::VARCHAR AS unit,
        make_timestamptz(epoch_us(valid_from)) AS valid_from,
        make_timestamptz(epoch_us(valid_to)) AS valid_to,
        make_timestamptz(epoch_us(happened)) AS reported, source
    """
    with duckdb.connect() as con:
        con.execute(
            f"""
            COPY (
                SELECT {columns}
                FROM ({" UNION ALL BY NAME ".join(streams)})
                WHERE happened < {first} + to_days({DAYS})
                ORDER BY reported, source, subject, attribute, object, amount
                LIMIT {size}
            ) TO '{path}' (FORMAT parquet, COMPRESSION zstd)
            """
        )
    return path
