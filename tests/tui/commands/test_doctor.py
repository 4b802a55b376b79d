"""``streamtui doctor``: what is printed, and the status it ends with."""

from __future__ import annotations

import io

from rich.console import Console

from streamcore.doctor import Check, Result
from streamtui.commands.doctor import table


def printed(checks: list[Check]) -> str:
    out = io.StringIO()
    Console(file=out, width=120).print(table(checks))
    return out.getvalue()


def test_every_result_is_a_word_and_outside_text_is_harmless():
    text = printed(
        [
            Check("birdeye", "TCP", Result.PASSED, 0.0123, "example.org:443"),
            Check("birdeye", "REST call", Result.FAILED, 1.0, "[red]bad[/red] \x1b[2J"),
            Check("helius", "TLS", Result.SKIPPED, None, "needs: TCP"),
        ]
    )
    assert "✓ ok" in text
    assert "12 ms" in text
    assert "✗ failed" in text
    assert "[red]bad[/red] ␛[2J" in text
    assert "– skipped" in text
    assert text.count("birdeye") == 1
