"""The old system's objects, each doing what it promised on top of this one."""
