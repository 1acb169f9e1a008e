"""What an Alloy says next, given what it heard: the protocol of `remotecfg` without any input or output."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from functools import lru_cache

from google.protobuf.message import Message

from quarterdeck.fleet.alloy import fnv1_32
from quarterdeck.gen.collector.v1 import collector_pb2 as pb
from quarterdeck.simulator.releases import AlloyRelease

Load = Callable[[str], str | None]
"""Tries a configuration: None when it runs, else why not."""

GOODBYE_SECONDS = 1.0
"""What Alloy allows UnregisterCollector; its other calls have no limit of their own."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a collector says it is. `attributes` are the user's; the two that Alloy adds by itself are not among them."""

    id: str
    name: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    operating_system: str = "linux"


class Event(StrEnum):
    """Something worth a line."""

    REGISTERED = "registered"
    RECEIVED = "received"
    APPLIED = "applied"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    UNREGISTERED = "unregistered"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Happening:
    """One event. `hash` is the server's, `fingerprint` Alloy's own; both empty when it is about no configuration."""

    event: Event
    message: str = ""
    hash: str = ""
    fingerprint: str = ""


# A simulated fleet gets the same few texts over and over, and a byte at a time is slow in Python.
_fingerprint = lru_cache(maxsize=64)(fnv1_32)


class Method(StrEnum):
    """The calls that a collector makes, by their names on the wire."""

    REGISTER = "RegisterCollector"
    GET_CONFIG = "GetConfig"
    UNREGISTER = "UnregisterCollector"

    @property
    def response(self) -> type[Message]:
        """The message that answers it."""
        return _RESPONSES[self]


_RESPONSES: Mapping[Method, type[Message]] = {
    Method.REGISTER: pb.RegisterCollectorResponse,
    Method.GET_CONFIG: pb.GetConfigResponse,
    Method.UNREGISTER: pb.UnregisterCollectorResponse,
}


@dataclass(frozen=True, slots=True)
class Call:
    """Make this call, then tell the state how it went: `answered` or `failed`. `budget` is in seconds."""

    method: Method
    request: Message
    budget: float | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Let one poll interval pass, then `woken`."""


@dataclass(frozen=True, slots=True)
class CallError:
    """An RPC that failed: a Connect code and the server's, or the network's, words."""

    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class _Phase(Enum):
    STARTING = "starting"  # the configuration block is evaluated: register, or Alloy does not start
    FETCHING = "fetching"
    REPORTING = "reporting"  # the extra GetConfig that tells how the last one fared
    SETTLING = "settling"  # the service starts: register once more, or it never polls
    RESTING = "resting"
    LEAVING = "leaving"
    GONE = "gone"


class CollectorState:
    """One collector, as Alloy of a given release behaves on the wire (`remotecfg`, 1.5 to 1.19).

    Ask `next_step`, do it, and tell how it went; repeat until there is no next step. `stop` may come at any time.
    """

    def __init__(self, identity: Identity, release: AlloyRelease, load: Load) -> None:
        self.identity = identity
        self.release = release
        self.polls = 0
        self.gave_up = False
        self.running = ""
        self._load = load
        self._phase = _Phase.STARTING
        self._registered = False
        self._settled = False
        self._remote_hash = ""
        self._last_received = ""
        self._last_loaded = ""
        self._status = pb.RemoteConfigStatus(status=pb.RemoteConfigStatuses_UNSET)
        self._reported_status: pb.RemoteConfigStatus | None = None
        self._reported_running = ""

    def next_step(self) -> Call | Pause | None:
        """What to do now; None when there is nothing left to do."""
        match self._phase:
            case _Phase.STARTING | _Phase.SETTLING:
                return Call(Method.REGISTER, self._register_request())
            case _Phase.FETCHING | _Phase.REPORTING:
                return Call(Method.GET_CONFIG, self._config_request())
            case _Phase.RESTING:
                return Pause()
            case _Phase.LEAVING:
                return Call(Method.UNREGISTER, pb.UnregisterCollectorRequest(id=self.identity.id), GOODBYE_SECONDS)
            case _Phase.GONE:
                return None

    def woken(self) -> None:
        """The poll interval is over."""
        self._phase = _Phase.FETCHING

    def stop(self) -> None:
        """Shut down cleanly: releases that say goodbye do it next, if they ever got in."""
        if self._phase not in {_Phase.LEAVING, _Phase.GONE}:
            self._phase = _Phase.LEAVING if self.release.unregisters and self._registered else _Phase.GONE

    def answered(self, response: Message) -> list[Happening]:
        """The call of the last step was answered with `response`."""
        match self._phase:
            case _Phase.STARTING:
                self._registered = True
                self._phase = _Phase.FETCHING
                return [Happening(Event.REGISTERED)]
            case _Phase.FETCHING if isinstance(response, pb.GetConfigResponse):
                self._mark_reported()
                return self._fetched(self._receive(response))
            case _Phase.REPORTING:
                # Whatever this answer holds is dropped; a change in it comes again with the next poll.
                self._mark_reported()
                self._settle()
                return []
            case _Phase.SETTLING:
                self._settled = True
                self._phase = _Phase.RESTING
                return []
            case _Phase.LEAVING:
                self._phase = _Phase.GONE
                return [Happening(Event.UNREGISTERED)]
            case _:
                raise AssertionError(f"no call was due while {self._phase.value}")

    def failed(self, error: CallError) -> list[Happening]:
        """The call of the last step failed."""
        match self._phase:
            case _Phase.STARTING:
                return self._give_up(f"could not register, so Alloy does not start: {error}")
            case _Phase.FETCHING:
                self._forget_reported()
                self._set_status(pb.RemoteConfigStatuses_FAILED, str(error))
                return self._fetched([Happening(Event.UNREACHABLE, str(error))])
            case _Phase.REPORTING:
                self._forget_reported()
                self._settle()
                return []
            case _Phase.SETTLING:
                return self._give_up(f"could not register again, so Alloy never polls: {error}")
            case _Phase.LEAVING:
                self._phase = _Phase.GONE
                return [Happening(Event.ENDED, f"could not unregister: {error}")]
            case _:
                raise AssertionError(f"no call was due while {self._phase.value}")

    def _give_up(self, why: str) -> list[Happening]:
        self.gave_up = True
        self._phase = _Phase.GONE
        return [Happening(Event.ENDED, why)]

    def _fetched(self, happenings: list[Happening]) -> list[Happening]:
        self.polls += 1
        if self._has_news():
            self._phase = _Phase.REPORTING
        else:
            self._settle()
        return happenings

    def _settle(self) -> None:
        self._phase = _Phase.RESTING if self._settled else _Phase.SETTLING

    def _receive(self, response: pb.GetConfigResponse) -> list[Happening]:
        if response.not_modified:
            if self._last_received and self._last_received == self._last_loaded:
                self._set_status(pb.RemoteConfigStatuses_APPLIED)  # over a failed call in between
            return []
        self._remote_hash = response.hash or self._remote_hash
        fingerprint = _fingerprint(response.content)
        if fingerprint == self._last_received:
            return []
        self._last_received = fingerprint
        received = Happening(Event.RECEIVED, f"{len(response.content.encode())} bytes", response.hash, fingerprint)
        return [received, self._try(response.content, response.hash, fingerprint)]

    def _try(self, content: str, server_hash: str, fingerprint: str) -> Happening:
        if fingerprint == self._last_loaded:
            self._set_status(pb.RemoteConfigStatuses_APPLIED)
            return Happening(Event.APPLIED, "it was running already", server_hash, fingerprint)
        why_not = self._load(content) if content else None
        if why_not is not None:
            self._set_status(pb.RemoteConfigStatuses_FAILED, why_not)
            return Happening(Event.FAILED, why_not, server_hash, fingerprint)
        self._last_loaded = fingerprint
        self._set_status(pb.RemoteConfigStatuses_APPLIED)
        if not content:
            return Happening(Event.APPLIED, "nothing was sent, so everything keeps running", server_hash, fingerprint)
        self.running = content
        return Happening(Event.APPLIED, "", server_hash, fingerprint)

    def _set_status(self, status: pb.RemoteConfigStatuses, message: str = "") -> None:
        self._status = pb.RemoteConfigStatus(status=status, error_message=message)

    def _has_news(self) -> bool:
        changed = self._status != self._reported_status or self.running != self._reported_running
        return self.release.reports and changed

    def _mark_reported(self) -> None:
        self._reported_status = self._status
        self._reported_running = self.running

    def _forget_reported(self) -> None:
        # Alloy counts on nothing of a failed call having arrived, and says all of it again.
        self._reported_status = None
        self._reported_running = ""

    def _register_request(self) -> pb.RegisterCollectorRequest:
        return pb.RegisterCollectorRequest(id=self.identity.id, name=self.identity.name, **self._attributes())

    def _config_request(self) -> pb.GetConfigRequest:
        request = pb.GetConfigRequest(id=self.identity.id, hash=self._remote_hash, **self._attributes())
        if self.release.reports and self._status != self._reported_status:
            request.remote_config_status.CopyFrom(self._status)
        if self.release.reports and self.running != self._reported_running:
            file = request.effective_config.config_map.config_map[""]
            file.body = self.running.encode()
            file.content_type = "text/plain"
        return request

    def _attributes(self) -> dict[str, dict[str, str]]:
        system = {"collector.os": self.identity.operating_system, "collector.version": str(self.release)}
        everything = {**system, **self.identity.attributes}
        return {"local_attributes" if self.release.sends_local_attributes else "attributes": everything}
