"""How the sample's messages are written down: one text, from which both halves of an e-mail are made."""

from campaigns.plan import MessagePlan

SHOP = "https://longplay.example.com"
FOOT = "You get this because you are a customer of Longplay."


def letter(subject: str, *paragraphs: str, button: tuple[str, str], variant: str = "A") -> MessagePlan:
    """An e-mail. `button` is its label and the path in the shop that it leads to."""
    label, path = button
    body = "\n".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    links = (
        '<a href="{{ links.preferences }}">Choose what you get</a> · <a href="{{ links.unsubscribe }}">Unsubscribe</a>'
    )
    call = f'<p><a href="{SHOP}{path}"><strong>{label}</strong></a></p>'
    html = f"{body}\n{call}\n<hr>\n<p><small>{FOOT} {links}</small></p>"
    text = "\n\n".join([*paragraphs, f"{label}: {SHOP}{path}", f"--\n{FOOT}\nUnsubscribe: {{{{ links.unsubscribe }}}}"])
    return MessagePlan("email", variant=variant, subject=subject, html=html, text=text)


def note(title: str, body: str, path: str, variant: str = "A") -> MessagePlan:
    """An in-app message."""
    return MessagePlan("in_app", variant=variant, title=title, body=body, link=f"{SHOP}{path}")
