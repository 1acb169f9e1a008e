"""A tenant is a world of its own: nothing of another is seen, named, changed or even confirmed to exist."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from quarterdeck.gen.quarterdeck.fleet.v1 import fleet_pb2 as fleet
from tests.protocols.callers import STREAMS, Caller
from tests.protocols.live_server import ADMIN_TOKEN, LiveServer, bearer
from tests.protocols.test_every_protocol import COLLECTORS, CONTENTS, FLEET, PIPELINES
from tests.protocols.test_roles import ADMIN, other_tenant

_numbers = itertools.count(1)


class Ours:
    """A pipeline, a collector and an account of the default tenant, and a stranger's admin token."""

    def __init__(self, server: LiveServer) -> None:
        self.server = server
        self.name = f"tenancy-{next(_numbers)}"
        self.pipeline_id = self.revision_id = self.account_id = self.token_id = self.stranger = ""

    async def make(self) -> Ours:
        post = self.server.post
        draft = {"name": self.name, "contents": CONTENTS, "matchers": []}
        self.pipeline_id = (await post(f"{PIPELINES}/CreatePipeline", {"pipeline": draft}))["id"]
        revisions = await post(f"{PIPELINES}/ListPipelineRevisions", {"id": self.pipeline_id})
        self.revision_id = revisions["pipelineRevisions"][0]["revisionId"]
        collector = {"id": self.name, "remoteAttributes": {"ours": self.name}}
        await post(f"{COLLECTORS}/CreateCollector", {"collector": collector})
        made = await self.server.new_token_record(self.name, "viewer")
        self.token_id, self.account_id = made["token"]["id"], made["token"]["serviceAccountId"]
        self.stranger = await other_tenant(self.server, self.name)
        return self

    def attempts(self) -> list[tuple[str, Any]]:
        """Every call that names something of ours."""
        draft = {"name": "mine-now", "contents": CONTENTS}
        return [
            (f"{PIPELINES}/GetPipeline", {"id": self.pipeline_id}),
            (f"{PIPELINES}/GetPipelineID", {"name": self.name}),
            (f"{PIPELINES}/UpdatePipeline", {"pipeline": {**draft, "id": self.pipeline_id}}),
            (f"{PIPELINES}/DeletePipeline", {"id": self.pipeline_id}),
            (f"{PIPELINES}/BulkDeletePipelines", {"ids": [self.pipeline_id]}),
            (f"{PIPELINES}/ListPipelineRevisions", {"id": self.pipeline_id}),
            (f"{PIPELINES}/GetPipelineRevision", {"revisionId": self.revision_id}),
            (f"{COLLECTORS}/GetCollector", {"id": self.name}),
            (f"{COLLECTORS}/UpdateCollector", {"collector": {"id": self.name}}),
            (f"{COLLECTORS}/DeleteCollector", {"id": self.name}),
            (f"{COLLECTORS}/BulkDeleteCollectors", {"ids": [self.name]}),
            (f"{COLLECTORS}/BulkUpdateCollectors", {"ids": [self.name], "ops": []}),
            (f"{FLEET}/GetCollectorStatus", {"id": self.name}),
            (f"{FLEET}/GetCollectorConfig", {"id": self.name}),
            (f"{FLEET}/GetEffectiveConfig", {"id": self.name}),
            (f"{ADMIN}/UpdateServiceAccount", {"id": self.account_id, "role": "ROLE_ADMIN"}),
            (f"{ADMIN}/DeleteServiceAccount", {"id": self.account_id}),
            (f"{ADMIN}/CreateToken", {"serviceAccountId": self.account_id}),
            (f"{ADMIN}/RevokeToken", {"id": self.token_id}),
            (f"{ADMIN}/ListTokens", {"serviceAccountId": self.account_id}),
        ]


async def test_what_is_ours_cannot_be_named_by_a_stranger(live_either: LiveServer):
    ours = await Ours(live_either).make()
    for path, body in ours.attempts():
        answer = await live_either.http.post(f"/{path}", json=body, headers=bearer(ours.stranger))
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
    pipeline = await live_either.post(f"{PIPELINES}/GetPipeline", {"id": ours.pipeline_id})
    assert (pipeline["name"], pipeline["contents"]) == (ours.name, CONTENTS)
    collector = await live_either.post(f"{COLLECTORS}/GetCollector", {"id": ours.name})
    assert collector["remoteAttributes"] == {"ours": ours.name}
    tokens = await live_either.post(f"{ADMIN}/ListTokens", {"serviceAccountId": ours.account_id})
    assert [("revokedAt" in token) for token in tokens["tokens"]] == [False]


@pytest.mark.parametrize(
    ("path", "empty"),
    [
        (f"{PIPELINES}/ListPipelines", {}),
        (f"{PIPELINES}/ListPipelinesRevisions", {}),
        (f"{COLLECTORS}/ListCollectors", {}),
        (f"{COLLECTORS}/ListCollectorAttributes", {}),
        (f"{FLEET}/ListCollectorStatuses", {}),
    ],
)
async def test_a_strangers_lists_are_empty(live_either: LiveServer, path: str, empty: Any):
    ours = await Ours(live_either).make()
    assert await live_either.post(path, {}, ours.stranger) == empty
    assert ours.name in str(await live_either.post(path, {}, ADMIN_TOKEN))


async def test_a_stranger_sees_their_own_account_alone(live_either: LiveServer):
    ours = await Ours(live_either).make()
    accounts = await live_either.post(f"{ADMIN}/ListServiceAccounts", {}, ours.stranger)
    tokens = await live_either.post(f"{ADMIN}/ListTokens", {}, ours.stranger)
    assert [account["name"] for account in accounts["serviceAccounts"]] == ["admin"]
    assert [token["name"] for token in tokens["tokens"]] == ["first"]


async def test_names_and_ids_may_be_the_same_in_two_tenants(live_either: LiveServer):
    ours = await Ours(live_either).make()
    draft = {"name": ours.name, "contents": "// theirs\n", "matchers": ["a=b"]}
    theirs = await live_either.post(f"{PIPELINES}/CreatePipeline", {"pipeline": draft}, ours.stranger)
    poll = {"id": ours.name, "localAttributes": {"a": "b"}}
    their_config = await live_either.post(f"{COLLECTORS}/GetConfig", poll, ours.stranger)
    our_config = await live_either.post(f"{COLLECTORS}/GetConfig", poll, ADMIN_TOKEN)
    assert "// theirs" in their_config["content"]
    assert "prometheus.scrape" not in their_config["content"]
    assert "// theirs" not in our_config["content"]
    await live_either.post(f"{COLLECTORS}/DeleteCollector", {"id": ours.name}, ours.stranger)
    await live_either.post(f"{PIPELINES}/DeletePipeline", {"id": theirs["id"]}, ours.stranger)
    assert (await live_either.post(f"{PIPELINES}/GetPipelineID", {"name": ours.name}))["id"] == ours.pipeline_id
    assert (await live_either.post(f"{COLLECTORS}/GetCollector", {"id": ours.name}))["id"] == ours.name


async def test_a_strangers_sync_leaves_the_same_source_of_ours_alone(live_either: LiveServer):
    ours = await Ours(live_either).make()
    source = {"type": "SOURCE_TYPE_GIT", "namespace": ours.name}
    pipelines = [{"name": f"{ours.name}-synced", "contents": CONTENTS}]
    await live_either.post(f"{PIPELINES}/SyncPipelines", {"source": source, "pipelines": pipelines})
    await live_either.post(f"{PIPELINES}/SyncPipelines", {"source": source}, ours.stranger)
    assert (await live_either.post(f"{PIPELINES}/GetPipelineID", {"name": f"{ours.name}-synced"}))["id"]


@pytest.mark.parametrize("caller", STREAMS, ids=lambda caller: caller.name)
async def test_a_stranger_hears_their_own_events_alone(live: LiveServer, caller: Caller):
    ours = await Ours(live).make()
    draft = {"name": "of-the-stranger", "contents": CONTENTS}
    theirs = await live.post(f"{PIPELINES}/CreatePipeline", {"pipeline": draft}, ours.stranger)
    reply = await caller.call(
        live, live.method(f"{FLEET}/WatchFleet"), fleet.WatchFleetRequest(after="0"), ours.stranger, take=2
    )
    assert reply.messages[0].kind == "watch.started"
    assert reply.messages[1].stream == f"pipeline:{theirs['id']}"


async def test_a_tenants_admin_makes_no_tenants(live: LiveServer):
    ours = await Ours(live).make()
    for path, body in ((f"{ADMIN}/CreateTenant", {"name": "more"}), (f"{ADMIN}/ListTenants", {})):
        answer = await live.http.post(f"/{path}", json=body, headers=bearer(ours.stranger))
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
