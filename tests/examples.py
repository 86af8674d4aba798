"""How many examples of a property are drawn: all where everything is checked, few where one room is."""

from __future__ import annotations

import os

from hypothesis import settings


def costly(examples: int = 100) -> settings:
    """Return the settings of a property of which every example makes a store.

    All `examples` are drawn under HYPOTHESIS_PROFILE=ci. Elsewhere a fifteenth of them is drawn, and at
    least three, so that the tests of a room run in seconds.
    """
    everything = os.environ.get("HYPOTHESIS_PROFILE") == "ci"
    return settings(max_examples=examples if everything else max(examples // 15, 3))
