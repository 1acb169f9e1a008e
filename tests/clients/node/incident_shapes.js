// What @grafana/incident-node 1.33.1 accepts as an answer, said again with zod, the library that it validates with.
//
// The npm registry does not have that package (November 2026). These are the demands that its callers depend on:
// nothing missing, null only where `nullish`, closed sets of words. z.number() takes no text, z.string() no null.

import { z } from "zod";

const text = z.string();
const flag = z.boolean();
const number = z.number();
const words = (...known) => z.enum([...known, ""]);

const person = z.object({ userID: text, name: text, photoURL: text });

const label = z.object({ label: text, description: text, colorHex: text });

export const role = z.object({
  roleID: number.nullish(), orgID: text, name: text, description: text.nullish(),
  important: flag, mandatory: flag, archived: flag, createdAt: text, updatedAt: text.nullish(),
});

const assignment = z.object({ user: person, role, roleID: number });

const counted = { totalAssignments: number, totalParticipants: number };
const membership = z.object({ assignments: assignment.array(), ...counted });
const membershipPreview = z.object({
  importantAssignments: z.object({ user: person, roleID: number }).array(), ...counted,
});

const task = z.object({
  taskID: text, immutable: flag, createdTime: text, modifiedTime: text, text,
  status: words("todo", "progress", "done"), authorUser: person.nullish(), assignedUser: person.nullish(),
});

const taskList = z.object({ tasks: task.array(), todoCount: number, doneCount: number });

const inBothForms = {
  incidentID: text, title: text, summary: text, heroImagePath: text, isDrill: flag, labels: label.array(),
  createdByUser: person, createdTime: text, modifiedTime: text, closedTime: text, incidentStart: text, incidentEnd: text,
  status: words("active", "resolved"),
};

export const incident = z.object({
  ...inBothForms, severity: text, durationSeconds: number, overviewURL: text,
  incidentMembership: membership.nullish(), taskList,
});

const preview = z.object({
  ...inBothForms, severityID: text, severityLabel: text, description: text, slug: text, version: number,
  incidentType: words("internal", "private"),
  // By the older key: it was a number then.
  fieldValues: z.object({ fieldID: number, value: text }).array().nullish(),
  incidentMembershipPreview: membershipPreview.nullish(),
});

const attachment = z.object({
  attachmentID: text, attachedByUserID: text, sourceURL: text, useSourceURL: flag, path: text, uploadTime: text,
  deletedTime: text, contentType: text, fileType: words("file", "video", "image", "audio", "screenshare"), ext: text,
  contentLength: number, displayType: words("list", "embed"), downloadURL: text, hasThumbnail: flag, thumbnailURL: text,
  sHA512: text, attachmentErr: text,
});

export const activityKinds = [
  "incidentUpdated", "incidentTitleChanged", "incidentStatusChanged", "incidentSeverityChanged", "incidentCreated",
  "incidentDeleted", "incidentClosed", "roleAssigned", "roleUnassigned", "actionRun", "userNote", "dataQuery",
  "hookRunMetadata", "taskAdded", "taskUpdated", "taskCompleted", "taskDeleted", "messageReaction", "contextAttached",
  "incidentIsDrillChanged", "incidentStart", "incidentEnd", "incidentSummary", "labelAdded", "labelRemoved", "siftResult",
];

const activityItem = z.object({
  activityItemID: text, incidentID: text, user: person, subjectUser: person, createdTime: text, eventTime: text,
  activityKind: words(...activityKinds), body: text, url: text, tags: words("important", "starred").array(),
  immutable: flag, fieldValues: z.record(z.unknown()), attachments: attachment.array(),
});

const cursor = z.object({ nextValue: text, hasMore: flag });
const direction = words("ASC", "DESC");
const statuses = words("active", "resolved").array().nullish();

const activityQuery = z.object({
  incidentID: text, limit: number, tag: text.nullish(), orderDirection: direction, activityKind: text.array().nullish(),
});

const incidentsQuery = z.object({
  limit: number, includeStatuses: statuses, excludeStatuses: statuses, incidentLabels: text.array().nullish(),
  dateFrom: text.nullish(), dateTo: text.nullish(), onlyDrills: flag.nullish(), orderDirection: direction,
  severity: text.nullish(), queryString: text.nullish(),
});

const previewsQuery = z.object({
  limit: number, orderDirection: direction.nullish(), queryString: text.nullish(),
  orderField: words(
    "incidentID", "createdTime", "modifiedTime", "title", "status", "severity", "prefix", "isDrill", "incidentStart",
    "incidentEnd", "closedTime",
  ).nullish(),
});

export const outgoingWebhook = z.object({ version: text, id: text, source: text, time: text, event: text, incident });

export const incomingWebhook = z.object({ incident, processingErrors: text.array() });

const answer = (shape = {}) => z.object({ ...shape, error: text.nullish() });
const anIncident = answer({ incident });
const aChange = answer({ incident, didChange: flag });
const anItem = answer({ activityItem });
const aTask = answer({ incidentID: text, task, taskList });

/** The answers of every method that the package has. */
export const answers = {
  "IncidentsService.CreateIncident": anIncident,
  "IncidentsService.GetIncident": anIncident,
  "IncidentsService.UpdateTitle": anIncident,
  "IncidentsService.UpdateSeverity": anIncident,
  "IncidentsService.UpdateStatus": anIncident,
  "IncidentsService.UpdateIncidentIsDrill": anIncident,
  "IncidentsService.UpdateIncidentEventTime": answer(),
  "IncidentsService.AddLabel": anIncident,
  "IncidentsService.RemoveLabel": anIncident,
  "IncidentsService.AssignRole": aChange,
  "IncidentsService.UnassignRole": aChange,
  "IncidentsService.GetIncidentMembership": answer({ assignments: assignment.array() }),
  "IncidentsService.QueryIncidents": answer({ incidents: incident.array(), query: incidentsQuery, cursor }),
  "IncidentsService.QueryIncidentPreviews": answer({ incidentPreviews: preview.array(), query: previewsQuery, cursor }),
  "ActivityService.AddActivity": anItem,
  "ActivityService.RemoveActivity": anItem,
  "ActivityService.UpdateActivityBody": anItem,
  "ActivityService.UpdateActivityEventTime": anItem,
  "ActivityService.QueryActivity": answer({ activityItems: activityItem.array(), query: activityQuery, cursor }),
  "TasksService.AddTask": aTask,
  "TasksService.UpdateTaskStatus": aTask,
  "TasksService.UpdateTaskText": aTask,
  "TasksService.UpdateTaskUser": aTask,
  "TasksService.DeleteTask": answer({ incidentID: text, taskList }),
  "RolesService.GetRoles": answer({ roles: role.array() }),
  "RolesService.CreateRole": answer({ role }),
  "RolesService.UpdateRole": answer({ role }),
  "RolesService.ArchiveRole": answer(),
  "RolesService.UnarchiveRole": answer(),
  "RolesService.DeleteRole": answer(),
};
