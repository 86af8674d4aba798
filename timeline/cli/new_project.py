"""What `timeline init` writes: the bundled project, or an empty one."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from timeline.atomic import make_folders, no_file
from timeline.errors import BadInput, NotFound, Place
from timeline.project import PROJECT_FILE

__all__ = ["bundled_project", "empty_project", "ignoring", "make_folder"]


def bundled_project() -> dict[str, bytes]:
    """Return the files of the bundled project: in the wheel, or in the checkout that this runs from."""
    from importlib import resources

    package = Path(str(resources.files("timeline")))
    found = next((f for f in (package / "example", package.parent) if (f / PROJECT_FILE).is_file()), None)
    if found is None:
        raise NotFound("the bundled project is not part of this installation; try --empty")
    paths = [found / PROJECT_FILE, *(found / "events").glob("*.yaml"), *(found / "queries").glob("*.sql")]
    return {path.relative_to(found).as_posix(): path.read_bytes() for path in sorted(paths)}


_REPORTS: Final = """\
# Reports, one item each. Take the hashes away, or write a file of your own beside this one.
#
# source: desk-2026-03-02
# events:
#   - key: acme-buys-widgets
#     fact: acme/purchase/widgets
#     claim: 15-25 million USD
#     status: planned
#     statement: Acme means to buy widgets for 15 to 25 million dollars.
"""

_NAMES: Final = {
    "sources": """\
# sources:
#   - {id: desk-2026-03-02, title: Acme and widgets, publisher: Desk, origin: desk, published: 2026-03-02}
""",
    "entities": """\
# entities:
#   - {id: acme, name: Acme, kind: company}
#   - {id: widgets, name: Widgets, kind: product}
#   - {id: desk, name: Desk, kind: outlet}
""",
    "attributes": """\
# attributes:
#   - {id: purchase, meaning: The sum for which the subject buys the object., value: amount, object: yes}
""",
}

_QUERY: Final = """\
-- Everything believed of one subject.
-- $subject: whose facts
SELECT fact, claim, status, reported_at FROM beliefs WHERE subject = $subject ORDER BY fact
"""


def empty_project() -> dict[str, bytes]:
    files = {f"events/{name}.yaml": text for name, text in _NAMES.items()}
    files |= {"events/reports.yaml": _REPORTS, "queries/of-subject.sql": _QUERY}
    return {name: text.encode() for name, text in files.items()} | {
        PROJECT_FILE: bundled_project()[PROJECT_FILE]
    }


def ignoring(path: Path, line: str) -> bytes | None:
    """Return the content of a .gitignore with a line more; None where it has that line already."""
    if (kind := no_file(path)) is not None:
        raise BadInput(f"is {kind}, expected a file", Place(str(path)))
    known = path.read_bytes() if path.exists() else b""
    if line.encode() in known.splitlines():
        return None
    ending = b"" if not known or known.endswith(b"\n") else b"\n"
    return known + ending + line.encode() + b"\n"


def make_folder(folder: Path) -> None:
    try:
        make_folders(folder.absolute())
    except OSError as error:
        raise BadInput(f"cannot make the folder {folder}: {error.strerror or error}") from None
