"""Where settings come from, which wins, and that a misspelt one is an error wherever it stands."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from quarterdeck.errors import Invalid
from quarterdeck.settings import Settings, is_loopback, load_settings


@pytest.fixture(autouse=True)
def nothing_inherited(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("QUARTERDECK_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_the_defaults_are_a_server_for_oneself():
    settings = load_settings()
    assert (settings.host, settings.port, settings.grpc_port, settings.workers) == ("127.0.0.1", 8080, 8081, 1)
    assert settings.database_url == "sqlite:///quarterdeck-data/quarterdeck.db"
    assert settings.authenticates
    assert (settings.rate_limit_api, settings.rate_limit_collector) == (0, 0)


@pytest.mark.parametrize(
    ("toml", "environment", "flag", "port"),
    [
        (None, None, None, 8080),
        (1, None, None, 1),
        (1, 2, None, 2),
        (1, 2, 3, 3),
        (None, 2, None, 2),
        (1, None, 3, 3),
        (None, 2, 3, 3),
    ],
)
def test_flags_over_variables_over_the_file_over_the_default(monkeypatch, tmp_path, toml, environment, flag, port):
    if toml is not None:
        (tmp_path / "quarterdeck.toml").write_text(f"port = {toml}\n")
    if environment is not None:
        monkeypatch.setenv("QUARTERDECK_PORT", str(environment))
    assert load_settings({"port": flag}).port == port


def test_a_file_of_another_name_can_be_given(monkeypatch, tmp_path):
    (tmp_path / "other.toml").write_text("port = 5\n")
    (tmp_path / "quarterdeck.toml").write_text("port = 6\n")
    monkeypatch.setenv("QUARTERDECK_CONFIG", str(tmp_path / "other.toml"))
    assert load_settings().port == 5


def test_a_flag_that_is_off_is_a_flag(monkeypatch):
    monkeypatch.setenv("QUARTERDECK_NO_AUTH", "true")
    assert load_settings({"no_auth": False}).authenticates
    assert not load_settings({"no_auth": None}).authenticates


def test_a_secret_may_be_in_a_file(monkeypatch, tmp_path):
    (tmp_path / "secret").write_text("a-token-in-a-file\n")
    monkeypatch.setenv("QUARTERDECK_BOOTSTRAP_TOKEN_FILE", str(tmp_path / "secret"))
    secret = load_settings().bootstrap_token
    assert secret is not None
    assert secret.get_secret_value() == "a-token-in-a-file"


def test_the_variable_wins_over_the_file_that_is_named_beside_it(monkeypatch, tmp_path):
    (tmp_path / "secret").write_text("a-token-in-a-file\n")
    monkeypatch.setenv("QUARTERDECK_BOOTSTRAP_TOKEN_FILE", str(tmp_path / "secret"))
    monkeypatch.setenv("QUARTERDECK_BOOTSTRAP_TOKEN", "a-token-in-a-variable")
    secret = load_settings().bootstrap_token
    assert secret is not None
    assert secret.get_secret_value() == "a-token-in-a-variable"


def test_the_databases_url_may_be_in_a_file_for_the_password_in_it(monkeypatch, tmp_path):
    (tmp_path / "secret").write_text("postgresql://u:p@db/q\n")
    monkeypatch.setenv("QUARTERDECK_DATABASE_FILE", str(tmp_path / "secret"))
    assert load_settings().database_url == "postgresql://u:p@db/q"
    assert load_settings({"database": "sqlite:///x"}).database_url == "sqlite:///x"


def test_a_secret_file_wins_over_the_toml(monkeypatch, tmp_path):
    (tmp_path / "secret").write_text("a-token-in-a-file\n")
    (tmp_path / "quarterdeck.toml").write_text('bootstrap_token = "a-token-in-the-toml"\n')
    assert "in-the-toml" in str(load_settings().bootstrap_token.get_secret_value())  # type: ignore[union-attr]
    monkeypatch.setenv("QUARTERDECK_BOOTSTRAP_TOKEN_FILE", str(tmp_path / "secret"))
    assert "in-a-file" in str(load_settings().bootstrap_token.get_secret_value())  # type: ignore[union-attr]


def test_secrets_are_not_printed():
    settings = Settings(bootstrap_token="hunter2-hunter2-hunter2")  # type: ignore[arg-type]
    assert "hunter2" not in repr(settings) + str(settings)


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        pytest.param("QUARTERDECK_PROT", "1", "QUARTERDECK_PROT, which is no setting", id="a misspelt name"),
        pytest.param("quarterdeck_prot", "1", "quarterdeck_prot, which is no setting", id="in lower case"),
        pytest.param("QUARTERDECK_PORT_FILE", "x", "QUARTERDECK_PORT_FILE", id="a file for what is no secret"),
        pytest.param("QUARTERDECK_PORT", "many", "port: ", id="no number"),
        pytest.param("QUARTERDECK_PORT", "65536", "port: ", id="no port"),
        pytest.param("QUARTERDECK_WORKERS", "0", "workers: ", id="nobody to work"),
        pytest.param("QUARTERDECK_RATE_LIMIT_API", "-1", "rate_limit_api: ", id="a rate below zero"),
        pytest.param("QUARTERDECK_MAX_BODY_BYTES", "10", "max_body_bytes: ", id="a limit that lets nothing in"),
        pytest.param("QUARTERDECK_RATE_LIMIT_COLLECTOR", "1000001", "rate_limit_collector: ", id="no limit at all"),
        pytest.param("QUARTERDECK_RATE_LIMIT_API", "1e300", "rate_limit_api: ", id="no limit at all of the API"),
        pytest.param("QUARTERDECK_RUN_LEASE", "1e12", "run_lease: ", id="a lease that never ends"),
        pytest.param("QUARTERDECK_INACTIVE_AFTER", "1e12", "inactive_after: ", id="gone after the end of time"),
        pytest.param("QUARTERDECK_APPROVAL_TIMEOUT_HOURS", "876001", "approval_timeout_hours: ", id="over a century"),
        pytest.param(
            "QUARTERDECK_PURGE_INACTIVE_AFTER_DAYS", "999999", "purge_inactive_after_days: ", id="before 1 AD"
        ),
        pytest.param("QUARTERDECK_HOST", "caf\udce9", "host: ", id="bytes that are no text"),
        pytest.param("QUARTERDECK_LOG_FORMAT", "xml", "log_format: ", id="a format of nobody"),
        pytest.param("QUARTERDECK_BOOTSTRAP_TOKEN_FILE", "nowhere", "cannot be read", id="a file that is not there"),
        pytest.param("QUARTERDECK_CONFIG", "nowhere", "which is no file", id="a configuration that is not there"),
    ],
)
def test_a_wrong_variable_is_an_error(monkeypatch, name, value, why):
    monkeypatch.setenv(name, value)
    with pytest.raises(Invalid) as caught:
        load_settings()
    assert why in caught.value.message


@pytest.mark.parametrize("value", ["inf", "-inf", "nan"])
@pytest.mark.parametrize("name", [name for name, field in Settings.model_fields.items() if field.annotation is float])
def test_a_number_is_a_number(monkeypatch, name, value):
    monkeypatch.setenv(f"QUARTERDECK_{name.upper()}", value)
    with pytest.raises(Invalid, match=f"settings are not usable: {name}: "):
        load_settings()


def test_the_longest_times_are_times():
    hours = load_settings({"approval_timeout_hours": 876_000}).approval_timeout_hours
    days = load_settings({"purge_inactive_after_days": 36_500}).purge_inactive_after_days
    now = datetime.now(UTC)
    assert now - timedelta(days=days) < now < now + timedelta(hours=hours)


@pytest.mark.parametrize("name", ["QUARTERDECK_URL", "QUARTERDECK_TOKEN", "QUARTERDECK_TEST_X", "QUARTERDECK_BENCH_X"])
def test_variables_of_other_commands_are_none_of_the_servers(monkeypatch, name):
    monkeypatch.setenv(name, "x")
    assert load_settings().port == 8080


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("prot = 1\n", "prot: ", id="a misspelt key"),
        pytest.param("[server]\nport = 1\n", "server: ", id="a table of nobody"),
        pytest.param("port = \n", "cannot be read", id="no TOML"),
        pytest.param('port = "many"\n', "port: ", id="no number"),
        pytest.param(b"\xff\xfe", "cannot be read", id="no UTF-8"),
    ],
)
def test_a_wrong_file_is_an_error(tmp_path, text, why):
    (tmp_path / "quarterdeck.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(Invalid) as caught:
        load_settings()
    assert why in caught.value.message


def test_a_flag_of_nobody_is_an_error():
    with pytest.raises(Invalid, match="prot"):
        load_settings({"prot": 1})


def test_the_value_of_a_wrong_secret_is_not_repeated(monkeypatch):
    monkeypatch.setenv("QUARTERDECK_PORT", "hunter2")
    with pytest.raises(Invalid) as caught:
        load_settings()
    assert "hunter2" not in caught.value.message


@pytest.mark.parametrize(
    ("host", "flags", "starts"),
    [
        ("127.0.0.1", {"no_auth": True}, True),
        ("127.9.9.9", {"no_auth": True}, True),
        ("::1", {"no_auth": True}, True),
        ("[::1]", {"no_auth": True}, True),
        ("localhost", {"no_auth": True}, True),
        ("0.0.0.0", {"no_auth": True}, False),
        ("::", {"no_auth": True}, False),
        ("192.168.1.1", {"no_auth": True}, False),
        ("example.com", {"no_auth": True}, False),
        ("localhost.example.com", {"no_auth": True}, False),
        ("", {"no_auth": True}, False),
        ("0.0.0.0", {"unsafe_no_auth": True}, True),
        ("0.0.0.0", {"no_auth": True, "unsafe_no_auth": True}, True),
        ("0.0.0.0", {}, True),
    ],
)
def test_without_authentication_only_this_machine_is_served(host, flags, starts):
    assert is_loopback(host) or not (flags == {"no_auth": True} and starts)
    if starts:
        assert load_settings({"host": host, **flags}).host == host
    else:
        with pytest.raises(Invalid, match="loopback addresses only"):
            load_settings({"host": host, **flags})
