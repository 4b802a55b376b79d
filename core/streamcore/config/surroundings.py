"""The environment's settings for connections: proxies and trusted certificates."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping

import msgspec

from streamcore.config.proxies import Proxies
from streamcore.errors import SettingsError
from streamcore.named_files import check_file
from streamcore.text import printable

FILE_VARIABLE = "SSL_CERT_FILE"
FOLDER_VARIABLE = "SSL_CERT_DIR"


class Surroundings(msgspec.Struct, frozen=True):
    """The environment's settings for connections, the same for streams and HTTP requests."""

    proxies: Proxies
    certificate_file: str | None = None
    """Certificates of authorities to trust; with `certificate_folders` the only ones, if either is set."""
    certificate_folders: str | None = None
    """Folders of such certificates, as OpenSSL names them, separated as in ``PATH``."""


NOWHERE = Surroundings(Proxies({}))
"""No proxies and no certificates, for connections that stay on this machine."""


def read_surroundings(environ: Mapping[str, str] | None = None) -> Surroundings:
    """Return the settings in an environment; ``None``: that of this process.

    Raises:
        SettingsError: It names a proxy that cannot be used, or certificates that cannot be read; the text
            names the variable.
    """
    environ = os.environ if environ is None else environ
    file, folders = environ.get(FILE_VARIABLE) or None, environ.get(FOLDER_VARIABLE) or None
    if file is not None:
        _check_file(file)
    for folder in (folders or "").split(os.pathsep) if folders else ():
        _check_folder(folder)
    return Surroundings(Proxies(environ), file, folders)


def _check_file(path: str) -> None:
    try:
        check_file(path)
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except ssl.SSLError as error:
        raise _refused(FILE_VARIABLE, path, "there are no certificates in it") from error
    except (OSError, ValueError) as error:
        raise _unreadable(FILE_VARIABLE, path, error) from error


def _check_folder(path: str) -> None:
    try:
        os.scandir(path).close()
    except (OSError, ValueError) as error:
        raise _unreadable(FOLDER_VARIABLE, path, error) from error


def _unreadable(variable: str, path: str, error: OSError | ValueError) -> SettingsError:
    match error:
        case FileNotFoundError():
            reason = "there is nothing of that name"
        case OSError():
            reason = f"cannot be read: {error.strerror or type(error).__name__}"
        case _:
            reason = "that is no name of a file"
    return _refused(variable, path, reason)


def _refused(variable: str, path: str, reason: str) -> SettingsError:
    text = f"{reason}; name certificates of authorities, or unset {variable} to trust the system's"
    return SettingsError(variable, printable(path, limit=1000), text, "environment")
