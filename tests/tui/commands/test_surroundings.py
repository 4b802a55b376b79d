"""Rows 7 and 8 of issue 11, as it is typed: what the environment says is checked before anything starts."""

from __future__ import annotations

import pytest
from command_line import run

VARIABLES = {
    "HTTPS_PROXY": "ftp://jo:geheim@proxy.example:1",
    "all_proxy": "proxy.example:port",
    "SSL_CERT_FILE": "/nowhere/at/all.pem",
    "SSL_CERT_DIR": "/nowhere/at/all",
}


@pytest.mark.parametrize(("variable", "value"), VARIABLES.items())
@pytest.mark.parametrize("command", [("stream", "-s", "SOL"), ("doctor",), ()])
def test_a_variable_that_cannot_be_used_is_one_sentence_and_status_2(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
    variable: str,
    value: str,
) -> None:
    monkeypatch.setenv(variable, value)
    ran = run(capsys, *command)
    assert (ran.status, ran.out) == (2, "")
    (sentence,) = ran.errors.splitlines()
    assert sentence.startswith(f"streamtui: {variable}")
    assert "geheim" not in sentence


@pytest.mark.parametrize(("variable", "value"), VARIABLES.items())
def test_the_demo_has_no_use_for_them(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    ran = run(capsys, "stream", "--demo", "-s", "SOL", "--count", "1")
    assert (ran.status, ran.errors) == (0, "")
