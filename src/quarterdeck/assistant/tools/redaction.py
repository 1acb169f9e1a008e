"""What tools must not tell: secrets in texts and in JSON values, replaced before anything is stored, shown or sent.

A net with holes: it knows the names that secrets usually have and the forms of well-known tokens. What looks like
prose around a word such as `token` stays. Every pattern takes linear time, whatever the text is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

REDACTED: Final = "[REDACTED]"
TOO_DEEP: Final = "[nested too deeply]"
MAX_DEPTH: Final = 100

_HOLDS_SECRET: Final = re.compile(
    r"password|passwd|passphrase|apikey|privatekey|accesskey|secretkey|authorization|credential"
    r"|(?:secret|token|pwd|cookie|dsn)$"
)
_NAMES: Final = ("name", "key", "header")
_WORDS: Final = (
    r"(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|secret[_-]?key|cookie)"
)

_PEM: Final = re.compile(
    r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----"
    r".*?(?:-----END (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----|\Z)",
    re.DOTALL,
)
_HEADER: Final = re.compile(
    r"(authorization\\{0,3}[\"']?\s{0,8}[:=]\s{0,8}\\{0,3}[\"']?(?:(?:basic|bearer|digest|token)\s{1,8})?)"
    r"(?!\[REDACTED)[^\s\"',;\\]{1,8192}",
    re.IGNORECASE,
)
_BEARER: Final = re.compile(
    r"\b(bearer\s{1,8})(?:(?=[A-Za-z._~+/=-]{0,64}\d)[\w.~+/=-]{8,8192}|[\w.~+/=-]{24,8192})", re.IGNORECASE
)
_ASSIGNED: Final = re.compile(
    rf"({_WORDS}\\{{0,3}}[\"']?\s{{0,8}}[:=]=?\s{{0,8}})"
    # What only names a secret is none: functions and components of Alloy, shell and template variables.
    r"(?!\[REDACTED|[\"']?\$\{|\$\(|\{\{|(?:sys\.)?env\(|local\.|remote\.|argument\.|nonsensitive\()"
    r"(\\\"(?:(?!\\\")[^\n]){1,8192}(?:\\\")?"
    r"|\"(?:[^\"\\\n]|\\.){1,8192}\"?"
    r"|'(?:[^'\\\n]|\\.){1,8192}'?"
    r"|[^\s\"',;&<>(){}\[\]\\]{1,8192})",
    re.IGNORECASE,
)
_TOKENS: Final = re.compile(
    r"\b(?:qd[a-z]?_|glsa_|glc_|ghp_|gho_|ghu_|ghs_|ghr_|github_pat_|glpat-|xox[abeprs]-|sk-|sk_live_|rk_live_|npm_"
    r"|hf_|dop_v1_|hvs\.)[\w-]{16,8192}"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\beyJ[\w-]{8,8192}\.[\w-]{8,8192}(?:\.[\w-]{0,8192})?"
)
_USERINFO: Final = re.compile(r"(://)[^\s/@\"'<>?#\\]{1,1024}@")


def redact_text(text: str) -> str:
    """The text with `[REDACTED]` where secrets are: bearer tokens and other credentials of HTTP, tokens of well-known
    forms, AWS keys, private keys, user names and passwords in URLs, and what is assigned to a name such as `password`.
    """
    text = _PEM.sub(REDACTED, text)
    text = _HEADER.sub(rf"\1{REDACTED}", text)
    text = _BEARER.sub(rf"\1{REDACTED}", text)
    text = _TOKENS.sub(REDACTED, text)
    text = _USERINFO.sub(rf"\1{REDACTED}@", text)
    return _ASSIGNED.sub(_without_value, text)


def redact(value: Any) -> Any:
    """A JSON value without secrets: `redact_text` for every text, and the whole value below keys such as `password`,
    `apiKey` or `authorization`, also where an object names it (`{"name": "TOKEN", "value": "…"}`).

    Numbers, booleans and nulls stay, except below such keys, where numbers go too. Deeper than 100 levels everything
    is replaced.
    """
    return _redact(value, 0)


def holds_secret(key: str) -> bool:
    """Whether what has this name is a secret by the habit of naming."""
    return _HOLDS_SECRET.search(re.sub(r"[^a-z0-9]", "", key[:200].lower())) is not None


def _redact(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return redact_text(value)
    if depth >= MAX_DEPTH and isinstance(value, Mapping | list | tuple):
        return TOO_DEEP
    if isinstance(value, Mapping):
        return _redact_object(value, depth)
    if isinstance(value, list | tuple):
        return [_redact(item, depth + 1) for item in value]
    return value


def _redact_object(value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
    named = any(isinstance(value.get(name), str) and holds_secret(value[name]) for name in _NAMES)
    clean: dict[str, Any] = {}
    for key, item in value.items():
        text = str(key)
        if holds_secret(text) or (named and text == "value"):
            clean[redact_text(text)] = _hidden(item)
        else:
            clean[redact_text(text)] = _redact(item, depth + 1)
    return clean


def _hidden(value: Any) -> Any:
    """Everything below a secret's name, as one; whether there is anything may be known."""
    return value if value is None or isinstance(value, bool) or value in ("", [], {}) else REDACTED


def _without_value(match: re.Match[str]) -> str:
    value = match[2]
    quote = next((mark for mark in ('\\"', '"', "'") if value.startswith(mark)), "")
    closed = quote if len(value) > len(quote) and value.endswith(quote) else ""
    return f"{match[1]}{quote}{REDACTED}{closed}"
