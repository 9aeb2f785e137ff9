"""Calendar files from elsewhere (RFC 5545): the bytes of one in, the days and hours that it names out."""

from .entries import Entry, ReadCalendar, read_calendar
from .lines import BadCalendar

__all__ = ["BadCalendar", "Entry", "ReadCalendar", "read_calendar"]
