"""How a person wants to see the prices: the columns of the table, and what a chart opens with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from streamcore import ChartRange, PriceColumn


@dataclass(slots=True)
class View:
    """The choices of a session. Only the columns are saved."""

    columns: tuple[PriceColumn, ...]
    """From the left."""
    columns_chosen: bool = False
    """Whether a person has chosen columns since the start."""
    chart_range: ChartRange = ChartRange.DAY
    """The range that was chosen last."""
    chart_as_line: bool = False

    def choose_columns(self, columns: Sequence[PriceColumn]) -> bool:
        """Have these columns from now on; return whether they are others than before."""
        if tuple(columns) == self.columns:
            return False
        self.columns, self.columns_chosen = tuple(columns), True
        return True

    @property
    def columns_to_save(self) -> tuple[PriceColumn, ...] | None:
        """The columns a person has chosen; ``None``: none, the file keeps its own."""
        return self.columns if self.columns_chosen else None
