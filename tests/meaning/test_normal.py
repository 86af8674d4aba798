"""NFC as Python's own function has it, in a time that grows with the text."""

from __future__ import annotations

import time
import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from timeline.meaning.normal import nfc

#: Letters and marks of many classes, some of which decompose, into marks alone among them.
_SIGNS = (
    "abé\u1e69\u01ed\u1100\u1161\u11a8가\u09c7\u09be\u0301\u0316\u0323\u0344\u0f40\u0f71\u0f73\u0f81\u3099"
)
_TEXTS = st.text(_SIGNS, max_size=40)
_MARKS = st.text("\u0301\u0316\u0323\u0f73\u0f81\u0f71\u0344", min_size=1, max_size=6)


@given(_TEXTS, _MARKS, st.integers(1, 300), _TEXTS)
@example("a", "\u0301\u0316", 200, "")
@example("", "\u0f81\u0f71", 200, "\u0301")
def test_it_is_what_python_makes_of_a_text(before: str, marks: str, times: int, behind: str) -> None:
    text = before + marks * times + behind
    assert nfc(text) == unicodedata.normalize("NFC", text)


def test_marks_in_disorder_take_a_time_that_grows_with_their_number() -> None:
    def seconds(count: int) -> float:
        start = time.process_time()
        nfc("a" + "\u0301\u0316" * count)
        return time.process_time() - start

    seconds(1_000)
    # One by one they would take a hundred times as long for ten times as many.
    assert seconds(200_000) < 30 * max(seconds(20_000), 0.005)
