#!/usr/bin/env python
"""Django's command line, which says in one sentence what to set when the environment is wrong."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "calendar_project.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as problem:
        sys.exit(f"Almanac cannot start: {problem}")


if __name__ == "__main__":
    main()
