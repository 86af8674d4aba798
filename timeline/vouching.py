"""What a store hands to others, who may trust it because they can check it: proofs, citations, backups."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from timeline.boundary import public
from timeline.errors import BadInput, NotFound
from timeline.project import project_of

if TYPE_CHECKING:
    from timeline.ask.answers import Moment
    from timeline.ask.snapshot import Snapshot
    from timeline.citations import CheckedCitation, Citation
    from timeline.index.seal import Seal
    from timeline.log.backup import Copied
    from timeline.log.log import Log
    from timeline.log.witness import Stamped

__all__ = ["Vouching"]


@public
class Vouching:
    """The part of `Timeline` that makes what can be checked elsewhere."""

    path: Path
    address: str | Path
    _log: Log
    _seal: Seal
    _project: Path | None

    def snapshot(self) -> Snapshot:
        """Return the store as one state: see `Timeline`."""
        raise NotImplementedError

    def tree_root(self) -> str | None:
        """Return the root over the digests of all commits, None of an empty store: see `prove`.

        It vouches for everything as the digest of the head does. Noted elsewhere, proofs that end at it are
        short. It is the tree hash of RFC 9162 over the digests, each taken as its 32 bytes.
        """
        from timeline.log.proving import tree_root

        return tree_root(self._log) if self._log.head_number() else None

    def prove(
        self,
        event: str | None = None,
        *,
        since: str | None = None,
        until: str | None = None,
        tree: bool = False,
    ) -> dict[str, Any]:
        """Return a proof, as a document of JSON that `check_proof` takes, which needs no store for it.

        With an `event` (its key, its id or a prefix of that) it proves that the event is in the log, with
        this content, recorded then. With `since`, a digest that was noted before, it proves that the log has
        only grown since. It ends at the head's digest, or at the digest `until`. Such a proof lists every
        commit up to there. A root over all commits, as `tree_root` returns it, may take the place of each
        digest, and `tree` ends the proof at that of today: then it is a short path. Raises NotFound for an
        event or a digest that the log does not have.
        """
        from timeline.log.proving import prove_event, prove_growth

        self._seal.check_open("its copy has a log of its own, so prove what the store itself has")
        if (event is None) == (since is None):
            raise BadInput(
                "a proof is of an event, or of what was added since a digest; expected one of them"
            )
        snapshot = self.snapshot()
        if since is not None:
            return prove_growth(self._log, since, snapshot.commit, until=until, tree=tree)
        if not snapshot.commit or event is None:
            raise NotFound(f"nothing is recorded in {self.address} yet")
        return prove_event(self._log, snapshot.position_of(event), snapshot.commit, until=until, tree=tree)

    def stamp(self, url: str) -> bytes:
        """Have the authority at `url` stamp the digest of the head; returns its answer, as RFC 3161 has it.

        Kept, it shows later that the store held everything up to there by then. Needs the extra `witness`.
        Raises BadInput where nothing answers at that address, or no time stamp is granted.
        """
        from timeline.log.witness import stamp

        self._seal.check_open("its copy has a log of its own, so have the store itself stamped")
        return stamp(self._log, url)

    def check_stamp(self, token: bytes, roots: bytes) -> Stamped:
        """Check a time stamp, and return the commit that it is of, and when it was stamped.

        `roots` are the certificates of the authorities that are trusted, in PEM. Raises Corruption where the
        stamp is not signed below these, or the log does not have the commit.
        """
        from timeline.log.witness import check_stamp

        return check_stamp(self._log, token, roots)

    def cite(
        self,
        question: str | Sequence[str],
        as_of: Moment | None = None,
        recorded_as_of: Moment | None = None,
        valid_at: Moment | None = None,
        policy: str = "latest",
        basis: str = "certain",
        *,
        within: int | None = 90,
    ) -> Citation:
        """Return a citation of the answer to a question: a line of text that `check_citation` checks.

        `question` is written as for the command line (`show nvidia/*`, `history FACT`, `why FACT`,
        `diff DATE DATE`, `disagreements`, `query NAME name=value`), or is a query in SQL. `within` is for
        disagreements. Without `recorded_as_of` the answer is that of everything recorded by now, and stays
        so. Raises BadInput for what is no question, or has another answer each time.
        """
        from timeline.citations import cite

        dates = (as_of, recorded_as_of, valid_at, policy, basis)
        return cite(self, question, dates, within)  # type: ignore[arg-type]

    def check_citation(self, line: str, *, certify: bool = True) -> CheckedCitation:
        """Ask the question of a citation again, and compare the answer with the one that was cited.

        The rows have to be the same to the byte, whatever was recorded since. With `certify` the question is
        asked of a copy of the store, too, that holds nothing reported after the date of the citation and
        nothing recorded after its state: where the answer is the same, none of that took part. Raises
        Corruption for another answer, or where the log is not the one that was cited from; Conflict, which
        names them, where events were erased since; BadInput for what is no citation.
        """
        from timeline.citations import check

        return check(self, line, certify=certify)  # type: ignore[arg-type]

    def backup(self, path: str | Path, *, link: bool = False) -> Copied:
        """Copy everything recorded so far, and the files of the project, into the folder `path`.

        Others may record meanwhile. A folder that is not there yet appears whole or not at all; into one that
        is a backup of this store only what is new is copied, so that it is always a backup up to some commit.
        With `link` the files of the log are linked, not copied, where the file system can. Raises Conflict
        for any other folder that has something in it, and Corruption where a file of the log is not the one
        that was written.
        """
        from timeline.backups import back_up

        project = self._project or project_of(self.path)
        return back_up(self.path, self._log, project, Path(path), link=link)

    @classmethod
    def restore(cls, backup: str | Path, path: str | Path | None = None, *, partial: bool = False) -> Copied:
        """Make a store again from a backup, or from a copy of a store's folder, and verify it.

        It is made at `path`, a folder that is not there or is empty, with the files of the project where the
        backup has them; or as the store of the project at `path`, or of the one that the working folder is
        in, whose own files stay. It appears whole or not at all. With `partial` it takes what is whole of a
        damaged copy: all commits before the first that is missing or not what was written. Raises Conflict
        where a store is there already, Corruption, which says up to where all is whole, for a damaged backup.
        """
        from timeline.backups import restore

        return restore(Path(backup), None if path is None else Path(path), partial=partial)
