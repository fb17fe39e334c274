"""What a server forgets now and then."""

from __future__ import annotations

import asyncio

import structlog

from identity import attempts, external
from outbox import deliveries
from resolvers import budgets, documents, exports, live

TIDY_SECONDS = 600
log = structlog.get_logger(__name__)


async def tidying() -> None:
    """Now and then, `tidy`."""
    while True:
        await asyncio.sleep(TIDY_SECONDS)
        try:
            await tidy()
        except Exception as error:  # noqa: BLE001 (the next time will do)
            log.warning("tidying failed", error=type(error).__name__)


async def tidy() -> None:
    """Forget what nobody needs: attempts, what was used once, leases, changes everybody heard of, links that ran out, messages, keys.

    Messages also where merchants are not told any more: what was written while they were goes then too.
    """
    await attempts.forget_old()
    await external.forget_spent()
    await budgets.forget_old()
    await live.forget_old_changes()
    await exports.forget_old_links()
    await deliveries.forget_old()
    await documents.prepare()  # somebody may have rotated the keys
