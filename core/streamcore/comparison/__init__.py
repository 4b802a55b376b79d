"""What the same prices cost in each encoding: bytes, and time of the processor.

`prices` reads them from a file, `costs` writes them in every way and measures.
"""

from streamcore.comparison.costs import Cost, compare
from streamcore.comparison.prices import UnreadableFile, prices_in

__all__ = ["Cost", "UnreadableFile", "compare", "prices_in"]
