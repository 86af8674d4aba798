"""The bitemporal joins B3 of TPC-BiH: which other parts do the suppliers of a part supply?

The answer counts the pairs of versions for each part and supplier. On each axis the two rows may have to hold
at one point, or at the same time (`join`), or any time will do (`agnostic`). The benchmark asks eleven of the
combinations; B3.1, B3.3 and B3.6 ask as known now.
"""

from __future__ import annotations

from collections.abc import Callable

#: For each join: the piece of SQL that asks it, whether it is asked as known now, and what it asks.
JOINS = {
    f"B3.{number}": (
        f"B3.{application}.{system}",
        now,
        f"parts of the same suppliers, application time {application}, system time {system}",
    )
    for number, application, system, now in (
        (1, "point", "point", True),
        (2, "point", "point", False),
        (3, "join", "point", True),
        (4, "point", "join", False),
        (5, "join", "join", False),
        (6, "agnostic", "point", True),
        (7, "agnostic", "point", False),
        (8, "agnostic", "join", False),
        (9, "point", "agnostic", False),
        (10, "join", "agnostic", False),
        (11, "agnostic", "agnostic", False),
    )
}


def joins(side: str) -> dict[str, str]:
    """Return the pieces of SQL that ask the joins of one side, by their names."""
    keys = {"timeline": "other.subject, object", "mariadb": "other.part, other.supplier"}
    grouped = f"\nGROUP BY {keys.get(side, 'other.part, supplier')}"
    return {piece: SIDES[side](*piece.split(".")[1:]) + grouped for piece, _, _ in JOINS.values()}


def _timeline(application: str, system: str) -> str:
    clause = " FOR REPORTED_TIME AS OF $known" if system == "point" else " FOR REPORTED_TIME ALL"
    clause += " FOR VALID_TIME AS OF $valid" if application == "point" else ""
    sql = f"""
SELECT other.subject, object, count(*)
FROM beliefs{clause} AS own
JOIN beliefs{clause} AS other USING (object)
WHERE own.attribute = 'supply-cost' AND other.attribute = 'supply-cost'
    AND own.subject = $part AND other.subject <> $part"""
    if application == "join":
        sql += _overlap("valid_from", "valid_to", "coalesce({}, 'infinity')")
    if system == "join":
        sql += _overlap("believed_from", "believed_until", "coalesce({}, 'infinity')")
    return sql


def _versions(application: str, system: str) -> str:
    sql = """
SELECT other.part, supplier, count(*)
FROM supply_cost AS own
JOIN supply_cost AS other USING (supplier)
WHERE own.part = $part AND other.part <> $part"""
    for axis, how in (("valid", application), ("known", system)):
        if how == "point":
            for row in ("own", "other"):
                sql += f"\n    AND {row}.{axis}_from <= ${axis} AND ${axis} < {row}.{axis}_to"
        elif how == "join":
            sql += _overlap(f"{axis}_from", f"{axis}_to")
    return sql


def _mariadb(application: str, system: str) -> str:
    clause = "AS OF $known" if system == "point" else "ALL"
    sql = f"""
SELECT other.part, other.supplier, count(*)
FROM supply_cost FOR SYSTEM_TIME {clause} AS own
JOIN supply_cost FOR SYSTEM_TIME {clause} AS other ON other.supplier = own.supplier
WHERE own.part = $part AND other.part <> $part"""
    if application == "point":
        for row in ("own", "other"):
            sql += f"\n    AND {row}.valid_from <= $valid AND $valid < {row}.valid_to"
    elif application == "join":
        sql += _overlap("valid_from", "valid_to")
    return sql + (_overlap("known_from", "known_to") if system == "join" else "")


def _postgresql(application: str, system: str) -> str:
    sql = """
SELECT other.part, supplier, count(*)
FROM supply_cost AS own
JOIN supply_cost AS other USING (supplier)
WHERE own.part = $part AND other.part <> $part"""
    for axis, how in (("valid", application), ("known", system)):
        if how == "point":
            sql += f"\n    AND own.{axis} @> ${axis} AND other.{axis} @> ${axis}"
        elif how == "join":
            sql += f"\n    AND own.{axis} && other.{axis}"
    return sql


def _overlap(start: str, end: str, written: str = "{}") -> str:
    own, other = written.format(f"own.{end}"), written.format(f"other.{end}")
    return f"\n    AND own.{start} < {other} AND other.{start} < {own}"


SIDES: dict[str, Callable[[str, str], str]] = {
    "timeline": _timeline,
    "versions": _versions,
    "mariadb": _mariadb,
    "postgresql": _postgresql,
}
