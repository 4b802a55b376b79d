from __future__ import annotations

import io
import logging
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamcore.text import Echo, Mask, MaskingFilter, printable, visible

KEY = "8d1fa6c2-7b3e-4c55-9f00-aa11bb22cc33"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("BONK", "BONK"),
        ("\x1b[31mred", "␛[31mred"),
        ("\x00\x07\x7f", "␀␇␡"),
        ("\x9b31m", "\\u009b31m"),
        ("one\ttwo\r\nthree", "one two  three"),
        ("USDC\u202etxt.exe", "USDC\\u202etxt.exe"),
        ("\u2066isolate\u2069", "\\u2066isolate\\u2069"),
        ("SO\u200bL", "SO\\u200bL"),
        ("\ufeffSOL", "\\ufeffSOL"),
        ("a\u2028b\u2029c", "a\\u2028b\\u2029c"),
        ("\ue000", "\\ue000"),
        ("\ud800", "\\ud800"),
        ("\uffff", "\\uffff"),
        ("\U000e0041", "\\U000e0041"),
        ("\u3164", "\\u3164"),
        ("[bold]not markup[/]", "[bold]not markup[/]"),
    ],
)
def test_what_could_act_or_hide_becomes_visible(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "Ünïcödé",
        "кошелёк",
        "比特币　现货",
        "ビットコイン",
        "비트코인",
        "العملة",
        "हिन्दी",
        "🚀 to the moon",
        "👩‍💻",
        "👨‍👩‍👧‍👦",
        "👩🏽‍🚀",
        "❤️‍🔥",
        "🏳️‍🌈",
        "e\u0301",
        "1 000 €",
    ],
)
def test_ordinary_text_of_every_script_stays_as_it_is(text: str) -> None:
    assert printable(text) == text


def test_a_joiner_that_joins_no_emoji_is_shown() -> None:
    assert printable("a\u200db") == "a\\u200db"


def test_marks_stacked_beyond_any_script_are_shown_as_escapes() -> None:
    assert printable("Z" + "\u0301" * 8) == "Z" + "\u0301" * 6 + "\\u0301" * 2


def test_a_row_of_variation_selectors_cannot_carry_hidden_text() -> None:
    assert printable("✈\ufe0f\ufe01\ufe02") == "✈\ufe0f\\ufe01\\ufe02"


@pytest.mark.parametrize("text", ["a" * 11, "é" * 11, "é" * 10 + "\x1b", "x" * 5 + "\u202e" * 5])
def test_a_long_text_is_cut_with_an_ellipsis_within_the_limit(text: str) -> None:
    shown = printable(text, limit=10)
    assert len(shown) == 10
    assert shown.endswith("…")


def test_a_text_of_exactly_the_limit_is_not_cut() -> None:
    assert printable("é" * 10, limit=10) == "é" * 10


def test_a_cut_never_leaves_half_an_emoji_joined_to_the_ellipsis() -> None:
    assert printable("👩‍💻👩‍💻", limit=3) == "👩…"


@given(st.text(st.characters(), max_size=60), st.integers(1, 80))
def test_the_result_is_one_harmless_line_and_stable(text: str, limit: int) -> None:
    shown = printable(text, limit)
    assert len(shown) <= limit
    categories = {unicodedata.category(c) for c in shown if c != "\u200d"}
    assert not categories & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert printable(shown, limit) == shown


TRICKY = "a🚀❤👩🏽\ufe0f\ufe0e\u200d\u0301\u202e\x1b\t\u2028…"


@given(st.text(TRICKY, max_size=30), st.integers(1, 40))
def test_joiners_marks_and_selectors_in_any_order_are_stable(text: str, limit: int) -> None:
    shown = printable(text, limit)
    assert len(shown) <= limit
    assert printable(shown, limit) == shown


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"connecting with {KEY}", "connecting with ***"),
        (f"wss://host/?api-key={KEY}&x=1", "wss://host/?api-key=***&x=1"),
        (f"{KEY}{KEY}", "******"),
        ("nothing here", "nothing here"),
    ],
)
def test_a_secret_is_masked_wherever_it_stands(text: str, masked: str) -> None:
    assert Mask([KEY]).apply(text) == masked


@pytest.mark.parametrize(
    "form",
    ["p%40ss%2Fw%C3%B6rd%20x", "p%40ss/w%C3%B6rd%20x", "p%40ss%2fw%c3%b6rd%20x", "p%40ss%2Fw%C3%B6rd+x"],
)
def test_a_secret_is_masked_in_every_percent_encoded_form(form: str) -> None:
    assert Mask(["p@ss/wörd x"]).apply(f"https://host/{form}/end") == "https://host/***/end"


def test_a_secret_that_begins_like_another_leaves_no_tail() -> None:
    assert Mask(["abcd", "abcdefgh"]).apply("abcdefgh abcd") == "*** ***"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("wss://mainnet.helius-rpc.com/?api-key=unknown", "wss://mainnet.helius-rpc.com/?api-key=***"),
        ("socket?x-api-key=unknown&chain=solana", "socket?x-api-key=***&chain=solana"),
        ("next=%2F%3Fapi-key%3Dunknown", "next=%2F%3Fapi-key%3D***"),
        ("> X-API-KEY: unknown", "> X-API-KEY: ***"),
        (
            "[(b'X-API-KEY', b'unknown'), (b'Accept', b'*/*')]",
            "[(b'X-API-KEY', b'***'), (b'Accept', b'*/*')]",
        ),
        ("{'x-api-key': 'unknown'}", "{'x-api-key': '***'}"),
        ("birdeye.api_key = 'unknown'", "birdeye.api_key = '***'"),
        ("(https://host/?api-key=unknown)", "(https://host/?api-key=***)"),
        ("helius.api_key: is not set", "helius.api_key: is not set"),
        ("BIRDEYE_API_KEY is not set", "BIRDEYE_API_KEY is not set"),
    ],
)
def test_the_value_in_the_place_of_a_key_is_masked_even_when_it_is_unknown(text: str, masked: str) -> None:
    assert Mask().apply(text) == masked
    assert Mask().apply(masked) == masked


def test_a_short_secret_does_not_ruin_other_text() -> None:
    assert Mask(["x", ""]).apply("exact /?api-key=x&y=x") == "exact /?api-key=***&y=x"


def _masked_output(log: logging.Logger, mask: Mask) -> io.StringIO:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(message)s"))
    handler.addFilter(MaskingFilter(mask))
    log.addHandler(handler)
    return stream


@pytest.fixture
def log() -> logging.Logger:
    return logging.Logger("a library")  # not registered anywhere: tests cannot disturb each other


def test_a_log_record_is_masked_in_message_and_arguments(log: logging.Logger) -> None:
    stream = _masked_output(log, Mask([KEY]))
    log.info("GET %s %r", f"/?k={KEY}", {"key": KEY})
    assert stream.getvalue() == "GET /?k=*** {'key': '***'}\n"


def test_a_logged_traceback_is_masked(log: logging.Logger) -> None:
    stream = _masked_output(log, Mask([KEY]))
    error = ConnectionError(f"refused: wss://host/?api-key={KEY}")
    log.error("failed", exc_info=error)
    assert KEY not in stream.getvalue()
    assert "ConnectionError: refused: wss://host/?***" in stream.getvalue()


def test_logged_stack_information_is_masked(log: logging.Logger) -> None:
    stream = _masked_output(log, Mask(["test_logged_stack"]))
    log.info("here", stack_info=True)
    assert "test_logged_stack" not in stream.getvalue()
    assert "Stack (most recent call last)" in stream.getvalue()


def test_a_record_whose_arguments_cannot_be_formatted_still_passes(log: logging.Logger) -> None:
    stream = _masked_output(log, Mask([KEY]))
    log.info(f"{KEY} %d", "not a number")
    assert stream.getvalue() == "*** %d (its arguments could not be formatted)\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("USD\u202eCoin\u200b", "USDCoin"),
        ("a \t\n b\u00a0c", "a b c"),
        ("\x1b[31mred", "[31mred"),
        ("\U0001f438 Pepe", "\U0001f438 Pepe"),
        ("\u3164\u2800", ""),
        ("x" + "\u0301" * 50, "x" + "\u0301" * 6),
        ("a" * 50, "a" * 40),
    ],
)
def test_a_name_is_cut_to_what_a_reader_sees(text: str, shown: str) -> None:
    assert visible(text, 40) == shown


@pytest.mark.parametrize("binary", [b"\x00 no key", b"\x00 the-secret-key"])
@pytest.mark.parametrize(
    "texts", [[], ["no key"], ["no", "the-secret-key"], ["it ends in the-sec", "ret-key"]]
)
def test_what_comes_together_is_blanked_as_if_each_came_alone(texts: list[str], binary: bytes) -> None:
    echo = Echo(("the-secret-key",))
    messages: list[str | bytes] = list(texts)
    assert echo.in_all(messages) == [echo.in_text(text) for text in texts]
    assert echo.in_all([*messages, binary]) == [*map(echo.in_text, texts), echo.in_bytes(binary)]


def test_of_messages_that_came_together_those_with_a_secret_are_blanked_and_the_others_left_alone() -> None:
    echo = Echo(["a-long-secret-key"])
    plain: list[str | bytes] = ['{"price":1}', "", "a-long-secret-", "key"]
    assert echo.in_all(plain) is plain  # neither is it found across two of them
    mixed: list[str | bytes] = ["x a-long-secret-key", b"y a-long-secret-key", "z"]
    blank = "*" * len("a-long-secret-key")
    assert echo.in_all(mixed) == [f"x {blank}", f"y {blank}".encode(), "z"]
    assert echo.in_all(mixed[:1]) == [f"x {blank}"]
    assert echo.in_all([]) == []
