"""A sealed store: a copy that holds nothing reported, or recorded, after a date.

Whatever reads it works on files that do not contain the future, so that no question need leave anything out.
"""

from __future__ import annotations

import json
import tempfile
import weakref
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from timeline.ask.answers import Moment
from timeline.ask.queries import queries_of
from timeline.atomic import temporary_folder
from timeline.boundary import public
from timeline.errors import BadInput, brief
from timeline.index.seal import SEAL_FILE, Seal
from timeline.index.sealed import write_sealed
from timeline.meaning.fold import Basis
from timeline.meaning.habits import Habits
from timeline.project import project_of
from timeline.store import Timeline

if TYPE_CHECKING:
    from collections.abc import Callable

    from timeline.ask.queries import Query
    from timeline.ask.snapshot import Snapshot

__all__ = ["SealedTimeline", "open_sealed", "sealed_and_withheld"]

#: With `possible`, reports would be kept that may have appeared only later.
_BASES: Final[dict[str, Basis]] = {"certain": "certain", "evidence": "evidence"}


@public
class SealedTimeline(Timeline):
    """A store that is sealed: every question to it is asked of a copy without what came later.

    It is the store as it was when it was opened, and nothing can be recorded in it. `seal` says what is
    withheld; how much that is, it does not know.

    >>> import tempfile
    >>> with Timeline.create(tempfile.mkdtemp() + "/desk") as tl:
    ...     event = {"fact": "acme/ceo", "entity": "ann", "source": "a", "reported": "2025-01-01"}
    ...     later = event | {"entity": "bob", "reported": "2026-01-01"}
    ...     commit = tl.append([event, later], register_unknown=True)
    ...     with Timeline.open(tl.path, sealed_as_of="2025-06-30") as sealed:
    ...         sealed.belief("acme/ceo").claim, sealed.seal
    ('ann', 'as of 2025-06-30')
    """

    def __init__(
        self,
        path: Path,
        seal: Seal,
        habits: Habits,
        *,
        queries: Callable[[], list[Query]] = list,
    ) -> None:
        super().__init__(path, read_only=True)
        self._seal = seal
        self._habits = habits
        self._queries = queries
        self._is_closed = False
        self._remove: Callable[[], object] | None = None

    def _remove_with(self, within: ExitStack) -> None:
        """Have the copy be removed by closing what it is in, at the latest where nothing uses it any more."""
        # Snapshots hold the index, and may outlive this object.
        self._remove = weakref.finalize(self._index, within.close)

    @property
    def seal(self) -> str:
        """What is withheld, in words such as `as of 2025-10-15`."""
        return str(self._seal)

    @property
    def habits(self) -> Habits:
        """How the project of the store says that texts and dates are to be read."""
        return self._habits

    def named_queries(self) -> list[Query]:
        """Return the named queries of the project that the store is of."""
        return self._queries()

    def snapshot(self) -> Snapshot:
        """Return the store as one state, which every question can be asked of."""
        if self._is_closed:
            raise BadInput(f"this store, sealed {self.seal}, was closed, and its copy is gone; open it again")
        return super().snapshot()

    def close(self) -> None:
        """Remove the copy: nothing can be asked afterwards."""
        super().close()
        if self._remove is not None:
            self._is_closed = True
            self._remove()


def open_sealed(
    tl: Timeline, as_of: Moment | None, recorded_as_of: Moment | None, basis: str
) -> SealedTimeline:
    """Return what a seal leaves of an open store, as a store in a temporary folder.

    A store that is the copy of a sealed one already is opened as that, and may be sealed once more. Raises
    BadInput for dates that cannot be read, and a basis that cannot be sealed with.
    """
    return sealed_and_withheld(tl, as_of, recorded_as_of, basis)[0]


def sealed_and_withheld(
    tl: Timeline, as_of: Moment | None, recorded_as_of: Moment | None, basis: str
) -> tuple[SealedTimeline, int]:
    """Return what `open_sealed` does, and how many events it leaves out, which is for the owner alone."""
    if basis not in _BASES:
        raise BadInput(f"no such basis to seal with: {brief(basis)}; expected certain or evidence")
    if basis == "evidence" and as_of is None:
        raise BadInput("a basis says when an event counts as reported; expected a date to seal as of besides")
    mark = tl.path / SEAL_FILE
    if mark.is_file():
        tl = _marked(tl.path, mark)
        if as_of is None and recorded_as_of is None:
            return tl, 0
    snapshot = tl.snapshot()
    dates = snapshot.dates(as_of, recorded_as_of)
    seal = Seal(dates.as_of, None if recorded_as_of is None else dates.recorded_as_of, _BASES[basis])
    habits = tl.habits
    with ExitStack() as stack:
        folder = stack.enter_context(temporary_folder(Path(tempfile.gettempdir()))) / "store"
        folder.mkdir()
        withheld = write_sealed(tl._log, folder / "log", seal, habits.timezone, until=snapshot.commit)
        _write_mark(folder / SEAL_FILE, seal, habits)
        # Not by way of the store, to which nothing in the sealed one shall lead.
        queries = partial(queries_of, tl._project or project_of(tl.path))
        sealed = SealedTimeline(folder, seal, habits, queries=queries)
        if sealed.head() is not None:
            sealed._index.build()
        sealed._remove_with(stack.pop_all())
    return sealed, withheld


def _marked(folder: Path, mark: Path) -> SealedTimeline:
    """Return a sealed copy that was made before, by the mark in its folder."""
    said = json.loads(mark.read_text(encoding="utf-8"))
    return SealedTimeline(folder, Seal(**said["seal"]), Habits(**said["habits"]))


def _write_mark(mark: Path, seal: Seal, habits: Habits) -> None:
    said = {"seal": asdict(seal), "habits": asdict(habits)}
    mark.write_text(json.dumps(said), encoding="utf-8")
