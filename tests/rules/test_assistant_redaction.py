"""What tools must not tell."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.assistant.tools.redaction import MAX_DEPTH, REDACTED, TOO_DEEP, holds_secret, redact, redact_text
from quarterdeck.identity.tokens import new_token

OURS = new_token()
AWS_KEY = "AKIA" + "IOSFODNN7EXAMPLE"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nabc=\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        pytest.param(f"token is {OURS} now", OURS, id="our own token"),
        pytest.param("use qdk_abcdefghij0123456789 here", "qdk_abcdefghij0123456789", id="a kind of ours to come"),
        pytest.param("glsa_HOruNAb7SOiCdshU9algkrq7F5nFpUz0_e20e1fb9", "glsa_HOru", id="Grafana service account"),
        pytest.param("Authorization: Bearer abc123def456", "abc123def456", id="bearer header"),
        pytest.param("authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz", id="basic header"),
        pytest.param('curl -H "Authorization: token0815"', "token0815", id="header without scheme"),
        pytest.param("bearer " + "a" * 40, "a" * 40, id="bearer without digits"),
        pytest.param("postgresql://deck:s3cret@db:5432/x", "s3cret", id="password in URL"),
        pytest.param("https://gho_x@github.com/a", "gho_x", id="user only in URL"),
        pytest.param("redis://:hunter2@cache", "hunter2", id="password without user in URL"),
        pytest.param(f"key\n{PEM}\nrest", "MIIEpAIBAAKCAQEA", id="private key"),
        pytest.param("-----BEGIN PRIVATE KEY-----\nMIIEvQ", "MIIEvQ", id="private key that was cut"),
        pytest.param(
            "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blb\n-----END OPENSSH PRIVATE KEY-----", "b3Blb", id="ssh"
        ),
        pytest.param(f"aws {AWS_KEY} x", AWS_KEY, id="AWS access key"),
        pytest.param("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG", "wJalrXUtnFEMI", id="AWS secret"),
        pytest.param(f"cookie {JWT}", "dozjgNry", id="JWT"),
        pytest.param('{"password": "a \\"b\\" c", "x": 1}', "b\\", id="quotes within a JSON text"),
        pytest.param('"{\\"api_key\\": \\"sesame\\"}"', "sesame", id="JSON within JSON"),
        pytest.param('password = "correct horse battery"', "horse", id="assigned, quoted"),
        pytest.param("DB_PASSWORD=sesame", "sesame", id="environment"),
        pytest.param("client_secret: sesame", "sesame", id="YAML"),
        pytest.param("password: 'it''s'", "it", id="YAML, quoted"),
        pytest.param('password = "never closed', "never", id="cut within quotes"),
        pytest.param("x-api-key: sesame", "sesame", id="API key header"),
    ],
)
def test_a_secret_goes(text: str, secret: str) -> None:
    clean = redact_text(text)
    assert secret not in clean
    assert REDACTED in clean


@pytest.mark.parametrize(
    "text",
    [
        "the token expired; ask for a new one",
        "basic authentication failed",
        "bearer authentication is needed",
        "max_tokens: 4096, total_tokens=12",
        'bearer_token_file = "/var/run/secrets/token"',
        'password = env("DB_PASSWORD")',
        "password = local.file.secret.content",
        "password: ${DB_PASSWORD}",
        "see https://example.com/a@b and mail ops@example.com",
        "https://example.com:8080/path?x=1",
        "task-sk-1 is done",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "env=prod os=linux region=eu-west-1",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact_text(text) == text


def test_what_stands_around_a_secret_stays() -> None:
    assert redact_text('a: 1\npassword: "x"\nb: 2') == f'a: 1\npassword: "{REDACTED}"\nb: 2'
    assert redact_text("postgresql://u:p@db:5432/x") == f"postgresql://{REDACTED}@db:5432/x"
    assert redact_text("GET / Authorization: Bearer abcdef123 ok") == f"GET / Authorization: Bearer {REDACTED} ok"


@pytest.mark.parametrize(
    ("value", "clean"),
    [
        pytest.param({"password": "x"}, {"password": REDACTED}, id="text"),
        pytest.param({"PGPASSWORD": 1234}, {"PGPASSWORD": REDACTED}, id="number"),
        pytest.param({"apiKey": {"a": 1}}, {"apiKey": REDACTED}, id="everything below it"),
        pytest.param({"a": [{"client-secret": "x"}]}, {"a": [{"client-secret": REDACTED}]}, id="nested"),
        pytest.param({"name": "API_TOKEN", "value": "x"}, {"name": "API_TOKEN", "value": REDACTED}, id="named beside"),
        pytest.param(
            {"key": "Authorization", "value": ["x"]}, {"key": "Authorization", "value": REDACTED}, id="header"
        ),
        pytest.param({"name": "HOME", "value": "/root"}, {"name": "HOME", "value": "/root"}, id="named, no secret"),
        pytest.param({"password": ""}, {"password": ""}, id="empty"),
        pytest.param({"token": None, "hasToken": True}, {"token": None, "hasToken": True}, id="not there"),
        pytest.param({"prompt_tokens": 5, "tokens": [1]}, {"prompt_tokens": 5, "tokens": [1]}, id="counts"),
        pytest.param({"secretName": "tls"}, {"secretName": "tls"}, id="a name of a secret"),
        pytest.param(("a", 1), ["a", 1], id="tuple"),
        pytest.param(7, 7, id="number alone"),
        pytest.param(f"x {AWS_KEY}", f"x {REDACTED}", id="text alone"),
        pytest.param({OURS: 1}, {REDACTED: 1}, id="a secret as key"),
    ],
)
def test_json_values(value: Any, clean: Any) -> None:
    assert redact(value) == clean


def test_endless_depth_ends() -> None:
    value: Any = {"password": "deep"}
    for _ in range(MAX_DEPTH * 5):
        value = [value]
    text = repr(redact(value))
    assert "deep'" not in text
    assert TOO_DEEP in text


@pytest.mark.parametrize("key", ["password", "X-Api-Key", "authorization", "GF_SECURITY_ADMIN_PASSWORD", "set-cookie"])
def test_names_of_secrets(key: str) -> None:
    assert holds_secret(key)


@pytest.mark.parametrize(
    "text",
    [
        "password=" * 40_000,
        "a" * 400_000,
        "a.b-" * 100_000,
        "://" * 100_000,
        "bearer " * 60_000,
        "-----BEGIN PRIVATE KEY" * 20_000,
        '"' * 300_000,
        'token="' + "\\" * 300_000,
        "eyJ" * 100_000,
        " " * 400_000,
    ],
)
def test_hostile_texts_take_no_time(text: str) -> None:
    began = time.process_time()
    redact_text(text)
    assert time.process_time() - began < 5


@given(st.text(max_size=200))
def test_what_is_clean_stays_clean(text: str) -> None:
    once = redact_text(text)
    assert redact_text(once) == once


@given(
    st.text(
        alphabet=st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\"'\\,;&<>(){}[]$"), min_size=4
    )
)
def test_whatever_is_assigned_to_a_password_goes(value: str) -> None:
    assert redact_text(f'password="{value}"') == f'password="{REDACTED}"'
