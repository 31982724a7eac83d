"""What an import is going to do and has done, in lines for a person."""

from collections.abc import Iterator

from migration.importing.report import Report
from migration.planning.values import Plan, Verdict

MOST_NOTES = 60


def plan_lines(plan: Plan, *, is_default_zone: bool) -> Iterator[str]:
    blocked = sum(person.is_blocked for person in plan.people)
    faces = sum(len(person.faces) for person in plan.people)
    source = "the zone of this doorbell; --timezone gives another" if is_default_zone else "as you said"
    yield "Plan"
    yield f"  {len(plan.people)} people, {blocked} of them blocked, with {faces} pictures or encodings"
    yield f"  about {plan.visit_count} visits and pictures"
    yield f"  notification channel: {'Telegram' if plan.credentials else 'none'}"
    yield f"  {len(plan.reviews)} things to review"
    yield f"  old local times are read as {plan.zone} ({source})"
    for warning in plan.warnings:
        yield f"  ! {warning}"


def summary_lines(report: Report, *, is_dry: bool) -> Iterator[str]:
    yield "Would be done (nothing was written)" if is_dry else "Done"
    for kind, verdicts in report.counts.items():
        yield f"  {kind}: " + ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items())
    for note in report.partial:
        yield f"  ! partial: {note.source}: {note.reason}"
    for note in report.notable[:MOST_NOTES]:
        yield f"    {note.source}: {note.verdict.value}" + (f": {note.reason}" if note.reason else "")
    if len(report.notable) > MOST_NOTES:
        yield "    … and more; --report FILE.json tells all"
    if report.count(Verdict.REVIEW) and not is_dry:
        yield "Look at the review list in the administration: /admin/migration/reviewitem/"


def setting_lines(plan: Plan) -> Iterator[str]:
    """What of the old settings to put into the new `.env`: no program of this one writes there."""
    lines = dict.fromkeys(setting.line for setting in plan.settings if setting.line)
    if lines:
        yield "Settings that differ from the defaults, for the new .env:"
        yield from (f"  {line}" for line in lines)
    for setting in plan.settings:
        if setting.value and not setting.line and "stays" in setting.note:
            yield f"  {setting.source} {setting.name}={setting.value}: {setting.note}"
