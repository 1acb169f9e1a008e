// One scenario over every protocol that @connectrpc/connect-node speaks.

import assert from "node:assert/strict";
import { after, suite, test } from "node:test";

import { Code, ConnectError } from "@connectrpc/connect";

import { RemoteConfigStatuses } from "./gen/collector/v1/collector_pb.js";
import { BadRequestSchema, ErrorInfoSchema } from "./gen/google/rpc/error_details_pb.js";
import { ConfigType, PipelineSource_SourceType } from "./gen/pipeline/v1/pipeline_pb.js";
import { clients, contents, hangUp, protocols, unique } from "./server.js";

/** The ConnectError that a call ends with; anything else fails the test. */
async function refusal(call) {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof ConnectError, `not a ConnectError: ${error}`);
    assert.notEqual(error.rawMessage, "");
    return error;
  }
  assert.fail("the call was not refused");
}

after(hangUp);

for (const protocol of protocols) {
  suite(protocol, () => {
    const { pipelines, collectors, fleet } = clients(protocol);
    const made = [];

    async function create(pipeline) {
      const created = await pipelines.createPipeline({ pipeline: { contents, enabled: true, ...pipeline } });
      made.push(created.id);
      return created;
    }

    after(() => Promise.allSettled(made.map((id) => pipelines.deletePipeline({ id }))));

    test("a pipeline lives and dies", async () => {
      const name = unique(protocol);
      const created = await create({
        name,
        matchers: ["team!=a", "collector.os=linux"],
        metadata: { type: "k8s_monitoring", depth: { list: [1, "two", null, true] } },
        source: { type: PipelineSource_SourceType.GIT, namespace: "ns" },
      });
      assert.match(created.id, /^\d+$/);
      assert.deepEqual(created.matchers, ['team!="a"', 'collector.os="linux"']);

      const stored = await pipelines.getPipeline({ id: created.id });
      assert.equal(stored.contents, contents);
      assert.equal(stored.configType, ConfigType.ALLOY);
      assert.deepEqual(stored.metadata, { type: "k8s_monitoring", depth: { list: [1, "two", null, true] } });
      assert.equal(stored.source.namespace, "ns");
      assert.ok(stored.createdAt.seconds > 1_700_000_000n);
      assert.equal((await pipelines.getPipelineID({ name })).id, created.id);

      await pipelines.updatePipeline({ pipeline: { id: created.id, name, contents: `${contents}// 2\n`, enabled: false } });
      const updated = await pipelines.getPipeline({ id: created.id });
      assert.equal(updated.enabled, false);
      assert.deepEqual(updated.matchers, []);
      assert.equal(updated.metadata, undefined);
      assert.equal(updated.source, undefined);

      const history = await pipelines.listPipelineRevisions({ id: created.id });
      assert.equal(history.pipelineRevisions.length, 2);
      assert.equal(history.pipelineRevisions[1].snapshot.contents, `${contents}// 2\n`);

      await pipelines.deletePipeline({ id: created.id });
      assert.equal((await refusal(pipelines.getPipeline({ id: created.id }))).code, Code.NotFound);
    });

    test("text of all kinds survives", async () => {
      const text = `${contents}// ünïcödé \u{1F6A2} \\ " ' \t \u2028 end without newline`;
      const created = await create({ name: unique(`${protocol} text`), contents: text });
      assert.equal((await pipelines.getPipeline({ id: created.id })).contents, text);
    });

    test("errors carry their code and their details", async () => {
      const name = unique(`${protocol} errors`);
      await create({ name });
      const invalid = await refusal(pipelines.createPipeline({ pipeline: { name: `${name}x`, contents, matchers: ["a=="] } }));
      assert.equal(invalid.code, Code.InvalidArgument);
      const [bad] = invalid.findDetails(BadRequestSchema);
      assert.match(bad.fieldViolations[0].field, /matchers/);
      assert.notEqual(bad.fieldViolations[0].description, "");
      const [info] = invalid.findDetails(ErrorInfoSchema);
      assert.notEqual(info.reason, "");

      assert.equal((await refusal(create({ name }))).code, Code.AlreadyExists);
      assert.equal((await refusal(pipelines.getPipeline({}))).code, Code.InvalidArgument);
      assert.equal((await refusal(fleet.getCollectorStatus({ id: name }))).code, Code.NotFound);
    });

    test("a call without a valid token is unauthenticated", async () => {
      for (const authorization of ["", "Bearer wrong"]) {
        const stranger = clients(protocol, { authorization });
        const post = await refusal(stranger.pipelines.listPipelines({}));
        assert.equal(post.code, Code.Unauthenticated);
        const get = await refusal(stranger.collectors.getConfig({ id: "x" }));
        assert.equal(get.code, Code.Unauthenticated);
      }
    });

    test("a collector polls", async () => {
      const id = unique(`${protocol} poll`);
      const localAttributes = { "collector.os": "linux", suite: id };
      await collectors.registerCollector({ id, name: "edge", localAttributes });
      await create({ name: id, matchers: [`suite="${id}"`] });
      const first = await collectors.getConfig({ id, localAttributes });
      assert.ok(first.content.includes(contents), first.content);
      assert.equal(first.notModified, false);

      const second = await collectors.getConfig({
        id,
        localAttributes,
        hash: first.hash,
        remoteConfigStatus: { status: RemoteConfigStatuses.RemoteConfigStatuses_APPLIED },
        effectiveConfig: {
          configMap: { configMap: { "": { body: new TextEncoder().encode(first.content), contentType: "text/plain" } } },
        },
      });
      assert.equal(second.notModified, true);
      assert.equal(second.hash, first.hash);

      const { status } = await fleet.getCollectorStatus({ id });
      assert.equal(status.status, RemoteConfigStatuses.RemoteConfigStatuses_APPLIED);
      assert.equal(status.effectiveHash, first.hash);
      assert.match(status.servedFnv1, /^[0-9a-f]{8}$/);
      const preview = await fleet.previewConfig({ id });
      assert.equal(preview.content, first.content);
      assert.deepEqual(preview.pipelines.map((pipeline) => pipeline.name), [id]);
      const running = await fleet.getEffectiveConfig({ id });
      assert.equal(new TextDecoder().decode(running.data), first.content);

      await collectors.unregisterCollector({ id });
      const { markedInactiveAt } = await collectors.getCollector({ id });
      assert.ok(markedInactiveAt);
    });

    test("many calls at once", async () => {
      const answers = await Promise.all(
        Array.from({ length: 100 }, (_, i) => collectors.getConfig({ id: unique(`${protocol} many ${i}`) })),
      );
      assert.equal(new Set(answers.map((answer) => answer.hash)).size, 1);
    });

    test("a large answer arrives whole", async () => {
      const line = "// 0123456789 abcdefghijklmnopqrstuvwxyz\n";
      const large = contents + line.repeat(Math.ceil((1 << 20) / line.length));
      const created = await create({ name: unique(`${protocol} large`), contents: large });
      assert.equal((await pipelines.getPipeline({ id: created.id })).contents, large);
    });

    test("a request over the limit is refused as such", async () => {
      const huge = contents + "//".padEnd(8 << 20, "x");
      const { code } = await refusal(pipelines.createPipeline({ pipeline: { name: unique(protocol), contents: huge } }));
      assert.equal(code, Code.ResourceExhausted);
    });
  });
}
