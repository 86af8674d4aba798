"""A mapping proposed for a file: which of its columns are what, by their names and by what is in them.

What the columns prove is set; what they leave open is left to the user, as a comment that names the readings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from timeline.errors import BadInput
from timeline.intake.batch import FLAT_COLUMNS
from timeline.intake.foreign import ForeignTable, read_foreign, texts_of
from timeline.intake.looks import Look, proved_style
from timeline.intake.mapping import CLAIMS, TableMapping, Unpivot, mapping_from
from timeline.intake.periods import is_period
from timeline.intake.shapes import shape_of
from timeline.meaning.columns import STATUSES
from timeline.meaning.normal import nfc

__all__ = ["propose_mapping"]

#: So many rows are looked at, and of wide tables so many values.
_ROWS: Final = 100_000
_VALUES: Final = 2_000_000

#: Words that name a role, in the languages that tables are mostly written in; the first are the surest.
_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "reported": (
        *("reported", "published", "publication", "released", "release", "filed", "filing date", "announced"),
        *(
            "announcement",
            "realtime start",
            "vintage",
            "report date",
            "disclosed",
            "as of",
            "updated",
            "stand",
        ),
        *("veröffentlicht", "publié", "publicado", "pubblicato", "publication date"),
    ),
    "period": (
        *(
            "period",
            "time period",
            "quarter",
            "fiscal year",
            "year",
            "month",
            "period end",
            "time",
            "ref period",
        ),
        *(
            "jahr",
            "quartal",
            "monat",
            "zeitraum",
            "berichtsjahr",
            "année",
            "annee",
            "trimestre",
            "mois",
            "año",
        ),
        *(
            "anno",
            "ano",
            "periodo",
            "período",
            "end",
            "ddate",
            "date",
            "datum",
            "fecha",
            "data",
            "day",
            "tag",
        ),
    ),
    "valid_from": (
        "valid from",
        "effective from",
        "effective",
        "start",
        "start date",
        "since",
        "from",
        "gültig ab",
    ),
    "valid_to": ("valid to", "valid until", "end date", "until", "to", "expires", "expiry", "gültig bis"),
    "status": ("status",),
    "speaker": ("speaker", "quoted", "said by"),
    "source": (
        *("source", "source id", "source url", "url", "link", "accn", "accession", "document", "filing"),
        *("quelle", "fuente", "fonte", "src"),
    ),
    "unit": (
        *("unit", "units", "currency", "uom", "unit measure", "unit of measure", "ccy", "einheit", "währung"),
        *("waehrung", "unité", "unite", "devise", "unidad", "moneda", "unità", "valuta", "moeda"),
    ),
    "attribute": (
        *(
            "metric",
            "indicator",
            "indicator name",
            "measure",
            "variable",
            "concept",
            "item",
            "line item",
            "kpi",
        ),
        *("series", "series name", "account", "statistic", "tag", "name of indicator", "merkmal", "kennzahl"),
        *("indikator", "indicateur", "indicador", "indicatore", "characteristic", "na item", "element"),
    ),
    "object": ("counterparty", "partner", "recipient", "target", "investee", "beneficiary", "counterpart"),
    "subject": (
        *("company", "company name", "entity", "entity name", "entityname", "issuer", "firm", "organisation"),
        *("organization", "institution", "bank", "country", "country name", "state", "region", "city", "geo"),
        *(
            "geography",
            "location",
            "area",
            "ref area",
            "reference area",
            "reporter",
            "ticker",
            "symbol",
            "name",
        ),
        *("unternehmen", "firma", "land", "bundesland", "staat", "kreis", "gemeinde", "pays", "entreprise"),
        *(
            "société",
            "région",
            "país",
            "pais",
            "empresa",
            "región",
            "paese",
            "azienda",
            "regione",
            "commodity",
        ),
        *("product", "fund", "party", "isin"),
    ),
    "amount": (
        *("value", "amount", "obs value", "val", "figure", "wert", "betrag", "valeur", "montant", "valor"),
        *("importe", "valore", "importo", "price", "close", "total", "sum", "count", "anzahl", "number"),
    ),
    "statement": ("statement", "quote", "sentence"),
    "text": ("text", "claim", "headline", "title", "description", "value", "comment", "notes"),
}
#: In which order the keys of an event are written.
_ORDER: Final = (
    *(
        "type",
        "key",
        "target",
        "fact",
        "subject",
        "attribute",
        "object",
        "period",
        "period_from",
        "period_to",
    ),
    *(
        "claim",
        "amount",
        "amount_low",
        "amount_high",
        "unit",
        "approximate",
        "text",
        "date",
        "entity",
        "answer",
    ),
    *("status", "reported", "valid", "valid_from", "valid_to", "source", "origin", "speaker", "statement"),
    *("locator", "inferred", "void", "reason", "actor"),
)
#: Words of columns of figures that measure nothing.
_NO_FIGURES: Final = re.compile(
    r"\b(?:id|ids|code|cik|index|idx|rank|lat|latitude|lon|lng|longitude|zip|fips|row|unnamed|key|decimals|"
    r"year|jahr|month|day|nr|no|obs status|flag|line|page)\b"
)
_UNIT_IN_NAME: Final = re.compile(r"^(.*?)\s*[(\[]\s*(?:in\s+)?([^()\[\]]{1,40})[)\]]\s*$")


@dataclass
class _Proposal:
    """What is known of a file while a mapping is made for it."""

    name: str
    looks: dict[str, Look]
    roles: dict[str, str] = field(default_factory=dict)
    keys: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    unpivot: Unpivot | None = None
    ranked: Sequence[str] = ()

    def free(self, *kinds: str) -> list[Look]:
        """Return the columns that have no role yet, of some kinds."""
        taken = set(self.roles.values())
        return [look for look in self.looks.values() if look.name not in taken and look.kind in kinds]


def propose_mapping(path: str | Path, **settings: Any) -> TableMapping:
    """Return a mapping for a CSV, Excel, Parquet, Arrow or JSON file, as far as its columns show it.

    `settings` are keys of a mapping that are known: how the file is read (`sheet`, `rows`, `delimiter`,
    `encoding`, `header`), constants such as `source`, or any other. The result's `notes` name what is left
    open. Raises BadInput for what cannot be read as a table.

    >>> import tempfile
    >>> from pathlib import Path
    >>> path = Path(tempfile.mkdtemp()) / "sales.csv"
    >>> _ = path.write_text("Company;Metric;Year;Value\\nAcme;Revenue;2024;1.234,5\\n")
    >>> propose_mapping(path, unit="EUR").keys["fact"]
    '{Company:slug}/{Metric:slug}@{Year}'
    """
    if not isinstance(path, str | Path):
        raise BadInput(f"a file is {type(path).__name__}; expected its path")
    given = dict(settings)
    if unknown := [
        key
        for key in given
        if key not in FLAT_COLUMNS
        and not hasattr(TableMapping, key)
        and key not in TableMapping.__dataclass_fields__
    ]:
        mapping_from({"fact": "a/b", "text": "x", unknown[0]: ""})
    reading = shape_of(Path(path), {key: value for key, value in given.items() if key not in FLAT_COLUMNS})
    foreign = read_foreign(Path(path), reading.mapping)
    proposal = _Proposal(Path(path).name, _looks(foreign), ranked=reading.names)
    own = {*proposal.looks} - {*reading.names}
    if "fact" in own or {"subject", "attribute"} <= own:
        _own_names(proposal)
    else:
        _widen(proposal)
        _give_roles(proposal)
        _write_keys(proposal)
    keys = {key: value for key, value in given.items() if key in FLAT_COLUMNS}
    return _finished(proposal, reading.mapping, foreign, keys)


def _looks(foreign: ForeignTable) -> dict[str, Look]:
    most = min(_ROWS, max(1_000, _VALUES // max(len(foreign.columns), 1)))
    table = texts_of(foreign, most)
    found = {}
    for column in foreign.columns:
        if column.strip() and not {"{", "}"} & set(column):
            found[column] = Look.of(column, table.column(column), column in foreign.numbers)
    if not found:
        raise BadInput(
            f"{foreign.name} has no columns with names; name the line of its header, as in header = 3"
        )
    return found


# Roles


def _own_names(proposal: _Proposal) -> None:
    """Take columns that have the names of keys for these keys."""
    for column in proposal.looks:
        if column in FLAT_COLUMNS:
            proposal.keys[column] = f"{{{column}}}"
            proposal.roles[column] = column


def _widen(proposal: _Proposal) -> None:
    """Find columns that are rows in truth: years or quarters, each with a column of figures."""
    wide = [
        column
        for column, look in proposal.looks.items()
        if is_period(column) and look.kind in ("number", "claim", "empty")
    ]
    if len(wide) < 2:
        return
    values = [value for column in wide for value in proposal.looks[column].values]
    typed = all(
        proposal.looks[column].is_typed_number or not proposal.looks[column].values for column in wide
    )
    nulls = any(proposal.looks[column].has_nulls for column in wide)
    left = {column: look for column, look in proposal.looks.items() if column not in wide}
    name, value = _unused("Period", left), _unused("Value", left)
    proposal.unpivot = Unpivot(tuple(wide), name, value)
    proposal.looks = left | {
        name: Look(name, wide, False),
        value: Look(value, list(dict.fromkeys(values)), nulls, typed),
    }
    proposal.roles |= {"period": name, "amount": value}


def _unused(name: str, looks: Iterable[str]) -> str:
    taken = {column.casefold() for column in looks}
    while name.casefold() in taken:
        name += "_"
    return name


def _words(name: str) -> str:
    """Return the words of a column's name, in lower case with one blank between them."""
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return " ".join(re.findall(r"[^\W_]+", split.casefold()))


#: Words that name a role by themselves, and mean little beside others.
_ALONE: Final = frozenset(
    (
        *(
            "end",
            "from",
            "to",
            "start",
            "since",
            "tag",
            "day",
            "time",
            "number",
            "count",
            "total",
            "sum",
            "land",
        ),
        *(
            "data",
            "stand",
            "as of",
            "area",
            "item",
            "element",
            "src",
            "ano",
            "anno",
            "effective",
            "link",
            "land",
        ),
    )
)


def _role_words(name: str) -> str:
    """Return the words by which a column is known: of `country.value` within JSON the country."""
    before, _, last = name.rpartition(".")
    if before and last in ("value", "name", "label", "title", "text", "description"):
        return _words(before.rpartition(".")[2])
    return _words(f"{before.rpartition('.')[2]}.{last}" if last in ("id", "code") else last) or _words(name)


def _match(role: str, look: Look) -> int:
    """Return how well the name of a column fits a role: 0 for not at all."""
    words = _role_words(look.name)
    known = _WORDS[role]
    if words in known:
        return 200 - known.index(words)
    parts = words.split()
    for nth, word in enumerate(known):
        if (
            word not in _ALONE
            and re.search(rf"\b{re.escape(word)}\b", words)
            and not ({"id", "code"} & set(parts))
        ):
            return 100 - nth
    return 0


def _fits(role: str, look: Look) -> bool:
    """Whether what is in a column can have a role."""
    if role in ("reported", "valid_from", "valid_to"):
        return look.kind == "date" and not look.is_years
    if role == "period":
        return look.is_periods or look.is_years
    if role == "amount":
        return look.kind in ("number", "claim") and not look.is_years and not look.is_eight_figures
    if role == "status":
        return bool(look.present) and set(look.present) <= set(STATUSES)
    if role == "unit":
        return look.kind == "text" and all(len(value) <= 40 for value in look.present[:100])
    return look.kind == "text"


def _give_roles(proposal: _Proposal) -> None:
    for role in _WORDS:
        if role in proposal.roles or (role == "text" and "amount" in proposal.roles):
            continue
        fitting = [
            (score, look.name)
            for look in proposal.free("number", "claim", "date", "text", "flag")
            if _fits(role, look) and (score := _match(role, look))
        ]
        if fitting:
            proposal.roles[role] = max(fitting, key=lambda one: one[0])[1]
    _keys_of_json(proposal)
    _measures(proposal)
    if "subject" not in proposal.roles:
        texts = [look for look in proposal.free("text") if max(map(len, look.present)) <= 200]
        if texts:
            proposal.roles["subject"] = texts[0].name
    _find_text(proposal)
    if "period" not in proposal.roles:
        dates = [look for look in proposal.free("date", "number") if look.is_periods or look.is_years]
        if dates:
            proposal.roles["period"] = dates[0].name


def _find_text(proposal: _Proposal) -> None:
    """Take a sentence for what is claimed, or the last of the texts, where there are no figures."""
    roles = proposal.roles
    if "amount" in roles or "text" in roles:
        return
    if "statement" in roles:
        roles["text"] = roles.pop("statement")
    elif texts := proposal.free("text"):
        roles["text"] = texts[-1].name


def _keys_of_json(proposal: _Proposal) -> None:
    """Take the innermost of the keys on the way to rows in JSON that has no role for the attribute."""
    free = [
        name for name in proposal.ranked if name in proposal.looks and name not in proposal.roles.values()
    ]
    if free and "attribute" not in proposal.roles:
        # Of equally many the inner one is what figures are called, and the outer one groups them.
        proposal.roles["attribute"] = max(reversed(free), key=lambda name: len(proposal.looks[name].values))


def _measures(proposal: _Proposal) -> None:
    """Find the columns of figures where none is called a value: one is it, of several each is a row."""
    if "amount" in proposal.roles:
        name = proposal.roles["amount"]
        exact = _words(name) in _WORDS["amount"][:13]
        if exact or proposal.unpivot is not None or "attribute" in proposal.roles:
            return
        del proposal.roles["amount"]
    figures = [
        look
        for look in proposal.free("number", "claim")
        if not (_NO_FIGURES.search(_words(look.name)) or look.is_years or look.is_eight_figures)
    ]
    numbers = [look for look in figures if look.kind == "number"]
    if len(figures) == 1 or (figures and "attribute" in proposal.roles):
        proposal.roles["amount"] = figures[0].name
    elif len(numbers) > 1:
        name, value = _unused("Measure", proposal.looks), _unused("Value", proposal.looks)
        columns = tuple(look.name for look in numbers)
        proposal.unpivot = Unpivot(columns, name, value)
        merged = Look(
            value,
            list(dict.fromkeys(one for look in numbers for one in look.values)),
            any(look.has_nulls for look in numbers),
            all(look.is_typed_number for look in numbers),
        )
        proposal.looks = {key: look for key, look in proposal.looks.items() if key not in columns}
        proposal.looks |= {name: Look(name, columns, False), value: merged}
        proposal.roles |= {"attribute": name, "amount": value}
        if len({_unit_of(column)[1] for column in columns}) > 1 or not _unit_of(columns[0])[1]:
            proposal.notes.append(
                f"{len(columns)} columns of figures became rows, of one unit; a column of another unit "
                "needs a mapping of its own"
            )
    elif figures:
        proposal.roles["amount"] = figures[0].name


# Keys


def _unit_of(column: str) -> tuple[str, str | None]:
    """Return the name of a column, and the unit that stands in brackets behind it.

    >>> _unit_of("Revenue (million USD)"), _unit_of("Revenue")
    (('Revenue', 'million USD'), ('Revenue', None))
    """
    found = _UNIT_IN_NAME.match(column)
    return (found[1] or column, found[2].strip()) if found else (column, None)


def slug_of(text: str) -> str:
    """Return a text in lower case with hyphens, as a template's `:slug` has it."""
    lower = nfc(text).lower()
    return re.sub(r"[\W_]+", "-", lower).strip("-")


def _write_keys(proposal: _Proposal) -> None:
    roles, keys = proposal.roles, proposal.keys
    amount = roles.get("amount")
    subject = _segment(proposal, "subject") or slug_of(Path(proposal.name).stem.split(".")[0]) or "table"
    attribute = _segment(proposal, "attribute")
    if attribute is None:
        named = amount or roles.get("text")
        stem = _unit_of(named)[0] if named and proposal.unpivot is None else ""
        attribute = slug_of(stem) or "value"
        if proposal.unpivot is not None:
            attribute = slug_of(Path(proposal.name).stem.split(".")[0]) or "value"
            if attribute == subject:
                attribute = "value"
    fact = f"{subject}/{attribute}"
    if (object_ := _segment(proposal, "object")) is not None:
        fact += f"/{object_}"
    keys["fact"] = fact
    _write_period(proposal)
    _write_claim(proposal, amount)
    _write_times(proposal)
    for role in ("origin", "speaker", "statement"):
        if role in roles:
            keys[role] = f"{{{roles[role]}}}"
    if "source" in roles:
        keys["source"] = f"{{{roles['source']}}}"
    else:
        keys["source"] = slug_of(Path(proposal.name).stem) or "table"


def _segment(proposal: _Proposal, role: str) -> str | None:
    column = proposal.roles.get(role)
    return None if column is None else f"{{{column}:slug}}"


def _write_period(proposal: _Proposal) -> None:
    column = proposal.roles.get("period")
    if column is None:
        return
    start = proposal.roles.get("valid_from")
    if start is not None and _words(column) in ("end", "to", "end date", "period end"):
        # What begins and ends is a span, and what only ends a day.
        proposal.keys["period"] = [f"{{{start}}}/{{{column}}}", f"{{{column}}}"]
        del proposal.roles["valid_from"]
        if not proposal.looks[start].has_nulls:
            proposal.keys["period"] = proposal.keys["period"][0]
        return
    proposal.keys["fact"] += f"@{{{column}}}"


def _write_claim(proposal: _Proposal, amount: str | None) -> None:
    keys, roles = proposal.keys, proposal.roles
    if amount is None:
        if "text" in roles:
            keys["text"] = f"{{{roles['text']}}}"
        else:
            proposal.notes.append('amount = "{...}"   # no column looks like what is claimed: name it')
        return
    unit = roles.get("unit")
    columns = proposal.unpivot.columns if proposal.unpivot else (amount,)
    named = {_unit_of(column)[1] for column in columns}
    if proposal.looks[amount].kind == "claim":
        keys["claim"] = f"{{{amount}}}"
    elif unit is not None:
        keys["amount"], keys["unit"] = f"{{{amount}}}", f"{{{unit}}}"
    elif len(named) == 1 and (inside := named.pop()) is not None:
        if len(inside.split()) > 1:
            keys["claim"] = f"{{{amount}}} {inside}"
        else:
            keys["amount"], keys["unit"] = f"{{{amount}}}", inside
    else:
        keys["amount"] = f"{{{amount}}}"
        proposal.notes.append('unit = "USD"   # which unit the figures have: USD, percent, count …')
    if "status" in roles:
        keys["status"] = f"{{{roles['status']}}}"
    elif "claim" not in keys:
        keys["status"] = "actual"
        proposal.notes.append(
            'status is "actual", for figures that were measured; else forecast, estimated …'
        )


def _write_times(proposal: _Proposal) -> None:
    keys, roles = proposal.keys, proposal.roles
    for role in ("reported", "valid_from", "valid_to"):
        if role in roles:
            keys[role] = f"{{{roles[role]}}}"
    if "reported" in keys:
        return
    period = roles.get("period")
    is_column = proposal.unpivot is None or proposal.unpivot.name != period
    if period is not None and is_column and proposal.looks[period].is_days:
        keys["reported"] = f"{{{period}}}"
        proposal.notes.append("reported is taken from the same column as the period: when was it published?")
    else:
        proposal.notes.append(
            'reported = "2025-01-31"   # when the table was published; left out, it is the date of its source'
        )


# What the columns prove


def _finished(
    proposal: _Proposal, reading: TableMapping, foreign: ForeignTable, given: Mapping[str, Any]
) -> TableMapping:
    keys = dict(proposal.keys)
    for key, value in given.items():
        keys |= {key: value}
    if "unit" in given and "amount" in keys:
        proposal.notes = [note for note in proposal.notes if not note.startswith("unit =")]
    for key in ("reported", "status"):
        if key in given:
            proposal.notes = [note for note in proposal.notes if not note.startswith(key)]
    base = mapping_from(_complete({key: keys[key] for key in sorted(keys, key=_ORDER.index)}))
    # Without a claim nothing is recorded, and the mapping says so when it is read.
    kept = {key: value for key, value in base.keys.items() if key in keys}
    mapping = replace(reading, keys=kept, unpivot=reading.unpivot or proposal.unpivot)
    settings: dict[str, Any] = {}
    if reading.numbers is None:
        settings |= _style(proposal, mapping)
    if reading.dates is None:
        settings |= _orders(proposal, mapping)
    if reading.missing is None and "fact" not in proposal.roles:
        settings |= _missing(proposal, mapping)
    if reading.timezone is None:
        _zones(proposal, mapping)
    notes = (*proposal.notes, *_unread(mapping, foreign))
    return replace(mapping, **settings, notes=notes)


def _complete(keys: dict[str, Any]) -> dict[str, Any]:
    """Return keys with a claim, so that what is missing is a note rather than an error."""
    return keys if set(CLAIMS) & keys.keys() or "type" in keys else keys | {"text": ""}


def _used(proposal: _Proposal, mapping: TableMapping, kinds: Sequence[str]) -> list[Look]:
    found: dict[str, Look] = {}
    for key in mapping.templates():
        if FLAT_COLUMNS[key] in kinds or (key == "claim" and "number" in kinds):
            found |= {
                column: proposal.looks[column]
                for column in mapping.columns_of(key)
                if column in proposal.looks
            }
    return list(found.values())


def _style(proposal: _Proposal, mapping: TableMapping) -> dict[str, str]:
    looks = [look for look in _used(proposal, mapping, ["number"]) if look.kind == "number"]
    style, left_open = proved_style(looks)
    if style is not None:
        return {"numbers": style}
    if left_open is not None:
        one, other = ("1,234.5", "1.234,5")
        proposal.notes.append(
            f'numbers = "{one}"   # or "{other}": how {left_open} is meant is not proved by the column'
        )
    return {}


def _orders(proposal: _Proposal, mapping: TableMapping) -> dict[str, Any]:
    looks = [look for look in _used(proposal, mapping, ["time"]) if look.needs_order]
    proved = {look.name: order for look in looks if (order := look.order()) is not None}
    for look in looks:
        if look.name not in proved:
            shown = look.two_readings()
            proposal.notes.append(
                f'dates = "dmy"   # or "mdy": {shown} in {look.name!r} is {_reading(shown)}; '
                "the column does not prove which"
            )
    if not proved:
        return {}
    orders = set(proved.values())
    return {"dates": orders.pop() if len(orders) == 1 and len(proved) == len(looks) else proved}


def _reading(shown: str) -> str:
    first, second, year = re.split("[./-]", re.split(r"[ T,]", shown)[0])[:3]
    return f"{year}-{second:0>2}-{first:0>2} with dmy, {year}-{first:0>2}-{second:0>2} with mdy"


def _missing(proposal: _Proposal, mapping: TableMapping) -> dict[str, Any]:
    # Of a text an empty one is a value.
    figures = [key for key in CLAIMS if key not in ("text", "entity", "answer")]
    claims = [column for key in figures for column in mapping.columns_of(key) if column in proposal.looks]
    found = list(dict.fromkeys(text for column in claims for text in proposal.looks[column].missing))
    if found or any(proposal.looks[column].has_nulls for column in claims):
        return {"missing": tuple(found or [""])}
    return {}


def _zones(proposal: _Proposal, mapping: TableMapping) -> None:
    for look in _used(proposal, mapping, ["time"]):
        if look.has_times:
            proposal.notes.append(
                f'timezone = "America/New_York"   # {look.name!r} has times of day without an offset: '
                "in which zone?"
            )
            return


def _unread(mapping: TableMapping, foreign: ForeignTable) -> list[str]:
    read = mapping.columns()
    left = [column for column in foreign.columns if column.strip() and column not in read]
    if not left:
        return []
    shown = ", ".join(left[:20]) + (f" and {len(left) - 20} more" if len(left) > 20 else "")
    return [f"Not read: {shown}"]
