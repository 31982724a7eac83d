"""What an old installation looks like on disk, read as untrusted input: nothing in it is executed,
unpickled freely, followed through a link or written to. No Django models here."""
