"""How items of a review stand: a short text that is another one as soon as anything they are about has changed."""

from collections.abc import Collection

from django.db.models import Max
from django.utils.crypto import salted_hmac

from campaigns.models import AgendaItem, Campaign, Send


def standing(item: AgendaItem) -> str:
    """Versions, statuses and owners of its campaigns, moves of its sends, the state of its finding; two queries."""
    return _keyed(_told([item])[item.pk])


def standing_of_all(items: Collection[AgendaItem]) -> str:
    """Of many at once, and of which they are; two queries, however many. The findings were read with them."""
    return _keyed("; ".join(f"i{pk} {told}" for pk, told in sorted(_told(items).items())))


def _told(items: Collection[AgendaItem]) -> dict[int, str]:
    campaigns, sends = _campaigns(items), _sends(items)
    found = {}
    for item in items:
        of_it = [campaigns[pk] for pk in sorted({item.campaign_id, item.other_id or item.campaign_id})]
        of_it += [sends[pk] for pk in sorted(filter(None, (item.send_id, item.other_send_id)))]
        found[item.pk] = " ".join([*of_it, *([item.finding.state] if item.finding else [])])
    return found


def _campaigns(items: Collection[AgendaItem]) -> dict[int, str]:
    ids = {pk for item in items for pk in (item.campaign_id, item.other_id) if pk is not None}
    rows = Campaign.objects.filter(pk__in=ids).annotate(version=Max("versions__number"))
    return {
        pk: f"c{pk}v{version or 0}-{status}-{owner or 0}"
        for pk, version, status, owner in rows.values_list("pk", "version", "status", "owner")
    }


def _sends(items: Collection[AgendaItem]) -> dict[int, str]:
    ids = {pk for item in items for pk in (item.send_id, item.other_send_id) if pk is not None}
    rows = Send.objects.filter(pk__in=ids).values_list("pk", "sequence")
    return {pk: f"s{pk}q{sequence}" for pk, sequence in rows}


def _keyed(told: str) -> str:
    # Keyed: it stands in a form, and of a private campaign it says what there are but a few possibilities of.
    return salted_hmac("campaigns.standing", told, algorithm="sha256").hexdigest()
