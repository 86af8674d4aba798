"""An erasure as a whole: in the log, then in everything that was built from it, then for all who read."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from timeline.errors import BadInput
from timeline.index.index import Index
from timeline.log.erasing import amending, record_tombstones, remove_erased, tombstoned
from timeline.log.file import Commit
from timeline.log.log import writable

__all__ = ["Erasure", "erase", "said_of_erasure"]


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure did.

    `commit` has the tombstones of the events `event_ids`, and is None where all were erased before: `known`.
    `files` is how many files of the log were rewritten. `amended_by` has the ids of other events that correct
    or retract one of them. `still_in` says where files of the project still have one, as `file:line`.
    """

    commit: Commit | None
    event_ids: list[str]
    known: list[str]
    files: int
    amended_by: list[str] = field(default_factory=list)
    still_in: list[str] = field(default_factory=list)


def said_of_erasure(reason: str | None, actor: str | None) -> tuple[str, str | None]:
    """Return a reason and an actor as events have them; raises BadInput for texts that none may have."""
    # It checks with pydantic, which is slow to import.
    from timeline.meaning.event import event_from

    if not (reason or "").strip():
        raise BadInput("an erasure needs a reason, which stays: who asked for it, say, and when")
    given = {"type": "retracted", "target": "one", "reason": reason, "actor": actor}
    row = event_from(given).columns()
    return row["reason"], row.get("actor")


def erase(index: Index, event_ids: Sequence[str], reason: str, actor: str | None = None) -> Erasure:
    """Erase events, and whatever an erasure that was not finished left to be erased.

    It is done once this returns. A process that dies before leaves tombstones, a mark, and files of which
    each is either as it was or without the events; the next erasure, of whatever events, does the rest. An
    index is not built. Raises NotFound for an id of no event, BadInput for that of a tombstone, Corruption
    where the log or the index is damaged.
    """
    log = index.log
    index.check_log()
    with writable(log.folder), ExitStack() as appending:
        # In this order, in which a writer that appends alone asks for the two.
        appending.enter_context(log.alone())
        appending.enter_context(log.maintenance())
        commit, new = record_tombstones(log, event_ids, reason, actor)
        # An index that has what the log has not would look damaged, were this the last that was done.
        index.remove_all(tombstoned(log))
        files = remove_erased(log)
        while not log.end_erasure():
            log.begin_erasure(finish=True)
            files += remove_erased(log)
    known = [event_id for event_id in event_ids if event_id not in new]
    return Erasure(commit, new, known, files, amending(log, event_ids))
