// @grpc/grpc-js, which knows our protos only by loading the files, against the gRPC port.

import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { promisify } from "node:util";

import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";

import { contents, grpcTarget, token, unique } from "./server.js";

const includeDirs = JSON.parse(process.env.QUARTERDECK_PROTO_PATH);
const files = ["pipeline/v1/pipeline.proto", "collector/v1/collector.proto", "quarterdeck/fleet/v1/fleet.proto"];
const definition = loader.loadSync(files, {
  includeDirs, keepCase: true, longs: String, enums: String, defaults: true, oneofs: true,
});
const root = grpc.loadPackageDefinition(definition);
const insecure = grpc.credentials.createInsecure();

function metadata(authorization = `Bearer ${token}`) {
  const carried = new grpc.Metadata();
  if (authorization) carried.set("authorization", authorization);
  return carried;
}

/** A unary call as a promise. */
function call(client, method, request, carried = metadata(), options = {}) {
  return promisify(client[method].bind(client))(request, carried, options);
}

async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  assert.fail("the call was not refused");
}

suite("@grpc/grpc-js", () => {
  let pipelines, collectors, fleet;

  before(() => {
    pipelines = new root.pipeline.v1.PipelineService(grpcTarget, insecure);
    collectors = new root.collector.v1.CollectorService(grpcTarget, insecure);
    fleet = new root.quarterdeck.fleet.v1.FleetService(grpcTarget, insecure);
  });

  after(() => {
    for (const client of [pipelines, collectors, fleet]) client.close();
  });

  test("unary calls", async () => {
    const name = unique("grpc-js");
    const created = await call(pipelines, "CreatePipeline", { pipeline: { name, contents, matchers: ["a=b"] } });
    const stored = await call(pipelines, "GetPipeline", { id: created.id });
    assert.equal(stored.contents, contents);
    assert.deepEqual(stored.matchers, ['a="b"']);
    assert.equal(stored.config_type, "CONFIG_TYPE_ALLOY");
    await call(pipelines, "DeletePipeline", { id: created.id });
    const gone = await refusal(call(pipelines, "GetPipeline", { id: created.id }));
    assert.equal(gone.code, grpc.status.NOT_FOUND);
    assert.notEqual(gone.details, "");
  });

  test("errors carry google.rpc.Status", async () => {
    const error = await refusal(call(pipelines, "CreatePipeline", { pipeline: { name: "x", contents, matchers: ["a=="] } }));
    assert.equal(error.code, grpc.status.INVALID_ARGUMENT);
    const [packed] = error.metadata.get("grpc-status-details-bin");
    assert.ok(packed.includes("google.rpc.BadRequest"), packed.toString());
  });

  test("a stream of changes", { timeout: 30_000 }, async () => {
    const id = unique("grpc-js watch");
    const stream = fleet.WatchFleet({}, metadata());
    const kinds = [];
    for await (const message of stream) {
      if (kinds.length === 0) await call(collectors, "CreateCollector", { collector: { id } });
      if (kinds.length === 0 || message.stream === `collector:${id}`) kinds.push(message.kind);
      if (kinds.length === 2) break;
    }
    stream.on("error", () => {}); // cancelling is reported as an error of its own
    stream.cancel();
    assert.deepEqual(kinds, ["watch.started", "collector.created"]);
  });

  test("a deadline in the past of a stream", { timeout: 30_000 }, async () => {
    const error = await refusal(
      (async () => {
        const stream = fleet.WatchFleet({}, metadata(), { deadline: Date.now() + 500 });
        for await (const message of stream) assert.ok(message.kind);
      })(),
    );
    assert.equal(error.code, grpc.status.DEADLINE_EXCEEDED);
  });

  test("no token, wrong token, Basic", async () => {
    for (const authorization of ["", "Bearer wrong"]) {
      const unary = await refusal(call(pipelines, "ListPipelines", {}, metadata(authorization)));
      assert.equal(unary.code, grpc.status.UNAUTHENTICATED);
      const stream = await refusal(
        (async () => {
          for await (const message of fleet.WatchFleet({}, metadata(authorization))) assert.fail(message.kind);
        })(),
      );
      assert.equal(stream.code, grpc.status.UNAUTHENTICATED);
    }
    const basic = `Basic ${Buffer.from(`any:${token}`).toString("base64")}`;
    await call(pipelines, "ListPipelines", {}, metadata(basic));
  });

  test("an unknown method is unimplemented", async () => {
    const client = new grpc.Client(grpcTarget, insecure);
    const same = (value) => value;
    const error = await refusal(
      new Promise((resolve, reject) => {
        client.makeUnaryRequest(
          "/pipeline.v1.PipelineService/NoSuchMethod", same, same, Buffer.alloc(0), metadata(),
          (failure, value) => (failure ? reject(failure) : resolve(value)),
        );
      }),
    );
    client.close();
    assert.equal(error.code, grpc.status.UNIMPLEMENTED);
  });

  test("a body that does not parse is the caller's fault", async () => {
    const client = new grpc.Client(grpcTarget, insecure);
    const same = (value) => value;
    const error = await refusal(
      new Promise((resolve, reject) => {
        client.makeUnaryRequest(
          "/pipeline.v1.PipelineService/GetPipeline", same, same, Buffer.from([0x12, 0xff]), metadata(),
          (failure, value) => (failure ? reject(failure) : resolve(value)),
        );
      }),
    );
    client.close();
    assert.equal(error.code, grpc.status.INVALID_ARGUMENT);
  });

  test("two thousand calls, sixty-four at a time, on one channel", { timeout: 120_000 }, async () => {
    let started = 0;
    let answered = 0;
    const worker = async () => {
      while (started < 2000) {
        started += 1;
        const answer = await call(collectors, "GetConfig", { id: `grpc-js-${started % 50}` });
        assert.notEqual(answer.content, "");
        answered += 1;
      }
    };
    await Promise.all(Array.from({ length: 64 }, worker));
    assert.equal(answered, 2000);
  });

  test("a request over the limit is refused and the channel goes on", async () => {
    const huge = contents + "//".padEnd(32 << 20, "x");
    const error = await refusal(call(pipelines, "CreatePipeline", { pipeline: { name: unique("grpc-js"), contents: huge } }));
    assert.equal(error.code, grpc.status.RESOURCE_EXHAUSTED);
    await call(pipelines, "ListPipelines", {});
  });

  test("compressed requests", async () => {
    const client = new root.pipeline.v1.PipelineService(grpcTarget, insecure, {
      "grpc.default_compression_algorithm": grpc.compressionAlgorithms.gzip,
    });
    const created = await call(client, "CreatePipeline", {
      pipeline: { name: unique("grpc-js gzip"), contents: contents + "// the same line again\n".repeat(500) },
    });
    await call(client, "DeletePipeline", { id: created.id });
    client.close();
  });
});
