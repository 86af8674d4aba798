"""Keys of personal data, whose random part is hashed with the rest and goes with it when that is erased.

An event id is a hash of what the event says, and stays when that is erased: without a random part a guess
could be compared with it.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["MARK", "SALT_BYTES", "is_personal", "key_without_salt"]

#: What is before the random part.
MARK: Final = "personal-"
SALT_BYTES: Final = 16
_FORM: Final = re.compile(rf"(?:(.+)-)?{MARK}[0-9a-f]{{{2 * SALT_BYTES}}}", re.DOTALL)


def is_personal(key: str | None) -> bool:
    """Whether a key has a random part.

    >>> is_personal("ceo-personal-" + "0" * 32), is_personal("personal-" + "0" * 32), is_personal("ceo")
    (True, True, False)
    """
    return key is not None and _FORM.fullmatch(key) is not None


def key_without_salt(key: str | None) -> str | None:
    """Return the key that a random part was put behind, or None; any other key as it is.

    >>> key_without_salt("ceo-personal-" + "0" * 32), key_without_salt("ceo")
    ('ceo', 'ceo')
    """
    found = _FORM.fullmatch(key) if key is not None else None
    return key if found is None else found[1]
