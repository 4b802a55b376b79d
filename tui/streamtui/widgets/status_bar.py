"""A line for each provider: its lamp, and its figures, or what is wrong and when it tries again."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from streamtui.format.cells import literal
from streamtui.format.content import DEMO, MUTED
from streamtui.format.lamps import CONNECTING, DOWN, IDLE, LIVE, Lamp, Tone
from streamtui.widgets.cached_lines import CachedLines

TONES: dict[Tone, str] = {
    "good": "$text-success",
    "warn": "$text-warning",
    "bad": "bold $text-error",
    "quiet": MUTED,
}
LINES_PER_LAMP = 6
"""The bar may take one line out of so many of the terminal; providers beyond that share its last line."""
COMFORTABLE = 70
"""From this width on there is room for the words of a relay's line."""
WIDE = 110
"""From this width on there is room for the numbers beside a reason."""


class ProviderLine(msgspec.Struct, frozen=True):
    """What the bar shows of one provider; the texts are shown as they are."""

    name: str
    kind: str
    lamp: Lamp
    demo: bool
    """Whether to mark its data as invented; not set when the whole session is, which the top bar says."""
    rate: str
    latency: str
    subscriptions: int
    trouble: str
    """The attempt, the seconds to the next one and the reason; empty when all is well."""
    served: int | None = None
    """How many rows show this provider's price at present; ``None`` when that is not counted."""
    watched: str = ""
    """What is watched, in words of its own instead of ``subscriptions`` and ``kind``."""
    hint: str = ""
    """What would be better with a key, when one is missing."""


class StatusBar(CachedLines, Widget):
    """The lamps of all providers."""

    lines: reactive[tuple[ProviderLine, ...]] = reactive(())
    message: reactive[str] = reactive("starting …")
    """Shown instead of the lines when it is not empty."""
    failed: reactive[bool] = reactive(False)

    def watch_lines(self, old: tuple[ProviderLine, ...], new: tuple[ProviderLine, ...]) -> None:
        """Lay out again only when the number of lines changes: a layout is expensive."""
        if len(old) != len(new):
            self.refresh(layout=True)

    def watch_message(self, old: str, new: str) -> None:
        """A message takes one line."""
        if bool(old) != bool(new):
            self.refresh(layout=True)

    def render(self) -> Content:
        """Return the lines."""
        if self.message:
            lamp = DOWN if self.failed else CONNECTING
            return Content.assemble(
                " ", (str(lamp), TONES[lamp.tone]), "  ", literal(self.message).truncate(self.size.width - 16)
            )
        lines, room = self.lines, max(2, self.app.size.height // LINES_PER_LAMP)
        more = len(lines) - room + 1 if len(lines) > room else 0
        # the first of each kind is always kept; of the others, those at the end are left out first
        first = list({line.kind: line for line in reversed(lines)}.values())
        others = [line for line in lines if line not in first]
        kept = [*first, *others][: len(lines) - more]
        shown = [line for line in lines if line in kept]
        width = max((len(line.name) for line in shown), default=0)
        drawn = [self._line(line, width) for line in shown]
        if more:
            well = sum(line.lamp in (LIVE, IDLE) for line in lines if line not in kept)
            text = f" {more} more, {well} of them well: c shows them"
            drawn.append(Content.styled(text, MUTED).truncate(self.size.width - 1, ellipsis=True))
        return Content("\n").join(drawn)

    def _line(self, line: ProviderLine, name_width: int) -> Content:
        content = Content.assemble(
            " ",
            (f"{line.name:<{name_width}}", "bold"),
            "  ",
            (f"{line.lamp.glyph} {line.lamp.word:<10}", TONES[line.lamp.tone]),
        )
        if line.demo:
            content = Content.assemble(content, "  ", DEMO)
        numbers = self._numbers(line)
        if line.trouble:
            numbers = numbers if self.size.width >= WIDE else []
            numbers = [*numbers, literal(line.trouble, TONES[line.lamp.tone])]
        content, room = Content("  ").join([content, *numbers]), max(0, self.size.width - 1)
        if line.hint and not line.trouble:
            # half a sentence helps nobody: where there is no room for it, the key is named
            for hint in (line.hint, f"{line.hint.partition(' ')[0]} adds more"):
                if content.cell_length + 2 + len(hint) <= room:
                    return Content.assemble(content, "  ", literal(hint, MUTED))
        return content.truncate(room, ellipsis=True)

    def _numbers(self, line: ProviderLine) -> Sequence[Content]:
        quiet = MUTED if line.lamp is not LIVE else "$foreground"
        # through a relay the number of subscriptions comes seconds after the prices
        subscriptions = max(line.subscriptions, line.served or 0)
        noun = line.kind.removesuffix("s") if subscriptions == 1 else line.kind
        many = str(subscriptions)
        if line.served is not None and line.served < subscriptions:
            many = f"{line.served} of {many}"
        counted = f"{many} {noun}"
        if line.watched:
            counted = line.watched if self.size.width >= COMFORTABLE else f"{line.subscriptions} watched"
        watched = Content.styled(counted if line.lamp is not IDLE else f"no {line.kind}", quiet)
        if line.lamp is IDLE or self.size.width < 60:
            return [watched]
        return [Content.styled(f"{line.rate:>6}  {line.latency:>7}", quiet), watched]
