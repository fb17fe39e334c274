"""What the API says. The enums come first: Strawberry makes nameless ones of those it meets before they are described."""

from schema.types import enums as enums
