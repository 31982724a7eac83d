"""Why something of an old installation cannot be read."""

from pipeline.errors import DoorbellError


class SourceError(DoorbellError):
    """One file or folder of the old installation cannot be used; the text is the reason a report shows."""

    code = "unreadable_source"
