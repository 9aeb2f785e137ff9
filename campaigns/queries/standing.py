"""How an item of a review stands: a short text that is another one as soon as anything it is about has changed."""

from django.db.models import Max
from django.utils.crypto import salted_hmac

from campaigns.models import AgendaItem, Campaign, Send


def standing(item: AgendaItem) -> str:
    """Versions, statuses and owners of its campaigns, moves of its sends, the state of its finding; two queries."""
    campaigns = Campaign.objects.filter(pk__in=[item.campaign_id, item.other_id]).order_by("pk")
    rows = campaigns.annotate(version=Max("versions__number")).values_list("pk", "version", "status", "owner")
    sends = Send.objects.filter(pk__in=[item.send_id, item.other_send_id]).order_by("pk")
    parts = [f"c{pk}v{version or 0}-{status}-{owner or 0}" for pk, version, status, owner in rows]
    parts += [f"s{pk}q{sequence}" for pk, sequence in sends.values_list("pk", "sequence")]
    told = " ".join([*parts, *([item.finding.state] if item.finding else [])])
    # Keyed: it stands in a form, and of a private campaign it says what there are but a few possibilities of.
    return salted_hmac("campaigns.standing", told, algorithm="sha256").hexdigest()
