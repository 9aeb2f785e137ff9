"""The single conditions of a rule, one reader each."""

from collections.abc import Callable, Iterable, Mapping
from typing import Literal, TypeVar, cast

from . import values
from .grammar import (
    AGES,
    COMPARISONS,
    ORDER,
    Compare,
    Did,
    EdgeEvent,
    HasNot,
    Moment,
    Occurrences,
    Operator,
    RuleError,
    Scalar,
    SubscribedTo,
    Total,
)
from .vocabulary import CORE_DATES, CORE_FIELDS, CORE_TEXT, EVENT_VALUE, Vocabulary, suggestion

Known = TypeVar("Known")
Leaf = Mapping[str, object]
EDGE_OPERATORS = ("before", "after", "within_days", "more_than_days_ago")
LONGEST_NAME = 100


def at(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def only(leaf: Leaf, path: str, allowed: Iterable[str]) -> None:
    """Refuse a key that means nothing here: a misspelt “within_day” must not be passed over."""
    names = set(allowed)
    for key in leaf:
        if key not in names:
            raise RuleError(at(path, key), "means nothing here." + suggestion(key, names))


def named(leaf: Leaf, path: str, key: str, known: Mapping[str, Known]) -> tuple[str, Known]:
    """The name under `key` and what is known by it."""
    name = values.text(at(path, key), leaf[key])
    if name not in known:
        raise RuleError(at(path, key), f"there is no {key_noun(key)} “{name}”.{suggestion(name, known)}")
    return name, known[name]


def key_noun(key: str) -> str:
    return "topic" if key == "subscribed" else key


def attribute(leaf: Leaf, path: str, vocabulary: Vocabulary) -> Compare:
    name = values.text(at(path, "attribute"), leaf["attribute"])
    if not vocabulary.knows_attribute(name):
        known = vocabulary.attributes | CORE_FIELDS
        raise RuleError(
            at(path, "attribute"), f"no customer has an attribute “{name}” so far.{suggestion(name, known)}"
        )
    if name in CORE_DATES:
        return _compare(leaf, path, name, {"attribute"}, DATE_READERS)
    return _not_empty(_compare(leaf, path, name, {"attribute"}, READERS), path)


def _not_empty(compare: Compare, path: str) -> Compare:
    """A core field is text and empty where it is missing, so that comparing it with the empty text misleads."""
    if compare.subject not in CORE_TEXT or compare.operator is Operator.EXISTS:
        return compare
    if "" in (compare.value if isinstance(compare.value, tuple) else (compare.value,)):
        raise RuleError(at(path, compare.operator), "is empty. To find those without it say “exists”: false.")
    return compare


def _compare(leaf: Leaf, path: str, subject: str, besides: set[str], readers: "Readers") -> Compare:
    only(leaf, path, {*readers, *besides})
    found = [operator for operator in readers if operator in leaf]
    if len(found) != 1:
        how = "says nothing to compare with" if not found else "compares twice"
        raise RuleError(path, f"{how}. Use one of {', '.join(readers)}.")
    operator = found[0]
    return Compare(subject, Operator(operator), readers[operator](at(path, operator), leaf[operator]))


def did(leaf: Leaf, path: str, _: Vocabulary) -> Did:
    only(leaf, path, {"did", "at_least", "within_days", "where"})
    times = values.whole(at(path, "at_least"), leaf.get("at_least", 1), values.MOST_TIMES)
    return Did(_occurrences(leaf, path, "did"), times)


def has_not(leaf: Leaf, path: str, _: Vocabulary) -> HasNot:
    only(leaf, path, {"has_not", "within_days", "where"})
    return HasNot(_occurrences(leaf, path, "has_not"))


def total(leaf: Leaf, path: str, _: Vocabulary) -> Total:
    only(leaf, path, {"sum", "within_days", "where", *ORDER})
    found = [operator for operator in ORDER if operator in leaf]
    if len(found) != 1:
        raise RuleError(path, f"must compare the sum once, with one of {', '.join(ORDER)}.")
    amount = values.number(at(path, found[0]), leaf[found[0]])
    return Total(_occurrences(leaf, path, "sum"), found[0], amount)


def first(leaf: Leaf, path: str, _: Vocabulary) -> EdgeEvent:
    return _edge(leaf, path, "first")


def last(leaf: Leaf, path: str, _: Vocabulary) -> EdgeEvent:
    return _edge(leaf, path, "last")


def _edge(leaf: Leaf, path: str, edge: Literal["first", "last"]) -> EdgeEvent:
    only(leaf, path, {edge, *EDGE_OPERATORS})
    event = _event_name(leaf, path, edge)
    found = [operator for operator in EDGE_OPERATORS if operator in leaf]
    if len(found) != 1:
        raise RuleError(path, f"must say when, with one of {', '.join(EDGE_OPERATORS)}.")
    operator = cast(Literal["before", "after", "within_days", "more_than_days_ago"], found[0])
    read: Callable[[str, object], Moment | int] = values.days if operator in AGES else values.moment
    return EdgeEvent(edge, event, operator, read(at(path, operator), leaf[operator]))


def subscribed(leaf: Leaf, path: str, vocabulary: Vocabulary) -> SubscribedTo:
    only(leaf, path, {"subscribed", "channel"})
    slug, topic = named(leaf, path, "subscribed", vocabulary.topics)
    if "channel" not in leaf:
        raise RuleError(path, "must say on which “channel”." + suggestion("", vocabulary.channels))
    channel, _ = named(leaf, path, "channel", dict.fromkeys(vocabulary.channels))
    return SubscribedTo(slug, topic.id, topic.opt_in, channel)


def _occurrences(leaf: Leaf, path: str, key: str) -> Occurrences:
    within = values.days(at(path, "within_days"), leaf["within_days"]) if "within_days" in leaf else None
    return Occurrences(_event_name(leaf, path, key), within, _where(leaf.get("where", {}), at(path, "where")))


def _event_name(leaf: Leaf, path: str, key: str) -> str:
    name = values.text(at(path, key), leaf[key])
    if len(name) > LONGEST_NAME:
        raise RuleError(at(path, key), f"is longer than {LONGEST_NAME} characters, as no event name is.")
    return name


def _where(where: object, path: str) -> tuple[Compare, ...]:
    """{“category”: “books”, “cds”: {“at_least”: 2}}: a bare value means “is”."""
    if not isinstance(where, Mapping):
        raise RuleError(path, "must be an object such as {“category”: {“is”: “books”}}.")
    if len(where) > 10:
        raise RuleError(path, "compares more than 10 properties.")
    return tuple(_property(name, comparison, at(path, str(name))) for name, comparison in where.items())


def _property(name: object, comparison: object, path: str) -> Compare:
    subject = property_name(path, name)
    leaf = comparison if isinstance(comparison, Mapping) else {"is": comparison}
    compare = _compare(leaf, path, subject, set(), READERS)
    if subject == EVENT_VALUE and compare.operator not in (Operator.EXISTS, Operator.IN, Operator.NOT_IN):
        values.number(at(path, compare.operator), compare.value)
    return compare


def property_name(path: str, name: object) -> str:
    read = values.text(path, name)
    if len(read) > LONGEST_NAME or any(letter in '"\\' or letter < " " for letter in read):
        raise RuleError(path, "is not a property name: at most 100 characters, no quotes, backslashes or line ends.")
    return read


Readers = Mapping[str, Callable[[str, object], "Scalar | Moment | tuple[Scalar, ...]"]]
READERS: Readers = {
    **dict.fromkeys(COMPARISONS, values.ordered),
    Operator.IS: values.scalar,
    Operator.IS_NOT: values.scalar,
    Operator.IN: values.choices,
    Operator.NOT_IN: values.choices,
    Operator.CONTAINS: values.text,
    Operator.STARTS_WITH: values.text,
    Operator.EXISTS: values.truth,
}
DATE_READERS: Readers = {
    **dict.fromkeys(ORDER, values.moment),
    **dict.fromkeys(AGES, values.days),
}
