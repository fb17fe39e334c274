"""Large databases to measure on: many parcels of few thousand people, written as fast as the database takes them.

Parcels are written in the order they were made, accounts mixed, as they would have come in; every search key is there.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from random import Random
from typing import Final
from uuid import UUID

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from exchange import demo_goods
from exchange.demo_journeys import COMMON, NEVER_ANNOUNCED, Step, steps
from exchange.demo_people import People, Person
from exchange.demo_places import COUNTRIES
from exchange.demo_rows import Ids, Rows, insert
from models import database
from models.database import Engine, Json
from models.enums import ClaimKind, ClaimType, LabelFormat, ParcelDirection, ParcelStatus
from policy.vocabulary import OPEN_CLAIM_STATUSES, ClaimChannel, ClaimStatus, MerchantRole, ViewerKind
from resolvers import search_keys

PASSWORD: Final = "demo-measuring"  # noqa: S105 -- known to everybody
#: Whose password it is: `owner.1@example.com`, `agent.2@example.org`.
EMAIL: Final = re.compile(r"owner\.[1-9][0-9]*@example\.com|agent\.[12]@example\.org")
