"""The policy table as people read it: docs/privacy.md holds this text, and a test compares the two."""

from __future__ import annotations

from collections.abc import Iterator

from policy.classification import FIELDS, Personal
from policy.decision import RULES, Rule
from policy.vocabulary import Action, DataSubject, MerchantRole, PiiCategory, Reason


def rules() -> str:
    """Who may do what: a row for each action, in Markdown."""
    head = (
        "| | OWNER | ADMIN | MEMBER | agent, nothing open | agent, open claim on the parcel | agent, live consent |\n|---|---|---|---|---|---|---|\n"
    )
    return head + "".join(f"| `{action}` | {' | '.join(_row(rule))} |\n" for action, rule in RULES.items())


def _row(rule: Rule) -> Iterator[str]:
    for role in MerchantRole:
        if rule.merchants:
            yield "yes" if role in rule.merchants else f"`{Reason.MERCHANT_ROLE}`"
        else:
            yield f"`{Reason.AGENTS_ONLY}`"
    for reason in (rule.nothing, rule.claim, rule.consent):
        yield _agent(rule, reason)


def _agent(rule: Rule, reason: Reason | None) -> str:
    if reason is not None:
        return f"`{reason}`"
    if rule.filed_in_support:
        return f"yes, if filed in Support, else `{Reason.NOT_FILED_IN_SUPPORT}`"
    if rule.only_announced:
        return f"yes, once announced, else `{Reason.NEVER_FOR_AGENTS}`"
    return "yes"


def categories() -> str:
    """What is personal: the fields of each category, in Markdown."""
    lines = ["| Category | The recipient's | The merchant's |\n|---|---|---|\n"]
    for category in PiiCategory:
        cells = [", ".join(f"`{name}`" for name in _fields(category, subject)) or "–" for subject in DataSubject]
        lines.append(f"| `{category}` | {' | '.join(cells)} |\n")
    return "".join(lines)


def _fields(category: PiiCategory, subject: DataSubject) -> Iterator[str]:
    for type_name, fields in FIELDS.items():
        for name, what in fields.items():
            if isinstance(what, Personal) and what.category is category and what.subject is subject:
                yield f"{type_name}.{name}" + ("" if what.action is not Action.VIEW_PROTECTED_SETTINGS else "*")
