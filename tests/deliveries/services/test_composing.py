"""From a row of the ledger to a message: what its templates see, and what a channel is handed."""

from dataclasses import replace
from typing import Any

import pytest

from campaigns.plan import MessagePlan, Plan
from campaigns.rendering import TemplateProblem
from deliveries import tokens
from deliveries.channels.envelopes import envelope_of
from deliveries.mail import mail_of
from deliveries.queries.due import DueRow
from deliveries.services import links
from deliveries.services.composing import Version, compose
from tests.deliveries.mail.reading import content, read

MESSAGE = MessagePlan(
    "email",
    variant="A",
    subject="Hello {{ customer.name }}",
    html='<p>{{ customer.attributes.plan }}</p><a href="{{ links.view }}">View</a>',
    text="{{ event.name }} {{ customer.name | upcase }}",
)
ROW = DueRow(
    *(7, 1, 3, "email", 0, 1, "A", 5, 1, True, True, 0, 0, 0, "", "7.0123", False, "c3", "Ada", "ada@example.com"),
    *("en", "Europe/Berlin", '{"plan": "R&D"}', False, 0, True, False),
)
EVENT = {"name": "ordered"}


def version(**fields: Any) -> Version:
    message = replace(MESSAGE, **fields)
    return Version(Plan("Spring", 1, 1, (), (), (message.channel,), (message,), "at"))


def test_a_mail_is_handed_over_encoded() -> None:
    outgoing = compose(ROW, version(), EVENT)
    unsubscribe = f"http://testserver/u/{tokens.unsubscribe_token(3, 5, 'email')}/"
    view = f"http://testserver/view/{tokens.view_token(7)}/"
    assert outgoing._replace(mail=None) == (
        *(7, "7.0123", 3, "c3", "ada@example.com", "", "", "", "", "", ""),
        {"List-Unsubscribe": f"<{unsubscribe}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
        None,
    )
    message = read(envelope_of(outgoing).data)
    assert str(message["Subject"]) == "Hello Ada"
    assert content(message, "html") == f'<p>R&amp;D</p><a href="{view}">View</a>\n'
    assert content(message, "plain") == "ordered ADA\n"


def test_a_channel_without_mail_is_handed_texts(memory: Any) -> None:
    outgoing = compose(ROW._replace(channel="memory"), version(channel="memory", title="Hi {{ customer.name }}"), EVENT)
    assert (outgoing.mail, outgoing.title, outgoing.text) == (None, "Hi Ada", "ordered ADA")
    assert (outgoing.address, dict(outgoing.headers)) == ("", {})


def test_a_missing_value_ends_its_own_message_with_a_sentence() -> None:
    with pytest.raises(TemplateProblem, match="Line 1: this customer has no value for it"):
        compose(ROW._replace(attributes="{}"), version(), EVENT)
    assert compose(ROW, version(), EVENT).mail


@pytest.mark.parametrize("fields", [{"html": "{{"}, {"subject": "{% if %}"}, {"variant": "B"}])
def test_a_message_that_does_not_compile_says_so_each_time(fields: dict[str, Any]) -> None:
    broken = version(**fields)
    for _ in range(2):
        with pytest.raises(TemplateProblem):
            compose(ROW, broken, EVENT)


def test_half_a_character_in_a_template_or_a_value_is_a_problem_of_that_message() -> None:
    with pytest.raises(TemplateProblem):
        compose(ROW, version(text="\ud83c"), EVENT)
    with pytest.raises(TemplateProblem):
        compose(ROW._replace(name="\ud83c"), version(), EVENT)


def test_only_the_links_that_are_used_are_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(links.LINKS, "preferences", None)
    assert compose(ROW, version(), EVENT).mail


@pytest.mark.parametrize(
    ("paths", "used"),
    [
        ([["customer", "name"]], set()),
        ([["links", "view"], ["links", "view"], ["customer", "links"]], {"view"}),
        ([["links"]], {"unsubscribe", "preferences", "view"}),
        ([["links", ["customer", "name"]]], {"unsubscribe", "preferences", "view"}),
        ([["links", "view"], ["links", "size"]], {"unsubscribe", "preferences", "view"}),
    ],
)
def test_the_links_that_a_template_uses_are_known_before(paths: list[list[object]], used: set[str]) -> None:
    assert links.links_used(paths) == used


def test_a_mail_composed_from_its_template_is_the_one_of_its_texts() -> None:
    of = version()
    message = of.message("email", "A")
    context = message.context(ROW, EVENT)
    assert message.mail
    texts = message.render(context)
    ours = read(envelope_of(compose(ROW, of, EVENT)).data)
    plain = read(envelope_of(compose(ROW, of, EVENT)._replace(mail=mail_of(**texts))).data)
    assert [content(each, kind) for each in (ours, plain) for kind in ("plain", "html")] == [
        texts["text"] + "\n",
        texts["html"] + "\n",
    ] * 2


def test_what_a_template_may_set_itself_is_there_all_the_same() -> None:
    text = "{% if event.x %}{% assign customer = 1 %}{% assign links = 1 %}{% endif %}"
    text += "{{ customer.attributes.plan }} {{ links.view }}"
    message = read(envelope_of(compose(ROW, version(html="", text=text), EVENT)).data)
    assert content(message, "plain") == f"R&D http://testserver/view/{tokens.view_token(7)}/\n"
