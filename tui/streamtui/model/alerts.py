"""Alerts: the rules, whether one has fired, and reading and writing a rule as text.

An alert fires once per crossing. It is armed while the price has not reached the limit, fires when it does,
and is armed again once the price has gone back by `MARGIN`, so that a price that flutters around the limit
fires once. A price that is beyond the limit when it is first seen has not crossed it.

A change is measured from the lowest and from the highest price of its minutes, so that a rebound counts. When
it has fired, measuring starts again from the price of that moment.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation

import msgspec

from streamcore import AlertSettings, InputError, PriceUpdate, WalletTransaction
from streamtui.format.numbers import amount, is_plausible, price
from streamtui.model.price_window import PriceWindow

MARGIN = Decimal("0.001")
"""The share of a limit by which a price must go back to arm the alert again."""
HISTORY = 50
"""Firings remembered."""
EXAMPLES = "SOL above 200 · BTC below 60000 · SOL change 5% in 10 min · treasury any · treasury above 1.5"
_WRITTEN = re.compile(
    r"(?P<subject>.+?)\s*(?P<verb>\babove\b|\bover\b|>|\bbelow\b|\bunder\b|<|\bchanges?\b|±|\bany\b)\s*"
    r"(?:by\s+)?(?P<sign>[-+\u2212\u2013])?\s*(?P<limit>[0-9][0-9,_.]*)?\s*(?:%|\$|usd|sol)?\s*(?:(?:in|within|over)?\s*(?P<minutes>[0-9.]+)\s*(?:m|min|minutes?)?)?",
    re.IGNORECASE,
)
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}(,[0-9]{3})+(\.[0-9]+)?")
"""A number whose commas can only part thousands."""
_VERBS = {"above": "above", "over": "above", ">": "above", "below": "below", "under": "below", "<": "below"}


class Alert:
    """One rule and its state: whether it is armed, how often and when it fired."""

    def __init__(self, rule: AlertSettings) -> None:
        self.rule = rule
        self.armed: bool | None = None
        """``None`` until the first price has been seen."""
        self.fired = 0
        self.last_fired: float | None = None
        """Unix seconds."""
        self._window = PriceWindow(rule.minutes * 60)

    def price(self, update: PriceUpdate) -> str | None:
        """Take a price; return the text of the alert if it fires, else ``None``."""
        value = update.price
        if not is_plausible(value):
            return None
        rule = self.rule
        if rule.above is not None:
            return self._crossed(
                update.ts,
                value >= rule.above,
                value < rule.above * (1 - MARGIN),
                f"{update.symbol} is above {price(rule.above)}: {price(value)} USD",
            )
        if rule.below is not None:
            return self._crossed(
                update.ts,
                value <= rule.below,
                value > rule.below * (1 + MARGIN),
                f"{update.symbol} is below {price(rule.below)}: {price(value)} USD",
            )
        return self._changed(update, value)

    def _changed(self, update: PriceUpdate, value: Decimal) -> str | None:
        limit, window = self.rule.change, self._window
        assert limit is not None  # noqa: S101 - checked when the rule was made
        window.add(update.ts, value)
        change = window.change(update.ts, value)
        self.armed = True
        if abs(change) < limit:
            return None
        window.restart(update.ts, value)
        text = f"{update.symbol} {change:+.2f} % in {self.rule.minutes:g} min: {price(value)} USD"
        return self._fire(update.ts, text)

    def set_back(self, by: float) -> None:
        """Go on measuring after the clock has been set back by so many seconds."""
        self._window.set_back(by)

    def _fire(self, at: float, text: str) -> str:
        self.fired += 1
        self.last_fired = at
        return text

    def _crossed(self, at: float, beyond: bool, back: bool, text: str) -> str | None:
        if self.armed is None:
            self.armed = not beyond
            return None
        if self.armed and beyond:
            self.armed = False
            return self._fire(at, text)
        if back:
            self.armed = True
        return None

    def transaction(self, transaction: WalletTransaction, label: str) -> str | None:
        """Take a transaction of the wallet; return the text of the alert if it fires, else ``None``.

        Of one whose amount is not known, only an alert about every transaction can say anything.
        """
        moved = transaction.sol_change
        if self.rule.above is not None and (moved is None or abs(moved) <= self.rule.above):
            return None
        return self._fire(transaction.ts, f"{label}: {transaction.summary}")


class AlertBook:
    """All alerts, indexed by the row or wallet they are about."""

    def __init__(self, rules: Sequence[AlertSettings], label: Callable[[str], str]) -> None:
        self.alerts = [Alert(rule) for rule in rules]
        self._label = label
        self._resolve: Callable[[str], str] = str.casefold
        self._by_key: dict[str, list[Alert]] = {}
        self.history: deque[tuple[float, str]] = deque(maxlen=HISTORY)
        """The alerts that fired, the newest first: Unix seconds and text."""
        self.unseen = 0
        """How many have fired since the history was last shown; whoever shows it sets this to 0."""
        self._index()

    def bind(self, resolve: Callable[[str], str]) -> None:
        """Look up rows with ``resolve`` from now on: it returns the key of the row for a symbol."""
        self._resolve = resolve
        self._index()

    def add(self, rule: AlertSettings) -> bool:
        """Add an alert; return whether it is a new one."""
        if any(alert.rule == rule for alert in self.alerts):
            return False
        self.alerts.append(Alert(rule))
        self._index()
        return True

    def restart(self) -> None:
        """Forget every price seen: the next one is the first."""
        self.alerts = [Alert(rule) for rule in self.rules]
        self.history.clear()
        self.unseen = 0
        self._index()

    def set_back(self, by: float) -> None:
        """Go on measuring after the clock has been set back by so many seconds."""
        for alert in self.alerts:
            alert.set_back(by)

    def remove(self, at: int) -> None:
        """Remove the alert of that number."""
        del self.alerts[at]
        self._index()

    @property
    def rules(self) -> list[AlertSettings]:
        """The rules of all alerts, for saving."""
        return [alert.rule for alert in self.alerts]

    def key(self, alert: Alert) -> str:
        """Return the key of the row, or the address of the wallet, that an alert is about."""
        return alert.rule.wallet or self._resolve(alert.rule.symbol or "")

    def price(self, key: str, update: PriceUpdate) -> list[str]:
        """Take a price of a row; return the texts of the alerts that fire."""
        found = self._by_key.get(key)
        if not found:
            return []
        texts = [text for alert in found if (text := alert.price(update)) is not None]
        return self._remember(update.ts, texts) if texts else texts

    def transaction(self, transaction: WalletTransaction) -> list[str]:
        """Take a transaction; return the texts of the alerts that fire."""
        found = self._by_key.get(transaction.wallet, ())
        name = self._label(transaction.wallet)
        texts = [text for alert in found if (text := alert.transaction(transaction, name)) is not None]
        return self._remember(transaction.ts, texts)

    def _remember(self, at: float, texts: list[str]) -> list[str]:
        for text in texts:
            self.history.appendleft((at, text))
            self.unseen += 1
        return texts

    def described(self, alert: Alert) -> str:
        """Return an alert as text, in the form that `parse_alert` reads."""
        rule = alert.rule
        who = rule.symbol or self._label(rule.wallet or "")
        if rule.change is not None:
            return f"{who} change {amount(rule.change)} % in {rule.minutes:g} min"
        if rule.wallet is not None:
            return f"{who} above {amount(rule.above)} SOL" if rule.above is not None else f"{who} any"
        limit = rule.above if rule.above is not None else rule.below
        return f"{who} {'above' if rule.above is not None else 'below'} {amount(limit or Decimal(0))}"

    def _index(self) -> None:
        self._by_key.clear()
        for alert in self.alerts:
            self._by_key.setdefault(self.key(alert), []).append(alert)


def parse_alert(text: str, wallets: Mapping[str, str]) -> AlertSettings:
    """Return the alert a person wrote, such as ``SOL above 200``.

    Args:
        text: What was typed.
        wallets: Lower-case names of the watched wallets, both labels and addresses, to their addresses.

    Raises:
        InputError: It cannot be understood, or makes no sense; the reason says why.
    """
    written = _WRITTEN.fullmatch(text.strip())
    if written is None:
        raise InputError(text, "is not an alert; write it like one of the examples")
    subject, verb = written["subject"].strip(), written["verb"].casefold()
    wallet = wallets.get(subject.casefold())
    fields: dict[str, object] = {"wallet": wallet} if wallet else {"symbol": subject.removeprefix("$")}
    limit = _number(text, written["limit"])
    if written["sign"] and limit is not None:
        why = "an amount here has no sign" if verb in _VERBS else "a change counts up and down alike"
        raise InputError(text, f"has a sign, but {why}; write {written['limit']}")
    if verb == "any":
        if wallet is None:
            raise InputError(subject, "is not a watched wallet; only a wallet can have any")
        if limit is not None:
            raise InputError(text, "is for every transaction; for an amount write above")
    elif limit is None:
        raise InputError(text, "needs a number after it")
    else:
        fields[_VERBS.get(verb, "change")] = limit
    if written["minutes"]:
        minutes = _number(text, written["minutes"])
        if verb in _VERBS:
            raise InputError(text, "has a time, but only a change does")
        fields["minutes"] = float(minutes or 0)
    rule = AlertSettings(**fields)  # type: ignore[arg-type]
    mistake = rule.mistake()
    if mistake is None and not 0 < rule.minutes <= 1440:
        mistake = "the time is minutes, up to 1440"
    if mistake is not None:
        raise InputError(text, f"makes no sense: {mistake}")
    return rule


def _number(text: str, written: str | None) -> Decimal | None:
    if written is None:
        return None
    # half the world writes 171,5 for 171.5: a limit ten times as high would never be told
    if "," in written and not _THOUSANDS.fullmatch(written):
        raise InputError(text, f"has {written}, which can be read in two ways; decimals stand behind a point")
    try:
        return Decimal(written.replace(",", "").replace("_", ""))
    except InvalidOperation:
        raise InputError(text, f"has a number that is none: {written}") from None


def alert_fields(rule: AlertSettings) -> dict[str, object]:
    """Return the fields of an alert that have a meaning, for a configuration file."""
    fields = msgspec.structs.asdict(rule)
    if rule.change is None:
        del fields["minutes"]
    return {name: value for name, value in fields.items() if value is not None}
