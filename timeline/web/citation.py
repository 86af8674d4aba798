"""The page on which a citation is checked, and the same as JSON: a document of its own, without scripts.

A citation is judged in a process beside the server (`confined`), since its question may be SQL.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from timeline.citations import judge
from timeline.printable import visible

if TYPE_CHECKING:
    from timeline.store import Timeline

__all__ = ["citation_page", "judged"]

#: What of a citation is named, in this order.
_NAMED: Final = ("as_of", "recorded_as_of", "valid_at", "policy", "basis", "within", "position", "digest")
_BYTES: Final = 4_000_000


def judged(tl: Timeline, line: str, *, certify: bool, most: int) -> dict[str, Any]:
    """Return what becomes of a citation as JSON has it, with the first rows of its answer as JSON lines.

    Raises BadInput and NotFound for what is no citation.
    """
    found = judge(tl, line, certify=certify)
    checked, cited = found.checked, found.citation
    lines: list[str] = []
    for text in checked.lines[:most] if checked else ():
        if sum(map(len, lines)) + len(text) > _BYTES:
            break
        lines.append(text)
    return {
        "outcome": found.outcome,
        # Where the store lies is nobody's business.
        "words": [sentence.replace(str(tl.address), "the store") for sentence in found.words],
        "citation": None if cited is None else asdict(cited),
        "view": None if cited is None else cited.view,
        "certified": list(checked.certified) if checked else [],
        "recorded_since": checked.grown if checked else None,
        "erased_since": checked.erased if checked else [],
        "lines": lines,
        "cut": checked is not None and len(lines) < len(checked.lines),
    }


def citation_page(
    language: str, line: str = "", found: Mapping[str, Any] | None = None, problem: str | None = None
) -> str:
    """Return the page: a field for a citation, and what became of the one that was sent, if any."""
    w = _WORDS[language]
    title = w["title"]
    if problem is not None:
        title = f"{w['none']} · {title}"
    elif found is not None:
        title = f"{w[found['outcome']]} · {title}"
    other = "en" if language == "fr" else "fr"
    answer = ""
    if problem is not None:
        answer = _outcome("none", w["none"], [problem], w)
    elif found is not None:
        answer = _found(found, w)
    keeps = '<input type="hidden" name="lang" value="fr">' if language == "fr" else ""
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        f"<title>{_text(title)} · Timeline</title>"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="stylesheet" href="/static/page.css"><link rel="stylesheet" href="/static/cite.css">'
        '<link rel="icon" href="data:,"></head><body><header class="bar">'
        f'<a class="skip" href="#answer">{w["skip"]}</a>'
        f'<a class="brand" href="/?lang={language}">Timeline</a>'
        f'<nav aria-label="Timeline"><a href="/?lang={language}">{w["beliefs"]}</a>'
        f'<a href="/cite?lang={language}" aria-current="page">{w["check"]}</a></nav>'
        f'<a class="lang" href="/cite?lang={other}" lang="{other}" hreflang="{other}">{w["language"]}</a>'
        f'</header><main class="cite"><h1>{w["title"]}</h1><p>{w["what"]}</p>'
        f'<form action="/cite" method="get">{keeps}<label for="line">{w["field"]}</label>'
        '<textarea id="line" name="line" rows="4" spellcheck="false" autocapitalize="off" autocomplete="off" '
        f'required aria-describedby="help">{_text(line)}</textarea><p id="help" class="help">{w["help"]}</p>'
        f'<p><label class="quick"><input type="checkbox" name="quick" value="true"> {w["quick"]}</label></p>'
        f'<button type="submit">{w["send"]}</button></form><div id="answer" tabindex="-1">{answer}</div>'
        "</main></body></html>"
    )


def _found(found: Mapping[str, Any], w: Mapping[str, str]) -> str:
    words = _certificate(found, w)
    parts = [_outcome(found["outcome"], w[found["outcome"]], words, w)]
    cited = found["citation"]
    if cited is not None:
        rows = "".join(
            f"<div><dt>{w[name]}</dt><dd{_mono(name)}>{_text(cited[name])}</dd></div>"
            for name in _NAMED
            if cited[name] is not None
        )
        parts.append(f"<dl><div><dt>{w['question']}</dt><dd>{_text(cited['question'])}</dd></div>{rows}</dl>")
        if found["outcome"] != "elsewhere":
            parts.append(f'<p><a href="{_text(found["view"])}">{w["open"]}</a></p>')
    if found["lines"]:
        shown = w["cut"].format(shown=len(found["lines"])) if found["cut"] else w["rows"]
        lines = "\n".join(map(_text, found["lines"]))
        parts.append(f'<h2 id="rows">{shown}</h2><pre tabindex="0" aria-labelledby="rows">{lines}</pre>')
    return "".join(parts)


def _certificate(found: Mapping[str, Any], w: Mapping[str, str]) -> Sequence[str]:
    """Return the sentences of the command, in the language of the page as far as they are fixed."""
    if w is _WORDS["en"] or found["recorded_since"] is None:
        return list(found["words"])
    said = [w["same"].format(question=found["citation"]["question"], count=found["recorded_since"])]
    if "reported" in found["certified"]:
        said.append(w["both"])
    elif found["certified"]:
        said.append(w["recorded"])
    if found["erased_since"]:
        said.append(w["elsewhere_erased"].format(count=len(found["erased_since"])))
    return said


def _outcome(name: str, heading: str, words: Sequence[str], w: Mapping[str, str]) -> str:
    said = "".join(f"<p>{_text(sentence)}</p>" for sentence in words)
    more = f"<p>{w['means_' + name]}</p>" if f"means_{name}" in w else ""
    return f'<section class="outcome {name}" role="status"><h2>{heading}</h2>{more}{said}</section>'


def _mono(name: str) -> str:
    return ' class="digest"' if name == "digest" else ""


def _text(value: object) -> str:
    return html.escape(visible(str(value)))


_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "title": "Check a citation",
        "check": "Check",
        "beliefs": "Beliefs",
        "skip": "Skip to the answer",
        "language": "Français",
        "what": "A citation is one line of text, which timeline cite writes. This page asks its question "
        "again, and compares the answer with the one that was cited, to the byte.",
        "field": "Citation",
        "help": "A line that begins with timeline-cite:1?, or its link.",
        "quick": "Without the copy of the store that shows that nothing later took part",
        "send": "Check",
        "intact": "Intact",
        "grown": "Intact, and the store has grown since",
        "erased": "Touched by an erasure",
        "later": "The same, but it rests on what came later",
        "changed": "Changed",
        "elsewhere": "Not of this store",
        "none": "No citation",
        "question": "Question",
        "as_of": "As of",
        "recorded_as_of": "Recorded as of",
        "valid_at": "Valid at",
        "policy": "Policy",
        "basis": "Basis",
        "within": "Within days",
        "position": "Position",
        "digest": "Digest",
        "open": "Show the answer on the page",
        "rows": "The rows that were cited",
        "cut": "The first {shown} of the rows that were cited",
    },
    "fr": {
        "title": "Vérifier une citation",
        "check": "Vérifier",
        "beliefs": "Croyances",
        "skip": "Aller à la réponse",
        "language": "English",
        "what": "Une citation est une ligne de texte, qu\u2019écrit timeline cite. Cette page repose sa "
        "question et compare la réponse à celle qui fut citée, à l\u2019octet près.",
        "field": "Citation",
        "help": "Une ligne qui commence par timeline-cite:1?, ou son lien.",
        "quick": "Sans la copie de l\u2019entrepôt qui montre que rien de plus tardif n\u2019y a pris part",
        "send": "Vérifier",
        "intact": "Intacte",
        "grown": "Intacte, et l\u2019entrepôt a grandi depuis",
        "erased": "Touchée par un effacement",
        "later": "La même, mais elle repose sur ce qui vint plus tard",
        "changed": "Modifiée",
        "elsewhere": "Pas de cet entrepôt",
        "none": "Pas une citation",
        "question": "Question",
        "as_of": "À la date du",
        "recorded_as_of": "Enregistré à la date du",
        "valid_at": "Valable le",
        "policy": "Règle",
        "basis": "Base",
        "within": "Jours d\u2019écart",
        "position": "Position",
        "digest": "Empreinte",
        "open": "Voir la réponse sur la page",
        "rows": "Les lignes qui furent citées",
        "cut": "Les {shown} premières des lignes qui furent citées",
        "same": "{question} : la réponse est celle qui fut citée, à l\u2019octet près ; "
        "événements enregistrés depuis : {count}.",
        "both": "Aucun événement publié après sa date n\u2019y a pris part, "
        "ni aucun enregistré après son état.",
        "recorded": "Aucun événement enregistré après son état n\u2019y a pris part ; elle n\u2019a pas de "
        "date de publication à examiner.",
        "elsewhere_erased": "Événements effacés depuis, dont aucun n\u2019est dans cette réponse : {count}.",
        "means_erased": "Des événements sur lesquels la réponse peut reposer ont été effacés depuis. "
        "Détails en anglais :",
        "means_later": "Sans ce qui fut publié ou enregistré plus tard, la réponse est autre. Détails en "
        "anglais :",
        "means_changed": "La ligne ou la réponse n\u2019est pas celle qui fut écrite. Détails en anglais :",
        "means_elsewhere": "Aucun enregistrement de cet entrepôt n\u2019a cette empreinte. "
        "Détails en anglais :",
        "means_none": "Ce texte n\u2019est pas une citation. Détails en anglais :",
    },
}
