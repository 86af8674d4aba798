"""Erasing events of a store: the part of `Timeline` that does it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from timeline.boundary import public
from timeline.errors import BadInput
from timeline.index.index import Index
from timeline.log.log import Log
from timeline.project import project_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from timeline.ask.snapshot import Snapshot
    from timeline.index.erasing import Erasure
    from timeline.intake.outcome import Ingested
    from timeline.intake.record import Recorder

__all__ = ["Erasing", "warn_of_unfinished"]

_logger = logging.getLogger(__name__)


def warn_of_unfinished(log: Log) -> None:
    """Write to the logger of this module where an erasure was begun that is not done."""
    if log.is_erasing():
        _logger.warning(
            "%s: an erasure is under way, or its process died before it was done: then `timeline erase` "
            "finishes it",
            log.place,
        )


@public
class Erasing:
    """A store whose events can be erased."""

    path: Path
    progress: Callable[[str], None] | None
    _project: Path | None
    _log: Log
    _index: Index
    _recorder: Recorder | None
    snapshot: Callable[[], Snapshot]
    ingest: Callable[..., Ingested]
    _may_write: Callable[[str], None]
    _release: Callable[[], None]
    _publish_again: Callable[[], None]

    def erase(
        self, events: str | Iterable[str] = (), *, reason: str | None = None, actor: str | None = None
    ) -> Erasure:
        """Erase the content of events for good, and leave a tombstone with the reason for each.

        An event is named by its key, its id, or a beginning of that of four characters or more. Its fact, its
        dates, its source and its origin stay, so that it competes as it did; where it wins, answers say
        `erased`. What it said is gone from every file of the store once this returns, at every recorded date.
        Other files are left as they are, and those of the project that still have it are named. Of no events
        it finishes an erasure whose process died. Raises BadInput without a reason, NotFound where no event
        has a name; then nothing is erased.

        >>> import tempfile
        >>> from timeline import Timeline
        >>> event = {"key": "k", "fact": "acme/ceo", "text": "J. Doe", "source": "a", "reported": "2025-09"}
        >>> with Timeline.create(tempfile.mkdtemp() + "/desk") as tl:
        ...     commit = tl.append([event], register_unknown=True)
        ...     erased = tl.erase("k", reason="asked for by the person named")
        ...     tl.belief("acme/ceo").status, tl.belief("acme/ceo").claim
        ('erased', None)
        """
        from timeline.index.erasing import erase, said_of_erasure
        from timeline.intake.leftovers import still_in

        self._may_write("erase events")
        names = [events] if isinstance(events, str) else list(events)
        if not names and not self._log.is_erasing():
            raise BadInput("nothing to erase; expected the key or event_id of at least one event")
        said = said_of_erasure(reason, actor) if names else ("", None)
        event_ids = list(dict.fromkeys(map(self.snapshot().event_id, names)))
        done = erase(self._index, event_ids, *said)
        self._recorder = None
        self._release()
        try:
            self._index.build(self.progress)
        except Exception as error:
            _logger.warning("all is erased, but the index could not be built: %s", error)
        self._publish_again()
        project = self._project or project_of(self.path)
        if project is None or not event_ids:
            return done
        return replace(
            done,
            still_in=still_in(
                project, event_ids, lambda path: self.ingest(path, dry_run=True, personal=True)
            ),
        )
