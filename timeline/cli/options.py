"""The options that commands share, each defined once.

A command takes a group of them as one parameter, such as `dates: Dates`; `with_options` has Typer see
the fields of the group instead.
"""

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import typer
from typer.core import TyperCommand

from timeline import __version__
from timeline.ask.questions import DAYS_AT_MOST
from timeline.errors import BadInput, brief

__all__ = [
    "Basis",
    "Claim",
    "Dates",
    "Explain",
    "Format",
    "Json",
    "Names",
    "NoFile",
    "OneFact",
    "OptionalKinds",
    "Origins",
    "Output",
    "Parameters",
    "Rules",
    "SealedAsOf",
    "SealedRecordedAsOf",
    "SomeFacts",
    "Store",
    "Unlimited",
    "check_output",
    "days_apart",
    "every_command",
    "named_values",
    "with_options",
]


#: How an answer is printed.
Format = Literal["table", "json", "jsonl", "csv", "parquet", "markdown"]

#: What the suffix of a file says; a name without one says nothing.
_BY_SUFFIX: Final[dict[str, Format]] = {
    ".csv": "csv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".md": "markdown",
    ".parquet": "parquet",
    ".txt": "table",
}

#: When a report begins to count.
Basis = Literal["certain", "possible", "evidence"]


#: What ASCII a completion may hold. Shells put it into the command line as it is, where all else may mean
#: something: `$(…)`, quotes, `;`, spaces.
_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/@.-_+,%")


def _is_plain(fact: str) -> bool:
    """Whether a fact means itself in every shell, at the beginning of a word.

    >>> [_is_plain(fact) for fact in ("nvidia/revenue@2024", "英伟达/ceo", "acme/$(reboot)", "a b/c")]
    [True, True, False, False]
    """
    return fact[:1].isalnum() and all(
        sign in _PLAIN if sign.isascii() else sign.isprintable() and not sign.isspace() for sign in fact
    )


def _facts(context: typer.Context, incomplete: str) -> list[str]:
    """Return the facts that begin like what was typed; nothing is ingested or built for that."""
    from timeline.cli.sealing import open_store, seal

    try:
        # While a command line is completed, what is before the command was read, but not acted on.
        before = context.parent.params if context.parent is not None else {}
        seal(
            before.get("sealed_as_of"),
            before.get("sealed_recorded_as_of"),
            before.get("sealed_basis") or "certain",
        )
        with open_store(read_only=True) as tl:
            return [fact for fact in tl.snapshot().facts(f"{incomplete}*") if _is_plain(fact)][:200]
    except Exception:
        # What is wrong with a store is for its commands to say.
        return []


def _policies() -> list[str]:
    return ["latest", "first", "by-origin", "ranked", "confirmed:2"]


OneFact = Annotated[
    str, typer.Argument(metavar="FACT", help="subject/attribute[/object][@period].", autocompletion=_facts)
]

SomeFacts = Annotated[
    str | None,
    typer.Argument(
        metavar="FACT",
        help="A fact, or a glob in which * crosses /.",
        show_default=False,
        autocompletion=_facts,
    ),
]

Store = Annotated[
    Path | None,
    typer.Option(
        "--store",
        metavar="DIR",
        help="The store, or its project, or the URL of a bucket. Default: TIMELINE_STORE, else the nearest "
        "project upwards.",
        show_default=False,
    ),
]

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

Explain = Annotated[
    bool, typer.Option("--explain", help="Print what is read for the answer, not the answer.")
]

Unsafe = Annotated[
    bool,
    typer.Option(
        "--unsafe",
        help="Run any SQL, which may read and write files: for what you wrote or read yourself.",
    ),
]

Unlimited = Annotated[
    bool,
    typer.Option(
        "--unlimited",
        help="Let the query take any time and memory. Else 5 minutes, and 4.5 GiB or, where the store is "
        "large, more. --unsafe has no limits either.",
    ),
]

NoFile = Annotated[
    bool,
    typer.Option("--no-file", help="Do not write it to the project's events/recorded.yaml first."),
]

Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "-p", "--parameter", metavar="NAME=VALUE", help="The value of $NAME, as text.", show_default=False
    ),
]


def named_values(given: list[str] | None, option: str = "-p") -> dict[str, str]:
    """Return what an option gives by name, such as the parameters of a query.

    Raises BadInput for a value without a name.

    >>> named_values(["unit=USD"])
    {'unit': 'USD'}
    """
    found: dict[str, str] = {}
    for text in given or []:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise BadInput(f"got {option} {text!r}; expected {option} NAME=VALUE")
        found[name.removeprefix("$")] = value
    return found


def days_apart(within: str) -> int | None:
    """Return how many days a pair of reports may be apart; None is any number.

    >>> days_apart("90")
    90
    """
    if within == "any":
        return None
    if not re.fullmatch("[0-9]{1,7}", within):
        raise BadInput(
            f"got --within {within[:60]!r}; expected a number of days from 0 to {DAYS_AT_MOST}, or any"
        )
    return int(within)


@dataclass(frozen=True, kw_only=True)
class _AsOf:
    as_of: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="Reported axis: what was public by then; a date is its end."),
    ] = None


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How beliefs are resolved, whatever the date on the reported axis."""

    recorded_as_of: Annotated[
        str | None,
        typer.Option(
            metavar="DATE", help="Recorded axis: what the store knew by then; also a commit, as in '#4'."
        ),
    ] = None
    valid_at: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="Valid axis: what held in the world at the end of that date."),
    ] = None
    basis: Annotated[
        Basis,
        typer.Option(
            help="Count reports from when they certainly or possibly were out, or their source was."
        ),
    ] = "certain"
    policy: Annotated[
        str,
        typer.Option(
            metavar="POLICY",
            help="Whose word counts: latest, first, by-origin, ranked or confirmed:N.",
            autocompletion=_policies,
        ),
    ] = "latest"

    def given(self) -> dict[str, Any]:
        """Return the arguments that the methods of Timeline take."""
        return {option.name: getattr(self, option.name) for option in fields(self)}


@dataclass(frozen=True, kw_only=True)
class Dates(Rules, _AsOf):
    """The date on each axis, and how beliefs are resolved."""


@dataclass(frozen=True, kw_only=True)
class Output:
    """In which format an answer goes where."""

    format: Annotated[
        Format | None,
        typer.Option(help="Default: what the suffix of --output says, else table.", show_default=False),
    ] = None
    json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write to a file.", show_default=False)
    ] = None

    safe_csv: Annotated[
        bool, typer.Option("--safe-csv", help="In CSV, put ' before what a spreadsheet would run.")
    ] = False

    def chosen(self) -> Format:
        """Return the format asked for; raises BadInput where two were, or a file of none that is known."""
        if self.json and self.format not in (None, "json"):
            raise BadInput(f"got both --json and --format {self.format}; expected one of them")
        named = "json" if self.json else self.format
        suffix = "" if self.output is None else self.output.suffix.lower()
        if not suffix:
            return named or "table"
        by_suffix = _BY_SUFFIX.get(suffix)
        if by_suffix is None:
            known = ", ".join(_BY_SUFFIX)
            raise BadInput(
                f"got --output {self.output}; expected a name that ends in {known}, or in no suffix"
            )
        if named not in (None, by_suffix):
            raise BadInput(f"got --format {named}, but --output {self.output}, which is {by_suffix}")
        return by_suffix


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What is claimed, where it is no amount, and how firmly."""

    text: Annotated[str | None, typer.Option(help="Claim a text.")] = None
    date: Annotated[str | None, typer.Option(metavar="EDTF", help="Claim a date.")] = None
    entity: Annotated[str | None, typer.Option(metavar="ID", help="Claim an entity.")] = None
    answer: Annotated[str | None, typer.Option(metavar="YES|NO", help="Claim yes or no.")] = None
    status: Annotated[str | None, typer.Option(help="How firm the claim is, such as planned or agreed.")] = (
        None
    )
    valid: Annotated[
        str | None, typer.Option(metavar="EDTF", help="When it holds in the world, where the report says so.")
    ] = None


@dataclass(frozen=True, kw_only=True)
class Origins:
    """Where an event comes from, and what it is called."""

    reported: Annotated[
        str | None,
        typer.Option(
            metavar="EDTF",
            help="When it became public. Default: that of the source, for a correction of its target.",
        ),
    ] = None
    source: Annotated[str | None, typer.Option(metavar="ID", help="The document that was read.")] = None
    origin: Annotated[
        str | None,
        typer.Option(
            metavar="ID",
            help="Who first reported it. Default: that of the source, for a correction of its target.",
        ),
    ] = None
    speaker: Annotated[str | None, typer.Option(metavar="ID", help="The person quoted.")] = None
    statement: Annotated[str | None, typer.Option(help="The report in a sentence.")] = None
    key: Annotated[str | None, typer.Option(help="A name for the event, unique in the store.")] = None
    actor: Annotated[str | None, typer.Option(help="Who records it.", envvar="TIMELINE_ACTOR")] = None


@dataclass(frozen=True, kw_only=True)
class Names:
    """What becomes of names that the store does not know."""

    register_unknown: Annotated[
        str | None,
        typer.Option(
            metavar="[KINDS]",
            help="Register names never heard of: sources, entities, attributes, or several with commas. "
            "Without kinds: all.",
            show_default=False,
        ),
    ] = None
    even_near: Annotated[
        bool,
        typer.Option("--even-near", help="Register names that are one slip or less from a known one, too."),
    ] = False
    resolve_aliases: Annotated[
        bool, typer.Option("--resolve-aliases", help="Record an alias as the id of its entity.")
    ] = False

    def given(self) -> dict[str, Any]:
        """Return the arguments that the methods of Timeline take."""
        found = {option.name: getattr(self, option.name) for option in fields(self)}
        return found | {"register_unknown": self.register_unknown or False}


_REGISTER: Final = "--register-unknown"
_KINDS: Final = frozenset(("all", "source", "sources", "entity", "entities", "attribute", "attributes"))


class OptionalKinds(TyperCommand):
    """A command whose --register-unknown takes kinds or nothing, for which Typer has no form."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        given = list(args)
        for at, argument in enumerate(args):
            if argument == "--":
                break
            if argument == _REGISTER:
                kinds = args[at + 1] if at + 1 < len(args) else ""
                named = _KINDS.issuperset(kinds.split(","))
                given[at] = f"{_REGISTER}={kinds if named else 'all'}"
                if named:
                    given[at + 1] = ""
        return super().parse_args(ctx, [one for one, was in zip(given, args, strict=True) if one or not was])


def check_output(output: Path | None, store: Path | None) -> None:
    """Raise BadInput where an answer cannot go to a file, or would overwrite what answers are made from."""
    if output is None:
        return
    from timeline.atomic import check_target
    from timeline.errors import NotFound
    from timeline.project import PROJECT_FILE, find_project, find_store, project_folder
    from timeline.urls import local_folder, url_of

    inputs: list[Path] = []
    if (project := find_project(store)) is not None:
        inputs = [
            project / PROJECT_FILE,
            project_folder(project, "events"),
            *project_folder(project, "queries").glob("*.sql"),
        ]
    try:
        found = find_store(store)
        folders = [found if (url := url_of(found)) is None else local_folder(url)]
    except NotFound:
        folders = []
    check_target(output, inputs=inputs, within=folders)


def _check_signs(name: str, value: object) -> None:
    """Raise BadInput for a text with bytes that are no UTF-8, which a path may have."""
    if isinstance(value, list):
        for each in value:
            _check_signs(name, each)
    elif isinstance(value, str) and any("\ud800" <= sign <= "\udfff" for sign in value):
        raise BadInput(f"{name.replace('_', '-')} is {brief(value)}; expected UTF-8")


def with_options(function: Callable[..., None]) -> Callable[..., None]:
    """Return a command that has the fields of its dataclass parameters as options."""
    signature = inspect.signature(function, eval_str=True)
    groups: dict[str, Any] = {}
    parameters: list[inspect.Parameter] = []
    for parameter in signature.parameters.values():
        group = parameter.annotation
        if not (isinstance(group, type) and is_dataclass(group)):
            parameters.append(parameter)
            continue
        groups[parameter.name] = group
        parameters += [
            inspect.Parameter(
                option.name, inspect.Parameter.KEYWORD_ONLY, default=option.default, annotation=option.type
            )
            for option in fields(group)
        ]

    def command(**given: Any) -> None:
        for name, value in given.items():
            _check_signs(name, value)
        for name, group in groups.items():
            given[name] = group(**{option.name: given.pop(option.name) for option in fields(group)})
            if group is Output:
                given[name].chosen()
                check_output(given[name].output, given.get("store"))
        function(**given)

    command.__name__ = function.__name__
    command.__doc__ = function.__doc__
    command.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=sorted(parameters, key=lambda parameter: parameter.kind)
    )
    command.__annotations__ = {}
    return command


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"timeline {__version__}")
        raise typer.Exit


def _sealing(name: str, what: str, environment: str | None = None) -> Any:
    """Return an option that seals a store."""
    return typer.Option(f"--{name}", metavar="DATE", help=what, envvar=environment, show_default=False)


_SEALED: Final = "Ask a copy of the store without what was reported later."
_SEALED_RECORDED: Final = "The same without what was recorded later; also a commit, as in '#4'."

#: For a command that takes them itself; before it, `every_command` takes them for all.
SealedAsOf = Annotated[str | None, _sealing("sealed-as-of", _SEALED)]
SealedRecordedAsOf = Annotated[str | None, _sealing("sealed-recorded-as-of", _SEALED_RECORDED)]


def every_command(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
    sealed_as_of: Annotated[str | None, _sealing("sealed-as-of", _SEALED, "TIMELINE_SEALED_AS_OF")] = None,
    sealed_recorded_as_of: Annotated[
        str | None,
        _sealing("sealed-recorded-as-of", _SEALED_RECORDED, "TIMELINE_SEALED_RECORDED_AS_OF"),
    ] = None,
    sealed_basis: Annotated[
        Literal["certain", "evidence"],
        typer.Option(
            envvar="TIMELINE_SEALED_BASIS", help="Seal by the date of each report, or by that of its source."
        ),
    ] = "certain",
) -> None:
    """Take the options of no command in particular."""
    from timeline.cli.sealing import check_command, seal

    for name, value in (("sealed_as_of", sealed_as_of), ("sealed_recorded_as_of", sealed_recorded_as_of)):
        _check_signs(name, value)
    seal(sealed_as_of, sealed_recorded_as_of, sealed_basis)
    check_command(context.invoked_subcommand)
