"""The settings of the screen, and of the alerts that it raises."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from streamcore.config.section import COMMAND, FrameRate, Seconds, Section


class Colours(StrEnum):
    """The pairs of colours for up and down."""

    DEFAULT = "default"
    """Green and red."""
    COLOUR_BLIND = "colour-blind"
    """Blue and orange, which people who confuse red and green tell apart."""


class PriceColumn(StrEnum):
    """The columns the price table can have."""

    SYMBOL = "symbol"
    PRICE = "price"
    CHANGE = "change"
    """Over 24 hours."""
    VOLUME = "volume"
    """Of 24 hours, in US dollars."""
    AGE = "age"
    """Since a source confirmed the price."""
    TREND = "trend"
    """A sparkline of the last 24 hours."""
    NAME = "name"
    SOURCE = "source"
    BID = "bid"
    ASK = "ask"
    SPREAD = "spread"
    """Between bid and ask, in basis points."""
    HIGH = "high"
    """The highest price of 24 hours."""
    LOW = "low"
    VWAP = "vwap"
    """The average price of 24 hours, weighted by amount."""
    TRADES = "trades"
    """How many there were in 24 hours."""


DEFAULT_COLUMNS = (
    PriceColumn.SYMBOL,
    PriceColumn.PRICE,
    PriceColumn.AGE,
    PriceColumn.CHANGE,
    PriceColumn.VOLUME,
    PriceColumn.TREND,
    PriceColumn.NAME,
    PriceColumn.SOURCE,
)


class UiSettings(Section, frozen=True, kw_only=True):
    """``[ui]``: what the screen does with what it is given."""

    price_throttle: Annotated[
        float, Meta(ge=0.0, le=60.0, description="seconds between two repaints of one symbol")
    ] = 0.1
    price_ttl: Annotated[Seconds, Meta(description="seconds until an unconfirmed price is shown as old")] = (
        30.0
    )
    frames_per_second: Annotated[
        FrameRate | None,
        Meta(description="repaints a second at most; unset: 10 of all rows, up to 60 of one; 4 over ssh"),
    ] = None
    theme: Annotated[str | None, Meta(description="streamtui-dark, streamtui-light or any Textual theme")] = (
        None
    )
    colours: Annotated[
        Colours, Meta(description="up and down: green and red, or blue and orange for the colour-blind")
    ] = Colours.DEFAULT
    columns: Annotated[
        tuple[PriceColumn, ...],
        Meta(
            min_length=1,
            description="the columns of the prices, from the left; where there is no room for all, "
            "the last are left out first",
        ),
    ] = DEFAULT_COLUMNS
    bell: Annotated[bool, Meta(description="whether an alert rings the terminal bell")] = True
    desktop_notifications: Annotated[
        bool, Meta(description="whether an alert asks the terminal for a desktop notification (OSC 9)")
    ] = False
    alert_command: Annotated[
        tuple[str, ...],
        Meta(
            description="a program to run at an alert and its arguments; {text} is what happened; "
            "no shell is involved",
            extra=COMMAND,
        ),
    ] = ()


class AlertSettings(Section, frozen=True, kw_only=True):
    """One ``[[alerts]]``: when a person wants to be notified.

    A price alert names a symbol and one of ``above``, ``below`` (USD) and ``change`` (percent within
    ``minutes``, up or down); a wallet alert names a wallet and may say ``above`` (SOL).
    """

    symbol: str | None = None
    wallet: str | None = None
    above: Decimal | None = None
    below: Decimal | None = None
    change: Decimal | None = None
    minutes: Annotated[float, Meta(gt=0.0, le=1440.0)] = 10.0

    def mistake(self) -> str | None:
        """Return what is wrong with the combination of fields, as a phrase, or ``None``."""
        limits = [limit for limit in (self.above, self.below, self.change) if limit is not None]
        if not all(limit.is_finite() and limit > 0 for limit in limits):
            return "a limit is a number above 0"
        if (self.symbol is None) == (self.wallet is None):
            return "name either a symbol or a wallet"
        if self.symbol is not None and len(limits) != 1:
            return "a symbol needs one of above, below and change"
        if self.wallet is not None and (self.below is not None or self.change is not None):
            return "a wallet has no other limit than above, in SOL"
        return None
