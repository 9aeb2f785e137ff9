"""What campaigns did in a stretch of time, in numbers: for the review of those who planned them."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime

from campaigns.models import Send
from deliveries.models import Delivery, Withheld
from deliveries.queries.outcomes import outcomes_of

BEGUN = (Send.State.ADMITTING, Send.State.SENDING, Send.State.PAUSED, Send.State.DONE)
STATES = (Delivery.State.SENT, Delivery.State.FAILED, Delivery.State.UNCERTAIN)


def went_out(since: datetime, until: datetime) -> dict[int, dict[str, int]]:
    """By campaign: `sends`, `missed`, messages by state, the `withheld` and of them the `capped`. Five statements.

    Of a day of a continuous campaign on which nobody got anything there is nothing to say.
    """
    due = Send.objects.filter(due_at__gt=since, due_at__lte=until, campaign__is_template=False)
    rows = list(due.filter(state__in=(*BEGUN, Send.State.MISSED)).values_list("pk", "campaign_id", "state"))
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    campaign_of = {pk: campaign_id for pk, campaign_id, _ in rows}
    for (send_id, _), outcome in outcomes_of(campaign_of).items():
        its = counts[campaign_of[send_id]]
        its.update({state.value: outcome.states[state] for state in STATES})
        its["withheld"] += outcome.withheld.total()
        its["capped"] += outcome.withheld[Withheld.Reason.CAPPED]
    for _, campaign_id, state in rows:
        counts[campaign_id]["missed" if state == Send.State.MISSED else "sends"] += 1
    return {campaign_id: dict(its) for campaign_id, its in counts.items() if _says(its.items())}


def _says(counts: Iterable[tuple[str, int]]) -> bool:
    return any(number for name, number in counts if name != "sends")
