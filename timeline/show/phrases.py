"""The words of the evidence for a belief, in each language that the page has; names and claims are data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["PHRASES"]

#: By language, the English word or sentence and what stands for it; what is not in it stays.
PHRASES: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {},
    "fr": {
        "Believed {asked}": "Cru {asked}",
        "as of everything reported": "d\u2019après tout ce qui est rapporté",
        "as of {day} (reported)": "au {day} (rapporté)",
        "at any time": "à tout moment",
        "at {day}": "le {day}",
        "policy {policy}, basis {basis}": "règle {policy}, base {basis}",
        "{reported}, recorded as of {recorded}, valid {valid}; {rule}.": (
            "{reported}, enregistré au {recorded}, valable {valid} ; {rule}."
        ),
        "Nothing is believed.": "Rien n\u2019est cru.",
        # The names of a card.
        "claim": "affirmation",
        "status": "statut",
        "statement": "énoncé",
        "believed since": "cru depuis",
        "reported": "rapporté",
        "origin": "origine",
        "speaker": "locuteur",
        "source": "source",
        "characters": "caractères",
        "valid": "valable",
        "inferred": "déduit",
        "the report implies it": "le rapport l\u2019implique",
        "of a later date": "d\u2019une date postérieure",
        "event": "événement",
        # The headings, and what is under them.
        "It displaced": "Elle a remplacé",
        "Our record was mended": "Nos données ont été corrigées",
        "Taken back": "Retiré ou rétracté",
        "What others say": "Ce que disent les autres",
        "Disagreements": "Désaccords",
        "{one} against {other}": "{one} contre {other}",
        ", valid {span}": ", valable {span}",
        "{name} counts as never recorded: {what}": "{name} compte comme jamais enregistré : {what}",
        "{change}. {reason}(recorded in #{commit}, {moment})": (
            "{change}. {reason}(enregistré dans la version n° {commit}, {moment})"
        ),
        "{origin} no longer says anything of it since {when} ({name})": (
            "{origin} n\u2019en dit plus rien depuis {when} ({name})"
        ),
        " by {origin}": " par {origin}",
        "{name}: {what}, retracted {when}{who}. {reason}": "{name} : {what}, rétracté {when}{who}. {reason}",
        # The statuses, as the pictures name them.
        "rumored": "rumeur",
        "alleged": "allégué",
        "considered": "envisagé",
        "planned": "prévu",
        "announced": "annoncé",
        "letter-of-intent": "lettre d\u2019intention",
        "in-negotiation": "en négociation",
        "committed": "engagé",
        "agreed": "signé",
        "completed": "achevé",
        "suspended": "suspendu",
        "cancelled": "annulé",
        "denied": "démenti",
        "estimated": "estimé",
        "forecast": "prévision",
        "actual": "constaté",
        "erased": "effacé",
    },
}
