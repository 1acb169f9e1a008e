"""Eight clients that write all the time and keep a ledger, whatever happens to the server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.faults.calls import ADMIN, COLLECTORS, PIPELINES, Client, LostError, RefusedError
from tests.faults.events import Reader, over_grpc
from tests.faults.ledger import Entry, Kind, Ledger, Observed, Revision
from tests.faults.quick_server import QuickServer

_PIPELINES_OF_A_CHAIN = 2
_LAST = "the-last-collector"


@dataclass(slots=True)
class Site:
    """Where the server is, and whether there is one."""

    url: str
    up: asyncio.Event = field(default_factory=asyncio.Event)


class Writers:
    """The writers of one test. Their account for tokens must exist: see `prepare`."""

    def __init__(self, site: Site, ledger: Ledger) -> None:
        self._site = site
        self._ledger = ledger
        self._account = ""
        self.secrets: dict[str, str] = {}
        """Of tokens whose making was acknowledged, by name."""

    async def prepare(self) -> None:
        """Make what the writers build on."""
        async with Client(self._site.url) as client:
            made = await client.call(ADMIN, "CreateServiceAccount", name="writers", role="ROLE_VIEWER")
        self._account = made["serviceAccount"]["id"]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Eight of them at work. An error in one of them ends the block."""
        jobs: list[Callable[[Client, str], Coroutine[Any, Any, None]]] = [
            *[self._write_chains] * 4, self._write_pipelines, self._register, self._create_collectors, self._make_tokens
        ]  # fmt: skip
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._work(job, f"w{number}")) for number, job in enumerate(jobs)]
            yield
            for task in tasks:
                task.cancel()

    async def _work(self, job: Callable[[Client, str], Coroutine[Any, Any, None]], name: str) -> None:
        async with Client(self._site.url) as client:
            await job(client, name)

    async def _write_chains(self, client: Client, name: str) -> None:
        for number in count(1):
            for chain in range(_PIPELINES_OF_A_CHAIN):
                pipeline, contents = f"{name}-chain-{chain}", f"// {name} {chain} writes {number}\n"
                entry = self._ledger.link(pipeline, contents)
                while await self._attempt(entry, client.upsert(pipeline, contents)) is None:
                    pass

    async def _write_pipelines(self, client: Client, name: str) -> None:
        for number in count(1):
            pipeline = {"name": f"{name}-{number}", "contents": f"// {name} makes {number}\n"}
            entry = self._ledger.add(Kind.PIPELINE, pipeline["name"])
            made = await self._attempt(entry, client.call(PIPELINES, "CreatePipeline", pipeline=pipeline))
            if made is not None and number % 3 == 0:
                entry = self._ledger.remove(Kind.PIPELINE, pipeline["name"])
                await self._attempt(entry, client.call(PIPELINES, "DeletePipeline", id=made["id"]))

    async def _register(self, client: Client, name: str) -> None:
        for number in count(1):
            collector = f"{name}-{number}"
            entry = self._ledger.add(Kind.REGISTERED, collector)
            attributes = {"number": str(number)}
            await self._attempt(
                entry, client.call(COLLECTORS, "RegisterCollector", id=collector, localAttributes=attributes)
            )

    async def _create_collectors(self, client: Client, name: str) -> None:
        for number in count(1):
            collector = {"id": f"{name}-{number}", "remoteAttributes": {"number": str(number)}}
            entry = self._ledger.add(Kind.CREATED, f"{name}-{number}")
            made = await self._attempt(entry, client.call(COLLECTORS, "CreateCollector", collector=collector))
            if made is not None and number % 3 == 0:
                entry = self._ledger.remove(Kind.CREATED, f"{name}-{number}")
                await self._attempt(entry, client.call(COLLECTORS, "DeleteCollector", id=made["id"]))

    async def _make_tokens(self, client: Client, name: str) -> None:
        for number in count(1):
            token = f"{name}-{number}"
            entry = self._ledger.add(Kind.TOKEN, token)
            made = await self._attempt(
                entry, client.call(ADMIN, "CreateToken", serviceAccountId=self._account, name=token)
            )
            if made is None:
                continue
            self.secrets[token] = made["secret"]
            if number % 3 == 0:
                entry = self._ledger.remove(Kind.TOKEN, token)
                await self._attempt(entry, client.call(ADMIN, "RevokeToken", id=made["token"]["id"]))

    async def _attempt(self, entry: Entry, call: Coroutine[Any, Any, dict[str, Any]]) -> dict[str, Any] | None:
        """The answer, acknowledged in the ledger; None when the outcome is not known."""
        try:
            await self._site.up.wait()
            answer = await call
        except LostError:
            self._ledger.unknown += 1
            return None
        except RefusedError as error:
            self._ledger.refused.append(str(error))
            return None
        finally:
            call.close()
        self._ledger.acknowledge(entry)
        return answer

    async def observe(self, server: QuickServer) -> Observed:
        """Everything that the server tells about what the writers wrote."""
        async with Client(server.http_url) as client:
            revisions = await _revisions(client)
            pipelines = (await client.call(PIPELINES, "ListPipelines")).get("pipelines", [])
            collectors = (await client.call(COLLECTORS, "ListCollectors")).get("collectors", [])
            tokens = (await client.call(ADMIN, "ListTokens", serviceAccountId=self._account)).get("tokens", [])
            await client.call(COLLECTORS, "CreateCollector", collector={"id": _LAST})
        present = {
            Kind.PIPELINE: frozenset(p["name"] for p in pipelines if p["name"] not in self._ledger.chains),
            Kind.REGISTERED: frozenset(c["id"] for c in collectors if _number(c, "localAttributes")),
            Kind.CREATED: frozenset(c["id"] for c in collectors if _number(c, "remoteAttributes")),
            Kind.TOKEN: frozenset({token["name"] for token in tokens if "revokedAt" not in token}),
        }
        return Observed(revisions, present, await _events(server))

    async def useless_secrets(self, server: QuickServer) -> list[str]:
        """Tokens that were acknowledged and not ended, and do not open the server."""
        useless = []
        for name, secret in self.secrets.items():
            async with Client(server.http_url, secret) as client:
                try:
                    await client.call(ADMIN, "GetCaller")
                except RefusedError:
                    useless.append(name)
        return [name for name in useless if name not in self._ledger.gone[Kind.TOKEN]]


def _number(collector: dict[str, Any], attributes: str) -> bool:
    """Whether the collector has the attribute that its writer gave it."""
    return bool(collector.get(attributes, {}).get("number") == collector["id"].rpartition("-")[2])


async def _revisions(client: Client) -> list[Revision]:
    every = (await client.call(PIPELINES, "ListPipelinesRevisions")).get("pipelineRevisions", [])
    found = []
    for pipeline in dict.fromkeys(revision["snapshot"]["id"] for revision in every):
        own = await client.call(PIPELINES, "ListPipelineRevisions", id=pipeline)
        for revision in own["pipelineRevisions"]:
            snapshot = revision["snapshot"]
            found.append(Revision(int(revision["revisionId"]), snapshot["name"], snapshot["contents"]))
    assert sorted(r.number for r in found) == sorted(int(r["revisionId"]) for r in every)
    return found


async def _events(server: QuickServer) -> dict[str, list[int]]:
    reader = Reader(over_grpc)
    async with asyncio.timeout(30):
        await reader.read([server], lambda event: event.stream == f"collector:{_LAST}")
    streams: dict[str, list[int]] = {}
    for event in reader.seen:
        streams.setdefault(event.stream, []).append(event.sequence)
    return streams
