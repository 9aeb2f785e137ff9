"""What Liquid wrote for one customer is kept for those who look alike to the template, and shown to no other."""

import pytest

from campaigns.rendering import compile_template
from campaigns.rendering.limits import environment
from campaigns.rendering.remembered import Remembered
from tests.campaigns.rendered import CONTEXT


@pytest.mark.parametrize(
    "attributes", [{"n": 1}, {"n": 1.0}, {"n": True}, {"n": "1"}, {"n": None}, {}, {"n": [1]}, {"n": 0.0}, {"n": -0.0}]
)
def test_what_liquid_wrote_for_one_customer_is_never_shown_to_one_who_differs(attributes: dict[str, object]) -> None:
    template = compile_template(
        "{% if customer.attributes.n %}{{ customer.attributes.n }}{% else %}-{% endif %}", html=False
    )
    for each in ({"n": 1}, {"n": 1.0}, {"n": True}, {"n": "1"}, {"n": None}, {}, {"n": [1]}, {"n": 0.0}, {"n": -0.0}):
        template.render({"customer": {"attributes": each}})
    fresh = compile_template(
        "{% if customer.attributes.n %}{{ customer.attributes.n }}{% else %}-{% endif %} ", html=False
    )
    context = {"customer": {"attributes": attributes}}
    assert template.render(context) + " " == fresh.render(context)


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("{% if customer.attributes.plan %}1{% endif %}", 1),
        ("{% if true %}{{ 'now' | date: '%s' }}{% endif %}", 2),  # reads the clock
        ("{{ customer[customer.attributes.plan] | upcase }}", 2),  # reads who knows what
        ("{% for tag in customer.attributes.tags %}{{ tag }}{% endfor %}", 2),  # reads too much to compare
    ],
)
def test_liquid_is_asked_once_for_customers_who_look_alike_to_a_template(text: str, times: int) -> None:
    asked: list[object] = []

    def write(context: object) -> list[str]:
        asked.append(context)
        return ["written"]

    remembered = Remembered(environment(html=False).from_string(text), write)
    assert [remembered(CONTEXT), remembered(CONTEXT)] == [["written"]] * 2
    assert len(asked) == times


def test_what_liquid_makes_up_is_not_remembered_for_others() -> None:
    template = compile_template(
        "{{ event.properties.size | plus: 0 }}{% if event.properties.first %}x{% endif %}", html=False
    )
    shown = [template.render({"event": {"properties": dict.fromkeys("abc"[:size], 1)}}) for size in (1, 2, 0)]
    assert shown == ["1x", "2x", "0"]


def test_the_clock_is_not_remembered() -> None:
    template = compile_template("{{ now | append: '' }}", html=False)
    assert template.render({}) != template.render({})


@pytest.mark.parametrize(
    ("text", "names"),
    [
        # Set for nobody, but to whoever reads the template it looks as if it were.
        ("{% if false %}{% assign customer = 1 %}{% endif %}{{ customer.name | upcase }}", ["ANN", "BOB"]),
        ("{% decrement customer %}{{ customer.name | upcase }}", ["-1ANN", "-1BOB"]),
        ("{{ customer.name | upcase }}{% assign customer = 1 %}", ["ANN", "BOB"]),
        ("{% assign x = customer.name %}{{ x | upcase }}", ["ANN", "BOB"]),
        ("{% for i in (1..1) %}{{ customer.name | upcase }}{% endfor %}", ["ANN", "BOB"]),
        ("{% capture x %}{{ customer.name }}{% endcapture %}{% if x %}{{ x }}{% endif %}", ["Ann", "Bob"]),
    ],
)
def test_nobody_is_shown_what_was_written_for_another(text: str, names: list[str]) -> None:
    template = compile_template(text, html=False)
    assert [template.render({"customer": {"name": name}}) for name in ("Ann", "Bob")] == names


def test_a_value_and_the_text_above_it_are_told_apart() -> None:
    template = compile_template("{{ event.item.name | default: 'x' | upcase }}", html=False)
    assert [template.render({"event": {"item": item}}) for item in ("book", {"name": "book"})] == ["X", "BOOK"]
