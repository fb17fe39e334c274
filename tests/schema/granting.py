"""Grant as another process does: `python -m tests.schema.granting URL ACCOUNT USER HOW_MANY` waits for a line, then grants so often at once."""

import asyncio
import sys
from uuid import UUID

from models.database import close_database, open_database
from policy.vocabulary import ConsentDuration, MerchantRole, Viewer, ViewerKind
from resolvers import consents
from resolvers.gate import Gate
from resolvers.ledger import Request


async def grant(url: str, account_id: UUID, user_id: UUID, how_many: int) -> None:
    await open_database(url)
    try:
        owner = Viewer(user_id, ViewerKind.MERCHANT, "Owner", "en", account_id, frozenset({MerchantRole.OWNER}))
        print("ready", flush=True)  # noqa: T201 (whoever started us waits for it)
        sys.stdin.readline()
        await asyncio.gather(*(consents.grant(Gate(owner, Request("granting")), account_id, ConsentDuration.ONE_HOUR) for _ in range(how_many)))
    finally:
        await close_database()


if __name__ == "__main__":
    asyncio.run(grant(sys.argv[1], UUID(sys.argv[2]), UUID(sys.argv[3]), int(sys.argv[4])))
