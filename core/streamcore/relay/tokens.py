"""Who may connect to a relay: tokens with a name and a scope, of which only a hash is kept.

The file has one line a token: ``NAME SCOPE SHA256``, the hash in 64 hexadecimal digits. A token has 256
random bits, so a plain hash of it cannot be turned back.
"""

from __future__ import annotations

import errno
import hashlib
import hmac
import os
import re
import secrets
import stat
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from streamcore.errors import StreamcoreError
from streamcore.named_files import read_file, reason_of
from streamcore.text import printable

PREFIX = "st_"
"""What every token begins with, so that people and scanners of repositories recognise one."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_HASH = re.compile(r"[0-9a-f]{64}")


class Scope(StrEnum):
    """What the holder of a token may do."""

    READ = "read"
    """Watch."""
    CONTROL = "control"
    """Also have the relay's connections to its providers started over, which concerns everybody."""


class TokenEntry(NamedTuple):
    """What is kept of one token."""

    name: str
    scope: Scope
    digest: str
    """SHA-256 of the token, in hexadecimal digits."""


class TokensFailed(StreamcoreError):
    """The file of tokens cannot be read or written, or a name in it is not possible."""


class Tokens:
    """The tokens of a relay."""

    def __init__(self, entries: Iterable[TokenEntry] = ()) -> None:
        self._entries = {entry.name: entry for entry in entries}

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def entries(self) -> Mapping[str, TokenEntry]:
        """Every token by its name."""
        return self._entries

    def holder_of(self, token: str) -> TokenEntry | None:
        """Return whose token that is; ``None``: nobody's. It takes as long for a wrong one."""
        digest = _digest(token)
        found = None
        for entry in self._entries.values():
            if hmac.compare_digest(entry.digest, digest):
                found = entry
        return found

    def add(self, name: str, scope: Scope) -> str:
        """Make a token and return it; it cannot be shown again.

        Raises:
            TokensFailed: The name is taken, or not possible.
        """
        if not _NAME.fullmatch(name):
            raise TokensFailed(
                f"{printable(name, 64)!r} cannot be the name of a token: up to 64 letters, digits and . _ @ -"
            )
        if name in self._entries:
            raise TokensFailed(f"there is a token named {name} already; revoke it, or take another name")
        token = PREFIX + secrets.token_urlsafe(32)
        self._entries[name] = TokenEntry(name, scope, _digest(token))
        return token

    def revoke(self, name: str) -> None:
        """Remove a token.

        Raises:
            TokensFailed: There is none of that name.
        """
        if self._entries.pop(name, None) is None:
            known = ", ".join(self._entries) or "none"
            raise TokensFailed(f"there is no token named {printable(name, 64)!r}; there are: {known}")


def read_tokens(path: Path) -> Tokens:
    """Return the tokens in a file; none if there is no file.

    Raises:
        TokensFailed: It cannot be read, or a line of it makes no sense.
    """
    try:
        lines = read_file(path).decode().splitlines()
    except FileNotFoundError:
        return Tokens()
    except (OSError, UnicodeError) as error:
        raise TokensFailed(f"the tokens in {path} cannot be read: {reason_of(error)}") from error
    entries = []
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) != 3 or words[1] not in set(Scope) or not _HASH.fullmatch(words[2]):
            # the line itself is not shown: somebody may have written a token there
            raise TokensFailed(f"line {number} of {path} is no token: expected NAME SCOPE SHA256")
        entries.append(TokenEntry(words[0], Scope(words[1]), words[2]))
    return Tokens(entries)


def write_tokens(path: Path, tokens: Tokens) -> None:
    """Write the tokens to a file in one step.

    A new one can be read by its owner only; one that is there keeps what its owner lets others do, so that a
    relay that runs as another user can read it again.

    Raises:
        TokensFailed: It cannot be written.
    """
    text = "# streamtui relay: NAME SCOPE SHA256\n" + "".join(
        f"{entry.name} {entry.scope} {entry.digest}\n" for entry in tokens.entries.values()
    )
    try:
        path = path.resolve()  # a link to the file stays one
        if path.exists() and not path.is_file():  # a device would give way to the file
            raise OSError(errno.EINVAL, "it is not a file")  # noqa: TRY301 - as all errors of files
        new = path.with_name(f"{path.name}.new")
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(new, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            if path.exists() and os.name == "posix":
                os.fchmod(file.fileno(), stat.S_IMODE(path.stat().st_mode))
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        raise TokensFailed(f"the tokens cannot be written to {path}: {reason_of(error)}") from error


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
