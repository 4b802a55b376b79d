"""Public names that are imported when somebody first asks for them.

A package whose ``__init__`` imports everything it offers makes ``--version`` wait for the network libraries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any


def lazily(package: str, homes: Mapping[str, Sequence[str]]) -> Callable[[str], Any]:
    """Return a module ``__getattr__`` (PEP 562) that imports each name from its home at the first use.

    Args:
        package: The ``__name__`` of the package.
        homes: The public names of the package, by the module that defines them.
    """
    home_of = {name: home for home, names in homes.items() for name in names}

    def __getattr__(name: str) -> Any:  # noqa: N807 - what PEP 562 calls it
        if name not in home_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(home_of[name]), name)
        # the next use finds it without coming here
        vars(import_module(package))[name] = value
        return value

    return __getattr__
