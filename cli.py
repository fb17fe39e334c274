"""The commands. `python cli.py --help` lists them; each ends with 0, or with 1 and a line on stderr that says what is wrong."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar
from uuid import UUID

import orjson
import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

import demo
from exchange import imports, integrations
from identity import external, passwords, tokens, users
from models import backup, database, roles
from models.fields import new_id
from outbox import deliveries, webhooks
from policy.decision import Facts
from policy.vocabulary import Action, MerchantRole, Viewer, ViewerKind
from resolvers import documents, restored, retention
from resolvers import facts as facts_of
from resolvers.errors import BadInput, LatchkeyError
from resolvers.gate import Gate
from resolvers.ledger import Request
from settings import Settings, problems, settings

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Latchkey's commands.")
user_app = typer.Typer(no_args_is_help=True, help="Who can sign in.")
integration_app = typer.Typer(no_args_is_help=True, help="Shipping platforms that post to us.")
app.add_typer(user_app, name="user")
app.add_typer(integration_app, name="integration")

errors = Console(stderr=True)
_LONG = 600.0  # seconds a statement of a command may take that goes through whole tables
Result = TypeVar("Result")


def _fail(message: str) -> NoReturn:
    errors.print(f"[red]✗[/red] {escape(message)}", highlight=False, soft_wrap=True)
    raise typer.Exit(1)


def _settings() -> Settings:
    try:
        return settings()
    except ValidationError as wrong:
        _fail(problems(wrong))
    except ValueError as wrong:
        _fail(str(wrong))


def _run(work: Callable[[], Coroutine[Any, Any, Result]], *, seconds: float | None = None) -> Result:
    """Run with the database open, each statement for `seconds` at most. Ends the command for one that can't be reached or is not migrated."""
    url = _settings().database_url

    async def run() -> Result:
        await database.open_database(url, seconds=seconds)
        try:
            if not await database.is_current():
                _fail("the database is not migrated: run `python cli.py migrate`")
            return await work()
        finally:
            await database.close_database()

    return _guarded(run)


def _guarded(run: Callable[[], Awaitable[Result]]) -> Result:
    try:
        return asyncio.run(run())  # type: ignore[arg-type] # every awaitable here is a coroutine
    except (LatchkeyError, ValueError) as wrong:  # what was given: its text says what is wrong with it
        _fail(str(wrong))
    except database.UNREACHABLE as error:
        _fail(f"the database does not answer ({type(error).__name__}): check LATCHKEY_DATABASE_URL")


@app.command()
def migrate(target: Annotated[str | None, typer.Argument(help="The migration to go to, forward or back; the newest by default.")] = None) -> None:
    """Bring the tables to the newest migration."""
    url = _settings().database_url
    _guarded(partial(database.migrate, url, target))
    errors.print("[green]✓[/green] migrated", highlight=False)


@app.command("demo")
def demo_(
    if_empty: Annotated[bool, typer.Option("--if-empty", help="Do nothing if there are accounts already.")] = False,
    listing: Annotated[bool, typer.Option("--list", help="Print who can sign in to a demo database.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --list: as JSON.")] = False,
    parcels: Annotated[int | None, typer.Option(min=1, help="Fill a database for measuring with so many parcels.")] = None,
    accounts: Annotated[int, typer.Option(min=1, help="With --parcels: over so many accounts.")] = 10,
) -> None:
    """Fill an empty database with demo data. In development only: the passwords are known to everybody."""
    if not _settings().development:
        _fail("demo data is for development: LATCHKEY_ENVIRONMENT is production")
    if listing:
        _print_listing(_run(demo.listing), as_json=as_json)
        return
    if not _run(demo.is_empty):
        if if_empty:
            return
        _fail("the database has accounts already: demo data goes into an empty one only")
    if parcels is None:
        _run(partial(demo.fill, passwords.hash_new))
    else:
        _run(partial(demo.fill_for_measuring, parcels, accounts, passwords.hash_new))
    errors.print("[green]✓[/green] filled with demo data", highlight=False)


def _print_listing(found: Any, *, as_json: bool) -> None:
    if as_json:
        print(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
        return
    table = Table("who", "e-mail", "password", title="Who can sign in", title_justify="left")
    for account in found["accounts"]:
        for user in account["users"]:
            table.add_row(f"{account['companyName']} · {user['role'].lower()}", user["email"], user["password"])
    for agent in found["agents"]:
        table.add_row("support agent", agent["email"], agent["password"])
    Console().print(table)
    given = _settings()
    here = f"http://{given.host}:{given.port}"
    print(f"\nMerchant panel   {here}/          (as an owner; in a private window, so that both can be signed in at once)")
    print(f"Agent console    {here}/console   (as a support agent)")
    print(f"GraphiQL         {here}/graphql   (the API itself; schema at /schema.graphql)\n")


async def _account(named: str) -> UUID:
    """The account of this id (plain or global), or of the user with this e-mail."""
    found = await users.find_user(named) if "@" in named else None
    key = found.account_id if found else _key(named)
    if key is None or await facts_of.of_account(key) is None:
        _fail("there is no such account: give its id, or the e-mail of one of its users")
    return key


def _key(named: str) -> UUID | None:
    try:
        return UUID(named)
    except ValueError:
        pass
    try:
        return _global(named)[1]
    except BadInput:
        return None


def _global(named: str) -> tuple[str, UUID]:
    from schema.ids import parsed

    return parsed(named)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="Sendcloud v2 or v3 parcel JSON, or NDJSON; .gz too.")],
    account: Annotated[str, typer.Option(help="The account: its id, or the e-mail of one of its users.")],
    rejects: Annotated[Path | None, typer.Option(help="Where rejected rows are told of; FILE.rejects.ndjson by default.")] = None,
) -> None:
    """Import parcels. Prints one JSON line of counts last: {"imported": n, "updated": n, "rejected": n}."""

    if file.is_dir() or not os.access(file, os.R_OK):
        _fail("there is no such file to read")

    async def work() -> imports.Counts:
        key = await _account(account)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=errors, disable=not errors.is_terminal) as bar:
            task = bar.add_task("parcels", total=None)
            return await imports.import_file(file, key, rejects_path=rejects, progress=lambda done: bar.update(task, completed=done))

    try:
        _print_counts(_run(work))
    except imports.PartlyImported as broken:
        _print_counts(broken.counts)
        _fail(str(broken))
    except imports.UnreadableFile as broken:
        _fail(str(broken))


def _print_counts(counts: imports.Counts) -> None:
    print(orjson.dumps({"imported": counts.imported, "updated": counts.updated, "rejected": counts.rejected}).decode())


@app.command()
def token(email: Annotated[str, typer.Argument(help="The user's e-mail.")]) -> None:
    """Print a new bearer token for a user, and nothing else on stdout. It is shown this once."""

    async def work() -> str:
        found = await users.find_user(email)
        if found is None:
            _fail("there is no such user")
        return await tokens.create_token(found.id)

    print(_run(work))


@user_app.command("add")
def user_add(
    email: Annotated[str, typer.Argument(help="The e-mail to sign in with.")],
    name: Annotated[str, typer.Option(help="First and last name.")],
    account: Annotated[str | None, typer.Option(help="The merchant's account: its id, or a user's e-mail. Left out for agents.")] = None,
    role: Annotated[MerchantRole, typer.Option(help="The role in that account.")] = MerchantRole.MEMBER,
    locale: Annotated[str, typer.Option(help="The language, BCP 47.")] = "en",
    password: Annotated[str | None, typer.Option(show_default=False, envvar="LATCHKEY_NEW_PASSWORD", help="Asked for if not given.")] = None,
    no_password: Annotated[bool, typer.Option("--no-password", help="They sign in elsewhere, or have only tokens.")] = False,
) -> None:
    """Add a merchant's user, or (without --account) a support agent. Prints the id."""
    if no_password:
        password = None
    elif password is None:
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)

    async def work() -> UUID:
        key = None if account is None else await _account(account)
        kind = ViewerKind.AGENT if key is None else ViewerKind.MERCHANT
        merchant_role = None if key is None else role
        return await users.add_user(email, name, kind=kind, account_id=key, role=merchant_role, password=password, locale=locale)

    try:
        print(_run(work))
    except users.EmailTaken:
        _fail("somebody has that e-mail already")
    except users.InvalidUser as wrong:
        _fail(f"{wrong.field} is not valid")
    except passwords.UnusablePassword as wrong:
        _fail(str(wrong))


@user_app.command("role")
def user_role(
    email: Annotated[str, typer.Argument(help="The e-mail of a merchant's user.")],
    role: Annotated[MerchantRole, typer.Argument(help="The role from now on.")],
) -> None:
    """Give a merchant's user another role: it counts at once, for their subscriptions too. Their sessions and tokens stay."""

    async def work() -> None:
        found = await users.find_user(email)
        if found is None or found.is_agent:
            _fail("there is no such user of a merchant")
        await users.change_role(found.id, role)

    _run(work)
    errors.print("[green]✓[/green] changed", highlight=False)


@user_app.command("deactivate")
def user_deactivate(email: Annotated[str, typer.Argument(help="The user's e-mail.")]) -> None:
    """Keep a user from signing in; ends their sessions, tokens and subscriptions at once."""

    async def work() -> None:
        found = await users.find_user(email)
        if found is None:
            _fail("there is no such user")
        await users.deactivate(found.id)

    _run(work)
    errors.print("[green]✓[/green] deactivated", highlight=False)


@user_app.command("link")
def user_link(
    email: Annotated[str, typer.Argument(help="The user's e-mail.")],
    issuer: Annotated[str, typer.Option(help="The provider, as its discovery document names it.")],
    subject: Annotated[str, typer.Option(help="Who they are there: the claim `sub`.")],
) -> None:
    """Say who a user is at a provider of single sign-on. Who they were before is nobody: sessions and tokens end."""

    async def work() -> None:
        await external.link((await _user(email)).id, issuer, subject)

    try:
        _run(work)
    except external.AlreadyLinked as taken:
        _fail(str(taken))
    errors.print("[green]✓[/green] linked", highlight=False)


@user_app.command("unlink")
def user_unlink(email: Annotated[str, typer.Argument(help="The user's e-mail.")]) -> None:
    """Have a user be nobody at a provider any more; ends their sessions and tokens."""

    async def work() -> None:
        await external.unlink((await _user(email)).id)

    _run(work)
    errors.print("[green]✓[/green] unlinked", highlight=False)


async def _user(email: str) -> Viewer:
    found = await users.find_user(email)
    if found is None:
        _fail("there is no such user")
    return found


@integration_app.command("add")
def integration_add(
    account: Annotated[str, typer.Argument(help="The account: its id, or the e-mail of one of its users.")],
    name: Annotated[str, typer.Option(help="What it is called.")] = "Sendcloud",
) -> None:
    """Add a shipping platform. Prints the webhook's address and its secret, which is shown this once."""

    async def work() -> tuple[UUID, str]:
        return await integrations.add_integration(await _account(account), name)

    key, secret = _run(work)
    print(f"address: {_origin(_settings())}/webhooks/sendcloud/{key}")
    print(f"secret:  {secret}")


@app.command("webhook-secret")
def webhook_secret(account: Annotated[str, typer.Argument(help="The account: its id, or the e-mail of one of its users.")]) -> None:
    """Print a new secret of an account's webhooks, and nothing else on stdout. It is shown this once; the one before it holds for another day."""

    async def work() -> str:
        return await webhooks.new_secret(await _account(account))

    print(_run(work))


@app.command()
def outbox(
    retry: Annotated[bool, typer.Option("--retry", help="Try what is parked from the beginning.")] = False,
    id: Annotated[UUID | None, typer.Option(help="With --retry: this message only.")] = None,
) -> None:
    """How many messages to merchants there are, by state, and which failed. A parked one is tried no more, until --retry."""

    async def work() -> tuple[int, dict[str, int], Sequence[deliveries.Listed]]:
        again = await deliveries.retry(None if id is None else [id]) if retry else 0
        return again, await deliveries.counts(), await deliveries.troubled()

    again, counts, troubled = _run(work)
    if retry:
        errors.print(f"[green]✓[/green] {again} to be tried again", highlight=False)
    print(orjson.dumps({state.lower(): n for state, n in counts.items()}).decode())
    for each in troubled:
        print(f"{each.id}  {each.state}  {each.channel}  {each.kind}  account {each.account_id}  attempts {each.attempts}  {each.problem}")


def _origin(given: Settings) -> str:
    """Where we are reached: by our first name in production, which a proxy answers to; else at the port we listen on."""
    if not given.development:
        return f"https://{given.hosts()[0]}"
    return f"{'https' if given.is_secure else 'http'}://{given.host}:{given.port}"


@integration_app.command("end")
def integration_end(id: Annotated[str, typer.Argument(help="Its id: what stands last in the webhook's address.")]) -> None:
    """Believe nothing more this integration signs."""
    key = _key(id)
    if key is None or not _run(partial(integrations.end_integration, key)):
        _fail("there is no such integration, or it has ended")
    errors.print("[green]✓[/green] ended", highlight=False)


@app.command("rotate-keys")
def rotate_keys() -> None:
    """Sign links to documents with a new key. Those signed with the last one stay good until the next rotation; nobody is signed out."""
    _run(documents.rotate)
    errors.print("[green]✓[/green] rotated: every server signs with the new key within ten minutes", highlight=False)


@app.command()
def explain(
    agent_email: Annotated[str, typer.Argument(help="The agent's (or merchant's user's) e-mail.")],
    action: Annotated[Action, typer.Argument(help="What is asked about.")],
    id: Annotated[str, typer.Argument(help="The id of an account, parcel or claim, global or plain.")],
) -> None:
    """Why is this allowed or refused? Prints the decisive consent, claim or rule. Ends with 0 if allowed, with 2 if not."""

    async def work() -> bool:
        viewer = await users.find_user(agent_email)
        if viewer is None:
            _fail("there is no such user")
        gate = Gate(viewer, Request(str(new_id())))
        known = await _facts_named(id, gate)
        decision = gate.ask(action, known)
        _print_decision(decision)
        return decision.allowed

    if not _run(work):
        raise typer.Exit(2)


_READ = {"Account": facts_of.of_account, "Parcel": facts_of.of_parcel, "Claim": facts_of.of_claim}


async def _facts_named(named: str, gate: Gate) -> Facts:
    """The facts of an account, parcel or claim, by its global id or its plain one."""
    try:
        type_name, key = _global(named)
        readers = [_READ[type_name]]
    except (BadInput, KeyError):
        plain = _key(named)
        if plain is None:
            _fail("the id must be that of an account, parcel or claim, as the API or `demo --list --json` gives it")
        key, readers = plain, list(_READ.values())
    for read in readers:
        found = await read(key)
        if found is not None and gate.sees_account(found.account_id):
            return found
    _fail("there is no such account, parcel or claim, or not for this user")


def _print_decision(decision: Any) -> None:
    print(f"{decision.action}: {'allowed' if decision.allowed else 'refused'}")
    for label, value in (
        ("reason", decision.reason),
        ("basis", decision.basis),
        ("until", decision.until),
        ("consent", decision.consent_id),
        ("claim", decision.claim_id),
    ):
        if value is not None:
            print(f"  {label}: {value}")
    if not decision.allowed:
        print("  the rule: policy/decision.py, RULES, and docs/privacy.md")


@app.command("roles")
def roles_(
    server: Annotated[str, typer.Option(help="The role that server.py connects as.")],
    retention_role: Annotated[str | None, typer.Option("--retention", help="The role that `cli.py retention` connects as.")] = None,
    adds_people: Annotated[bool, typer.Option("--adds-people", help="Single sign-on links or adds people, or says what they are.")] = False,
    sql: Annotated[bool, typer.Option("--sql", help="Print the SQL, and change nothing.")] = False,
) -> None:
    """Give PostgreSQL roles exactly what they need, and nothing else. Run it as the owner of the tables, after every migration."""

    async def work() -> None:
        if database.engine() is database.Engine.SQLITE:
            _fail("SQLite has no roles: the file's owner may do everything")
        given = {roles.Purpose.SERVER: server} | ({roles.Purpose.RETENTION: retention_role} if retention_role else {})
        if sql:
            print(";\n".join(await roles.statements(given, adds_people=adds_people)) + ";")
            return
        await roles.apply(given, adds_people=adds_people)
        errors.print("[green]✓[/green] granted", highlight=False)

    _run(work)


@app.command("retention")
def retention_(dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and forget nothing.")] = False) -> None:
    """Forget what was kept as long as LATCHKEY_KEEP_… says. Prints one JSON line: how many rows of each table."""

    async def work() -> dict[str, int]:
        given = _settings()
        keeping = retention.Keeping(given.keep_access_log_days, given.keep_history_days, given.keep_sessions_days)
        return await (retention.due if dry_run else retention.forget)(keeping)

    print(orjson.dumps(_run(work, seconds=_LONG)).decode())


@app.command("backup")
def backup_(file: Annotated[Path, typer.Argument(help="The file to make. It must not be there yet.")]) -> None:
    """Copy an SQLite database into a new file, whole and of one instant, while servers write to it."""
    url = _settings().database_url

    async def work() -> None:
        await asyncio.to_thread(backup.back_up, url, file)

    _guarded(work)
    errors.print("[green]✓[/green] copied", highlight=False)


@app.command()
def after_restore(
    keep_claims: Annotated[bool, typer.Option("--keep-claims", help="Leave claims open: you know that none was closed since the backup.")] = False,
) -> None:
    """End all that a backup could bring back to life: consents, sessions, tokens, CSV links, claims. Before the servers start.

    Prints one JSON line: how many of each.
    """
    print(orjson.dumps(_run(partial(restored.end_everything, keep_claims=keep_claims), seconds=_LONG)).decode())


@app.command()
def sdl() -> None:
    """Print the schema."""
    from schema.build import build

    sys.stdout.write(build().as_str() + "\n")


if __name__ == "__main__":
    app()
