"""The questions: what was believed as of a date, and every belief ever held, as Spark DataFrames."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from timeline.errors import BadInput, brief
from timeline.index.catalog import sql_object
from timeline.meaning import fold
from timeline.meaning.columns import BELIEF_COLUMNS
from timeline.meaning.fact import fact_key, is_glob
from timeline.meaning.times import LAST_INSTANT, format_instant, parse_as_of
from timeline.spark.files import carried, declared
from timeline.spark.source import Published, found_at
from timeline.spark.sweeping import Swept

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from timeline.publish.manifest import Segment

__all__ = ["belief_spans", "beliefs_as_of"]

_BASES: Final = ("certain", "possible", "evidence")
_POLICIES: Final = ("latest", "by-origin")


def beliefs_as_of(
    spark: SparkSession,
    source: str | Path,
    as_of: str | date | None = None,
    *,
    recorded_as_of: str | date | None = None,
    valid_at: str | date | None = None,
    basis: str = "certain",
    policy: str = "latest",
    fact: str | None = None,
) -> DataFrame:
    """Return what was believed as of a date, as a DataFrame of the session `spark`, in no particular order.

    `source` is the path or URL of a log, of its Delta table, or of published beliefs, as the engine sees it;
    a path is taken from the folder that this process works in. Dates are those of `Timeline.beliefs`: text
    (EDTF), a date, which means its last instant in UTC, or an aware datetime; `recorded_as_of` may be a
    commit, such as `"#4"`; None is everything. `policy` is `latest` or `by-origin`, `basis` `certain`,
    `possible` or `evidence`, `fact` a key or a glob.

    The columns are those of `beliefs`; instants are TIMESTAMP_NTZ in UTC, amounts DECIMAL(38, 9). The answer
    is of the commits that are there when this is called; it is computed whenever the DataFrame is used.

    Raises NotFound where nothing of that kind lies there, BadInput for what cannot be asked, Corruption where
    files of the log are missing. Published beliefs are `latest`, `certain`, and of everything recorded.
    """
    asked = _Asked.of(recorded_as_of, basis, policy, fact)
    return asked.beliefs(
        spark,
        source,
        None if as_of is None else parse_as_of(as_of),
        None if valid_at is None else parse_as_of(valid_at),
    )


def belief_spans(
    spark: SparkSession,
    source: str | Path,
    *,
    recorded_as_of: str | date | None = None,
    basis: str = "certain",
    policy: str = "latest",
    fact: str | None = None,
) -> DataFrame:
    """Return every belief ever held, as a DataFrame of the session `spark`, in no particular order.

    The columns are those of `beliefs` and `believed_until`, which is NULL while exactly this row is
    believed. All else is as in `beliefs_as_of`.
    """
    return _Asked.of(recorded_as_of, basis, policy, fact).spans(spark, source)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question without its dates on the reported and the valid axis."""

    basis: fold.Basis
    policy: str
    recorded_as_of: int | None
    last_commit: int | None
    fact: str | None
    pattern: str | None

    @classmethod
    def of(cls, recorded_as_of: str | date | None, basis: str, policy: str, fact: str | None) -> _Asked:
        """Return the question; raises BadInput for what cannot be asked."""
        fold.check_policy(policy)
        if policy not in _POLICIES:
            raise BadInput(f"no such policy on Spark: {brief(policy)}; expected latest or by-origin")
        if basis not in _BASES:
            raise BadInput(f"no such basis: {brief(basis)}; expected certain, possible or evidence")
        commit = _commit(recorded_as_of)
        moment = None if recorded_as_of is None or commit is not None else parse_as_of(recorded_as_of)
        key = fact_key(fact)
        glob = key is not None and is_glob(key)
        return cls(
            cast(fold.Basis, basis),
            policy,
            moment,
            commit,
            None if glob else key,
            glob_as_regex(key) if glob and key is not None else None,
        )

    def beliefs(
        self, spark: SparkSession, source: str | Path, as_of: int | None, valid_at: int | None
    ) -> DataFrame:
        dates = {"as_of": _text(as_of), "valid_at": _text(valid_at)}
        found = found_at(spark, str(source))
        if isinstance(found, Published):
            self._check_published(found)
            segment = found.manifest.segment_at(as_of)
            frame = _files(spark, found, [segment])
            return self._narrowed(spark, _query(spark, "published_beliefs", dates, segment=frame))
        # What was reported later is not even read; where the date has no later one, nothing is.
        bounded = as_of is not None and as_of < LAST_INSTANT and self.basis == "certain"
        swept = Swept(self.basis, self.policy == "by-origin", fold.END if as_of is None else as_of, valid_at)
        return self._resolved(spark, found, "beliefs", swept, dates, as_of if bounded else None)

    def spans(self, spark: SparkSession, source: str | Path) -> DataFrame:
        found = found_at(spark, str(source))
        if isinstance(found, Published):
            self._check_published(found)
            *earlier, last = found.manifest.segments
            rows = _query(
                spark,
                "published_spans",
                earlier=_files(spark, found, earlier),
                last=_files(spark, found, [last]),
            )
            return self._narrowed(spark, rows)
        swept = Swept(self.basis, self.policy == "by-origin", spans=True)
        return self._resolved(spark, found, "spans", swept, {}, None)

    def _check_published(self, found: Published) -> None:
        """Raise BadInput where published beliefs are of another rule than what is asked."""
        held = found.manifest
        plain = self.recorded_as_of is None and self.last_commit is None
        if not plain or (held.policy, held.basis) != (self.policy, self.basis):
            raise BadInput(
                f"{found.files.folder}: its beliefs were published under policy {held.policy} and basis "
                f"{held.basis}, with everything recorded up to commit {held.commit}; ask its log for others"
            )

    def _resolved(
        self,
        spark: SparkSession,
        log: DataFrame,
        windows: str,
        swept: Swept,
        dates: dict[str, Any],
        reported_by: int | None,
    ) -> DataFrame:
        """Return the beliefs of the facts that windows resolve, by windows, with those of the others."""
        rules = {"basis": self.basis, "policy": self.policy}
        whole = self._incoming(spark, log, None)
        facts = _query(spark, "entangled_facts", incoming=whole)
        early = whole if reported_by is None else self._incoming(spark, log, reported_by)
        competing = _query(spark, "competing", rules, incoming=early, entangled_facts=facts)
        entangled = _query(spark, "entangled", incoming=whole, entangled_facts=facts)
        schema = declared(_columns(spans=swept.spans))
        return _query(spark, windows, dates, competing=competing).unionAll(
            entangled.groupBy("bucket").applyInArrow(carried(swept), schema)
        )

    def _incoming(self, spark: SparkSession, log: DataFrame, reported_by: int | None) -> DataFrame:
        bounds = {
            "recorded_as_of": _text(self.recorded_as_of),
            "last_commit": self.last_commit,
            "reported_by": _text(reported_by),
        }
        return self._narrowed(spark, _query(spark, "incoming", bounds, log=log))

    def _narrowed(self, spark: SparkSession, rows: DataFrame) -> DataFrame:
        if self.fact is None and self.pattern is None:
            return rows
        return _query(spark, "matching", {"fact": self.fact, "pattern": self.pattern}, rows=rows)


def _files(spark: SparkSession, published: Published, segments: Iterable[Segment]) -> DataFrame:
    """Return the rows of these segments, of which there may be none."""
    paths = [file.path for segment in segments for file in segment.files]
    columns = _columns(spans=True)
    return published.files.rows(paths, columns) if paths else spark.createDataFrame([], declared(columns))


def _columns(*, spans: bool) -> list[str]:
    return [*BELIEF_COLUMNS, *(["believed_until"] if spans else [])]


def _query(
    spark: SparkSession, name: str, parameters: dict[str, Any] | None = None, **frames: DataFrame
) -> DataFrame:
    """Return what the query in timeline/sql/spark/NAME.sql finds in these frames; it names them in braces."""
    return spark.sql(sql_object(f"spark/{name}"), parameters or {}, **frames)


def _text(micros: int | None) -> str | None:
    return None if micros is None else format_instant(micros).rstrip("Z")


def _commit(moment: str | date | None) -> int | None:
    """Return the number of a commit such as `#4`, None of anything else."""
    if not (isinstance(moment, str) and moment.startswith("#")):
        return None
    number = moment[1:]
    if not (number.isascii() and number.isdigit()):
        raise BadInput(f"{brief(moment)} is not a commit; expected # and its number, such as #4")
    return min(int(number.lstrip("0")[:20] or 0), fold.END)


def glob_as_regex(glob: str) -> str:
    """Return a glob of facts as a regular expression of Java and of Rust.

    As in SQL, `*` is any text, slashes too, `?` one character, `[ab]` one of these, `[!ab]` none of them, and
    a backslash takes the next sign as it is.

    >>> glob_as_regex("nvidia/*@2024-Q?")
    '(?s)^nvidia/.*@2024\\\\-Q.$'
    """
    found = ["(?s)^"]
    rest = glob
    while rest:
        if rest[0] == "*":
            part, rest = ".*", rest[1:]
        elif rest[0] == "\\" and len(rest) > 1:
            part, rest = re.escape(rest[1]), rest[2:]
        elif rest[0] == "?":
            part, rest = ".", rest[1:]
        elif match := re.match(r"\[(!?)([^\]]+)\]", rest):
            inside = re.sub(r"([\[\]\\^&~])", r"\\\1", match[2])
            part, rest = f"[{'^' if match[1] else ''}{inside}]", rest[match.end() :]
        else:
            part, rest = re.escape(rest[0]), rest[1:]
        found.append(part)
    return "".join([*found, "$"])
