"""What one operation, or one event of a subscription, carries: who is calling, the gate, and what it showed and withheld."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from policy.decision import Decision
from policy.vocabulary import Action, Reason, Viewer
from resolvers.budgets import Budget
from resolvers.errors import RateLimited, Refused
from resolvers.gate import Gate
from resolvers.ledger import Request
from resolvers.live import Changes
from schema.noted import OTHER, Noted
from schema.privacy import PrivacyReport
from schema.running import Running


@dataclass(slots=True)
class Context:
    """Made by the server for each request and each WebSocket; made anew from it for each operation and each event.

    `again` finds out anew who is calling: a session may have ended meanwhile; its time is over at `session_ends_at` of the event loop's
    clock. `name_of` tells the name of a trusted document. `who` is the caller as `running` counts them, and an operation, or an event,
    takes at most `operation_seconds`.
    `made` is what was found out of the document alone, to be used again. `noted` is what may be told of the operation, and stays the same for
    its events. `budget` is what the caller may ask in a minute, if that is limited,
    and `retry_after` how many seconds later one who was refused for asking too much may ask again. Without `any_document` only trusted
    documents are run. `owes` is what the operation costs, if no lease paid for it yet, and `paid` says that it is paid for.
    """

    viewer: Viewer | None
    request_id: str
    changes: Changes
    again: Callable[[], Awaitable[Viewer | None]]
    name_of: Callable[[str | None], str | None]
    session_id: UUID | None = None
    session_ends_at: float = math.inf
    most_parcels_an_hour: int = 500
    most_searches_an_hour: int = 200
    who: str = field(default="", repr=False)
    running: Running = field(default_factory=lambda: Running(20))
    operation_seconds: float = 10
    budget: Budget | None = None
    retry_after: int = 0
    owes: int = 0
    paid: bool = False
    any_document: bool = True
    operation: str | None = None
    report: PrivacyReport = field(default_factory=PrivacyReport)
    decided: dict[str, Action] = field(default_factory=dict)
    loaders: dict[object, Any] = field(default_factory=dict)
    event: Context | None = None
    made: dict[object, Any] | None = field(default=None, repr=False)
    noted: Noted = field(default_factory=Noted)
    connection_params: Any = None

    @property
    def gate(self) -> Gate:
        """The door, for this caller. It remembers nothing, so there may be many."""
        return Gate(self.viewer, Request(self.request_id, self.operation), self.most_parcels_an_hour, self.most_searches_an_hour)

    def was_decided(self, response_key: object, action: Action) -> bool:
        """Was this mutation let through when the whole operation was decided? Raises Refused if not."""
        if self.decided.get(str(response_key)) is not action:
            raise Refused(Decision(action, allowed=False, reason=Reason.UNDECIDED))
        return True

    async def settled(self) -> bool:
        """Was the operation not executed for want of a lease, and is it paid for now? Then it is to be executed again. Raises OverBudget."""
        if not self.owes or self.budget is None:
            return False
        owed, self.owes, self.retry_after = self.owes, 0, 0
        try:
            await self.budget.pay(owed)
        except RateLimited as error:
            self.retry_after = error.retry_after
            raise
        self.paid = True
        return True

    def fresh(self) -> Context:
        """The same caller with nothing counted, loaded or decided yet."""
        return replace(self, report=PrivacyReport(), decided={}, loaders={}, event=None, retry_after=0, owes=0, paid=False)

    async def renewed(self, request_id: str, document: str | None) -> Context:
        """The same connection, another operation: who is calling is found out anew."""
        anew = self.fresh()
        anew.viewer = await self.again()
        anew.request_id = request_id
        anew.begin(document)
        return anew

    def begin(self, document: str | None) -> None:
        """It is this document that runs: its name is told if it is a trusted one."""
        self.operation = self.name_of(document)
        self.noted = Noted(self.operation or OTHER)
