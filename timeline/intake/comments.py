"""What a comment takes away from a text in YAML, where ` #` begins one even in the middle of a sentence.

`text: Acme is now #1 in chips` is the text `Acme is now` to every YAML parser. So a comment behind a text
without quotes is refused, unless it cannot be a part of that text: it has two blanks or more before its `#`
and one behind it, as comments are written, and the key takes no prose.
"""

from __future__ import annotations

import json
import re
from typing import Final

__all__ = ["cut_by_comment", "left_out_by_comment"]

#: The keys that take prose, where a `#` may mean anything.
_PROSE: Final = frozenset(("text", "statement", "reason", "title", "name", "meaning", "publisher"))

_BEHIND: Final = re.compile(r"([ \t]+)(#[^\r\n]*)")
_BELOW: Final = re.compile(r"[ \t]*(?:\r\n|\r|\n)(?:[ \t]*(?:\r\n|\r|\n))*([ \t]*)(#[^\r\n]*)")
_INSTEAD: Final = re.compile(r"[ \t]*:?[ \t]+(#[^\r\n]*)")
#: Of a longer line the beginning is shown.
_LONGEST_LINE: Final = 1_000


def cut_by_comment(
    text: str, value: str, end: int, *, key: str | None, indent: int, in_flow: bool
) -> str | None:
    """Return what is wrong where a comment follows the plain scalar that ends at `end`; else None.

    `key` is the key of which it is the value, None for an item of a list. A comment on a line of its own
    counts where it is indented by more than `indent`, as another line of the value would be.
    """
    if (found := _BEHIND.match(text, end)) is not None:
        blanks, comment = found.groups()
        if len(blanks) > 1 and _is_aside(comment) and key is not None and key not in _PROSE:
            return None
        return _cut(text, found.start(2), key, f"{value}{blanks}{comment}")
    if (found := _BELOW.match(text, end)) is not None:
        blanks, comment = found.groups()
        continues = in_flow or len(blanks) > indent
        if continues and (not _is_aside(comment) or (key in _PROSE and not in_flow)):
            return _cut(text, found.start(2), key, f"{value} {comment}")
    return None


def left_out_by_comment(text: str, at: int, key: str | None) -> str | None:
    """Return what is wrong where a `#` makes a comment of the whole value; else None.

    `at` is the end of its key, or of the dash of an item.
    """
    found = _INSTEAD.match(text, at)
    if found is None or _is_aside(found[1]):
        return None
    return _cut(text, found.start(1), key, found[1])


def _is_aside(comment: str) -> bool:
    """Whether a comment is written as one: `# so`, not `#so`."""
    return not comment.strip("#") or comment.lstrip("#")[0] in " \t"


def _cut(text: str, at: int, key: str | None, whole: str) -> str:
    begin = max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1
    line = re.split(r"[\r\n]", text[begin : begin + _LONGEST_LINE + 1], maxsplit=1)[0].strip()
    shown = line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}…"
    quoted = json.dumps(whole.rstrip(), ensure_ascii=False)
    cure = "" if len(quoted) > 200 else f", as in {f'{key}: ' if key else ''}{quoted}"
    return (
        f"a comment begins at #, so the rest of the line is lost: {shown}; put the value in quotes{cure}, "
        "or the comment on a line of its own"
    )
