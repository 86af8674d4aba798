"""Memory that was let go of, and that the allocators of Arrow and of the C library keep for later."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

import pyarrow as pa

__all__ = ["return_unused"]


def return_unused() -> None:
    """Return to the system what nothing uses, where the allocators can: it takes some milliseconds.

    What is made next often has other sizes, so that what they keep would come on top of it.
    """
    pa.default_memory_pool().release_unused()
    if (trim := _malloc_trim()) is not None:
        trim(0)


@cache
def _malloc_trim() -> Any:
    """Return the function of the GNU C library; None where there is another."""
    try:
        return ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return None
