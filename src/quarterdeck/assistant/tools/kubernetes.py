"""What a Kubernetes cluster can be asked. Nothing is ever changed in it, and no Secret's data is shown.

Shapes of the answers:

- `kubernetes_get`: the object as the cluster has it, without field managers; of a Secret only the keys
- `kubernetes_list`: `{kind, api_version, total, columns, rows}`; columns and cells are those that kubectl prints;
  `total` counts what there is, as far as the cluster tells, and `incomplete` is there when a namespace has more
- `kubernetes_describe`: text: the object with its owners, conditions, containers and events
- `kubernetes_events`: `{total, events: [{at, type, reason, object, message, count, source}]}`, the newest first
- `kubernetes_logs`: text, the newest lines

Times are RFC 3339 in UTC.
"""

from __future__ import annotations

import asyncio
import importlib.util
import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any, Final, Literal, NoReturn, TypeVar

from pydantic import Field

from quarterdeck.assistant.tools.http_client import MOST_BYTES, TIMEOUT
from quarterdeck.assistant.tools.kubernetes_client import (
    EXTRA,
    JSON,
    Deadline,
    Kind,
    Kinds,
    KubernetesClient,
    Query,
)
from quarterdeck.assistant.tools.kubernetes_text import described, shown_event, shown_object, shown_table
from quarterdeck.assistant.tools.moments import FORMS, read_moment
from quarterdeck.assistant.tools.prometheus import GRACE, labels_of, objects
from quarterdeck.assistant.tools.redaction import redact
from quarterdeck.assistant.tools.tool import Parameters, Tool, ToolAnswer, ToolContext, ToolFailed, found, nothing
from quarterdeck.assistant.tools.typed_tool import TypedTool
from quarterdeck.clock import Clock
from quarterdeck.errors import FieldViolation, Invalid, Reason

TOOLSET: Final = "kubernetes"
SETTING: Final = "kubernetes"

_TABLE: Final = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
_EVENT: Final = Kind("v1", "events", "Event", is_namespaced=True)
_POD: Final = Kind("v1", "pods", "Pod", is_namespaced=True)
_THREADS: Final = 8
_MOST_OWNERS: Final = 4
_PAGE: Final = 500
_MOST_EVENTS_READ: Final = 5000
_MOST_DESCRIBED_EVENTS: Final = 30
_MOST_SKEW: Final = 60
_LINES: Final = 200

T = TypeVar("T")
KindName = Annotated[str, Field(max_length=253, pattern=r"^[A-Za-z][A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)*$")]
ApiVersion = Annotated[
    str, Field(max_length=253, pattern=r"^(?:(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?/)?v[0-9][a-z0-9]*)?$")
]
ObjectName = Annotated[str, Field(max_length=253, pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9._:-]*[A-Za-z0-9])?$")]
"""It becomes a part of a path. Colons are in names of roles."""
Namespace = Annotated[str, Field(max_length=63, pattern=r"^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)?$")]
Selector = Annotated[str, Field(max_length=2048)]

_KIND: Final = "The kind, such as pod, deploy or certificates.cert-manager.io."
_API_VERSION: Final = "Such as apps/v1; empty for the one that the cluster prefers."
_NAMESPACE: Final = "The namespace; empty for the default one."


@dataclass(frozen=True, slots=True)
class KubernetesConfig:
    """A cluster, and what of it may be seen. The account should have no right to change anything."""

    kubeconfig: str = ""
    """A path; empty for the service account of the pod that the server runs in."""
    context: str = ""
    """Of the kubeconfig; empty for its current one."""
    namespaces: tuple[str, ...] = ()
    """The only namespaces that may be read; empty for all that the account may."""
    cluster_scoped: bool = False
    """Whether objects outside of namespaces, such as nodes, may be read although there is a list of namespaces."""
    timeout: float = TIMEOUT
    """Seconds of one call, with all its requests."""
    most_bytes: int = MOST_BYTES
    """Of one answer of the cluster."""
    most_log_bytes: int = 256 * 1024
    """Of one answer of `kubernetes_logs`."""


class GetQuery(Parameters):
    kind: KindName = Field(description=_KIND)
    name: ObjectName = Field(description="The object's name.")
    namespace: Namespace = Field("", description=_NAMESPACE)
    api_version: ApiVersion = Field("", description=_API_VERSION)


class ListQuery(Parameters):
    kind: KindName = Field(description=_KIND)
    namespace: Namespace = Field("", description="The namespace; empty for all that may be read.")
    api_version: ApiVersion = Field("", description=_API_VERSION)
    label_selector: Selector = Field("", description="Such as app=api,tier!=cache.")
    field_selector: Selector = Field("", description="Such as status.phase=Pending or spec.nodeName=node-1.")
    limit: int = Field(100, ge=1, le=500, description="At most so many.")


class EventsQuery(Parameters):
    namespace: Namespace = Field("", description="The namespace; empty for all that may be read.")
    kind: str = Field("", max_length=63, pattern=r"^[A-Za-z]*$", description="Only events about this kind, as in Pod.")
    name: Annotated[str, Field(max_length=253, pattern=r"^(?:[A-Za-z0-9][A-Za-z0-9._:-]*)?$")] = Field(
        "", description="Only events about the object of this name."
    )
    type: Literal["any", "Warning", "Normal"] = Field("any", description="Only events of this type.")
    limit: int = Field(50, ge=1, le=500, description="At most so many, the newest first.")


class LogQuery(Parameters):
    pod: ObjectName = Field(description="The pod's name.")
    namespace: Namespace = Field("", description=_NAMESPACE)
    container: Annotated[str, Field(max_length=63, pattern=r"^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)?$")] = Field(
        "", description="The container; needed when the pod has several."
    )
    tail_lines: int = Field(_LINES, ge=1, le=5000, description="At most so many lines, the newest.")
    previous: bool = Field(default=False, description="Of the container before its last restart.")
    since: str = Field("", max_length=64, description=f"Only lines after this moment: {FORMS}. Empty for all.")


def kubernetes_tools(config: KubernetesConfig, clock: Clock) -> tuple[Tool, ...]:
    """The tools over one cluster. Nothing is read or asked yet, not even the kubeconfig.

    Raises Invalid for a configuration that cannot work, and when the optional package is missing.
    """
    if importlib.util.find_spec("kubernetes") is None:
        _refuse(f"the tools need an optional package: install {EXTRA}")
    if config.timeout <= 0 or config.most_bytes <= 0 or config.most_log_bytes <= 0:
        _refuse("the timeout and the numbers of bytes must be more than 0")
    if any(not each or "/" in each for each in config.namespaces):
        _refuse("the list of namespaces has one without a name, or with a slash")
    client = KubernetesClient(config.kubeconfig, config.context, config.most_bytes)
    return _Kubernetes(config, clock, client, Kinds(client)).tools()


@dataclass(frozen=True, slots=True)
class _Kubernetes:
    config: KubernetesConfig
    clock: Clock
    client: KubernetesClient
    kinds: Kinds
    # Threads of its own: a cluster that hangs holds up nothing else.
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(_THREADS, "kubernetes"))

    def tools(self) -> tuple[Tool, ...]:
        patience = self.config.timeout + GRACE
        return (
            TypedTool(
                "kubernetes_get",
                "Read one object of Kubernetes, of any kind. Of Secrets only the keys are shown.",
                TOOLSET, GetQuery, partial(self._threaded, self.get), "read an object of Kubernetes", timeout=patience,
            ),
            TypedTool(
                "kubernetes_list",
                "List objects of Kubernetes, of any kind, with the columns of kubectl.",
                TOOLSET, ListQuery, partial(self._threaded, self.list_objects), "list objects of Kubernetes",
                timeout=patience,
            ),
            TypedTool(
                "kubernetes_describe",
                "Describe one object of Kubernetes: owners, conditions, containers, its fields and its events.",
                TOOLSET, GetQuery, partial(self._threaded, self.describe), "describe an object of Kubernetes",
                timeout=patience,
            ),
            TypedTool(
                "kubernetes_events",
                "List events of Kubernetes, the newest first.",
                TOOLSET, EventsQuery, partial(self._threaded, self.events), "list events of Kubernetes",
                timeout=patience,
            ),
            TypedTool(
                "kubernetes_logs",
                "Read the newest log lines of a container in a pod.",
                TOOLSET, LogQuery, partial(self._threaded, self.logs), "read logs of a pod", timeout=patience,
            ),
        )  # fmt: skip

    async def _threaded(self, answer: Callable[[T, Deadline], ToolAnswer], wanted: T, _: ToolContext) -> ToolAnswer:
        # From here, and not from when a thread is free: whoever asked waits since now.
        deadline = Deadline.after(self.config.timeout)
        return await asyncio.get_running_loop().run_in_executor(self.threads, answer, wanted, deadline)

    def get(self, wanted: GetQuery, deadline: Deadline) -> ToolAnswer:
        kind, path = self._place(wanted, deadline)
        value = self._asked(path, deadline=deadline)
        return found(shown_object(value, is_secret=kind.is_secret), invocation=f"GET {path}")

    def list_objects(self, wanted: ListQuery, deadline: Deadline) -> ToolAnswer:
        kind = self.kinds.find(wanted.kind, wanted.api_version, deadline)
        columns: list[str] = []
        rows: list[list[Any]] = []
        total, is_incomplete = 0, False
        for path in self._lists(kind, wanted.namespace):
            query = _filled(
                labelSelector=wanted.label_selector, fieldSelector=wanted.field_selector, limit=str(wanted.limit)
            )
            page = self._asked(path, query, deadline=deadline, accept=_TABLE)
            columns, more = shown_table(page)
            rows += more
            metadata = labels_of(page, "metadata")
            total += len(more) + _number(metadata.get("remainingItemCount"))
            is_incomplete = is_incomplete or bool(metadata.get("continue"))
        invocation = f"list {kind.name} ({kind.api_version})"
        if not rows:
            return nothing(f"there are no such {kind.name}", invocation=invocation)
        shown = {"kind": kind.kind, "api_version": kind.api_version, "total": total, "columns": columns}
        shown |= {"incomplete": True} if is_incomplete else {}
        return found({**shown, "rows": rows[: wanted.limit]}, invocation=invocation)

    def describe(self, wanted: GetQuery, deadline: Deadline) -> ToolAnswer:
        kind, path = self._place(wanted, deadline)
        # Here, where a variable's name and value still stand together; in the text they are two lines.
        value = redact(shown_object(self._asked(path, deadline=deadline), is_secret=kind.is_secret))
        metadata = labels_of(value, "metadata")
        owners = self._owners(metadata, deadline)
        events = self._events_about(kind, metadata, deadline)
        return found(described(value, owners, events), invocation=f"describe {path}")

    def events(self, wanted: EventsQuery, deadline: Deadline) -> ToolAnswer:
        selectors = [
            *([f"involvedObject.kind={wanted.kind}"] if wanted.kind else []),
            *([f"involvedObject.name={wanted.name}"] if wanted.name else []),
            *([f"type={wanted.type}"] if wanted.type != "any" else []),
        ]
        selector = ",".join(selectors)
        events = [
            event
            for path in self._lists(_EVENT, wanted.namespace)
            for event in self._read_events(path, selector, deadline)
        ]
        invocation = f"list events{f' where {selector}' if selector else ''}"
        if not events:
            return nothing("there are no such events; the cluster keeps them for an hour or so", invocation=invocation)
        newest = sorted(events, key=_at, reverse=True)[: wanted.limit]
        return found({"total": len(events), "events": newest}, invocation=invocation)

    def logs(self, wanted: LogQuery, deadline: Deadline) -> ToolAnswer:
        namespace = self._namespace(wanted.namespace)
        path = f"{_POD.path(namespace, wanted.pod)}/log"
        query = _filled(
            container=wanted.container,
            tailLines=str(wanted.tail_lines),
            previous="true" if wanted.previous else "",
            sinceSeconds=self._seconds_since(wanted.since),
            timestamps="true",
        )
        raw, is_complete = self.client.read(path, query, deadline=deadline, accept="text/plain, */*", newest=True)
        invocation = f"logs of {namespace}/{wanted.pod}" + (f", {wanted.container}" if wanted.container else "")
        if len(raw) > self.config.most_log_bytes:
            raw, is_complete = raw[-self.config.most_log_bytes :], False
        text = raw.decode(errors="replace")
        if not is_complete:
            # The first line may be half a line now.
            text = f"[older lines are left out]\n{text.partition(chr(10))[2]}"
        if not text.strip():
            return nothing("there are no such log lines", invocation=invocation)
        return found(text, invocation=invocation)

    def _place(self, wanted: GetQuery, deadline: Deadline) -> tuple[Kind, str]:
        kind = self.kinds.find(wanted.kind, wanted.api_version, deadline)
        if not kind.is_namespaced:
            self._check_cluster_scoped(kind)
            return kind, kind.path(name=wanted.name)
        return kind, kind.path(self._namespace(wanted.namespace), wanted.name)

    def _lists(self, kind: Kind, namespace: str) -> Sequence[str]:
        """The paths whose lists together are what was asked for."""
        if not kind.is_namespaced:
            self._check_cluster_scoped(kind)
            return [kind.path()]
        if namespace:
            return [kind.path(self._namespace(namespace))]
        return [kind.path(each) for each in self.config.namespaces] or [kind.path()]

    def _namespace(self, namespace: str) -> str:
        allowed = self.config.namespaces
        if not namespace:
            return allowed[0] if len(allowed) == 1 else self._namespace("default")
        if allowed and namespace not in allowed:
            raise ToolFailed(f"the namespace {namespace!r} may not be read; these may: {', '.join(allowed)}")
        return namespace

    def _check_cluster_scoped(self, kind: Kind) -> None:
        if self.config.namespaces and not self.config.cluster_scoped:
            raise ToolFailed(
                f"{kind.name} are in no namespace; only what is in these may be read: "
                + ", ".join(self.config.namespaces)
            )

    def _asked(self, path: str, query: Query = (), *, deadline: Deadline, accept: str = JSON) -> Mapping[str, Any]:
        try:
            return self.client.json(path, query, deadline=deadline, accept=accept)
        except ToolFailed as error:
            raise ToolFailed(str(error), invocation=f"GET {path}", return_code=error.return_code) from None

    def _owners(self, metadata: Mapping[str, Any], deadline: Deadline) -> list[str]:
        """The owner, its owner and so on, as far as they can be read."""
        owners: list[str] = []
        while len(owners) < _MOST_OWNERS:
            references = objects(metadata.get("ownerReferences"))
            owner = next((each for each in references if each.get("controller")), next(iter(references), None))
            if owner is None:
                break
            owners.append(f"{owner.get('kind')} {owner.get('name')}")
            try:
                query = GetQuery(
                    kind=str(owner.get("kind")),
                    name=str(owner.get("name")),
                    namespace=str(metadata.get("namespace", "")),
                    api_version=str(owner.get("apiVersion")),
                )
                metadata = labels_of(self._asked(self._place(query, deadline)[1], deadline=deadline), "metadata")
            except (ToolFailed, ValueError):
                break  # it is named, and that is what can be said
        return owners

    def _events_about(
        self, kind: Kind, metadata: Mapping[str, Any], deadline: Deadline
    ) -> Sequence[Mapping[str, Any]] | None:
        selector = f"involvedObject.kind={kind.kind},involvedObject.name={metadata.get('name', '')}"
        try:
            # Events about what is in no namespace are in the default one.
            path = _EVENT.path(self._namespace(str(metadata.get("namespace") or "default")))
            events = self._read_events(path, selector, deadline)
        except ToolFailed:
            return None
        return sorted(events, key=_at, reverse=True)[:_MOST_DESCRIBED_EVENTS]

    def _read_events(self, path: str, selector: str, deadline: Deadline) -> list[dict[str, Any]]:
        """Page by page: the cluster lists events by their names, not by their times."""
        events: list[dict[str, Any]] = []
        following = ""
        while len(events) < _MOST_EVENTS_READ:
            query = _filled(fieldSelector=selector, limit=str(_PAGE), **{"continue": following})
            page = self._asked(path, query, deadline=deadline)
            events += map(shown_event, objects(page.get("items")))
            following = str(labels_of(page, "metadata").get("continue") or "")
            if not following:
                break
        return events

    def _seconds_since(self, since: str) -> str:
        if not since.strip():
            return ""
        now = self.clock.now()
        seconds = (now - read_moment(since, now=now, field="since")).total_seconds()
        if seconds < -_MOST_SKEW:
            raise ToolFailed(f"since: {since!r} is in the future")
        return str(max(1, math.ceil(seconds)))


def _at(event: Mapping[str, Any]) -> str:
    # RFC 3339 in UTC sorts as text; a fraction of a second does not, so it is left out.
    return str(event["at"])[:19]


def _number(value: Any) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _filled(**parameters: str) -> list[tuple[str, str]]:
    return [(name, value) for name, value in parameters.items() if value]


def _refuse(why: str) -> NoReturn:
    raise Invalid(Reason.FIELD_INVALID, f"{SETTING}: {why}", violations=(FieldViolation(SETTING, why),))
