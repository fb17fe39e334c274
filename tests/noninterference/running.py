"""Pairs: the same ask of two worlds, compared. What differs is asked again of fresh worlds, and made smaller until nothing can be left out."""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import graphql
import orjson
from graphql import (
    GraphQLObjectType,
    GraphQLSchema,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_schema,
    get_named_type,
    is_leaf_type,
    parse,
    print_ast,
    visit,
)

from policy.classification import FIELDS
from tests.noninterference.comparing import Differs, Renaming
from tests.noninterference.nursery import Worker
from tests.noninterference.operations import Generator, post
from tests.noninterference.worlds import CLAIMED, LIVE, OTHERS, OWN, Pair
from tests.serving import HERE

BATCH = 25
#: After so many pairs the worlds are made anew: what callers changed has drifted them from where the generator's ids lead.
FRESH_AFTER = 500
#: So often a subscription has to differ.
TIMES = 4
#: In what a caller may see.
PERMITTED = (CLAIMED, LIVE, OWN, OTHERS)
_CURSOR = re.compile(r'"(?:cursor|startCursor|endCursor)":"([^"]+)"')


@dataclass
class Found:
    """A pair that differs: the smallest ask that still does, and where; or, where nothing differs, what was read of whom."""

    ask: dict[str, Any]
    where: str
    number: int
    before: list[dict[str, Any]] = field(default_factory=list)

    def __str__(self) -> str:
        asks = "\n".join(f"{ask['role']} ({ask['what']}): {_said(ask)}" for ask in [*self.before, self.ask])
        return f"pair {self.number}: {self.where}\n{asks}"


def _said(ask: dict[str, Any]) -> str:
    said = ask.get("payload") or {name: ask[name] for name in ("method", "path", "body") if name in ask}
    return orjson.dumps(said, option=orjson.OPT_INDENT_2).decode()


@dataclass
class Report:
    """How many pairs, how strong they were, and what was found."""

    engine: str
    seed: int
    pairs: int = 0
    without_errors: int = 0
    with_personal_data: int = 0
    roles: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    leaves: set[str] = field(default_factory=set)
    never_asked: list[str] = field(default_factory=list)
    #: Where pairs differed once that did not when everything was asked again.
    unconfirmed: list[str] = field(default_factory=list)
    found: Found | None = None
    read: Found | None = None

    def __str__(self) -> str:
        share = [f"{name} {count}" for name, count in sorted(self.roles.items())]
        return (
            f"{self.engine}, seed {self.seed}: {self.pairs} pairs, {0 if self.found is None else 1} differing, "
            f"{len(self.unconfirmed)} that did so once only, {0 if self.read is None else 1} reading what is withheld; "
            f"leaf fields asked {len(self.leaves)}, not asked {len(self.never_asked)}; "
            f"without errors {self.without_errors / max(self.pairs, 1):.0%}; "
            f"with personal data that may be seen {self.with_personal_data / max(self.pairs, 1):.0%}\n"
            f"  {', '.join(share)}\n  {', '.join(f'{name} {count}' for name, count in sorted(self.kinds.items()))}"
        )


def the_schema() -> GraphQLSchema:
    """As it is printed."""
    return build_schema((HERE / "schema" / "schema.graphql").read_text())


def leaf_fields(schema: GraphQLSchema) -> set[str]:
    """Every leaf field that can be asked for, by its coordinate."""
    return {
        f"{name}.{field_name}"
        for name, type_ in schema.type_map.items()
        if name in FIELDS and isinstance(type_, GraphQLObjectType)
        for field_name, each in type_.fields.items()
        if is_leaf_type(get_named_type(each.type))
    }


class Run:
    """A run of pairs on one pair of worlds."""

    def __init__(
        self,
        pair: Pair,
        folder: Path,
        seed: int,
        plant: str | None = None,
        *,
        shrinks: bool = True,
        engines: tuple[bool, bool] = (True, True),
        afterwards: Callable[[tuple[str, str]], Awaitable[None]] | None = None,
    ) -> None:
        self.shrinks = shrinks
        self.engines = engines
        self.afterwards = afterwards
        self.pair = pair
        self.folder = folder
        self.plant = plant
        self.schema = the_schema()
        self._all_leaves = leaf_fields(self.schema)
        self.generator = Generator(self.schema, pair.seeds, random.Random(seed))  # noqa: S311 (to be repeated)
        self.report = Report(pair.engine, seed)
        self._copies = 0
        self._known_leaves: dict[str, set[str]] = {}

    async def pairs(self, count: int, progress: Callable[[Report], None] = lambda _: None) -> Report:
        """Run so many pairs, or up to the first that differs."""
        while self.report.pairs < count and self.report.found is None:
            await self._round(min(FRESH_AFTER, count - self.report.pairs))
            progress(self.report)
        self.report.never_asked = sorted(self._all_leaves - self.report.leaves)
        return self.report

    async def _round(self, count: int) -> None:
        """So many pairs on fresh worlds, or up to the first that differs."""
        before: list[dict[str, Any]] = []
        async with Worlds(self) as worlds:
            renaming = Renaming()
            for first in range(0, count, BATCH):
                size = min(BATCH, count - first)
                last = self.generator.last_asks() if first + size == FRESH_AFTER else []
                asks = [*(self.generator.ask() for _ in range(size - len(last))), *last]
                for ask, one, other in await worlds.both(asks):
                    self.report.pairs += 1
                    self._count(ask, one, other)
                    try:
                        renaming.same(one, other, heard=ask["what"] == "subscription")
                    except Differs as differs:
                        self.report.found = await self._confirmed(before, ask, str(differs))
                        return
                    before.append(ask)
            if self.afterwards is not None:
                await self.afterwards(worlds.urls)

    def _count(self, ask: dict[str, Any], one: dict[str, Any], other: dict[str, Any]) -> None:
        report = self.report
        report.roles[ask["role"]] += 1
        report.kinds[ask["what"]] += 1
        text, others = (answer.get("body") or "".join(map(str, answer.get("heard", []))) for answer in (one, other))
        report.without_errors += '"errors":' not in text and one.get("status", 200) < 400
        report.with_personal_data += any(person in text for person in PERMITTED)
        # One of what a caller added stands at another place in the other world.
        self.generator.cursors = [*self.generator.cursors[-200:], *(each for each in _CURSOR.findall(text)[:3] if each in others)]
        if ask["what"] != "route" and report.leaves != self._all_leaves and '"data":{' in text:
            report.leaves |= self._leaves(ask["payload"]["query"])
        if report.read is None and (one["read"] or other["read"]):
            report.read = Found(ask, (one["read"] or other["read"])[0], report.pairs)

    async def _confirmed(self, before: list[dict[str, Any]], ask: dict[str, Any], where: str) -> Found | None:
        """Does it differ again in fresh worlds, alone or after all that came before? Then the smallest ask that does, and the least before it."""
        for history in ([], before):
            if await self._differs_again(history, ask):
                return await self._smallest(history, ask, where) if self.shrinks else Found(ask, where, self.report.pairs, history)
        self.report.unconfirmed.append(f"{where}: {_said(ask)}")
        return None

    async def _differs_again(self, before: list[dict[str, Any]], ask: dict[str, Any]) -> bool:
        """What a subscription hears first is chance: what makes it differ does so each time."""
        for _ in range(TIMES if ask["what"] == "subscription" else 1):
            if await self._differs(before, ask) is None:
                return False
        return True

    async def _smallest(self, history: list[dict[str, Any]], ask: dict[str, Any], where: str) -> Found:
        history = await self._shorter(history, ask)
        async with AsyncExitStack() as stack:
            reads = not history and ask["what"] in {"query", "socket"}  # and leaves the worlds as they are
            worlds = await stack.enter_async_context(Worlds(self)) if reads else None
            shrinking = True
            while shrinking:
                shrinking = False
                for smaller in _smaller(ask):
                    if (differs := await self._differs(history, smaller, worlds)) is not None:
                        ask, where, shrinking = smaller, differs, True
                        break
        return Found(ask, where, self.report.pairs, history)

    async def _shorter(self, history: list[dict[str, Any]], ask: dict[str, Any]) -> list[dict[str, Any]]:
        """Without every half, quarter, … and single ask that is not needed for it to differ."""
        size = len(history)
        while size > 0:
            for start in range(0, len(history), size):
                shorter = history[:start] + history[start + size :]
                if await self._differs(shorter, ask) is not None:
                    history = shorter
                    break
            else:
                size //= 2
            size = min(size, len(history))
        return history

    async def _differs(self, before: list[dict[str, Any]], ask: dict[str, Any], worlds: Worlds | None = None) -> str | None:
        if worlds is None:
            async with Worlds(self) as fresh:
                return await self._differs(before, ask, fresh)
        renaming, differs = Renaming(), None
        for asked, one, other in await worlds.both([*before, ask]):
            try:
                renaming.same(one, other, heard=asked["what"] == "subscription")
                differs = None
            except Differs as found:
                differs = str(found)
        return differs

    def _leaves(self, text: str) -> set[str]:
        if text not in self._known_leaves:
            self._known_leaves = dict(list(self._known_leaves.items())[-50:]) | {text: leaves_of(self.schema, text)}
        return self._known_leaves[text]


class Worlds:
    """Fresh copies of both worlds, each with its worker, of the nurseries of these sides."""

    def __init__(self, run: Run, sides: tuple[int, int] = (0, 1)) -> None:
        self.run = run
        self.sides = sides

    async def __aenter__(self) -> Self:
        self.run._copies += 1
        self.urls = await self.run.pair.copy(self.run.folder, self.run._copies)
        each = zip(self.urls, self.run.engines, self.sides, strict=True)
        started = (Worker.start(url, self.run.plant, engine=engine, side=side) for url, engine, side in each)
        self.workers = await asyncio.gather(*started)
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(worker.stop() for worker in self.workers))
        await self.run.pair.drop(self.urls)

    async def both(self, asks: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
        one, other = await asyncio.gather(*(worker.answers(asks) for worker in self.workers))
        return zip(asks, one, other, strict=True)


def leaves_of(schema: GraphQLSchema, text: str) -> set[str]:
    """The leaf fields a document asks for."""
    found: set[str] = set()
    info = TypeInfo(schema)

    class Leaves(Visitor):
        def enter_field(self, node: Any, *_: Any) -> None:
            parent, definition = info.get_parent_type(), info.get_field_def()
            if parent is not None and definition is not None and is_leaf_type(get_named_type(definition.type)):
                found.add(f"{parent.name}.{node.name.value}")

    visit(parse(text), TypeInfoVisitor(info, Leaves()))
    return found


def _smaller(ask: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The ask with one selection or optional argument left out, in each way there is."""
    if "payload" not in ask:
        return
    document = parse(ask["payload"]["query"], no_location=True)
    for path in _removable(document.to_dict()):
        changed = document.to_dict()
        _remove(changed, path)
        with suppress(Exception):  # not every smaller one is a document
            yield _with_document(ask, changed)


def _removable(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _removable(value, (*path, key))
    elif isinstance(node, list):
        for number, value in enumerate(node):
            if path[-1] in {"selections", "arguments", "directives"} and len(node) > (path[-1] == "selections"):
                yield (*path, number)
            yield from _removable(value, (*path, number))


def _remove(node: Any, path: tuple[Any, ...]) -> None:
    for part in path[:-1]:
        node = node[part]
    del node[path[-1]]


def _with_document(ask: dict[str, Any], changed: dict[str, Any]) -> dict[str, Any]:
    document = _node(changed)
    text = print_ast(document)
    used = {name: value for name, value in ask["payload"]["variables"].items() if len(re.findall(rf"\${name}\b", text)) > 1}
    for each in changed["definitions"]:
        if each["kind"] == "operation_definition":
            each["variable_definitions"] = [one for one in each["variable_definitions"] or () if one["variable"]["name"]["value"] in used]
    changed["definitions"] = [
        each for each in changed["definitions"] if each["kind"] == "operation_definition" or f"...{each['name']['value']}" in text
    ]
    payload = {"query": print_ast(_node(changed)), "variables": used}
    if ask["kind"] == "socket":
        return ask | {"payload": payload}
    return ask | post(ask["path"], payload, {name: value for name, value in ask["headers"].items() if name != "content-type"}) | {"payload": payload}


def _node(tree: Any) -> Any:
    if isinstance(tree, list):
        return tuple(_node(each) for each in tree)
    if not isinstance(tree, dict) or "kind" not in tree:
        return tree
    if "operation" in tree:
        tree = tree | {"operation": graphql.OperationType(tree["operation"])}
    kind = "".join(part.title() for part in tree["kind"].split("_")) + "Node"
    return getattr(graphql, kind)(**{key: _node(value) for key, value in tree.items() if key != "kind"})
