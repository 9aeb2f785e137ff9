from django.apps import AppConfig


class CalendarProjectConfig(AppConfig):
    name = "calendar_project"
