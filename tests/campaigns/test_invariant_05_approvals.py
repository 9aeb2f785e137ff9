"""Invariant 5 while sections are edited, asked for, approved and declined in any order, by people with old pages."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from audiences.models import Workspace
from campaigns.models import Campaign, SectionApproval
from campaigns.plan import SECTIONS
from campaigns.queries.approvals import latest_version, section_digests
from campaigns.refusals import Refusal
from campaigns.services import lifecycle, sends
from campaigns.services.lifecycle import Seen
from campaigns.services.versions import record_version
from tests.builders import NOW, make_campaign, make_customers, make_segment, make_user

pytestmark = pytest.mark.django_db
FIELDS = {"audience": "holdout_percent", "content": "name", "schedule": "priority", "goal": "hypothesis"}
PEOPLE = st.integers(0, 2)
SECTION = st.sampled_from(list(SECTIONS))
GOES_OUT = ("approved", "running", "paused")


class Approvals(RuleBasedStateMachine):
    """`said`: what was really said yes to, by whom; `hands`: who wrote or asked for what since. The rows must agree."""

    @initialize(four_eyes=st.booleans())
    def begin(self, four_eyes: bool) -> None:
        Workspace.current()
        Workspace.objects.update(four_eyes=four_eyes)
        self.four_eyes = four_eyes
        self.campaign = make_campaign([make_segment(make_customers(1))])
        self.people = [make_user(team=self.campaign.team) for _ in range(3)]
        self.said: dict[str, tuple[str, User]] = {}
        self.hands: dict[str, set[User]] = {section: set() for section in SECTIONS}
        record_version(self.campaign.pk, None, NOW)
        self.pages = [self._page()] * 3

    def _page(self) -> tuple[int, dict[str, str]]:
        version = latest_version(self.campaign)
        assert version
        return version.number, section_digests(version)

    def _recorded(self, before: dict[str, str], person: User) -> None:
        """What an edit changed is nobody's yes any more, and has a hand in it."""
        for section, digest in self._page()[1].items():
            if digest != before[section]:
                self.said.pop(section, None)
                self.hands[section].add(person)

    @rule(who=PEOPLE)
    def reads(self, who: int) -> None:
        self.pages[who] = self._page()

    @rule(who=PEOPLE, sections=st.sets(SECTION, min_size=1, max_size=2), value=st.integers(1, 3))
    def edits(self, who: int, sections: set[str], value: int) -> None:
        before = self._page()[1]
        Campaign.objects.filter(pk=self.campaign.pk).update(**{FIELDS[section]: value for section in sections})
        record_version(self.campaign.pk, self.people[who], NOW)
        self._recorded(before, self.people[who])

    @rule(section=SECTION, value=st.integers(1, 3))
    def writes_and_has_not_saved_yet(self, section: str, value: int) -> None:
        Campaign.objects.filter(pk=self.campaign.pk).update(**{FIELDS[section]: value})

    @rule(who=PEOPLE, day=st.integers(25, 27))
    def moves_the_send(self, who: int, day: int) -> None:
        before = self._page()[1]
        send = self.campaign.sends.filter(state="scheduled").first()
        if send and _did(lambda: sends.move(send.pk, NOW.replace(tzinfo=None, day=day), self.people[who], NOW)):
            self._recorded(before, self.people[who])

    @rule(who=PEOPLE)
    def asks(self, who: int) -> None:
        before, person = self._page()[1], self.people[who]
        if _did(lambda: lifecycle.ask_for_approval(self.campaign.pk, person, NOW)):
            self._recorded(before, person)
            for section in SECTIONS - self.said.keys():
                self.hands[section].add(person)

    @rule(who=PEOPLE, asker=PEOPLE, yes=st.lists(st.tuples(PEOPLE, SECTION), max_size=4))
    def goes_through_a_review(self, who: int, asker: int, yes: list[tuple[int, str]]) -> None:
        """What happens most: somebody asks, some look at it, and say yes to parts of it or to the whole."""
        self.asks(asker)
        for each, section in yes:
            self.approves(each, section, is_fresh=True)
        if len(yes) < 3:
            self.approves_the_whole(who, is_fresh=True)

    @rule(who=PEOPLE, is_fresh=st.booleans())
    def approves_the_whole(self, who: int, is_fresh: bool) -> None:
        if is_fresh:
            self.reads(who)
        (number, digests), person = self.pages[who], self.people[who]
        if _did(lambda: lifecycle.approve(self.campaign.pk, number, person, NOW)):
            for section in SECTIONS - self.said.keys():
                self._says_yes(section, digests[section], person)

    @rule(who=PEOPLE, section=SECTION, is_fresh=st.booleans())
    def approves(self, who: int, section: str, is_fresh: bool) -> None:
        if is_fresh:
            self.reads(who)
        (number, digests), person = self.pages[who], self.people[who]
        seen = Seen(section, digests[section], number)
        was_said = section in self.said
        if _did(lambda: lifecycle.approve_section(self.campaign.pk, seen, person, NOW)) and not was_said:
            self._says_yes(section, digests[section], person)

    def _says_yes(self, section: str, digest: str, person: User) -> None:
        assert not (self.four_eyes and person in self.hands[section])
        self.said[section] = (digest, person)
        self.hands[section] = set()

    @rule(who=PEOPLE, section=SECTION)
    def declines(self, who: int, section: str) -> None:
        self.reads(who)
        number, digests = self.pages[who]
        seen = Seen(section, digests[section], number)
        if _did(lambda: lifecycle.decline_section(self.campaign.pk, seen, self.people[who], NOW, "No")):
            self.said.pop(section, None)

    @rule(who=PEOPLE)
    def declines_the_whole(self, who: int) -> None:
        _did(lambda: lifecycle.decline(self.campaign.pk, self.people[who], NOW))

    @rule(step=st.sampled_from([lifecycle.pause, lifecycle.resume]))
    def pauses_or_resumes(self, step: Any) -> None:
        _did(lambda: step(self.campaign.pk, None, NOW))

    @invariant()
    def the_rows_say_what_was_said(self) -> None:
        rows = SectionApproval.objects.filter(campaign=self.campaign, voided_at=None).select_related("by")
        assert {row.section: (row.digest, row.by) for row in rows} == self.said

    @invariant()
    def nothing_is_approved_with_a_section_that_nobody_approved(self) -> None:
        campaign = Campaign.objects.select_related("approved_version").get(pk=self.campaign.pk)
        assert campaign.is_approved == (campaign.status in GOES_OUT)
        if campaign.approved_version:
            digests = section_digests(campaign.approved_version)
            assert {section: digest for section, (digest, _) in self.said.items()} == digests
            assert campaign.approved_version == latest_version(campaign)
        else:
            assert self.said.keys() < SECTIONS.keys(), "with every section approved the campaign would be"

    @rule()
    def its_hour_comes(self) -> None:
        send = self.campaign.sends.filter(state="scheduled").first()
        if send is None:
            return
        point = transaction.savepoint()
        frozen = sends.freeze(send.pk, send.due_at)
        if frozen and frozen.version:
            digests = section_digests(frozen.version)
            assert {section: digest for section, (digest, _) in self.said.items()} == digests
        transaction.savepoint_rollback(point)


def _did(step: Any) -> bool:
    try:
        step()
    except Refusal:
        return False
    return True


def test_invariant_05_whatever_the_order_nothing_is_approved_with_a_section_that_nobody_approved() -> None:
    run_state_machine_as_test(Approvals, settings=settings(max_examples=40, stateful_step_count=20))
