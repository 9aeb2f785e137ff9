"""What is wrong with messages: sentences that name the message and the line."""

from dataclasses import replace

import pytest

from campaigns.content import content_problems
from campaigns.plan import MessagePlan, Plan

CHANNELS = frozenset({"email", "in_app", "webhook"})
EMAIL = MessagePlan("email", subject="Hello", text="Hi", html="<p>Hi</p>")
PLAN = Plan(
    name="P", team_id=1, topic_id=1, include=(1,), exclude=(), channels=("email",), messages=(EMAIL,), trigger="at"
)


def problems(plan: Plan) -> list[str]:
    return list(content_problems(plan, CHANNELS, {"customer.name"}))


def test_a_message_that_is_complete_has_no_problems() -> None:
    assert problems(PLAN) == []
    in_app = MessagePlan("in_app", title="Hi", link="https://x.test/{{ customer.name | url_encode }}")
    assert problems(replace(PLAN, channels=("email", "in_app"), messages=(EMAIL, in_app))) == []


def test_channels_and_their_messages_must_be_there() -> None:
    assert problems(replace(PLAN, channels=(), messages=())) == ["Choose at least one channel."]
    assert problems(replace(PLAN, messages=())) == ["There is no message for email."]
    assert problems(replace(PLAN, channels=("email", "email"))) == ["The channel email is in the list twice."]
    assert problems(replace(PLAN, channels=("email", "pigeon"))) == [
        "There is no channel “pigeon”. There are email, in_app, webhook.",
        "There is no message for pigeon.",
    ]


def test_each_channel_needs_its_fields() -> None:
    empty = (MessagePlan("email", subject=" "), MessagePlan("in_app", link="/x"))
    assert problems(replace(PLAN, channels=("email", "in_app"), messages=empty)) == [
        "The message (email, variant A) needs a subject.",
        "The message (email, variant A) needs a text or a html.",
        "The message (in_app, variant A) needs a title or a body.",
    ]


def test_a_template_is_judged_by_its_names_and_its_syntax() -> None:
    wrong = replace(EMAIL, subject="Hi {{ customer.nmae }}", text="a\n{% nope %}", weight=0)
    assert problems(replace(PLAN, messages=(wrong,))) == [
        "The message (email, variant A) has a weight of 0: use 1 or more.",
        "The subject (email, variant A): “customer.nmae” is not known; customers have no such value.",
        "The text (email, variant A): Line 2: unexpected tag 'nope'.",
    ]


def test_a_subject_is_one_line() -> None:
    broken = replace(EMAIL, subject="Hello\r\nBcc: everyone@example.com")
    assert problems(replace(PLAN, messages=(broken,))) == [
        "The subject (email, variant A): it holds a line break or a character that no message can carry."
    ]


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", " JaVaScRiPt:alert(1)", "//evil.test", "ftp://x", "data:text/html,x"]
)
def test_a_link_goes_to_a_page(link: str) -> None:
    message = MessagePlan("in_app", title="Hi", link=link)
    assert problems(replace(PLAN, channels=("in_app",), messages=(message,))) == [
        "The link (in_app, variant A): a link begins with https://, http:// or a single /."
    ]


@pytest.mark.parametrize(
    "target",
    ["'javascript:alert(1)'", '"java&#x0a;script:x"', "javascript&#58;x", '" &#106;avascript:x"', "data:text/html;x"],
)
def test_a_link_in_html_that_would_run_code_is_refused(target: str) -> None:
    message = replace(EMAIL, html=f"<a href={target}>x</a>")
    found = problems(replace(PLAN, messages=(message,)))
    assert len(found) == 1
    assert "would run code" in found[0]


def test_a_message_on_a_channel_that_is_not_used_does_not_matter() -> None:
    unused = MessagePlan("in_app", title="{{ nope }}")
    assert problems(replace(PLAN, messages=(EMAIL, unused))) == []
