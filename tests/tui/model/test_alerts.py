"""Alerts: once per crossing, written as people would write them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sample_events import price, transaction

from streamcore.config.screen import AlertSettings
from streamcore.errors import InputError
from streamtui.model.alerts import AlertBook, alert_fields, parse_alert

WALLET = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"
WALLETS = {"treasury": WALLET, WALLET.casefold(): WALLET}


def book(*rules: AlertSettings) -> AlertBook:
    return AlertBook(rules, lambda wallet: "treasury" if wallet == WALLET else wallet)


def told(alerts: AlertBook, *values: str, seconds: float = 1.0, start: float = 0.0) -> list[int]:
    """Return the places of those prices at which something was told."""
    return [
        at
        for at, value in enumerate(values)
        if alerts.price("sol", price("SOL", value, ts=start + at * seconds))
    ]


def test_above_fires_when_it_is_crossed_and_not_with_every_price() -> None:
    alerts = book(AlertSettings(symbol="SOL", above=Decimal(200)))
    assert told(alerts, "190", "199", "200", "205", "210") == [2]


def test_below_fires_when_it_is_crossed() -> None:
    alerts = book(AlertSettings(symbol="SOL", below=Decimal(100)))
    assert told(alerts, "120", "100", "90", "120", "99") == [1, 4]


def test_a_price_that_trembles_on_the_limit_fires_once() -> None:
    alerts = book(AlertSettings(symbol="SOL", above=Decimal(200)))
    assert told(alerts, "190", "200", "199.9", "200", "199.9", "200.1", "199", "200") == [1, 7]


def test_a_price_that_is_beyond_the_limit_at_first_sight_has_not_crossed_it() -> None:
    alerts = book(AlertSettings(symbol="SOL", above=Decimal(200)))
    assert told(alerts, "250", "260", "190", "201") == [3]


def test_a_change_is_measured_over_its_minutes_and_fires_once() -> None:
    alerts = book(AlertSettings(symbol="SOL", change=Decimal(5), minutes=1.0))
    assert told(alerts, "100", "102", "105", "106", "104.1", "103", "95", seconds=5) == [2, 6]


def test_a_slow_change_is_none() -> None:
    alerts = book(AlertSettings(symbol="SOL", change=Decimal(5), minutes=1.0))
    values = [str(100 + at) for at in range(20)]
    assert told(alerts, *values, seconds=30) == []


def test_a_rebound_is_a_change() -> None:
    alerts = book(AlertSettings(symbol="SOL", change=Decimal(5), minutes=10.0))
    assert told(alerts, "100", "96", "102", seconds=5) == [2]
    assert alerts.history[0][1] == "SOL +6.25 % in 10 min: 102.00 USD"


def test_a_fall_from_a_peak_is_a_change() -> None:
    alerts = book(AlertSettings(symbol="SOL", change=Decimal(5), minutes=10.0))
    assert told(alerts, "100", "104", "98.5", seconds=5) == [2]
    assert alerts.history[0][1] == "SOL -5.29 % in 10 min: 98.5000 USD"


def test_an_unknown_price_says_nothing() -> None:
    alerts = book(AlertSettings(symbol="SOL", above=Decimal(200)))
    alerts.price("sol", price("SOL", "190"))
    assert alerts.price("sol", price("SOL", None)) == []


def test_what_is_told_names_the_symbol_the_limit_and_the_price() -> None:
    alerts = book(AlertSettings(symbol="SOL", above=Decimal(200)))
    alerts.price("sol", price("SOL", "190"))
    assert alerts.price("sol", price("SOL", "201.5")) == ["SOL is above 200.00: 201.50 USD"]
    assert alerts.price("bonk", price("BONK", "300")) == []


def test_a_wallet_alert_tells_every_transaction_or_those_above_an_amount() -> None:
    alerts = book(AlertSettings(wallet=WALLET))
    assert alerts.transaction(transaction(wallet=WALLET)) == ["treasury: received 1.5 SOL"]
    alerts = book(AlertSettings(wallet=WALLET, above=Decimal(2)))
    assert alerts.transaction(transaction(wallet=WALLET)) == []
    assert alerts.transaction(transaction(wallet=WALLET, sol_change=Decimal(-3))) != []
    assert alerts.transaction(transaction(wallet="another", sol_change=Decimal(3))) == []


def test_a_transaction_that_could_not_be_read_fires_an_alert_about_every_one_but_none_about_an_amount() -> (
    None
):
    unread = transaction(wallet=WALLET, summary="unparsed: no message", sol_change=None, fee=None)
    assert book(AlertSettings(wallet=WALLET)).transaction(unread) == ["treasury: unparsed: no message"]
    assert book(AlertSettings(wallet=WALLET, above=Decimal(0))).transaction(unread) == []


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("SOL above 200", AlertSettings(symbol="SOL", above=Decimal(200))),
        ("$sol > 200", AlertSettings(symbol="sol", above=Decimal(200))),
        ("BTC below 60,000.5", AlertSettings(symbol="BTC", below=Decimal("60000.5"))),
        ("SOL change 5% in 30 min", AlertSettings(symbol="SOL", change=Decimal(5), minutes=30.0)),
        ("SOL ±5 15m", AlertSettings(symbol="SOL", change=Decimal(5), minutes=15.0)),
        ("SOL change 5", AlertSettings(symbol="SOL", change=Decimal(5))),
        ("SOL change 5 % in 10 min", AlertSettings(symbol="SOL", change=Decimal(5), minutes=10.0)),
        ("SOL changes by 5% within 10 minutes", AlertSettings(symbol="SOL", change=Decimal(5), minutes=10.0)),
        ("treasury any", AlertSettings(wallet=WALLET)),
        (f"{WALLET} above 1.5", AlertSettings(wallet=WALLET, above=Decimal("1.5"))),
    ],
)
def test_alerts_are_written_as_people_say_them(text: str, rule: AlertSettings) -> None:
    assert parse_alert(text, WALLETS) == rule


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("SOL", "is not an alert; write it like"),
        ("SOL above", "needs a number"),
        ("SOL above lots", "is not an alert"),
        ("SOL above 1.2.3", "has a number that is none"),
        ("SOL above 0", "a limit is a number above 0"),
        ("SOL above 200 in 10", "only a change does"),
        ("SOL change 5 in 9999", "up to 1440"),
        ("SOL change -5% in 10 min", "a change counts up and down alike; write 5"),
        ("SOL change +5", "a change counts up and down alike; write 5"),
        ("SOL below -5", "an amount here has no sign; write 5"),
        ("stranger any", "is not a watched wallet"),
        ("treasury any 5", "for an amount write above"),
        ("treasury below 5", "no other limit than above"),
        ("[red]", "is not an alert"),
    ],
)
def test_what_is_no_alert_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        parse_alert(text, WALLETS)


@pytest.mark.parametrize(
    "text", ["SOL above 200", "SOL below 0.00000123", "treasury any", "treasury above 2"]
)
def test_what_is_shown_of_an_alert_can_be_typed_again(text: str) -> None:
    rule = parse_alert(text, WALLETS)
    alerts = book(rule)
    assert parse_alert(alerts.described(alerts.alerts[0]), WALLETS) == rule


def test_a_change_in_words_can_be_typed_again() -> None:
    rule = parse_alert("SOL change 5 in 10", WALLETS)
    alerts = book(rule)
    assert alerts.described(alerts.alerts[0]) == "SOL change 5 % in 10 min"
    assert parse_alert(alerts.described(alerts.alerts[0]), WALLETS) == rule
    assert alert_fields(rule) == {"symbol": "SOL", "change": Decimal(5), "minutes": 10.0}


def test_the_same_alert_is_there_once_and_can_be_removed() -> None:
    alerts = book()
    rule = AlertSettings(symbol="SOL", above=Decimal(200))
    assert alerts.add(rule)
    assert not alerts.add(rule)
    alerts.remove(0)
    assert alerts.rules == []
    assert told(alerts, "190", "210") == []


@pytest.mark.parametrize("number", ["171,5", "1.234,5", "0,00002", "1,23", "12,34,567", "0,123"])
def test_a_comma_that_may_be_a_decimal_sign_is_asked_about(number: str) -> None:
    with pytest.raises(InputError, match="can be read in two ways"):
        parse_alert(f"SOL above {number}", {})


@pytest.mark.parametrize(
    ("number", "limit"), [("1,234", "1234"), ("1,234,567.5", "1234567.5"), ("171.5", "171.5")]
)
def test_commas_between_thousands_are_read(number: str, limit: str) -> None:
    assert parse_alert(f"SOL above {number}", {}).above == Decimal(limit)
