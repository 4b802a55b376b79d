"""The keys of the main screen, declared once: bindings, key bar, help and palette all come from here.

Those of the chart are bound in its screen, and `CHART_KEYS` tells the help what they do.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from textual.binding import Binding


class Target(Enum):
    """The object whose method ``action_NAME`` a command calls."""

    PANE = "the pane that has the keys"
    PRICES = "the pane of the prices"
    TRANSACTIONS = "the pane of the transactions"
    SCREEN = "the main screen"
    APP = "the app"


@dataclass(frozen=True, slots=True)
class Command:
    """Something a person can do on the main screen."""

    keys: str
    """Textual's names, separated by commas."""
    action: str
    label: str
    """One word for the bar at the bottom."""
    title: str
    """For the palette."""
    help: str
    rank: int
    """Where the key bar has no room for all, commands are left out, the highest rank first."""
    section: str
    """Its section in the help."""
    target: Target = Target.PANE

    @property
    def shown(self) -> str:
        """The keys as a person reads them."""
        return " ".join(readable(key) for key in self.keys.split(","))

    def binding(self) -> Binding:
        """Return the binding that makes the keys work."""
        return Binding(self.keys, f"command({self.action!r})", self.label, tooltip=self.help)


WATCH, ARRANGE, LOOK, FOLLOW, CONNECT, APP = (
    "What is watched",
    "Order and selection",
    "A closer look",
    "The feed",
    "Connections",
    "The app",
)

COMMANDS = (
    Command(
        "s",
        "subscribe",
        "subscribe",
        "Subscribe symbols",
        "watch the price of further tokens",
        2,
        WATCH,
        Target.PRICES,
    ),
    Command(
        "w",
        "watch",
        "wallets",
        "Watch wallets",
        "watch the transactions of further wallets",
        3,
        WATCH,
        Target.TRANSACTIONS,
    ),
    Command(
        "d,delete",
        "remove",
        "remove",
        "Remove, unsubscribe",
        "stop watching the token of the selected row, or a wallet",
        6,
        WATCH,
    ),
    Command("a", "alerts", "alerts", "Alerts", "be told when a price or a wallet does something", 5, WATCH),
    Command(
        "ctrl+s",
        "save",
        "save",
        "Save what is watched",
        "keep symbols, wallets, names, alerts and columns in the configuration file",
        9,
        WATCH,
        Target.SCREEN,
    ),
    Command(
        "slash",
        "filter",
        "filter",
        "Filter",
        "show only rows that contain a text; esc shows all again",
        6,
        ARRANGE,
    ),
    Command(
        "o",
        "sort",
        "sort",
        "Next sort order",
        "sort by the next column; so does a click on its title",
        8,
        ARRANGE,
    ),
    Command("O", "turn_round", "reverse", "Turn the order round", "the other end first", 20, ARRANGE),
    Command(
        "C",
        "columns",
        "columns",
        "Choose columns",
        "choose and order the columns of the prices",
        19,
        ARRANGE,
        Target.PRICES,
    ),
    Command(
        "shift+up,K",
        "move_up",
        "up",
        "Move the row up",
        "put the selected price before the one above",
        21,
        ARRANGE,
    ),
    Command(
        "shift+down,J", "move_down", "down", "Move the row down", "put it after the one below", 22, ARRANGE
    ),
    Command(
        "right_square_bracket",
        "next_watchlist",
        "list",
        "Next watchlist",
        "show the next of your watchlists, or everything",
        13,
        ARRANGE,
        Target.PRICES,
    ),
    Command(
        "left_square_bracket",
        "previous_watchlist",
        "back",
        "Previous watchlist",
        "show the one before",
        23,
        ARRANGE,
        Target.PRICES,
    ),
    Command("tab", "next_pane", "pane", "Next pane", "go to the other pane", 10, ARRANGE, Target.SCREEN),
    Command(
        "enter",
        "details",
        "details",
        "Show details and chart",
        "everything known about the selected row; a price has a chart of its past",
        4,
        LOOK,
    ),
    Command("y", "copy", "copy", "Copy", "copy the mint address or signature of the selected row", 14, LOOK),
    Command(
        "e", "export_csv", "export", "Export as CSV", "write the rows of the pane to a CSV file", 15, LOOK
    ),
    Command("E", "export_json", "JSON", "Export as JSON", "write them to a JSON file", 24, LOOK),
    Command(
        "S",
        "take_screenshot",
        "picture",
        "Save a screenshot",
        "save the screen as an SVG picture",
        25,
        LOOK,
        Target.SCREEN,
    ),
    Command(
        "p",
        "pause",
        "pause",
        "Pause or resume transactions",
        "hold the transactions still, but not the prices; what comes is kept and counted",
        7,
        FOLLOW,
        Target.TRANSACTIONS,
    ),
    Command(
        "f",
        "next_wallet",
        "wallet",
        "Next wallet",
        "show one wallet after the other, then all",
        16,
        FOLLOW,
        Target.TRANSACTIONS,
    ),
    Command(
        "t",
        "next_type",
        "type",
        "Next type",
        "show one type of transaction after the other, then all",
        17,
        FOLLOW,
        Target.TRANSACTIONS,
    ),
    Command(
        "h",
        "hide_dust",
        "dust",
        "Hide or show dust",
        "leave out dust, spam and mere mentions, and count them",
        18,
        FOLLOW,
        Target.TRANSACTIONS,
    ),
    Command(
        "c",
        "connections",
        "connections",
        "Show connections",
        "state, health and history of every provider",
        4,
        CONNECT,
        Target.SCREEN,
    ),
    Command(
        "r",
        "reconnect",
        "reconnect",
        "Reconnect",
        "try the selected or only unhealthy provider again, now",
        13,
        CONNECT,
        Target.SCREEN,
    ),
    Command(
        "R",
        "reconnect_all",
        "all",
        "Reconnect all",
        "try every provider again, now",
        14,
        CONNECT,
        Target.SCREEN,
    ),
    Command(
        "D",
        "switch_demo",
        "demo",
        "Demo data",
        "show invented data, or real data again; asks before real data is lost",
        26,
        APP,
        Target.SCREEN,
    ),
    Command("question_mark", "help", "help", "Show help", "this list", 1, APP, Target.SCREEN),
    Command(
        "ctrl+p",
        "command_palette",
        "palette",
        "Command palette",
        "find a command by its name",
        12,
        APP,
        Target.APP,
    ),
    Command(
        "q",
        "quit",
        "quit",
        "Quit",
        "close the connections and leave; ctrl+c does the same",
        0,
        APP,
        Target.APP,
    ),
)

CHART_KEYS = (
    ("1–5", "1 hour, 24 hours, 7 days, 30 days, a year"),
    ("v", "candles or a line"),
    ("← →", "crosshair; with shift ten at once, home end"),
    ("↑ ↓", "next price"),
    ("e E", "export the candles as CSV, as JSON"),
    ("r", "ask the source again, now"),
)
"""The keys of an open chart, as a person reads them, for the help."""

_READABLE = {
    "slash": "/",
    "question_mark": "?",
    "right_square_bracket": "]",
    "left_square_bracket": "[",
    "delete": "del",
    "up": "↑",
    "down": "↓",
    "shift+up": "shift+↑",
    "shift+down": "shift+↓",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "escape": "esc",
}


def readable(key: str) -> str:
    """Return Textual's name of a key as a person would write it."""
    return _READABLE.get(key, key)
