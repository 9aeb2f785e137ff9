"""Valid rules of every shape, over a small vocabulary, for property tests."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from audiences.rules import KnownSegment, KnownTopic, Vocabulary

VOCABULARY = Vocabulary(
    attributes=frozenset({"plan", "country", "seats", "vip", "größe 😀"}),
    events=frozenset({"ordered", "cart abandoned"}),
    segments={"listed": KnownSegment(1), "ruled": KnownSegment(2, {"attribute": "plan", "is": "pro"})},
    topics={"tips": KnownTopic(1), "offers": KnownTopic(2, opt_in=True)},
    channels=frozenset({"email", "in_app"}),
)
TEXTS = st.sampled_from(["pro", "free", "DE", "de", "AT", "10", "true", "ä", "", "a-b", "A"])
NUMBERS = st.sampled_from([0, 1, 2, 10, -1, 0.5, 1.0, 9.75, 1_000_000])
SCALARS: st.SearchStrategy[Any] = TEXTS | NUMBERS | st.booleans()
ATTRIBUTES = st.sampled_from(sorted(VOCABULARY.attributes))
EVENTS = st.sampled_from(sorted(VOCABULARY.events))
DAYS = st.sampled_from([1, 2, 5, 30])
MOMENTS = st.sampled_from(["2026-11-22", "2026-11-01", "2026-11-20T12:00:00+01:00", "2026-11-21T00:00:00Z"])
ORDER = st.sampled_from(["less_than", "at_most", "more_than", "at_least"])

COMPARISONS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.tuples(st.sampled_from(["is", "is_not"]), SCALARS),
    st.tuples(st.sampled_from(["in", "not_in"]), st.lists(SCALARS, min_size=1, max_size=3)),
    st.tuples(ORDER, TEXTS | NUMBERS),
    st.tuples(st.sampled_from(["contains", "starts_with"]), TEXTS.filter(bool)),
    st.tuples(st.just("exists"), st.booleans()),
).map(lambda pair: {pair[0]: pair[1]})
CORE = st.builds(
    lambda name, comparison: {"attribute": name, **comparison},
    st.sampled_from(["email", "name", "locale", "timezone"]),
    COMPARISONS.filter(lambda each: "exists" in each or "" not in _values(each)),
)
CREATED = st.one_of(
    st.tuples(ORDER, MOMENTS), st.tuples(st.sampled_from(["within_days", "more_than_days_ago"]), DAYS)
).map(lambda pair: {"attribute": "created_at", pair[0]: pair[1]})
VALUE = st.one_of(
    st.tuples(ORDER, NUMBERS),
    st.tuples(st.sampled_from(["is", "is_not"]), NUMBERS),
    st.tuples(st.just("exists"), st.booleans()),
).map(lambda pair: {pair[0]: pair[1]})
WHERE = st.fixed_dictionaries({}, optional={"cds": COMPARISONS, "category": COMPARISONS, "value": VALUE})
ABOUT = {"within_days": DAYS, "where": WHERE}
EDGES = st.one_of(
    st.tuples(st.sampled_from(["before", "after"]), MOMENTS),
    st.tuples(st.sampled_from(["within_days", "more_than_days_ago"]), DAYS),
)
LEAVES: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.builds(lambda name, comparison: {"attribute": name, **comparison}, ATTRIBUTES, COMPARISONS),
    CORE,
    CREATED,
    st.fixed_dictionaries({"did": EVENTS}, optional={"at_least": st.integers(1, 3), **ABOUT}),
    st.fixed_dictionaries({"has_not": EVENTS}, optional=ABOUT),
    st.builds(
        lambda edge, event, when: {edge: event, when[0]: when[1]}, st.sampled_from(["first", "last"]), EVENTS, EDGES
    ),
    st.builds(
        lambda about, order, amount: {**about, order: amount},
        st.fixed_dictionaries({"sum": EVENTS}, optional=ABOUT),
        ORDER,
        st.sampled_from([0, 0.3, 10, 10.005, -1, 20]),
    ),
    st.sampled_from([{"segment": "listed"}, {"segment": "ruled"}]),
    st.builds(
        lambda topic, channel: {"subscribed": topic, "channel": channel},
        st.sampled_from(["tips", "offers"]),
        st.sampled_from(["email", "in_app"]),
    ),
)
RULES: st.SearchStrategy[dict[str, Any]] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda rules: {"all": rules}),
        st.lists(inner, min_size=1, max_size=3).map(lambda rules: {"any": rules}),
        inner.map(lambda rule: {"not": rule}),
    ),
    max_leaves=5,
)


def _values(comparison: dict[str, Any]) -> list[Any]:
    (value,) = comparison.values()
    return value if isinstance(value, list) else [value]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
