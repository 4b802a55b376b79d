from __future__ import annotations

from streamcore.providers.token_directory import TokenDirectory


async def test_a_provider_without_a_list_finds_and_names_nothing() -> None:
    assert await TokenDirectory().find("SOL") == ()
    assert await TokenDirectory().name(["So11111111111111111111111111111111111111112"]) == ()
