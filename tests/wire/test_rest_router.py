"""Which route a verb and a path lead to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.wire.rest.router import Route, Router
from quarterdeck.wire.rest.template import parse_template


def router(*rules: str) -> Router[str]:
    """A router whose targets are the rules themselves, such as `GET /a/{b}`."""
    parted = [rule.split(" ") for rule in rules]
    return Router(
        Route(verb, parse_template(template), f"{verb} {template}", f"Service.{number}")
        for number, (verb, template) in enumerate(parted)
    )


THINGS = router(
    "GET /things",
    "POST /things",
    "GET /things/{id}",
    "DELETE /things/{id}",
    "POST /things/search",
    "POST /things:run",
    "POST /things/{id}:run",
    "GET /things/{id}/parts/{part}",
    "GET /things/{name=**}",
    "GET /files/{name=**}",
    "POST /files/{name=**}:copy",
    "* /any/{x}",
    "GET /any/{x}",
)


@pytest.mark.parametrize(
    ("verb", "path", "target"),
    [
        pytest.param("GET", "/things", "GET /things", id="a literal"),
        pytest.param("POST", "/things", "POST /things", id="another verb of it"),
        pytest.param("HEAD", "/things", "GET /things", id="HEAD is GET"),
        pytest.param("GET", "/things/a", "GET /things/{id}", id="* wins over **"),
        pytest.param("POST", "/things/search", "POST /things/search", id="a literal wins over *"),
        pytest.param("GET", "/things/search", "GET /things/{id}", id="a literal without the verb does not hide *"),
        pytest.param("DELETE", "/things/search", "DELETE /things/{id}", id="the same for another verb"),
        pytest.param("GET", "/things/a/parts/b", "GET /things/{id}/parts/{part}", id="two variables"),
        pytest.param("GET", "/things/a/parts", "GET /things/{name=**}", id="a dead end in the trie goes back to **"),
        pytest.param("GET", "/things/a/b/c/d", "GET /things/{name=**}", id="** takes many"),
        pytest.param("GET", "/things/", "GET /things/{name=**}", id="an empty segment is no *"),
        pytest.param("POST", "/things:run", "POST /things:run", id="a custom verb of the list"),
        pytest.param("POST", "/things/a:run", "POST /things/{id}:run", id="a custom verb of one"),
        pytest.param("POST", "/things/a:b:run", "POST /things/{id}:run", id="an id with a colon, and a verb"),
        pytest.param("GET", "/things/a:run", "GET /things/{id}", id="the verb is not there for GET: an id"),
        pytest.param("GET", "/things/a:b", "GET /things/{id}", id="an id with a colon"),
        pytest.param("GET", "/th%69ngs/a", "GET /things/{id}", id="an escaped letter is the letter"),
        pytest.param("GET", "/files", "GET /files/{name=**}", id="** takes nothing"),
        pytest.param("POST", "/files/a/b:copy", "POST /files/{name=**}:copy", id="a verb behind **"),
        pytest.param("GET", "/files/a/b:copy", "GET /files/{name=**}", id="** with a colon"),
        pytest.param("PURGE", "/any/1", "* /any/{x}", id="any verb"),
        pytest.param("GET", "/any/1", "GET /any/{x}", id="a verb of its own wins over any"),
    ],
)
def test_a_request_finds_its_route(verb, path, target):
    found = THINGS.find(path)
    assert found is not None
    match = found.choose(verb)
    assert match is not None
    assert match.route.target == target


@pytest.mark.parametrize(
    "path", ["", "/", "things", "/thing", "/things:", "/things%2Fa", "/th%ngs", "/any", "/any/", "/any/1/2"]
)
def test_other_paths_are_not_ours(path):
    assert THINGS.find(path) is None


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/things", "GET, POST, HEAD, OPTIONS"),
        ("/things:run", "POST, OPTIONS"),
        ("/things/search", "POST, GET, DELETE, HEAD, OPTIONS"),
    ],
)
def test_a_wrong_verb_is_told_the_right_ones(path, allowed):
    found = THINGS.find(path)
    assert found is not None
    assert found.choose("PATCH") is None
    assert found.allowed == allowed


def test_the_variables_of_a_verb_template_end_before_the_verb():
    found = THINGS.find("/things/a:b:run")
    assert found is not None
    match = found.choose("POST")
    assert match is not None
    assert match.values() == {"id": "a:b"}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param("GET /a/{b}", "GET /a/{c}", id="names do not tell routes apart"),
        pytest.param("GET /a/{b}", "GET /a/*", id="nor does having one"),
        pytest.param("GET /{b=a/*}", "GET /a/{c}", id="nor where the variable starts"),
        pytest.param("GET /a/**", "GET /a/{b=**}", id="the rest"),
        pytest.param("GET /a:b", "GET /a:b", id="custom verbs"),
        pytest.param("* /a", "* /a", id="any verb"),
    ],
)
def test_two_routes_for_the_same_requests_do_not_start(first, second):
    with pytest.raises(ValueError, match=r"Service\.1 collides with .* of Service\.0"):
        router(first, second)


def test_near_collisions_start():
    assert router("GET /a/{b}", "GET /a/{b=**}", "POST /a/{b}", "GET /a/{b}:c", "* /a/{b}").find("/a/x") is not None


@given(st.text(alphabet="/:%{}*.athings\x00\xff2F", max_size=60))
def test_no_path_breaks_the_router(path):
    found = THINGS.find(path)
    assert found is None or found.leaves


def test_a_path_of_very_many_segments_is_answered():
    found = THINGS.find("/files" + "/x" * 50_000)
    assert found is not None
    assert found.choose("GET") is not None
