// WatchFleet, the stream of what changes, over every protocol that carries it.

import assert from "node:assert/strict";
import { after, suite, test } from "node:test";

import { Code, ConnectError } from "@connectrpc/connect";

import { clients, contents, hangUp, protocols, unique } from "./server.js";

/** Reads messages until `done` says so, at most 20 s; then ends the stream. */
async function read(fleet, request, done) {
  const abort = new AbortController();
  // Not `timeoutMs`: its timer would outlive the stream and keep the process waiting.
  const timer = setTimeout(() => abort.abort("nothing more came within 20 s"), 20_000);
  const messages = [];
  try {
    for await (const message of fleet.watchFleet(request, { signal: abort.signal })) {
      messages.push(message);
      if (await done(messages)) break;
    }
  } finally {
    clearTimeout(timer);
    abort.abort();
  }
  return messages;
}

after(hangUp);

for (const protocol of protocols) {
  suite(protocol, () => {
    const { pipelines, collectors, fleet } = clients(protocol);

    test("the first message tells the position, then come the changes in order", async () => {
      const name = unique(`${protocol} watch`);
      let stream;
      const messages = await read(fleet, {}, async (so_far) => {
        if (so_far.length === 1) {
          const { id } = await pipelines.createPipeline({ pipeline: { name, contents } });
          stream = `pipeline:${id}`;
          await pipelines.updatePipeline({ pipeline: { id, name, contents: `${contents}// 2\n` } });
          await pipelines.deletePipeline({ id });
        }
        return so_far.at(-1).kind === "pipeline.deleted" && so_far.at(-1).stream === stream;
      });

      assert.equal(messages[0].kind, "watch.started");
      assert.notEqual(messages[0].id, "");
      const ours = messages.filter((message) => message.stream === stream);
      assert.deepEqual(
        ours.map((message) => [message.kind, message.sequence]),
        [["pipeline.created", 1n], ["pipeline.updated", 2n], ["pipeline.deleted", 3n]],
      );
      assert.ok(ours.every((message) => message.at.seconds > 1_700_000_000n && message.actor !== ""));
      assert.equal(new Set(messages.map((message) => message.id)).size, messages.length);
    });

    test("a stream is resumed behind the last message seen", async () => {
      const id = unique(`${protocol} resume`);
      const stream = `collector:${id}`;
      const [started] = await read(fleet, {}, () => true);
      await collectors.createCollector({ collector: { id } });
      await collectors.updateCollector({ collector: { id, remoteAttributes: { a: "1" } } });
      await collectors.deleteCollector({ id });

      const ours = (messages) => messages.filter((message) => message.stream === stream);
      const missed = ours(await read(fleet, { after: started.id }, (messages) => ours(messages).length === 3));
      const kinds = ["collector.created", "collector.updated", "collector.deleted"];
      assert.deepEqual(missed.map((message) => message.kind), kinds);
      const rest = ours(await read(fleet, { after: missed[0].id }, (messages) => ours(messages).length === 2));
      assert.deepEqual(rest.map((message) => message.id), missed.slice(1).map((message) => message.id));
      const all = ours(await read(fleet, { after: "0" }, (messages) => ours(messages).length === 3));
      assert.deepEqual(all.map((message) => message.kind), kinds);
    });

    test("refusals come before the first message, with their code", async () => {
      const code = async (call) => {
        try {
          for await (const message of call) assert.fail(`got ${message.kind}`);
        } catch (error) {
          assert.ok(error instanceof ConnectError, String(error));
          return error.code;
        }
        return undefined;
      };
      assert.equal(await code(fleet.watchFleet({ after: "not a position" })), Code.InvalidArgument);
      const stranger = clients(protocol, { authorization: "Bearer wrong" });
      assert.equal(await code(stranger.fleet.watchFleet({})), Code.Unauthenticated);
    });

    test("a stream ends with its deadline", async () => {
      await assert.rejects(
        async () => {
          for await (const message of fleet.watchFleet({}, { timeoutMs: 500 })) assert.ok(message.kind);
        },
        (error) => error instanceof ConnectError && error.code === Code.DeadlineExceeded,
      );
    });

    test("twenty readers see the same change", async () => {
      const id = unique(`${protocol} readers`);
      let started = 0;
      const readers = Array.from({ length: 20 }, () =>
        read(fleet, {}, async (messages) => {
          if (messages.length === 1) {
            started += 1;
            if (started === 20) await collectors.createCollector({ collector: { id } });
          }
          return messages.at(-1).stream === `collector:${id}`;
        }),
      );
      const last = (await Promise.all(readers)).map((messages) => messages.at(-1));
      assert.ok(last.every((message) => message.kind === "collector.created" && message.sequence === 1n));
    });
  });
}
