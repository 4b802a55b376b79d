from __future__ import annotations

import io

import pytest
from rich.cells import cell_len

from streamtui.format.ascii_signs import ascii_sign, use_ascii_signs
from streamtui.format.lamps import CONNECTING, DOWN, LIVE, POLLING, STALE


def written(text: str, encoding: str) -> str:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    use_ascii_signs([stream, None])
    stream.write(text)
    stream.flush()
    return raw.getvalue().decode(encoding)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "koi8-r", "cp1252", "shift_jis"])
@pytest.mark.parametrize(
    "text",
    ["▲ 1.5 %  ▼", "● live  ◐ polling", "7xKX…gAsU", "╭─╮│┃┇╽╿╵╷", "⣿⡇⠀", "日本 é 🙂", "\u200be\u0301"],
)
def test_every_text_can_be_written_in_every_encoding_and_keeps_its_width(text: str, encoding: str) -> None:
    shown = written(text, encoding)
    assert "\\u" not in shown
    assert cell_len(shown) == cell_len(text)


def test_utf8_is_left_alone() -> None:
    assert written("▲ 日本", "utf-8") == "▲ 日本"


def test_the_lamps_differ_by_their_signs() -> None:
    signs = [ascii_sign(lamp.glyph) for lamp in (LIVE, POLLING, CONNECTING, STALE, DOWN)]
    assert len(set(signs)) == len(signs)


def test_a_chart_can_be_read_without_its_characters() -> None:
    solid, hatched, wick = map(ascii_sign, "█▒│")
    assert len({solid, hatched, wick}) == 3, "a candle that rises, one that falls, and its wick"
    assert [ascii_sign(dots) for dots in "⠉⠒⣀⡇⢸"] == ["'", "'", ".", ":", ":"]
    assert [ascii_sign(sign) for sign in "·┊┈"] == [".", "|", "-"]


def test_the_frame_of_the_command_palette_is_lines_and_its_glass_a_prompt() -> None:
    assert [ascii_sign(sign) for sign in ("▔", "▏", "▕", "🔎")] == ["-", "|", "|", "> "]


def test_up_and_down_differ_and_a_sparkline_keeps_its_heights() -> None:
    assert ascii_sign("▲") != ascii_sign("▼")
    assert len({ascii_sign(block) for block in "▁▂▃▄▅▆▇█"}) == 8
