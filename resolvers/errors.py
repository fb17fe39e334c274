"""What can go wrong, as facts. `schema/errors.py` makes GraphQL of them; none carries a value of anybody's data."""

from __future__ import annotations

from policy.decision import Decision


class LatchkeyError(Exception):
    """Something the caller may be told. The message is for people and holds no values."""

    code = "INTERNAL"


class Refused(LatchkeyError):
    """The decision was no. Carries it, for the reason."""

    code = "FORBIDDEN"

    def __init__(self, decision: Decision) -> None:
        super().__init__(f"{decision.action} is refused: {decision.reason}")
        self.decision = decision


class NotFound(LatchkeyError):
    """There is none, or none for this caller: the two are told alike."""

    code = "NOT_FOUND"

    def __init__(self, noun: str) -> None:
        super().__init__(f"There is no such {noun}")


class BadInput(LatchkeyError):
    """The input can't be meant. The message names the field, never what was in it."""

    code = "BAD_USER_INPUT"


class Conflict(LatchkeyError):
    """The state of things does not allow it any more, or not yet."""

    code = "CONFLICT"


class RateLimited(LatchkeyError):
    """The caller asks too much at once: after so many seconds it makes sense to ask again."""

    code = "RATE_LIMITED"

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after
