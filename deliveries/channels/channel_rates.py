"""`CHANNEL_RATES`: messages per second by channel, read from the text that the operator wrote. Knows no Django."""

#: What `settings.CHANNELS` may hold, and a rate may be set for.
CHANNELS = ("email", "in_app", "webhook")
LEAST, MOST = 0.001, 1_000_000


class ChannelRatesProblem(ValueError):
    """The setting cannot be used; the text is a sentence that names it and says what would be right."""


def read_channel_rates(text: str) -> dict[str, float]:
    """`email=100,webhook=20` → `{"email": 100.0, "webhook": 20.0}`; blank → `{}`."""
    pairs = [pair.strip() for pair in text.split(",") if pair.strip()]
    rates = dict(map(_rate, pairs))
    if len(rates) < len(pairs):
        raise ChannelRatesProblem("CHANNEL_RATES names a channel twice.")
    return rates


def _rate(pair: str) -> tuple[str, float]:
    name, _, text = (part.strip() for part in pair.partition("="))
    if name not in CHANNELS:
        raise ChannelRatesProblem(
            f"CHANNEL_RATES takes channels with messages per second, like email=100,webhook=20; “{pair}” is none. "
            f"The channels are {', '.join(CHANNELS)}."
        )
    # Digits and one point alone: Python would read "1e400", "nan" and "1_0" as numbers too.
    is_number = text.isascii() and text.replace(".", "", 1).isdigit()
    if not is_number or not LEAST <= float(text) <= MOST:
        raise ChannelRatesProblem(
            f"CHANNEL_RATES takes a number of messages per second from {LEAST} to {MOST}; for “{name}” it is “{text}”."
        )
    return name, float(text)
