"""Templates: what they may say, and the limits that none of them leaves."""

from itertools import chain, count
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from liquid.exceptions import LiquidError

from campaigns.rendering import LARGEST_OUTPUT, TemplateProblem, compile_template, compiled, limits, unknown_fields
from campaigns.rendering.limits import environment
from campaigns.rendering.problems import sentence
from tests.campaigns.rendered import CONTEXT, render


def test_a_value_is_escaped_in_html_and_left_alone_in_text() -> None:
    assert render("Hi {{ customer.name }}", html=True) == "Hi &lt;b&gt;Ann&lt;/b&gt;"
    assert render("Hi {{ customer.name }}") == "Hi <b>Ann</b>"
    assert render("<p>{{ links.unsubscribe }}</p>", html=True) == "<p>https://x.test/u?a=1&amp;b=2</p>"


def test_a_missing_value_may_be_asked_for_but_is_never_printed_as_nothing() -> None:
    assert render("{{ customer.attributes.city | default: 'you' }}") == "you"
    assert render("{% if customer.attributes.city %}a{% else %}b{% endif %}") == "b"
    assert (
        render(
            "{% if customer.attributes.city == 'Rome' %}a{% endif %}{% unless customer.attributes.x %}c{% endunless %}"
        )
        == "c"
    )
    with pytest.raises(TemplateProblem, match=r"Line 2: this customer has no value for it: customer\.attributes\.city"):
        render("Hi\n{{ customer.attributes.city }}")


def test_loops_and_filters_work() -> None:
    assert (
        render("{% for tag in customer.attributes.tags %}{{ forloop.index }}{{ tag | upcase }} {% endfor %}")
        == "1A 2B "
    )


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("a\n{% if x %}", "endif"),
        ("{{", "Line 1: expected"),
        ("a\nb\n{% frobnicate %}", "Line 3: unexpected tag 'frobnicate'"),
        ("\n{{ customer.name | shout }}", "Line 2: there is no filter “shout”"),
        ("{{ customer.name | safe }}", "there is no filter “safe”"),
        ("{% include 'settings.py' %}", "unexpected tag 'include'"),
        ("{% render '/etc/passwd' %}", "unexpected tag 'render'"),
        ("{% if 1 %}" * 100 + "{% endif %}" * 100, "nesting"),
        ("x" * 200_001, "at most 200,000"),
    ],
)
def test_a_template_that_cannot_be_read_says_where(text: str, part: str) -> None:
    with pytest.raises(TemplateProblem, match=part):
        compile_template(text, html=False)


@pytest.mark.parametrize(
    "text",
    [
        "{% for i in (1..99999999) %}x{% endfor %}",
        "{% for i in (1..4000) %}{% for j in (1..4000) %}x{% endfor %}{% endfor %}",
        "{% assign a = 'aaaaaaaaaa' %}" + "{% assign a = a | replace: 'a', a %}" * 6,
        "{% assign a = 'aaaaaaaaaa' %}" + "{% assign a = a | append: a %}" * 40 + "{{ a }}",
        "{% assign a = 'aaaaaaaaaa' | split: '' %}{% assign b = a | join: 'xxxxxxxxxx' %}" * 1
        + "{% assign b = b | split: '' | join: b | split: '' | join: b | split: '' | join: b %}",
        "{% assign a = 99999 %}{% for i in (1..99) %}{% assign a = a | times: a %}{% endfor %}",
        "{% capture a %}" + "{% for i in (1..5000) %}" + "x" * 200 + "{% endfor %}{% endcapture %}{{ a }}",
        "{% for i in (1..5000) %}{{ customer.name | upcase | downcase | upcase | size }}{% endfor %}" * 60,
        "{% tablerow i in (1..999999) %}x{% endtablerow %}",
    ],
)
def test_no_template_works_for_long_or_grows_large(text: str) -> None:
    with pytest.raises(TemplateProblem):
        render(text)


def test_a_machine_that_was_busy_with_something_else_fails_no_template(monkeypatch: pytest.MonkeyPatch) -> None:
    hours = count(step=3600)
    monkeypatch.setattr(limits, "monotonic", lambda: next(hours))
    assert render("{% for tag in customer.attributes.tags %}{{ tag | upcase }}{% endfor %}") == "AB"


@pytest.mark.parametrize(
    "text",
    [
        "{{ 1 | divided_by: 0 }}",
        "{{ '99999999999999999' | date: '%Y' }}",
        "{{ 'x' | base64_decode }}",
        "{% break %}",
        "{{ customer.name.__class__.__mro__ }}",
        "{{ nothing }}",
    ],
)
def test_whatever_fails_is_one_kind_of_error(text: str) -> None:
    with pytest.raises(TemplateProblem):
        render(text)


@given(st.text(alphabet="{}%| .:'\"abci12\n", max_size=60), st.booleans())
def test_any_text_renders_or_says_why_not(text: str, html: bool) -> None:
    try:
        assert len(render(text, html=html)) <= LARGEST_OUTPUT
    except TemplateProblem as problem:
        assert str(problem).endswith(".")  # noqa: PT017 either is right


@given(st.text(max_size=50))
def test_no_value_of_a_customer_becomes_html(name: str) -> None:
    shown = render("{{ customer.name }}", html=True, context={"customer": {"name": name}})
    assert not set(shown) & set("<>\"'")


def test_unknown_names_are_found_without_rendering() -> None:
    known = {"customer.name", "customer.attributes.plan", "event.*"}
    text = """{{ customer.name.size }} {{ customer.nmae }}
    {% if customer.attributes.paln == 'x' %}{{ event.a.b }}{% endif %}
    {% assign x = customer.attributes.plan %}{{ x }}{% for i in (1..3) %}{{ i }}{{ forloop.last }}{% endfor %}
    {{ customer.attributes[x] }} {{ plan }}"""
    assert unknown_fields(text, known) == [
        "customer.attributes.[…]",
        "customer.attributes.paln",
        "customer.nmae",
        "plan",
    ]
    assert unknown_fields("{{ links.unsubscribe }}", {"links.unsubscribe"}) == []


def by_liquid_alone(text: str, context: dict[str, Any], *, html: bool) -> str:
    """What Liquid makes of it, or the sentence that says why not."""
    try:
        return environment(html=html).from_string(text).render(context)
    except LiquidError as error:
        return sentence(error)
    except Exception as error:
        return f"The template fails on this customer's data ({type(error).__name__})."


def in_parts(text: str, context: dict[str, Any], *, html: bool) -> str:
    template = compile_template(text, html=html)
    try:
        values = template.values(context)
    except TemplateProblem as problem:
        return str(problem)
    return "".join(chain.from_iterable(zip(template.pieces, [*values, ""], strict=True)))


FRAGMENTS = [
    "text",
    "<p>é \r\n & \r",
    "\r",
    "\n{% comment %}{{ nothing }}{% endcomment %}",
    "{% raw %}{{ x }}{% endraw %}{%- # nothing to see -%} ",
    "{{ customer.name }}",
    "{{ customer.name.size }}{{ customer['name'] }}{{ customer.name.first }}",
    "{{ customer.attributes.plan }}",
    '{{ customer.attributes.plan | default: "it\'s" }}',
    "{{ customer.attributes.plan | default: '<b>' }}{{ customer.nobody | default: '' }}",
    "{{ customer.attributes.plan | default: 1 }}{{ customer.attributes.plan | default: customer.name }}",
    "{{ customer.attributes.plan | default: 'x', allow_false: true }}",
    "{{ customer.attributes.plan.size }}{{ customer.attributes.size }}{{ customer.attributes.first }}",
    "{{ customer.attributes.tags[0] }}{{ customer.attributes.tags.last }}",
    "{{ customer.attributes[customer.name] | default: 'none' }}",
    "{{ customer.name | upcase | append: '<>' }}",
    "{{ event }}{{ event.value | plus: 1 }}{{ event.value }}",
    "{{ nothing }}",
    "{{ partial }}{{ event.partial | default: 'x' }}",
    "{{ 'literal' }}{{ 1 }}{{ true }}{{ nil }}{{ (1..3) }}{{ empty }}",
    "{% assign customer = event %}",
    "{% assign mine = customer.name %}{{ mine }}{{ mine.size }}",
    "{{ mine }}",
    "{% capture mine %}<{{ customer.name }}>{% endcapture %}{{ mine }}",
    "{% increment counter %}{{ counter }}{% decrement customer %}",
    "{% cycle 'a', 'b' %}{% ifchanged %}{{ customer.name }}{% endifchanged %}",
    "{% if customer.attributes.plan == 'pro' %}<i>{{ customer.name }}</i>{% else %} \r {% endif %}",
    "{% if customer.nobody %}{% break %}{% endif %}",
    "{% for tag in customer.attributes.tags %}{{ tag }}{% break %}{% endfor %}",
    "{% for customer in customer.attributes.tags %}{{ customer }}{{ forloop.index }}{% endfor %}{{ forloop }}",
    "{% case customer.attributes.plan %}{% when 1 %}one{% else %}{{ customer.attributes.plan }}{% endcase %}",
    "{% echo customer.name %}{% liquid assign a = 1\n echo a %}{{ a }}",
    "{% break %}",
    "{{ 1 | divided_by: 0 }}",
]
SCALARS = (
    st.text(max_size=8)
    | st.sampled_from(["", " ", '<a href="x">\'&', "\r\n", "a\rb", "half \ud83c", "pro", "name"])
    | st.none()
    | st.booleans()
    | st.integers(-10, 10**40)
    | st.floats(allow_nan=False)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
CONTEXTS = st.fixed_dictionaries(
    {
        "customer": st.fixed_dictionaries(
            {"name": VALUES},
            optional={
                "attributes": st.fixed_dictionaries({}, optional={"plan": VALUES, "tags": VALUES, "size": SCALARS})
                | SCALARS
            },
        )
    },
    optional={
        "event": st.dictionaries(st.sampled_from(["value", "partial", "name"]), VALUES) | SCALARS,
        "mine": SCALARS,
    },
)


@given(
    st.lists(st.sampled_from(FRAGMENTS) | st.text(alphabet="ab <\r\n'", max_size=5), max_size=6),
    CONTEXTS,
    st.booleans(),
)
@example(["{{ customer.name }}", "x" * 199_000], {"customer": {"name": "y" * 301_000}}, False)
@example(["{{ customer.name }}", "x" * 199_000], {"customer": {"name": "y" * 301_001}}, False)
@example(["{{ customer.name }}", "half \ud83c"], {"customer": {"name": "y"}}, False)
def test_what_is_put_between_the_pieces_is_what_liquid_would_write(
    fragments: list[str], context: dict[str, Any], html: bool
) -> None:
    text = "".join(fragments)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "SECONDS", 60)  # so many examples leave work to the garbage collector, at any moment
        assert in_parts(text, context, html=html) == by_liquid_alone(text, context, html=html)


def test_what_is_a_plain_path_is_looked_up_without_liquid(monkeypatch: pytest.MonkeyPatch) -> None:
    template = compile_template("Hi {{ customer.name }}, {{ customer.attributes.city | default: 'you' }}!", html=True)
    monkeypatch.setattr(compiled, "_by_liquid", None)
    assert template.values(CONTEXT) == ["&lt;b&gt;Ann&lt;/b&gt;", "you"]
