"""Whatever the schema lets one write, and much it does not, is answered: with declared codes, never by a 5xx, repeating nothing in errors.

More of them: `make fuzz N=2000`.
"""

from __future__ import annotations

import os
import random
import re
from collections import Counter
from typing import Any

import httpx2
import pytest

import models
from policy.vocabulary import ConsentState, Viewer
from schema.ids import global_id
from tests.builders import Merchant, a_claim, a_consent, a_merchant, a_parcel, an_agent
from tests.fuzzing.generated import MAKERS, MARK, NUMBER, documents, led_somewhere
from tests.serving import HERE, Deployment, token_of

#: Of each maker, for each caller, on each database.
COUNT = int(os.environ.get("FUZZ_EXAMPLES", "40"))
#: As docs/api.md lists them.
CODES = set(re.findall(r"[A-Z_]{6,}", (HERE / "docs/api.md").read_text().split("`extensions.code` is one of ")[1].split(";")[0]))

CALLERS = {
    "anonymous": "nothing",
    "owner": "nothing",
    "member": "ended",
    "another merchant": "live",
    "agent": "nothing",
    "agent with a claim": "claimed",
    "agent with a live consent": "live",
}


async def somebody(caller: str) -> tuple[Viewer | None, Merchant]:
    """Who asks, and the merchant they ask about."""
    merchant = await a_merchant()
    parcels = [await a_parcel(merchant) for _ in range(3)]
    await a_claim(parcels[0], filed_by=merchant.owner if CALLERS[caller] == "claimed" else None)
    if CALLERS[caller] in {"live", "ended"}:
        await a_consent(merchant, ConsentState.ACTIVE if CALLERS[caller] == "live" else ConsentState.REVOKED)
    if caller == "anonymous":
        return None, merchant
    if caller.startswith("agent"):
        return await an_agent(), merchant
    if caller == "another merchant":
        return (await a_merchant()).owner, merchant
    return (merchant.owner if caller == "owner" else merchant.member), merchant


async def ids_of(merchant: Merchant) -> list[str]:
    """Real ids of what is this merchant's, and one of nothing."""
    found = [str(global_id("Account", merchant.id))] * 3
    for name, model in (("Parcel", models.Parcel), ("Claim", models.Claim), ("Consent", models.Consent)):
        found += [str(global_id(name, row.id)) for row in await model.filter(account_id=merchant.id)]
    return [*found, "bm90aGluZw=="]


@pytest.mark.parametrize("maker", list(MAKERS))
@pytest.mark.parametrize("caller", list(CALLERS))
async def test_every_operation_is_answered_with_declared_codes_and_repeats_nothing(deployment: Deployment, caller: str, maker: str) -> None:
    viewer, merchant = await somebody(caller)
    ids, number = await ids_of(merchant), 100 * list(CALLERS).index(caller) + list(MAKERS).index(maker)
    chance = random.Random(number)  # noqa: S311 (to be repeated)
    answered: Counter[str] = Counter()
    async with deployment.server.client(await token_of(viewer) if viewer else None) as client:
        for made in documents(maker, COUNT, number):
            text = led_somewhere(made, ids, chance)
            answer = await client.post("/graphql", json={"query": text})
            answered[_held(answer, text)] += 1
    if maker == "invalid":
        assert answered["refused"] > 0
    else:  # most of them are run, and what they answer is looked at
        assert answered["run"] >= COUNT / 4, answered


def _held(answer: httpx2.Response, text: str) -> str:
    """Hold an answer against what is promised of all; whether the operation was run or refused as a whole."""
    assert answer.status_code in {200, 400}, text
    body: dict[str, Any] = answer.json()
    errors = body.get("errors", [])
    for error in errors:
        assert error["extensions"]["code"] in CODES - {"INTERNAL", "RATE_LIMITED"}, (error, text)
        told = str({**error, "path": None, "locations": None})
        assert MARK not in told, text
        assert str(NUMBER) not in told, text
    assert errors or "data" in body, text
    return "run" if "data" in body else "refused"
