import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0007_calendars_and_views'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='HandoffMail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('claimed_at', models.DateTimeField(help_text='When somebody last set about sending it.', null=True)),
                ('begun_at', models.DateTimeField(help_text='When it was about to leave.', null=True)),
                ('sent_at', models.DateTimeField(null=True)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.RemoveIndex(
            model_name='minutesmail',
            name='minutes_unsent',
        ),
        migrations.AddField(
            model_name='minutesmail',
            name='begun_at',
            field=models.DateTimeField(help_text='When it was about to leave.', null=True),
        ),
        migrations.AddIndex(
            model_name='minutesmail',
            index=models.Index(condition=models.Q(('begun_at', None), ('sent_at', None)), fields=['claimed_at'], name='minutesmail_waiting'),
        ),
        migrations.AddField(
            model_name='handoffmail',
            name='handoff',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='mail', to='campaigns.handoff'),
        ),
        migrations.AddIndex(
            model_name='handoffmail',
            index=models.Index(condition=models.Q(('begun_at', None), ('sent_at', None)), fields=['claimed_at'], name='handoffmail_waiting'),
        ),
    ]
