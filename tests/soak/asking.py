"""One question, its answer, and what it proves: every answer of a soak is looked at, whoever asked."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx2

from policy.vocabulary import ViewerKind
from schema.ids import key
from tests.faults.promises import Promises
from tests.revocation.history import WRONG, History, Verdict
from tests.soak.fleet import Place
from tests.soak.judging import Judge, Trouble
from tests.soak.town import Caller, Town


class NotAnswered(Exception):
    """There is nothing to go on with; it has been noted. What was asked for may have happened."""


@dataclass(frozen=True, slots=True)
class Told:
    """An answer. `shown` is the parcels whose recipient is named; `not_recorded`, that something is withheld for that reason.

    By a socket there is no `request_id`.
    """

    request_id: str | None
    data: dict[str, Any]
    shown: frozenset[UUID]
    not_recorded: bool
    began: float
    over: float


@dataclass
class Sessions:
    """Of browsers: what was answered. Those of a sign-in or sign-out that had no answer may be there or not."""

    opened: int = 0
    ended: int = 0
    doubtful: int = 0


@dataclass
class Soak:
    """What is asked, and all that was answered so far."""

    places: list[Place]
    town: Town
    judge: Judge
    random: random.Random
    consent: History = field(default_factory=History)
    claim: History = field(default_factory=History)
    promises: Promises = field(default_factory=Promises)
    looks: Counter[UUID] = field(default_factory=Counter)  # rows of the access log owed, by agent: where no request's id is told
    sessions: Sessions = field(default_factory=Sessions)
    slowest: dict[bool, float] = field(default_factory=lambda: {True: 0.0, False: 0.0})  # seconds, by whether all was calm
    events: int = 0
    exported: int = 0
    imported: int = 0
    over: asyncio.Event = field(default_factory=asyncio.Event)
    _sets: dict[frozenset[UUID], frozenset[UUID]] = field(default_factory=dict)

    @property
    def going_on(self) -> bool:
        """Are clients to ask?"""
        return not self.over.is_set()

    async def pause(self, seconds: float) -> None:
        """Wait so long, or until it is over."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.over.wait(), seconds)

    async def calm(self) -> None:
        """Wait until there is no fault, and the last one has healed."""
        while not self.judge.is_calm(time.time()):  # noqa: ASYNC110 (what ends it is the time)
            await asyncio.sleep(0.1)

    def any_place(self) -> Place:
        """One of the servers."""
        return self.random.choice(self.places)

    @property
    def verdicts(self) -> Counter[Verdict]:
        """Of all reads of what comes and goes."""
        return self.consent.verdicts + self.claim.verdicts

    @property
    def wrong(self) -> dict[str, int]:
        """Reads that found what they could not: none may."""
        return {verdict.value: self.verdicts[verdict] for verdict in sorted(WRONG)}

    async def ask(
        self, what: str, who: Caller, document: str, variables: dict[str, Any], place: Place | None = None, *, code: str | None = None
    ) -> Told:
        """Ask a server; any, if none is named. Raises NotAnswered for what is no whole answer, or has another error than `code`."""
        at = place or self.any_place()
        began = time.time()
        body = {"query": document, "variables": variables}
        answer = await self.send(what, at, "POST", "/graphql", json=body, headers={"Authorization": f"Bearer {who.token}"})
        return self.look_at(what, at, who, answer.json(), began, answer.headers["x-request-id"], code=code)

    async def send(self, what: str, place: Place, method: str, path: str, *, good: int = 200, **more: Any) -> httpx2.Response:
        """Send a request, and have its answer if it has the status it should. Raises NotAnswered."""
        began = time.time()
        try:
            answer = await place.client.request(method, path, **more)
        except (httpx2.ConnectError, httpx2.ConnectTimeout):
            raise self.trouble(Trouble.REFUSED, what, place, began) from None
        except httpx2.TimeoutException:
            raise self.trouble(Trouble.LATE, what, place, began) from None
        except httpx2.TransportError:
            raise self.trouble(Trouble.BROKEN, what, place, began) from None
        if answer.status_code == 500:
            raise self.trouble(Trouble.INTERNAL, what, place, began)
        if answer.status_code != good:
            raise self.trouble(Trouble.WRONG, f"{what} (status {answer.status_code})", place, began)
        self._took(time.time() - began)
        return answer

    def look_at(
        self, what: str, place: Place, who: Caller, found: dict[str, Any], began: float, request_id: str | None, *, code: str | None = None
    ) -> Told:
        """What an answer to `who` shows is owed a record, and each recipient is who they are. Raises NotAnswered for other errors than `code`."""
        shown = self._shown_in(found.get("data"), what, place, began)
        if who.viewer.kind is ViewerKind.AGENT and shown:
            if request_id is None:
                self.looks[who.viewer.id] += len(shown)
            else:
                self.promises.shown[request_id] = self._sets.setdefault(shown, shown)
        codes = {error["extensions"]["code"] for error in found.get("errors", [])} - {code}
        if codes == {"INTERNAL"}:
            raise self.trouble(Trouble.INTERNAL, what, place, began)
        if codes:
            raise self.trouble(Trouble.WRONG, f"{what} {sorted(codes)}", place, began)
        withheld = found.get("extensions", {}).get("privacy", {}).get("withheld", [])
        not_recorded = any(each["reason"] == "NOT_RECORDED" for each in withheld)
        if not_recorded:
            self.trouble(Trouble.NOT_RECORDED, what, place, began)
        self.judge.answers[what] += 1
        return Told(request_id, found["data"], shown, not_recorded, began, time.time())

    def trouble(self, trouble: Trouble, what: str, place: Place, began: float) -> NotAnswered:
        """Note it, to be raised."""
        self.judge.note(trouble, place.number, began, time.time(), what)
        return NotAnswered(what)

    def require(self, holds: bool, what: str, place: Place | None = None) -> None:
        """Note a wrong answer, unless this holds."""
        if not holds:
            now = time.time()
            self.judge.note(Trouble.WRONG, None if place is None else place.number, now, now, what)

    def _took(self, seconds: float) -> None:
        calm = self.judge.is_calm(time.time() - seconds)
        self.slowest[calm] = max(self.slowest[calm], seconds)

    def _shown_in(self, data: object, what: str, place: Place, began: float) -> frozenset[UUID]:
        found = []
        for parcel, name in _named(data):
            if self.town.names.get(parcel, name) != name:
                self.trouble(Trouble.WRONG, f"{what}: another's name", place, began)
            found.append(key(parcel, "Parcel"))
        return frozenset(found)


def _named(data: object) -> Iterator[tuple[str, str]]:
    """Each parcel in an answer whose recipient is named: its id and that name."""
    if isinstance(data, list):
        for each in data:
            yield from _named(each)
    elif isinstance(data, dict):
        if "recipient" in data and data["recipient"]["name"] is not None:
            yield data["id"], data["recipient"]["name"]
        for each in data.values():
            yield from _named(each)
