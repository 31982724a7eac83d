"""Why a backup cannot be written, read or brought back."""

from pipeline.errors import DoorbellError


class BackupError(DoorbellError):
    """The backup could not be written; nothing lies under its name."""

    code = "backup_failed"


class BadArchive(DoorbellError):
    """The file is no backup, is damaged, or was made to do harm. Nothing of it was used."""

    code = "bad_archive"


class RestoreError(DoorbellError):
    """The backup could not be brought back; the installation is as it was before."""

    code = "restore_failed"
