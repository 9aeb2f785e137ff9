import audiences.models.workspace
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audiences", "0004_holiday_countries")]

    operations = [
        migrations.AlterField(
            "workspace",
            "holiday_countries",
            models.JSONField(
                blank=True,
                db_default=[],
                default=list,
                help_text="Whose public holidays stand on the calendar: countries, or parts of one such as Germany: Bayern.",
                validators=[audiences.models.workspace.places_exist],
            ),
        ),
    ]
