"""Which personal rows the statements of a request brought back, at the drivers: what is withheld is never read.

Every personal row that a caller may not see bears a mark of its account: in each of its values, and in its version, so that one without any value
is known as well. A statement that brought such a mark back, to a caller for whom that account is withheld, is told of. What this can't see is a
statement that looks at a withheld row without bringing anything of it back; what that would change in an answer, the comparison sees.
"""

from __future__ import annotations

from tests.noninterference.worlds import CLAIMED, LIVE, MARKED_VERSIONS, OTHER, OTHERS, OWN, SECRET
from tests.wire import Statement, Wire

_NOBODYS = (SECRET, OTHER)
_WITHHELD_FROM: dict[str, tuple[str, ...]] = {
    "anonymous": (*_NOBODYS, LIVE, CLAIMED, OWN, OTHERS),
    "another merchant": (*_NOBODYS, LIVE, CLAIMED, OWN),
    "a member": (*_NOBODYS, LIVE, CLAIMED, OTHERS),
}


def personal_rows(wire: Wire, role: str) -> list[str]:
    """The statements that brought back what is withheld from callers of this role. (Merchants may open their own to agents, by a claim or grant.)"""
    marks = [mark.casefold() for mark in _WITHHELD_FROM.get(role, _NOBODYS)]
    return [" ".join(each.sql.split())[:300] for each in wire.everything if _is_marked(each, marks)]


def _is_marked(statement: Statement, marks: list[str]) -> bool:
    if any(value in MARKED_VERSIONS for row in statement.rows for value in row if isinstance(value, int)):
        return True
    text = "\n".join(_readable(value) for row in statement.rows for value in row if isinstance(value, str | bytes)).casefold()
    return any(mark in text for mark in marks)


def _readable(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
