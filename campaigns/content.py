"""What is wrong with the messages of a plan: pure, sentence by sentence."""

import re
from collections import Counter
from collections.abc import Iterator
from html import unescape

from campaigns.plan import MessagePlan, Plan
from campaigns.rendering import TemplateProblem, compile_template, unknown_fields

TEXTS = ("subject", "html", "text", "title", "body", "link")
# Per channel, groups of fields of which one must be filled; any other channel shows a title or a body.
NEEDED: dict[str, tuple[tuple[str, ...], ...]] = {"email": (("subject",), ("text", "html"))}
NEEDED_ELSEWHERE: tuple[tuple[str, ...], ...] = (("title", "body"),)
ONE_LINE = ("subject", "title", "link")
ATTRIBUTE_LINK = re.compile(r"""\b(?:href|src|action)\s*=\s*["']?\s*([^"'\s>]+)""", re.IGNORECASE)
HARMFUL = re.compile(r"^(?:javascript|data|vbscript|file):", re.IGNORECASE)
ALLOWED_LINK = re.compile(r"^(?:https?://|/(?!/)|\{\{|$)", re.IGNORECASE)


def content_problems(plan: Plan, channels: frozenset[str], known: set[str]) -> Iterator[str]:
    """Sentences, each enough to stop an approval. `channels` are those that exist; `known` the template's names."""
    if not plan.channels:
        yield "Choose at least one channel."
    for channel, times in Counter(plan.channels).items():
        if channel not in channels:
            yield f"There is no channel “{channel}”. There are {', '.join(sorted(channels))}."
        if times > 1:
            yield f"The channel {channel} is in the list twice."
        if not plan.messages_on(channel):
            yield f"There is no message for {channel}."
    for message in plan.messages:
        yield from _message_problems(message, known, is_used=message.channel in plan.channels)


def _message_problems(message: MessagePlan, known: set[str], *, is_used: bool) -> Iterator[str]:
    where = f"{message.channel}, variant {message.variant}"
    if not is_used:
        return
    for group in NEEDED.get(message.channel, NEEDED_ELSEWHERE):
        if not any(getattr(message, name).strip() for name in group):
            yield f"The message ({where}) needs a {' or a '.join(group)}."
    if message.weight < 1:
        yield f"The message ({where}) has a weight of {message.weight}: use 1 or more."
    for name in TEXTS:
        for sentence in _text_problems(name, getattr(message, name), known):
            yield f"The {name} ({where}): {sentence}"


def _text_problems(name: str, text: str, known: set[str]) -> Iterator[str]:
    if "\0" in text or (name in ONE_LINE and ("\n" in text or "\r" in text)):
        yield "it holds a line break or a character that no message can carry."
    try:
        compile_template(text, html=name == "html")
        for field in unknown_fields(text, known):
            yield f"“{field}” is not known; customers have no such value."
    except TemplateProblem as problem:
        yield str(problem)
    if name == "link" and not ALLOWED_LINK.match(text.strip()):
        yield "a link begins with https://, http:// or a single /."
    if name == "html":
        for target in _harmful_links(text):
            yield f"the link “{target[:60]}” would run code instead of opening a page."


def _harmful_links(html: str) -> Iterator[str]:
    for target in ATTRIBUTE_LINK.findall(html):
        # Browsers ignore control characters in front of and inside the scheme.
        if HARMFUL.match(re.sub(r"[\x00-\x20]", "", unescape(target))):
            yield target
