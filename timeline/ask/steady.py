"""Whether SQL gives the same answer each time it is asked of one state of a store, and so can be cited."""

from __future__ import annotations

import re
from typing import Final

from timeline.ask.temporal_sql import tokens

__all__ = ["unsteady_in"]

#: The clock and chance, by names that some of them have without brackets, too.
_VARYING: Final = re.compile(
    r"now|today|current_(?:date|time|timestamp|localtime|localtimestamp)|localtime|localtimestamp"
    r"|get_current_time(?:stamp)?|transaction_timestamp|random|setseed|uuid|uuidv\d|gen_random_uuid"
    r"|nextval|currval|setval|txid_current|age|ago|tablesample"
)
#: Functions that answer of the clock, the connection, the machine or the version of DuckDB, or run a text.
_CALLS: Final = re.compile(
    r"current_(?:setting|database|catalog|schemas?|query|(?:connection|query|transaction)_id)|in_search_path"
    r"|getvariable|version|sleep_ms|stats|vector_type|write_log|inet_\w+|pg_\w+|query|json_execute_serialized_sql"
)
#: What describes the database in which a question runs: it is another one once more was recorded.
_CATALOGS: Final = re.compile(
    r"duckdb_\w+|pragma_\w+|information_schema|pg_(?!typeof)\w+|sqlite_\w+|get_block_size|current_catalog|current_schema"
)


def unsteady_in(query: str) -> str | None:
    """Return the first word of a query that makes its answer another one each time; None where none does.

    >>> unsteady_in("SELECT count(*) FROM events WHERE recorded_at < now()")
    'now'
    >>> unsteady_in("FROM beliefs USING SAMPLE 3")
    'SAMPLE'
    >>> unsteady_in("SELECT 'now' AS word -- today")
    """
    lexemes = list(tokens(query))
    for at, token in enumerate(lexemes):
        if token.kind not in ("word", "quoted"):
            continue
        name = token.text.strip('"').lower()
        following = lexemes[at + 1].text if at + 1 < len(lexemes) else ""
        if (
            _VARYING.fullmatch(name)
            or (following == "(" and _CALLS.fullmatch(name) and name != "pg_typeof")
            or _CATALOGS.fullmatch(name)
            or (name == "sample" and at and lexemes[at - 1].word == "USING")
        ):
            return token.text.strip('"')
    return None
