"""What could cost too much is refused before it is executed."""

import pytest

from policy.vocabulary import Viewer
from schema.build import Schema
from tests.asking import ask
from tests.builders import a_merchant

_EVERY = """id status carrier version orderNumber externalReference trackingNumber trackingUrl servicePoint note updatedAt createdAt
  items { description quantity sku hsCode originCountry weightGrams value { amount currency } } documents { kind url }
  events { status occurredAt location message } totalValue { amount currency } disclosure { shown reason basis until }
  recipient { country name companyName email phone street houseNumber addressLine2 postalCode city region taxNumber }
  claims { id kind type status opensParcel description investigation { at by kind note carrierReference } }
  decisions { action allowed reason }"""
_DEEP = "accounts(first: 100) { nodes { parcels(first: 100) { nodes { claims { parcel { account { parcels(first: 100) { nodes { id } } } } } } } } }"


def _doubling(levels: int) -> str:
    """A document whose fragments double at each level: 2^levels fields, in a few hundred bytes."""
    inner = [f"fragment F{n} on Query {{ a: viewer {{ name }} ...F{n + 1} ...G{n} }} fragment G{n} on Query {{ ...F{n + 1} }}" for n in range(levels)]
    return "{ ...F0 } " + " ".join(inner) + f" fragment F{levels} on Query {{ viewer {{ name }} }}"


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(f"{{ {_DEEP} }}", id="pages-in-pages"),
        pytest.param("{ " + " ".join(f"p{n}: parcels(first: 500) {{ nodes {{ {_EVERY} }} }}" for n in range(4)) + " }", id="aliases"),
        pytest.param("query($n: Int = 500) { parcels(first: $n) { nodes { account { parcels(first: $n) { nodes { id } } } } } }", id="variables"),
    ],
)
async def test_too_complex(database: str, schema: Schema, document: str) -> None:
    answer = await ask(schema, (await a_merchant()).owner, document)
    assert (answer.data, answer.codes) == (None, ["TOO_COMPLEX"])


async def test_a_fragment_bomb_is_counted_once_a_fragment(schema: Schema) -> None:
    nobody: Viewer | None = None
    assert (await ask(schema, nobody, _doubling(40))).codes == ["TOO_COMPLEX"]  # one by one, 2^40 would not end


async def test_the_largest_page_with_every_field_is_affordable(database: str, schema: Schema) -> None:
    answer = await ask(schema, (await a_merchant()).owner, f"{{ parcels(first: 500) {{ totalCount nodes {{ {_EVERY} }} edges {{ cursor }} }} }}")
    assert answer.errors == []
