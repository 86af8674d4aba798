"""How many examples of a property are drawn: all where everything is checked, few where one room is."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

from hypothesis import settings

T = TypeVar("T")


def costly(examples: int = 100) -> settings:
    """Return the settings of a property of which every example makes a store.

    All `examples` are drawn under HYPOTHESIS_PROFILE=ci. Elsewhere one in 25 of them is drawn, and at
    least three, so that the tests of a room run in seconds.
    """
    return settings(max_examples=examples if _is_everything() else max(examples // 25, 3))


def thinned(cases: Sequence[T]) -> Sequence[T]:
    """Return all cases under HYPOTHESIS_PROFILE=ci, elsewhere every seventh."""
    return cases if _is_everything() else cases[::7]


def _is_everything() -> bool:
    return os.environ.get("HYPOTHESIS_PROFILE") == "ci"
