"""What is asked? The operations that are timed, with who asks them and of which account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from schema import ids

LIST: Final = """query ParcelPage($account: ID!, $first: Int!) {
  parcels(accountId: $account, first: $first) {
    nodes {
      id status carrier shippingMethod direction weightGrams colloNumber colloCount createdAt updatedAt
      orderNumber externalReference trackingNumber trackingUrl servicePoint note
    }
    pageInfo { hasNextPage endCursor }
  }
}"""

#: The list as PostGraphile names it. Its keys are the database's own.
POSTGRAPHILE: Final = """query ParcelPage($account: UUID!, $first: Int!) {
  parcels: allParcels(condition: { accountId: $account }, first: $first, orderBy: [CREATED_AT_DESC, KEY_DESC]) {
    nodes {
      id: globalId status carrier shippingMethod direction weightGrams colloNumber colloCount createdAt updatedAt
      orderNumber externalReference trackingNumber trackingUrl servicePoint note
    }
    pageInfo { hasNextPage endCursor }
  }
}"""

PARCEL: Final = """query OneParcel($id: ID!) {
  parcel(id: $id) {
    id status carrier createdAt orderNumber trackingNumber
    recipient { country name companyName email phone street houseNumber postalCode city }
  }
}"""

SETTINGS: Final = """query Settings($account: ID!) {
  account(id: $account) {
    settings {
      locale timezone defaultCarrier labelFormat returnPortalEnabled trackingNotificationsEnabled version
      senderAddresses { companyName contactName street city }
    }
  }
}"""

LOGIN: Final = """query Login($account: ID!) {
  account(id: $account) {
    agentLogin { state consent { id state duration grantedBy grantedAt expiresAt endedAt } }
  }
}"""

GRANT: Final = "mutation Grant($account: ID!) { grantConsent(input: { accountId: $account, duration: ONE_HOUR }) { consent { state } } }"
REVOKE: Final = "mutation Revoke($account: ID!) { revokeConsent(input: { accountId: $account }) { consent { state } } }"


@dataclass(frozen=True, slots=True)
class Workload:
    """An operation with its variables. `raw` is the endpoint of the raw peer that answers it."""

    name: str
    document: str
    variables: Mapping[str, Any]
    raw: str

    def body(self, peer: str = "") -> dict[str, Any]:
        """What is posted; to PostGraphile in its own names and keys."""
        if peer == "postgraphile.mjs":
            return {"query": POSTGRAPHILE, "variables": {**self.variables, "account": str(ids.key(self.variables["account"], "Account"))}}
        return {"query": self.document, "variables": self.variables}

    def path(self, peer: str = "") -> str:
        """Where it is posted to."""
        return self.raw if peer == "raw" else "/graphql"


def page(name: str, account: str, first: int = 100) -> Workload:
    """A page of an account's parcels."""
    return Workload(name, LIST, {"account": account, "first": first}, "/list")
