"""What the screens look like. Each docstring says what must be seen; the pictures are in ``snapshots/``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from candle_series import wandering
from fake_manager import status
from snapshot_folder import SNAPSHOTS
from stage import OTHER_WALLET, WALLET, Stage, full_transaction, some_life, without_keys
from textual.pilot import Pilot

from streamcore.candles import ChartRange
from streamcore.config.screen import AlertSettings, Colours, PriceColumn, UiSettings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind, PriceUpdate, State, StreamError
from streamcore.token_hits import SearchFailure, SearchResult, TokenHit

Compare = Callable[..., bool]
Scene = Callable[[Stage], Awaitable[None]]

SYMBOLS = ("SOL", "BTC", "BONK", "USDC")


def taken(
    snap_compare: Compare,
    scene: Scene,
    *,
    size: tuple[int, int] = (120, 40),
    demo: bool = False,
    **settings: Any,
) -> bool:
    """Run the app, let the scene happen, and compare the picture."""
    settings.setdefault("symbols", SYMBOLS)
    settings.setdefault("wallets", (WALLET,))
    exchanges = settings.pop("exchanges", False)
    stage = Stage(**settings)
    stage.manager.exchanges = exchanges
    if demo:
        for name in ("birdeye", "helius"):
            stage.manager.set_status(name, demo=True)

    async def before(pilot: Pilot[None]) -> None:
        stage.pilot = pilot
        await stage.settle(pilot)
        await scene(stage)
        await stage.settle(pilot, 0.0)
        stage.app.clear_notifications()
        await pilot.pause()

    return snap_compare(stage.app, run_before=before, terminal_size=size)


async def life(stage: Stage, *, demo: bool = False) -> None:
    """A minute of prices and a handful of transactions."""
    await stage.tell(*some_life(stage, demo=demo))
    for step in range(16):
        wave = Decimal(step * step % 7) / 10
        now: dict[str, Any] = {"demo": demo}
        stage.manager.tell(
            stage.price("SOL", str(Decimal("150.1") + wave), volume_24h=Decimal("4.21e9"), **now),
            stage.price("BTC", str(104_231 - wave * 40), change_24h=Decimal("-1.234"), **now),
            stage.price("BONK", str(Decimal("0.00002153") + wave / 10**6), change_24h=Decimal("12.5"), **now),
            stage.price("USDC", "0.99987", change_24h=Decimal("0.001"), volume_24h=None, **now),
        )
        await stage.clock.advance(6.0)
    await stage.tell(stage.price("SOL", "151.42", demo=demo, volume_24h=Decimal("4210000000")))
    await stage.pass_time(1.0)


async def demo_life(stage: Stage) -> None:
    await life(stage, demo=True)


def test_pictures_are_kept_in_the_top_level_folder(snapshot: Any) -> None:
    from pytest_textual_snapshot import SVGImageExtension

    location = snapshot.test_location
    assert SVGImageExtension.dirname(test_location=location) == str(SNAPSHOTS / "tui" / "test_snapshots")
    assert (SNAPSHOTS / "tui" / "test_snapshots" / "test_main_screen_in_demo.svg").exists()


def test_main_screen_in_demo(snap_compare: Compare) -> None:
    """Prices with aligned decimals and trends, transactions below, DEMO at the top and on both panes."""
    assert taken(snap_compare, demo_life, demo=True)


def test_main_screen(snap_compare: Compare) -> None:
    """The same with real data: no DEMO anywhere, both lamps green."""
    assert taken(snap_compare, life)


def test_main_screen_without_keys(snap_compare: Compare) -> None:
    """Exchange prices: BTC is Bitcoin, sources are named, a quiet price is no old one, no DEMO anywhere."""

    async def scene(stage: Stage) -> None:
        without_keys(stage)
        await stage.tell(*[at_kraken(event) for event in some_life(stage)])
        await stage.pass_time(40.0)
        await stage.tell(
            at_kraken(stage.price("SOL", "150.61")), at_kraken(stage.price("ETH", "3912.4", volume_24h=None))
        )
        stage.manager.price_sources = {"NOSUCH": None}
        await stage.pass_time(1.0)

    assert taken(snap_compare, scene, symbols=("SOL", "BTC", "BONK", "USDC", "ETH", "NOSUCH"), exchanges=True)


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
def test_no_network(snap_compare: Compare, size: tuple[int, int]) -> None:
    """Red lamps with the reason, a note below the waiting rows why no price has come, D offers the demo."""

    async def scene(stage: Stage) -> None:
        without_keys(stage)
        for name in ("coinbase", "jupiter"):
            stage.manager.current[name] = status(name, streams=name != "jupiter")
        hosts = {
            "kraken": "ws.kraken.com",
            "coinbase": "ws-feed.exchange.coinbase.com",
            "jupiter": "api.jup.ag",
        }
        for name in stage.manager.current:
            down: dict[str, Any] = {"state": State.FALLBACK, "fallback": True, "poll_failed": True}
            host = hosts.get(name, "api.mainnet.solana.com")
            reason = f"name lookup of {host} failed"
            retry = stage.clock.time() + 4 if name != "jupiter" else None
            stage.manager.set_status(
                name, **down, reason=reason, attempt=3, retry_at=retry, latency_ms=None, messages_received=0
            )
        await stage.pass_time(1.0)

    assert taken(snap_compare, scene, size=size, exchanges=True)


def at_kraken(event: Any) -> Any:
    """Return a price as Kraken would tell it, and anything else as it is."""
    if not isinstance(event, PriceUpdate):
        return event
    address = None if event.symbol in ("BTC", "ETH") else event.address
    return msgspec.structs.replace(event, provider="kraken", address=address)


def test_main_screen_80x24(snap_compare: Compare) -> None:
    """Symbol, price, change, volume, age and a short trend; the key bar ends with help and quit."""
    assert taken(snap_compare, life, size=(80, 24))


def test_main_screen_narrow(snap_compare: Compare) -> None:
    """60x18: the trend is gone, price and age are not."""
    assert taken(snap_compare, life, size=(60, 18))


def test_main_screen_very_wide(snap_compare: Compare) -> None:
    """200x50: the panes stand side by side."""
    assert taken(snap_compare, life, size=(200, 50))


def test_main_screen_without_colour(snap_compare: Compare, monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR: grey only; up and down are told apart by arrow and sign, lamps by glyph and word."""
    monkeypatch.setenv("NO_COLOR", "1")
    assert taken(snap_compare, life)


def test_main_screen_on_a_light_ground(snap_compare: Compare) -> None:
    """Our light theme: everything reads well, green and red are dark enough."""
    assert taken(snap_compare, life, ui=UiSettings(theme="streamtui-light"))


@pytest.mark.parametrize("theme", ["streamtui-dark", "streamtui-light"])
def test_main_screen_for_the_colour_blind(snap_compare: Compare, theme: str) -> None:
    """Up is blue and down is orange, in the rows and in the totals."""
    settings = UiSettings(theme=theme, colours=Colours.COLOUR_BLIND)
    assert taken(snap_compare, life, size=(80, 24), ui=settings)


def test_sorted_by_change(snap_compare: Compare) -> None:
    """The title of the column has an arrow, the pane says the order."""

    async def scene(stage: Stage) -> None:
        await pressed(stage, "o", "o", "o", "o")

    assert taken(snap_compare, scene, size=(80, 24), demo=True)


def test_watchlist(snap_compare: Compare) -> None:
    """Only the rows of the list, its name in the title, totals of these rows."""

    async def scene(stage: Stage) -> None:
        await pressed(stage, "right_square_bracket")

    assert taken(snap_compare, scene, size=(80, 24), demo=True, watchlists={"majors": ("SOL", "BTC")})


def test_feed_of_two_wallets(snap_compare: Compare) -> None:
    """Each wallet has its name and colour, a failed one is dim and marked, dust is hidden and counted."""

    async def scene(stage: Stage) -> None:
        await life(stage)
        await stage.tell(
            stage.transaction(20, wallet=OTHER_WALLET, summary="sent 2 SOL to Gfyz…eN6T"),
            stage.transaction(21, sol_change=Decimal("0.000001"), token_changes=()),
        )
        await stage.press("tab", "h")

    labels = {WALLET: "treasury", OTHER_WALLET: "cold"}
    assert taken(snap_compare, scene, size=(80, 24), wallets=(WALLET, OTHER_WALLET), labels=labels)


def test_first_start(snap_compare: Compare) -> None:
    """Well-known tokens with real prices, and beside each provider what a key would add."""

    async def scene(stage: Stage) -> None:
        without_keys(stage)
        await stage.tell(*[at_kraken(event) for event in some_life(stage)])
        await stage.pass_time(1.0)

    assert taken(snap_compare, scene, size=(100, 24), symbols=(), wallets=(), starter=True, exchanges=True)


LAMPS: dict[str, dict[str, Any]] = {
    "live": {},
    "polling": {
        "state": State.FALLBACK, "fallback": True, "attempt": 2, "retry_at": 1_793_311_208.0,
        "reason": "connection lost: no close frame",
    },
    "connecting": {"state": State.CONNECTING, "attempt": 3, "reason": "HTTP 503"},
    "stale": {"stale": True, "last_message_at": 1_793_311_160.0},
    "down": {"state": State.FAILED, "parked": True, "reason": "Birdeye refused the API key"},
    "idle": {"state": State.DISCONNECTED, "idle": True, "subscriptions": 0, "topics": ()},
}  # fmt: skip


@pytest.mark.parametrize("lamp", LAMPS)
def test_lamp(snap_compare: Compare, lamp: str) -> None:
    """The lamp of birdeye has the glyph, word and colour of its state, and trouble has its reason."""

    async def scene(stage: Stage) -> None:
        stage.manager.set_status("birdeye", **LAMPS[lamp])
        await stage.pass_time(1.0)

    assert taken(snap_compare, scene, size=(80, 12), symbols=("SOL",))


def test_reconnecting_counts_down(snap_compare: Compare) -> None:
    """Both providers poll; each tells its attempt, the seconds to the next one and its reason."""

    async def scene(stage: Stage) -> None:
        await life(stage)
        stage.manager.set_status("birdeye", **{**LAMPS["polling"], "retry_at": stage.clock.time() + 12.5})
        stage.manager.set_status(
            "helius",
            **{**LAMPS["polling"], "retry_at": stage.clock.time() + 61, "attempt": 7, "reason": "HTTP 503"},
        )
        await stage.pass_time(2.0)

    assert taken(snap_compare, scene)


def test_mixed_demo_and_real(snap_compare: Compare) -> None:
    """DEMO prices at the top, DEMO on the price pane and on birdeye, none on the transactions."""

    async def scene(stage: Stage) -> None:
        stage.manager.set_status("birdeye", demo=True)
        await life(stage)

    assert taken(snap_compare, scene)


def test_empty_panes(snap_compare: Compare) -> None:
    """Both panes say that nothing is watched, and which key changes that."""

    async def scene(stage: Stage) -> None:
        for name in ("birdeye", "helius"):
            stage.manager.set_status(name, **LAMPS["idle"])
        await stage.pass_time(1.0)

    assert taken(snap_compare, scene, size=(80, 24), symbols=(), wallets=())


def test_old_price(snap_compare: Compare) -> None:
    """BTC was confirmed just now; the others are dim and say old; the clock says how long ago data came."""

    async def scene(stage: Stage) -> None:
        await life(stage)
        await stage.pass_time(45.0)
        await stage.tell(stage.price("BTC", "104231.17"))
        await stage.pass_time(1.0)

    assert taken(snap_compare, scene, size=(80, 24))


def test_dead_data(snap_compare: Compare) -> None:
    """Nothing came for two minutes: every price is old, and the clock stands still and says since when."""

    async def scene(stage: Stage) -> None:
        await life(stage)
        await stage.pass_time(130.0)

    assert taken(snap_compare, scene, size=(80, 24))


def test_relay_lost(snap_compare: Compare) -> None:
    """Every price is old, every lamp says that the relay cannot be reached, and its own lamp why."""

    async def scene(stage: Stage) -> None:
        await life(stage)
        for name in ("birdeye", "helius"):
            stage.manager.set_status(
                name,
                relay="relay.example:8787",
                cut_off=True,
                stale=True,
                heartbeats=False,
                reason="relay lost: relay.example:8787 cannot be reached",
            )
        stage.manager.current["relay"] = status(
            "relay",
            relay="relay.example:8787",
            state=State.FAILED,
            attempt=2,
            retry_at=stage.clock.time() + 3,
            reason="relay.example:8787 refused the connection",
        )
        await stage.pass_time(1.0)

    assert taken(snap_compare, scene, size=(100, 24))


def test_paused_feed(snap_compare: Compare) -> None:
    """The title of the feed says: paused, 3 new."""

    async def scene(stage: Stage) -> None:
        await life(stage)
        await stage.press("tab", "p")
        await stage.tell(*(stage.transaction(number) for number in (20, 21, 22)))

    assert taken(snap_compare, scene, size=(80, 24))


def test_hostile_text(snap_compare: Compare) -> None:
    """Markup, escape sequences and reversed text are visible as text, and nothing of it acts."""

    async def scene(stage: Stage) -> None:
        await stage.tell(
            stage.price("SOL", "150.5"),
            stage.transaction(1, summary="called Memo: [bold red]x[/] \x1b[2J\x1b]0;title\x07 \u202egnp.exe"),
            stage.transaction(2, summary="received 日本語トークン 🚀🚀 and e\u0301te\u0301"),
        )
        stage.manager.set_status("birdeye", state=State.FAILED, reason="[@click=app.quit]no[/] \x9b31m")
        await stage.pass_time(1.0)

    assert taken(snap_compare, scene, size=(80, 16), symbols=("SOL",))


def test_too_small(snap_compare: Compare) -> None:
    """The size there is, the size needed, and how to leave."""

    async def scene(stage: Stage) -> None:
        await stage.pass_time(1.0)

    assert taken(snap_compare, scene, size=(36, 8))


def test_engine_failed(snap_compare: Compare) -> None:
    """A red lamp with the reason and the key that starts the engine again."""

    async def scene(stage: Stage) -> None:
        await stage.tell(RuntimeError("the disk is full"))
        await stage.pass_time(1.0)

    assert taken(snap_compare, scene, size=(80, 24))


async def pressed(stage: Stage, *keys: str) -> None:
    await life(stage, demo=True)
    await stage.press(*keys)


def test_subscribe_dialog(snap_compare: Compare) -> None:
    """What was typed, suggestions below it, what is watched already, and DEMO in the title."""

    async def scene(stage: Stage) -> None:
        await pressed(stage, "s")
        await stage.type("jup")

    assert taken(snap_compare, scene, size=(80, 24), demo=True)


def test_subscribe_dialog_refuses(snap_compare: Compare) -> None:
    """The reason stands below the input, which keeps what was typed."""

    async def scene(stage: Stage) -> None:
        await pressed(stage, "s")
        await stage.type("BONKK")
        await stage.press("enter")

    assert taken(snap_compare, scene, size=(80, 24), demo=True)


SEARCHED = (
    TokenHit(
        symbol="USDC",
        name="USD Coin",
        mint="EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
        provider="table",
        also_at=("jupiter", "kraken"),
        verified=True,
        liquidity=Decimal(480_000_000),
        volume_24h=Decimal(1_210_000_000),
    ),
    TokenHit(
        symbol="USDC",
        name="United States Dog Coin",
        mint="8cmK4vWFRPMttT49MuDG5p6c2zMnr4xg9eVE8DgMpump",
        provider="jupiter",
        verified=False,
        volume_24h=Decimal("2420.9"),
        lookalike_of="USDC",
        doubts=("less than a day old", "liquidity unknown"),
    ),
    TokenHit(
        symbol="USD\u0421",
        name="USDCoin",
        mint="FAb1w1X5YzQo53Lvv4CfRRSS4Brbm6NBKk2Fs8gLpiJ1",
        provider="jupiter",
        verified=False,
        lookalike_of="USDC",
        doubts=("liquidity unknown",),
    ),
)


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (60, 18)], ids=["120x40", "80x24", "60x18"])
def test_search_dialog(snap_compare: Compare, size: tuple[int, int]) -> None:
    """The real token first, its doubles last and called so in words; below them what the selected one is."""

    async def scene(stage: Stage) -> None:
        await life(stage)
        failed = SearchFailure(provider="coinbase", message="Coinbase asks for fewer requests (HTTP 429)")
        stage.manager.found["usdc"] = SearchResult(hits=SEARCHED, failures=(failed,))
        await stage.press("s")
        await stage.type("usdc")
        await stage.pass_time(1.0)
        await stage.press("down")

    assert taken(snap_compare, scene, size=size)


def test_watch_dialog(snap_compare: Compare) -> None:
    """A bad address is refused with what is wrong about it."""

    async def scene(stage: Stage) -> None:
        await pressed(stage, "w")
        await stage.type("0x52908400098527886E0F7030069857D2E4169EE7")
        await stage.press("enter")

    assert taken(snap_compare, scene, size=(80, 24), demo=True)


@pytest.mark.parametrize("size", [(80, 24), (60, 18)], ids=["80x24", "60x18"])
def test_watch_dialog_with_a_name(snap_compare: Compare, size: tuple[int, int]) -> None:
    """The whole address of a name stands in the input and in the question."""

    async def scene(stage: Stage) -> None:
        await life(stage)
        stage.manager.wallets["toly.sns"] = OTHER_WALLET
        await stage.press("w")
        await stage.type("toly.sns")
        await stage.press("enter")
        await stage.pass_time(0.1)

    assert taken(snap_compare, scene, size=size)


@pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=["120x40", "80x24"])
def test_help(snap_compare: Compare, size: tuple[int, int]) -> None:
    """Every key with what it does, then the lamps."""

    async def scene(stage: Stage) -> None:
        await pressed(stage, "question_mark")

    assert taken(snap_compare, scene, size=size, demo=True)


@pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=["120x40", "80x24"])
def test_connections(snap_compare: Compare, size: tuple[int, int]) -> None:
    """One row a provider, everything about the selected one, and a log with the newest first."""

    async def scene(stage: Stage) -> None:
        stage.manager.set_status("helius", **{**LAMPS["polling"], "retry_at": stage.clock.time() + 60})
        await stage.tell(
            stage.manager.current["birdeye"].event(stage.clock.time()),
            stage.manager.current["helius"].event(stage.clock.time()),
            StreamError(
                provider="helius",
                ts=stage.clock.time(),
                demo=True,
                kind=ErrorKind.NETWORK,
                message="cannot reach mainnet.helius-rpc.com: connection refused",
                retryable=True,
            ),
        )
        await pressed(stage, "c", "down")

    assert taken(snap_compare, scene, size=size, demo=True)


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (60, 18)], ids=["120x40", "80x24", "60x18"])
def test_price_detail_without_a_past(snap_compare: Compare, size: tuple[int, int]) -> None:
    """What this session has seen, since when, why there is no more; below: exact price, mint, source."""

    async def scene(stage: Stage) -> None:
        await pressed(stage, "enter")

    assert taken(snap_compare, scene, size=size, demo=True)


LOOKS = {"120x40": "dark", "80x24": "grey", "60x18": "light"}
"""Each size in another look, so that all of it is seen in fewer pictures."""


def chart_taken(
    snap_compare: Compare, monkeypatch: pytest.MonkeyPatch, size: str, look: str, *keys: str
) -> bool:
    """Open the chart of SOL, press some keys, and compare the picture."""
    if look == "grey":
        monkeypatch.setenv("NO_COLOR", "1")

    async def scene(stage: Stage) -> None:
        mint = stage.feed_key("SOL")
        for span in ChartRange:
            series = wandering(span, address=mint, holes=range(40, 46), demo=True)
            stage.manager.fresh_series["SOL", span] = series
        await pressed(stage, "enter", *keys)

    width, _, height = size.partition("x")
    ui = UiSettings(theme="streamtui-light" if look == "light" else None)
    return taken(snap_compare, scene, size=(int(width), int(height)), demo=True, ui=ui)


@pytest.mark.long
@pytest.mark.parametrize("size", LOOKS)
@pytest.mark.parametrize("kind", ["candles", "line"])
@pytest.mark.parametrize("span", ChartRange)
def test_chart(
    snap_compare: Compare, monkeypatch: pytest.MonkeyPatch, span: ChartRange, kind: str, size: str
) -> None:
    """The range, the change over it, where the candles are from; scales, volumes, holes; then the values."""
    keys = [str(list(ChartRange).index(span) + 1), *(["v"] if kind == "line" else [])]
    assert chart_taken(snap_compare, monkeypatch, size, LOOKS[size], *keys)


@pytest.mark.parametrize("look", ["grey", "light"])
@pytest.mark.parametrize("kind", ["candles", "line"])
def test_chart_in_other_looks(
    snap_compare: Compare, monkeypatch: pytest.MonkeyPatch, kind: str, look: str
) -> None:
    """Rising and falling differ without colour, too, and everything reads well on a light ground."""
    keys = ["v"] if kind == "line" else []
    assert chart_taken(snap_compare, monkeypatch, "120x40", look, *keys)


def test_chart_with_a_crosshair(snap_compare: Compare, monkeypatch: pytest.MonkeyPatch) -> None:
    """Time, open, high, low, close and volume in the second line; marks on both scales."""
    assert chart_taken(snap_compare, monkeypatch, "120x40", "dark", *["left"] * 20)


def test_chart_with_a_crosshair_in_a_small_terminal(
    snap_compare: Compare, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same with one letter for each value."""
    assert chart_taken(snap_compare, monkeypatch, "60x18", "dark", *["left"] * 20)


def test_chart_that_cannot_be_had_anew(snap_compare: Compare, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last chart with its age, and below the reason and when it is tried again."""

    async def scene(stage: Stage) -> None:
        mint, ago = stage.feed_key("SOL"), stage.clock.time() - 4000
        series = wandering(ChartRange.DAY, address=mint, demo=True, fetched_at=ago)
        stage.manager.cached_series["SOL", ChartRange.DAY] = series
        reason = "Kraken asks for fewer requests (HTTP 429)"
        stage.manager.breaks_at["history"] = ProviderError(ErrorKind.RATE_LIMIT, reason)
        await pressed(stage, "enter")

    assert taken(snap_compare, scene, size=(80, 24), demo=True)


def test_trends_begin_full(snap_compare: Compare) -> None:
    """24 hours in the trend of each row whose source has them, and more of what exchanges tell in columns."""

    async def scene(stage: Stage) -> None:
        for number, symbol in enumerate(("SOL", "BTC", "BONK"), 1):
            stage.manager.trend_series[stage.feed_key(symbol)] = wandering(ChartRange.DAY, seed=number)
        await stage.tell(
            stage.price("SOL", "150.61", bid=Decimal("150.60"), ask=Decimal("150.62"), trades_24h=54_321),
            stage.price("BTC", "104231.17", bid=Decimal("104231.1"), ask=Decimal("104231.2")),
        )
        await stage.pass_time(7.0)

    columns = ("symbol", "price", "age", "trend", "bid", "ask", "spread", "trades")
    ui = UiSettings(columns=tuple(map(PriceColumn, columns)))
    assert taken(snap_compare, scene, ui=ui, demo=True)


@pytest.mark.parametrize("size", [(120, 40), (60, 18)], ids=["120x40", "60x18"])
def test_columns_dialog(snap_compare: Compare, size: tuple[int, int]) -> None:
    """Every column with what it shows; those that are chosen first and ticked, those without room marked."""

    async def scene(stage: Stage) -> None:
        await pressed(stage, "C", "down", "down")

    assert taken(snap_compare, scene, size=size, demo=True)


@pytest.mark.parametrize("size", [(80, 24), (60, 18)], ids=["80x24", "60x18"])
def test_alerts_dialog(snap_compare: Compare, size: tuple[int, int]) -> None:
    """A line begun with the selected symbol, examples, and each alert with its state."""

    async def scene(stage: Stage) -> None:
        await pressed(stage, "a")

    alerts = (
        AlertSettings(symbol="SOL", above=Decimal(200)),
        AlertSettings(symbol="SOL", above=Decimal(100)),
        AlertSettings(symbol="JUP", below=Decimal(1)),
        AlertSettings(wallet=WALLET, above=Decimal("1.5")),
    )
    assert taken(snap_compare, scene, size=size, demo=True, alerts=alerts)


@pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=["120x40", "80x24"])
def test_transaction_detail(snap_compare: Compare, size: tuple[int, int]) -> None:
    """Everything known about one transaction, with the full signature and every balance change."""

    async def scene(stage: Stage) -> None:
        await life(stage, demo=True)
        await stage.tell(full_transaction(stage, demo=True))
        await stage.press("tab", "enter")

    assert taken(snap_compare, scene, size=size, demo=True)


def test_filter(snap_compare: Compare) -> None:
    """The line to type a filter into; the title says how many rows match."""

    async def scene(stage: Stage) -> None:
        await pressed(stage, "tab", "slash")
        await stage.type("sol")

    assert taken(snap_compare, scene, size=(80, 24), demo=True)


def test_palette(snap_compare: Compare) -> None:
    """The palette lists the commands; DEMO stays visible above it."""

    async def scene(stage: Stage) -> None:
        await pressed(stage, "ctrl+p")
        await stage.pass_time(0.5)

    assert taken(snap_compare, scene, demo=True)


def test_choose_wallet(snap_compare: Compare) -> None:
    """Which wallet to stop watching, when no row tells."""

    async def scene(stage: Stage) -> None:
        await stage.press("tab", "d")

    assert taken(
        snap_compare,
        scene,
        size=(80, 24),
        wallets=(WALLET, "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU"),
        labels={WALLET: "treasury"},
    )
