from datetime import timedelta

import pytest
from django.core.signing import Signer

from deliveries import tokens


def test_a_token_is_read_back() -> None:
    assert tokens.read_unsubscribe(tokens.unsubscribe_token(1, 2, "in_app")) == tokens.OptOut(1, 2, "in_app")
    assert tokens.read_preferences(tokens.preferences_token(3)) == 3
    assert tokens.read_view(tokens.view_token(4)) == 4
    assert tokens.read_inbox(tokens.inbox_token(5)) == 5


def test_a_token_is_what_django_would_sign() -> None:
    """Mails that were sent already hold such."""
    assert tokens.unsubscribe_token(1, 2, "é.x") == Signer(salt="almanac.unsubscribe", sep="~").sign("1.2.é.x")
    assert tokens.preferences_token(3) == Signer(salt="almanac.preferences", sep="~").sign("3")
    assert tokens.view_token(4) == Signer(salt="almanac.view", sep="~").sign("4")


@pytest.mark.parametrize("read", [tokens.read_unsubscribe, tokens.read_view, tokens.read_inbox])
def test_a_token_for_one_purpose_is_none_for_another(read: object) -> None:
    with pytest.raises(tokens.BadToken):
        read(tokens.preferences_token(3))  # type: ignore[operator]


@pytest.mark.parametrize("token", ["", "x", "1~", "~", "1~1~1", "é", "\x00"])
def test_what_was_never_a_token_is_refused(token: str) -> None:
    for read in (tokens.read_unsubscribe, tokens.read_preferences, tokens.read_view, tokens.read_inbox):
        with pytest.raises(tokens.BadToken):
            read(token)


def test_a_changed_token_is_refused() -> None:
    token = tokens.preferences_token(3)
    with pytest.raises(tokens.BadToken):
        tokens.read_preferences("4" + token[1:])


def test_an_inbox_token_ages(monkeypatch: pytest.MonkeyPatch) -> None:
    token = tokens.inbox_token(5)
    monkeypatch.setattr(tokens, "INBOX_LASTS", timedelta(seconds=-1))
    with pytest.raises(tokens.BadToken):
        tokens.read_inbox(token)
