"""What every channel is: settings in, an object with one method out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from events.notifications.message import Message, Receipts
from pipeline.errors import DoorbellError

Config: TypeAlias = Mapping[str, Any]


class DeliveryError(DoorbellError):
    """A message did not go out. `permanent`: trying again cannot help. `receipts`: whom it reached
    nevertheless. `retry_after_s`: what the other side asked for. `ends_channel`: nothing will ever go
    by it again."""

    code = "delivery_failed"

    def __init__(
        self,
        text: str,
        *,
        permanent: bool,
        retry_after_s: float | None = None,
        receipts: Receipts | None = None,
        ends_channel: bool = False,
    ) -> None:
        super().__init__(text)
        self.permanent = permanent
        self.retry_after_s = retry_after_s
        self.receipts = dict(receipts or {})
        self.ends_channel = ends_channel


class InvalidConfig(DoorbellError):
    """A channel cannot be opened with these settings; `field` is the one at fault."""

    code = "invalid_channel"

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


class Channel(Protocol):
    def send(self, message: Message) -> dict[str, str]:
        """Send to every receiver that `message.so_far` does not name, replacing what `message.replaces`
        names where the channel can. Returns a receipt for each receiver reached, those of `so_far`
        included. Raises DeliveryError."""
        ...


@dataclass(frozen=True, slots=True)
class Field:
    """One setting of a kind. Secrets are never shown again once they are entered."""

    name: str
    label: str
    help_text: str = ""
    widget: Literal["text", "url", "lines", "flag"] = "text"
    is_secret: bool = False
    is_required: bool = True
    default: Any = ""


def no_secrets(_config: Config) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Kind:
    """A way to reach people.

    open: checks the settings without contacting anybody, and returns the channel; raises InvalidConfig.
    describe: the settings in a line, secrets masked.
    secrets: what must be covered wherever an error is shown.
    is_added_by_itself: it has a page of its own on which it is added, and no settings to enter.
    can_replace: a later message about the same visit takes the place of an earlier one.
    """

    name: str
    label: str
    summary: str
    fields: tuple[Field, ...]
    open: Callable[[Config], Channel]
    describe: Callable[[Config], str]
    secrets: Callable[[Config], tuple[str, ...]] = no_secrets
    can_replace: bool = False
    is_told_everything: bool = False
    is_added_by_itself: bool = False
