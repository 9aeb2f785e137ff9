"""What tests of templates render them with."""

from typing import Any

from campaigns.rendering import compile_template

CONTEXT = {
    "customer": {"name": "<b>Ann</b>", "email": "ann@example.com", "attributes": {"plan": "pro", "tags": ["a", "b"]}},
    "event": {"name": "ordered", "value": 12.5},
    "links": {"unsubscribe": "https://x.test/u?a=1&b=2"},
}


def render(text: str, *, html: bool = False, context: dict[str, Any] | None = None) -> str:
    return compile_template(text, html=html).render(context or CONTEXT)
