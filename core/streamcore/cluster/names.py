"""What everything of a cluster is called on NATS: subjects, streams and buckets."""

from __future__ import annotations

from dataclasses import dataclass

LEADER = "leader"
"""The key of the lease."""


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one cluster. Made-up data has others than real data, so that the two never meet."""

    demo: bool

    @property
    def prefix(self) -> str:
        """What everything begins with."""
        return "stdemo" if self.demo else "st"

    @property
    def live(self) -> str:
        """The subject of what the leader tells: prices, errors, statuses, its sign of life."""
        return f"{self.prefix}.v1.live"

    @property
    def present(self) -> str:
        """The subject by which a relay has the leader tell everything that it knows."""
        return f"{self.prefix}.v1.present"

    @property
    def ask(self) -> str:
        """The subject of questions to the leader."""
        return f"{self.prefix}.v1.ask"

    def transactions_of(self, wallet: str) -> str:
        """Return the subject of the transactions of a wallet; ``*``: of all."""
        return f"{self.prefix}.v1.tx.{wallet}"

    @property
    def transactions(self) -> str:
        """The stream of transactions."""
        return f"{self.prefix.upper()}_TX"

    @property
    def lease(self) -> str:
        """The bucket of the lease."""
        return f"{self.prefix}_lease"

    @property
    def wants(self) -> str:
        """The bucket of what each relay wants."""
        return f"{self.prefix}_wants"

    @property
    def wallets(self) -> str:
        """The bucket of where each wallet's next fetch starts."""
        return f"{self.prefix}_wallets"


def stream_of(bucket: str) -> str:
    """Return the stream in which a bucket is kept: NATS has it so."""
    return f"KV_{bucket}"


def key_subject(bucket: str, key: str) -> str:
    """Return the subject of a key of a bucket; ``>``: of all of them."""
    return f"$KV.{bucket}.{key}"
