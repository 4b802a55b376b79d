"""Every command and every option, each declared once.

The parser, the help, the shell completion and the arguments of the commands come from this table. Nothing
heavy is imported here, so that ``--help`` and ``--version`` answer at once.
"""

from __future__ import annotations

from streamtui.declarations import Argument, Command, Kind, Option

SYMBOLS = Option(
    name="symbols",
    short="-s",
    kind=Kind.LIST,
    metavar="LIST",
    help="Tickers or mint addresses; commas or repeated.",
)
WALLETS = Option(
    name="wallets", short="-w", kind=Kind.LIST, metavar="LIST", help="Wallet addresses; commas or repeated."
)
DEMO = Option(name="demo", kind=Kind.SWITCH, help="Use the embedded emulators.")
DEMO_RATE = Option(
    name="demo_rate",
    kind=Kind.NUMBER,
    metavar="R",
    least=0,
    most=100_000,
    help="Price moves a second in the demo; 4 unless set.",
)
PRICES = Option(
    name="prices",
    kind=Kind.TEXT,
    metavar="PROVIDER",
    help="Who serves prices: auto, public, or a provider by name.",
)
CHAIN = Option(
    name="chain",
    kind=Kind.TEXT,
    metavar="PROVIDER",
    help="Who serves wallets: auto, public, or a provider by name.",
)
CONFIG = Option(name="config", kind=Kind.PATH, metavar="FILE", help="Read this configuration file.")
LOG_FILE = Option(name="log_file", kind=Kind.PATH, metavar="FILE", help="Append log lines to this file.")
LOG_LEVEL = Option(
    name="log_level", kind=Kind.TEXT, metavar="LEVEL", help="debug, info, warning, error or critical."
)
CAPTURE = Option(
    name="capture",
    kind=Kind.PATH,
    metavar="FILE",
    help="Keep what comes over the network in this new file, keys masked, for a report.",
)
COUNT = Option(
    name="count",
    kind=Kind.WHOLE,
    metavar="N",
    least=1,
    help="Stop after N price and transaction lines.",
)
DURATION = Option(name="duration", kind=Kind.NUMBER, metavar="S", least=0, help="Stop after S seconds.")

FORMAT = Option(
    name="format",
    kind=Kind.TEXT,
    metavar="FORM",
    choices=("table", "csv", "json"),
    help="How to print it: table, csv, or json, one object a line.",
)

RANGE = Option(
    name="range",
    kind=Kind.TEXT,
    metavar="SPAN",
    choices=("1h", "24h", "7d", "30d", "1y"),
    help="How far back: 1h, 24h, 7d, 30d or 1y; 24h unless given.",
)

RELAY = Option(
    name="relay",
    kind=Kind.REPEATED,
    metavar="URL",
    help="Take everything from this relay; repeated: the next one when one fails.",
    setting="relay.url",
)
ENCODING = Option(
    name="encoding",
    kind=Kind.TEXT,
    metavar="NAME",
    help="The relay's: msgpack, json or proto.",
    setting="relay.encoding",
)
INTERVAL = Option(
    name="interval",
    kind=Kind.TEXT,
    metavar="MS",
    choices=("100", "250", "500", "1000"),
    help="Milliseconds between a relay's updates: 100, 250, 500 or 1000.",
    setting="relay.interval",
)

SPEED = Option(
    name="speed",
    kind=Kind.NUMBER,
    metavar="X",
    least=0.001,
    most=100_000,
    help="As if it had happened so many times faster; 1 unless set.",
)

SETTINGS = (SYMBOLS, WALLETS, DEMO, DEMO_RATE, PRICES, CHAIN, RELAY, ENCODING, INTERVAL)
"""Options that set a setting, of the same name unless they name another."""
SHARED = (*SETTINGS, CAPTURE, CONFIG, LOG_FILE, LOG_LEVEL)
"""Options of the app and of ``doctor``; ``stream`` has them, too."""


def _port(provider: str, second: str = "") -> Option:
    """Return the option for the port of an emulator; ``second`` names what has the port one above."""
    text = f"And one above for {second}; 0: free ones." if second else "0: a free one."
    return Option(name=f"{provider}_port", kind=Kind.WHOLE, metavar="P", least=0, most=65534, help=text)


PORTS = (
    _port("birdeye", "REST"),
    _port("helius", "RPC"),
    _port("kraken", "REST"),
    _port("coinbase", "REST"),
    _port("solana", "RPC"),
    _port("jupiter"),
    _port("dexscreener"),
    _port("geckoterminal"),
    _port("defillama"),
    _port("sns"),
)
SEED = Option(name="seed", kind=Kind.WHOLE, metavar="N", help="The same seed makes the same market.")
MARKET_RATE = Option(name="market_rate", kind=Kind.NUMBER, metavar="R", least=0, help="Price moves a second.")
WALLET_RATE = Option(
    name="wallet_rate", kind=Kind.NUMBER, metavar="R", least=0, help="Transactions a second and wallet."
)
FAULT = Option(
    name="fault",
    kind=Kind.REPEATED,
    metavar="[PROVIDER:]NAME[*TIMES][@WHEN[+UNTIL]]",
    help="Let something go wrong, from the start or later; repeatable. 'list' shows what there is.",
)


LISTEN = Option(
    name="listen",
    kind=Kind.TEXT,
    metavar="HOST:PORT",
    help="Where to listen; 127.0.0.1:8787 unless set.",
    setting="relay.listen",
)
TOKENS = Option(
    name="tokens",
    kind=Kind.TEXT,
    metavar="FILE",
    help="The tokens of those who may connect.",
    setting="relay.tokens",
)
CERT = Option(
    name="cert", kind=Kind.TEXT, metavar="FILE", help="The certificate, for TLS.", setting="relay.cert"
)
KEY = Option(name="key", kind=Kind.TEXT, metavar="FILE", help="Its private key.", setting="relay.key")
STATE = Option(
    name="state",
    kind=Kind.TEXT,
    metavar="FOLDER",
    help="Where the log of transactions is, on a local disk.",
    setting="relay.state",
)
METRICS = Option(
    name="metrics",
    kind=Kind.TEXT,
    metavar="HOST:PORT",
    help="Where to answer Prometheus; needs streamtui[relay].",
    setting="relay.metrics",
)
NATS = Option(
    name="nats",
    kind=Kind.REPEATED,
    metavar="URL",
    help="Share one engine with other relays over these NATS servers, tried in turn; needs streamtui[nats].",
    setting="relay.nats",
)
CHECK = Option(name="check", kind=Kind.SWITCH, help="Only ask the running relay whether it is ready.")
CONTROL = Option(
    name="control", kind=Kind.SWITCH, help="Let its holder start providers over, which concerns everybody."
)
SERVING = (LISTEN, TOKENS, CERT, KEY, STATE, METRICS, NATS)
"""Options of ``relay`` that set a setting."""

WEB_LISTEN = Option(
    name="listen",
    kind=Kind.TEXT,
    metavar="HOST:PORT",
    help="Where to listen; 127.0.0.1:8788 unless set.",
    setting="web.listen",
)
TABS = Option(
    name="tabs",
    kind=Kind.WHOLE,
    metavar="N",
    least=1,
    most=100,
    help="Browser tabs at once; 10 unless set.",
    setting="web.tabs",
)
URL = Option(
    name="url",
    kind=Kind.REPEATED,
    metavar="URL",
    help="Where browsers reach it, if that is another address than it listens on; repeatable.",
    setting="web.url",
)
WEB_CERT = Option(
    name="cert", kind=Kind.TEXT, metavar="FILE", help="The certificate, for TLS.", setting="web.cert"
)
WEB_KEY = Option(name="key", kind=Kind.TEXT, metavar="FILE", help="Its private key.", setting="web.key")
SERVING_BROWSERS = (WEB_LISTEN, TABS, URL, TOKENS, WEB_CERT, WEB_KEY)
"""Options of ``serve`` that set a setting."""

APP = Command(name="", help="Live token prices and Solana wallet transactions in a terminal.", options=SHARED)
COMMANDS = (
    Command(
        name="stream",
        help="Print every event as one line of JSON on standard output; log lines go to standard error.",
        options=(*SETTINGS, COUNT, DURATION, CAPTURE, CONFIG, LOG_FILE, LOG_LEVEL),
    ),
    Command(
        name="search",
        help="Look for tokens by ticker, name or mint in what the sources list; nothing is watched.",
        options=(FORMAT, DEMO, PRICES, RELAY, CONFIG, LOG_FILE, LOG_LEVEL),
        argument=Argument(name="text", metavar="TEXT", help="A ticker, a name or a mint address."),
    ),
    Command(
        name="history",
        help="Print the past of a price as candles, from one market of one source; nothing is watched.",
        options=(RANGE, FORMAT, DEMO, PRICES, RELAY, CONFIG, LOG_FILE, LOG_LEVEL),
        argument=Argument(name="symbol", metavar="SYMBOL", help="A ticker or a mint address."),
    ),
    Command(
        name="encodings",
        help="Compare what prices cost in each encoding of the relay's wire: bytes, and time to write them.",
        options=(*SETTINGS, DURATION, SPEED, FORMAT, CONFIG, LOG_FILE, LOG_LEVEL),
        argument=Argument(
            name="file",
            metavar="FILE",
            help="Lines of stream, or what --capture kept; without it, live prices for --duration.",
            needed=False,
        ),
    ),
    Command(
        name="doctor",
        help="Try everything that has to work, provider by provider; exit 1 if one needed thing fails.",
        options=SHARED,
    ),
    Command(
        name="emulator",
        help="Serve the embedded provider emulators on this machine until interrupted.",
        options=(*PORTS, SEED, MARKET_RATE, WALLET_RATE, FAULT, LOG_FILE, LOG_LEVEL),
    ),
    Command(
        name="relay",
        help="Serve everything to other terminals, which use it with --relay URL.",
        options=(
            SYMBOLS,
            WALLETS,
            DEMO,
            DEMO_RATE,
            PRICES,
            CHAIN,
            *SERVING,
            CHECK,
            CONFIG,
            LOG_FILE,
            LOG_LEVEL,
        ),
    ),
    Command(
        name="relay token add",
        help="Make a token and print it, once. A relay that runs reads the file again on SIGHUP.",
        options=(CONTROL, TOKENS, CONFIG),
        argument=Argument(name="name", metavar="NAME", help="Whose token it is, in one word."),
    ),
    Command(
        name="relay token list", help="Print the names and scopes of all tokens.", options=(TOKENS, CONFIG)
    ),
    Command(
        name="relay token revoke",
        help="Remove a token. A relay that runs closes its holder's connections on SIGHUP.",
        options=(TOKENS, CONFIG),
        argument=Argument(name="name", metavar="NAME", help="Whose token it is."),
    ),
    Command(
        name="serve",
        help="Show the screen in web browsers, behind a login; needs streamtui[web].",
        options=(
            SYMBOLS,
            WALLETS,
            DEMO,
            DEMO_RATE,
            PRICES,
            CHAIN,
            RELAY,
            *SERVING_BROWSERS,
            CONFIG,
            LOG_FILE,
            LOG_LEVEL,
        ),
    ),
    Command(
        name="config path", help="Print where the configuration file is, or would be.", options=(CONFIG,)
    ),
    Command(
        name="config show",
        help="Print the effective values and where each came from; secrets are masked.",
        options=(CONFIG,),
    ),
    Command(
        name="config init",
        help="Write a commented file to start from; a file that is there already is left alone.",
        options=(CONFIG,),
    ),
)
GROUPS = {
    "config": "Show the configuration, or write a file to start from.",
    "relay": "Serve everything to other terminals, which use it with --relay URL.",
    "relay token": "Say who may connect to a relay.",
}
"""All words but the last of the longer commands, with the help of the group; those before their parts."""
