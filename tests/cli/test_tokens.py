"""`quarterdeck token` and `quarterdeck tenant` against a server."""

from __future__ import annotations

import itertools
import json

import pytest

from tests.cli.conftest import Run

_numbers = itertools.count(1)


def account() -> str:
    return f"cli-{next(_numbers)}"


def test_a_quiet_token_is_the_token_and_works(cli: Run):
    name = account()
    made = cli("token", "create", "--name", name, "--role", "admin", "--quiet")
    assert (made.exit_code, made.stderr) == (0, "")
    secret = made.stdout.rstrip("\n")
    assert secret.startswith("qd_")
    assert "\n" not in secret
    assert cli("token", "list", "--token", secret).exit_code == 0


def test_a_token_is_shown_once_with_what_it_is(cli: Run):
    name = account()
    made = cli("token", "create", "--name", name, "--role", "collector", "--collector-id", "c1")
    assert f"of {name!r} (collector); it is shown only now" in made.stdout
    secret = made.stdout.split()[-1]
    listed = cli("token", "list")
    assert name in listed.stdout
    assert secret not in listed.stdout


def test_a_token_can_be_listed_and_revoked(cli: Run):
    name = account()
    secret = cli("token", "create", "--name", name, "--role", "admin", "--quiet").stdout.strip()
    accounts = json.loads(cli("token", "list", "--output", "json").stdout)["tokens"]
    assert {"id", "serviceAccountId", "name", "createdAt"} <= accounts[-1].keys()
    row = next(line for line in cli("token", "list").stdout.splitlines() if f" {name} " in line)
    token_id = row.split()[0]
    assert row.endswith("active")
    revoked = cli("token", "revoke", token_id)
    assert (revoked.exit_code, revoked.stdout) == (0, f"token {token_id} is revoked\n")
    row = next(line for line in cli("token", "list").stdout.splitlines() if line.startswith(token_id))
    assert row.endswith("revoked")
    refused = cli("token", "list", "--token", secret)
    assert refused.exit_code == 1
    assert refused.stderr.endswith("(set QUARTERDECK_TOKEN or pass --token)\n")


def test_a_second_token_of_an_account_needs_no_second_account(cli: Run):
    name = account()
    for _ in range(2):
        assert cli("token", "create", "--name", name, "--role", "viewer", "--quiet").exit_code == 0
    assert sum(f" {name} " in line for line in cli("token", "list").stdout.splitlines()) == 2


def test_an_account_keeps_its_role(cli: Run):
    name = account()
    cli("token", "create", "--name", name, "--role", "viewer", "--quiet")
    refused = cli("token", "create", "--name", name, "--role", "admin")
    assert refused.exit_code == 1
    assert refused.stderr == (f"quarterdeck: the account {name!r} has the role viewer; choose that or another name\n")


@pytest.mark.parametrize("text", ["45m", "12h", "30d"])
def test_a_token_may_expire(cli: Run, text: str):
    made = cli("token", "create", "--name", account(), "--role", "viewer", "--quiet", "--expires-in", text)
    assert made.exit_code == 0
    tokens = json.loads(cli("token", "list", "--output", "json").stdout)["tokens"]
    assert "expiresAt" in tokens[-1]


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (("token", "create", "--role", "viewer"), 2, "--name"),
        (("token", "create", "--name", "n", "--role", "king"), 2, "king"),
        (("token", "create", "--name", "n", "--role", "viewer", "--expires-in", "soon"), 2, "write 30d, 12h or 45m"),
        (("token", "create", "--name", "n", "--role", "viewer", "--expires-in", "0d"), 2, "is no duration"),
        (("token", "create", "--name", "bound", "--role", "viewer", "--collector-id", "c"), 1, "[invalid_argument]"),
        (("token", "revoke", "tok_nobody"), 1, "[not_found]"),
        (("token", "revoke"), 2, "TOKEN_ID"),
        (("tenant", "create", " "), 1, "[invalid_argument]"),
    ],
)
def test_what_does_not_work_says_why(cli: Run, arguments: tuple[str, ...], code: int, why: str):
    failed = cli(*arguments)
    assert failed.exit_code == code
    assert why in failed.stderr
    assert "Traceback" not in failed.output


def test_a_tenant_comes_with_the_way_into_it(cli: Run):
    name = account()
    secret = cli("tenant", "create", name, "--quiet").stdout.strip()
    assert name in cli("tenant", "list").stdout
    tenants = json.loads(cli("tenant", "list", "--output", "json").stdout)["tenants"]
    assert name in [tenant["name"] for tenant in tenants]
    assert cli("token", "list", "--token", secret).stdout.count("\n") == 2
    refused = cli("tenant", "list", "--token", secret)
    assert (refused.exit_code, "permission_denied" in refused.stderr) == (1, True)
    again = cli("tenant", "create", name)
    assert (again.exit_code, "[already_exists]" in again.stderr) == (1, True)


def test_without_a_token_the_next_step_is_told(cli: Run):
    refused = cli("token", "list", "--token", "")
    assert refused.exit_code == 1
    assert "credentials are missing" in refused.stderr
    assert "set QUARTERDECK_TOKEN or pass --token" in refused.stderr


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://nobody.invalid"])
def test_without_a_server_its_address_is_told(alone: Run, url: str):
    failed = alone("token", "list", "--url", url)
    assert failed.exit_code == 1
    assert f"the server at {url} cannot be reached" in failed.stderr


@pytest.mark.parametrize("url", ["nonsense", "ftp://a", "http://", "http://[::1", "\x00"])
def test_an_address_that_is_none_is_told(alone: Run, url: str):
    failed = alone("token", "list", "--url", url)
    assert failed.exit_code in {1, 2}
    assert failed.stderr
    assert "Traceback" not in failed.output


@pytest.mark.parametrize("token", ["caf\u00e9-token-token-token", "line\nbreak-token-token", "\x00" * 20])
def test_a_token_that_is_none_is_told(cli: Run, token: str):
    failed = cli("token", "list", "--token", token)
    assert failed.exit_code in {1, 2}
    assert failed.stderr
    assert "Traceback" not in failed.output
