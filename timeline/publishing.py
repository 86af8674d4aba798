"""Publishing a store for other engines: the part of `Timeline` that does it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from timeline.boundary import public

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from timeline.ask.snapshot import Snapshot
    from timeline.log.log import Log
    from timeline.publish.beliefs import PublishedBeliefs
    from timeline.publish.log_table import PublishedTable

__all__ = ["Publishing"]

_logger = logging.getLogger(__name__)


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
        from timeline.publish.targets import remember

        self._may_write("publish its log")
        if target is None:
            return publish_log(self._log)
        folder = Path(target).absolute()
        published = publish_log(self._log, folder)
        remember(self.path, "delta", folder)
        return published

    def publish_beliefs(
        self, target: str | Path, *, engine: str | SparkSession | None = None
    ) -> PublishedBeliefs:
        """Write every belief ever held to a folder of Parquet files, or bring what is there up to date.

        They are of the policy `latest` and the basis `certain`, in a folder for each segment of the reported
        axis, so that what was believed on a date is in one. Over them are a Delta table and a manifest: the
        layout is in docs/scale.md. What did not change is not written again. `erase` brings it up to date.

        With `engine`, a session of Spark or the address of one (`spark://host:7077`, `sc://host:15002`), the
        beliefs are worked out there, from the files of the log, and no index is built here. The engine has to
        see the log and the folder that `target` is in under the paths that they have here.

        Raises Conflict where the folder holds anything else, or what another store published, BadInput where
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
        from timeline.publish.targets import remember

        self._may_write("publish its beliefs")
        folder = Path(target).absolute()
        published = self._publish_beliefs(folder) if engine is None else self._computed(folder, engine)
        remember(self.path, "beliefs", folder)
        return published

    def _computed(self, folder: Path, engine: str | SparkSession) -> PublishedBeliefs:
        from timeline.publish.beliefs import publish_beliefs
        from timeline.spark.computing import computed

        with computed(engine, self._log, folder.parent) as believed:
            return publish_beliefs(self._log, believed, folder, progress=self.progress)

    def _publish_beliefs(self, folder: Path) -> PublishedBeliefs:
        from timeline.publish.beliefs import publish_beliefs

        snapshot = self.snapshot()
        try:
            return publish_beliefs(self._log, snapshot.reader(), folder, progress=self.progress)
        except Exception as error:
            if not snapshot.mend(error):
                raise
        return publish_beliefs(self._log, snapshot.reader(), folder, progress=self.progress)

    def _publish_again(self) -> None:
        """Bring everything that was published up to date; what fails is a warning that names the target."""
        from timeline.publish.log_table import publish_log
        from timeline.publish.targets import forget, published

        for what, target in published(self.path):
            try:
                if not target.is_dir():
                    forget(self.path, what, target)
                elif what == "delta":
                    publish_log(self._log, target)
                else:
                    self._publish_beliefs(target)
            except Exception as error:
                _logger.warning(
                    "%s: still has what was erased, since it could not be published again: %s; "
                    "run `timeline publish %s %s`",
                    target,
                    error,
                    what,
                    target,
                )
