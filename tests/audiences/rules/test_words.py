from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings

from audiences.rules import explain, parse

from .strategies import RULES, VOCABULARY

TOLD: list[tuple[dict[str, Any], str]] = [
    (
        {
            "all": [
                {"attribute": "plan", "is": "pro"},
                {"attribute": "country", "in": ["DE", "AT"]},
                {"did": "ordered", "at_least": 2, "within_days": 90},
            ]
        },
        "pro customers in DE or AT who ordered twice in the last 90 days",
    ),
    ({"attribute": "plan", "in": ["pro", "team"]}, "pro or team customers"),
    ({"attribute": "seats", "at_least": 10}, "customers whose seats is at least 10"),
    ({"attribute": "email", "exists": False}, "customers who have no e-mail address"),
    ({"attribute": "created_at", "less_than": "2026-01-31"}, "customers who were added before 31 January 2026"),
    ({"has_not": "ordered", "within_days": 30}, "customers who have not ordered in the last 30 days"),
    ({"not": {"did": "ordered"}}, "customers who have not ordered"),
    (
        {"did": "ordered", "at_least": 3, "where": {"category": "books", "cds": {"at_least": 2}}},
        "customers who ordered 3 times (where category is books and cds is at least 2)",
    ),
    ({"last": "ordered", "more_than_days_ago": 60}, "customers who last ordered more than 60 days ago"),
    ({"first": "cart abandoned", "within_days": 1}, "customers who first did “cart abandoned” in the last day"),
    (
        {"sum": "ordered", "more_than": 100, "within_days": 365},
        "customers whose “ordered” adds up to more than 100 in the last 365 days",
    ),
    ({"segment": "ruled"}, "customers who are in “ruled”"),
    ({"not": {"subscribed": "tips", "channel": "email"}}, "customers who are not subscribed to tips on email"),
    (
        {"any": [{"did": "ordered"}, {"attribute": "country", "is": "DE"}]},
        "customers (who ordered or in DE)",
    ),
]


@pytest.mark.parametrize(("rule", "words"), TOLD)
def test_a_rule_is_told_in_words(rule: dict[str, Any], words: str) -> None:
    assert explain(parse(rule, VOCABULARY)) == words


@given(rule=RULES)
@hypothesis_settings(max_examples=300)
def test_every_valid_rule_can_be_told(rule: dict[str, Any]) -> None:
    told = explain(parse(rule, VOCABULARY))
    assert "customers" in told
    assert "Operator" not in told
