"""Loading settings from a file, an environment and options that a test gives, and from nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from streamcore.config.loading import Loaded, load
from streamcore.errors import SettingsError


def loader(folder: Path) -> Callable[..., Loaded]:
    """Return a function that loads settings from the text of a file in ``folder``, variables and options."""

    def load_from(text: str = "", environ: dict[str, str] | None = None, options: Any = None) -> Loaded:
        file = folder / "config.toml"
        file.write_text(text, encoding="utf-8")
        file.chmod(0o600)
        return load(file, environ=environ or {}, options=options)

    return load_from


def refused(load_from: Callable[..., Loaded], *args: Any, **kwargs: Any) -> SettingsError:
    """Return the error that loading these settings raises."""
    with pytest.raises(SettingsError) as caught:
        load_from(*args, **kwargs)
    return caught.value
