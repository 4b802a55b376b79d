"""``streamtui doctor``: examines every source in use and prints what was found."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from streamcore import printable
from streamcore.doctor import Check, Result, examine, needed_failed
from streamtui.commands.printing import print_table
from streamtui.commands.shutdown import Deadline, until_stopped

if TYPE_CHECKING:
    from rich.table import Table

    from streamcore.config import Loaded
    from streamcore.recording import Capture


def run(loaded: Loaded, *, capture: Capture | None = None) -> int:
    """Try everything, print the table, and return 1 if one needed thing failed, else 0.

    ``capture`` keeps what goes over the network.
    """
    with Deadline() as deadline:
        checks = asyncio.run(until_stopped(_examined(loaded, deadline, capture), stopping=deadline.start))
    return 1 if checks is not None and needed_failed(checks) else 0


async def _examined(loaded: Loaded, deadline: Deadline, capture: Capture | None) -> list[Check]:
    from streamsim.demo import embedded

    checks = await examine(loaded, demo=embedded, capture=capture)
    print_table(lambda _: [table(checks)])
    # a name lookup that never ends sits in a thread and would keep the process
    deadline.start(1 if needed_failed(checks) else 0)
    return checks


def table(checks: Sequence[Check]) -> Table:
    """Return the report as a table; every result is also a word, not just a colour."""
    from rich.table import Table
    from rich.text import Text

    look = {Result.PASSED: ("✓", "green"), Result.FAILED: ("✗", "bold red"), Result.SKIPPED: ("–", "dim")}
    result = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("", "check", "result", "time", "detail"):
        fixed = heading != "detail"
        justify: Literal["left", "right"] = "right" if heading == "time" else "left"
        result.add_column(heading, justify=justify, no_wrap=fixed, overflow="fold")
    subject = ""
    for check in checks:
        mark, style = look[check.result]
        result.add_row(
            Text(check.subject if check.subject != subject else "", style="bold"),
            Text(check.name),
            Text(f"{mark} {check.result}", style=style),
            Text("" if check.seconds is None else f"{check.seconds * 1000:.0f} ms"),
            Text(printable(check.detail)),
        )
        subject = check.subject
    return result
