"""A certificate authority of a test's own, made when the test runs, and servers that it vouches for."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

NAMES = "DNS:venue.example,DNS:localhost,IP:127.0.0.1,IP:::1"


class OwnAuthority:
    """An authority that no system knows, and a server's certificate by it for `NAMES`."""

    def __init__(self, folder: Path) -> None:
        """Make both, by the program openssl, in a folder."""
        self.file = folder / "authority.pem"
        self._server, self._server_key = folder / "server.pem", folder / "server.key"
        key = folder / "authority.key"
        of_authority = ("basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign")
        _certificate("/CN=An authority of a test", key, self.file, *of_authority)
        issuer = ("-CA", str(self.file), "-CAkey", str(key))
        of_server = (f"subjectAltName={NAMES}", "basicConstraints=critical,CA:FALSE")
        _certificate("/CN=venue.example", self._server_key, self._server, *of_server, options=issuer)

    @property
    def server_files(self) -> tuple[Path, Path]:
        """The server's certificate and its key."""
        return self._server, self._server_key

    def server_context(self) -> ssl.SSLContext:
        """Return what a server needs to be believed by whoever trusts the authority."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._server, self._server_key)
        return context

    def hashed_folder(self, folder: Path) -> Path:
        """Return a folder in which OpenSSL finds the authority: the file is named by the hash of its name."""
        command = ["openssl", "x509", "-hash", "-noout", "-in", str(self.file)]
        name = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
        (folder / f"{name}.0").write_bytes(self.file.read_bytes())
        return folder


def _certificate(subject: str, key: Path, to: Path, *extensions: str, options: tuple[str, ...] = ()) -> None:
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    command += ["-nodes", "-days", "2", "-subj", subject, "-keyout", str(key), "-out", str(to), *options]
    for extension in extensions:
        command += ["-addext", extension]
    subprocess.run(command, check=True, capture_output=True)
