"""What merchants do meanwhile, and what is asked of a page of the console."""

from playwright.async_api import Locator, expect

from tests.asking import account_id
from tests.builders import Merchant
from tests.serving import Server, token_of

NAME = "Aaltje Zonneveld"
GRANT = "mutation ($id: ID!) { grantConsent(input: {accountId: $id, duration: ONE_HOUR}) { consent { id } } }"
REVOKE = "mutation ($id: ID!) { revokeConsent(input: {accountId: $id}) { consent { id } } }"
WITHDRAW = "mutation ($id: ID!) { withdrawClaim(input: {claimId: $id}) { claim { id } } }"
FILE = 'mutation ($id: ID!) { fileClaim(input: {parcelId: $id, kind: CLAIM, type: LOST, description: "Where is it?"}) { claim { id } } }'


async def as_owner(house: Server, merchant: Merchant, document: str, key: str) -> None:
    """The owner does this elsewhere."""
    answer = await house.ask(document, {"id": key}, token=await token_of(merchant.owner))
    assert "errors" not in answer, answer


async def grants(house: Server, merchant: Merchant) -> None:
    """The owner grants Agent login, for an hour."""
    await as_owner(house, merchant, GRANT, account_id(merchant.id))


async def revokes(house: Server, merchant: Merchant) -> None:
    """The owner takes it back."""
    await as_owner(house, merchant, REVOKE, account_id(merchant.id))


def account_page(merchant: Merchant) -> str:
    """Its address."""
    return f"/console/accounts/{account_id(merchant.id)}"


async def is_refused(button: Locator, why: str) -> None:
    """It is in sight and reached by keyboard, can't be used, and says why."""
    await expect(button).to_have_attribute("aria-disabled", "true")
    await expect(button).to_have_accessible_description(why)
    await button.focus()
    await expect(button).to_be_focused()
