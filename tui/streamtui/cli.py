"""The ``streamtui`` command. Thin: it reads options, and what a command does is in a file of its own.

Exit status: 0 done or interrupted, 1 it ran and failed, 2 wrong usage or configuration. Nothing heavy is
imported before it is needed, so that ``--help`` and the first frame of the app come at once.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from streamcore.errors import InputError, SettingsError
from streamtui import options
from streamtui.commands.shutdown import as_keyboard_interrupt
from streamtui.options import Given, check_watched

if TYPE_CHECKING:
    from streamcore.config.loading import Loaded

FAILED = 1
WRONG_USAGE = 2
LEAVE_WITHIN = 4.0
"""Seconds the app may take to leave, also when its terminal is gone; usually it takes half a second."""

log = logging.getLogger(__name__)


class Commands(TyperGroup):
    """The commands, with their ways to end turned into an exit status."""

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        """Run the chosen command."""
        with _ending():
            return super().invoke(ctx)


@contextmanager
def _ending() -> Iterator[None]:
    try:
        yield
    except (SettingsError, InputError) as error:
        _say(str(error))
        raise typer.Exit(WRONG_USAGE) from error
    except KeyboardInterrupt:
        raise typer.Exit(0) from None
    except BrokenPipeError:
        # whoever read the output has seen enough; nothing may be written when Python flushes at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None


app = typer.Typer(
    cls=Commands,
    help="Live token prices and Solana wallet transactions in a terminal.",
    epilog="Without a command: the terminal app. Options > environment > configuration file > defaults.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
config_app = typer.Typer(help="Show the configuration, or write a file to start from.", no_args_is_help=True)
app.add_typer(config_app, name="config")


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit.

    Args:
        arguments: What follows the program's name; ``None``: that of this process.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    # a shell that asks for completions sets the variable and gives no arguments
    given = None if "_STREAMTUI_COMPLETE" in os.environ else options.read_quickly(arguments)
    try:
        if given is None:
            app(args=arguments, prog_name="streamtui")
        else:
            with _ending():
                _run_app(given)
    except typer.Exit as end:
        sys.exit(end.exit_code)
    except KeyboardInterrupt:  # before or after a command
        sys.exit(0)
    except Exception as error:
        _say_unexpected(error)
        sys.exit(FAILED)
    raise AssertionError("the command line returned instead of exiting")


@app.callback(invoke_without_command=True)
def start(
    ctx: typer.Context,
    symbols: options.Symbols = None,
    wallets: options.Wallets = None,
    demo: options.Demo = None,
    demo_rate: options.DemoRate = None,
    prices: options.Prices = None,
    chain: options.Chain = None,
    config: options.ConfigFile = None,
    log_file: options.LogFile = None,
    log_level: options.LogLevel = None,
    version: options.Version = False,
) -> None:
    """Live token prices and Solana wallet transactions in a terminal."""
    given = Given(
        symbols=symbols,
        wallets=wallets,
        demo=demo,
        demo_rate=demo_rate,
        prices=prices,
        chain=chain,
        config=config,
        log_file=log_file,
        log_level=log_level,
    )
    if ctx.invoked_subcommand is None:
        _run_app(given)
    ctx.obj = given


@app.command()
def stream(
    ctx: typer.Context,
    symbols: options.Symbols = None,
    wallets: options.Wallets = None,
    demo: options.Demo = None,
    demo_rate: options.DemoRate = None,
    prices: options.Prices = None,
    chain: options.Chain = None,
    count: Annotated[
        int | None,
        typer.Option("--count", min=1, metavar="N", help="Stop after N price and transaction lines."),
    ] = None,
    duration: Annotated[
        float | None, typer.Option("--duration", min=0, metavar="S", help="Stop after S seconds.")
    ] = None,
    config: options.ConfigFile = None,
    log_file: options.LogFile = None,
    log_level: options.LogLevel = None,
    version: options.Version = False,
) -> None:
    """Print every event as one line of JSON on standard output; log lines go to standard error."""
    given = Given(
        symbols=symbols,
        wallets=wallets,
        demo=demo,
        demo_rate=demo_rate,
        prices=prices,
        chain=chain,
        config=config,
        log_file=log_file,
        log_level=log_level,
    ).over(ctx.obj)
    with as_keyboard_interrupt():
        loaded = given.load()
        check_watched(loaded)
        settings = loaded.settings
        symbols_wanted = settings.symbols if settings.stream.enable_prices else ()
        wallets_wanted = settings.wallets if settings.stream.enable_wallets else ()
        if not symbols_wanted and not wallets_wanted:
            _refuse("nothing to watch; name symbols with --symbols or wallets with --wallets")
        if sys.stdout is None:  # and the next socket would get its number
            _refuse("standard output is closed, there is nowhere to write to")
        with _recording(given, loaded, on_screen=True):
            from streamtui.commands.stream import run

            raise typer.Exit(run(settings, count=count, duration=duration))


@app.command()
def doctor(
    ctx: typer.Context,
    symbols: options.Symbols = None,
    wallets: options.Wallets = None,
    demo: options.Demo = None,
    demo_rate: options.DemoRate = None,
    prices: options.Prices = None,
    chain: options.Chain = None,
    config: options.ConfigFile = None,
    log_file: options.LogFile = None,
    log_level: options.LogLevel = None,
    version: options.Version = False,
) -> None:
    """Try everything that has to work, provider by provider; exit 1 if one needed thing fails."""
    given = Given(
        symbols=symbols,
        wallets=wallets,
        demo=demo,
        demo_rate=demo_rate,
        prices=prices,
        chain=chain,
        config=config,
        log_file=log_file,
        log_level=log_level,
    ).over(ctx.obj)
    with as_keyboard_interrupt():
        loaded = given.load()
        check_watched(loaded)
        with _recording(given, loaded, on_screen=True):
            from streamtui.commands.doctor import run

            raise typer.Exit(run(loaded))


@app.command()
def emulator(
    ctx: typer.Context,
    birdeye_port: Annotated[int, options.port_of("birdeye", "REST")] = 0,
    helius_port: Annotated[int, options.port_of("helius", "RPC")] = 0,
    kraken_port: Annotated[int, options.port_of("kraken", "REST")] = 0,
    coinbase_port: Annotated[int, options.port_of("coinbase", "REST")] = 0,
    solana_port: Annotated[int, options.port_of("solana", "RPC")] = 0,
    jupiter_port: Annotated[int, options.port_of("jupiter")] = 0,
    dexscreener_port: Annotated[int, options.port_of("dexscreener")] = 0,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help="The same seed makes the same market.")
    ] = None,
    market_rate: Annotated[
        float | None, typer.Option("--market-rate", min=0, metavar="R", help="Price moves a second.")
    ] = None,
    wallet_rate: Annotated[
        float | None,
        typer.Option("--wallet-rate", min=0, metavar="R", help="Transactions a second and wallet."),
    ] = None,
    faults: Annotated[
        list[str] | None,
        typer.Option(
            "--fault",
            metavar="[PROVIDER:]NAME[@SECONDS[+DURATION]]",
            help="Let something go wrong, from the start or later; repeatable. 'list' shows what there is.",
        ),
    ] = None,
    log_file: options.LogFile = None,
    log_level: options.LogLevel = None,
) -> None:
    """Serve the embedded provider emulators on this machine until interrupted."""
    given = Given(log_file=log_file, log_level=log_level).over(ctx.obj)
    with as_keyboard_interrupt(), _recording(given, None, on_screen=True):
        from streamtui.commands.simulate import list_faults, planned_faults, run

        if faults == ["list"]:
            list_faults()
            return
        try:
            run(
                ports={
                    "birdeye": birdeye_port,
                    "helius": helius_port,
                    "kraken": kraken_port,
                    "coinbase": coinbase_port,
                    "solana": solana_port,
                    "jupiter": jupiter_port,
                    "dexscreener": dexscreener_port,
                },
                seed=seed,
                market_rate=market_rate,
                wallet_rate=wallet_rate,
                faults=planned_faults(faults or ()),
            )
        except BrokenPipeError:
            raise
        except OSError as error:
            _fail(error.strerror or str(error))


@config_app.command("path")
def config_path(ctx: typer.Context, config: options.ConfigFile = None) -> None:
    """Print where the configuration file is, or would be."""
    typer.echo(str(_config_path(ctx, config)))


@config_app.command("show")
def config_show(ctx: typer.Context, config: options.ConfigFile = None) -> None:
    """Print the effective values and where each came from; secrets are masked."""
    from streamtui.commands.config import shown

    typer.echo(shown(Given(config=config).over(ctx.obj).load()), nl=False)


@config_app.command("init")
def config_init(ctx: typer.Context, config: options.ConfigFile = None) -> None:
    """Write a commented file to start from; a file that is there already is left alone."""
    from streamtui.commands.config import write_starter

    path = _config_path(ctx, config)
    try:
        write_starter(path)
    except FileExistsError:
        _fail(f"{path} is there already, and was left alone")
    except OSError as error:
        _fail(f"{path} cannot be written: {error.strerror or type(error).__name__}")
    typer.echo(str(path))


def _run_app(given: Given) -> NoReturn:
    loaded = given.load()
    check_watched(loaded)
    with _recording(given, loaded, on_screen=False):
        if not (os.isatty(0) and os.isatty(1)):  # where the keys come from and the screen is
            _refuse("the app needs a terminal; for a pipe or a file there is: streamtui stream")
        from streamtui.app import StreamTuiApp
        from streamtui.terminal import end_within

        _check_theme(loaded)
        settings = loaded.settings
        nothing_set = not (settings.symbols or settings.wallets or settings.watchlists)
        terminal_app = StreamTuiApp(
            settings,
            config_path=loaded.path,
            starter=nothing_set,
            leaving=partial(end_within, LEAVE_WITHIN),
        )
        terminal_app.run()
        raise typer.Exit(terminal_app.return_code or 0)


def _config_path(ctx: typer.Context, config: Path | None) -> Path:
    from streamcore.config.locations import config_file

    return Given(config=config).over(ctx.obj).config or config_file()


@contextmanager
def _recording(given: Given, loaded: Loaded | None, *, on_screen: bool) -> Iterator[None]:
    """Set up logging, and turn an unexpected failure into one line here and a traceback in the log file."""
    from streamcore.config.keys import secrets
    from streamtui.commands.logging import FILE_ONLY, recording

    hidden = () if loaded is None else secrets(loaded.settings)
    with recording(level=given.log_level, file=given.log_file, on_screen=on_screen, secrets=hidden):
        try:
            yield
        except (typer.Exit, SettingsError, InputError, BrokenPipeError):
            raise
        except Exception as error:
            log.critical("unexpected failure", exc_info=True, extra=FILE_ONLY)
            _say_unexpected(error, hidden)
            if given.log_file is None:
                _say("with --log-file FILE the details are kept")
            raise typer.Exit(FAILED) from error


def _check_theme(loaded: Loaded) -> None:
    theme = loaded.settings.ui.theme
    if theme is None:
        return
    from textual.theme import BUILTIN_THEMES

    from streamtui.themes import OWN

    known = sorted([*BUILTIN_THEMES, *(one.name for one in OWN)])
    if theme not in known:
        allowed = f"expected one of: {', '.join(known)}"
        raise SettingsError("ui.theme", theme, allowed, loaded.origins["ui.theme"])


def _refuse(sentence: str) -> NoReturn:
    _say(sentence)
    raise typer.Exit(WRONG_USAGE)


def _fail(sentence: str) -> NoReturn:
    _say(sentence)
    raise typer.Exit(FAILED)


def _say(sentence: str) -> None:
    typer.echo(f"streamtui: {sentence}", err=True)


def _say_unexpected(error: Exception, secrets: Iterable[str] = ()) -> None:
    from streamcore.text import Mask, printable

    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    _say(f"unexpected failure: {printable(Mask(secrets).apply(text))}")
