"""Segment rules: JSON, checked into a tree (`parse`), and said in words (`explain`). No Django in here."""

from .grammar import Rule, RuleError
from .hints import hints
from .parse import parse
from .vocabulary import KnownSegment, KnownTopic, Vocabulary
from .words import explain

__all__ = ["KnownSegment", "KnownTopic", "Rule", "RuleError", "Vocabulary", "explain", "hints", "parse"]
