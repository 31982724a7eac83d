"""Bring an old installation along when LEGACY_DATA_DIR is set at `migrate` time; do nothing otherwise."""

import os

from django.db import migrations

# What does it is imported where it is wanted: every `migrate` loads this file, and the doorbell that does so at its
# start would keep dlib and OpenCV, 30 MB, as long as it runs.


def forwards(apps, schema_editor):
    if schema_editor.connection.alias == "default" and os.environ.get("LEGACY_DATA_DIR"):
        from migration.importing.at_migrate import import_if_asked

        import_if_asked(apps)


def backwards(apps, schema_editor):
    if schema_editor.connection.alias == "default":
        from migration.importing.at_migrate import remove_imported

        remove_imported(apps)


class Migration(migrations.Migration):
    # Each batch is a transaction of its own: an import that is killed goes on where it stopped.
    atomic = False

    dependencies = [
        ("migration", "0001_initial"),
        ("events", "0002_notifications"),
        ("faces", "0001_initial"),
    ]

    operations = [migrations.RunPython(forwards, backwards)]
