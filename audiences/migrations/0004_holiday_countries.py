import audiences.models.workspace
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audiences", "0003_holds")]

    operations = [
        migrations.AddField(
            "workspace",
            "holiday_countries",
            models.JSONField(
                blank=True,
                default=list,
                help_text="Whose public holidays stand on the calendar: countries, or parts of one such as Germany: Bayern.",
                validators=[audiences.models.workspace.places_exist],
            ),
        ),
    ]
