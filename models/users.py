"""People who sign in, and the sessions and tokens that say it is them. Of secrets only hashes are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tortoise import Model, fields
from tortoise.migrations.constraints import CheckConstraint

from models.fields import Keyed
from policy.vocabulary import MerchantRole, ViewerKind

if TYPE_CHECKING:
    from models.accounts import Account


class User(Keyed):
    """A merchant's user (`account`, `role`) or a support agent (neither)."""

    account: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "models.Account", null=True, related_name=False, on_delete=fields.OnDelete.RESTRICT
    )
    kind = fields.CharEnumField(ViewerKind, description="ViewerKind", max_length=16)
    role = fields.CharEnumField(MerchantRole, description="MerchantRole", max_length=16, null=True)
    email = fields.CharField(254, unique=True)
    name = fields.CharField(255)
    locale = fields.CharField(35)
    password_hash = fields.CharField(255, null=True)
    created_at = fields.DatetimeField()
    deactivated_at = fields.DatetimeField(null=True)

    class Meta:
        table = "users"
        indexes = [("account_id",)]
        constraints = [
            CheckConstraint(
                name="users_agents_have_no_account",
                check="(kind = 'AGENT') = (account_id IS NULL) AND (account_id IS NULL) = (role IS NULL)",
            )
        ]


class Session(Keyed):
    """A signed-in browser. The cookie holds the token and the row its SHA-256."""

    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("models.User", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    token_hash = fields.CharField(64, unique=True)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)
    # Of a session by single sign-on: the SHA-256 of the provider's issuer and of its id of the session (none for a provider that gives none).
    provider_hash = fields.CharField(64, null=True)

    class Meta:
        table = "sessions"
        indexes = [("user_id",), ("provider_hash",)]


class Token(Keyed):
    """An API client's bearer token, kept as its SHA-256."""

    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("models.User", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    token_hash = fields.CharField(64, unique=True)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "tokens"
        indexes = [("user_id",)]


class ExternalIdentity(Keyed):
    """Who a user is elsewhere: the SHA-256 of a provider's issuer and of its subject. A user has one at most, and it is of one user."""

    user: fields.OneToOneRelation[User] = fields.OneToOneField("models.User", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    identity_hash = fields.CharField(64, unique=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "external_identities"


class SpentOnce(Model):
    """What may be used once: a sign-in under way, a logout token. Its SHA-256, kept until it would be refused for its age."""

    used_hash = fields.CharField(64, primary_key=True)
    expires_at = fields.DatetimeField()

    class Meta:
        table = "spent_once"

    def __repr__(self) -> str:
        """Without the key."""
        return "<SpentOnce>"


class SignInAttempts(Model):
    """How often a sign-in was tried in a window, by address and by user. `subject` is a hash of either."""

    subject = fields.CharField(64, primary_key=True)
    window_started_at = fields.DatetimeField()
    attempts = fields.IntField()

    class Meta:
        table = "sign_in_attempts"

    def __repr__(self) -> str:
        """Without the key, which is made of somebody's address."""
        return "<SignInAttempts>"
