from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audiences", "0001_initial")]

    operations = [
        migrations.AddField(
            "workspace",
            "four_eyes",
            models.BooleanField(
                default=False,
                help_text="A campaign is approved by somebody else than those who wrote it or asked for its approval.",
            ),
        ),
    ]
