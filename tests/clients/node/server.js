// The server under test and the ways to reach it with @connectrpc/connect-node.
//
// QUARTERDECK_URL, QUARTERDECK_GRPC and QUARTERDECK_TOKEN name it; tests/clients/test_node_clients.py starts these suites
// and writes the generated code to ./gen.

import { Agent } from "node:http";

import { createClient } from "@connectrpc/connect";
import {
  createConnectTransport, createGrpcTransport, createGrpcWebTransport, Http2SessionManager,
} from "@connectrpc/connect-node";

import { CollectorService } from "./gen/collector/v1/collector_pb.js";
import { PipelineService } from "./gen/pipeline/v1/pipeline_pb.js";
import { FleetService } from "./gen/quarterdeck/fleet/v1/fleet_pb.js";

export const url = setting("QUARTERDECK_URL");
export const grpcTarget = setting("QUARTERDECK_GRPC");
export const token = setting("QUARTERDECK_TOKEN");

export const contents = 'prometheus.exporter.self "node" { }\n';

function setting(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: start this suite with pytest tests/clients`);
  return value;
}

function authorise(authorization) {
  return (next) => (request) => {
    if (authorization) request.header.set("Authorization", authorization);
    return next(request);
  };
}

const agent = new Agent({ keepAlive: true });
const http = { baseUrl: url, httpVersion: "1.1", nodeOptions: { agent } };
const sessionManager = new Http2SessionManager(`http://${grpcTarget}`);

/** Ends all connections. One of HTTP/2, or one whose upload was refused half-way, keeps the process alive for minutes. */
export function hangUp() {
  agent.destroy();
  sessionManager.abort();
}

const makers = {
  "Connect JSON": (o) => createConnectTransport({ ...http, ...o, useBinaryFormat: false }),
  "Connect proto": (o) => createConnectTransport({ ...http, ...o, useBinaryFormat: true }),
  "Connect JSON with GET": (o) => createConnectTransport({ ...http, ...o, useBinaryFormat: false, useHttpGet: true }),
  "Connect proto with GET": (o) => createConnectTransport({ ...http, ...o, useBinaryFormat: true, useHttpGet: true }),
  "gRPC-Web proto": (o) => createGrpcWebTransport({ ...http, ...o, useBinaryFormat: true }),
  "gRPC-Web JSON": (o) => createGrpcWebTransport({ ...http, ...o, useBinaryFormat: false }),
  gRPC: (o) => createGrpcTransport({ ...o, baseUrl: `http://${grpcTarget}`, httpVersion: "2", sessionManager }),
};

/** The names of all protocols, for one suite per protocol. */
export const protocols = Object.keys(makers);

/** The three clients over one transport. `authorization` is the value of the header; empty sends none. */
export function clients(protocol, { authorization = `Bearer ${token}`, ...options } = {}) {
  const transport = makers[protocol]({ interceptors: [authorise(authorization)], ...options });
  return {
    pipelines: createClient(PipelineService, transport),
    collectors: createClient(CollectorService, transport),
    fleet: createClient(FleetService, transport),
  };
}

let counter = 0;

/** A name that no other run against the same server uses. */
export function unique(prefix) {
  counter += 1;
  return `${prefix.replace(/\W+/g, "-")}-${process.pid}-${Date.now()}-${counter}`;
}
