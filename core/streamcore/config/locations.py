"""Where files are kept on this platform."""

from __future__ import annotations

from pathlib import Path

APP_NAME = "streamtui"


def config_file() -> Path:
    """Return the configuration file of this user, whether or not it is there.

    ``~/.config/streamtui/config.toml`` on Linux (or below ``$XDG_CONFIG_HOME``), the platform's own
    folder elsewhere.
    """
    # not at the top: it takes as long to import as everything else that reads settings
    from platformdirs import user_config_path

    return user_config_path(APP_NAME, appauthor=False) / "config.toml"


def cache_folder() -> Path:
    """Return the folder for what this program remembers and could find out again, whether or not it is there.

    ``~/.cache/streamtui`` on Linux (or below ``$XDG_CACHE_HOME``), the platform's own folder elsewhere.
    """
    from platformdirs import user_cache_path

    return user_cache_path(APP_NAME, appauthor=False)
