from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from properties import quick

from streamcore.providers.batching import batches
from streamcore.streams.subscriptions import References, Shards

TOPICS = st.sampled_from("abcdefghijkl")


def test_only_the_first_wish_and_the_last_farewell_matter() -> None:
    references = References()
    assert [references.add("SOL"), references.add("SOL"), references.add("SOL")] == [True, False, False]
    assert [references.remove("SOL"), references.remove("SOL")] == [False, False]
    assert "SOL" in references
    assert references.remove("SOL")
    assert "SOL" not in references
    assert len(references) == 0


def test_an_unknown_topic_cannot_be_taken_below_zero() -> None:
    references = References()
    assert not references.remove("SOL")
    assert references.add("SOL")
    assert list(references) == ["SOL"]


def test_topics_keep_the_order_of_the_first_wish() -> None:
    references = References()
    for topic in ("b", "a", "c", "a", "b"):
        references.add(topic)
    assert list(references) == ["b", "a", "c"]


def test_a_topic_that_comes_back_comes_last() -> None:
    references = References()
    for topic in ("a", "b"):
        references.add(topic)
    references.remove("a")
    references.add("a")
    assert list(references) == ["b", "a"]


@quick
@given(st.lists(st.tuples(st.booleans(), TOPICS), max_size=60))
def test_references_count_like_a_multiset(steps: list[tuple[bool, str]]) -> None:
    references = References()
    model: Counter[str] = Counter()
    for adding, topic in steps:
        if adding:
            model[topic] += 1
            assert references.add(topic) == (model[topic] == 1)
        else:
            was = model[topic]
            model[topic] = max(0, was - 1)
            assert references.remove(topic) == (was == 1)
        wanted = {topic for topic, count in model.items() if count}
        assert set(references) == wanted
        assert len(references) == len(wanted)


def test_topics_fill_one_shard_after_another() -> None:
    assert Shards(2).assign("abcde") == [("a", "b"), ("c", "d"), ("e",)]


def test_without_a_limit_there_is_one_shard() -> None:
    topics = [f"topic {number}" for number in range(1000)]
    assert Shards(None).assign(topics) == [tuple(topics)]


def test_a_hundred_and_one_topics_need_a_second_connection() -> None:
    shards = Shards(100)
    assert [len(shard) for shard in shards.assign([str(n) for n in range(100)])] == [100]
    assert [len(shard) for shard in shards.assign([str(n) for n in range(101)])] == [100, 1]


def test_a_freed_place_is_taken_without_moving_a_neighbour() -> None:
    shards = Shards(2)
    shards.assign("abcd")
    assert shards.assign("acd") == [("a",), ("c", "d")]
    assert shards.assign("acde") == [("a", "e"), ("c", "d")]


def test_an_emptied_shard_stays_so_that_the_others_keep_their_position() -> None:
    shards = Shards(1)
    shards.assign("abc")
    assert shards.assign("c") == [(), (), ("c",)]
    assert shards.assign("cd") == [("d",), (), ("c",)]
    assert shards.shards == [("d",), (), ("c",)]


def test_a_topic_named_twice_is_placed_once() -> None:
    assert Shards(5).assign("abab") == [("a", "b")]


def test_the_order_of_the_wishes_moves_nothing() -> None:
    shards = Shards(2)
    before = shards.assign("abcd")
    assert shards.assign("dcba") == before


@quick
@given(st.integers(1, 4), st.lists(st.lists(TOPICS, max_size=12), min_size=1, max_size=8))
def test_shards_hold_each_wanted_topic_once_and_never_move_one(size: int, rounds: list[list[str]]) -> None:
    shards = Shards(size)
    where: dict[str, int] = {}
    for topics in rounds:
        assigned = shards.assign(topics)
        placed = [topic for shard in assigned for topic in shard]
        assert sorted(placed) == sorted(set(topics))
        assert all(len(shard) <= size for shard in assigned)
        now = {topic: position for position, shard in enumerate(assigned) for topic in shard}
        assert all(now[topic] == where[topic] for topic in now if topic in where)
        where = now


@quick
@given(st.lists(TOPICS), st.integers(1, 5))
def test_batches_are_full_but_for_the_last_and_together_are_the_whole(topics: list[str], size: int) -> None:
    runs = batches(topics, size)
    assert [topic for run in runs for topic in run] == topics
    assert all(len(run) == size for run in runs[:-1])
    assert all(1 <= len(run) <= size for run in runs)
