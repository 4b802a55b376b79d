"""The libraries that extras of the installation bring: whether they can be used, and what installs them.

A library may also be there by half: without one that it needs, in a version that is not supported, or in
files that cannot be loaded. All of that is said in a sentence.
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import NamedTuple


class _Library(NamedTuple):
    name: str
    """As packages are named."""
    module: str
    """What is imported of it."""
    least: tuple[int, ...]
    below: tuple[int, ...]
    """The first version that is too new. ``pyproject.toml`` has the same bounds, and the reasons for them."""
    wanted: str
    """The versions between, in words."""


_LIBRARIES = {
    "fast": _Library("picows", "picows", (2, 3), (2, 4), "2.3"),
    "nats": _Library("nats-py", "nats", (2, 16), (2, 17), "2.16"),
    "proto": _Library("protobuf", "google.protobuf.message", (7, 35), (8,), "7.35 or newer, and below 8"),
    "relay": _Library("prometheus-client", "prometheus_client", (0, 22), (1000,), "0.22 or newer"),
    "web": _Library(
        "textual-serve", "textual_serve.server", (1, 1, 3), (1, 2), "1.1.3 or newer, and below 1.2"
    ),
}
EXTRAS = tuple(_LIBRARIES)
"""The names of the extras that bring a library."""


def installing(extra: str) -> str:
    """Return the command that installs an extra."""
    return f"pip install 'streamtui[{extra}]'"


def lacking(extra: str) -> str | None:
    """Return why the library of an extra cannot be used, and what to do; ``None``: it can, and is imported.

    Args:
        extra: One of `EXTRAS`.
    """
    library = _LIBRARIES[extra]
    name, command = library.name, installing(extra)
    try:
        found = version_of(name)
        if found is not None and not _is_supported(found, library):
            return f"{name} {found} is installed, but it must be {library.wanted}: {command}"
        import_module(library.module)
    except ModuleNotFoundError as error:
        part = (error.name or "").partition(".")[0]
        if part == library.module.partition(".")[0]:
            return f"{name} is not installed: {command}"
        return f"{name} is installed without {part or 'a part'}, which it needs: {command}"
    except Exception as error:  # whatever a library does that was damaged, or built for another system
        told = str(error) or type(error).__name__
        again = command.replace("install", "install --force-reinstall", 1)
        return f"{name} is installed, but cannot be loaded ({told}): {again}"
    if found is None:
        again = command.replace("install", "install --force-reinstall", 1)
        return f"{name} is installed, but of which version is not known: {again}"
    return None


def version_of(library: str) -> str | None:
    """Return the version of a library, by the name of its package; ``None``: it is not known."""
    from importlib.metadata import PackageNotFoundError, version  # only now: it takes a while to load

    try:
        return version(library)
    except PackageNotFoundError:
        return None


def _is_supported(version: str, library: _Library) -> bool:
    numbers = tuple(map(int, re.findall(r"\d+", re.match(r"[\d.]*", version).group())))  # type: ignore[union-attr]
    return library.least <= numbers < library.below
