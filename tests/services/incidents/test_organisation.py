"""What a new organisation has, and how far one is."""

from __future__ import annotations

import asyncio

import pytest

from quarterdeck.database import Connection
from quarterdeck.gen.incident.v1.configuration_tracker_service_pb2 import GetConfigurationTrackerRequest
from quarterdeck.gen.incident.v1.fields_service_pb2 import GetFieldsRequest
from quarterdeck.gen.incident.v1.severities_service_pb2 import GetOrgSeveritiesRequest
from quarterdeck.incidents import organisation
from quarterdeck.incidents.store import fields as fields_store
from quarterdeck.incidents.store import organisation as store
from quarterdeck.incidents.store import tables


async def test_first_calls_at_once_make_the_defaults_once(incidents):
    answers = await asyncio.gather(*(incidents(GetOrgSeveritiesRequest()) for _ in range(8)))

    assert len({answer.SerializeToString(deterministic=True) for answer in answers}) == 1
    assert len(answers[0].severities) == 4


async def test_a_rollback_takes_the_defaults_with_it(incidents):
    def fail(connection: Connection) -> None:
        organisation.ensure(connection, incidents.tenant, incidents.clock.now())
        raise LookupError

    for _ in range(2):
        with pytest.raises(LookupError):
            await incidents.write(fail)
    assert not await incidents.database.read(lambda c: store.has_defaults(c, incidents.tenant))

    await incidents.write(lambda c: organisation.ensure(c, incidents.tenant, incidents.clock.now()))
    assert len((await incidents(GetOrgSeveritiesRequest())).severities) == 4


async def test_what_was_deleted_does_not_come_back(incidents):
    await incidents(GetOrgSeveritiesRequest())

    def clear(connection: Connection) -> None:
        connection.execute(tables.severities.delete().where(tables.severities.c.tenant_id == incidents.tenant))

    await incidents.write(clear)
    await incidents.write(lambda c: organisation.ensure(c, incidents.tenant, incidents.clock.now()))

    assert not (await incidents(GetOrgSeveritiesRequest())).severities


async def test_a_new_organisation_has_the_label_key_tags(incidents):
    (field,) = (await incidents(GetFieldsRequest())).fields

    assert (field.slug, field.name, field.domain_name, field.type) == ("tags", "tags", "labels", "multi-select")


async def test_labels_that_appear_at_once_are_made_once(incidents):
    def label(connection: Connection) -> tuple[str, str]:
        at = incidents.clock.now()
        key = fields_store.label_key(connection, incidents.tenant, "Team", at=at)
        return key.uuid, fields_store.label_value(connection, incidents.tenant, key, "Search", at=at).uuid

    assert len(set(await asyncio.gather(*(incidents.write(label) for _ in range(6))))) == 1


async def test_the_tracker_says_whether_there_was_an_incident_drills_included(incidents):
    before = await incidents(GetConfigurationTrackerRequest())
    await incidents.declare(is_drill=True)
    after = await incidents(GetConfigurationTrackerRequest())

    assert not before.is_incident_created
    assert after.is_incident_created
    assert not after.is_chat_ops_installed


async def test_the_tracker_says_whether_a_chat_is_set_up(incidents):
    def enable(connection: Connection) -> None:
        row = {
            "tenant_id": incidents.tenant,
            "id": "hook",
            "integration_id": "grate.slack",
            "hook_id": "grate.slack.post",
            "event_name": "incidentCreated",
            "incident_filter": "",
            "sensitive": False,
            "config": {},
            "secrets": {},
            "created_by": "user-x",
            "created_at": incidents.clock.now(),
        }
        connection.execute(tables.enabled_hooks.insert().values(**row))

    def disable(connection: Connection) -> None:
        of_tenant = tables.enabled_hooks.c.tenant_id == incidents.tenant
        connection.execute(tables.enabled_hooks.update().where(of_tenant).values(disabled_at=incidents.clock.now()))

    await incidents.write(enable)
    enabled = await incidents(GetConfigurationTrackerRequest())
    await incidents.write(disable)
    disabled = await incidents(GetConfigurationTrackerRequest())

    assert enabled.is_chat_ops_installed
    assert not disabled.is_chat_ops_installed
