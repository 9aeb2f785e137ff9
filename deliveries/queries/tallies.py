"""How many messages of a send are in which state: read from its tally once it is over, counted in the ledger before.

Nobody has to keep a tally right. A send that is done gets no rows any more, and none of its rows is open; of the
states that they are in, `uncertain` alone is ever left again. So while as many are uncertain as when they were counted,
nothing has moved; where a late word has settled one, the ledger is counted again.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping

from django.db.models import Count

from deliveries.models import Delivery, Tally

UNCERTAIN = Delivery.State.UNCERTAIN
# By channel, then by state.
Counts = dict[str, Counter[str]]


def states_of(send_ids: Iterable[int]) -> dict[int, Counts]:
    """By send; one of which there is nothing in the ledger is left out. Three statements, whatever the number of
    sends and of messages that are gone."""
    wanted = set(send_ids)
    tallied = standing_tallies(wanted)
    return {pk: counts for pk, counts in tallied.items() if counts} | counted(wanted - tallied.keys())


def standing_tallies(send_ids: Collection[int]) -> dict[int, Counts]:
    """The tallies of these sends that still hold. Two statements, the second by the index `delivery_send_state`."""
    rows = Tally.objects.filter(send__in=send_ids).values_list("send_id", "counts")
    found = {send_id: {channel: Counter(states) for channel, states in counts.items()} for send_id, counts in rows}
    doubtful = {send_id: _uncertain(counts) for send_id, counts in found.items() if _uncertain(counts)}
    channels = {channel for send_id in doubtful for channel in found[send_id]}
    still = Delivery.objects.filter(send__in=list(doubtful), channel__in=channels, state=UNCERTAIN).order_by()
    left = dict(still.values_list("send_id").annotate(number=Count("*")))
    return {pk: counts for pk, counts in found.items() if doubtful.get(pk, 0) == left.get(pk, 0)}


def counted(send_ids: Collection[int]) -> dict[int, Counts]:
    """From the ledger. `COUNT(*)` asks for no column beside those of the index: with any other every row is read."""
    rows = Delivery.objects.filter(send__in=send_ids).order_by().values_list("send_id", "channel", "state")
    found: defaultdict[int, Counts] = defaultdict(lambda: defaultdict(Counter))
    for send_id, channel, state, number in rows.annotate(number=Count("*")):
        found[send_id][channel][state] = number
    return dict(found)


def total(counts: Mapping[str, Counter[str]]) -> Counter[str]:
    """By state, whatever the channel."""
    return sum(counts.values(), Counter())


def _uncertain(counts: Counts) -> int:
    return sum(states[UNCERTAIN] for states in counts.values())
