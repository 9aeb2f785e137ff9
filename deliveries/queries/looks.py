"""What decisions about customers of one shard have in common, read and worked out once: the channels of one admission,
or several dry ones in a row."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from pyroaring import BitMap

from campaigns.models import Send
from deliveries.queries.gates import ShardConsent
from deliveries.queries.occasions import Occasion
from deliveries.queries.rivals import Others, audiences_of, spoken_slots
from deliveries.queries.rules import WorkspaceRules
from deliveries.queries.zones import zones_of
from deliveries.slots import SlotSet
from deliveries.timing import Schedule


class Look:
    """`members`: all customers of the shard whom any of the decisions is about. All are made at the same `now`."""

    def __init__(
        self, shard: int, ids: range, members: BitMap, rules: WorkspaceRules, now: datetime, others: Others
    ) -> None:
        self.shard, self.ids, self.members = shard, ids, members
        self.rules, self.now, self.others = rules, now, others
        self.allows = ShardConsent(ids)
        self._spoken: dict[tuple[int, Schedule], list[SlotSet]] = {}

    @cached_property
    def zones(self) -> dict[ZoneInfo, BitMap]:
        return zones_of(self.members, self.ids, self.rules.zone)

    def spoken(self, rivals: Sequence[tuple[Occasion, Send]], members: BitMap) -> list[SlotSet]:
        """The slots of `members` that are spoken for by these sends, in their order.

        By the present moment, not by the hour of the send that is decided on: one of the days before will have gone out
        at its own.
        """
        self._hear([pair for pair in rivals if _key(pair[0]) not in self._spoken])
        slots = (each for occasion, _ in rivals for each in self._spoken[_key(occasion)])
        cut = (replace(each, members=each.members & members) for each in slots)
        return [each for each in cut if each.members]

    def _hear(self, rivals: Sequence[tuple[Occasion, Send]]) -> None:
        for rival in audiences_of(rivals, self.members, self.shard, self.ids, self.others):
            slots = spoken_slots(rival, self.zones, self.allows, self.rules, self.now) if rival.members else ()
            self._spoken[_key(rival.occasion)] = list(slots)


def _key(occasion: Occasion) -> tuple[int, Schedule]:
    """One send can be looked at where it is and where it would be."""
    return occasion.send_id, occasion.schedule
