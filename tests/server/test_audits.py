"""GraphQL over HTTP to the letter: the audits of the npm package `graphql-http`, run against the real server."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import orjson
import pytest

from tests.serving import Deployment

ROOT = Path(__file__).parents[2]
#: A query may be served by GET, and is not here: its variables would stand in the address, and so in the logs of every proxy on the way.
BY_GET = {
    "5A70": "MAY accept application/x-www-form-urlencoded formatted GET requests",
    "D6D5": "MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting application/graphql-response+json",
    "6A70": "MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting application/json",
}


async def test_the_audits_find_no_error_and_nothing_to_warn_of(deployed: Deployment) -> None:
    if "CI" not in os.environ and not (ROOT / "audits" / "node_modules").is_dir() and shutil.which("npm") is None:
        pytest.skip("the audits want Node: ./audits/run.sh fetches it into the virtual environment")
    run = await asyncio.create_subprocess_exec(
        ROOT / "audits" / "run.sh", f"{deployed.server.url}/graphql", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, complaints = await asyncio.wait_for(run.communicate(), 300)
    assert run.returncode == 0, complaints.decode()
    results = orjson.loads(output)
    assert len(results) == 61
    assert {each["id"]: each["name"] for each in results if each["status"] == "notice"} == BY_GET
    assert [each for each in results if each["status"] not in {"ok", "notice"}] == []
