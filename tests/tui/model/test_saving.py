from __future__ import annotations

from pathlib import Path

from found_tokens import DOG, HATS, hit
from stage import WALLET, on_stage

from streamcore.config.loading import load
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind


async def test_what_is_watched_is_saved_and_there_again_next_time(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    async with on_stage(symbols=("SOL", "BTC"), wallets=(), config_path=path) as stage:
        await stage.press("w")
        await stage.type(f"{WALLET} my treasury")
        await stage.press("enter", "J", "ctrl+s")
        await stage.pass_time(0.1)
        assert f"Saved to {path}" in stage.toasts()
    settings = load(path, environ={}).settings
    assert settings.symbols == ("BTC", "SOL")
    assert settings.wallets == (WALLET,)
    assert settings.labels == {WALLET: "my treasury"}


async def test_what_only_a_watchlist_brought_is_not_saved_a_second_time(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    async with on_stage(symbols=("SOL",), config_path=path, watchlists={"memes": ("BONK",)}) as stage:
        await stage.press("right_square_bracket", "ctrl+s")
        await stage.pass_time(0.1)
    assert load(path, environ={}).settings.symbols == ("SOL",)


async def test_what_was_found_is_saved_with_its_name_and_offline_there_again(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    names = {HATS: hit(name="HATS by name"), DOG: hit(mint=DOG, name="another HATS")}
    async with on_stage(symbols=(HATS, DOG), wallets=(), config_path=path, names=names) as stage:
        await stage.pass_time(1.0)
        await stage.press("ctrl+s")
        await stage.pass_time(0.1)
        assert f"Saved to {path}" in stage.toasts()
    settings = load(path, environ={}).settings
    assert settings.symbols == (HATS, DOG)
    assert settings.tokens == {"HATS": HATS, "HATS-pump": DOG}
    again = {"symbols": settings.symbols, "tokens": settings.tokens}
    async with on_stage(**again, breaks_at={"name_tokens": ProviderError(ErrorKind.NETWORK, "off")}) as stage:
        rows = stage.app.session.prices.rows
        assert [(row.key, row.token.symbol) for row in rows.values()] == [(HATS, "HATS"), (DOG, "HATS-pump")]


async def test_names_of_the_demo_are_never_those_of_real_data_nor_saved(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    names = {HATS: hit(name="HATS by name")}
    async with on_stage(
        symbols=(HATS,),
        wallets=("toly.sns",),
        named_wallets={"toly.sns": DOG},
        names=names,
        demo=True,
        config_path=path,
    ) as stage:
        await stage.pass_time(1.0)
        assert "HATS by name" in stage.text()
        assert stage.app.session.label(DOG) == "toly.sns"
        await stage.press("ctrl+s")
        await stage.pass_time(0.1)
        settings = load(path, environ={}).settings
        assert (settings.symbols, settings.tokens, settings.labels) == ((HATS,), {}, {})
        stage.names.clear()
        await stage.press("D")
        await stage.pass_time(2.0)
        assert "HATS by name" not in stage.text()
        assert "Hu6x…pump" in stage.text()
        assert stage.app.session.label(DOG) == "8cmK…pump"
