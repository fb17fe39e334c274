"""Grants, revokes, claims filed and closed, and disclosing reads, as fast as they are answered, until nobody answers."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

from tests.asking import account_id, parcel_id
from tests.builders import Merchant, ParcelMade, a_claim, a_merchant, a_parcel, an_agent
from tests.faults.promises import Promises, id_of
from tests.serving import Server, token_of

NAME = "Jan de Bakker"
GRANT = "mutation ($id: ID!) { grantConsent(input: {accountId: $id, duration: ONE_HOUR}) { consent { id } } }"
REVOKE = "mutation ($id: ID!) { revokeConsent(input: {accountId: $id}) { consent { id } } }"
FILE = 'mutation ($id: ID!) { fileClaim(input: {parcelId: $id, kind: CLAIM, type: LOST, description: "Lost"}) { claim { id } } }'
CLOSE = "mutation ($id: ID!) { closeClaim(input: {claimId: $id, outcome: REJECTED}) { claim { id } } }"
READ = """query ($consented: ID!, $claimed: ID!, $open: ID!) {
  consented: parcel(id: $consented) { recipient { name } }
  claimed: parcel(id: $claimed) { recipient { name } }
  open: parcel(id: $open) { recipient { name } }
}"""


class NotAnswered(Exception):
    """Nothing was promised: there was no answer, or it was an error."""


@dataclass(frozen=True)
class Scene:
    """A merchant whose consent comes and goes, with a parcel whose claim does; and another whose parcel stays open, by a claim."""

    merchant: Merchant
    consented: ParcelMade
    claimed: ParcelMade
    open: ParcelMade
    owner: str
    claimant: str
    agents: list[str]

    def parcels(self) -> dict[str, ParcelMade]:
        """By the alias they are asked for."""
        return {"consented": self.consented, "claimed": self.claimed, "open": self.open}


async def a_scene() -> Scene:
    """Made in the open database."""
    merchant, claimant = await a_merchant(), await a_merchant("Claimant")
    consented, claimed, stays_open = await a_parcel(merchant, name=NAME), await a_parcel(claimant, name=NAME), await a_parcel(claimant, name=NAME)
    await a_claim(stays_open)
    agents = [await token_of(await an_agent()) for _ in range(3)]
    return Scene(merchant, consented, claimed, stays_open, await token_of(merchant.owner), await token_of(claimant.owner), agents)


@asynccontextmanager
async def a_storm(server: Server, scene: Scene, promises: Promises) -> AsyncIterator[None]:
    """While this lasts. What stops answering stops being asked."""
    tasks = [
        asyncio.create_task(_consents(server, scene, promises)),
        asyncio.create_task(_claims(server, scene, promises)),
        *(asyncio.create_task(_reads(server, scene, promises, agent)) for agent in scene.agents[1:]),
    ]
    try:
        yield
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


async def _asked(client: httpx2.AsyncClient, promises: Promises, document: str, variables: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    try:
        answer = await client.post("/graphql", json={"query": document, "variables": variables})
        found: dict[str, Any] = answer.json()
    except (httpx2.TransportError, ValueError):
        promises.unanswered += 1
        raise NotAnswered from None
    if "errors" in found:
        promises.unanswered += 1
        raise NotAnswered
    return answer.headers["x-request-id"], found["data"]


async def _consents(server: Server, scene: Scene, promises: Promises) -> None:
    variables, open_one = {"id": account_id(scene.merchant.id)}, None
    async with server.client(scene.owner) as client:
        try:
            for number in itertools.count():
                if number % 3 < 2:
                    _, data = await _asked(client, promises, GRANT, variables)
                    consent = id_of(data["grantConsent"]["consent"], "Consent")
                    promises.granted[consent] = scene.merchant.id
                    if open_one is not None:
                        promises.ended.add(open_one)
                    open_one = consent
                else:
                    await _asked(client, promises, REVOKE, variables)
                    assert open_one is not None
                    promises.ended.add(open_one)
                    open_one = None
        except NotAnswered:
            return


async def _claims(server: Server, scene: Scene, promises: Promises) -> None:
    async with server.client(scene.claimant) as merchant, server.client(scene.agents[0]) as agent:
        try:
            while True:
                _, data = await _asked(merchant, promises, FILE, {"id": parcel_id(scene.claimed.id)})
                claim = data["fileClaim"]["claim"]
                promises.filed.add(id_of(claim, "Claim"))
                request, _ = await _asked(agent, promises, CLOSE, {"id": claim["id"]})
                promises.closed[id_of(claim, "Claim")] = request
        except NotAnswered:
            return


async def _reads(server: Server, scene: Scene, promises: Promises, agent: str) -> None:
    variables = {alias: parcel_id(parcel.id) for alias, parcel in scene.parcels().items()}
    async with server.client(agent) as client:
        try:
            while True:
                request, data = await _asked(client, promises, READ, variables)
                shown = frozenset(parcel.id for alias, parcel in scene.parcels().items() if data[alias]["recipient"]["name"] == NAME)
                if shown:
                    promises.shown[request] = shown
        except NotAnswered:
            return
