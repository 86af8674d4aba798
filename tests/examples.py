"""How many examples of a property are drawn: all in a long run, some in a check of everything, else few."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from typing import Final, TypeVar

from hypothesis import settings

T = TypeVar("T")

_ASKED: Final = os.environ.get("TIMELINE_LONG", "0")
#: Whether the long form of a test is to run: TIMELINE_LONG, where 0 is no.
LONG: Final = _ASKED not in ("", "0")

#: One in how many of a property's examples is drawn, by profile. Every run draws others than the one before.
_ONE_IN: Final = {"long": 1, "ci": 12}
_FEW: Final = 25


def costly(examples: int = 100) -> settings:
    """Return the settings of a property of which every example makes a store.

    All `examples` are drawn under HYPOTHESIS_PROFILE=long, and one in twelve of them under `ci`. Elsewhere
    one in 25 of them is drawn, and at least two, so that the tests of a room run in seconds.
    """
    return settings(max_examples=max(examples // _ONE_IN.get(_profile(), _FEW), 2))


def counted(short: int, long: int) -> int:
    """Return how many examples to draw: `short`; in a long run `long`, or N where TIMELINE_LONG=N says so."""
    if not LONG:
        return short
    return int(_ASKED) if _ASKED.isdigit() and int(_ASKED) > 1 else long


def thinned(cases: Sequence[T]) -> Sequence[T]:
    """Return all cases under HYPOTHESIS_PROFILE=ci and =long, elsewhere every seventh."""
    return cases if _profile() in _ONE_IN else cases[::7]


def some(cases: Sequence[T], one_in: int) -> Sequence[T]:
    """Return one in `one_in` of the cases, in their order: each run draws others. All in a long run.

    The processes of one run draw the same, as they have to name the same tests.
    """
    if LONG or _profile() == "long":
        return cases
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or str(os.getpid())
    drawn = random.Random(run).sample(range(len(cases)), -(-len(cases) // one_in))
    return [cases[nth] for nth in sorted(drawn)]


def _profile() -> str:
    return os.environ.get("HYPOTHESIS_PROFILE", "dev")
