"""The YAML file of a project with what its people typed: `report`, `correct` and `retract` write there first.

Entries are added to the text of the file, so that comments and layout stay. The new text takes the place of
the old one durably, and before anything is recorded: what a command that dies leaves is a file with an event
that the next ingest records.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from timeline.atomic import make_folders, no_file, sync_folder, writing
from timeline.errors import BadInput, Place
from timeline.intake.batch import BOM, decoded

__all__ = ["RecordedFile", "entry_of", "with_entries"]

#: The keys of an event in the order in which they are written; others follow.
_ORDER: Final = (
    *("type", "id", "key", "target", "fact", "claim", "text", "date", "entity", "answer", "void", "status"),
    *("valid", "reported", "source", "origin", "speaker", "statement", "inferred", "reason", "actor"),
)
_HEADER: Final = """\
# What was recorded by `timeline report`, `correct` and `retract`, which add to it. `timeline ingest` reads
# it like any other file.
"""
#: Texts that are the same without quotes, as far as that is easily seen.
_BARE: Final = re.compile(r"\w(?:[\w ./@%+-]*[\w./@%+-])?")
_NULLS: Final = frozenset(("null", "Null", "NULL"))
#: What JSON leaves as it is and YAML takes for an end of a line, or not at all.
_ESCAPED: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
#: A line of a list of events with each item at the beginning of a line.
_LINE_OF_LIST: Final = re.compile(r"- |-?$|[ \t]|#")
#: A text to which blank lines belong that follow it.
_KEEPS_BLANKS: Final = re.compile(r"[|>]\d*\+")


class RecordedFile:
    """The file of a project that takes what is typed; nothing is read or written before `add`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._before: bytes | None = None
        self._after: bytes | None = None

    def add(self, events: Sequence[Mapping[str, object]]) -> None:
        """Add events to the file, durably, if it does not have them; done again, it changes nothing.

        Raises BadInput where the file cannot be read or written, or has another layout.
        """
        name = str(self.path)
        if (kind := no_file(self.path)) is not None:
            raise BadInput(f"is {kind}, expected a file", Place(name))
        content = self.path.read_bytes() if self.path.exists() else None
        text = decoded(name, content or b"")
        added = with_entries(name, text, events)
        if added == text:
            return
        if self._after is None:
            self._before = content
        mark = BOM if content is not None and content.startswith(BOM) else b""
        self._after = mark + added.encode()
        self._write(self._after)

    def put_back(self) -> None:
        """Give the file the text that it had, unless somebody else changed it since."""
        if self._after is None or not self.path.exists() or self.path.read_bytes() != self._after:
            return
        if self._before is not None:
            self._write(self._before)
        else:
            self.path.unlink()
            sync_folder(self.path.parent)
        self._after = None

    def _write(self, content: bytes) -> None:
        folder = self.path.parent
        if not folder.is_dir():
            try:
                make_folders(folder.absolute())
            except OSError as error:
                raise BadInput(f"cannot make the folder {folder}: {error.strerror or error}") from None
        with writing(self.path, binary=True) as out:
            out.write(content)


def entry_of(event: Mapping[str, object]) -> str:
    """Return an event as an item of a list in YAML, every value as text.

    >>> print(entry_of({"fact": "acme/ceo", "text": "Ann #1", "inferred": True}), end="")
    - fact: acme/ceo
      text: "Ann #1"
      inferred: true
    """
    keys = sorted(event, key=lambda key: _ORDER.index(key) if key in _ORDER else len(_ORDER))
    lines = (f"{key}: {_scalar(event[key])}" for key in keys)
    return "- " + "\n  ".join(lines) + "\n"


def _scalar(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if _BARE.fullmatch(text) and text not in _NULLS:
        return text
    return _ESCAPED.sub(lambda sign: f"\\u{ord(sign[0]):04x}", json.dumps(text, ensure_ascii=False))


def with_entries(name: str, content: str, events: Sequence[Mapping[str, object]]) -> str:
    """Return the text of a file with events behind those that it has; those that it has are left out.

    Raises BadInput, with the place where there is one, for a file to which none can be added: it has to be
    a list of events, or a mapping that ends with one.
    """
    end = "\r\n" if "\r\n" in content else "\n"
    entries = [entry_of(event) for event in events]
    lines = content.splitlines()
    if all(map(_LINE_OF_LIST.match, lines)) and not _KEEPS_BLANKS.search(content):
        first = next((line for line in lines if line.strip() and not line.lstrip().startswith("#")), "- ")
        if first.startswith("-"):
            return _added(content or _HEADER, entries, "", end)
    return _checked(name, content, _added(content, entries, _indent(content), end), events)


def _added(content: str, entries: Sequence[str], indent: str, end: str) -> str:
    for entry in entries:
        lines = "".join(f"{indent}{line}{end}" for line in entry.splitlines())
        if f"{end}{lines}" in f"{end}{content}":
            continue
        between = "" if not content else end if content.endswith(("\n", "\r")) else end * 2
        content += between + lines
    return content


def _indent(content: str) -> str:
    """Return what is before the dash of the last item."""
    found = re.findall(r"^([ ]*)- ", content, re.MULTILINE)
    return min(found, key=len) if found else "  "


def _checked(name: str, before: str, after: str, events: Sequence[Mapping[str, object]]) -> str:
    """Return a text if it says what it said before, and the events behind that; else raise BadInput."""
    # Needed for files of another layout alone.
    from timeline.intake.documents import YamlReader, document

    had = document(name, YamlReader(name).read(before), False)
    if had.problems:
        raise had.problems[0]
    try:
        has = document(name, YamlReader(name).read(after), False)
        said = [draft.keys for draft in has.drafts or ()] if not has.problems else []
    except BadInput:
        said = []
    old = [draft.keys for draft in had.drafts or ()]
    new = [{key: "true" if value is True else value for key, value in each.items()} for each in events]
    if said != [*old, *(each for each in new if each not in old)]:
        raise BadInput(
            "an event cannot be added to it; expected a list of events, each of which begins with '- ', or "
            "events: as the last key, without defaults such as source: before it",
            Place(name),
        )
    return after
