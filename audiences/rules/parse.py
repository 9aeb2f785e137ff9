"""From the JSON of a rule to its tree, or to a `RuleError` that names the place in the rule and the way out."""

from collections.abc import Callable, Mapping

from . import leaves
from .grammar import AllOf, AnyOf, InSegment, Not, Rule, RuleError
from .vocabulary import Vocabulary, suggestion

DEEPEST = 10
MOST_CONDITIONS = 100


def parse(rule: object, vocabulary: Vocabulary, slug: str = "") -> Rule:
    """The tree of a rule. `slug`: the segment that the rule is of, so that it cannot use itself."""
    return _Reader(vocabulary, trail=(slug,) if slug else ()).read(rule, "", 1)


class _Reader:
    """Reads one rule and those of the segments that it uses, counting conditions over all of them."""

    def __init__(self, vocabulary: Vocabulary, trail: tuple[str, ...]) -> None:
        self.vocabulary = vocabulary
        self.trail = trail
        self.conditions = 0

    def read(self, rule: object, path: str, depth: int) -> Rule:
        if not isinstance(rule, Mapping):
            raise RuleError(path, "a rule is an object such as {“attribute”: “plan”, “is”: “pro”}.")
        if depth > DEEPEST:
            raise RuleError(path, f"is nested more than {DEEPEST} deep. Move a part into a segment of its own.")
        word = self._leading_word(rule, path)
        if word in ("all", "any", "not"):
            leaves.only(rule, path, {word})
            return self._combination(word, rule[word], _at(path, word), depth)
        self._count(path)
        if word == "segment":
            return self._segment(rule, path)
        return LEAVES[word](rule, path, self.vocabulary)

    def _leading_word(self, rule: Mapping[str, object], path: str) -> str:
        found = [word for word in WORDS if word in rule]
        if len(found) == 1:
            return found[0]
        if found:
            raise RuleError(
                path, f"says both “{found[0]}” and “{found[1]}”. Put each in an object of its own in “all”."
            )
        unknown = next(iter(rule), "")
        raise RuleError(path, f"must say one of {', '.join(WORDS)}." + (suggestion(unknown, WORDS) if unknown else ""))

    def _combination(self, word: str, inner: object, path: str, depth: int) -> Rule:
        if word == "not":
            return Not(self.read(inner, path, depth + 1))
        if not isinstance(inner, list) or not inner:
            raise RuleError(path, "must be a list of at least one rule.")
        rules = tuple(self.read(each, f"{path}[{index}]", depth + 1) for index, each in enumerate(inner))
        return AllOf(rules) if word == "all" else AnyOf(rules)

    def _count(self, path: str) -> None:
        self.conditions += 1
        if self.conditions > MOST_CONDITIONS:
            raise RuleError(
                path,
                f"is condition number {MOST_CONDITIONS + 1}, counting those of the segments it uses; at most "
                f"{MOST_CONDITIONS} are allowed.",
            )

    def _segment(self, rule: Mapping[str, object], path: str) -> InSegment:
        leaves.only(rule, path, {"segment"})
        slug, known = leaves.named(rule, path, "segment", self.vocabulary.segments)
        if slug in self.trail:
            raise RuleError(_at(path, "segment"), f"goes in a circle: {_circle(self.trail, slug)}.")
        return InSegment(slug, known.id, self._inlined(slug, known.rule, _at(path, "segment")))

    def _inlined(self, slug: str, rule: object | None, path: str) -> Rule | None:
        if rule is None:
            return None
        if len(self.trail) >= DEEPEST:
            raise RuleError(path, f"uses segments of segments more than {DEEPEST} deep.")
        outer, self.trail = self.trail, (*self.trail, slug)
        try:
            return self.read(rule, "", 1)
        except RuleError as error:
            raise RuleError(path, _of_other(slug, error)) from error
        finally:
            self.trail = outer


def _of_other(slug: str, error: RuleError) -> str:
    if error.message.startswith("goes in a circle"):
        return error.message
    return f"the rule of “{slug}” cannot be used: {error}"


def _circle(trail: tuple[str, ...], slug: str) -> str:
    steps = [*trail[trail.index(slug) :], slug]
    return " uses ".join(f"“{each}”" for each in steps)


def _at(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


LEAVES: dict[str, Callable[[Mapping[str, object], str, Vocabulary], Rule]] = {
    "attribute": leaves.attribute,
    "did": leaves.did,
    "has_not": leaves.has_not,
    "first": leaves.first,
    "last": leaves.last,
    "sum": leaves.total,
    "subscribed": leaves.subscribed,
}
WORDS = ("all", "any", "not", "segment", *LEAVES)
