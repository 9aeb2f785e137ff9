"""Settings: what the operator sets is read in `environment`; the rest is said here."""

import os
import sys
from pathlib import Path

from csp.constants import NONE, SELF

from calendar_project.broker import broker_options
from calendar_project.environment import EnvironmentProblem, read_environment

BASE_DIR = Path(__file__).resolve().parent.parent
try:
    ENVIRONMENT = read_environment(os.environ, BASE_DIR)
except EnvironmentProblem as problem:
    # Not an exception: manage.py, celery and uvicorn would each print a page of traceback around the sentence.
    sys.exit(f"Almanac cannot start: {problem}")

EMBEDDED = ENVIRONMENT.embedded
DEBUG = False
SECRET_KEY = ENVIRONMENT.secret_key
ADDRESS_HASH_KEY = ENVIRONMENT.address_hash_key
ALLOWED_HOSTS = ENVIRONMENT.allowed_hosts
BASE_URL = ENVIRONMENT.base_url
CSRF_TRUSTED_ORIGINS = [BASE_URL]

INSTALLED_APPS = [
    "calendar_project",
    "deliveries",
    "campaigns",
    "audiences",
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "rest_framework",
    "knox",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rules",
    "csp",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "calendar_project.middleware.refuse_nul_in_admin",
    "calendar_project.middleware.StaticFiles",
    "calendar_project.middleware.ContentPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "calendar_project.workspace_time.workspace_time",
]
ROOT_URLCONF = "calendar_project.urls"
ASGI_APPLICATION = "calendar_project.asgi.application"
WSGI_APPLICATION = "calendar_project.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
AUTHENTICATION_BACKENDS = ["rules.permissions.ObjectPermissionBackend", "django.contrib.auth.backends.ModelBackend"]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "calendar:week"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# --- Database -------------------------------------------------------------------------------------------------
_database = ENVIRONMENT.database
if _database["ENGINE"].endswith("sqlite3"):
    # Ours waits in a fairer way. IMMEDIATE: a writer queues at BEGIN instead of failing at its first write. FULL: a
    # commit survives a power cut.
    _database = {**_database, "ENGINE": "calendar_project.patient_sqlite"}
    _options = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
else:
    # No statement, lock or forgotten transaction may hold a shard for ever.
    _options = {
        "connect_timeout": 10,
        "options": "-c statement_timeout=120s -c lock_timeout=30s -c idle_in_transaction_session_timeout=60s",
    }
# What the URL says after its question mark (host of a socket, sslmode) goes over ours.
DATABASES = {
    "default": {**_database, "CONN_HEALTH_CHECKS": True, "OPTIONS": {**_options, **_database.get("OPTIONS", {})}}
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Time and words -------------------------------------------------------------------------------------------
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-gb"
FORMAT_MODULE_PATH = "calendar_project.formats"
USE_THOUSAND_SEPARATOR = True

# --- Static files ---------------------------------------------------------------------------------------------
STATIC_URL = "static/"
MEDIA_ROOT = ENVIRONMENT.data_dir / "files"
# Embedded: each file from where its app keeps it. Deployed: what `collectstatic` gathered, under names that carry a
# digest, so that browsers may keep them for good.
STATIC_ROOT = None if EMBEDDED else ENVIRONMENT.data_dir / "static"
WHITENOISE_USE_FINDERS = EMBEDDED
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if EMBEDDED
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# --- Celery ---------------------------------------------------------------------------------------------------
CELERY_BROKER_URL = ENVIRONMENT.broker_url
CELERY_BROKER_TRANSPORT_OPTIONS = broker_options(ENVIRONMENT.broker_url)
# However long the broker is away, its workers wait for it; what they are doing meanwhile goes on.
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
# Workers of another database on the same broker need queues of their own.
CELERY_TASK_DEFAULT_QUEUE = os.environ.get("CELERY_QUEUE") or "almanac"
# What may take seconds has a queue apart, so that it never stands before a triggered message. A worker that is not told
# otherwise takes from both; one that is started with `-Q` and the name of the first alone is always free for it.
BULK_QUEUE = f"{CELERY_TASK_DEFAULT_QUEUE}-bulk"
CELERY_TASK_QUEUES = {name: {"exchange": name, "routing_key": name} for name in (CELERY_TASK_DEFAULT_QUEUE, BULK_QUEUE)}
CELERY_TASK_ROUTES = {
    "audiences.tasks.*": {"queue": BULK_QUEUE},
    "campaigns.tasks.plan_all": {"queue": BULK_QUEUE},
    "campaigns.tasks.check_overlaps": {"queue": BULK_QUEUE},
    # Those of the urgent lane are sent to the first queue by whoever wakes them.
    "deliveries.tasks.dispatch_channel": {"queue": BULK_QUEUE},
    "deliveries.tasks.admit_shard": {"queue": BULK_QUEUE},
    "deliveries.tasks.tally_finished": {"queue": BULK_QUEUE},
    # They wait for a mail server, which may hang.
    "calendar_project.tasks.*": {"queue": BULK_QUEUE},
}
# What beat last did is kept in memory: every tick can be asked again, so there is no file to lose or to lock.
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"

# --- Almanac --------------------------------------------------------------------------------------------------
# Channel name -> dotted path of its class. A system check refuses a path that does not load.
CHANNELS = {
    "email": "deliveries.channels.email.EmailChannel",
    "in_app": "deliveries.channels.in_app.InAppChannel",
}
if ENVIRONMENT.webhook_url:
    # Without an address it could carry nothing, and nobody should be offered it.
    CHANNELS["webhook"] = "deliveries.channels.webhook.WebhookChannel"
# Messages per second that may leave on a channel, of all workers together; where they keep count of it.
CHANNEL_RATES = ENVIRONMENT.channel_rates
REDIS_URL = ENVIRONMENT.redis_url
EMAIL_URL = ENVIRONMENT.email_url
EMAIL_FROM = ENVIRONMENT.email_from
WEBHOOK_URL = ENVIRONMENT.webhook_url
WEBHOOK_SECRET = ENVIRONMENT.webhook_secret
WEBHOOK_TIMEOUT = 10  # seconds, of each step
# Tests alone post to this machine: whoever may set the address could reach into the network with it.
WEBHOOK_ALLOW_PRIVATE = False
SHARD_SIZE = ENVIRONMENT.shard_size
HORIZON_DAYS = 90
OVERLAP_WINDOW_HOURS = 72
# Two campaigns that share fewer people, or less of the smaller audience, are not told of as crowding.
CROWDING_PEOPLE = 10
CROWDING_PERCENT = 5
# How late a dated send may still go out; past it, it is missed.
GRACE_MINUTES = 60
# So long before its hour a send is not moved any more, and none is moved to a moment nearer than that.
FREEZE_MINUTES = ENVIRONMENT.freeze_minutes
# When a message is too late to be of use, where its campaign does not say.
DATED_EXPIRES_HOURS = 24
CONTINUOUS_EXPIRES_HOURS = 7 * 24
# A worker that has not been heard of for so long is lost, and what it held is given to others or settled. Longer than
# one message may take: connecting, every answer, and the minute after the final dot.
LEASE_SECONDS = ENVIRONMENT.lease_seconds
# Where each worker of this machine writes down how far its messages came. On a local disk, and shared by its workers.
RECORDERS = ENVIRONMENT.data_dir / "recorders"
# What Prometheus shows at /metrics.
METRICS_TOKEN = ENVIRONMENT.metrics_token

# --- API ------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    # Token before session: an anonymous caller gets 401, not 403.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "audiences.api.authentication.KeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    # No browsable API: /api/docs/ is where it is tried on.
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.DjangoModelPermissions"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "drf_standardized_errors.handler.exception_handler",
}
REST_KNOX = {"TOKEN_TTL": None}
SPECTACULAR_SETTINGS = {
    "TITLE": "Almanac",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

# --- Safety ---------------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "frame-ancestors": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
    }
}
if BASE_URL.startswith("https://"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    # Load balancers and Prometheus ask these without TLS, from inside.
    SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576

# --- Admin ----------------------------------------------------------------------------------------------------
UNFOLD = {
    "SITE_TITLE": "Almanac",
    "SITE_HEADER": "Almanac",
    "SITE_SYMBOL": "calendar_month",
    "SITE_URL": "/calendar/",
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_HISTORY": True,
    "BORDER_RADIUS": "6px",
    "STYLES": ["audiences.admin.stylesheet.address"],
    "DASHBOARD_CALLBACK": "campaigns.admin.dashboard.figures",
    "SIDEBAR": {"show_search": False, "navigation": "calendar_project.navigation.sidebar"},
    # The blue of the calendar.
    "COLORS": {
        "primary": {
            "50": "#eff6ff",
            "100": "#dbeafe",
            "200": "#bfdbfe",
            "300": "#93c5fd",
            "400": "#60a5fa",
            "500": "#3b82f6",
            "600": "#2563eb",
            "700": "#1d4ed8",
            "800": "#1e40af",
            "900": "#1e3a8a",
            "950": "#172554",
        }
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "filters": {"without_tokens": {"()": "calendar_project.log_lines.WithoutTokens"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["without_tokens"]},
    },
    "loggers": {
        # Celery tells of every task that it takes, several a second.
        "celery": {"level": ENVIRONMENT.log_level or "WARNING"},
        # It tells of every request with its whole address, which may hold a key.
        "httpx": {"level": "WARNING"},
    },
    "root": {"handlers": ["console"], "level": ENVIRONMENT.log_level or ("WARNING" if EMBEDDED else "INFO")},
}
