"""Approvals of sections. What was approved as a whole is approved in each of its sections, by whoever approved it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# The digests have to be those that the running code works out, whatever it is by then; so this leaf is not copied.
from campaigns.plan import Plan

BATCH = 500


def approve_sections(apps, schema_editor):
    approvals = apps.get_model("campaigns", "SectionApproval").objects
    campaigns = apps.get_model("campaigns", "Campaign").objects.filter(approved_version__isnull=False)
    rows = []
    for campaign in campaigns.select_related("approved_version").order_by("pk").iterator(chunk_size=BATCH):
        rows += _of(campaign, campaign.approved_version)
        if len(rows) >= BATCH:
            approvals.bulk_create(rows)
            rows = []
    approvals.bulk_create(rows)


def _of(campaign, version):
    model = campaign.section_approvals.model
    said = campaign.history.filter(action="approve").order_by("-id").first()
    by, at = (said.by_id, said.at) if said else (None, version.created_at)
    return [
        model(campaign=campaign, section=section, digest=digest, version=version, by_id=by, at=at)
        for section, digest in Plan.from_json(version.plan).section_digests().items()
    ]


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0005_private_campaigns"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SectionApproval",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "section",
                    models.CharField(
                        choices=[
                            ("audience", "Audience"),
                            ("content", "Content"),
                            ("schedule", "Schedule"),
                            ("goal", "Goal"),
                        ],
                        max_length=8,
                    ),
                ),
                ("digest", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
                (
                    "voided_at",
                    models.DateTimeField(
                        blank=True, help_text="When an edit or a decline took it away.", null=True
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="section_approvals",
                        to="campaigns.campaign",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="campaigns.campaignversion",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("voided_at__isnull", True)),
                        fields=("campaign", "section"),
                        name="one_standing_approval_per_section",
                    )
                ],
            },
        ),
        migrations.RunPython(approve_sections, migrations.RunPython.noop),
    ]
