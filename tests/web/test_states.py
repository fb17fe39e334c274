"""The inventory of pages and states is whole."""

import pytest

from service.pages import ADDRESSES
from tests.web.states import STATES, App, routes

#: Routes that show the page of another.
SAME_PAGE = {"panel": {"", "/settings"}, "console": set[str]()}


@pytest.mark.parametrize("app", ["panel", "console"])
def test_every_page_of_an_app_has_its_states(app: App) -> None:
    covered = {state.route for state in STATES if state.app == app and state.who != "guest"}
    assert set(routes(app)) - SAME_PAGE[app] - covered == set()
    assert covered - set(routes(app)) - {""} == set()


@pytest.mark.parametrize(("app", "name"), [("panel", "index.html"), ("console", "console.html")])
def test_every_route_is_at_an_address_the_server_answers(app: App, name: str) -> None:
    for route in routes(app):
        assert any((route or "/") == address or (address != "/" and route.startswith(address + "/")) for address in ADDRESSES[name]), route


def test_no_two_states_have_the_same_name() -> None:
    names = [(state.app, state.name) for state in STATES]
    assert sorted(names) == sorted(set(names))
