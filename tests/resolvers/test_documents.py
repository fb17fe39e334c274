"""The links to documents: of one caller, one parcel, one place; nobody else's, and none that was made up."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import database as db
from models.fields import new_id
from policy.vocabulary import Viewer, ViewerKind
from resolvers import documents
from resolvers.errors import NotFound

STORED = [
    {"kind": "LABEL", "carrier_url": "https://carrier.example/label?hash=secret", "file_id": None},
    {"kind": "QR", "carrier_url": None, "file_id": "x"},
]


def a_viewer() -> Viewer:
    return Viewer(new_id(), ViewerKind.AGENT, "Agent")


@pytest.fixture
def key() -> Iterator[None]:
    before = dict(documents._keys)
    documents._keys["documents"] = secrets.token_bytes(32)
    yield
    documents._keys.clear()
    documents._keys.update(before)


def tokens(viewer: Viewer, parcel_id: UUID, number: int = 2) -> list[str]:
    return [document.url.removeprefix("/documents/") for document in documents.listed(viewer, parcel_id, (STORED * number)[:number])]


@pytest.mark.usefixtures("key")
def test_a_link_opens_its_place_for_its_caller_and_tells_nothing_of_the_carriers() -> None:
    viewer, parcel = a_viewer(), new_id()
    found = documents.listed(viewer, parcel, STORED)
    assert [document.kind for document in found] == ["LABEL", "QR"]
    assert "carrier" not in repr(found)
    assert "secret" not in repr(found)
    assert [documents.opened(token, viewer) for token in tokens(viewer, parcel)] == [(parcel, 0), (parcel, 1)]
    assert documents.opened(tokens(viewer, parcel, 300)[255], viewer) == (parcel, 255)
    assert len(tokens(viewer, parcel, 300)) == 256, "more than any parcel has"


@pytest.mark.usefixtures("key")
def test_it_opens_for_nobody_else() -> None:
    viewer, parcel = a_viewer(), new_id()
    (token,) = tokens(viewer, parcel, 1)
    for other in (a_viewer(), Viewer(new_id(), ViewerKind.MERCHANT, "Owner", account_id=viewer.id)):
        with pytest.raises(NotFound):
            documents.opened(token, other)
    documents._keys["documents"] = secrets.token_bytes(32)
    with pytest.raises(NotFound):
        documents.opened(token, viewer)


@pytest.mark.usefixtures("key")
def test_a_link_with_anything_changed_is_none() -> None:
    viewer = a_viewer()
    (token,) = tokens(viewer, new_id(), 1)
    raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    assert len(raw) == 33
    for place in range(len(raw)):
        for bit in (1, 128):
            changed = bytearray(raw)
            changed[place] ^= bit
            with pytest.raises(NotFound):
                documents.opened(urlsafe_b64encode(changed).decode().rstrip("="), viewer)
    for wrong in (raw[:-1], raw + b"\x00", raw[:17], b"", raw[1:]):
        with pytest.raises(NotFound):
            documents.opened(urlsafe_b64encode(wrong).decode(), viewer)


@pytest.mark.usefixtures("key")
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text() | st.binary(max_size=80).map(lambda raw: urlsafe_b64encode(raw).decode()))
def test_whatever_else_comes_is_not_found(token: str) -> None:
    with pytest.raises(NotFound):
        documents.opened(token, a_viewer())


async def test_every_server_of_a_database_signs_with_its_one_key(database: str) -> None:
    viewer, parcel = a_viewer(), new_id()
    (token,) = tokens(viewer, parcel, 1)
    documents._keys.clear()
    await documents.prepare()
    assert documents.opened(token, viewer) == (parcel, 0), "another process"
    (row,) = await db.fetch("SELECT name, value FROM server_secrets")
    assert (row["name"], len(bytes(row["value"]))) == ("documents", 32)
    await db.execute("DELETE FROM server_secrets")
    await documents.prepare()
    with pytest.raises(NotFound):
        documents.opened(token, viewer)


async def test_a_link_outlives_one_rotation_of_the_keys_and_not_two(database: str) -> None:
    viewer, parcel = a_viewer(), new_id()
    (old,) = tokens(viewer, parcel, 1)
    await documents.rotate()
    (new,) = tokens(viewer, parcel, 1)
    assert new != old
    for _ in range(2):
        assert [documents.opened(token, viewer) for token in (old, new)] == [(parcel, 0)] * 2
        documents._keys.clear()
        await documents.prepare()  # another process
    await documents.rotate()
    assert documents.opened(new, viewer) == (parcel, 0)
    with pytest.raises(NotFound):
        documents.opened(old, viewer)
