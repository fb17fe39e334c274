"""`/graphql`: GraphQL over HTTP (POST), and over a WebSocket (graphql-transport-ws).

https://graphql.github.io/graphql-over-http/draft/ and https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import orjson
import structlog
from graphql import GraphQLError
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import SubscribeMessage
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from resolvers.errors import BadInput, LatchkeyError, RateLimited
from schema.build import Schema
from schema.context import Context
from schema.documents import TrustedDocuments
from schema.errors import NO_SUCH_OPERATION, TooComplex, place_of
from schema.noted import note_caller, of_request
from schema.ratelimit import fields_of
from schema.running import Running
from schema.scalars import as_json
from schema.size import require_short

LONGEST_BODY = 1024 * 1024
MOST_SUBSCRIPTIONS = 100
_RESPONSE = "application/graphql-response+json"
_JSON = "application/json"
log = structlog.get_logger(__name__)

ContextFor = Callable[[HTTPConnection], Awaitable[Context]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation as it was sent."""

    query: str = field(repr=False)
    variables: dict[str, Any] | None = field(repr=False)
    name: str | None = field(repr=False)


class NotAcceptable(Exception):
    """A request that is answered with an HTTP status rather than by GraphQL."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None, code: str = "BAD_USER_INPUT") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers or {}


class Endpoint(GraphQL[Context, None]):
    """The ASGI application of `/graphql`. `context_for` finds out who is calling, or raises what server.py answers."""

    schema: Schema

    def __init__(self, schema: Schema, context_for: ContextFor, documents: TrustedDocuments, subscriptions: Running | None = None) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            allow_queries_via_get=False,
            subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL],
            connection_init_wait_timeout=timedelta(seconds=10),
            max_subscriptions_per_connection=MOST_SUBSCRIPTIONS,
        )
        self.context_for = context_for
        self.documents = documents
        self.on_sockets = subscriptions or Running(3 * MOST_SUBSCRIPTIONS)
        self.graphql_transport_ws_handler_class = GuardedHandler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request or a handshake."""
        if scope["type"] == "http":
            response = await self._answered(Request(scope, receive))
            await response(scope, receive, send)
        else:
            socket = WebSocket(scope, receive, send)
            await self.run(socket, await self.context_for(socket))  # who is calling, before the handshake is answered

    def encode_json(self, data: object) -> str:
        """A message to a socket."""
        return as_json(data).decode()

    def decode_json(self, data: str | bytes) -> object:
        """A message of a socket."""
        return orjson.loads(data)

    def document(self, given: dict[str, Any]) -> str:
        """The text of the document that a request or a message gives, itself or by its hash. Raises BadInput."""
        query = given.get("query")
        if given.get("documentId") is not None:
            if query:  # graphql-ws's client can't leave it out, and sends it empty
                raise BadInput("Give query or documentId, not both")
            query = self.documents.text(given["documentId"])
        if not isinstance(query, str) or not query.strip():
            raise BadInput("query must be a text")
        require_short(query, given.get("variables"))
        return query

    async def _answered(self, request: Request) -> Response:
        media_type = _media_type(request.headers.get("accept"))
        try:
            if media_type is None:
                raise NotAcceptable(406, f"Accept must allow {_RESPONSE} or {_JSON}")
            operation = await self._read(request)
            context = await self.context_for(request)
            note_caller(context.viewer)
            context.begin(operation.query)
            with of_request(context.noted):
                result = await self._admitted(operation, context)
                context.noted.add(result)
            return _response(result, media_type, context)
        except TooComplex as error:
            assert media_type is not None
            return _response(_refused(error), media_type)
        except NotAcceptable as refused:
            body = {"errors": [{"message": str(refused), "extensions": {"code": refused.code}}]}
            return _json_response(body, refused.status, media_type or _JSON, refused.headers)

    async def _admitted(self, operation: Operation, context: Context) -> ExecutionResult:
        """The result, if this caller may run the operation now."""
        try:
            if context.budget is not None:
                await context.budget.begin()
            if not context.any_document:
                self.documents.require_trusted(operation.query)
            result = await self._execute(operation, context)
            return await self._execute(operation, context) if await context.settled() else result
        except RateLimited as error:
            context.retry_after = error.retry_after
            return _refused(error)
        except BadInput as error:
            raise NotAcceptable(400, str(error), fields_of(context.budget)) from None

    async def _read(self, request: Request) -> Operation:
        if request.method != "POST":
            raise NotAcceptable(405, "GraphQL is served by POST", {"Allow": "POST"})
        if request.headers.get("content-type", "").split(";")[0].strip().lower() != _JSON:
            raise NotAcceptable(415, f"Content-Type must be {_JSON}")
        return self._parsed(await _body(request))

    def _parsed(self, body: bytes) -> Operation:
        try:
            given = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise NotAcceptable(400, "The body is not JSON") from None
        if isinstance(given, list):
            raise NotAcceptable(400, "A request is one operation; batches are not served", code=TooComplex.code)
        if not isinstance(given, dict):
            raise NotAcceptable(400, "The body must be a JSON object")
        variables, name = given.get("variables"), given.get("operationName")
        try:
            query = self.document(given)
        except BadInput as unknown:
            raise NotAcceptable(400, str(unknown)) from None
        if variables is not None and not isinstance(variables, dict):
            raise NotAcceptable(400, "variables must be an object")
        if not isinstance(given.get("extensions"), dict | None):
            raise NotAcceptable(400, "extensions must be an object")
        if name is not None and not isinstance(name, str):
            raise NotAcceptable(400, "operationName must be a text")
        return Operation(query, variables, name)

    async def _execute(self, operation: Operation, context: Context) -> ExecutionResult:
        try:
            result: ExecutionResult = await self.schema.execute(
                operation.query,
                variable_values=operation.variables,
                context_value=context,
                operation_name=operation.name,
                allowed_operation_types={OperationType.QUERY, OperationType.MUTATION},
            )
            return result  # noqa: TRY300 (what follows are its failures)
        except InvalidOperationTypeError:
            raise NotAcceptable(400, "Subscriptions are served over a WebSocket") from None
        except CannotGetOperationTypeError:
            raise NotAcceptable(400, NO_SUCH_OPERATION) from None


class GuardedHandler(BaseGraphQLTransportWSHandler[Context, None]):
    """Strawberry's handler, closing with 4400 where a message is not of the protocol's shape. What was sent is in no reason and no log."""

    view: Endpoint

    async def handle_message(self, message: Any) -> None:
        """Handle a message."""
        if not isinstance(message, dict) or message.get("type") not in _MESSAGES:
            await self.handle_invalid_message("Message must be an object with a type of the protocol")
        elif message["type"] == "subscribe" and not _is_subscribe(message):
            await self.handle_invalid_message("Subscribe must have an id and a payload with a query or documentId")
        elif message["type"] == "complete" and not isinstance(message.get("id"), str):
            await self.handle_invalid_message("id must be a text")
        else:
            await super().handle_message(message)  # type: ignore[arg-type] # checked just above

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        """Start an operation. One that can't be is answered with an `error`."""
        key = message["id"]
        if not self.connection_acknowledged:
            await super().handle_subscribe(message)
        elif key in self.operations:
            await self.websocket.close(4409, "An operation of this id is running")
        elif len(self.operations) >= MOST_SUBSCRIPTIONS:
            await self._refuse(key, f"At most {MOST_SUBSCRIPTIONS} operations may run on a connection", "RATE_LIMITED")
        else:
            try:
                message["payload"]["query"] = query = self.view.document({**message["payload"]})
                if not self.context.any_document:
                    self.view.documents.require_trusted(query)
                self.view.on_sockets.begin(self.context.who)
            except LatchkeyError as wrong:
                await self._refuse(key, str(wrong), wrong.code)
            else:
                await super().handle_subscribe(message)
                task = self.operations[key].task
                assert task is not None
                task.add_done_callback(lambda _: self.view.on_sockets.end(self.context.who))

    async def handle_task_exception(self, error: Exception) -> None:
        """Log what nobody caught: its type and place, for its text and trace may hold anything."""
        log.error("unexpected error on a socket", error=type(error).__name__, where=place_of(error))

    async def _refuse(self, key: str, message: str, code: str) -> None:
        error = GraphQLError(message, extensions={"code": code})
        await self.send_message({"id": key, "type": "error", "payload": [error.formatted]})


_MESSAGES = ("connection_init", "ping", "pong", "subscribe", "complete")  # a tuple: what is sent as a type may not be hashable


def _is_subscribe(message: dict[str, Any]) -> bool:
    payload = message.get("payload")
    return (
        isinstance(message.get("id"), str)
        and isinstance(payload, dict)
        and isinstance(payload.get("query", ""), str | None)
        and isinstance(payload.get("variables", {}), dict | None)
        and isinstance(payload.get("operationName", ""), str | None)
    )


async def _body(request: Request) -> bytes:
    """The body. Raises NotAcceptable: 413 as soon as it is over the limit, 400 when whoever sent it is gone."""
    too_large = NotAcceptable(413, f"The body must be at most {LONGEST_BODY} bytes")
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length[:12]) > LONGEST_BODY:
        raise too_large
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > LONGEST_BODY:
                raise too_large
    except ClientDisconnect:
        raise NotAcceptable(400, "The body is not whole") from None
    return bytes(body)


def _media_type(accept: str | None) -> str | None:
    """Which of the two media types is preferred (RFC 9110, 12.5.1); None if neither is accepted."""
    if not accept:
        return _JSON
    weights: dict[str, float] = {}
    for part in accept.split(","):
        media, *parameters = [piece.strip().lower() for piece in part.split(";")]
        weights[media] = max(weights.get(media, 0), _weight(parameters))
    wildcard = max(weights.get("*/*", 0), weights.get("application/*", 0))
    response, json = weights.get(_RESPONSE, wildcard), weights.get(_JSON, wildcard)
    if max(response, json) <= 0:
        return None
    return _RESPONSE if response > json or (response == json and _RESPONSE in weights and _JSON not in weights) else _JSON


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return float(parameter[2:])
            except ValueError:
                return 0
    return 1


def _refused(error: LatchkeyError) -> ExecutionResult:
    return ExecutionResult(data=None, errors=[GraphQLError(str(error), extensions={"code": error.code})])


def _response(result: ExecutionResult, media_type: str, context: Context | None = None) -> Response:
    """An answer. A request error has no `data`, and with the newer media type the status 400; with either 429, if too much was asked."""
    errors: list[GraphQLError] = result.errors or []
    failed = result.data is None and bool(errors) and all(error.path is None for error in errors)
    body: dict[str, Any] = {} if failed else {"data": result.data}
    if errors:
        body["errors"] = [error.formatted for error in errors]
    if result.extensions:
        body["extensions"] = result.extensions
    headers = {} if context is None else fields_of(context.budget)
    if context is not None and context.retry_after:
        return _json_response(body, 429, media_type, {"Retry-After": str(context.retry_after), **headers})
    return _json_response(body, 400 if failed and media_type == _RESPONSE else 200, media_type, headers)


def _json_response(body: dict[str, Any], status: int, media_type: str, headers: dict[str, str]) -> Response:
    return Response(
        as_json(body), status, {"Cache-Control": "no-store", "Vary": "Accept, Cookie, Authorization", **headers}, f"{media_type}; charset=utf-8"
    )
