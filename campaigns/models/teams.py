"""Teams and who is in them, and the milestones that campaigns serve."""

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models


class Team(models.Model):
    """A group that plans messages: lifecycle, success, product."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=60)
    color = models.CharField(
        max_length=7, default="#2563eb", validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$", "Use a colour like #2563eb.")]
    )
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, through="Membership", related_name="teams")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """What one person may do in one team. The plan itself is open to the whole workspace."""

    class Role(models.TextChoices):
        VIEWER = "viewer", "sees the plan"
        PLANNER = "planner", "writes campaigns and asks for approval"
        APPROVER = "approver", "plans, and approves what others wrote"

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=8, choices=Role, default=Role.VIEWER)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "user"], name="one_role_per_team")]

    def __str__(self) -> str:
        return f"{self.user} in {self.team}: {self.role}"


class Milestone(models.Model):
    """A step of the customer's journey (first value, adoption, renewal), reached by an event."""

    name = models.CharField(max_length=60, unique=True)
    event = models.CharField(max_length=100, help_text="The event that reaches it.")
    order = models.PositiveSmallIntegerField(default=0)
    expected_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Days within which a customer is expected to reach it."
    )

    class Meta:
        ordering = ["order", "name"]

    def __str__(self) -> str:
        return self.name
