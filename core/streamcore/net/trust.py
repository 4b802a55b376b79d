"""Whom to trust: one TLS context for streams, requests and proxies.

``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` name the authorities to trust and no others, as for OpenSSL and curl.
Without them it is the authorities of the system, which an employer may have added to, together with those of
the package certifi, for a system that has none or old ones. They are checked by OpenSSL alone, so that every
platform gives the same answers; of macOS' keychain it knows what ``SSL_CERT_FILE`` names.
"""

from __future__ import annotations

import ssl
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

from streamcore.config.surroundings import Surroundings

BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
"""Where systems keep their authorities; asked where the OpenSSL that Python has brought looks elsewhere."""


def tls_context(surroundings: Surroundings) -> ssl.SSLContext:
    """Return what verifies every host. Made once, because reading the certificates takes a while."""
    return _context(surroundings.certificate_file, surroundings.certificate_folders)


@cache
def _context(file: str | None, folders: str | None) -> ssl.SSLContext:
    if file is not None or folders is not None:
        context = ssl.create_default_context(cafile=file, capath=folders)
    else:
        import certifi  # not needed on this machine alone

        context = ssl.create_default_context(cafile=certifi.where())
        _trust_the_system(context)
    context.set_alpn_protocols(["http/1.1"])
    return context


def _trust_the_system(context: ssl.SSLContext) -> None:
    if sys.platform == "win32":
        context.load_default_certs()
        return
    # not load_default_certs: the variables count also when they are empty, and then it loads nothing
    places = ssl.get_default_verify_paths()
    file, folder = Path(places.openssl_cafile), Path(places.openssl_capath)
    found = next((one for one in (file, *map(Path, BUNDLES)) if one.is_file()), None)
    if found is not None:
        # where it cannot be read there are those of certifi; who is signed by others is told as not valid
        with suppress(OSError):
            context.load_verify_locations(cafile=str(found))
    if folder.is_dir():
        context.load_verify_locations(capath=str(folder))
