"""What goes wrong in this room, as HTTP. The errors look like those of /graphql; none says anything that was sent or found."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from policy.vocabulary import Reason
from resolvers.errors import LatchkeyError, Refused
from resolvers.gate import Gate

Endpoint = Callable[[Request], Awaitable[Response]]
#: Who is calling, as a gate for this request. Given by the server: identity is not this room's.
GateFor = Callable[[Request], Awaitable[Gate]]

NO_STORE: Final = {"Cache-Control": "no-store"}
_STATUSES: Final = {"BAD_USER_INPUT": 400, "UNAUTHENTICATED": 401, "FORBIDDEN": 403, "NOT_FOUND": 404, "CONFLICT": 409}


class Unanswerable(Exception):
    """The answer is this status, and these words, which hold no value."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def answering(endpoint: Endpoint) -> Endpoint:
    """The endpoint, answering what it raises. What is not ours is left to the server, and so is what identity refuses."""

    @wraps(endpoint)
    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Refused as error:
            return _refused(error)
        except LatchkeyError as error:
            return told(_STATUSES.get(error.code, 500), error.code, str(error))
        except Unanswerable as error:
            return told(error.status, error.code, str(error))

    return answer


def told(status: int, code: str, message: str, more: Mapping[str, object] | None = None) -> Response:
    """An error, in the shape the API gives them."""
    return JSONResponse({"errors": [{"message": message, "extensions": {"code": code, **(more or {})}}]}, status, NO_STORE)


def _refused(error: Refused) -> Response:
    decision = error.decision
    reason = decision.reason or Reason.UNDECIDED
    code = "UNAUTHENTICATED" if reason is Reason.NOT_SIGNED_IN else "FORBIDDEN"
    return told(_STATUSES[code], code, str(error), {"reason": reason.value, "action": decision.action.value})
