"""Public holidays by country: what they are called, who shares them, and codes that nobody knows."""

from datetime import date

import pytest

from audiences.public_holidays import MOST, PublicHoliday, UnknownPlace, check_places, holidays_between, places

CHRISTMAS = date(2026, 12, 25)


def test_a_holiday_has_its_english_name_and_the_places_that_share_it() -> None:
    assert holidays_between(["US"], date(2026, 11, 23), date(2026, 11, 29)) == [
        PublicHoliday(date(2026, 11, 26), "Thanksgiving Day", ("US",))
    ]
    assert holidays_between(["DE-BY", "US"], CHRISTMAS, CHRISTMAS) == [
        PublicHoliday(CHRISTMAS, "Christmas Day", ("DE-BY", "US"))
    ]


def test_a_part_of_a_country_has_holidays_of_its_own() -> None:
    epiphany = date(2027, 1, 6)
    assert [each.places for each in holidays_between(["DE", "DE-BY"], epiphany, epiphany)] == [("DE-BY",)]


def test_a_week_over_new_year_has_those_of_both_years() -> None:
    found = holidays_between(["DE"], date(2026, 12, 25), date(2027, 1, 1))
    assert [each.day.isoformat() for each in found] == ["2026-12-25", "2026-12-26", "2027-01-01"]


def test_a_code_that_is_not_known_any_more_has_none() -> None:
    assert holidays_between(["XX", "DE-XX", ""], CHRISTMAS, CHRISTMAS) == []


def test_places_have_names_and_wrong_ones_get_a_sentence() -> None:
    named = places()
    assert (named["BA"], named["CD"], named["DE-BY"]) == ("Bosnia and Herzegovina", "DR Congo", "Germany: Bayern")
    check_places(["US", "DE-BY"])
    with pytest.raises(UnknownPlace, match="No holidays are known of “UK-XX”"):
        check_places(["US", "UK-XX"])
    with pytest.raises(UnknownPlace, match=f"at most {MOST}"):
        check_places(["US"] * (MOST + 1))
