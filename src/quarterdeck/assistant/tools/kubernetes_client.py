"""Reading from the API of a Kubernetes cluster, with the official client. It blocks: callers use a thread.

This module needs the optional package `kubernetes`, from the first request on. The official client loads the
configuration, authenticates, refreshes tokens and makes the connections; requests go through its `ApiClient`. Its
dynamic client is left out: that keeps what kinds there are in a file with a name that anybody on the machine knows, and
reads answers without a limit.
"""

from __future__ import annotations

import difflib
import importlib
import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from quarterdeck.assistant.tools.prometheus import labels_of, objects
from quarterdeck.assistant.tools.tool import ToolFailed

EXTRA: Final = "quarterdeck[kubernetes]"
JSON: Final = "application/json"
CORE: Final = "v1"

_KINDS_FOR: Final = 600.0
"""Seconds for which it is remembered what kinds there are."""
_MISS_AFTER: Final = 10.0
"""Seconds after which a kind that was not found is looked for anew: definitions come and go."""
_MOST_GROUPS: Final = 300
_PIECE: Final = 64 * 1024
_FAILED: Final = 300
_SKIPPED: Final = frozenset({403, 404, 500, 503, 504})
"""What a group answers that this caller may not see, or whose own server is away."""
_QUOTED: Final = 300

Query = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object, as the cluster has it."""

    api_version: str
    """`v1`, or a group and a version such as `apps/v1`."""
    name: str
    """The plural of paths, such as `deployments`."""
    kind: str
    is_namespaced: bool
    other_names: tuple[str, ...] = ()
    """Lower-case: the singular and the short ones."""

    @property
    def is_secret(self) -> bool:
        return self.kind == "Secret" and self.api_version == CORE

    def path(self, namespace: str = "", name: str = "") -> str:
        """Where its objects, or one of them, are."""
        parts = ["api" if self.api_version == CORE else "apis", *self.api_version.split("/")]
        if self.is_namespaced and namespace:
            parts += ["namespaces", namespace]
        parts += [self.name, *([name] if name else [])]
        return "/" + "/".join(quote(part, safe="") for part in parts)

    def is_called(self, name: str) -> bool:
        return name in {self.name, self.kind.lower(), *self.other_names}


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment up to which all requests of one call must have ended."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        return cls(time.monotonic() + seconds)

    def left(self) -> float:
        """Seconds. Raises ToolFailed when there are none."""
        left = self.at - time.monotonic()
        if left <= 0:
            raise ToolFailed("Kubernetes did not answer in time")
        return left


@dataclass(slots=True)
class KubernetesClient:
    """One cluster. Safe for concurrent calls from threads; loads its configuration at the first one."""

    kubeconfig: str
    """A path; empty for the service account of the pod that the server runs in."""
    context: str
    """Of the kubeconfig; empty for its current one."""
    most_bytes: int
    _api: Any = None
    _loading: threading.Lock = field(default_factory=threading.Lock)

    def json(self, path: str, query: Query = (), *, deadline: Deadline, accept: str = JSON) -> Mapping[str, Any]:
        """The object at a path. Raises ToolFailed, with the cluster's own words for its errors."""
        body, is_complete = self.read(path, query, deadline=deadline, accept=accept)
        if not is_complete:
            raise ToolFailed(f"Kubernetes answered more than {self.most_bytes} bytes; ask for less")
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise ToolFailed("Kubernetes answered something that is no JSON object")
        return value

    def read(
        self, path: str, query: Query = (), *, deadline: Deadline, accept: str = JSON, newest: bool = False
    ) -> tuple[bytes, bool]:
        """What is at a path, and whether that is all of it: the first bytes up to the cap, or the `newest`."""
        api = self._loaded()
        try:
            # The client's own types say nothing of this.
            request = api.param_serialize(
                "GET", path, query_params=list(query),
                header_params={"Accept": accept, "Accept-Encoding": "identity"}, auth_settings=["BearerToken"],
            )  # fmt: skip
            response = api.call_api(*request, _request_timeout=deadline.left()).response
            try:
                body, is_complete = self._read(response, deadline, newest=newest)
            finally:
                response.close()
        except ToolFailed:
            raise
        except Exception as error:  # noqa: BLE001 - urllib3's, the client's own, and those of plugins for credentials
            raise ToolFailed(f"Kubernetes {_why(error)}") from None
        if response.status >= _FAILED:
            raise ToolFailed(_refusal(response.status, body), return_code=response.status)
        return body, is_complete

    def _read(self, response: Any, deadline: Deadline, *, newest: bool) -> tuple[bytes, bool]:
        pieces, is_complete = bytearray(), True
        while piece := response.read1(_PIECE):
            pieces += piece
            if len(pieces) > self.most_bytes:
                is_complete = False
                if not newest:
                    return bytes(pieces[: self.most_bytes]), False
                del pieces[: len(pieces) - self.most_bytes]
            deadline.left()
        return bytes(pieces), is_complete

    def _loaded(self) -> Any:
        with self._loading:
            if self._api is None:
                try:
                    self._api = _load(self.kubeconfig, self.context)
                except Exception as error:  # noqa: BLE001 - a file that is not there, or whatever is in it
                    why = str(error) if type(error).__name__ == "ConfigException" else type(error).__name__
                    raise ToolFailed(f"the cluster's configuration cannot be used: {why[:_QUOTED]}") from None
            return self._api


@dataclass(slots=True)
class Kinds:
    """Which kinds the cluster has; asked group by group, as far as needed, and remembered."""

    client: KubernetesClient
    _versions: tuple[str, ...] = ()
    _kinds: dict[str, tuple[Kind, ...]] = field(default_factory=dict)
    _since: float = 0.0
    _looking: threading.Lock = field(default_factory=threading.Lock)

    def find(self, name: str, api_version: str, deadline: Deadline) -> Kind:
        """The kind of this name: singular, plural or short, alone or with its group as in `deployments.apps`.

        Of several, one of the core comes first, then in the cluster's order. Raises ToolFailed.
        """
        plain, _, group = name.lower().partition(".")
        with self._looking:
            self._forget_after(_KINDS_FOR)
            for _ in range(2):
                for kind in self._walk(group, api_version, deadline):
                    if kind.is_called(plain):
                        return kind
                if not self._forget_after(_MISS_AFTER):
                    break
            known = {each.name for kinds in self._kinds.values() for each in kinds}
        near = difflib.get_close_matches(plain, known, n=3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        where = f" in {api_version}" if api_version else ""
        raise ToolFailed(f"the cluster has no kind {name!r}{where}{hint}")

    def _walk(self, group: str, api_version: str, deadline: Deadline) -> Iterator[Kind]:
        if api_version:
            yield from self._of(api_version, deadline)
            return
        for version in self._preferred(deadline):
            if not group or version.rpartition("/")[0] == group:
                yield from self._of(version, deadline)

    def _forget_after(self, seconds: float) -> bool:
        if self._versions and time.monotonic() - self._since < seconds:
            return False
        self._versions, self._kinds, self._since = (), {}, time.monotonic()
        return True

    def _preferred(self, deadline: Deadline) -> tuple[str, ...]:
        """The version of each group that the cluster likes best."""
        if not self._versions:
            groups = objects(self.client.json("/apis", deadline=deadline).get("groups"))[:_MOST_GROUPS]
            versions = (labels_of(group, "preferredVersion").get("groupVersion") for group in groups)
            self._versions = (CORE, *(version for version in versions if isinstance(version, str)))
        return self._versions

    def _of(self, version: str, deadline: Deadline) -> tuple[Kind, ...]:
        if version not in self._kinds:
            prefix = "/api/" if version == CORE else "/apis/"
            try:
                found = self.client.json(prefix + quote(version), deadline=deadline)
            except ToolFailed as error:
                if error.return_code not in _SKIPPED:
                    raise
                # Not remembered: it may be back at the next call.
                return ()
            self._kinds[version] = tuple(_kinds_in(version, objects(found.get("resources"))))
        return self._kinds[version]


def _kinds_in(version: str, resources: Sequence[Mapping[str, Any]]) -> Iterator[Kind]:
    for each in resources:
        name, verbs = str(each.get("name", "")), each.get("verbs")
        if not name or "/" in name or not isinstance(verbs, list) or "get" not in verbs:
            continue  # a part of another, or nothing that can be read
        short = each.get("shortNames")
        others = [each.get("singularName"), *(short if isinstance(short, list) else ())]
        yield Kind(
            api_version=version,
            name=name,
            kind=str(each.get("kind", "")),
            is_namespaced=each.get("namespaced") is True,
            other_names=tuple(str(other).lower() for other in others if other),
        )


def _load(kubeconfig: str, context: str) -> Any:
    """An `ApiClient`. Through Any: the package's types do not cover what is used here."""
    client: Any = importlib.import_module("kubernetes.client")
    config: Any = importlib.import_module("kubernetes.config")
    configuration = client.Configuration()
    # A failed request is told, not repeated for minutes; redirects are no part of this API.
    configuration.retries = False
    if kubeconfig:
        config.load_kube_config(
            config_file=kubeconfig, context=context or None, client_configuration=configuration, persist_config=False
        )
    else:
        config.load_incluster_config(client_configuration=configuration)
    return client.ApiClient(configuration)


def _refusal(status: int, body: bytes) -> str:
    try:
        said = json.loads(body).get("message", "")
    except (ValueError, AttributeError, RecursionError):
        said = ""
    line = " ".join(str(said).split())[:_QUOTED]
    return f"Kubernetes answered {status}" + (f": {line}" if line else "")


def _why(error: BaseException) -> str:
    """A sentence's end for a request that got no answer; nothing of the library's own text, which may quote headers."""
    names = {type(each).__name__ for each in _causes(error)}
    if "SSLCertVerificationError" in names or "CertificateError" in names:
        return "has a certificate that is not valid"
    if "NameResolutionError" in names or "gaierror" in names:
        return "cannot be reached: its name is not known"
    if "ConnectionRefusedError" in names:
        return "refuses connections"
    if any("Timeout" in name for name in names):
        return "did not answer in time"
    if "SSLError" in names:
        return "does not speak TLS as we do, or has a certificate that is not valid"
    if names & {"ProtocolError", "IncompleteRead", "RemoteDisconnected", "ConnectionResetError"}:
        return "broke the connection off"
    return f"cannot be reached ({type(error).__name__})"


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        reason = getattr(current, "reason", None)
        current = reason if isinstance(reason, BaseException) else current.__cause__ or current.__context__
