"""The one tree of settings. Flags win over the environment, that over `quarterdeck.toml`, that over the defaults.

Every field `x_y` is the variable `QUARTERDECK_X_Y`; a secret may be in the file that `QUARTERDECK_X_Y_FILE` names.
Unknown keys are errors, wherever they stand: a misspelt limit must not be silently no limit.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from quarterdeck.errors import Invalid, Reason

PREFIX = "QUARTERDECK_"

# Read by other commands than `serve`, or by tests.
_OTHER_VARIABLES = frozenset({"QUARTERDECK_URL", "QUARTERDECK_TOKEN", "QUARTERDECK_CONFIG"})
_CENTURY_DAYS = 36_500
"""Times are added to today and taken from it: what is much longer leads out of the calendar."""
_RATE = 1_000_000
"""Requests per second; more is no limit."""
_OTHER_PREFIXES = ("QUARTERDECK_TEST_", "QUARTERDECK_BENCH_")


class Settings(BaseSettings):
    """What `quarterdeck serve` can be told."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False
    )

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8080, ge=0, le=65535, description="HTTP port; 0 for any free one.")
    grpc_port: int = Field(default=8081, ge=0, le=65535, description="gRPC port; 0 for any free one.")
    database: str = Field(
        default="", description="sqlite:///FILE or postgresql://…; a file in the data directory when empty."
    )
    data_dir: Path = Field(default=Path("quarterdeck-data"), description="Where the embedded database is kept.")
    workers: int = Field(default=1, ge=1, le=64, description="Processes that serve.")
    log_format: Literal["text", "json"] = Field(default="text", description="text or json.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="debug, info, warning or error."
    )
    bootstrap_token: SecretStr | None = Field(default=None, description="The first admin token of an empty database.")
    no_auth: bool = Field(default=False, description="Take every caller for an admin; on loopback addresses only.")
    unsafe_no_auth: bool = Field(
        default=False, description="The same on any address. Anybody who reaches it owns the fleet."
    )
    rate_limit_collector: float = Field(
        default=0, ge=0, le=_RATE, description="Requests per second of one token to collector calls; 0: any."
    )
    rate_limit_api: float = Field(
        default=0, ge=0, le=_RATE, description="Requests per second of one token to all else; 0: any."
    )
    max_body_bytes: int = Field(default=4 * 1024 * 1024, ge=64 * 1024, description="The largest request.")
    max_remote_attributes: int = Field(default=100, ge=1, description="Remote attributes of one collector.")
    max_attribute_key: int = Field(default=100, ge=1, description="Characters of an attribute's key.")
    max_attribute_value: int = Field(default=1024, ge=1, description="Characters of an attribute's value.")
    inactive_after: float = Field(
        default=3600,
        gt=0,
        le=_CENTURY_DAYS * 86400,
        description="Seconds without a call until a collector counts as gone, at least.",
    )
    purge_inactive_after_days: float = Field(
        default=0, ge=0, le=_CENTURY_DAYS, description="Days until a gone collector is forgotten; 0: never."
    )
    public_url: str = Field(default="", description="Where people reach this server, for links; relative when empty.")
    webhook_allow: str = Field(
        default="", description="Private addresses, networks and hosts that webhooks may go to, with commas between."
    )
    incoming_webhook_rate: int = Field(
        default=10, ge=0, description="Incoming webhooks per second of one token; 0: any."
    )
    incoming_webhook_burst: int = Field(default=60, ge=1, description="Incoming webhooks of one token at once.")
    failed_authentications_per_minute: int = Field(
        default=20, ge=0, description="Wrong tokens of incoming webhooks per client address; 0: any."
    )
    alerts_resolve: bool = Field(
        default=False, description="Resolve an incident that Alertmanager opened when its alerts are resolved."
    )
    organisation_file: Path | None = Field(
        default=None,
        description="Severities, roles, statuses, labels, fields, hooks, tokens; applied at every start.",
    )
    models_file: Path | None = Field(
        default=None, description="The model list, as YAML; the planner without a language model answers without one."
    )
    model_list: dict[str, Any] = Field(default={}, description="The same list, in quarterdeck.toml.")
    default_model: str = Field(default="", description="The model for requests that name none; the first when empty.")
    strict_models: bool = Field(default=False, description="Refuse unknown model names; else the default answers.")
    probe_models: bool = Field(default=True, description="Find out at start whether each model can call tools.")
    assistant_concurrency: int = Field(default=128, ge=1, description="Runs at work at the same time, per process.")
    run_lease: float = Field(
        default=15, ge=1, le=86400, description="Seconds until another process takes over the run of one that died."
    )
    max_steps: int = Field(default=100, ge=1, description="Model calls of one run.")
    tool_result_window_percent: float = Field(
        default=15, gt=0, le=100, description="The share of the context window that one tool result may take."
    )
    tool_result_tokens: int = Field(default=25_000, ge=100, description="Tokens that one tool result may take.")
    compaction_threshold_percent: int = Field(
        default=95, ge=1, le=100, description="How full the context window gets before a conversation is shortened."
    )
    approval_timeout_hours: float = Field(
        default=24, gt=0, le=_CENTURY_DAYS * 24, description="Hours until an approval that nobody gave is denied."
    )
    approval_signing_key: SecretStr | None = Field(
        default=None, description="Signs HolmesGPT's pending approvals; made once and kept in the database when unset."
    )
    passthrough_blocked_headers: str = Field(
        default="authorization,cookie,set-cookie,x-api-key,x-access-token",
        description="Headers of HolmesGPT's requests that tools never see, with commas between.",
    )
    prompt_parts: dict[str, bool] = Field(
        default={}, description="Parts of the system prompt that are on or off, whatever a request says."
    )
    rate_limit_assistant: int = Field(
        default=600, ge=1, description="Calls per minute of one token to the Grafana Assistant's API."
    )
    runbooks_dir: Path | None = Field(default=None, description="A directory of runbooks: Markdown with front matter.")
    prometheus_url: str = Field(default="", description="A Prometheus, or what speaks its API; no tool without it.")
    prometheus_tenant: str = Field(default="", description="X-Scope-OrgID for it: Mimir's tenant.")
    prometheus_token: SecretStr | None = Field(default=None, description="A bearer token for it.")
    loki_url: str = Field(default="", description="A Loki; no tool without it.")
    loki_tenant: str = Field(default="", description="X-Scope-OrgID for it.")
    loki_token: SecretStr | None = Field(default=None, description="A bearer token for it.")
    alertmanager_url: str = Field(default="", description="An Alertmanager; no tool without it.")
    alertmanager_tenant: str = Field(default="", description="X-Scope-OrgID for it.")
    alertmanager_token: SecretStr | None = Field(default=None, description="A bearer token for it.")
    mcp_servers_file: Path | None = Field(
        default=None, description="MCP servers whose tools the assistant has, as the usual `mcpServers` JSON or YAML."
    )
    remote_tools_file: Path | None = Field(
        default=None,
        description="Tools that the Assistant's clients run themselves, such as k6 Studio's, as YAML.",
    )
    kubernetes_config: str = Field(
        default="", description="A kubeconfig file, or `in-cluster`; no Kubernetes tools without it. They only read."
    )
    kubernetes_context: str = Field(default="", description="The kubeconfig's context; its current one when empty.")
    kubernetes_namespaces: str = Field(
        default="", description="Namespaces that the Kubernetes tools may read, with commas between; all when empty."
    )
    http_get_allow: str = Field(
        default="", description="Hosts that the tool http_get may read, with commas between; no tool without any."
    )
    holmes_admin_api: bool = Field(
        default=False,
        description="Let admins have the model list and the MCP servers read again, by HolmesGPT's /api/admin/reload.",
    )
    mcp_allow: str = Field(
        default="",
        description=(
            "Private addresses, networks (10.1.0.0/16) and host names that the MCP servers of integrations may have, "
            "with commas between."
        ),
    )
    validate_command: str = Field(
        default="", description="A command such as `alloy validate` that is asked about every Alloy pipeline as well."
    )
    refuse_empty_sync: bool = Field(
        default=False, description="Refuse a SyncPipelines call that would delete all of a source."
    )

    @field_validator("*")
    @classmethod
    def _is_text(cls, value: Any, info: ValidationInfo) -> Any:
        """Variables and flags may hold bytes that are no text; only a file's name may have them."""
        if isinstance(value, str) and info.field_name != "database":
            try:
                value.encode()
            except UnicodeEncodeError:
                raise ValueError("is not valid UTF-8") from None
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the hook's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the hook's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        path = _config_file()
        toml = (TomlConfigSettingsSource(settings_cls, path),) if path is not None else ()
        return init_settings, env_settings, *toml

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{self.data_dir / 'quarterdeck.db'}"

    @property
    def authenticates(self) -> bool:
        return not (self.no_auth or self.unsafe_no_auth)


def load_settings(flags: Mapping[str, Any] | None = None) -> Settings:
    """The settings in force. `flags` are those that were given. Raises Invalid, naming each setting that is wrong."""
    _check_environment()
    given = {**_secrets_from_files(), **{name: value for name, value in (flags or {}).items() if value is not None}}
    try:
        settings = Settings(**given)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'settings'}: {e['msg']}" for e in error.errors())
        raise Invalid(Reason.FIELD_INVALID, f"settings are not usable: {problems}") from error
    except ValueError as error:
        raise Invalid(Reason.FIELD_INVALID, f"the settings file cannot be read: {error}") from error
    _check_exposure(settings)
    return settings


def is_loopback(host: str) -> bool:
    """Whether an address is reachable from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _config_file() -> Path | None:
    named = os.environ.get("QUARTERDECK_CONFIG")
    if named is not None and not Path(named).is_file():
        raise ValueError(f"QUARTERDECK_CONFIG names {named!r}, which is no file")
    path = Path(named or "quarterdeck.toml")
    return path if path.is_file() else None


def _secret_fields() -> set[str]:
    # The URL of a PostgreSQL has its password in it.
    return {name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)} | {
        "database"
    }


def _secrets_from_files() -> dict[str, str]:
    found = {}
    for name in _secret_fields():
        variable = f"{PREFIX}{name.upper()}"
        path = os.environ.get(f"{variable}_FILE")
        if path is None or variable in os.environ:
            continue
        try:
            found[name] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Invalid(Reason.FIELD_INVALID, f"{variable}_FILE names {path!r}, which cannot be read") from error
    return found


def _check_environment() -> None:
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    known |= {f"{PREFIX}{name.upper()}_FILE" for name in _secret_fields()} | _OTHER_VARIABLES
    unknown = [
        name for name in os.environ
        if name.upper().startswith(PREFIX) and name.upper() not in known and not name.startswith(_OTHER_PREFIXES)
    ]  # fmt: skip
    if unknown:
        accepted = ", ".join(sorted(known))
        raise Invalid(
            Reason.FIELD_INVALID,
            f"the environment has {', '.join(sorted(unknown))}, which is no setting; there are {accepted}",
        )


def _check_exposure(settings: Settings) -> None:
    if settings.no_auth and not settings.unsafe_no_auth and not is_loopback(settings.host):
        raise Invalid(
            Reason.FIELD_INVALID,
            f"without authentication this server listens on loopback addresses only, not on {settings.host!r}; "
            "remove --no-auth, or say --unsafe-no-auth if anybody who reaches it may own the fleet",
        )
