"""Put a change of a function into a process that has imported its module already.

To import modules and tests again for each mutant takes most of the time of mutation testing. A function whose
body changes keeps its identity here, and so does whatever refers to it: it gets other code alone.
"""

from __future__ import annotations

import functools
import gc
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import Final

__all__ = ["Functions"]

#: A code object within a module: its qualified name, and the how manieth of that name it is.
_Place = tuple[str, int]


class Functions:
    """The functions that a process has imported from some files, and what it caches."""

    def __init__(self, sources: dict[Path, str]) -> None:
        self._of: dict[Path, dict[_Place, list[FunctionType]]] = {}
        self._caches = []
        by_code: dict[tuple[str, str, int], list[FunctionType]] = defaultdict(list)
        for one in gc.get_objects():
            # isinstance() asks lazy objects for their class, and some then load what they are for.
            if type(one) is FunctionType:
                code = one.__code__
                by_code[code.co_filename, code.co_qualname, code.co_firstlineno].append(one)
            elif type(one) is _CACHED:
                self._caches.append(one)
        for file, source in sources.items():
            name = str(file.resolve())
            self._of[file] = {
                place: by_code[name, code.co_qualname, code.co_firstlineno]
                for place, code in _codes(compile(source, name, "exec"))
            }

    def change(self, file: Path, mutated: str) -> bool:
        """Give the functions of a file the code that `mutated`, a source of it, has; forget what is cached.

        Return False where a function cannot take it, because it refers to other variables from around it.
        """
        codes = dict(_codes(compile(mutated, str(file.resolve()), "exec", dont_inherit=True)))
        for place, functions in self._of[file].items():
            for function in functions:
                code = codes.get(place)
                # A function that is gone was in one that has other code now.
                if code is None:
                    continue
                if code.co_freevars != function.__code__.co_freevars:
                    return False
                function.__code__ = code
        for cache in self._caches:
            cache.cache_clear()
        return True


@functools.cache
def _cached() -> None: ...


_CACHED: Final = type(_cached)


def _codes(module: CodeType) -> Iterator[tuple[_Place, CodeType]]:
    seen: Counter[str] = Counter()
    rest = [module]
    while rest:
        code = rest.pop(0)
        yield (code.co_qualname, seen[code.co_qualname]), code
        seen[code.co_qualname] += 1
        rest += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
