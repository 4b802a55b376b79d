"""The app's own two themes, and the colours for up, down and wallets in every theme."""

from __future__ import annotations

from typing import Final

from textual.theme import Theme

from streamcore import Colours

DARK: Final = Theme(
    name="streamtui-dark",
    primary="#4f7cac",
    secondary="#7d8ca3",
    accent="#e0af68",
    foreground="#d5dae3",
    background="#101419",
    surface="#181e26",
    panel="#262f3b",
    success="#4fbf7f",
    warning="#e0a84f",
    error="#ee6d6d",
    dark=True,
)
LIGHT: Final = Theme(
    name="streamtui-light",
    primary="#2f5f93",
    secondary="#5b6b80",
    accent="#8a5a00",
    foreground="#1c232b",
    background="#fbfaf7",
    surface="#efede7",
    panel="#dedbd2",
    success="#146c3a",
    warning="#8a5a00",
    error="#b3261e",
    dark=False,
)
OWN: Final = (DARK, LIGHT)

WALLETS: Final = 6
"""Colours for wallets; with more wallets they repeat."""

_PAIRS: Final = {
    # (colours, whether the theme is dark) -> (up, down); blue and orange after Okabe and Ito, adjusted
    (Colours.DEFAULT, True): ("#4fc987", "#f47c7c"),
    (Colours.DEFAULT, False): ("#0f6b39", "#b3261e"),
    (Colours.COLOUR_BLIND, True): ("#6cb6f0", "#f0a030"),
    (Colours.COLOUR_BLIND, False): ("#005a9c", "#a34a00"),
}
_WALLETS: Final = {
    True: ("#8fb8e8", "#d8b26e", "#b79ee6", "#7fcbc4", "#e59bb8", "#b5c46a"),
    False: ("#1f5a9c", "#7d5300", "#6a3fa8", "#00655d", "#9c2f63", "#55620a"),
}


def variables(*, dark: bool, colours: Colours) -> dict[str, str]:
    """Return the style variables that our widgets use beside those of the theme.

    ``$up`` and ``$down``, and ``$wallet-1`` to ``$wallet-6``.
    """
    up, down = _PAIRS[colours, dark]
    wallets = {f"wallet-{number}": colour for number, colour in enumerate(_WALLETS[dark], 1)}
    return {"up": up, "down": down, **wallets}
