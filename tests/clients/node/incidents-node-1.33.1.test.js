// Every method that @grafana/incident-node 1.33.1 has, called as it does, each answer checked as it does. See
// incident_shapes.js for why the package itself is not here.

import assert from "node:assert/strict";
import { createHmac, createHash } from "node:crypto";
import { createServer } from "node:http";
import { after, suite, test } from "node:test";

import { activityKinds, answers, incomingWebhook, outgoingWebhook } from "./incident_shapes.js";
import { hangUp, token, unique, url } from "./server.js";

after(hangUp);

const called = new Set();

/** One call: where the client sends it, with its headers. */
function send(method, payload, authorization = `Bearer ${token}`) {
  return fetch(`${url}/api/plugins/grafana-incident-app/resources/api/v1/${method}`, {
    method: "POST",
    headers: { Accept: "application/json", "Content-Type": "application/json", Authorization: authorization },
    body: JSON.stringify(payload),
  });
}

/** What a caller of the client gets: an answer of the right shape without an error in it, or a failed test. */
async function call(method, payload) {
  const response = await send(method, payload);
  const body = await response.text();
  assert.ok(response.ok, `${method}: ${response.status} ${body}`);
  const parsed = answers[method].safeParse(JSON.parse(body));
  assert.ok(parsed.success, `${method}: ${parsed.error?.message} in ${body}`);
  assert.equal(parsed.data.error ?? "", "");
  called.add(method);
  return parsed.data;
}

const declare = async (fields = {}) => {
  const request = {
    title: unique("node"), severity: "minor", labels: [], roomPrefix: "incident", isDrill: false, status: "active",
    attachCaption: "", attachURL: "", ...fields,
  };
  return (await call("IncidentsService.CreateIncident", request)).incident;
};

const emptyCursor = { nextValue: "", hasMore: false };

suite("@grafana/incident-node 1.33.1", () => {
  test("incidents", async () => {
    const labels = [{ label: "one", description: "", colorHex: "" }];
    const made = await declare({ labels, attachCaption: "board", attachURL: "https://grafana.example/d/1" });
    const { incidentID } = made;
    assert.equal(made.severity, "Minor");
    assert.equal(made.heroImagePath, "");
    assert.deepEqual(made.labels.map((each) => each.label), ["one"]);

    const calls = [
      ["UpdateTitle", { title: "another" }, (incident) => incident.title === "another"],
      ["UpdateSeverity", { severity: "Critical" }, (incident) => incident.severity === "Critical"],
      ["UpdateIncidentIsDrill", { isDrill: true }, (incident) => incident.isDrill],
      ["AddLabel", { label: { label: "two", description: "", colorHex: "" } }, (incident) => incident.labels.length === 2],
      ["RemoveLabel", { label: "one" }, (incident) => incident.labels.length === 1],
      ["AssignRole", { userID: made.createdByUser.userID, role: "commander" },
        (incident) => incident.incidentMembership.totalAssignments === 1],
    ];
    for (const [method, fields, holds] of calls) {
      const { incident } = await call(`IncidentsService.${method}`, { incidentID, ...fields });
      assert.equal(incident.incidentID, incidentID);
      assert.ok(holds(incident), `${method}: ${JSON.stringify(incident)}`);
    }
    const { assignments } = await call("IncidentsService.GetIncidentMembership", { incidentID });
    assert.equal(assignments[0].role.name, "commander");
    const end = { incidentID, userID: made.createdByUser.userID, role: "commander" };
    assert.equal((await call("IncidentsService.UnassignRole", end)).didChange, true);
    assert.equal((await call("IncidentsService.UnassignRole", end)).didChange, false);

    // This client still names the event by its former key.
    const eventTime = "2026-01-02T03:04:05Z";
    await call("IncidentsService.UpdateIncidentEventTime", { incidentID, eventTime, activityItemKind: "incidentStart" });
    const { incident } = await call("IncidentsService.UpdateStatus", { incidentID, status: "resolved" });
    assert.equal(incident.incidentStart, eventTime);
    assert.equal(incident.status, "resolved");
    assert.deepEqual((await call("IncidentsService.GetIncident", { incidentID })).incident, incident);
  });

  test("queries and their echo", async () => {
    const word = unique("node query");
    for (let i = 0; i < 3; i += 1) await declare({ title: word });
    const query = { limit: 2, orderDirection: "ASC", queryString: `title:"${word}"` };
    for (const [method, list] of [["QueryIncidents", "incidents"], ["QueryIncidentPreviews", "incidentPreviews"]]) {
      const include = { includeCustomFieldValues: true, includeMembershipPreview: true };
      const first = await call(`IncidentsService.${method}`, { query, cursor: emptyCursor, ...include });
      assert.equal(first[list].length, 2);
      assert.equal(first.query.limit, 2);
      assert.equal(first.query.queryString, query.queryString);
      const second = await call(`IncidentsService.${method}`, { query: first.query, cursor: first.cursor, ...include });
      assert.equal(second[list].length, 1);
      assert.deepEqual(second.cursor, emptyCursor);
    }
    const bare = await call("IncidentsService.QueryIncidentPreviews", { query: { limit: 1 }, cursor: emptyCursor });
    assert.equal(bare.incidentPreviews.length, 1);
    const none = { limit: 1, orderDirection: "DESC", queryString: "title:no-such-title-anywhere" };
    assert.deepEqual((await call("IncidentsService.QueryIncidents", { query: none, cursor: emptyCursor })).incidents, []);
  });

  test("custom field values in previews", async () => {
    const name = unique("tier");
    const added = await (await send("FieldsService.AddField", {
      field: { name, type: "string", domainName: "incident", selectoptions: null },
    })).json();
    const made = await declare({ title: name });
    const record = { fieldUUID: added.field.uuid, value: '"gold"', targetKind: "incident", targetID: made.incidentID };
    assert.equal((await send("FieldsService.RecordFieldValue", record)).status, 200);
    const query = { limit: 1, queryString: `title:"${name}"` };
    const asked = { query, cursor: emptyCursor, includeCustomFieldValues: true };
    const [preview] = (await call("IncidentsService.QueryIncidentPreviews", asked)).incidentPreviews;
    assert.equal(preview.fieldValues[0].value, '"gold"');
    assert.ok(Number.isInteger(preview.fieldValues[0].fieldID));
    const unasked = await call("IncidentsService.QueryIncidentPreviews", { query, cursor: emptyCursor });
    assert.deepEqual(unasked.incidentPreviews[0].fieldValues, []);
  });

  test("activity", async () => {
    const { incidentID } = await declare();
    const note = { incidentID, activityKind: "userNote", body: "see https://grafana.example/d/2", eventTime: "" };
    const { activityItem } = await call("ActivityService.AddActivity", note);
    assert.equal(activityItem.body, note.body);
    assert.equal(activityItem.attachments.length, 1);
    const { activityItemID } = activityItem;
    await call("ActivityService.UpdateActivityBody", { incidentID, activityItemID, body: "no link" });
    const eventTime = "2026-03-04T05:06:07Z";
    const moved = await call("ActivityService.UpdateActivityEventTime", { incidentID, activityItemID, eventTime });
    assert.equal(moved.activityItem.eventTime, eventTime);
    await call("ActivityService.RemoveActivity", { incidentID, activityItemID });
  });

  test("the timeline of everything that can happen", async () => {
    const made = await declare({ attachCaption: "c", attachURL: "https://grafana.example", labels: [{ label: "l" }] });
    const { incidentID } = made;
    const { userID } = made.createdByUser;
    const { task } = await call("TasksService.AddTask", { incidentID, text: "t", assignToUserID: "" });
    const step = { incidentID, taskID: task.taskID };
    await call("TasksService.UpdateTaskText", { ...step, text: "u" });
    const assigned = await call("TasksService.UpdateTaskUser", { ...step, userID });
    assert.equal(assigned.task.assignedUser.userID, userID);
    const done = await call("TasksService.UpdateTaskStatus", { ...step, status: "done" });
    assert.deepEqual([done.taskList.todoCount, done.taskList.doneCount], [0, 1]);
    assert.deepEqual((await call("TasksService.DeleteTask", step)).taskList.tasks, []);
    await call("IncidentsService.UpdateTitle", { incidentID, title: "changed" });
    await call("IncidentsService.UpdateSeverity", { incidentID, severity: "major" });
    await call("IncidentsService.UpdateIncidentIsDrill", { incidentID, isDrill: true });
    await call("IncidentsService.AssignRole", { incidentID, userID, role: "observer" });
    await call("IncidentsService.UnassignRole", { incidentID, userID, role: "observer" });
    await call("IncidentsService.RemoveLabel", { incidentID, label: "l" });
    await call("IncidentsService.UpdateStatus", { incidentID, status: "resolved" });

    const query = { incidentID, limit: 100, tag: "", orderDirection: "ASC", activityKind: null };
    const timeline = await call("ActivityService.QueryActivity", { query, cursor: emptyCursor });
    const kinds = new Set(timeline.activityItems.map((item) => item.activityKind));
    const expected = activityKinds.filter((kind) => ![
      "incidentUpdated", "incidentDeleted", "actionRun", "userNote", "dataQuery", "hookRunMetadata", "messageReaction",
      "incidentSummary", "siftResult",
    ].includes(kind));
    assert.deepEqual([...kinds].sort(), expected.sort());
  });

  test("roles", async () => {
    const name = unique("node role");
    const wanted = { roleID: 0, orgID: "", name, description: "", important: false, mandatory: false, archived: false };
    const { role } = await call("RolesService.CreateRole", { role: { ...wanted, createdAt: "", updatedAt: "" } });
    assert.equal(role.name, name);
    const { roleID } = role;
    const updated = await call("RolesService.UpdateRole", { role: { ...role, description: "d" } });
    assert.equal(updated.role.description, "d");
    await call("RolesService.ArchiveRole", { roleID });
    const { roles } = await call("RolesService.GetRoles", {});
    assert.equal(roles.find((each) => each.roleID === roleID).archived, true);
    await call("RolesService.UnarchiveRole", { roleID });
    await call("RolesService.DeleteRole", { roleID });
  });

  test("a refusal is text with a reason", async () => {
    const gone = await send("IncidentsService.GetIncident", { incidentID: "999999" });
    assert.equal(gone.ok, false);
    assert.equal(gone.status, 404);
    assert.notEqual(JSON.parse(await gone.text()).error, "");
    const stranger = await send("RolesService.GetRoles", {}, "Bearer wrong");
    assert.equal(stranger.status, 401);
    assert.notEqual(JSON.parse(await stranger.text()).error, "");
  });

  test("a webhook's body, and its signature by the documented rule", async () => {
    const secret = "a signing secret for node";
    const receiver = createServer();
    const title = unique("node hook");
    const delivered = new Promise((resolve) => {
      receiver.on("request", async (request, response) => {
        const parts = [];
        for await (const part of request) parts.push(part);
        response.end();
        const body = Buffer.concat(parts);
        if (JSON.parse(body).incident.title === title) resolve({ headers: request.headers, body });
      });
    });
    await new Promise((resolve) => receiver.listen(0, "127.0.0.1", resolve));
    const enable = {
      integrationID: "grate.outgoingWebhook", hookID: "grate.outgoingWebhook.send", eventName: "incidentCreated",
      hookConfig: { fields: [
        { key: "url", value: `http://127.0.0.1:${receiver.address().port}/` }, { key: "signingSecret", value: secret },
      ] },
    };
    const enabled = await (await send("IntegrationService.EnableHook", enable)).json();
    try {
      await declare({ title });
      const { headers, body } = await delivered;
      const parsed = outgoingWebhook.safeParse(JSON.parse(body));
      assert.ok(parsed.success, parsed.error?.message);
      const [, at, signature] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(headers["gi-signature"]);
      const message = `${createHash("sha256").update(body).digest("base64")}:${at}:v1`;
      assert.equal(createHmac("sha256", secret).update(message).digest("hex"), signature);
    } finally {
      const disable = { integrationID: "grate.outgoingWebhook", enabledHookID: enabled.enabledHookID };
      assert.equal((await send("IntegrationService.DisableHook", disable)).status, 200);
      receiver.close();
      receiver.closeAllConnections();
    }
  });

  test("the answer to an incoming webhook", async () => {
    const made = await fetch(`${url}/api/v1/incoming-tokens`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
      body: JSON.stringify({ name: unique("node") }),
    });
    const { secret } = await made.json();
    const title = unique("node incoming");
    const query = new URLSearchParams({ title: `${title} {{ .host }}`, severity: "major", includes: "incident", token: secret });
    const prefix = `${url}/api/plugins/grafana-incident-app/resources/api`;
    for (const path of ["v1/incoming-webhooks", "experimental/incoming-webhook"]) {
      const response = await fetch(`${prefix}/${path}/grafana.incident.create?${query}`, {
        method: "POST", body: JSON.stringify({ host: "web-1" }),
      });
      const body = await response.text();
      assert.equal(response.status, 200, body);
      const parsed = incomingWebhook.safeParse(JSON.parse(body));
      assert.ok(parsed.success, `${parsed.error?.message} in ${body}`);
      assert.deepEqual(parsed.data.processingErrors, []);
      assert.equal(parsed.data.incident.title, `${title} web-1`);
      assert.equal(parsed.data.incident.severity, "Major");
    }
  });

  test("no method was left out", () => {
    assert.deepEqual([...called].sort(), Object.keys(answers).sort());
  });
});
