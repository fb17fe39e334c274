"""Operations a caller could send, written from the printed schema: every field, argument and input, at random and repeatable from a seed.

Ids, cursors and secrets are real ones, so that what is asked means something; some are wrong, malformed or somebody else's on purpose.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

import orjson
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)

from tests.noninterference.worlds import ACCOUNTS, OWN_ACCOUNT, ROLES, Seeds

#: How often each caller asks. Agents are who this is about.
_WEIGHTS = {
    "anonymous": 3,
    "agent with nothing": 22,
    "agent with a claim elsewhere": 30,
    "agent with an ended consent": 22,
    "agent with a live consent": 11,
    "another merchant": 6,
    "a member": 6,
}
_MALFORMED = ("", "x", "UGFyY2VsOng=", "'; DROP TABLE parcels; --", "\u0000", "%", "*", "é" * 40)
_WORDS = ("They called", "Bell", "nl-NL", "Europe/Amsterdam", "dpd", "", "x" * 300, "someone@example.com")
_OTHER_ROUTES = (
    ("GET", "/schema.graphql"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("GET", "/graphql"),
    ("DELETE", "/graphql"),
    ("GET", "/documents/{document}"),
    ("GET", "/documents/{document}"),
    ("HEAD", "/documents/{document}"),
    ("GET", "/documents/{secret}"),
    ("GET", "/documents/AAAA"),
    ("GET", "/exports/{export}.csv"),
    ("GET", "/exports/{secret}.csv"),
    ("POST", "/webhooks/sendcloud/{integration}"),
    ("POST", "/webhooks/sendcloud/{secret}"),
    ("POST", "/auth/sign-in"),
    ("POST", "/auth/sign-out"),
    ("GET", "/{secret}"),
    ("HEAD", "/console"),
)
#: Bodies that are no GraphQL request, or hardly one.
_BODIES = (
    "",
    "{",
    "[]",
    "null",
    '{"query": 7}',
    '{"query": "{"}',
    '{"query": "{ viewer { name } }", "variables": []}',
    '[{"query": "{ viewer { name } }"}]',
)
#: Each document is asked so many times, by different callers and with different variables; so many are kept at a time.
_AGAIN = 6
_KEPT = 24
#: What a caller is refused nearly always: asked less, so that answers say something.
_SELDOM = {"directDebit", "settings", "accessLog", "history", "explain"}
#: After it there is little left to ask.
_LAST = "deleteAccount"


@dataclass(frozen=True)
class Written:
    """A document, and what its variables are of: of which field or input, by which name and type."""

    text: str
    slots: dict[str, tuple[str, str, GraphQLInputType]]


@dataclass
class Generator:
    """One stream of asks. `cursors` are those that answers gave."""

    schema: GraphQLSchema
    seeds: Seeds
    random: random.Random
    asked: Counter[str] = field(default_factory=Counter)
    cursors: list[str] = field(default_factory=list)
    kept: dict[str, list[Written]] = field(default_factory=lambda: defaultdict(list))

    def ask(self) -> dict[str, Any]:
        """The next ask, as the worker takes it; `role` and `what` are for the report."""
        role = self.random.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
        kind = self.random.choices(["query", "mutation", "socket", "subscription", "route"], [74, 8, 8, 3, 7])[0]
        if kind == "mutation" and self.random.random() < 0.3:
            role = "another merchant"  # who may do what nobody else here may
        token = self.seeds.tokens[role]
        headers = {"authorization": f"Bearer {token}"} if token else {}
        if kind == "route":
            return {"role": role, "what": kind, **self._route(role, headers)}
        if kind == "subscription":
            return {"role": role, "what": kind, **self._subscription(role, headers)}
        written = self._written("mutation" if kind == "mutation" else "query")
        payload = {"query": written.text, "variables": _Filler(self, role, kind == "mutation", self.random.random() < 0.12).filled(written)}
        if kind == "socket":
            return {"role": role, "what": kind, "kind": "socket", "headers": headers, "payload": payload, "events": 0}
        return {"role": role, "what": kind, "kind": "http", **post("/graphql", payload, headers), "payload": payload}

    def last_asks(self) -> list[dict[str, Any]]:
        """What ends a world: a merchant deletes a parcel of theirs, and then everything."""
        found = []
        for name, given in (
            ("deleteParcel", {"parcelId": self.own_id("other", "Parcel")}),
            ("deleteAccount", {"accountId": self.own_id("other", "Account"), "companyName": "Other Goods"}),
        ):
            document = f"mutation ($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{ deletedId }} }}"
            headers = {"authorization": f"Bearer {self.seeds.tokens['another merchant']}"}
            payload = {"query": document, "variables": {"input": given}}
            asked = post("/graphql", payload, headers)
            found.append({"role": "another merchant", "what": "mutation", "kind": "http", **asked, "payload": payload})
        return found

    def _written(self, kind: str) -> Written:
        """A new document, or one of the last."""
        kept = self.kept[kind]
        if len(kept) == _KEPT and self.random.randrange(_AGAIN):
            return self.random.choice(kept)
        kept.append(_Writer(self).operation(kind))
        del kept[:-_KEPT]
        return kept[-1]

    def _route(self, role: str, headers: dict[str, str]) -> dict[str, Any]:
        if self.random.random() < 0.1:
            body = self.random.choice(_BODIES)
            return {"kind": "http", "method": "POST", "path": "/graphql", "headers": {"content-type": "application/json", **headers}, "body": body}
        method, path = self.random.choice(_OTHER_ROUTES)
        seeds = self.seeds
        secret = self.random.choice(seeds.secrets)
        path = path.format(
            secret="".join(filter(str.isalnum, secret)),
            document=self.random.choice(seeds.documents.get(role) or ["A" * 44]),
            export=self.random.choice(seeds.exports),
            integration=self.random.choice(seeds.integrations),
        )
        if method == "POST":
            sent = self.random.choice([{"email": secret, "password": secret}, {"parcel": {"tracking_number": secret}}, [], secret])
            return {"kind": "http", **post(path, sent, headers)}
        return {"kind": "http", "method": method, "path": path, "headers": headers, "body": ""}

    def _subscription(self, role: str, headers: dict[str, str]) -> dict[str, Any]:
        """A subscription, and what somebody else does meanwhile that makes an event and shows nobody anything new."""
        name = self.random.choice(["agentLoginChanged", "claimChanged"])
        written = _Writer(self).operation("subscription", name)
        account = OWN_ACCOUNT.get(role) or self.random.choice(["claimed", "live", "nothing"] if name == "claimChanged" else ["live"])
        whole = role.startswith("agent") and self.random.random() < 0.3
        variables = _Filler(self, role).filled(written)
        for key, (_, argument, _type) in written.slots.items():
            if argument == "accountId":
                variables[key] = None if whole else self.own_id(account, "Account")
        at_once = name == "agentLoginChanged" and any(variables[key] for key, slot in written.slots.items() if slot[1] == "accountId")
        meanwhile = self._granting(account) if name == "agentLoginChanged" else self._claiming(account)
        payload = {"query": written.text, "variables": variables}
        return {"kind": "socket", "headers": headers, "payload": payload, "events": 1 + at_once, "meanwhile": meanwhile}

    def _granting(self, account: str) -> dict[str, Any]:
        document = "mutation ($id: ID!) { grantConsent(input: {accountId: $id, duration: ONE_DAY}) { account { id } } }"
        return self._by(self.seeds.owners[account], document, self.own_id(account, "Account"))

    def _claiming(self, account: str) -> dict[str, Any]:
        document = (
            'mutation ($id: ID!) { recordClaim(input: {parcelId: $id, kind: CLAIM, type: LOST, channel: PHONE, description: "They called"})'
            " { claim { id } } }"
        )
        return self._by(self.seeds.tokens["agent with nothing"], document, self.random.choice(self.seeds.ids[account]["Parcel"][:4]))

    def _by(self, token: str | None, document: str, key: str) -> dict[str, Any]:
        return post("/graphql", {"query": document, "variables": {"id": key}}, {"authorization": f"Bearer {token}"})

    def own_id(self, account: str, type_name: str) -> str:
        return self.random.choice(self.seeds.ids[account][type_name])

    def some_id(self, type_name: str) -> str:
        return self.own_id(self.random.choice(ACCOUNTS), type_name)


def post(path: str, body: object, headers: dict[str, str]) -> dict[str, Any]:
    """A POST of JSON."""
    return {"method": "POST", "path": path, "headers": {"content-type": "application/json", **headers}, "body": orjson.dumps(body).decode()}


class _Writer:
    """Writes one operation."""

    def __init__(self, generator: Generator) -> None:
        self.generator = generator
        self.schema = generator.schema
        self.random = generator.random
        self.slots: dict[str, tuple[str, str, GraphQLInputType]] = {}
        self.fragments: dict[str, str] = {}
        self.left = self.random.choice([4, 12, 30, 60])

    def operation(self, kind: str, root_field: str | None = None) -> Written:
        """The document."""
        root = {"query": self.schema.query_type, "mutation": self.schema.mutation_type, "subscription": self.schema.subscription_type}[kind]
        assert root is not None
        names = [root_field] if root_field else self._roots(kind, root)
        body = " ".join(self._field(root, name, 0) for name in names)
        head = f"({', '.join(f'${name}: {type_}' for name, (_, _, type_) in self.slots.items())})" if self.slots else ""
        return Written(f"{kind} {head} {{ {body} }} {' '.join(self.fragments.values())}", self.slots)

    def _roots(self, kind: str, root: GraphQLObjectType) -> list[str]:
        if kind == "mutation":
            names = [name for name in root.fields if name != _LAST or self.random.random() < 0.4]
            return self.random.sample(names, 1 if self.random.random() < 0.85 else 2)
        # An account leads nearly everywhere, and what is asked of one's own may answer.
        weights = [8 if name in {"account", "parcels", "claims", "parcel", "node"} else 1 if name in _SELDOM else 3 for name in root.fields]
        return list(dict.fromkeys(self.random.choices(list(root.fields), weights, k=self.random.choice([1, 1, 1, 2]))))

    def _selection(self, composite: Any, depth: int) -> str:
        if not isinstance(composite, GraphQLObjectType):
            return self._abstract(composite, depth)
        names = [name for name in composite.fields if self._is_worth(composite, name, depth)]
        self.random.shuffle(names)
        # What was asked least comes first: that is how everything is reached.
        names.sort(key=lambda name: self.generator.asked[f"{composite.name}.{name}"] * (0.3 + self.random.random()))
        chosen = names[: self.random.choice([1, 2, 4, 9])]
        parts = [self._field(composite, name, depth) for name in chosen]
        if self.random.random() < 0.08:
            parts.append("__typename")
        text = " ".join(part for part in parts if part) or "__typename"
        return self._wrapped(composite.name, text)

    def _abstract(self, interface: GraphQLInterfaceType, depth: int) -> str:
        types = self.random.sample([each.name for each in self.schema.get_possible_types(interface)], 3)
        inner = " ".join(f"... on {name} {{ {self._selection(self.schema.type_map[name], depth)} }}" for name in types)
        return f"id __typename {inner}"

    def _is_worth(self, composite: GraphQLObjectType, name: str, depth: int) -> bool:
        if name in _SELDOM and self.random.random() < 0.87:
            return False
        leaf = is_leaf_type(get_named_type(composite.fields[name].type))
        return leaf or (depth < 5 and self.left > 0)

    def _wrapped(self, type_name: str, text: str) -> str:
        chance = self.random.random()
        if chance < 0.06:
            return f"... on {type_name} {{ {text} }}"
        if chance < 0.12:
            name = f"F{len(self.fragments)}"
            self.fragments[name] = f"fragment {name} on {type_name} {{ {text} }}"
            return f"...{name}"
        return text

    def _field(self, composite: GraphQLObjectType, name: str, depth: int) -> str:
        definition = composite.fields[name]
        self.left -= 1
        self.generator.asked[f"{composite.name}.{name}"] += 1
        alias = f"a{self.random.randrange(1000)}_{self.left % 7}_{depth}: " if self.random.random() < 0.1 else ""
        directive = " @include(if: true)" if self.random.random() < 0.02 else ""
        arguments = self._arguments(name, definition)
        named = get_named_type(definition.type)
        if is_leaf_type(named):
            return f"{alias}{name}{arguments}{directive}"
        return f"{alias or self._own_alias(arguments)}{name}{arguments}{directive} {{ {self._selection(named, depth + 1)} }}"

    def _own_alias(self, arguments: str) -> str:
        """A field with arguments may stand twice with other ones: under a name of its own it does not conflict."""
        return f"b{len(self.slots)}_{self.left % 100}_{self.random.randrange(100)}: " if arguments else ""

    def _arguments(self, field_name: str, definition: GraphQLField) -> str:
        given = []
        pages = {"first", "last", "after", "before"} & set(definition.args)
        chosen = {self.random.choice(["first", "first", "last"])} | (
            {self.random.choice(["after", "before"])} if self.random.random() < 0.15 else set()
        )
        for name, argument in definition.args.items():
            if name in pages and name not in chosen:
                continue
            wanted = is_non_null_type(argument.type) or (name == "accountId" and self.random.random() < 0.97) or name in chosen
            if wanted or self.random.random() < 0.35:
                given.append(f"{name}: {self._variable(field_name, name, argument.type)}")
        return f"({', '.join(given)})" if given else ""

    def _variable(self, field_name: str, name: str, type_: GraphQLInputType) -> str:
        key = f"v{len(self.slots)}"
        self.slots[key] = field_name, name, type_
        return f"${key}"


@dataclass(frozen=True)
class _Filler:
    """Gives the variables of a document values, as this caller would."""

    generator: Generator
    role: str
    is_changing: bool = False
    is_careless: bool = False  # one wrong value fails the whole operation: only some send any

    @property
    def random(self) -> random.Random:
        return self.generator.random

    def filled(self, written: Written) -> dict[str, Any]:
        """The variables."""
        return {key: self._value(*slot) for key, slot in written.slots.items()}

    def _value(self, owner: str, name: str, type_: GraphQLInputType) -> Any:
        if is_non_null_type(type_):
            return self._value(owner, name, type_.of_type)
        if is_list_type(type_):
            return [self._value(owner, name, type_.of_type) for _ in range(self.random.choice([1, 1, 2, 5]))]
        if isinstance(type_, GraphQLInputObjectType):
            return self._input(type_)
        if isinstance(type_, GraphQLEnumType):
            return self.random.choice(list(type_.values))
        return self._scalar(owner, name, str(type_))

    def _input(self, type_: GraphQLInputObjectType) -> dict[str, Any]:
        given = {}
        for name, each in type_.fields.items():
            personal = type_.name == "ParcelFilter" and name in {"search", "orderNumber", "trackingNumber"}
            if is_non_null_type(each.type) or self.random.random() < (0.08 if personal else 0.25):
                given[name] = self._value(type_.name, name, each.type)
        return given

    def _scalar(self, owner: str, name: str, type_name: str) -> Any:
        chance = self.random.random() * (1 if self.is_careless else 0.9)
        if type_name == "ID":
            return self._id(owner, name)
        if type_name == "Int":
            return self.random.choice([1, 2, 3, 5, 20, 100]) if chance < 0.96 else self.random.choice([-1, 0, 101, 2**31 - 1])
        if type_name == "Boolean":
            return chance < 0.5
        if type_name == "DateTime":
            return self.random.choice(
                ["2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z", "2026-11-26T12:00:00+01:00"] if chance < 0.95 else ["never", "2026-13-01"]
            )
        if type_name == "CountryCode":
            return self.random.choice(["NL", "DE", "ES", "FR", "IT"] if chance < 0.95 else ["XX", "Netherlands"])
        if name in {"after", "before"}:
            return self.random.choice(self.generator.cursors) if self.generator.cursors and chance < 0.9 else self.random.choice(_MALFORMED)
        if self.is_changing and not owner.endswith("Filter"):
            return self.random.choice(_WORDS)  # what a caller writes may be shown to them: it must not look like what is withheld
        return self._text(chance)

    def _text(self, chance: float) -> str:
        if chance > 0.95:
            return self.random.choice(_MALFORMED)
        if chance < 0.15:
            return self.random.choice(["postnl", "Goods", "nl", "Europe/Amsterdam"])
        secret = self.random.choice(self.generator.seeds.secrets)
        if chance < 0.6:
            return secret
        start = self.random.randrange(len(secret))
        return secret[start : start + self.random.randint(1, 12)] or secret

    def _id(self, owner: str, name: str) -> str:
        if self.is_careless and self.random.random() < 0.1:
            return self.random.choice(_MALFORMED)
        account = ROLES[self.role] if self.random.random() < 0.85 else self.random.choice(ACCOUNTS)
        wanted = {"accountId": "Account", "parcelId": "Parcel", "claimId": "Claim", "account": "Account", "parcel": "Parcel", "claim": "Claim"}
        types = list(self.generator.seeds.ids[account])
        type_name = wanted.get(name) or wanted.get(owner) or self.random.choice(types)
        return self.generator.own_id(account, type_name)
