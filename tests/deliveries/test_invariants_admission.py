"""Invariants 1 to 4 of the design, with several shards in play and everything that can happen between two of them."""

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from audiences.bitmaps import load
from audiences.models import Customer, Suppression, Workspace
from audiences.queries.holds import holding
from campaigns.models import Firing, Send
from campaigns.queries.campaigns import read_plan
from deliveries.caps import CALENDAR, CapRule, Reach, period_of
from deliveries.models import Delivery, QuietHours
from deliveries.queries.forecast import decisions
from deliveries.queries.outcomes import outcomes_of
from deliveries.queries.rules import workspace_rules
from deliveries.services.admitting import admit_shard, begin_due_sends, shards_to_admit
from deliveries.services.finishing import finish_sends
from deliveries.services.holds import put_on_hold
from tests.builders import NOW, make_team, make_topic
from tests.deliveries.scenes import admit_all, admitted, make_approved_send, make_cap, make_spread, withheld

IDS = (1, 2, 255, 256, 257, 700)
ZONES = ("", "Asia/Tokyo", "Europe/Berlin", "America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago")
FIRST_HOUR = datetime(2026, 11, 22, 19, tzinfo=UTC)  # 09:00 of the 23rd where the day begins
HOLDS = st.sampled_from([None, 1, 9, 40])  # hours
MEMBERS = st.sets(st.sampled_from(IDS), min_size=1)
CAPS = st.lists(
    st.fixed_dictionaries(
        {
            "limit": st.integers(0, 3).filter(lambda limit: limit != 0) | st.just(1),
            "days": st.sampled_from([1, 7]),
            "kind": st.sampled_from(["rolling", "calendar"]),
            "scope": st.sampled_from(["all", "all", "channel", "topic", "team"]),
        }
    ),
    min_size=1,
    max_size=3,
)
OPTIONS = st.fixed_dictionaries(
    {
        "priority": st.sampled_from([10, 50, 90]),
        "channels": st.sampled_from([["email"], ["in_app"], ["email", "in_app"]]),
        "reach": st.sampled_from(["all", "first"]),
        "on_breach": st.sampled_from(["skip", "defer"]),
        "expires_after": st.sampled_from([None, timedelta(hours=6), timedelta(days=4)]),
        "obeys_caps": st.sampled_from([True, True, True, False]),
        "counts_toward_caps": st.sampled_from([True, True, True, False]),
        "transactional": st.sampled_from([False, False, False, True]),
        "holdout_percent": st.sampled_from([0, 0, 30]),
        "reentry_days": st.sampled_from([None, 0, 3]),
    }
)


def write_caps(caps: list[dict[str, Any]]) -> None:
    for fields in caps:
        scoped = {"channel": "email", "topic": make_topic(), "team": make_team()}
        extra = {fields["scope"]: scoped[fields["scope"]]} if fields["scope"] in scoped else {}
        make_cap(**{**fields, **extra})


def windows_over(cap: CapRule, zones: dict[int, ZoneInfo]) -> list[tuple[int, list[datetime]]]:
    """(customer, moments) of every window of the cap that holds too many cap-obeying deliveries."""
    moments: defaultdict[int, list[datetime]] = defaultdict(list)
    rows = Delivery.objects.filter(obeys_caps=True, counts_toward_caps=True, state__in=Delivery.HOLDING)
    for row in rows.order_by("due_at"):
        if cap.covers(Reach(row.channel, row.topic_id, row.team_id)):
            moments[row.customer_id].append(row.due_at)
    return [(customer, times) for customer, times in moments.items() if holds_too_many(cap, times, zones[customer])]


def holds_too_many(cap: CapRule, times: list[datetime], zone: ZoneInfo) -> bool:
    if cap.kind == CALENDAR:
        periods = [period_of(moment, cap, zone) for moment in times]
        return any(periods.count(period) > cap.limit for period in periods)
    return any(late - early < cap.length for early, late in zip(times, times[cap.limit :], strict=False))


def zones_now() -> dict[int, ZoneInfo]:
    return {pk: ZoneInfo(name or "UTC") for pk, name in Customer.objects.values_list("pk", "timezone")}


class Workdays(RuleBasedStateMachine):
    """Teams plan sends, workers admit some of the shards, customers move and complain; time goes on."""

    @initialize(
        caps=CAPS,
        quiet=st.sampled_from([None, (time(21), time(8)), (time(1), time(6))]),
        zones=st.lists(st.sampled_from(ZONES), min_size=len(IDS), max_size=len(IDS)),
    )
    def begin(self, caps: list[dict[str, Any]], quiet: tuple[time, time] | None, zones: list[str]) -> None:
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        for pk, zone in zip(IDS, zones, strict=True):
            make_spread([pk], timezone=zone)
        Workspace(global_holdout_percent=10).save()
        write_caps(caps)
        # A calendar cap counts the days of the zone that somebody lives in: moving moves the days under old messages.
        self.may_move = all(cap["kind"] == "rolling" for cap in caps)
        if quiet:
            QuietHours.objects.create(channel="email", start=quiet[0], end=quiet[1])
        self.now = FIRST_HOUR - timedelta(hours=12)

    @rule(members=MEMBERS, hours=st.integers(0, 40), options=OPTIONS)
    def plan(self, members: set[int], hours: int, options: dict[str, Any]) -> None:
        make_approved_send(members, self.now + timedelta(hours=hours), **options)

    @rule(members=MEMBERS, options=OPTIONS)
    def plan_at_everyones_own_hour(self, members: set[int], options: dict[str, Any]) -> None:
        if self.now < FIRST_HOUR:
            make_approved_send(members, FIRST_HOUR, "2026-11-23T09:00", zone="customer", **options)

    @rule(hours=st.integers(1, 12))
    def time_goes_on(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(place=st.integers(0, 20))
    def a_worker_admits_one_shard(self, place: int) -> None:
        begin_due_sends(self.now)
        missing = shards_to_admit(self.now)
        if missing:
            each = missing[place % len(missing)]
            admit_shard(each.send_id, each.shard, each.due_at, self.now)
            # The answer to its COMMIT was lost: it does it again.
            assert admit_shard(each.send_id, each.shard, each.due_at, self.now) == 0

    @rule()
    def workers_admit_everything(self) -> None:
        admit_all(self.now)
        finish_sends(self.now)

    @precondition(lambda self: self.may_move)
    @rule(pk=st.sampled_from(IDS), zone=st.sampled_from(ZONES))
    def a_customer_moves(self, pk: int, zone: str) -> None:
        Customer.objects.filter(pk=pk).update(timezone=zone)

    @rule(pk=st.sampled_from(IDS))
    def a_customer_complains(self, pk: int) -> None:
        Suppression.objects.get_or_create(customer_id=pk, channel="email", reason="complaint")

    @rule(pk=st.sampled_from(IDS), hours=HOLDS)
    def a_customer_is_put_on_hold(self, pk: int, hours: int | None) -> None:
        put_on_hold(pk, "in escalation", hours and self.now + timedelta(hours=hours), None, self.now)  # type: ignore[arg-type]

    @invariant()
    def nothing_but_transactional_messages_waits_for_who_is_on_hold(self) -> None:
        if hasattr(self, "savepoint"):
            waiting = Delivery.objects.filter(state="planned", version__plan__transactional=False)
            assert not waiting.filter(customer__in=holding(self.now).values("customer")).exists()

    @rule(pk=st.sampled_from(IDS))
    def a_message_fails_and_gives_its_slot_back(self, pk: int) -> None:
        first = Delivery.objects.filter(customer=pk, state="planned").order_by("pk").values("pk")[:1]
        Delivery.objects.filter(pk__in=list(first.values_list("pk", flat=True))).update(state="failed")

    @invariant()
    def no_window_of_a_cap_holds_too_many(self) -> None:
        if hasattr(self, "savepoint"):
            zones = zones_now()
            assert {cap.id: over for cap in workspace_rules().caps if (over := windows_over(cap, zones))} == {}

    @invariant()
    def nobody_is_decided_on_twice(self) -> None:
        if hasattr(self, "savepoint"):
            for send in Send.objects.exclude(state="scheduled"):
                for channel in read_plan(send.campaign).channels:
                    assert not duplicates_in(decided_on(send, channel))

    def teardown(self) -> None:
        if not hasattr(self, "savepoint"):
            return
        try:
            # Three days later everyone's hour has come.
            for hours in range(0, 72, 6):
                admit_all(self.now + timedelta(hours=hours))
            for send in Send.objects.exclude(state__in=["missed"]):
                assert_sums_are_exact(send)
            self.no_window_of_a_cap_holds_too_many()
        finally:
            transaction.set_rollback(True)
            self.savepoint.__exit__(None, None, None)


def decided_on(send: Send, channel: str) -> list[int]:
    return [*admitted(send, channel), *(pk for members in withheld(send, channel).values() for pk in members)]


def duplicates_in(ids: list[int]) -> list[tuple[int, int]]:
    return [(one, other) for one, other in pairwise(sorted(ids)) if one == other]


def assert_sums_are_exact(send: Send) -> None:
    audience = load(send.audience)
    outcomes = outcomes_of([send.pk])
    for channel in read_plan(send.campaign).channels:
        assert sorted(decided_on(send, channel)) == list(audience)
        outcome = outcomes.get((send.pk, channel))
        assert (outcome.decided if outcome else 0) == send.audience_size


@pytest.mark.django_db
def test_invariants_02_and_03_hold_whatever_is_planned_admitted_and_changed_in_between() -> None:
    steps = settings(max_examples=30, stateful_step_count=14, deadline=None)
    run_state_machine_as_test(Workdays, settings=steps)


@pytest.mark.django_db
def test_invariant_01_the_database_refuses_a_second_delivery_firing_or_send() -> None:
    make_spread([1])
    send = make_approved_send([1])
    admit_all()
    twins: list[Any] = [
        Delivery.objects.get(),
        Firing.objects.create(
            campaign=send.campaign, customer_id=1, key="event:1", occurred_at=NOW, due_at=NOW, send=send
        ),
        send,
    ]
    for twin in twins:
        twin.pk, twin._state.adding = None, True
        with pytest.raises(IntegrityError), transaction.atomic():
            twin.save()


@given(
    history=st.lists(st.tuples(MEMBERS, st.integers(1, 100), OPTIONS), max_size=3),
    members=MEMBERS,
    options=OPTIONS,
    ahead=st.lists(st.tuples(MEMBERS, st.integers(1, 100), OPTIONS), max_size=2),
    caps=CAPS,
    zones=st.lists(st.sampled_from(ZONES), min_size=len(IDS), max_size=len(IDS)),
    local=st.booleans(),
    holds=st.dictionaries(st.sampled_from(IDS), HOLDS, max_size=3),
)
@settings(max_examples=50)
@pytest.mark.django_db
def test_invariant_04_the_forecast_equals_the_admission_to_the_customer(
    history: list[Any],
    members: set[int],
    options: dict[str, Any],
    ahead: list[Any],
    caps: list[dict[str, Any]],
    zones: list[str],
    local: bool,
    holds: dict[int, int | None],
) -> None:
    with transaction.atomic():
        for pk, zone in zip(IDS, zones, strict=True):
            make_spread([pk], timezone=zone)
        write_caps(caps)
        QuietHours.objects.create(channel="email", start=time(21), end=time(8))
        for audience, hours, fields in sorted(history, key=lambda each: -each[1]):
            make_approved_send(audience, FIRST_HOUR - timedelta(hours=hours), **fields)
            admit_all(FIRST_HOUR - timedelta(hours=hours))
        schedule = {"local_due": "2026-11-23T09:00", "zone": "customer"} if local else {}
        send = make_approved_send(members, FIRST_HOUR, **schedule, **options)
        for audience, hours, fields in ahead:
            # Behind the last zone's hour: what is decided on in between is something else that writes.
            make_approved_send(audience, FIRST_HOUR + timedelta(hours=hours + 27 * local), **fields)
        for pk, length in holds.items():
            put_on_hold(pk, "in escalation", length and FIRST_HOUR + timedelta(hours=length), None, FIRST_HOUR)  # type: ignore[arg-type]
        before = foretold(send)
        begin_due_sends(FIRST_HOUR)
        for hours in range(27):
            for each in shards_to_admit(FIRST_HOUR + timedelta(hours=hours)):
                admit_shard(each.send_id, each.shard, each.due_at, FIRST_HOUR + timedelta(hours=hours))
        assert before == written(send)
        transaction.set_rollback(True)


def foretold(send: Send) -> dict[str, dict[str, list[Any]]]:
    """By channel: customers by reason and what bound them, and the admitted with their moments."""
    found: dict[str, dict[str, list[Any]]] = {}
    for shard in decisions(send.campaign, read_plan(send.campaign), send.due_at, send.due_at):
        for each in shard:
            parts = found.setdefault(each.channel, {})
            for gate in each.decision.withheld:
                parts.setdefault(f"{gate.reason} {gate.bound_by}".strip(), []).extend(gate.taken)
            moments = [(customer, due.at, due.expires_at) for due in each.dues for customer in due.members]
            parts.setdefault("admitted", []).extend(moments)
    return {channel: {key: sorted(parts[key]) for key in parts} for channel, parts in found.items()}


def written(send: Send) -> dict[str, dict[str, list[Any]]]:
    found: dict[str, dict[str, list[Any]]] = {}
    for channel in read_plan(send.campaign).channels:
        rows = Delivery.objects.filter(send=send, channel=channel).order_by("customer")
        moments = list(rows.values_list("customer", "due_at", "expires_at"))
        parts = {key: sorted(ids) for key, ids in withheld(send, channel).items()}
        found[channel] = {**parts, "admitted": moments}
    return found


def admit_in_threads(work: list[tuple[int, int, datetime]]) -> None:
    """Every shard of every send at once, each in a thread with a connection of its own, and each twice."""

    def admit(each: tuple[int, int, datetime]) -> None:
        try:
            admit_shard(*each, NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(admit, [*work, *work]))


@pytest.mark.parametrize("kind", ["rolling", "calendar"])
@pytest.mark.django_db(transaction=True)
def test_invariant_03_workers_that_race_for_the_last_slots_never_overfill_a_cap(kind: str) -> None:
    make_spread([1, 2, 300])
    make_cap(3, 7, kind=kind)
    minutes = [timedelta(minutes=minute) for minute in range(8)]
    made = [make_approved_send([1, 2, 300], NOW - minute, channels=["email", "in_app"]) for minute in minutes]
    begin_due_sends(NOW)
    admit_in_threads([(each.send_id, each.shard, each.due_at) for each in reversed(shards_to_admit(NOW))])
    assert windows_over(workspace_rules().caps[0], zones_now()) == []
    assert Delivery.objects.count() == 9
    for send in made:
        send.refresh_from_db()
        assert_sums_are_exact(send)
