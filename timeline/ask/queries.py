"""Named queries: the .sql files of a project, and what the comments at their top say of them.

The first comment block of a file is read, its first line as the title, then a description, then a line
for each parameter:

    -- Sums that changed between two dates.
    -- Only money; a fact that appeared or went is left out.
    -- $from_date: the earlier date
    -- $unit (default: USD): the currency, as ISO 4217
    --   has it

What is indented further goes on with the line before. A parameter without a default has to be given;
the default NULL is SQL's. Values are handed to the query as text, which it casts where it needs to.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from timeline.atomic import text_in
from timeline.errors import BadInput, NotFound, Place, nearest
from timeline.project import project_folder

__all__ = ["Parameter", "Query", "find_query", "load_queries", "load_query", "queries_of"]

_PARAMETER: Final = re.compile(r"\$(\w+)(?:\s+\(default:\s*(.*?)\s*\))?\s*:\s*(.*)")
# Comments and texts, in which a $ is no parameter; then what is one.
_USED: Final = re.compile(
    r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|(\$\w*\$).*?\1|\$([A-Za-z_]\w*)", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value that a query takes as text; `default` is None where it has to be given."""

    name: str
    default: str | None
    meaning: str


@dataclass(frozen=True, slots=True)
class Query:
    """A query with its name, that of its file, and what its comments say; `sql` is the whole file."""

    name: str
    title: str
    description: str
    parameters: list[Parameter]
    sql: str

    def bound(self, given: Mapping[str, str]) -> dict[str, str | None]:
        """Return the value of every parameter: as given, else its default.

        Raises BadInput for a parameter that the query does not take, and for one that is missing.

        >>> query = Query("q", "", "", [Parameter("unit", "USD", "")], "SELECT $unit")
        >>> query.bound({}), query.bound({"unit": "EUR"})
        ({'unit': 'USD'}, {'unit': 'EUR'})
        """
        known = [parameter.name for parameter in self.parameters]
        for name in given:
            if name not in known:
                takes = f"; it takes {', '.join(known)}" if known else "; it takes none"
                raise BadInput(f"{self.name} has no parameter {name!r}{nearest(name, known) or takes}")
        missing = [p for p in self.parameters if p.default is None and p.name not in given]
        if missing:
            wanted = "; ".join(f"-p {p.name}=… ({p.meaning})" for p in missing)
            raise BadInput(f"{self.name} needs {wanted}")
        defaults = {p.name: None if p.default == "NULL" else p.default for p in self.parameters}
        return defaults | dict(given)


def load_query(path: Path) -> Query:
    """Read one query file.

    Raises BadInput where its comments cannot be read, or name other parameters than its SQL uses.
    """
    text = text_in(path, "utf-8-sig")
    lines: list[tuple[int, str]] = []
    title = ""
    for number, line in enumerate(text.splitlines(), 1):
        comment = line.strip()
        if not comment.startswith("--"):
            if comment or title:
                break
            continue
        words = comment.removeprefix("--").removeprefix(" ").rstrip()
        if not title:
            title = words
        elif words.startswith("  ") and lines:
            first, before = lines.pop()
            lines.append((first, f"{before} {words.strip()}"))
        else:
            lines.append((number, words))
    if not title:
        raise BadInput(
            "no title; expected a first line such as `-- What the query answers.`", Place(str(path))
        )
    parameters: dict[str, Parameter] = {}
    description: list[str] = []
    for number, line in lines:
        if not line.startswith("$"):
            description.append(line)
            continue
        place = Place(str(path), number)
        found = _PARAMETER.fullmatch(line)
        if found is None:
            raise BadInput(f"got {line!r}; expected `$name (default: VALUE): meaning`", place)
        name = found[1]
        if name in parameters:
            raise BadInput(f"${name} is described twice", place)
        parameters[name] = Parameter(name, found[2], found[3])
    _check_use(path, text, parameters)
    return Query(path.stem, title, "\n".join(description).strip(), list(parameters.values()), text)


def _check_use(path: Path, text: str, described: Mapping[str, Parameter]) -> None:
    used: dict[str, int] = {}
    for match in _USED.finditer(text):
        if match[2]:
            used.setdefault(match[2], text.count("\n", 0, match.start()) + 1)
    for name, line in used.items():
        if name not in described:
            raise BadInput(
                f"${name} is not described{nearest(name, described)}; "
                f"expected a comment such as `-- ${name}: meaning`",
                Place(str(path), line),
            )
    for name in described:
        if name not in used:
            raise BadInput(f"${name} is described but not used", Place(str(path)))


def load_queries(folder: Path) -> list[Query]:
    """Return the queries of a folder, by name; none where there is no such folder."""
    return [load_query(path) for path in sorted(folder.glob("*.sql"))]


def queries_of(project: Path | None) -> list[Query]:
    """Return the queries of a project, by name; none where there is no project."""
    return [] if project is None else load_queries(project_folder(project, "queries"))


def find_query(folder: Path, name: str) -> Query:
    """Return the query of that name; raises NotFound, with the nearest known."""
    path = folder / f"{name.removesuffix('.sql')}.sql"
    if path.parent != folder or not os.path.lexists(path):
        known = [each.stem for each in sorted(folder.glob("*.sql"))]
        hint = nearest(name, known) or ("; `timeline query` lists them" if known else "")
        raise NotFound(f"no query {name!r} in {folder}{hint}")
    return load_query(path)
