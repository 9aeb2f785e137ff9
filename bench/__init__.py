"""Almanac measured beside what would be used in its place; `make bench`. Outside the app: nothing imports it."""
