"""The command that says what the columns of a table mean: map."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from timeline.atomic import check_target, writing
from timeline.cli.options import Json, named_values
from timeline.cli.output import print_lines, printed_width, say, style_for, warn
from timeline.errors import BadInput, Conflict
from timeline.printable import escaped_json
from timeline.show.layout import Column, table_lines

if TYPE_CHECKING:
    from timeline import Preview, TableMapping

__all__ = ["map_"]

_SHOWN: Final = 10
#: Settings that are numbers, and one that is a list.
_NUMBERS: Final = ("header", "footer")
_LISTS: Final = ("missing",)


def map_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV, Excel, Parquet, Arrow or JSON file.")],
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="Write the mapping to a file.", show_default=False
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")] = False,
    mapping: Annotated[
        Path | None,
        typer.Option("--map", metavar="FILE", help="Show what this mapping makes of it.", show_default=False),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="A key of the mapping that you know, as in unit=EUR or dates=dmy.",
            show_default=False,
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Propose what the columns of a table mean, and show ten rows so.

    The mapping is TOML: edit it, look at it again with --map, and record with timeline ingest FILE --map.
    """
    if output is not None:
        check_target(output, inputs=[file, *([mapping] if mapping else [])])
        if output.exists() and not force:
            raise Conflict(f"{output} is there already; name another file, or overwrite it with --force")
    made = _made(file, mapping, _settings(settings))
    preview = made.preview(file, _SHOWN)
    if json:
        print_lines([_as_json(made, preview)])
    if output is not None:
        with writing(output) as out:
            out.write(made.to_toml())
        say(f"Wrote {output}; record with: timeline ingest {file} --map {output}")
    elif mapping is None and not json:
        print_lines(made.to_toml().rstrip("\n").split("\n"))
    if not json:
        # The mapping is what is piped on, where it is printed.
        is_answer = output is not None or mapping is not None
        lines = _lines(preview, is_answer)
        if is_answer:
            print_lines(lines)
        else:
            for line in lines:
                say(line)
    for note in made.notes if output is not None else ():
        say(f"note: {note}")
    for warning in preview.warnings:
        warn(warning)
    if preview.problem is not None:
        warn(f"no row can be recorded yet: {preview.problem}")


def _settings(given: list[str] | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in named_values(given, "--set").items():
        if key in _NUMBERS and not value.isdecimal():
            raise BadInput(f"--set {key}={value}: expected a whole number")
        found[key] = int(value) if key in _NUMBERS else [value] if key in _LISTS else value
    return found


def _made(file: Path, mapping: Path | None, settings: dict[str, Any]) -> TableMapping:
    from timeline import TableMapping, propose_mapping

    if mapping is None:
        return propose_mapping(file, **settings)
    return TableMapping.read({**TableMapping.read(mapping).to_dict(), **settings})


def _lines(preview: Preview, is_answer: bool) -> list[str]:
    """Return the rows that would be recorded as a table, and the others with what is wrong."""
    columns = [
        Column("row", right=True),
        *(Column(name) for name in ("fact", "claim", "status", "reported", "source")),
    ]
    rows = [
        [str(one.row), *(_said(one.columns, one.keys, column.header) for column in columns[1:])]
        for one in preview.rows
        if one.columns is not None
    ]
    style = style_for(sys.stdout) if is_answer else None
    lines = list(table_lines(columns, rows, printed_width(), style=style, headed=2)) if rows else []
    refused: dict[str, list[str]] = {}
    for one in preview.rows:
        if one.error is not None:
            refused.setdefault(one.error, []).append(str(one.row))
    if refused:
        count = sum(map(len, refused.values()))
        lines += [*([""] if lines else []), f"{count} of these {len(preview.rows)} rows would be refused:"]
    for error, numbers in refused.items():
        distinct = list(dict.fromkeys(numbers))
        lines.append(f"{'rows' if len(distinct) > 1 else 'row'} {', '.join(distinct)}: {error}")
    return lines


def _said(columns: dict[str, Any], keys: dict[str, object], name: str) -> str:
    value = columns.get(name)
    return str(keys.get(name, "") if value is None else value)


def _as_json(mapping: TableMapping, preview: Preview) -> str:
    import json

    rows = [
        {"row": one.row, "event": one.keys, "error": one.error}
        | ({name: _said(one.columns, one.keys, name) for name in ("fact", "claim")} if one.columns else {})
        for one in preview.rows
    ]
    facts = {
        "mapping": mapping.to_dict(),
        "notes": list(mapping.notes),
        "rows": rows,
        "warnings": preview.warnings,
        "problem": preview.problem,
    }
    return escaped_json(json.dumps(facts, ensure_ascii=False, default=str))
