"""From request headers to the token that they present."""

from __future__ import annotations

import base64
import binascii
from typing import Final

from quarterdeck.errors import Reason, Unauthenticated
from quarterdeck.identity.tokens import MAX_LENGTH, is_well_formed

ACCEPTED: Final = (
    "Authorization: Bearer TOKEN, Authorization: Basic (any user name, the token as password), "
    "X-API-Key, X-Access-Token"
)
_MAX_HEADER: Final = 4 * MAX_LENGTH


def presented_token(authorization: str | None, api_key: str | None = None) -> str:
    """The token in an `Authorization` or, without one, in an `X-API-Key` or `X-Access-Token` header.

    Raises `Unauthenticated`: CREDENTIALS_MISSING without either, CREDENTIALS_INVALID for what cannot be a token of ours
    (another scheme, broken base64, a wrong checksum). The message never repeats the credentials.
    """
    if authorization:
        return _well_formed(_authorization_token(authorization))
    if api_key:
        return _well_formed(api_key.strip())
    raise Unauthenticated(Reason.CREDENTIALS_MISSING, f"credentials are missing; accepted: {ACCEPTED}")


def _authorization_token(header: str) -> str:
    scheme, _, value = header[: _MAX_HEADER + 1].strip().partition(" ")
    if len(header) <= _MAX_HEADER and scheme.lower() == "bearer":
        return value.strip()
    if len(header) <= _MAX_HEADER and scheme.lower() == "basic":
        return _basic_password(value.strip())
    raise _malformed("the Authorization header")


def _basic_password(value: str) -> str:
    try:
        user_and_password = base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeError, ValueError) as error:
        raise _malformed("the Basic Authorization header") from error
    _user, separator, password = user_and_password.partition(":")
    if not separator:
        raise _malformed("the Basic Authorization header")
    return password


def _well_formed(token: str) -> str:
    if not is_well_formed(token):
        raise _malformed("the token")
    return token


def _malformed(what: str) -> Unauthenticated:
    return Unauthenticated(Reason.CREDENTIALS_INVALID, f"{what} is malformed; accepted: {ACCEPTED}")
