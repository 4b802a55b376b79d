"""Row 8 of issue 11: streams and requests trusted different authorities."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import certifi
import pytest
from own_authority import OwnAuthority
from venue import EXPECTED, WAYS, network, venue

from streamcore.config.surroundings import NOWHERE
from streamcore.errors import ProviderError
from streamcore.net import trust

ways = pytest.mark.parametrize("way", WAYS)


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    trust._context.cache_clear()
    yield
    trust._context.cache_clear()


def system_with(monkeypatch: pytest.MonkeyPatch, *, file: Path, folder: Path) -> None:
    """Let the system's store be elsewhere; the real one cannot be written to by a test."""
    places = ssl.get_default_verify_paths()._replace(openssl_cafile=str(file), openssl_capath=str(folder))
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: places)


async def greeting(way: str, authority: OwnAuthority, environ: dict[str, str]) -> str:
    async with venue(authority.server_context()) as place, network(environ) as net:
        return await WAYS[way](net, place)


@ways
async def test_an_authority_that_only_the_systems_file_has_is_trusted_by_both(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, authority: OwnAuthority, way: str
) -> None:
    system_with(monkeypatch, file=authority.file, folder=tmp_path / "missing")
    assert await greeting(way, authority, {"SSL_CERT_FILE": ""}) == EXPECTED[way]


@ways
async def test_an_authority_that_only_the_systems_folder_has_is_trusted_by_both(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, authority: OwnAuthority, way: str
) -> None:
    system_with(monkeypatch, file=tmp_path / "missing", folder=authority.hashed_folder(tmp_path))
    assert await greeting(way, authority, {}) == EXPECTED[way]


@ways
async def test_an_authority_that_nobody_has_is_trusted_by_neither(authority: OwnAuthority, way: str) -> None:
    with pytest.raises(ProviderError, match=r"the certificate of 127\.0\.0\.1:.* is not valid"):
        await greeting(way, authority, {})


@ways
@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
async def test_an_authority_that_a_variable_names_is_trusted_by_both(
    tmp_path: Path, authority: OwnAuthority, way: str, variable: str
) -> None:
    named = {"SSL_CERT_FILE": authority.file, "SSL_CERT_DIR": authority.hashed_folder(tmp_path)}[variable]
    assert await greeting(way, authority, {variable: str(named)}) == EXPECTED[way]


@ways
async def test_a_folder_counts_beside_a_file(tmp_path: Path, authority: OwnAuthority, way: str) -> None:
    folder = str(authority.hashed_folder(tmp_path))
    environ = {"SSL_CERT_FILE": certifi.where(), "SSL_CERT_DIR": folder}
    assert await greeting(way, authority, environ) == EXPECTED[way]


@ways
async def test_with_a_variable_the_systems_authorities_are_not_trusted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, authority: OwnAuthority, way: str
) -> None:
    system_with(monkeypatch, file=authority.file, folder=tmp_path)
    with pytest.raises(ProviderError, match="is not valid"):
        await greeting(way, authority, {"SSL_CERT_FILE": certifi.where()})


def test_a_system_without_a_store_leaves_those_of_certifi(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    system_with(monkeypatch, file=tmp_path / "missing", folder=tmp_path / "missing")
    monkeypatch.setattr(trust, "BUNDLES", ())
    assert len(trust.tls_context(NOWHERE).get_ca_certs()) > 50


def test_where_openssl_looks_elsewhere_the_usual_places_are_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, authority: OwnAuthority
) -> None:
    system_with(monkeypatch, file=tmp_path / "missing", folder=tmp_path / "missing")
    monkeypatch.setattr(trust, "BUNDLES", ("/nowhere/at/all.pem", str(authority.file)))
    subjects = [certificate["subject"] for certificate in trust.tls_context(NOWHERE).get_ca_certs()]
    assert ((("commonName", "An authority of a test"),),) in subjects
