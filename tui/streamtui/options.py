"""The options that the app, ``stream`` and ``doctor`` share, and what becomes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from getopt import GetoptError, getopt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from streamcore import InputError, SettingsError

if TYPE_CHECKING:
    from streamcore.config import Loaded


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"streamtui {version('streamtui')}")
        raise typer.Exit


Symbols: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--symbols", "-s", metavar="LIST", help="Tickers or mint addresses; commas or repeated."),
]
Wallets: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--wallets", "-w", metavar="LIST", help="Wallet addresses; commas or repeated."),
]
Demo: TypeAlias = Annotated[
    bool | None, typer.Option("--demo/--no-demo", help="Use the embedded emulators.", show_default=False)
]
DemoRate: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--demo-rate", min=0, max=100_000, metavar="R", help="Price moves a second in the demo; 4 unless set."
    ),
]
Prices: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--prices", metavar="PROVIDER", help="Who serves prices: auto, public, or a provider by name."
    ),
]
Chain: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--chain", metavar="PROVIDER", help="Who serves wallets: auto, public, or a provider by name."
    ),
]
ConfigFile: TypeAlias = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Read this configuration file.")
]
LogFile: TypeAlias = Annotated[
    Path | None, typer.Option("--log-file", metavar="FILE", help="Append log lines to this file.")
]
LogLevel: TypeAlias = Annotated[
    str | None,
    typer.Option("--log-level", metavar="LEVEL", help="debug, info, warning, error or critical."),
]
Version: TypeAlias = Annotated[
    bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
]


def port_of(provider: str, above: str = "") -> Any:
    """Return the option for the port of an emulator; ``above`` is what has the port one above."""
    text = f"And one above for {above}; 0: free ones." if above else "0: a free one."
    return typer.Option(f"--{provider}-port", min=0, max=65534, metavar="P", help=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What was given on the command line; ``None``: nothing."""

    symbols: list[str] | None = None
    wallets: list[str] | None = None
    demo: bool | None = None
    demo_rate: float | None = None
    prices: str | None = None
    chain: str | None = None
    config: Path | None = None
    log_file: Path | None = None
    log_level: str | None = None

    def over(self, general: Given) -> Given:
        """Return these options, and where nothing was given those given before the command's name."""
        # an option that may be repeated is an empty list when it was not given
        missing = {
            field.name: getattr(general, field.name)
            for field in fields(self)
            if getattr(self, field.name) in (None, [])
        }
        return replace(self, **missing)

    def load(self) -> Loaded:
        """Return the effective settings, and say on standard error what is worth a warning.

        Raises:
            SettingsError: Something in the options, the environment or the file is wrong.
        """
        from streamcore.config import load

        options: dict[str, Any] = {
            "symbols": self.symbols or None,
            "wallets": self.wallets or None,
            "demo": self.demo,
            "demo_rate": self.demo_rate,
            "prices": self.prices,
            "chain": self.chain,
        }
        loaded = load(
            self.config, options={name: value for name, value in options.items() if value is not None}
        )
        for warning in loaded.warnings:
            typer.echo(f"streamtui: warning: {warning}", err=True)
        return loaded


_WITH_VALUE = ("symbols", "wallets", "prices", "chain", "config", "log-file", "log-level")
_SWITCHES = ("demo", "no-demo")
_SHORT = {"-s": "--symbols", "-w": "--wallets"}


def read_quickly(arguments: Sequence[str]) -> Given | None:
    """Return what Typer would read, if there is nothing but the app's own options; else ``None``: ask Typer.

    Typer reads an option with the help of pydantic, and importing that takes as long as a fifth of the time
    in which the first frame has to be on the screen. Mistakes are left to Typer and its messages.
    """
    known = {f"--{name}" for name in (*_WITH_VALUE, *_SWITCHES)}
    if any(word.startswith("--") and word.partition("=")[0] not in known for word in arguments):
        return None  # getopt would take an abbreviation
    try:
        found, rest = getopt(list(arguments), "s:w:", [*(f"{name}=" for name in _WITH_VALUE), *_SWITCHES])
    except GetoptError:
        return None
    if rest:
        return None
    values: dict[str, Any] = {}
    for option, text in found:
        name = _SHORT.get(option, option).removeprefix("--").replace("-", "_")
        if name in ("symbols", "wallets"):
            values.setdefault(name, []).append(text)
        elif name in ("demo", "no_demo"):
            values["demo"] = name == "demo"
        else:
            values[name] = Path(text) if name in ("config", "log_file") else text
    return Given(**values)


def check_watched(loaded: Loaded) -> None:
    """Check every symbol and wallet before anything is started.

    Raises:
        SettingsError: One cannot be watched; it names where it came from.
    """
    from streamcore import TokenTable, check_address, understand
    from streamcore.config import choose

    tokens = TokenTable(loaded.settings.tokens)
    exchanges = choose(loaded.settings).exchanges
    for symbol in loaded.settings.symbols:
        try:
            understand(symbol, tokens, exchanges=exchanges)
        except InputError as error:
            raise SettingsError("symbols", symbol, error.reason, loaded.origins["symbols"]) from error
    for name, symbols in loaded.settings.watchlists.items():
        for symbol in symbols:
            try:
                understand(symbol, tokens, exchanges=exchanges)
            except InputError as error:
                key = f"watchlists.{name}"
                raise SettingsError(key, symbol, error.reason, loaded.origins[key]) from error
    for alert in loaded.settings.alerts:
        try:
            understand(alert.symbol or "SOL", tokens, exchanges=exchanges)
        except InputError as error:
            raise SettingsError("alerts", alert.symbol, error.reason, loaded.origins["alerts"]) from error
    for wallet in loaded.settings.wallets:
        try:
            check_address(wallet)
        except InputError as error:
            raise SettingsError("wallets", wallet, error.reason, loaded.origins["wallets"]) from error
