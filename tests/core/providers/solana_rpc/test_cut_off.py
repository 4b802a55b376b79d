"""What one connection leaves out: told to who looks at it instead, and to a person."""

from __future__ import annotations

from streamcore.providers.reports import Notice, Report, Unfollowed
from streamcore.providers.solana_rpc.cut_off import CutOff


def notices(news: list[Report]) -> list[str]:
    return [one.error.message for one in news if isinstance(one, Notice)]


def test_row_q_a_person_is_told_which_kind_is_left_out() -> None:
    left = [("w", f"nft{number}") for number in range(90)]
    (text,) = notices(CutOff("the node").news(left, {account for _, account in left}))
    assert "90 that are NFTs or hold next to nothing are not followed" in text
    (text,) = notices(CutOff("the node").news([*left, ("w", "usdc")], {account for _, account in left}))
    assert "90 that are NFTs or hold next to nothing and 1 that hold more" in text
    (text,) = notices(CutOff("the node").news([("w", "usdc")], ()))
    assert "follow; 1 that hold more are not followed" in text


def test_row_q_who_looks_at_them_hears_of_every_change_and_a_person_of_the_first() -> None:
    cut_off = CutOff("the node")
    assert cut_off.news([], ()) == []
    assert Unfollowed("w", ("a", "b")) in cut_off.news([("w", "a"), ("w", "b")], ())
    assert cut_off.news([("w", "a"), ("w", "b")], ()) == []
    news = cut_off.news([("w", "a"), ("v", "c")], ())
    assert news == [Unfollowed("w", ("a",)), Unfollowed("v", ("c",))]
    assert cut_off.news([], ()) == [Unfollowed("w", ()), Unfollowed("v", ())]
