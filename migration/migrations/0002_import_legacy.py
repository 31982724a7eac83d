"""Bring an old installation along when LEGACY_DATA_DIR is set at `migrate` time; do nothing otherwise."""

from django.db import migrations

from migration.importing.at_migrate import import_if_asked, remove_imported


def forwards(apps, schema_editor):
    if schema_editor.connection.alias == "default":
        import_if_asked(apps)


def backwards(apps, schema_editor):
    if schema_editor.connection.alias == "default":
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
