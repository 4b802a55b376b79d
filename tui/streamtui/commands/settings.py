"""From the command line to the effective settings, checked before anything starts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec

from streamcore import (
    InputError,
    Settings,
    SettingsError,
    TokenTable,
    UnknownSymbol,
    check_address,
    is_plain_name,
    read_pair,
    understand,
    wallet_name,
)
from streamcore.config import Loaded, choose, load, read_surroundings
from streamtui.declarations import Option
from streamtui.model.config_merge import Watched
from streamtui.model.engine import is_by_relay
from streamtui.options import SERVING, SETTINGS
from streamtui.stderr import say


def loaded(given: Mapping[str, Any], serving: Iterable[Option] = SERVING) -> Loaded:
    """Return the effective settings, and say on standard error what is worth a warning.

    Args:
        given: The options of the command line, by name.
        serving: Those that only the commands have that serve others, and of which one may mean another
            setting for another of these commands.

    Raises:
        SettingsError: Something in the options, the environment or the file is wrong.
    """
    typed = [option for option in (*SETTINGS, *serving) if option.name in given]
    options = {option.setting or option.name: given[option.name] for option in typed}
    flags = {f"option {option.setting}": f"option {option.flag}" for option in typed if option.setting}
    try:
        result = load(given.get("config"), options=options)
    except SettingsError as error:
        if error.origin not in flags:
            raise
        raise SettingsError(error.key, error.value, error.allowed, flags[error.origin]) from None
    for warning in result.warnings:
        say(f"warning: {warning}")
    origins = {key: flags.get(origin, origin) for key, origin in result.origins.items()}
    return msgspec.structs.replace(result, origins=origins)


def check_surroundings(loaded: Loaded) -> None:
    """Check what the environment says about the way to the network, before anything is started.

    Not in the demo: it has no use for it.

    Raises:
        SettingsError: A variable names a proxy or certificates that cannot be used.
    """
    if not loaded.settings.demo:
        read_surroundings()


def check_watched(loaded: Loaded) -> Collection[str]:
    """Check every symbol and wallet before anything is started, and say which is read as something else.

    Returns:
        The symbols of the file and the environment that only an exchange may know, in the demo, which has
        none. They are right with real data, so they are warned about; an engine of the demo refuses them.

    Raises:
        SettingsError: Some cannot be watched; it says why the first of them cannot, where that came from,
            and which the others are.
    """
    settings = loaded.settings
    by_relay = is_by_relay(settings)
    tokens, exchanges = TokenTable(settings.tokens), by_relay or choose(settings).exchanges
    hints: list[str] = []
    refused: dict[str, tuple[str, str]] = {}
    unknown: dict[str, None] = {}
    for key, symbol in _symbols(settings):
        try:
            understand(symbol, tokens, exchanges=exchanges)
            pair = read_pair(symbol, tokens)
            hints += [pair.hint] if pair is not None and pair.hint else []
        except InputError as error:
            if by_relay and isinstance(error, UnknownSymbol):
                continue  # its own table may have it; if not, the relay says so
            # whoever is typing can put a mistake right; a file that serves real data is none
            typed = loaded.origins[key].startswith("option ")
            if settings.demo and not (typed or exchanges) and _is_ticker_elsewhere(symbol, tokens):
                unknown[symbol] = None
            else:
                refused.setdefault(symbol, (key, error.reason))
    for wallet in settings.wallets:
        if (name := wallet_name(wallet)) is not None:  # it is looked up when the engine runs
            if not is_plain_name(name):
                hints.append(f"{name} has letters besides a to z, which may be doubles of others")
            continue
        try:
            check_address(wallet)
        except InputError as error:
            refused.setdefault(wallet, ("wallets", error.reason))
    if refused:
        first, *others = refused
        key, reason = refused[first]
        more = f"; nor can these be watched: {', '.join(map(repr, others))}" if others else ""
        raise SettingsError(key, first, reason + more, loaded.origins[key])
    if unknown:
        hints.append(
            f"{', '.join(unknown)}: not in the token table, and the demo has no exchange that may know more; "
            "no price will come"
        )
    for hint in dict.fromkeys(hints):
        say(f"warning: {hint}")
    return unknown.keys()


def without_symbols(settings: Settings, left_out: Collection[str]) -> Settings:
    """Return settings that watch all symbols but some."""
    symbols = tuple(symbol for symbol in settings.symbols if symbol not in left_out)
    return msgspec.structs.replace(settings, symbols=symbols)


def _is_ticker_elsewhere(symbol: str, tokens: TokenTable) -> bool:
    try:
        understand(symbol, tokens, exchanges=True)
    except InputError:
        return False
    return True


def _symbols(settings: Settings) -> Iterable[tuple[str, str]]:
    """Yield every symbol of the settings, with the key of the setting that names it."""
    yield from (("symbols", symbol) for symbol in settings.symbols)
    for name, symbols in settings.watchlists.items():
        yield from ((f"watchlists.{name}", symbol) for symbol in symbols)
    yield from (("alerts", alert.symbol) for alert in settings.alerts if alert.symbol is not None)


def saved(loaded: Loaded) -> Watched:
    """Return what the configuration file holds about what is watched: the base for saving to it."""
    settings = loaded.settings
    return Watched(
        symbols=settings.symbols if loaded.is_from_file("symbols") else None,
        wallets=settings.wallets if loaded.is_from_file("wallets") else None,
        labels=settings.labels,
        alerts=settings.alerts,
        theme=settings.ui.theme,
        columns=settings.ui.columns if loaded.is_from_file("ui.columns") else None,
    )
