"""Writes the decision on one shard: ledger rows for the admitted, withheld sets for everybody else."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from pyroaring import BitMap

from deliveries.holdout import split
from deliveries.queries.admission import ChannelDecision
from deliveries.queries.occasions import Occasion
from deliveries.queries.rules import WorkspaceRules
from deliveries.services.ledger_inserts import PlannedGroup, PlannedRows, insert_planned, insert_withheld
from deliveries.timing import Due, closes_at


def write_decisions(
    occasion: Occasion,
    version_id: int,
    shard: int,
    decisions: Sequence[ChannelDecision],
    rules: WorkspaceRules,
    now: datetime,
    firings: Mapping[int, int] | None = None,
) -> int:
    """How many rows were written; three statements a channel. Inside the transaction that read the facts.

    `firings`: the firing of each customer, for a continuous send; its withheld sets hold firings, not customers.
    """
    written = 0
    for each in decisions:
        if each.decision.admitted:
            written += insert_planned(_rows(occasion, version_id, each, rules, firings or {}), now)
        sets = {(gate.reason, gate.bound_by): _members(gate.taken, firings) for gate in each.decision.withheld}
        if sets:
            insert_withheld(occasion.send_id, each.channel, shard, sets)
    return written


def _members(customers: BitMap, firings: Mapping[int, int] | None) -> BitMap:
    return customers if firings is None else BitMap([firings[customer] for customer in customers])


def _rows(
    occasion: Occasion, version_id: int, decided: ChannelDecision, rules: WorkspaceRules, firings: Mapping[int, int]
) -> PlannedRows:
    plan = occasion.plan
    return PlannedRows(
        send_id=occasion.send_id,
        channel=decided.channel,
        version_id=version_id,
        topic_id=plan.topic_id,
        team_id=plan.team_id,
        urgent=plan.is_continuous or plan.transactional,
        obeys_caps=plan.caps_apply,
        counts_toward_caps=plan.counts,
        groups=list(_groups(occasion, decided, rules)),
        firings=firings,
    )


def _groups(occasion: Occasion, decided: ChannelDecision, rules: WorkspaceRules) -> Iterator[PlannedGroup]:
    quiet = rules.quiet.get(decided.channel) if occasion.plan.quiet_hours_apply else None
    for due in decided.dues:
        for variant, members in _variants(occasion, decided.channel, due, rules):
            yield PlannedGroup(variant, due.at, closes_at(due, quiet), due.expires_at, members)


def _variants(occasion: Occasion, channel: str, due: Due, rules: WorkspaceRules) -> Iterator[tuple[str, BitMap]]:
    """The customers of each variant, by weight. A customer gets the same variant in every send of the campaign."""
    messages = occasion.plan.messages_on(channel)
    if len(messages) <= 1:
        yield (messages[0].variant if messages else "A"), due.members
        return
    salt = f"{rules.campaign_salt(occasion.campaign_id)}:variant"
    parts = split(due.members, salt, [message.weight for message in messages])
    yield from ((message.variant, part) for message, part in zip(messages, parts, strict=True) if part)
