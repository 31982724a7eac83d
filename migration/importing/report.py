"""What became of every item: counted in memory, told line by line on disk, since there may be 100,000."""

import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Self

from migration.planning.values import PARTIAL, Note, Verdict

KEPT_NOTES = 200  # of each verdict


class Report:
    def __init__(self) -> None:
        self._spool: IO[str] = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - lives as long as this
        self._counts: Counter[tuple[str, Verdict]] = Counter()
        self._notable: dict[Verdict, list[Note]] = {
            Verdict.REVIEW: [],
            Verdict.SKIPPED: [],
            Verdict.IMPORTED: [],
            Verdict.ALREADY_THERE: [],
        }
        self.partial: list[Note] = []

    def add(self, note: Note) -> None:
        self._counts[note.kind, note.verdict] += 1
        json.dump(_as_json(note), self._spool)
        self._spool.write("\n")
        is_plain = note.verdict is Verdict.ALREADY_THERE or (note.verdict is Verdict.IMPORTED and not note.reason)
        notable = self._notable[note.verdict]
        if note.kind == PARTIAL:
            self.partial.append(note)
        if not is_plain and len(notable) < KEPT_NOTES:
            notable.append(note)

    @property
    def notable(self) -> list[Note]:
        """The first of what was not simply imported: what waits for a decision, what was skipped, then
        what came with a remark."""
        return [note for notes in self._notable.values() for note in notes]

    def count(self, verdict: Verdict) -> int:
        return sum(count for (_, found), count in self._counts.items() if found is verdict)

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """Kind of item to verdict to number."""
        counts: dict[str, dict[str, int]] = defaultdict(dict)
        for (kind, verdict), count in sorted(self._counts.items()):
            counts[kind][verdict.value] = count
        return dict(counts)

    def items(self) -> Iterator[dict[str, str]]:
        self._spool.seek(0)
        for line in self._spool:
            yield json.loads(line)
        self._spool.seek(0, 2)

    def write(self, path: Path, facts: Mapping[str, Any]) -> None:
        """Write one JSON object: `facts`, `counts` and `items`. Raises OSError."""
        with path.open("w", encoding="utf-8") as file:
            head = json.dumps({**facts, "counts": self.counts}, indent=1, default=str)
            file.write(head[: head.rindex("}")].rstrip() + ',\n "items": [')
            for number, item in enumerate(self.items()):
                file.write(("," if number else "") + "\n  " + json.dumps(item))
            file.write("\n ]\n}\n")

    def close(self) -> None:
        self._spool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def _as_json(note: Note) -> dict[str, str]:
    return {"kind": note.kind, "source": note.source, "verdict": note.verdict.value, "reason": note.reason}
