from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0005_chips_between_stages"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="faceobservation",
            name="landmarks",
        ),
    ]
