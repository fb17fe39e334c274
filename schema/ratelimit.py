"""What an answer tells of the caller's budget: `RateLimit-Policy` and `RateLimit`.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/11/, in Structured Fields (RFC 9651). `qu="fields"` is a unit of ours.
"""

from __future__ import annotations

from resolvers.budgets import WINDOW_SECONDS, Budget


def fields_of(budget: Budget | None) -> dict[str, str]:
    """The two fields, with an item for each limit there is; neither, where there is none."""
    if budget is None:
        return {}
    rates, left = budget.rates, budget.left
    policies, states = [], []
    if left.operations is not None:
        policies.append(f'"operations";q={rates.operations};w={WINDOW_SECONDS}')
        states.append(f'"operations";r={left.operations};t={left.seconds}')
    if left.cost is not None:
        policies.append(f'"cost";q={rates.cost};w={WINDOW_SECONDS};qu="fields"')
        states.append(f'"cost";r={left.cost};t={left.seconds}')
    return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(states)}
