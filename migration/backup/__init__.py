"""Backups of this system: one archive that can be checked and brought back. See docs/backup.md."""
