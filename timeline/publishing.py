"""Publishing a store for other engines: the part of `Timeline` that does it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from timeline.boundary import public
from timeline.errors import BadInput, Conflict, NotFound

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from timeline.ask.snapshot import Snapshot
    from timeline.log.log import Log
    from timeline.publish.beliefs import PublishedBeliefs
    from timeline.publish.log_table import PublishedTable
    from timeline.publish.targets import Target

__all__ = ["Publishing"]

_logger = logging.getLogger(__name__)

#: How often others may publish later commits to a place while this machine publishes.
_ATTEMPTS: Final = 10


@public
class Publishing:
    """A store whose tables can be published."""

    path: Path
    progress: Callable[[str], None] | None
    _log: Log
    snapshot: Callable[[], Snapshot]
    _may_write: Callable[[str], None]

    def publish_delta(self, target: str | Path | None = None) -> PublishedTable:
        """Register the files of the log in a Delta table, whose rows are all events; no file is copied.

        The table is in the folder of the log, or in `target`: a folder on the same file system, of hard links
        to the same files. Its columns are those of the files: docs/formats.md. Publish again for what was
        recorded since. Compaction and erasure register the files that they make by themselves, and `erase`
        brings a `target` up to date. See docs/scale.md.

        Raises Conflict where `target` holds anything else or an erasure is not finished, BadInput where files
        cannot be linked to it.

        >>> import tempfile
        >>> from timeline import Timeline
        >>> event = {"fact": "acme/ceo", "text": "J. Doe", "source": "a", "reported": "2025-09"}
        >>> with Timeline.create(tempfile.mkdtemp() + "/desk") as tl:
        ...     commit = tl.append([event], register_unknown=True)
        ...     published = tl.publish_delta()
        ...     published.commit, published.files, published.rows
        (1, 1, 4)
        """
        from timeline.publish.log_table import publish_log
        from timeline.publish.places import place_at
        from timeline.publish.targets import Target

        self._may_write("publish its log")
        if target is None:
            return publish_log(self._log)
        where = place_at(target).name
        with self._remembering(Target("delta", where)):
            return publish_log(self._log, where)

    def publish_beliefs(
        self, target: str | Path, *, engine: str | SparkSession | None = None
    ) -> PublishedBeliefs:
        """Write every belief ever held to Parquet files, or bring what is there up to date.

        `target` is a folder, or a prefix in a bucket: `s3://bucket/prefix`, `gs://…`, `az://…`. They are of
        the policy `latest` and the basis `certain`, in a folder for each segment of the reported
        axis, so that what was believed on a date is in one. Over them are a Delta table and a manifest: the
        layout is in docs/scale.md. What did not change is not written again. `erase` brings it up to date.
        Several may publish to one place at once.

        With `engine`, a session of Spark or the address of one (`spark://host:7077`, `sc://host:15002`), the
        beliefs are worked out there, from the files of the log, and no index is built here. The engine has to
        see the log and what `target` is in under the paths that they have here, and reach buckets by its own
        settings; a URL that begins with `s3:` is `s3a:` there.

        Raises Conflict where anything else lies there, or what another store published, BadInput where
        there is no PySpark, TimelineError for what the engine raises.

        >>> import tempfile
        >>> from timeline import Timeline
        >>> event = {"fact": "acme/ceo", "text": "J. Doe", "source": "a", "reported": "2025-09"}
        >>> with Timeline.create(tempfile.mkdtemp() + "/desk") as tl:
        ...     commit = tl.append([event], register_unknown=True)
        ...     published = tl.publish_beliefs(tempfile.mkdtemp() + "/beliefs")
        ...     published.commit, published.segments, published.rows
        (1, 1, 1)
        """
        from timeline.publish.places import place_at
        from timeline.publish.targets import Target

        self._may_write("publish its beliefs")
        where = place_at(target).name
        with self._remembering(Target("beliefs", where)):
            return self._publish_beliefs(where) if engine is None else self._computed(where, engine)

    @contextmanager
    def _remembering(self, target: Target) -> Iterator[None]:
        """Note a target before anything is written there, unless it is refused."""
        from timeline.publish.targets import forget, remember

        is_new = remember(self._log, target)
        try:
            yield
        except (BadInput, Conflict, NotFound):
            if is_new:
                forget(self._log, target)
            raise

    def _computed(self, target: str, engine: str | SparkSession) -> PublishedBeliefs:
        from timeline.publish.beliefs import publish_beliefs
        from timeline.publish.log_table import erasures_of
        from timeline.spark.computing import computed

        erased = erasures_of(self._log)
        with computed(engine, self._log, target) as believed:
            return publish_beliefs(self._log, believed, target, erased=erased, progress=self.progress)

    def _publish_beliefs(self, target: str) -> PublishedBeliefs:
        """Publish what is there now, and again where somebody published later commits meanwhile."""
        from timeline.publish.beliefs import Overtaken, publish_beliefs
        from timeline.publish.log_table import erasures_of

        mended = False
        for attempt in range(_ATTEMPTS):
            erased = erasures_of(self._log)
            snapshot = self.snapshot()
            try:
                reader = snapshot.reader()
                return publish_beliefs(self._log, reader, target, erased=erased, progress=self.progress)
            except Overtaken:
                if attempt + 1 == _ATTEMPTS:
                    raise
            except Exception as error:
                if mended or not snapshot.mend(error):
                    raise
                mended = True
        raise AssertionError("the last attempt returns or raises")

    def _publish_again(self) -> None:
        """Bring everything that was published up to date; what fails is a warning that names the target."""
        from timeline.publish.log_table import publish_log
        from timeline.publish.places import is_made
        from timeline.publish.targets import forget, published

        for target in published(self._log):
            what, where = target
            try:
                if not is_made(where):
                    forget(self._log, target)
                elif what == "delta":
                    publish_log(self._log, where)
                else:
                    self._publish_beliefs(where)
            except Exception as error:
                _logger.warning(
                    "%s: still has what was erased, since it could not be published again: %s; "
                    "run `timeline publish %s %s`",
                    where,
                    error,
                    what,
                    where,
                )
