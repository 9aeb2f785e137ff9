from typing import Any

import pytest

from deliveries.channels import registry
from deliveries.channels.email import EmailChannel
from deliveries.channels.email_url import EmailUrlProblem, SmtpServer, read_email_url
from deliveries.checks import channels_load, email_url_can_be_read


def test_our_own_channels_load() -> None:
    assert channels_load() == []
    assert registry.channel_names() == ["email", "in_app", "webhook"]
    assert isinstance(registry.channel("email"), EmailChannel)


@pytest.mark.parametrize("path", ["nowhere.Channel", "deliveries.channels.email.Nothing", "datetime.datetime", "x"])
def test_a_path_that_is_no_channel_stops_the_start(settings: Any, path: str) -> None:
    settings.CHANNELS = {"pigeon": path}
    [problem] = channels_load()
    assert problem.id == "deliveries.E001"
    assert "pigeon" in problem.msg


def test_an_unknown_channel_is_named_with_those_there_are() -> None:
    with pytest.raises(registry.UnknownChannel, match="email, in_app, webhook"):
        registry.channel("pigeon")


def test_every_channel_has_words_for_customers(settings: Any) -> None:
    assert [registry.label(name) for name in registry.channel_names()] == [
        "E-mail",
        "In the app",
        "Other notifications",
    ]
    assert registry.label("old_channel") == "Old channel"


def test_an_email_url_is_read_as_what_it_says() -> None:
    url = read_email_url("smtp+tls://me:pa%3Ass@mail.example.com?timeout=5&final_timeout=20")
    assert url.server == SmtpServer("mail.example.com", 587, "starttls", "me", "pa:ss", 5, 20)
    assert read_email_url("smtp://h?connections=8").server == SmtpServer("h", 25, connections=8)
    assert "pa:ss" not in repr(url)
    assert read_email_url("outbox:///var/lib/outbox").folder == "/var/lib/outbox"
    assert read_email_url("anymail+postmark://?server_token=1").options == {"server_token": "1"}


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://x",
        "smtp://",
        "smtp://h:port",
        "smtp://h?timeout=0",
        "smtp://h?timeout=nine",
        "smtp://h?connections=0",
        "smtp://h?connections=21",
        "smtp://h?connections=few",
        "outbox://",
    ],
)
def test_an_email_url_that_cannot_be_used_is_refused_with_a_sentence(settings: Any, url: str) -> None:
    with pytest.raises(EmailUrlProblem):
        read_email_url(url)
    settings.EMAIL_URL = url
    assert [problem.id for problem in email_url_can_be_read()] == ["deliveries.E002"]
