from __future__ import annotations

from typing import Any

from streamcore.cluster.messages import WalletRecord
from streamcore.cluster.wallet_records import WalletRecords


def record(**more: Any) -> WalletRecord:
    return WalletRecord(**{"epoch": "e", "covered_from": 5, "followed_until": 9.0, "watched_at": 1.0, **more})


def test_an_older_record_that_comes_late_is_passed_over() -> None:
    records = WalletRecords()
    records.take("w", record(covered_from=5), 12)
    records.take("w", record(covered_from=9), 11)
    found = records.get("w")
    assert found is not None
    assert (found.covered_from, records.revision("w")) == (5, 12)
    assert records.revision("x") == 0


def test_a_wallet_is_covered_from_an_offset_on_in_one_epoch() -> None:
    records = WalletRecords()
    records.take("w", record(), 1)
    assert records.is_covered("w", "e", 5)
    assert not records.is_covered("w", "e", 4)
    assert not records.is_covered("w", "another", 5)
    assert not records.is_covered("x", "e", 5)


def test_a_bucket_that_was_lost_makes_nothing_untrue() -> None:
    records = WalletRecords()
    records.take("w", record(), 12)
    records.forget_revisions()
    assert records.is_covered("w", "e", 5)
    assert records.revision("w") == 0
    records.take("w", record(covered_from=9), 3)
    assert not records.is_covered("w", "e", 5)
