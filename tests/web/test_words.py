"""The words of both apps in six languages. That none is missing is tsc's to say; that each is of its language, these tests."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping

import pytest

from tests.serving import HERE
from tests.web.browsing import chromium_or_skip

LANGUAGES = ("nl", "es", "de", "fr", "it")
#: Of each part of the apps (common, panel, panel/settings, …), in each language: the words by their paths.
Words = Mapping[str, Mapping[str, Mapping[str, str]]]

#: Longer than a word that languages borrow from each other, and yet the same in English and there.
THE_SAME = {"BIC (optional)", "Open claim", "1 week", "Webhook URL", "Webhook-URL"}

#: We speak to people formally in all of them; "du", "je", "tú" and "tu" among it would be another's voice.
FAMILIAR = {
    "nl": r"\b(je|jij|jouw|jullie)\b",
    "es": r"\b(tú|tu|tus|puedes|tienes|quieres)\b",
    "de": r"\b(du|dein\w*|dich|dir)\b",
    "fr": r"\b(tu|ton|tes|toi)\b",
    "it": r"\b(tu|tuo|tua|tuoi|tue|puoi|vuoi)\b",
}

#: The platform's own words for the feature, where people look for them.
EXACTLY = {
    "en": ("Agent login", "Grant permission", "Revoke permission"),
    "nl": ("Medewerkers login", "Toestemming geven", "Toestemming intrekken"),
    "es": ("Inicio de sesión del agente", "Conceder permiso", "Revocar permiso"),
    "de": ("Mitarbeiter-Login", "Berechtigung erteilen", "Berechtigung widerrufen"),
}


@pytest.fixture(scope="session")
def words() -> Words:
    chromium_or_skip()  # what builds the apps reads their words too
    node = shutil.which("node", path=os.pathsep.join((str(HERE / ".venv" / "bin"), os.environ["PATH"])))
    assert node, "there is no Node: make web"
    done = subprocess.run([node, "../tests/web/words.mjs"], cwd=HERE / "web", capture_output=True, text=True, check=True, timeout=120)
    found: Words = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_language_is_english(words: Words, language: str) -> None:
    for part, told in words.items():
        english, theirs = told["en"], told[language]
        assert theirs.keys() == english.keys()
        same = {path: text for path, text in theirs.items() if text == english[path] and "=>" not in text}
        assert {path: text for path, text in same.items() if text not in THE_SAME and (" " in text or len(text) > 14)} == {}, part
        assert len(same) <= 0.2 * len(english) + 2, (part, same)


@pytest.mark.parametrize("language", LANGUAGES)
def test_everyone_is_spoken_to_formally(words: Words, language: str) -> None:
    told = {(part, path): text for part, by in words.items() for path, text in by[language].items()}
    assert {place: text for place, text in told.items() if re.search(FAMILIAR[language], text, re.IGNORECASE)} == {}


@pytest.mark.parametrize("language", EXACTLY)
def test_the_feature_has_the_names_the_platform_gave_it(words: Words, language: str) -> None:
    told = {text for part, by in words.items() if not part.startswith("console") for text in by[language].values()}
    assert set(EXACTLY[language]) <= told


def test_no_word_is_empty_or_has_space_around_it(words: Words) -> None:
    told = {(part, language, path): text for part, by in words.items() for language, texts in by.items() for path, text in texts.items()}
    assert {place for place, text in told.items() if text != text.strip() or not text} == set()
