"""How moments are written: the day with its weekday, the hour out of 24."""

DATETIME_FORMAT = "D j M Y, H:i"
SHORT_DATETIME_FORMAT = "j M Y, H:i"
DATE_FORMAT = "D j M Y"
TIME_FORMAT = "H:i"
