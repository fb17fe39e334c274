"""Facts become GraphQL errors here, and nowhere else. Whatever is not ours to tell is masked; no message holds a value."""

from __future__ import annotations

import re
from collections.abc import Sequence

import structlog
from graphql import GraphQLError, GraphQLSyntaxError
from graphql.language import ObjectFieldNode, ValueNode, VariableNode
from strawberry.schema.exceptions import CannotGetOperationTypeError

from policy.vocabulary import Reason
from resolvers.errors import LatchkeyError, Refused

log = structlog.get_logger(__name__)

_WORDS = {
    Reason.NO_LIVE_CONSENT: "The merchant has not granted agent login, or it has ended",
    Reason.CLAIM_IS_READ_ONLY: "An open claim lets support read that parcel, never change anything",
    Reason.NEVER_FOR_AGENTS: "Support can never do this, whatever was granted",
    Reason.NOT_FILED_IN_SUPPORT: "Only a claim that the merchant filed in the Support section can be investigated",
    Reason.MERCHANT_ROLE: "Your role in this account does not include this",
    Reason.AGENTS_ONLY: "Only support does this",
    Reason.NOT_SIGNED_IN: "Sign in first",
    Reason.NOT_RECORDED: "The access log could not be written, so nothing is shown",
    Reason.TOO_MANY_DISCLOSURES: "Too many people's data in an hour",
    Reason.UNDECIDED: "It could not be decided whether this is allowed, so it is not",
}
UNEXPECTED = "Something went wrong on our side"
_SUGGESTION = re.compile(r" Did you mean [^?]*\?$")
LONGEST_MESSAGE = 300
MOST_PLACES = 10
NO_SUCH_OPERATION = "operationName must name an operation of the document"


class TooComplex(LatchkeyError):
    """The operation costs more than one may."""

    code = "TOO_COMPLEX"


def refusal(error: Refused) -> tuple[str, dict[str, object]]:
    """What a refusal says: the words, and code, reason and action."""
    reason = error.decision.reason or Reason.UNDECIDED
    code = "UNAUTHENTICATED" if reason is Reason.NOT_SIGNED_IN else "FORBIDDEN"
    return _WORDS[reason], {"code": code, "reason": reason.value, "action": error.decision.action.value}


def told(error: GraphQLError, request_id: str) -> GraphQLError:
    """The error as the client gets it. Ours keep their words; GraphQL's lose the values they quote; the rest is masked and logged."""
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    if isinstance(cause, Refused):
        return _rewritten(error, *refusal(cause))
    if isinstance(cause, LatchkeyError):
        return _rewritten(error, str(cause), {"code": cause.code})
    if isinstance(cause, CannotGetOperationTypeError):
        return _rewritten(error, NO_SUCH_OPERATION, {"code": "BAD_USER_INPUT"})
    if isinstance(cause, RecursionError) or _was_aborted(error):
        return _rewritten(error, "The operation is too long or nested too deeply", {"code": TooComplex.code})
    if cause is None or isinstance(cause, GraphQLError) or _is_about_a_value(error.nodes):
        return _rewritten(error, _without_values(error), {"code": "BAD_USER_INPUT"})
    log.error("unexpected error", request_id=request_id, error=type(cause).__name__, where=place_of(cause))
    return _rewritten(error, UNEXPECTED, {"code": "INTERNAL", "requestId": request_id})


def _was_aborted(error: GraphQLError) -> bool:
    """Did graphql-core give up, of too many tokens or levels?"""
    return error.message in {"Validation aborted.", "Maximum introspection depth exceeded"} or (
        isinstance(error, GraphQLSyntaxError) and error.message.endswith(" Parsing aborted.")
    )


def _rewritten(error: GraphQLError, message: str, extensions: dict[str, object]) -> GraphQLError:
    nodes = None if error.nodes is None else list(error.nodes)[:MOST_PLACES]
    positions = None if nodes is not None else error.positions
    short = message if len(message) <= LONGEST_MESSAGE else f"{message[:LONGEST_MESSAGE]}…"  # GraphQL's quote names, which may be of any length
    return GraphQLError(short, nodes=nodes, source=error.source, positions=positions, path=error.path, extensions=extensions)


def _without_values(error: GraphQLError) -> str:
    """GraphQL's own messages quote what was sent. Those about values are replaced, those about names are not."""
    if isinstance(error, GraphQLSyntaxError):
        return "The document is not GraphQL"
    if error.message.startswith("Variable '$"):
        name = error.message.split("'", 2)[1]
        return f"Variable {name} does not have a value of its type"
    unknown = next((node.name.value for node in error.nodes or () if isinstance(node, ObjectFieldNode)), None)
    if unknown is not None:  # graphql-core quotes the whole object
        return f"The field {unknown} is not one of the input it stands in"
    if _is_about_a_value(error.nodes):
        return "A value does not have the type that is expected there"
    return _SUGGESTION.sub("", error.message)  # it is switched off for fields, and can't be for types, arguments and inputs


def _is_about_a_value(nodes: Sequence[object] | None) -> bool:
    return any(isinstance(node, ValueNode) and not isinstance(node, VariableNode) for node in nodes or ())


def place_of(cause: BaseException) -> str:
    """The innermost line of our own code the exception passed: a place, never its text, which may hold anything."""
    place = "unknown"
    trace = cause.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if "site-packages" not in code.co_filename:
            place = f"{'/'.join(code.co_filename.rsplit('/', 2)[-2:])}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
