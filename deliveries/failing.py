"""When a campaign must pause itself: too many of its latest messages were not rendered, bounced or were complained of.

The limits are those at which mail providers begin to refuse a sender altogether; by then every other campaign suffers.
"""

from dataclasses import dataclass

#: How the reason of a failed delivery begins when its template was at fault, or when its address does not exist.
UNRENDERED, BOUNCED = "template: ", "bounced: "
#: Judged by so many: the latest that were tried since the campaign was last started or resumed.
LATEST = 1_000
# From so many on. Fewer say nothing; and yet a small send is stopped before it is over.
ENOUGH = 100
# One complaint among a hundred is an accident, three among a thousand are none.
ENOUGH_FOR_COMPLAINTS = 1_000
MOST_UNRENDERED, BOUNCES, COMPLAINTS = 5.0, 5.0, 0.3  # percent: more than the first, the others from there on

#: What happened, as `why_to_pause` says it, and what somebody can do about it.
ADVICE = {
    "could not be rendered": "See what the reasons with its failed deliveries say. Either fill in what these customers "
    "lack and resume, or correct the message: that makes a new version, to be approved, and ends what is under way.",
    "went to addresses that do not exist": "Find out where these addresses are from, and leave that segment out or "
    "mend it. Providers refuse whoever goes on writing to addresses that do not exist.",
    "were reported as spam": "Find out who gets this and why they did not expect it, and narrow the audience or the "
    "message. Providers refuse whoever goes on being reported.",
}
_UNRENDERED, _BOUNCED, _COMPLAINED = ADVICE


@dataclass(frozen=True)
class Tally:
    """What became of a campaign's latest messages. `tried`: sent, failed or not confirmed."""

    tried: int
    unrendered: int = 0
    bounced: int = 0
    complained: int = 0


def why_to_pause(tally: Tally) -> str:
    """A sentence with the figures, or several; empty where all is well."""
    judged = {
        _UNRENDERED: (tally.unrendered, tally.tried >= ENOUGH and _percent(tally.unrendered, tally) > MOST_UNRENDERED),
        _BOUNCED: (tally.bounced, tally.tried >= ENOUGH and _percent(tally.bounced, tally) >= BOUNCES),
        _COMPLAINED: (
            tally.complained,
            tally.tried >= ENOUGH_FOR_COMPLAINTS and _percent(tally.complained, tally) >= COMPLAINTS,
        ),
    }
    return " ".join(
        f"{count:,} of the last {tally.tried:,} messages {what}." for what, (count, is_bad) in judged.items() if is_bad
    )


def what_to_do(why: str) -> list[str]:
    """What helps against what `why_to_pause` said."""
    return [advice for what, advice in ADVICE.items() if what in why]


def _percent(part: int, tally: Tally) -> float:
    return 100 * part / tally.tried
