"""Tokens against sessions: random, kept as hashes, with an end; and few attempts."""

from __future__ import annotations

from pathlib import Path

import pytest
from manual_clock import ManualClock

from streamcore.relay import Scope
from streamcore.relay.tokens import Tokens, read_tokens, write_tokens
from streamtui.web.logins import ATTEMPTS_PER_MINUTE, MOST_SESSIONS, Logins, TooManyAttempts

ME = "127.0.0.1"


class Door:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.tokens = Tokens()
        self.alice = self.tokens.add("alice", Scope.READ)
        self.logins = Logins(self.tokens, self.clock, lifetime=3600)

    def enter(self) -> str:
        found = self.logins.log_in(self.alice, ME)
        assert found is not None
        return found.identifier


def test_a_token_opens_a_session_of_its_holder() -> None:
    door = Door()
    session = door.logins.session(door.enter())
    assert session is not None
    assert (session.holder.name, session.holder.scope) == ("alice", Scope.READ)


def test_a_session_is_neither_the_token_nor_guessed_from_it() -> None:
    door = Door()
    first, second = door.enter(), door.enter()
    assert first != second
    assert len(first) >= 43  # 256 bits
    assert door.alice not in (first, second)
    assert door.logins.session(door.alice) is None
    assert first not in repr(vars(door.logins)), "only its hash is kept"


def test_a_wrong_token_opens_nothing() -> None:
    door = Door()
    assert door.logins.log_in("st_wrong", ME) is None
    assert door.logins.log_in("", ME) is None
    assert door.logins.session("made up") is None
    assert door.logins.session(None) is None


async def test_a_session_ends_by_itself() -> None:
    door = Door()
    identifier = door.enter()
    session = door.logins.session(identifier)
    assert session is not None
    await door.clock.advance(3599)
    assert door.logins.session(identifier) is session
    await door.clock.advance(1)
    assert door.logins.session(identifier) is None
    assert session.over.is_set()


def test_logging_out_ends_the_session_and_no_other() -> None:
    door = Door()
    mine, other = door.enter(), door.enter()
    session = door.logins.session(mine)
    assert session is not None
    door.logins.log_out(mine)
    assert session.over.is_set()
    assert door.logins.session(mine) is None
    assert door.logins.session(other) is not None
    door.logins.log_out(mine)
    door.logins.log_out(None)


async def test_an_address_may_try_few_wrong_tokens() -> None:
    door = Door()
    for _ in range(ATTEMPTS_PER_MINUTE):
        assert door.logins.log_in("st_wrong", ME) is None
    with pytest.raises(TooManyAttempts):
        door.logins.log_in(door.alice, ME)
    assert door.logins.log_in(door.alice, "192.0.2.1") is not None, "others are not shut out"
    await door.clock.advance(60)
    assert door.logins.log_in(door.alice, ME) is not None


def test_sessions_do_not_pile_up() -> None:
    door = Door()
    first = door.enter()
    session = door.logins.session(first)
    assert session is not None
    for _ in range(MOST_SESSIONS):
        door.enter()
    assert session.over.is_set()
    assert door.logins.session(first) is None


def test_whoever_loses_the_token_loses_the_session(tmp_path: Path) -> None:
    door = Door()
    door.tokens.add("bob", Scope.READ)
    write_tokens(tmp_path / "tokens", door.tokens)
    kept = door.enter()
    door.logins.set_tokens(read_tokens(tmp_path / "tokens"))
    session = door.logins.session(kept)
    assert session is not None
    without = read_tokens(tmp_path / "tokens")
    without.revoke("alice")
    again = without.add("alice", Scope.READ)
    door.logins.set_tokens(without)
    assert session.over.is_set(), "a new token of the same name is another"
    assert door.logins.session(kept) is None
    assert door.logins.log_in(door.alice, ME) is None
    assert door.logins.log_in(again, ME) is not None


def test_without_a_file_there_is_a_token_for_this_run_and_a_code_that_works_once() -> None:
    logins = Logins(Tokens(), ManualClock(), lifetime=60)
    assert logins.owner_token is not None
    code = logins.code()
    entered = logins.log_in(code, ME)
    assert entered is not None
    first = logins.session(entered.identifier)
    assert first is not None
    assert first.holder.scope is Scope.CONTROL
    assert logins.log_in(code, ME) is None
    assert logins.log_in(logins.owner_token, ME) is not None
    assert Door().logins.owner_token is None


def test_a_session_has_a_key_of_its_own() -> None:
    door = Door()
    first, second = door.logins.log_in(door.alice, ME), door.logins.log_in(door.alice, ME)
    assert first is not None
    assert second is not None
    session = door.logins.session(first.identifier)
    assert session is not None
    assert session.is_key(first.key)
    for other in (second.key, first.identifier, door.alice, ""):
        assert not session.is_key(other)
    assert first.key not in repr(vars(session)), "only its hash is kept"
