"""Approvals of single sections of a campaign's plan: who said yes to what, and whether it still holds."""

from django.conf import settings
from django.db import models

from .campaigns import Campaign, CampaignVersion


class SectionApproval(models.Model):
    """One person's yes to one section (audience, content, schedule or goal), as one version said it.

    It stands until that section is edited or declined; an edit of another section leaves it alone. `digest` is that of
    what was approved (`Plan.section_digests`): a section that says anything else is not approved by it.
    """

    class Section(models.TextChoices):
        AUDIENCE = "audience", "Audience"
        CONTENT = "content", "Content"
        SCHEDULE = "schedule", "Schedule"
        GOAL = "goal", "Goal"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="section_approvals")
    section = models.CharField(max_length=8, choices=Section)
    digest = models.CharField(max_length=64)
    version = models.ForeignKey(CampaignVersion, on_delete=models.CASCADE, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()
    voided_at = models.DateTimeField(null=True, blank=True, help_text="When an edit or a decline took it away.")

    class Meta:
        ordering = ["id"]
        constraints = [
            # Two who approve the same section at once: one of them did.
            models.UniqueConstraint(
                fields=["campaign", "section"],
                condition=models.Q(voided_at__isnull=True),
                name="one_standing_approval_per_section",
            )
        ]

    def __str__(self) -> str:
        return f"{self.section} of {self.campaign_id}: {self.digest[:8]}"
