"""The plan as a value: what is stored, and that its digest outlives an upgrade."""

from dataclasses import replace
from itertools import chain

from campaigns.plan import CAME_LATER, SECTIONS, MessagePlan, Plan

RECEIPT = Plan(
    name="Receipt",
    team_id=1,
    topic_id=2,
    include=(3,),
    exclude=(),
    channels=("email",),
    messages=(MessagePlan("email", subject="Thanks", text="Paid"),),
    trigger="event",
    event="paid",
    transactional=True,
    hypothesis="asked for",
)
# As the first release worked them out.
FIRST_DIGEST = "f5c6eb75249b9af428ca5d8ca5adb1ef161d80fbb50fe3cfb3170ffbabc75836"
FIRST_SCHEDULE = "cf57bf9f32bc555add7574136e15f0d0ddcbf7d49194f199d8cd0dddf8656431"


def test_a_plan_that_the_first_release_stored_keeps_its_digests() -> None:
    assert RECEIPT.digest() == FIRST_DIGEST
    assert RECEIPT.section_digests()["schedule"] == FIRST_SCHEDULE


def test_a_stored_plan_without_the_later_fields_has_their_defaults() -> None:
    stored = RECEIPT.as_json()
    assert not CAME_LATER & stored.keys()
    assert Plan.from_json(stored) == RECEIPT


def test_a_later_field_that_is_set_is_stored_and_makes_another_schedule() -> None:
    again = replace(RECEIPT, at_least_once=True)
    assert Plan.from_json(again.as_json()) == again
    changed = {name for name, digest in again.section_digests().items() if digest != RECEIPT.section_digests()[name]}
    assert changed == {"schedule"}


def test_every_field_is_in_exactly_one_section() -> None:
    assert sorted(chain.from_iterable(SECTIONS.values())) == sorted(Plan.__dataclass_fields__)
