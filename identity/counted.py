"""What is counted of signing in: how it ended, never who tried."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter

sign_ins = Counter("latchkey_sign_ins", "Attempts to sign in, by how they ended.", ["outcome"])
SIGNED_IN, REFUSED, LIMITED, FAILED = "signed_in", "refused", "limited", "failed"

for _outcome in (SIGNED_IN, REFUSED, LIMITED, FAILED):
    sign_ins.labels(_outcome)


@contextmanager
def counting(refused: type[Exception], limited: type[Exception]) -> Iterator[None]:
    """Count the attempt inside, by what it raises. What is neither of these is a failure of ours."""
    outcome = FAILED
    try:
        yield
        outcome = SIGNED_IN
    except refused:
        outcome = REFUSED
        raise
    except limited:
        outcome = LIMITED
        raise
    finally:
        sign_ins.labels(outcome).inc()
