"""Whom outgoing TLS connections trust."""

from __future__ import annotations

import ssl

import httpx


def ssl_context() -> ssl.SSLContext:
    """Verifies; the CAs are those of `SSL_CERT_FILE` or `SSL_CERT_DIR`, else the usual public ones."""
    return httpx.create_ssl_context(verify=True, trust_env=True)
