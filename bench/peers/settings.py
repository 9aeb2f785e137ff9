"""Settings of the peers' Django project: each with what its own documentation advises for many mails."""

import os

import environ

SECRET_KEY = "peers of the benchmark, which nobody reaches"  # noqa: S105 - it signs nothing
INSTALLED_APPS = os.environ["BENCH_APPS"].split()
DATABASES = {"default": dict(environ.Env.db_url_config(url))} if (url := os.environ.get("BENCH_DATABASE_URL")) else {}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates"}]
EMAIL_HOST, EMAIL_PORT = "127.0.0.1", int(os.environ["BENCH_SMTP_PORT"])

_for_many_mails = {
    # Every batch opens its connections and forks its processes anew; its default is 100.
    "BATCH_SIZE": 2000,
    # By its documentation, and here too, more threads do not speed SMTP up; its default is 5.
    "THREADS_PER_PROCESS": 1,
    # Failures alone are logged; by default a second row is written for every mail.
    "LOG_LEVEL": 1,
}
POST_OFFICE = {} if os.environ["BENCH_VARIANT"] == "defaults" else _for_many_mails

# Its log keeps that a mail was sent, and not the text again. One process alone needs no file to lock.
MAILER_EMAIL_LOG_MESSAGE_DATA = False
MAILER_USE_FILE_LOCK = False
