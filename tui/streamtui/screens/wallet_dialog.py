"""The dialog that takes wallets: addresses, and names that are looked up and shown before they are used."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from textual.app import ComposeResult
from textual.widgets import Input, Label

from streamcore import ProviderError, StreamcoreError, is_plain_name, short_address, wallet_name
from streamtui.format.cells import PARAGRAPH, literal
from streamtui.screens.entry import EntryDialog
from streamtui.screens.wallet_input import names_and_labels

DOUBLES = "it has letters besides a to z, which may be doubles of others"


class WalletDialog(EntryDialog):
    """Takes addresses and names such as ``toly.sns``, each perhaps followed by what to show for it.

    A name is never watched by itself: its address takes its place in the input, and a second enter agrees.
    """

    def __init__(
        self,
        watch: Callable[[Sequence[str]], Awaitable[object]],
        resolve: Callable[[str], Awaitable[str]],
        *,
        demo: str,
        present: Sequence[str] = (),
    ) -> None:
        """Make the dialog.

        Args:
            watch: Called with the wallets, each as its address and perhaps a space and a name.
            resolve: Returns the address that a name stands for; a `StreamcoreError` it raises is shown.
            demo: What the mark for invented data says.
            present: What is watched already.
        """
        super().__init__(
            "Watch wallets",
            "Solana addresses or NAME.sns, several at once with commas; a name may follow each:",
            "GfyzVseY…eN6T treasury",
            hint="esc cancels · enter adds",
            demo=demo,
            present=present,
        )
        self._watch = watch
        self._resolve = resolve
        self._known: dict[str, str | None] = {}
        """Names to the addresses they stand for; ``None``: that could not be looked up."""
        self._asked = ""
        """The text whose addresses the person was asked about."""

    def below(self) -> ComposeResult:
        """Yield what a look-up is about and has found."""
        yield Label("", id="entry-state")

    def names(self, text: str) -> list[str]:
        """Return the wallets in a text, each with its name."""
        return names_and_labels(text)

    def typed(self, text: str) -> None:
        """Forget what was being looked up for another text."""
        if text != self._asked:
            self._asked = ""
            self.workers.cancel_group(self, "names")
            self._say("")

    async def submit(self, names: Sequence[str]) -> bool:
        """Watch the wallets, once the address of each name has been shown."""
        entries = [tuple(name.partition(" ")[::2]) for name in names]
        asked = [name for wallet, _ in entries if (name := wallet_name(wallet)) is not None]
        labels = [name for _, label in entries if (name := wallet_name(label)) is not None]
        missing = [name for name in asked if self._known.get(name) is None]
        missing += [name for name in labels if name not in self._known]
        if missing:
            # a worker, so that esc works meanwhile
            work = partial(self._look_up, list(dict.fromkeys(missing)), entries)
            self.run_worker(work, group="names", exclusive=True, exit_on_error=False)  # type: ignore[arg-type]
            return False
        return await self._decided(entries)

    async def _look_up(self, names: Sequence[str], entries: Sequence[tuple[str, ...]]) -> None:
        addressed = {wallet_name(wallet) for wallet, _ in entries}
        for name in names:
            self._say(f"looking up {name} …")
            try:
                self._known[name] = await self._resolve(name)
            except StreamcoreError as error:
                if isinstance(error, ProviderError) and name not in addressed:
                    self._known[name] = None  # only what an address is to be called
                    continue
                self._say("")
                self.refuse(str(error))
                return
        self._say("")
        try:
            done = await self._decided(entries)
        except StreamcoreError as error:
            self.refuse(str(error))
        else:
            if done:
                self.dismiss(None)

    async def _decided(self, entries: Sequence[tuple[str, ...]]) -> bool:
        """Put addresses in the places of names and ask; where there is no name, watch.

        Returns whether it is done.
        """
        for wallet, label in entries:
            name = wallet_name(label)
            found = self._known.get(name or "")
            if name is not None and wallet_name(wallet) is None and found not in (None, wallet):
                self.refuse(
                    f"{name} stands for {found}, and not for {short_address(wallet)}: take one of them away"
                )
                return False
        names = [name for wallet, _ in entries if (name := wallet_name(wallet)) is not None]
        if not names:
            await self._watch([" ".join(filter(None, entry)) for entry in entries])
            return True
        self._ask(entries, names)
        return False

    def _ask(self, entries: Sequence[tuple[str, ...]], names: Sequence[str]) -> None:
        written = []
        for wallet, label in entries:
            name = wallet_name(wallet)
            address = wallet if name is None else self._known[name] or wallet
            written.append(" ".join(filter(None, (address, label or name or ""))))
        self._asked = ", ".join(written)
        entry = self.query_one(Input)
        entry.value = self._asked
        entry.cursor_position = len(entry.value)
        found = [
            f"{name} is {self._known[name]}" + ("" if is_plain_name(name) else f" ({DOUBLES})")
            for name in names
        ]
        self._say(f"{'; '.join(found)}. Enter watches {'it' if len(names) == 1 else 'them'}, esc leaves.")

    def _say(self, state: str) -> None:
        self.query_one("#entry-state", Label).update(literal(state, "$text-warning", limit=PARAGRAPH))
