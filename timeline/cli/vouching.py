"""The commands that vouch for what the store holds and answers, to others: prove and cite."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from timeline import Proved, check_proof
from timeline.atomic import no_file
from timeline.cli.options import Dates, Json, Parameters, Store, check_output, days_apart, named_values
from timeline.cli.output import print_lines, print_pairs, read_stdin, say
from timeline.cli.stores import asking, keeping
from timeline.errors import BadInput, Place
from timeline.meaning.times import format_instant

__all__ = ["cite", "prove"]

_DIGEST: Final = "DIGEST"
#: No proof of a log that this package writes is longer.
_PROOF_BYTES: Final = 2**30


def prove(
    event: Annotated[
        str | None,
        typer.Argument(metavar="EVENT", help="A key, an event_id or its beginning.", show_default=False),
    ] = None,
    *,
    since: Annotated[
        str | None,
        typer.Option(metavar=_DIGEST, help="Prove that the log has only grown since that digest."),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(metavar=_DIGEST, help="End the proof at the commit with that digest, not at the head."),
    ] = None,
    tree: Annotated[
        bool, typer.Option("--tree", help="End it at the root over all commits: a short path.")
    ] = False,
    check: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Check a proof (- is stdin); needs no store.")
    ] = None,
    expect: Annotated[
        str | None,
        typer.Option(metavar=_DIGEST, help="With --check: where the proof has to end, as you noted it."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write to a file.", show_default=False)
    ] = None,
    store: Store = None,
    json: Annotated[bool, typer.Option("--json", help="With --check: print JSON.")] = False,
) -> None:
    """Prove that an event is in the log, or that the log has only grown.

    The proof is a JSON document, which anybody can check who knows the digest that it ends at.
    """
    if check is not None:
        if event is not None or until is not None or tree:
            raise BadInput("--check takes a file and --expect, --since; no event, --until or --tree")
        check_output(output, store)
        _print_proved(check_proof(_read(check), expect=expect, since=since), json, output)
        return
    if expect is not None or json:
        raise BadInput("--expect and --json go with --check; a proof is JSON, and --until says where it ends")
    if (event is None) == (since is None):
        raise BadInput("expected an event, or --since DIGEST; see `timeline prove --help`")
    check_output(output, store)
    with keeping(store) as tl:
        document = tl.prove(event, since=since, until=until, tree=tree)
    print_lines(_lines(document), output)
    say(_in_words(check_proof(document)))


def cite(
    question: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="QUESTION",
            help="show, history, why, diff, disagreements, query or sql and what follows them, or SQL.",
            show_default=False,
        ),
    ] = None,
    *,
    dates: Dates,
    within: Annotated[
        str | None, typer.Option(metavar="DAYS|any", help="For disagreements, as there. Default: 90.")
    ] = None,
    parameters: Parameters = None,
    check: Annotated[
        str | None, typer.Option(metavar="LINE", help="Check a citation (- is stdin), and print its rows.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="With --check: leave out the question to a copy without the rest.")
    ] = False,
    store: Store = None,
    json: Json = False,
) -> None:
    """Cite the answer to a question, or check that a cited answer is the same still.

    A citation is one line of text. The rows of the answer have to be the same to the byte, however much was
    recorded since, and nothing reported or recorded later may have taken part.
    """
    if check is not None:
        if question or dates != Dates() or within is not None or parameters:
            raise BadInput("--check takes a line, which holds the question and its dates; expected no others")
        _check_citation(read_stdin() if check == "-" else check, store, json, quick)
        return
    if quick or not question:
        raise BadInput("expected a question to cite, or --check LINE; see `timeline cite --help`")
    if within is not None and question[0] != "disagreements":
        raise BadInput("--within is for disagreements")
    days = days_apart("90" if within is None else within)
    words = [*question, *(f"{name}={value}" for name, value in named_values(parameters).items())]
    with asking(store) as tl:
        citation = tl.cite(words, within=days, **dates.given())
    if json:
        more = {"citation": citation.line, "link": citation.link, "view": citation.view}
        print_pairs({**more, **asdict(citation)}, True)
    else:
        print_lines([citation.line])
    say(f"On the page of `timeline serve`: {citation.view}")
    say(f"Checked there: {citation.link}")


def _check_citation(line: str, store: Path | None, as_json: bool, quick: bool) -> None:
    with keeping(store) as tl:
        found = tl.check_citation(line, certify=not quick)
    cited = found.citation
    if as_json:
        print_pairs(
            {
                **asdict(cited),
                "certified": list(found.certified),
                "recorded_since": found.grown,
                "erased_since": found.erased,
            },
            True,
        )
    else:
        print_lines(found.lines)
    for sentence in found.words:
        say(sentence)


def _lines(document: dict[str, Any]) -> list[str]:
    """Return a document of JSON in ASCII, with a line for each of its keys."""
    items = list(document.items())
    return [
        "{",
        *(
            f"  {json.dumps(name)}: {json.dumps(value)}{',' if at < len(items) else ''}"
            for at, (name, value) in enumerate(items, 1)
        ),
        "}",
    ]


def _read(path: Path) -> dict[str, Any]:
    """Return the document in a file; raises BadInput, with its line, where that is no JSON."""
    where = "standard input" if str(path) == "-" else str(path)
    if str(path) == "-":
        text = read_stdin()
    else:
        if (kind := no_file(path)) is not None:
            raise BadInput(f"is {kind}, expected a file", Place(where))
        try:
            with path.open("rb") as file:
                text = file.read(_PROOF_BYTES).decode()
        except UnicodeDecodeError:
            raise BadInput("is not UTF-8, expected a proof", Place(where)) from None
        except OSError as error:
            raise BadInput(f"cannot be read: {error.strerror or error}", Place(where)) from None
    try:
        document: dict[str, Any] = json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise BadInput(f"no JSON: {error.msg}", Place(where, error.lineno, error.colno)) from None
    except (RecursionError, ValueError) as error:
        raise BadInput(f"no proof: {error}", Place(where)) from None
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found


def _print_proved(found: Proved, as_json: bool, output: Path | None) -> None:
    print_pairs(
        {
            "kind": found.kind,
            "event_id": found.event_id,
            "position": found.position,
            "commit": found.commit,
            "recorded_at": None if found.recorded_at is None else format_instant(found.recorded_at),
            "since": found.since,
            "head_commit": found.head_commit,
            "head": found.head,
            **({"content": dict(found.content or {})} if as_json else found.content or {}),
        },
        as_json,
        output,
    )
    say(_in_words(found))


def _in_words(found: Proved) -> str:
    """Return what a proof shows, provided that somebody knows the digest at its end from elsewhere."""
    kind = "root" if found.tree else "digest"
    log = f"the log that ends at commit {found.head_commit} with the {kind} {found.head}"
    if found.kind == "inclusion":
        return f"Event {found.event_id} is at position {found.position} of {log}."
    return f"The {kind} {found.since} of commit {found.commit} is that of a beginning of {log}."
