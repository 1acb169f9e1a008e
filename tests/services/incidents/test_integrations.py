"""incident.v1.IntegrationService: the catalogue, enabling and disabling hooks, and how they fared."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from quarterdeck.errors import Conflict, Invalid, NotFound, PreconditionFailed, Reason
from quarterdeck.gen.incident.v1 import hook_pb2
from quarterdeck.gen.incident.v1 import incidents_service_pb2 as spb
from quarterdeck.gen.incident.v1 import integration_service_pb2 as pb
from quarterdeck.identity import Role
from quarterdeck.incidents.limits import ENABLED_HOOKS
from tests.services.fleet_house import HouseClock, SeveredDatabase
from tests.services.incidents.webhook_house import SECRET, WebhookHouse, enabling, open_webhook_house

URL = "https://example.com/hook"


@pytest_asyncio.fixture
async def hooks(fleet_database: SeveredDatabase, tenant: str, clock: HouseClock) -> AsyncIterator[WebhookHouse]:
    async with open_webhook_house(fleet_database, clock, tenant) as house:
        yield house


async def test_the_integrations_that_can_be_used(hooks: WebhookHouse) -> None:
    answer = await hooks(pb.GetAvailableIntegrationsRequest(), role=Role.VIEWER)
    assert [each.id for each in answer.integrations] == ["grate.googleworkspace", "grate.outgoingWebhook"]


async def test_a_generated_secret_is_shown_once(hooks: WebhookHouse) -> None:
    request = enabling(URL)
    del request.hook_config.fields[:]
    request.hook_config.fields.add(key="url", value=URL)
    answer = await hooks(request)
    assert len(answer.signing_secret) == 64
    assert set(answer.signing_secret) <= set("0123456789abcdef")
    listed = await hooks(pb.GetEnabledHooksRequest(), role=Role.VIEWER)
    assert answer.signing_secret not in str(listed)
    chosen = await hooks(enabling(URL))
    assert chosen.signing_secret == ""
    assert SECRET not in str(await hooks(pb.GetEnabledHooksRequest()))


async def test_enabled_hooks_are_listed_in_order_and_by_event(hooks: WebhookHouse) -> None:
    first = await hooks.enable(URL, "incidentClosed")
    hooks.clock.advance(1)
    second = await hooks.enable(URL, "incidentFilter", incident_filter="severity:critical", sensitive=True)
    listed = (await hooks(pb.GetEnabledHooksRequest())).enabled_hooks
    assert [each.enabled_hook_id for each in listed] == [first, second]
    assert listed[1].integration_id == "grate.outgoingWebhook"
    assert listed[1].hook.hook_id == "grate.outgoingWebhook.send"
    assert (listed[1].event_name, listed[1].incident_filter, listed[1].sensitive) == (
        "incidentFilter",
        "severity:critical",
        True,
    )
    only = await hooks(pb.GetEnabledHooksRequest(event_name="incidentClosed"))
    assert [each.enabled_hook_id for each in only.enabled_hooks] == [first]
    assert not (await hooks(pb.GetEnabledHooksRequest(event_name="never"))).enabled_hooks
    assert not (await hooks(pb.GetEnabledHooksRequest(), tenant="another")).enabled_hooks


async def test_disabling_is_idempotent(hooks: WebhookHouse) -> None:
    hook = await hooks.enable(URL)
    request = pb.DisableHookRequest(integration_id="grate.outgoingWebhook", enabled_hook_id=hook)
    for _ in range(2):
        assert await hooks(request) == pb.DisableHookResponse()
    assert not (await hooks(pb.GetEnabledHooksRequest())).enabled_hooks
    unknown = pb.DisableHookRequest(integration_id="grate.outgoingWebhook", enabled_hook_id="never")
    assert await hooks(unknown) == pb.DisableHookResponse()


async def test_another_tenants_hook_cannot_be_disabled(hooks: WebhookHouse) -> None:
    hook = await hooks.enable(URL)
    request = pb.DisableHookRequest(integration_id="grate.outgoingWebhook", enabled_hook_id=hook)
    await hooks(request, tenant="another")
    assert len((await hooks(pb.GetEnabledHooksRequest())).enabled_hooks) == 1


def _changed(**fields: Any) -> Any:
    request = enabling(URL)
    for name, value in fields.items():
        setattr(request, name, value)
    return request


@pytest.mark.parametrize(
    ("request_", "error", "reason"),
    [
        pytest.param(_changed(integration_id="x"), NotFound, Reason.INTEGRATION_NOT_FOUND, id="unknown integration"),
        pytest.param(_changed(hook_id="x"), NotFound, Reason.HOOK_NOT_FOUND, id="unknown hook"),
        pytest.param(
            _changed(integration_id="grate.slack", hook_id="x"),
            PreconditionFailed,
            Reason.INTEGRATION_NOT_CONFIGURED,
            id="no chat is set up",
        ),
        pytest.param(
            _changed(
                integration_id="grate.googleworkspace",
                hook_id="grate.googleworkspace.copyTemplate",
                event_name="incidentClosed",
            ),
            Conflict,
            Reason.IMMUTABLE,
            id="the review is always on",
        ),
        pytest.param(_changed(event_name="x"), Invalid, Reason.FIELD_INVALID, id="unknown event"),
        pytest.param(_changed(event_name=""), Invalid, Reason.FIELD_INVALID, id="no event"),
        pytest.param(_changed(integration_id=""), Invalid, Reason.FIELD_INVALID, id="no integration"),
        pytest.param(
            _changed(event_name="incidentFilter", incident_filter="title:"),
            Invalid,
            Reason.QUERY_INVALID,
            id="a filter that does not parse",
        ),
        pytest.param(_changed(event_name="incidentFilter"), Invalid, Reason.FIELD_INVALID, id="no filter"),
        pytest.param(_changed(incident_filter="x" * 5000), Invalid, Reason.FIELD_INVALID, id="a filter too long"),
    ],
)
async def test_what_cannot_be_enabled(
    hooks: WebhookHouse, request_: Any, error: type[Exception], reason: Reason
) -> None:
    with pytest.raises(error) as refused:
        await hooks(request_)
    assert refused.value.reason is reason  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("config", "field"),
    [
        pytest.param({"url": ""}, "url", id="no url"),
        pytest.param({"url": "ftp://example.com"}, "url", id="another scheme"),
        pytest.param({"url": "//example.com"}, "url", id="no scheme"),
        pytest.param({"url": "https://"}, "url", id="no host"),
        pytest.param({"url": "https://user:secret@example.com/"}, "url", id="credentials that all would see"),
        pytest.param({"url": "https://example.com\\@127.0.0.1/"}, "url", id="a backslash"),
        pytest.param({"url": "https://example.com/\r\nHost: x"}, "url", id="a line break"),
        pytest.param({"url": "https://example.com:0/"}, "url", id="port 0"),
        pytest.param({"url": "https://example.com:99999/"}, "url", id="no port"),
        pytest.param({"url": "https://example.com/" + "x" * 2048}, "url", id="too long"),
        pytest.param({"signingSecret": "short"}, "signingSecret", id="a short secret"),
        pytest.param({"signingSecret": "x" * 257}, "signingSecret", id="a long secret"),
        pytest.param({"headers": "no colon"}, "headers", id="no header"),
        pytest.param({"headers": "Host: example.org"}, "headers", id="the host is taken"),
        pytest.param({"headers": "content-length: 5"}, "headers", id="content is ours"),
        pytest.param({"headers": "Transfer-Encoding: chunked"}, "headers", id="smuggling"),
        pytest.param({"headers": "gi-signature: x"}, "headers", id="the signature is ours"),
        pytest.param({"headers": "X: a\0b"}, "headers", id="a NUL"),
        pytest.param({"headers": "X: ä"}, "headers", id="not ASCII"),
        pytest.param({"headers": "X\r: ä"}, "headers", id="a carriage return in a name"),
        pytest.param({"headers": "\n".join(f"X-{n}: {n}" for n in range(21))}, "headers", id="21 headers"),
        pytest.param({"events": "grafana.incident.exploded"}, "events", id="an unknown event"),
        pytest.param({"colour": "red"}, "colour", id="an unknown key"),
    ],
)
async def test_a_config_that_cannot_work_is_refused_by_key(
    hooks: WebhookHouse, config: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await hooks(enabling(**{"url": URL, **config}))
    assert refused.value.violations[0].field == field
    assert SECRET not in refused.value.message


async def test_a_key_given_twice_is_refused(hooks: WebhookHouse) -> None:
    request = enabling(URL)
    request.hook_config.fields.add(key="url", value=URL)
    with pytest.raises(Invalid):
        await hooks(request)


async def test_type_hidden_and_description_of_a_field_are_not_read(hooks: WebhookHouse) -> None:
    request = enabling(URL)
    request.hook_config.fields[0].CopyFrom(
        hook_pb2.Field(key="url", value=URL, type="bool", hidden=True, description="x", secret=True)
    )
    assert (await hooks(request)).enabled_hook_id


async def test_a_tenant_has_fifty_hooks_at_most(hooks: WebhookHouse) -> None:
    enabled = [await hooks.enable(URL) for _ in range(ENABLED_HOOKS)]
    with pytest.raises(Invalid) as refused:
        await hooks.enable(URL)
    assert refused.value.violations[0].maximum == ENABLED_HOOKS
    await hooks(pb.DisableHookRequest(integration_id="grate.outgoingWebhook", enabled_hook_id=enabled[0]))
    assert await hooks.enable(URL)


async def test_disabling_needs_a_known_integration(hooks: WebhookHouse) -> None:
    with pytest.raises(NotFound):
        await hooks(pb.DisableHookRequest(integration_id="grate.unknown", enabled_hook_id="x"))


async def test_a_channel_needs_an_incident_and_a_chat(hooks: WebhookHouse) -> None:
    with pytest.raises(NotFound) as unknown:
        await hooks(pb.CreateIncidentSlackChannelRequest(incident_id="1"))
    assert unknown.value.reason is Reason.INCIDENT_NOT_FOUND
    incident_id = (await hooks.incidents.declare()).incident_id
    with pytest.raises(PreconditionFailed) as refused:
        await hooks(pb.CreateIncidentSlackChannelRequest(incident_id=incident_id))
    assert refused.value.reason is Reason.INTEGRATION_NOT_CONFIGURED


async def test_hook_runs_are_those_of_an_incident_that_the_caller_may_see(hooks: WebhookHouse) -> None:
    await hooks.enable(URL, sensitive=True)
    private = (await hooks.incidents.declare(incident_type="private", account_id="sa_2")).incident_id
    (run,) = await hooks.runs(private)
    assert (run.status, run.update_status, run.update_error) == ("todo", "todo", "")
    assert not run.HasField("last_run")
    for incident_id in ("", "0", "x", "999"):
        with pytest.raises((NotFound, Invalid)):
            await hooks.runs(incident_id)
    with pytest.raises(NotFound):
        await hooks.runs(private, role=Role.VIEWER, account_id="sa_3")


async def test_a_resolved_incident_has_a_run_that_leads_to_its_review(hooks: WebhookHouse) -> None:
    incident_id = (await hooks.incidents.declare()).incident_id
    assert await hooks.runs(incident_id) == []
    await hooks.incidents(spb.UpdateStatusRequest(incident_id=incident_id, status="resolved"))
    (run,) = await hooks.runs(incident_id)
    assert run.integration_id == "grate.googleworkspace"
    assert run.hook_id == "grate.googleworkspace.copyTemplate"
    assert (run.status, run.update_status, run.event_name) == ("success", "success", "incidentClosed")
    assert run.metadata.title == "Post-incident review"
    assert run.metadata.url == f"/api/v1/incidents/{incident_id}/review"
    assert {field.key: field.value for field in run.metadata.fields} == {"fileURL": run.metadata.url}
