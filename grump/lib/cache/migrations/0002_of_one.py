from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tiered_cache", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="storedentry",
            name="owner",
            field=models.CharField(blank=True, db_default="", default="", max_length=64),
        ),
    ]
