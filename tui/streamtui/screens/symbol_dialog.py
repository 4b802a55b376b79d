"""The dialog that takes symbols: completed from the table at once, and from the sources after a rest."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import ClassVar, Protocol

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Label

from streamcore import (
    Clock,
    InputError,
    SearchResult,
    StreamcoreError,
    TokenHit,
    short_address,
    split_names,
    wallet_name,
)
from streamtui.format.cells import PARAGRAPH, Cell, cell, literal
from streamtui.format.content import MUTED
from streamtui.format.hits import found_at, is_trusted, remarks, standing
from streamtui.format.numbers import UNKNOWN, compact
from streamtui.model.price_row import WatchedToken, key_of
from streamtui.model.token_names import NamedToken, is_unnamed
from streamtui.screens.entry import EntryDialog
from streamtui.widgets.columns import Column
from streamtui.widgets.line_table import LineTable

MOST_SUGGESTIONS = 8
"""Tokens of the table that are offered at once."""
REST = 0.3
"""Seconds without a key after which the sources are asked."""
SHORTEST = 2
"""Letters for which they are asked; fewer begin almost everything."""
SEEN_AFTER = 0.5
"""Seconds that a hit must have stood under the cursor before enter takes it: nobody chose it sooner."""
COLUMNS = (
    Column("symbol", "SYMBOL", 8, grows=4),
    Column("name", "TOKEN", 14, grows=14),
    Column("standing", "WHAT IT IS", 10, grows=4),
    Column("mint", "MINT", 9),
    Column("liquidity", "LIQUIDITY", 9, "right", rank=2),
    Column("volume", "VOLUME", 8, "right", rank=1),
    Column("source", "FROM", 14, rank=3, grows=14),
)
TABLE = "table"
"""What stands for the table of tokens in the place of a source."""


class Tokens(Protocol):
    """What knows the tokens a person may mean, and can look for more."""

    def complete(self, prefix: str) -> Sequence[WatchedToken]:
        """Return the tokens of the table whose ticker or name begins like this."""
        ...

    def token(self, text: str) -> WatchedToken | None:
        """Return the token a text means, if it means one."""
        ...

    def found(self, mint: str) -> TokenHit | None:
        """Return what a source has said of a token without a name in the table, if one was asked."""
        ...

    async def search(self, text: str) -> SearchResult:
        """Return what the sources list by a ticker, a name or a mint.

        Raises:
            StreamcoreError: It cannot be searched for.
        """
        ...

    def learn(self, hits: Iterable[TokenHit]) -> None:
        """Call tokens what a source calls them."""
        ...


class SymbolDialog(EntryDialog):
    """Takes tickers and mints, and finds them.

    A name never picks a token: enter takes the row under the cursor. What the sources found goes into the
    input as its mint, so that nothing else can come of it.
    """

    WIDTH_CLASS = "-search"
    VERTICAL_BREAKPOINTS = [(0, "-low"), (22, "-short"), (30, "-tall")]  # noqa: RUF012 - as Textual

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "Complete", show=False, priority=True),
        Binding("down", "suggestion(1)", "Next suggestion", show=False),
        Binding("up", "suggestion(-1)", "Previous suggestion", show=False),
    ]

    def __init__(
        self,
        subscribe: Callable[[Sequence[str]], Awaitable[object]],
        tokens: Tokens,
        clock: Clock,
        *,
        demo: str,
        present: Sequence[str] = (),
    ) -> None:
        """Make the dialog.

        Args:
            subscribe: Called with the symbols; a `StreamcoreError` it raises is shown, and nothing is closed.
            tokens: What is known and what can be searched.
            clock: Time.
            demo: What the mark for invented data says.
            present: What is watched already.
        """
        super().__init__(
            "Subscribe symbols",
            "Tickers, names or mint addresses, several at once with commas or spaces:",
            "SOL, BTC, BONK",
            hint="esc cancels · enter adds · ↑ ↓ tab completes",
            demo=demo,
            present=present,
        )
        self._subscribe = subscribe
        self._tokens = tokens
        self._clock = clock
        self._table = LineTable(COLUMNS, id="entry-suggestions")
        self._own: dict[str, TokenHit] = {}
        """What the table offers for the last word, by key."""
        self._found: dict[str, TokenHit] = {}
        """What the sources found for it."""
        self._word = ""
        """The last word, the one that is completed; empty if what is typed ends with a separator."""
        self._seen_from = float("-inf")
        """Monotonic seconds at which the row under the cursor came there by itself."""
        self._agreed: set[str] = set()
        """Keys of hits that a person was told about and wanted all the same."""

    def below(self) -> ComposeResult:
        """Yield the table, what it says of the row under the cursor, and how far the search is."""
        yield self._table
        yield Label("", id="entry-meaning")
        yield Label("", id="entry-state")

    def on_mount(self) -> None:
        """Leave the keys to the input."""
        self._table.can_focus = False
        self._table.always_shows_cursor = True
        self.typed("")

    # What is offered

    def typed(self, text: str) -> None:
        """Offer what the last word may become, and have the sources searched once the keys rest.

        When the last word is complete, the table shows what all of them mean.
        """
        self._word = _last_word(text)
        self._found.clear()
        self._agreed.clear()
        self._seen_from = float("-inf")
        self._own = {hit.wanted: hit for hit in self._of_the_table(text)}
        self._table.set_message(_why_no_suggestion(self._word))
        self._show()
        if self._own:
            self._table.select(next(iter(self._own)))
        self._describe()
        self._say("")
        self.workers.cancel_group(self, "search")
        if self._may_be_searched(text):
            # the function, not a coroutine: one that is replaced before it starts would stay unawaited
            work = partial(self._search, self._word)
            self.run_worker(work, group="search", exclusive=True, exit_on_error=False)  # type: ignore[arg-type]

    def _may_be_searched(self, text: str) -> bool:
        """Whether the last word may be sent to the sources.

        Not while a word before it means nothing: then these are no symbols, perhaps the words of a phrase.
        """
        if len(self._word) < SHORTEST or "/" in self._word or wallet_name(self._word) is not None:
            return False
        if not all(map(self._is_known, split_names(text[: len(text) - len(self._word)]))):
            return False
        meant = self._own.get(self._word)
        return meant is None or is_unnamed(_as_token(meant))

    def _is_known(self, word: str) -> bool:
        meant = self._tokens.token(word)
        return meant is not None and (bool(meant.mint) or meant in self._tokens.complete(meant.symbol))

    def _of_the_table(self, text: str) -> list[TokenHit]:
        if self._word:
            # a ticker that only an exchange may know is no offer: the search says whether one has it
            meant = self._tokens.token(self._word) if self._is_known(self._word) else None
            tokens = [*([meant] if meant is not None else []), *self._tokens.complete(self._word)]
        else:
            tokens = [token for name in split_names(text) if (token := self._tokens.token(name)) is not None]
        each = {key_of(token): token for token in tokens}
        return [self._as_hit(token) for token in [*each.values()][:MOST_SUGGESTIONS]]

    def _as_hit(self, token: WatchedToken) -> TokenHit:
        """Return a token as a hit; for one that is not of the table nobody vouches."""
        if (found := self._tokens.found(token.mint)) is not None:
            return found
        sure = not is_unnamed(token) and self._is_known(token.symbol)
        return TokenHit(
            symbol=token.symbol, name=token.name, mint=token.mint or None, provider=TABLE, verified=bool(sure)
        )

    async def _search(self, word: str) -> None:
        await self._clock.sleep(REST)
        self._say("searching …")
        try:
            result = await self._tokens.search(word)
        except InputError as error:
            self._say(str(error))  # which says that it is not searched for
            return
        except StreamcoreError as error:
            self._say(f"not searched: {error}")
            return
        if word != self._word:
            return
        before = self._table.cursor
        self._found = {hit.wanted: hit for hit in result.hits}
        self._show()
        if self._table.cursor != before:
            self._seen_from = self._clock.monotonic()
        self._describe()
        self._say(_outcome(result))

    def _show(self) -> None:
        """Show what the table offers and, below it, what else was found."""
        shown = {**self._own, **self._found}  # a key that is in both keeps its place and gets the figures
        self._table.set_order(list(shown))
        for key, hit in shown.items():
            self._table.put(key, _cells(hit))

    def _describe(self) -> None:
        hit = self._selected
        if hit is None or not self._word:
            self.query_one("#entry-meaning", Label).update("")
            return
        said = [hit.mint or f"{hit.symbol} in US dollars", remarks(hit)]
        style = "" if is_trusted(hit) else "$text-error" if hit.lookalike_of else "$text-warning"
        text = literal(" · ".join(filter(None, said)), style, limit=PARAGRAPH)
        self.query_one("#entry-meaning", Label).update(text)

    def _say(self, state: str) -> None:
        self.query_one("#entry-state", Label).update(literal(state, MUTED, limit=PARAGRAPH))

    @property
    def _selected(self) -> TokenHit | None:
        key = self._table.cursor
        return None if key is None else self._found.get(key) or self._own.get(key)

    # What keys do

    def action_suggestion(self, by: int) -> None:
        """Select the next or previous row."""
        self._table.action_move(by)

    @on(LineTable.CursorMoved)
    def _chosen_by_hand(self, event: LineTable.CursorMoved) -> None:
        event.stop()
        self._seen_from = float("-inf")
        self._describe()

    @on(LineTable.Chosen)
    async def _row_chosen(self, event: LineTable.Chosen) -> None:
        event.stop()
        await self.query_one(Input).action_submit()

    def action_complete(self) -> None:
        """Replace the word before the cursor by the selected row, unless it says that already."""
        hit = self._selected
        if hit is None or not self._word:
            return
        if hit.mint in self._found:
            self._tokens.learn([hit])
        word, symbol = self._word, hit.symbol if hit.wanted in self._own else hit.wanted
        if word == hit.wanted or word.removeprefix("$").casefold() == symbol.casefold():
            return
        meant = self._tokens.token(word)
        if hit.wanted in self._own and meant is not None and meant.symbol == symbol:
            return  # it is another spelling, such as a pair, of which the person may be told
        entry = self.query_one(Input)
        entry.value = f"{entry.value[: len(entry.value) - len(word)]}{symbol}"
        entry.cursor_position = len(entry.value)

    def entered(self) -> bool:
        """Take the row under the cursor, unless the person is to hear something about it first."""
        hit = self._selected
        if hit is not None and self._word and hit.wanted not in self._agreed:
            self._agreed.add(hit.wanted)
            shown = f"{hit.symbol or 'this'} ({short_address(hit.wanted)})"
            if hit.lookalike_of:
                self.refuse(
                    f"{shown} looks like {hit.lookalike_of} and is another token; enter again watches it"
                )
                return False
            if self._clock.monotonic() - self._seen_from < SEEN_AFTER:
                self.refuse(f"{shown} was found just now; enter again watches it")
                return False
        self.action_complete()
        return True

    async def submit(self, names: Sequence[str]) -> bool:
        """Subscribe the symbols."""
        await self._subscribe(names)
        return True


def _as_token(hit: TokenHit) -> WatchedToken:
    return NamedToken(hit.symbol, hit.name, hit.mint or "")


def _cells(hit: TokenHit) -> tuple[Cell, ...]:
    look = "" if is_trusted(hit) else "warn"
    return (
        cell(hit.symbol, "strong"),
        cell(hit.name),
        cell(standing(hit), look),
        cell(short_address(hit.mint) if hit.mint else UNKNOWN, "dim"),
        cell(_dollars(hit.liquidity)),
        cell(_dollars(hit.volume_24h)),
        cell(found_at(hit), "dim"),
    )


def _dollars(value: object) -> str:
    return UNKNOWN if value is None else f"${compact(value)}"  # type: ignore[arg-type]


def _outcome(result: SearchResult) -> str:
    """Return what a search brought, and who could not be asked."""
    failed = "; ".join(failure.message for failure in result.failures)
    if not result.hits:
        return failed or "the sources list nothing by that name"
    unsure = sum(not is_trusted(hit) for hit in result.hits)
    found = f"{len(result.hits)} found" + (f", {unsure} unverified" if unsure else "")
    return f"{found}; {failed}" if failed else found


def _why_no_suggestion(word: str) -> str:
    base, slash, quote = word.removeprefix("$").partition("/")
    if slash and base.isalnum() and "/" not in quote:
        if quote.upper() in ("USD", "USDT", "USDC"):
            return f"No token of the table is called {base.upper()}."
        return f"Prices are in US dollars: type {base} alone, or {base}/USDT."
    return "No token of the table begins like this." if word else "Type to see tokens."


def _last_word(text: str) -> str:
    return re.split(r"[,;\s]+", text)[-1]
