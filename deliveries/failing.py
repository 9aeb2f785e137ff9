"""When a campaign must pause itself: too many of its latest messages were not rendered, bounced or were complained of.

The limits are those at which mail providers begin to refuse a sender altogether; by then every other campaign suffers.
"""

from dataclasses import dataclass

#: How the reason of a failed delivery begins when its template was at fault, or its address does not exist.
UNRENDERED, BOUNCED = "template: ", "bounced: "
#: Judged by so many, the latest that were tried since the campaign was last started or resumed.
LATEST = 1_000
# From so many on: fewer say nothing, and yet a small send is stopped before it is over.
ENOUGH = 100
# One complaint in a hundred is an accident; three in a thousand are none.
ENOUGH_FOR_COMPLAINTS = 1_000
MOST_UNRENDERED, BOUNCES, COMPLAINTS = 5.0, 5.0, 0.3  # percent


@dataclass(frozen=True)
class Tally:
    """What became of a campaign's latest messages. `tried`: sent, failed or not confirmed."""

    tried: int
    unrendered: int = 0
    bounced: int = 0
    complained: int = 0


def why_to_pause(tally: Tally) -> str:
    """Why, in sentences that say what to do as well; empty where all is well."""
    return " ".join(filter(None, [_unrendered(tally), _bounced(tally), _complained(tally)]))


def _unrendered(tally: Tally) -> str:
    if tally.tried < ENOUGH or _percent(tally.unrendered, tally) <= MOST_UNRENDERED:
        return ""
    return (
        f"{_of(tally.unrendered, tally)} could not be rendered. Look at what the template asks of these customers: "
        "fill in what they lack and resume, or cancel it and correct the message in a copy."
    )


def _bounced(tally: Tally) -> str:
    if tally.tried < ENOUGH or _percent(tally.bounced, tally) < BOUNCES:
        return ""
    return (
        f"{_of(tally.bounced, tally)} came back because the address does not exist. Find out where these addresses are "
        "from before it goes on: providers begin to refuse whoever writes to many that do not exist."
    )


def _complained(tally: Tally) -> str:
    if tally.tried < ENOUGH_FOR_COMPLAINTS or _percent(tally.complained, tally) < COMPLAINTS:
        return ""
    return (
        f"{_of(tally.complained, tally)} were reported as spam. Find out who gets it and why they did not expect it "
        "before it goes on: providers begin to refuse whoever is reported."
    )


def _percent(part: int, tally: Tally) -> float:
    return 100 * part / tally.tried


def _of(part: int, tally: Tally) -> str:
    return f"{part:,} of the last {tally.tried:,} messages"
