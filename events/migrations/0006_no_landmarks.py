from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0005_chips_between_stages"),
    ]

    operations = [
        # Nothing for the database: going back, rows that there are need a value for the column.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="faceobservation",
                    name="landmarks",
                    field=models.JSONField(default=list),
                ),
            ],
        ),
        migrations.RemoveField(
            model_name="faceobservation",
            name="landmarks",
        ),
    ]
