"""The keys of the main screen, once: bindings, key bar, help and palette read this."""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding


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
    """How long it stays in the bar when it gets narrow: 0 always, the highest goes first."""

    @property
    def shown(self) -> str:
        """The keys as a person reads them."""
        return " ".join(readable(key) for key in self.keys.split(","))

    def binding(self) -> Binding:
        """Return the binding that makes the keys work."""
        return Binding(self.keys, self.action, self.label, tooltip=self.help)


COMMANDS = (
    Command("s", "subscribe", "subscribe", "Subscribe symbols", "watch the price of further tokens", 2),
    Command("w", "watch", "wallets", "Watch wallets", "watch the transactions of further wallets", 3),
    Command(
        "d,delete",
        "remove",
        "remove",
        "Unsubscribe",
        "stop watching the token or wallet of the selected row",
        5,
    ),
    Command("enter", "details", "details", "Show details", "everything known about the selected row", 4),
    Command(
        "slash", "filter", "filter", "Filter", "show only rows that contain a text; esc shows all again", 6
    ),
    Command("o", "sort", "sort", "Next sort order", "go through the sort orders of the pane", 8),
    Command("tab", "next_pane", "pane", "Next pane", "go to the other pane", 9),
    Command("p", "pause", "pause", "Pause or resume the feed", "hold the feed still; nothing is lost", 7),
    Command(
        "c",
        "connections",
        "connections",
        "Show connections",
        "state, health and history of every provider",
        4,
    ),
    Command(
        "r",
        "reconnect",
        "reconnect",
        "Reconnect",
        "try the selected or only unhealthy provider again, now",
        10,
    ),
    Command("R", "reconnect_all", "all", "Reconnect all", "try every provider again, now", 11),
    Command("question_mark", "help", "help", "Show help", "this list", 1),
    Command("ctrl+p", "command_palette", "palette", "Command palette", "find a command by its name", 12),
    Command("q", "quit", "quit", "Quit", "close the connections and leave; ctrl+c does the same", 0),
)

_READABLE = {
    "slash": "/",
    "question_mark": "?",
    "delete": "del",
    "up": "↑",
    "down": "↓",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "escape": "esc",
}


def readable(key: str) -> str:
    """Return Textual's name of a key as a person would write it."""
    return _READABLE.get(key, key)
