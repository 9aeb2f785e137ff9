import contextlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiences.rules import KnownSegment, RuleError, Vocabulary, explain, hints, parse
from audiences.rules.grammar import AllOf, Compare, Did, Occurrences, Operator

from .strategies import RULES, VOCABULARY


def nested(depth: int) -> Any:
    rule: Any = {"did": "ordered"}
    for _ in range(depth):
        rule = {"not": rule}
    return rule


WRONG: list[tuple[Any, str]] = [
    (None, "rule: a rule is an object such as"),
    ([], "rule: a rule is an object such as"),
    ({}, "rule: must say one of all, any, not, segment, attribute, did"),
    ({"al": []}, "rule: must say one of .* Did you mean “all”?"),
    ({"all": []}, "all: must be a list of at least one rule"),
    ({"all": {}}, "all: must be a list"),
    ({"all": [{"did": "ordered"}, 5]}, r"all\[1\]: a rule is an object"),
    ({"all": [{"did": "ordered"}], "any": []}, "rule: says both “all” and “any”"),
    ({"not": [{"did": "ordered"}]}, "not: a rule is an object"),
    ({"all": [{"not": {"did": ""}}]}, r"all\[0\].not.did: must be text that is not empty"),
    (
        {"attribute": "plann", "is": "pro"},
        "attribute: no customer has an attribute “plann” so far. Did you mean “plan”?",
    ),
    ({"attribute": "plan"}, "rule: says nothing to compare with. Use one of is, is_not"),
    ({"attribute": "plan", "is": "a", "in": ["b"]}, "rule: compares twice"),
    ({"attribute": "plan", "iss": "pro"}, "iss: means nothing here"),
    ({"attribute": "plan", "is": None}, "is: must be text, a number, true or false. To ask whether"),
    ({"attribute": "plan", "is": ["a"]}, "is: must be text, a number"),
    ({"attribute": "plan", "in": "DE"}, "in: must be a list of at least one value"),
    ({"attribute": "plan", "in": [1, {}]}, r"in\[1\]: must be text"),
    ({"attribute": "plan", "less_than": True}, "less_than: must be a number or text"),
    ({"attribute": "plan", "contains": 5}, "contains: must be text"),
    ({"attribute": "plan", "exists": "yes"}, "exists: must be true or false"),
    ({"attribute": "plan", "within_days": 5}, "within_days: means nothing here"),
    ({"attribute": "email", "is": ""}, "is: is empty. To find those without it say “exists”: false"),
    ({"attribute": "created_at", "is": "2026-01-01"}, "is: means nothing here"),
    ({"attribute": "created_at", "less_than": "yesterday"}, "less_than: must be a date such as"),
    ({"attribute": "created_at", "less_than": "2026-02-30"}, "less_than: must be a date such as"),
    ({"attribute": "created_at", "less_than": "2026-01-01T00:00:00"}, "less_than: must be a date such as"),
    ({"attribute": "created_at", "less_than": "0001-01-01"}, "between the years 1900 and 9000"),
    ({"attribute": "created_at", "within_days": 10**9}, "within_days: must be a whole number from 1 to 36500"),
    ({"did": "ordered", "at_least": "two"}, "at_least: must be a whole number from 1 to 1000000, without quotes"),
    ({"did": "ordered", "at_least": True}, "at_least: must be a whole number"),
    ({"did": "ordered", "at_least": 2.0}, "at_least: must be a whole number"),
    ({"did": "ordered", "at_least": 0}, "at_least: must be a whole number"),
    ({"did": "ordered", "within_day": 5}, "within_day: means nothing here. Did you mean “within_days”?"),
    ({"did": "ordered", "where": []}, "where: must be an object such as"),
    ({"did": "ordered", "where": {"cds": {}}}, "where.cds: says nothing to compare with"),
    ({"did": "ordered", "where": {'a"b': 1}}, "is not a property name"),
    ({"did": "ordered", "where": {"value": "much"}}, "where.value.is: must be a number"),
    ({"did": "ordered", "where": {str(number): 1 for number in range(11)}}, "where: compares more than 10"),
    ({"did": "x" * 101}, "did: is longer than 100 characters"),
    ({"did": "a\x00"}, "did: holds a character that cannot be stored"),
    ({"attribute": "plan", "is": "\ud800"}, "is: holds a character that cannot be stored"),
    ({"has_not": "ordered", "at_least": 2}, "at_least: means nothing here"),
    ({"first": "ordered"}, "rule: must say when, with one of before, after"),
    ({"last": "ordered", "before": "2026-01-01", "after": "2025-01-01"}, "rule: must say when"),
    ({"sum": "ordered"}, "rule: must compare the sum once"),
    ({"sum": "ordered", "more_than": "100"}, "more_than: must be a number, without quotes"),
    ({"sum": "ordered", "more_than": float("nan")}, "more_than: must be a finite number"),
    ({"sum": "ordered", "more_than": float("inf")}, "more_than: must be a finite number"),
    ({"sum": "ordered", "more_than": 10**400}, "more_than: must lie between"),
    ({"segment": "vip"}, "segment: there is no segment “vip”. There is “listed”, “ruled”."),
    ({"segment": 5}, "segment: must be text"),
    ({"subscribed": "tipps", "channel": "email"}, "subscribed: there is no topic “tipps”. Did you mean “tips”?"),
    ({"subscribed": "tips", "channel": "mail"}, "channel: there is no channel “mail”. Did you mean “email”?"),
    ({"subscribed": "tips"}, "rule: must say on which “channel”"),
    (nested(10), "nested more than 10 deep"),
    (nested(5_000), "nested more than 10 deep"),
    ({"all": [{"did": "ordered"}] * 101}, r"all\[100\]: is condition number 101"),
]


@pytest.mark.parametrize(("rule", "told"), WRONG, ids=range(len(WRONG)))
def test_a_wrong_rule_is_told_with_its_place_and_the_way_out(rule: Any, told: str) -> None:
    with pytest.raises(RuleError, match=told.replace("?", r"\?")):
        parse(rule, VOCABULARY)


def test_a_rule_becomes_a_tree() -> None:
    rule = {"all": [{"attribute": "plan", "in": ["pro", 1]}, {"did": "ordered", "where": {"cds": 2}}]}
    assert parse(rule, VOCABULARY) == AllOf(
        (
            Compare("plan", Operator.IN, ("pro", 1)),
            Did(Occurrences("ordered", where=(Compare("cds", Operator.IS, 2),))),
        )
    )


def test_limits_are_inclusive() -> None:
    parse(nested(9), VOCABULARY)
    parse({"all": [{"did": "ordered"}] * 100}, VOCABULARY)


def with_segments(**rules: Any) -> Vocabulary:
    known = {slug: KnownSegment(number, rule) for number, (slug, rule) in enumerate(rules.items())}
    return replace(VOCABULARY, segments=known)


def test_a_segment_cannot_use_itself_by_any_way_round() -> None:
    known = with_segments(a={"segment": "b"}, b={"not": {"segment": "c"}}, c={"segment": "a"})
    with pytest.raises(RuleError) as caught:
        parse({"all": [{"segment": "a"}]}, known)
    assert str(caught.value) == "all[0].segment: goes in a circle: “a” uses “b” uses “c” uses “a”."
    with pytest.raises(RuleError, match="“b” uses “a” uses “b”"):
        parse({"segment": "a"}, with_segments(a={"segment": "b"}, b={"did": "ordered"}), slug="b")


def test_a_segment_may_be_used_twice() -> None:
    known = with_segments(a={"did": "ordered"}, b={"segment": "a"})
    parse({"any": [{"segment": "a"}, {"segment": "b"}]}, known)


def test_conditions_of_used_segments_count_so_that_doubling_ends() -> None:
    doubling = {f"s{number}": {"all": [{"segment": f"s{number + 1}"}] * 2} for number in range(9)}
    with pytest.raises(RuleError, match="is condition number 101"):
        parse({"segment": "s0"}, with_segments(**doubling, s9={"did": "ordered"}))


def test_an_error_in_a_used_segment_names_it() -> None:
    with pytest.raises(RuleError) as caught:
        parse({"any": [{"segment": "a"}]}, with_segments(a={"all": [{"did": 5}]}))
    assert str(caught.value) == (
        "any[0].segment: the rule of “a” cannot be used: all[0].did: must be text that is not empty."
    )


def test_an_event_never_seen_is_a_hint_and_not_an_error() -> None:
    tree = parse({"any": [{"did": "orderd"}, {"last": "orderd", "within_days": 5}, {"did": "ordered"}]}, VOCABULARY)
    assert hints(tree, VOCABULARY) == ["Nobody has done “orderd” so far. Did you mean “ordered”?"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("ordered"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["all", "any", "not", "attribute", "is", "did", "at_least", "where", "in", "sum", "first"])
            | st.text(max_size=3),
            inner,
            max_size=3,
        )
    ),
    max_leaves=10,
)


@given(rule=JSON)
def test_whatever_stands_in_a_rule_it_is_a_tree_or_a_rule_error(rule: Any) -> None:
    with contextlib.suppress(RuleError):
        explain(parse(rule, VOCABULARY))


@given(rule=RULES)
def test_a_valid_rule_stays_valid_through_json(rule: Any) -> None:
    assert parse(json.loads(json.dumps(rule)), VOCABULARY) == parse(rule, VOCABULARY)
