"""Lists below several rows of a list, read together: one statement for all accounts that ask for the same page."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any
from uuid import UUID

from aiodataloader import DataLoader
from strawberry.types import Info

from resolvers import claims, paging, parcels, related
from resolvers.errors import LatchkeyError
from resolvers.parcels import ParcelOrder
from schema.context import Context
from schema.types.connections import asked_for

PageArguments = tuple[int | None, str | None, int | None, str | None]
MOST_CLAIMS = 100


class _Batch(DataLoader[UUID, Any]):
    """Batches within one turn of the loop and caches nothing: what it read may be over by the next. What `read` gives as an error is raised."""

    cache = False

    def __init__(self, read: Callable[[Sequence[UUID]], Coroutine[Any, Any, dict[Any, Any]]]) -> None:
        super().__init__()
        self.read = read

    async def batch_load_fn(self, keys: list[UUID]) -> list[Any]:
        found = await self.read(list(dict.fromkeys(keys)))
        return [found[key] for key in keys]


def _batch(info: Info[Context, Any], read: Callable[[Sequence[UUID]], Coroutine[Any, Any, dict[Any, Any]]]) -> _Batch:
    """The batch of this field: the same place in the document, whichever row it is below."""
    nodes = info._raw_info.field_nodes  # noqa: SLF001 (which place in the document this is stands only there)
    place = tuple(id(node) for node in nodes)
    batch: _Batch = info.context.loaders.setdefault(place, _Batch(read))
    return batch


async def parcels_of(
    info: Info[Context, Any], account_id: UUID, filter: Any, order: ParcelOrder | None, arguments: PageArguments
) -> paging.Page[parcels.Parcel]:
    """A page of the parcels of an account that the caller may know of."""
    gate = info.context.gate
    viewer = gate.require_viewer()
    window = paging.window("Parcel", *arguments, most=parcels.most_a_page(viewer), descending=order is not ParcelOrder.CREATED_ASC)
    selection, count = asked_for(info, "Parcel")
    asked = filter.read() if filter else parcels.ParcelFilter()

    async def read(accounts: Sequence[UUID]) -> dict[UUID, paging.Page[parcels.Parcel] | LatchkeyError]:
        pages = await parcels.pages(gate, accounts, asked, window, selection, count=count)
        found = [page for page in pages.values() if isinstance(page, paging.Page)]
        await related.complete_parcels(gate, [row for page in found for row in page.rows], selection)
        return pages

    found: paging.Page[parcels.Parcel] = await _batch(info, read).load(account_id)
    return found


async def claims_of(info: Info[Context, Any], account_id: UUID | None, filter: Any, arguments: PageArguments) -> paging.Page[claims.Claim]:
    """A page of the claims of an account that the caller may know of, or (agents) of all."""
    gate = info.context.gate
    window = paging.window("Claim", *arguments, most=MOST_CLAIMS)
    selection, count = asked_for(info, "Claim")
    asked = filter.read() if filter else claims.ClaimFilter()

    async def read(accounts: Sequence[UUID] | None) -> dict[UUID | None, paging.Page[claims.Claim]]:
        pages = await claims.pages(gate, accounts, asked, window, selection, count=count)
        await related.complete_claims(gate, [row for page in pages.values() for row in page.rows], selection)
        return pages

    if account_id is None:
        return (await read(None))[None]
    found: paging.Page[claims.Claim] = await _batch(info, read).load(account_id)
    return found
