"""The simulated collector: what it says next (no network), how it says it (bytes), and whole lives against a server."""

from __future__ import annotations

import asyncio
import base64
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from click.testing import CliRunner
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.cli.simulate import simulate
from quarterdeck.errors import Invalid
from quarterdeck.fleet.alloy import fnv1_32
from quarterdeck.gen.collector.v1 import collector_pb2 as pb
from quarterdeck.simulator.connect_calls import from_http, to_http
from quarterdeck.simulator.fleet import FleetPlan, run_fleet
from quarterdeck.simulator.loading import load
from quarterdeck.simulator.releases import AlloyRelease
from quarterdeck.simulator.state import Call, CallError, CollectorState, Event, Happening, Identity, Method, Pause

V1_5, V1_8, V1_10, V1_12, V1_13 = (AlloyRelease(minor) for minor in (5, 8, 10, 12, 13))
UNAVAILABLE = CallError("unavailable", "connection refused")
NOT_MODIFIED = pb.GetConfigResponse(not_modified=True)


def refuse_bad(content: str) -> str | None:
    return "1:1: bad" if "bad" in content else None


def state_of(release: AlloyRelease) -> CollectorState:
    return CollectorState(Identity("host-1", "Host 1", {"env": "prod"}), release, refuse_bad)


def config(content: str, server_hash: str = "h1") -> pb.GetConfigResponse:
    return pb.GetConfigResponse(content=content, hash=server_hash)


def settled(release: AlloyRelease, first: pb.GetConfigResponse) -> CollectorState:
    """A collector that has started, got its first configuration and waits for its next poll."""
    state = state_of(release)
    state.answered(pb.RegisterCollectorResponse())
    state.answered(first)
    if release.reports:
        state.answered(NOT_MODIFIED)
    state.answered(pb.RegisterCollectorResponse())
    assert isinstance(state.next_step(), Pause)
    return state


def sent(state: CollectorState) -> Any:
    step = state.next_step()
    assert isinstance(step, Call)
    return step.request


def poll(state: CollectorState, answer: pb.GetConfigResponse | CallError) -> tuple[Any, list[Happening]]:
    """One poll without the report that may follow it: what was sent, and what happened."""
    state.woken()
    request = sent(state)
    return request, state.failed(answer) if isinstance(answer, CallError) else state.answered(answer)


def report(state: CollectorState) -> pb.GetConfigRequest:
    """The report that a poll left to be made."""
    request = sent(state)
    assert isinstance(request, pb.GetConfigRequest)
    state.answered(NOT_MODIFIED)
    return request


def system_attributes(release: AlloyRelease) -> dict[str, str]:
    return {"collector.os": "linux", "collector.version": str(release), "env": "prod"}


def effective(content: str) -> pb.EffectiveConfig:
    file = pb.AgentConfigFile(body=content.encode(), content_type="text/plain")
    return pb.EffectiveConfig(config_map=pb.AgentConfigMap(config_map={"": file}))


def test_the_life_of_a_1_13_collector():
    state = state_of(V1_13)
    attributes = system_attributes(V1_13)

    assert sent(state) == pb.RegisterCollectorRequest(id="host-1", name="Host 1", local_attributes=attributes)
    assert state.answered(pb.RegisterCollectorResponse()) == [Happening(Event.REGISTERED)]

    assert sent(state) == pb.GetConfigRequest(
        id="host-1", local_attributes=attributes, remote_config_status=pb.RemoteConfigStatus()
    )
    received, applied = state.answered(config("// one"))
    assert received == Happening(Event.RECEIVED, "6 bytes", "h1", fnv1_32("// one"))
    assert applied == Happening(Event.APPLIED, "", "h1", fnv1_32("// one"))

    assert sent(state) == pb.GetConfigRequest(
        id="host-1",
        local_attributes=attributes,
        hash="h1",
        remote_config_status=pb.RemoteConfigStatus(status=pb.RemoteConfigStatuses_APPLIED),
        effective_config=effective("// one"),
    )
    assert state.answered(config("// the answer to a report is dropped", "h2")) == []

    assert isinstance(sent(state), pb.RegisterCollectorRequest)
    assert state.answered(pb.RegisterCollectorResponse()) == []
    assert isinstance(state.next_step(), Pause)

    unchanged, happenings = poll(state, NOT_MODIFIED)
    assert unchanged == pb.GetConfigRequest(id="host-1", local_attributes=attributes, hash="h1")
    assert happenings == []
    assert isinstance(state.next_step(), Pause)

    state.stop()
    assert state.next_step() == Call(Method.UNREGISTER, pb.UnregisterCollectorRequest(id="host-1"), budget=1.0)
    assert state.answered(pb.UnregisterCollectorResponse()) == [Happening(Event.UNREGISTERED)]
    assert state.next_step() is None
    assert state.polls == 2
    assert not state.gave_up


@pytest.mark.parametrize(
    ("release", "attributes_field"),
    [
        pytest.param(V1_5, "attributes", id="1.5 fills the deprecated field"),
        pytest.param(V1_8, "local_attributes", id="1.8 fills the new one"),
    ],
)
def test_older_collectors_neither_report_nor_say_goodbye(release: AlloyRelease, attributes_field: str):
    state = state_of(release)
    attributes: Any = {attributes_field: system_attributes(release)}
    assert sent(state) == pb.RegisterCollectorRequest(id="host-1", name="Host 1", **attributes)
    state.answered(pb.RegisterCollectorResponse())
    assert sent(state) == pb.GetConfigRequest(id="host-1", **attributes)
    state.answered(config("// one"))
    assert isinstance(sent(state), pb.RegisterCollectorRequest)
    state.answered(pb.RegisterCollectorResponse())
    request, _ = poll(state, config("bad", "h2"))
    assert request == pb.GetConfigRequest(id="host-1", hash="h1", **attributes)
    assert isinstance(state.next_step(), Pause)
    state.stop()
    assert state.next_step() is None


def test_a_bad_configuration_is_reported_and_the_good_one_runs_on():
    state = settled(V1_13, config("// good"))
    _, happenings = poll(state, config("bad", "h2"))
    assert [h.event for h in happenings] == [Event.RECEIVED, Event.FAILED]
    assert happenings[1].message == "1:1: bad"
    assert report(state) == pb.GetConfigRequest(
        id="host-1",
        local_attributes=system_attributes(V1_13),
        hash="h2",
        remote_config_status=pb.RemoteConfigStatus(status=pb.RemoteConfigStatuses_FAILED, error_message="1:1: bad"),
    )
    assert state.running == "// good"


def test_a_bad_configuration_is_not_tried_again_until_its_bytes_change():
    tried: list[str] = []

    def refuse_and_remember(content: str) -> str:
        tried.append(content)
        return "no"

    state = CollectorState(Identity("host-1"), V1_8, refuse_and_remember)
    state.answered(pb.RegisterCollectorResponse())
    state.answered(config("bad", "h1"))
    state.answered(pb.RegisterCollectorResponse())
    for answer in [config("bad", "h1"), config("bad", "another hash"), NOT_MODIFIED, config("bad again", "h3")]:
        poll(state, answer)
    assert tried == ["bad", "bad again"]


def test_going_back_to_what_runs_is_applied_without_loading():
    state = settled(V1_13, config("// good"))
    poll(state, config("bad", "h2"))
    report(state)
    _, happenings = poll(state, config("// good", "h1"))
    assert happenings[1] == Happening(Event.APPLIED, "it was running already", "h1", fnv1_32("// good"))
    told = report(state)
    assert told.remote_config_status.status == pb.RemoteConfigStatuses_APPLIED
    assert not told.HasField("effective_config")


def test_a_failed_poll_is_reported_as_failed_and_taken_back_by_the_next_good_one():
    state = settled(V1_13, config("// good"))
    _, happenings = poll(state, UNAVAILABLE)
    assert happenings == [Happening(Event.UNREACHABLE, "unavailable: connection refused")]
    told = report(state)
    assert told.remote_config_status.status == pb.RemoteConfigStatuses_FAILED
    assert told.remote_config_status.error_message == "unavailable: connection refused"
    assert told.effective_config == effective("// good")
    request, _ = poll(state, NOT_MODIFIED)
    assert not request.HasField("remote_config_status")
    assert report(state).remote_config_status.status == pb.RemoteConfigStatuses_APPLIED
    assert isinstance(state.next_step(), Pause)


def test_a_report_that_fails_is_said_again_with_the_next_poll():
    state = settled(V1_13, config("// good"))
    poll(state, config("// better", "h2"))
    sent(state)
    assert state.failed(UNAVAILABLE) == []
    request, _ = poll(state, NOT_MODIFIED)
    assert request.remote_config_status.status == pb.RemoteConfigStatuses_APPLIED
    assert request.effective_config == effective("// better")


def test_not_modified_does_not_make_a_bad_configuration_good():
    state = settled(V1_13, config("bad"))
    poll(state, NOT_MODIFIED)
    assert isinstance(state.next_step(), Pause)


def test_empty_content_counts_as_applied_and_leaves_everything_running():
    state = settled(V1_13, config("// good"))
    _, happenings = poll(state, config("", "h2"))
    assert happenings[1].event is Event.APPLIED
    assert happenings[1].message
    assert state.running == "// good"


def test_an_answer_without_hash_leaves_the_last_one():
    state = settled(V1_8, config("// good", "h1"))
    poll(state, config("// better", ""))
    state.woken()
    assert sent(state).hash == "h1"


def test_without_a_first_registration_alloy_does_not_start():
    state = state_of(V1_13)
    [happening] = state.failed(UNAVAILABLE)
    assert happening.event is Event.ENDED
    assert "unavailable: connection refused" in happening.message
    assert state.next_step() is None
    assert state.gave_up


def test_without_a_second_registration_alloy_never_polls():
    state = state_of(V1_8)
    state.answered(pb.RegisterCollectorResponse())
    state.answered(config("// one"))
    [happening] = state.failed(UNAVAILABLE)
    assert happening.event is Event.ENDED
    assert state.next_step() is None
    assert state.gave_up


def test_a_goodbye_that_fails_is_only_told():
    state = settled(V1_13, config("// one"))
    state.stop()
    assert [h.event for h in state.failed(UNAVAILABLE)] == [Event.ENDED]
    assert state.next_step() is None
    assert not state.gave_up


def test_stopping_before_registering_says_no_goodbye_and_stopping_twice_is_stopping():
    state = state_of(V1_13)
    state.stop()
    assert state.next_step() is None
    registered = state_of(V1_13)
    registered.answered(pb.RegisterCollectorResponse())
    registered.stop()
    registered.stop()
    assert isinstance(sent(registered), pb.UnregisterCollectorRequest)


@given(
    release=st.sampled_from([V1_5, V1_8, V1_12, V1_13]),
    replies=st.lists(
        st.just(UNAVAILABLE)
        | st.builds(
            pb.GetConfigResponse,
            content=st.sampled_from(["", "// a", "// b", "bad"]),
            hash=st.sampled_from(["", "h1", "h2"]),
            not_modified=st.booleans(),
        ),
        max_size=30,
    ),
)
def test_whatever_a_server_answers_there_is_a_next_step_until_the_end(release, replies):
    state = state_of(release)
    for reply in replies:
        match state.next_step():
            case Pause():
                state.woken()
            case Call(method=Method.GET_CONFIG) if not isinstance(reply, CallError):
                state.answered(reply)
            case Call(method=method):
                state.answered(method.response())
    state.stop()
    if isinstance(state.next_step(), Call):
        state.answered(pb.UnregisterCollectorResponse())
    assert state.next_step() is None
    assert "bad" not in state.running


@pytest.mark.parametrize("text", ["", "1", "1.4", "2.0", "1.13.x", "1.13.2.1", "1.-5", "1.99999", "1.13\n", "1.१३"])
def test_what_is_no_release_to_simulate(text: str):
    with pytest.raises(Invalid, match=r"accepted are 1\.5 and later"):
        AlloyRelease.parse(text)


def test_releases_are_read_and_written():
    assert [str(AlloyRelease.parse(text)) for text in ("1.5", "v1.13.2")] == ["v1.5.0", "v1.13.2"]


GET_CONFIG = Call(Method.GET_CONFIG, pb.GetConfigRequest(id="host-1", local_attributes={"a": "ü?>"}))


@pytest.mark.parametrize("release", [V1_5, V1_10, V1_12, V1_13], ids=str)
def test_calls_are_posted_as_binary_protobuf(release: AlloyRelease):
    call = Call(Method.REGISTER, pb.RegisterCollectorRequest(id="host-1"))
    request = to_http(call, "http://server/prefix/", release, "linux")
    assert (request.verb, request.url) == (
        "POST",
        "http://server/prefix/collector.v1.CollectorService/RegisterCollector",
    )
    assert request.headers["Content-Type"] == "application/proto"
    assert request.headers["Connect-Protocol-Version"] == "1"
    assert pb.RegisterCollectorRequest.FromString(request.body or b"") == call.request


@pytest.mark.parametrize(
    ("release", "verb"), [(V1_5, "POST"), (V1_8, "GET"), (V1_10, "GET"), (V1_12, "POST"), (V1_13, "POST")], ids=str
)
def test_the_verb_of_a_poll(release: AlloyRelease, verb: str):
    assert to_http(GET_CONFIG, "http://server", release, "linux").verb == verb


def test_a_poll_by_get_carries_the_message_in_the_url():
    request = to_http(GET_CONFIG, "http://server", V1_8, "linux")
    parts = urlsplit(request.url)
    assert parts.path == "/collector.v1.CollectorService/GetConfig"
    query = parse_qsl(parts.query)
    assert [key for key, _ in query] == ["connect", "base64", "encoding", "message"]
    assert query[:3] == [("connect", "v1"), ("base64", "1"), ("encoding", "proto")]
    assert pb.GetConfigRequest.FromString(unpadded(query[3][1])) == GET_CONFIG.request
    assert "=" not in query[3][1]
    assert request.body is None
    assert not {"Content-Type", "Connect-Protocol-Version"} & set(request.headers)


def test_the_user_agent_since_1_10():
    assert to_http(GET_CONFIG, "http://s", V1_13, "darwin").headers["User-Agent"] == "Alloy/v1.13.0 (darwin; binary)"
    assert to_http(GET_CONFIG, "http://s", V1_8, "darwin").headers["User-Agent"].startswith("connect-go/")


@pytest.mark.parametrize(
    ("status", "content_type", "body", "expected"),
    [
        pytest.param(
            403,
            "application/json",
            b'{"code":"permission_denied","message":"no","details":[]}',
            "permission_denied: no",
            id="a Connect error",
        ),
        pytest.param(404, "text/html", b"<html>", "unimplemented: HTTP status 404", id="a proxy's page"),
        pytest.param(429, "application/json", b"{", "unavailable: HTTP status 429", id="JSON that is none"),
        pytest.param(418, "application/json", b'{"code":5}', "unknown: HTTP status 418", id="a code that is none"),
        pytest.param(500, "application/json", b"[" * 100_000, "unknown: HTTP status 500", id="deeply nested JSON"),
        pytest.param(
            200, "application/json", b"{}", "internal: invalid content-type: 'application/json'", id="another codec"
        ),
        pytest.param(200, "text/html", b"", "unknown: invalid content-type: 'text/html'", id="no codec at all"),
        pytest.param(
            200,
            "application/proto",
            b"\xff\xff",
            "invalid_argument: the answer is no GetConfigResponse",
            id="no message",
        ),
    ],
)
def test_answers_that_are_errors(status: int, content_type: str, body: bytes, expected: str):
    error = from_http(GET_CONFIG, status, content_type, body)
    assert isinstance(error, CallError)
    assert str(error).startswith(expected)


def test_loading_tells_all_errors_with_positions():
    assert load("// nothing\n") is None
    assert load('prometheus.scrape "a" {') is not None
    assert (load("x = = 1\ny = ]\n") or "").startswith("1:")


def unpadded(message: str) -> bytes:
    return base64.urlsafe_b64decode(message + "=" * (-len(message) % 4))


Answer = tuple[int, str, bytes]
Answerer = Callable[[Any], Message | Answer]
_REQUESTS: Mapping[str, type[Message]] = {
    "RegisterCollector": pb.RegisterCollectorRequest,
    "GetConfig": pb.GetConfigRequest,
    "UnregisterCollector": pb.UnregisterCollectorRequest,
}


class FakeServer:
    """Remembers every call, and answers as it is told."""

    def __init__(self, answer: Answerer) -> None:
        self.answer = answer
        self.calls: list[tuple[str, str, dict[str, str], Any]] = []
        self.url = ""

    def serve(self, verb: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        parts = urlsplit(path)
        method = parts.path.rpartition("/")[2]
        payload = unpadded(dict(parse_qsl(parts.query))["message"]) if verb == "GET" else body
        request = _REQUESTS[method].FromString(payload)
        self.calls.append((verb, method, headers, request))
        answer = self.answer(request)
        return answer if isinstance(answer, tuple) else (200, "application/proto", answer.SerializeToString())

    def methods(self, collector_id: str) -> list[str]:
        return [method for _, method, _, request in self.calls if request.id == collector_id]


@contextmanager
def serving(answer: Answerer) -> Iterator[FakeServer]:
    fake = FakeServer(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _handle(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, content_type, answer = fake.serve(self.command, self.path, dict(self.headers), body)
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = _handle  # noqa: N815 - what http.server calls
        do_POST = _handle  # noqa: N815 - what http.server calls

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def hands_out(content: str) -> Answerer:
    """A well-behaved server with one configuration for everybody."""

    def answer(request: Message) -> Message:
        if isinstance(request, pb.RegisterCollectorRequest):
            return pb.RegisterCollectorResponse()
        if isinstance(request, pb.UnregisterCollectorRequest):
            return pb.UnregisterCollectorResponse()
        assert isinstance(request, pb.GetConfigRequest)
        if request.hash == "h1":
            return pb.GetConfigResponse(hash="h1", not_modified=True)
        return config(content)

    return answer


def run(url: str, *options: str) -> tuple[int, list[dict[str, str]]]:
    arguments = ["collectors", "--url", url, "--output", "json", "--poll-frequency", "0.005", *options]
    result = CliRunner().invoke(simulate, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result.exit_code, [json.loads(line) for line in result.output.splitlines()]


def test_a_mixed_fleet_lives_and_leaves():
    with serving(hands_out("// nothing\n")) as fake:
        options = ["--count", "3", "--polls", "2", "--token", "secret", "--attribute", "host=h{n}"]
        versions = ["--alloy-version", "1.5", "--alloy-version", "1.8", "--alloy-version", "1.13"]
        exit_code, lines = run(fake.url, *options, *versions)
    assert exit_code == 0
    assert fake.methods("sim-1") == ["RegisterCollector", "GetConfig", "RegisterCollector", "GetConfig"]
    assert fake.methods("sim-2") == fake.methods("sim-1")
    assert fake.methods("sim-3") == [
        "RegisterCollector",
        "GetConfig",
        "GetConfig",
        "RegisterCollector",
        "GetConfig",
        "UnregisterCollector",
    ]
    assert {(verb, method) for verb, method, _, r in fake.calls if r.id == "sim-2"} == {
        ("POST", "RegisterCollector"),
        ("GET", "GetConfig"),
    }
    assert {headers["Authorization"] for _, _, headers, _ in fake.calls} == {"Bearer secret"}
    registered = [r for _, method, _, r in fake.calls if method == "RegisterCollector" and r.id == "sim-3"]
    assert registered[0].local_attributes["host"] == "h3"
    events = [line["event"] for line in lines if line["collector"] == "sim-3"]
    assert events == ["registered", "received", "applied", "unregistered"]
    applied = next(line for line in lines if line["event"] == "applied")
    assert applied["hash"] == "h1"
    assert applied["fingerprint"] == fnv1_32("// nothing\n")


def test_a_bad_configuration_is_told_with_its_message():
    with serving(hands_out('prometheus.scrape "a" {')) as fake:
        exit_code, lines = run(fake.url, "--polls", "1")
    assert exit_code == 0
    failed = next(line for line in lines if line["event"] == "failed")
    reports = [r for _, method, _, r in fake.calls if method == "GetConfig" and r.HasField("remote_config_status")]
    assert reports[-1].remote_config_status.error_message == failed["message"]


def test_a_server_that_refuses_registration_ends_the_collector():
    error = b'{"code":"unauthenticated","message":"token expired"}'
    with serving(lambda _: (401, "application/json", error)) as fake:
        exit_code, lines = run(fake.url, "--count", "2", "--polls", "1")
    assert exit_code == 1
    assert [line["event"] for line in lines] == ["ended", "ended"]
    assert "unauthenticated: token expired" in lines[0]["message"]
    assert len(fake.calls) == 2


def test_a_failed_poll_is_told_and_the_next_one_is_tried():
    answers = iter([(503, "text/plain", b"busy")] * 2)

    def answer(request: Message) -> Message | Answer:
        if isinstance(request, pb.GetConfigRequest):
            return next(answers, config("// nothing\n"))
        return pb.RegisterCollectorResponse()

    with serving(answer) as fake:
        exit_code, lines = run(fake.url, "--polls", "2", "--alloy-version", "1.12")
    assert exit_code == 0
    assert [line["event"] for line in lines] == ["registered", "unreachable", "received", "applied"]
    assert lines[1]["message"] == "unavailable: HTTP status 503"


def test_no_server_at_all():
    exit_code, lines = run("http://127.0.0.1:1", "--polls", "1")
    assert exit_code == 1
    assert lines[0]["message"].startswith("could not register, so Alloy does not start: unavailable: ")


def test_text_output_is_one_printable_line_per_event():
    def hostile(request: Message) -> Message:
        if isinstance(request, pb.GetConfigRequest):
            return config("// nothing\n", "\x1b[31m\nred")
        return pb.RegisterCollectorResponse()

    with serving(hostile) as fake:
        options = ["--poll-frequency", "0.005", "--polls", "1"]
        result = CliRunner().invoke(simulate, ["collectors", "--url", fake.url, *options])
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert [line.split()[2] for line in lines] == ["registered", "received", "applied", "unregistered"]
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--attribute", "collector.os=x"], "reserved"),
        (["--attribute", "novalue"], "KEY=VALUE"),
        (["--attribute", "a=\udcff"], "UTF-8"),
        (["--alloy-version", "1.2"], "accepted are 1.5"),
        (["--poll-frequency", "0"], "poll-frequency"),
        (["--url", "no-url"], "accepted is http://"),
        (["--url", "http://[::1"], "accepted is http://"),
        (["--url", "http://h:99999"], "accepted is http://"),
        (["--url", "ftp://h"], "accepted is http://"),
        (["--url", "http://h?x=1"], "accepted is http://"),
        (["--count", "0"], "count"),
    ],
)
def test_options_that_are_refused(options: list[str], complaint: str):
    result = CliRunner().invoke(simulate, ["collectors", *options])
    assert result.exit_code == 2
    assert complaint in result.output


def test_an_interrupted_fleet_unregisters():
    program = "from quarterdeck.cli.simulate import simulate; simulate()"
    with serving(hands_out("// nothing\n")) as fake:
        arguments = ["collectors", "--url", fake.url, "--poll-frequency", "3600", "--output", "json"]
        process = subprocess.Popen([sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, text=True)
        with process:
            assert process.stdout is not None
            events = [json.loads(process.stdout.readline())["event"] for _ in range(3)]
            process.send_signal(signal.SIGINT)
            events += [json.loads(line)["event"] for line in process.stdout]
    assert events == ["registered", "received", "applied", "unregistered"]
    assert process.returncode == 0


def test_a_fleet_with_a_duration_shuts_down_by_itself():
    with serving(hands_out("// nothing\n")) as fake:
        exit_code, lines = run(fake.url, "--duration", "0.5", "--poll-frequency", "3600")
    assert exit_code == 0
    assert fake.methods("sim-1")[-1] == "UnregisterCollector"
    assert lines[-1]["event"] == "unregistered"


async def test_stopping_in_the_middle_of_a_call_abandons_it_and_still_says_goodbye():
    """The poll hangs until the test is over; the collector must not."""
    hanging, stopping, release = asyncio.Event(), asyncio.Event(), threading.Event()
    told: list[Event] = []
    loop = asyncio.get_running_loop()
    well_behaved = hands_out("// nothing\n")

    def answer(request: Any) -> Message | Answer:
        if isinstance(request, pb.GetConfigRequest):
            loop.call_soon_threadsafe(hanging.set)
            release.wait()
        return well_behaved(request)

    with serving(answer) as fake:
        plan = FleetPlan(count=1, releases=[V1_13], poll_frequency=60)
        async with httpx.AsyncClient() as http, asyncio.TaskGroup() as group:
            running = group.create_task(
                run_fleet(
                    plan, http, fake.url, load=refuse_bad, stopping=stopping, tell=lambda _, h: told.append(h.event)
                )
            )
            await hanging.wait()
            stopping.set()
            await running
        release.set()
    assert told == [Event.REGISTERED, Event.UNREGISTERED]


async def test_a_stop_between_polls_takes_effect_at_once():
    stopping = asyncio.Event()
    told: list[Event] = []

    def tell(_state: CollectorState, happening: Happening) -> None:
        told.append(happening.event)
        if happening.event is Event.APPLIED:
            stopping.set()

    with serving(hands_out("// nothing\n")) as fake:
        plan = FleetPlan(count=1, releases=[V1_13], poll_frequency=3600)
        async with httpx.AsyncClient() as http:
            [state] = await run_fleet(plan, http, fake.url, load=refuse_bad, stopping=stopping, tell=tell)
    assert told == [Event.REGISTERED, Event.RECEIVED, Event.APPLIED, Event.UNREGISTERED]
    assert state.polls == 1


async def test_a_goodbye_waits_one_second_at_most():
    """The server never answers it: the collector gives up by itself."""
    release = threading.Event()
    told: list[Happening] = []
    well_behaved = hands_out("// nothing\n")

    def answer(request: Message) -> Message | Answer:
        if isinstance(request, pb.UnregisterCollectorRequest):
            release.wait()
        return well_behaved(request)

    with serving(answer) as fake:
        plan = FleetPlan(count=1, releases=[V1_13], poll_frequency=0.005, polls=1)
        stopping = asyncio.Event()
        async with httpx.AsyncClient() as http:
            await run_fleet(plan, http, fake.url, load=refuse_bad, stopping=stopping, tell=lambda _, h: told.append(h))
        release.set()
    assert told[-1] == Happening(
        Event.ENDED, "could not unregister: deadline_exceeded: no answer to UnregisterCollector within 1.0 s"
    )
