package incidents

// Every method of every service, through the module's own types. What came with revisions after d716816 is in
// newer_test.go.

import (
	"testing"

	incident "github.com/grafana/incident-go"
)

func TestIncidentsService(t *testing.T) {
	service := incident.NewIncidentsService(client(t))
	made := declare(t, func(request *incident.CreateIncidentRequest) {
		request.Severity = "critical"
		request.RoomPrefix = "incident"
		request.AttachCaption = "board"
		request.AttachURL = "https://grafana.example/d/1"
	})
	id := made.IncidentID

	updated := call(t, service.UpdateTitle, incident.UpdateTitleRequest{IncidentID: id, Title: "another " + made.Title})
	equal(t, "title", updated.Incident.Title, "another "+made.Title)
	severity := call(t, service.UpdateSeverity, incident.UpdateSeverityRequest{IncidentID: id, Severity: "MAJOR"})
	equal(t, "severity", severity.Incident.Severity, "Major")
	drill := call(t, service.UpdateIncidentIsDrill, incident.UpdateIncidentIsDrillRequest{IncidentID: id, IsDrill: true})
	equal(t, "drill", drill.Incident.IsDrill, true)

	labelled := call(t, service.AddLabel, incident.AddLabelRequest{
		IncidentID: id, Label: incident.IncidentLabel{Key: "team", Label: "payments"},
	})
	equal(t, "labels", len(labelled.Incident.Labels), 1)
	assigned := call(t, service.AssignLabel, incident.AssignLabelRequest{IncidentID: id, Key: "area", Value: "eu"}).Labels
	pair := find(t, "label", assigned, func(l incident.IncidentKeyValueLabel) bool { return l.Value == "eu" })
	byUUID := incident.UnassignLabelByUUIDRequest{IncidentID: id, KeyUUID: pair.KeyUUID, ValueUUID: pair.ValueUUID}
	equal(t, "labels left", len(call(t, service.UnassignLabelByUUID, byUUID).Labels), 1)
	equal(t, "labels again", len(call(t, service.AssignLabelByUUID, incident.AssignLabelByUUIDRequest(byUUID)).Labels), 2)
	call(t, service.UnassignLabel, incident.UnassignLabelRequest{IncidentID: id, Key: "area", Value: "eu"})
	equal(t, "labels listed", len(call(t, service.GetLabels, incident.GetLabelsRequest{IncidentID: id}).Labels), 1)
	removed := call(t, service.RemoveLabel, incident.RemoveLabelRequest{IncidentID: id, Label: "payments"})
	equal(t, "labels removed", len(removed.Incident.Labels), 0)

	user := made.CreatedByUser.UserID
	role := incident.AssignRoleRequest{IncidentID: id, UserID: user, Role: incident.Options.AssignRoleRequestRole.Commander}
	equal(t, "first time", call(t, service.AssignRole, role).DidChange, true)
	equal(t, "second time", call(t, service.AssignRole, role).DidChange, false)
	members := call(t, service.GetIncidentMembership, incident.GetIncidentMembershipRequest{IncidentID: id}).Assignments
	equal(t, "assignments", len(members), 1)
	equal(t, "commander", members[0].Role.Name, "commander")
	unassigned := call(t, service.UnassignRole, incident.UnassignRoleRequest(role))
	equal(t, "unassigned", unassigned.DidChange, true)

	call(t, service.UpdateIncidentEventTime, incident.UpdateIncidentEventTimeRequest{
		IncidentID: id, EventName: "incidentStart", EventTime: "2026-01-02T03:04:05Z",
	})
	resolved := call(t, service.UpdateStatus, incident.UpdateStatusRequest{IncidentID: id, Status: "resolved"}).Incident
	equal(t, "status", resolved.Status, "resolved")
	equal(t, "start", resolved.IncidentStart, "2026-01-02T03:04:05Z")
	equal(t, "end", resolved.IncidentEnd, resolved.ClosedTime)
	duration := atTime(t, "end", resolved.IncidentEnd).Sub(atTime(t, "start", resolved.IncidentStart))
	equal(t, "duration", resolved.DurationSeconds, int(duration.Seconds()))
	again := call(t, service.UpdateStatus, incident.UpdateStatusRequest{IncidentID: id, Status: "resolved"}).Incident
	equal(t, "closed once", again.ClosedTime, resolved.ClosedTime)
	equal(t, "modified once", again.ModifiedTime, resolved.ModifiedTime)
}

func TestQueries(t *testing.T) {
	service := incident.NewIncidentsService(client(t))
	word := unique(t)
	for range 3 {
		declare(t, func(request *incident.CreateIncidentRequest) { request.Title = word })
	}
	query := incident.QueryIncidentPreviewsRequest{
		Query: incident.IncidentPreviewsQuery{
			Limit: 2, OrderField: "incidentID", OrderDirection: "ASC", QueryString: `title:"` + word + `"`,
		},
		IncludeMembershipPreview: true,
	}
	first := call(t, service.QueryIncidentPreviews, query)
	equal(t, "first page", len(first.IncidentPreviews), 2)
	equal(t, "more", first.Cursor.HasMore, true)
	equal(t, "echo", first.Query.QueryString, query.Query.QueryString)
	query.Cursor = first.Cursor
	second := call(t, service.QueryIncidentPreviews, query)
	equal(t, "second page", len(second.IncidentPreviews), 1)
	equal(t, "end", second.Cursor, incident.Cursor{})
	equal(t, "severity", second.IncidentPreviews[0].SeverityLabel, "Pending")

	old := call(t, service.QueryIncidents, incident.QueryIncidentsRequest{
		Query: incident.IncidentsQuery{Limit: 2, OrderDirection: "DESC", QueryString: `title:"` + word + `"`},
	})
	equal(t, "the older query", len(old.Incidents), 2)
	rest := call(t, service.QueryIncidents, incident.QueryIncidentsRequest{Query: old.Query, Cursor: old.Cursor})
	equal(t, "its second page", len(rest.Incidents), 1)
	equal(t, "oldest last", rest.Incidents[0].IncidentID, first.IncidentPreviews[0].IncidentID)
}

func TestActivityService(t *testing.T) {
	service := incident.NewActivityService(client(t))
	made := declare(t)
	added := call(t, service.AddActivity, incident.AddActivityRequest{
		IncidentID:   made.IncidentID,
		ActivityKind: incident.Options.AddActivityRequestActivityKind.UserNote,
		Body:         "see https://grafana.example/d/abc for the graph",
		EventTime:    "2026-02-03T04:05:06.789Z",
		FieldValues:  map[string]interface{}{"k": "v"},
	}).ActivityItem
	equal(t, "event time", added.EventTime, "2026-02-03T04:05:06.789Z")
	equal(t, "field values", added.FieldValues["k"], any("v"))
	equal(t, "attachments", len(added.Attachments), 1)
	equal(t, "source", added.Attachments[0].SourceURL, "https://grafana.example/d/abc")

	item := added.ActivityItemID
	body := call(t, service.UpdateActivityBody, incident.UpdateActivityBodyRequest{
		IncidentID: made.IncidentID, ActivityItemID: item, Body: "nothing to see",
	}).ActivityItem
	equal(t, "body", body.Body, "nothing to see")
	moved := call(t, service.UpdateActivityEventTime, incident.UpdateActivityEventTimeRequest{
		IncidentID: made.IncidentID, ActivityItemID: item, EventTime: "2026-02-03T04:05:07+01:00",
	}).ActivityItem
	equal(t, "moved", moved.EventTime, "2026-02-03T03:05:07Z")
	relevant := call(t, service.UpdateActivityRelevance, incident.UpdateActivityRelevanceRequest{
		IncidentID: made.IncidentID, ActivityItemID: item, Relevance: "high",
	}).ActivityItem
	equal(t, "relevance", relevant.Relevance, "high")

	notes := incident.QueryActivityRequest{Query: incident.ActivityQuery{
		IncidentID: made.IncidentID, ActivityKind: []string{"userNote"}, OrderDirection: "ASC", Limit: 10,
	}}
	equal(t, "notes", len(call(t, service.QueryActivity, notes).ActivityItems), 1)
	gone := call(t, service.RemoveActivity, incident.RemoveActivityRequest{IncidentID: made.IncidentID, ActivityItemID: item})
	equal(t, "removed", gone.ActivityItem.ActivityItemID, item)
	equal(t, "notes left", len(call(t, service.QueryActivity, notes).ActivityItems), 0)
}

func TestTasksService(t *testing.T) {
	service := incident.NewTasksService(client(t))
	made := declare(t)
	id := made.IncidentID
	task := call(t, service.AddTask, incident.AddTaskRequest{IncidentID: id, Text: "look"}).Task
	equal(t, "status", task.Status, "todo")
	if task.AssignedUser != nil && task.AssignedUser.UserID != "" {
		t.Fatalf("nobody was named: %+v", task.AssignedUser)
	}
	text := call(t, service.UpdateTaskText, incident.UpdateTaskTextRequest{IncidentID: id, TaskID: task.TaskID, Text: "act"})
	equal(t, "text", text.Task.Text, "act")
	user := incident.UpdateTaskUserRequest{IncidentID: id, TaskID: task.TaskID, UserID: made.CreatedByUser.UserID}
	equal(t, "assigned", call(t, service.UpdateTaskUser, user).Task.AssignedUser.UserID, made.CreatedByUser.UserID)
	done := incident.UpdateTaskStatusRequest{IncidentID: id, TaskID: task.TaskID, Status: incident.Options.TaskStatus.Done}
	list := call(t, service.UpdateTaskStatus, done).TaskList
	equal(t, "to do", list.TodoCount, 0)
	equal(t, "done", list.DoneCount, 1)
	call(t, service.UpdateTaskStatus, done)
	call(t, service.DeleteTask, incident.DeleteTaskRequest{IncidentID: id, TaskID: task.TaskID})
	refused(t, service.DeleteTask, incident.DeleteTaskRequest{IncidentID: id, TaskID: task.TaskID})
}

func TestRolesService(t *testing.T) {
	service := incident.NewRolesService(client(t))
	role := call(t, service.CreateRole, incident.CreateRoleRequest{Role: incident.Role{Name: unique(t)}}).Role
	equal(t, "description", role.Description, "")
	role.Description = "takes notes"
	equal(t, "updated", call(t, service.UpdateRole, incident.UpdateRoleRequest{Role: role}).Role.Description, "takes notes")
	call(t, service.ArchiveRole, incident.ArchiveRoleRequest{RoleID: role.RoleID})
	roles := call(t, service.GetRoles, incident.GetRolesRequest{}).Roles
	found := find(t, "role", roles, func(r incident.Role) bool { return r.RoleID == role.RoleID })
	equal(t, "archived", found.Archived, true)
	call(t, service.UnarchiveRole, incident.UnarchiveRoleRequest{RoleID: role.RoleID})
	call(t, service.DeleteRole, incident.DeleteRoleRequest{RoleID: role.RoleID})
	refused(t, service.DeleteRole, incident.DeleteRoleRequest{RoleID: role.RoleID})
}

func TestFieldsService(t *testing.T) {
	service := incident.NewFieldsService(client(t))
	field := call(t, service.AddField, incident.AddFieldRequest{Field: incident.CustomMetadataField{
		Name: unique(t), Type: "single-select", DomainName: "incident",
		Selectoptions: []incident.CustomMetadataFieldSelectOption{{Value: "one", Label: "One"}},
	}}).Field
	call(t, service.AddFieldSelectOption, incident.AddFieldSelectOptionRequest{
		FieldUUID: field.UUID, FieldSelectOption: incident.CustomMetadataFieldSelectOption{Value: "two", Label: "Two"},
	})
	read := call(t, service.GetField, incident.GetFieldRequest{FieldUUID: field.UUID}).Field
	equal(t, "options", len(read.Selectoptions), 2)
	option := find(t, "option", read.Selectoptions, func(o incident.CustomMetadataFieldSelectOption) bool {
		return o.Value == "two"
	})
	call(t, service.UpdateFieldSelectOption, incident.UpdateFieldSelectOptionRequest{
		FieldUUID: field.UUID, SelectOptionUUID: option.UUID, Value: "two", Label: "Deux",
	})
	call(t, service.DeleteFieldSelectOption, incident.DeleteFieldSelectOptionRequest{
		FieldUUID: field.UUID, SelectOptionUUID: read.Selectoptions[0].UUID,
	})
	read = call(t, service.GetField, incident.GetFieldRequest{FieldUUID: field.UUID}).Field
	equal(t, "the option left", read.Selectoptions[0].Label, "Deux")
	update := incident.UpdateFieldRequest{
		FieldUUID: field.UUID, Name: read.Name, Slug: read.Slug, Description: "described", DomainName: "incident",
		Selectoptions: read.Selectoptions, Version: read.Version,
	}
	equal(t, "updated", call(t, service.UpdateField, update).Field.Description, "described")
	refused(t, service.UpdateField, update) // it has another version now

	made := declare(t)
	values := call(t, service.GetFieldValues, incident.GetFieldValuesRequest{
		TargetKind: "incident", TargetID: made.IncidentID, DomainName: "incident",
	})
	if values.FieldValues == nil {
		t.Fatal("a list is never null")
	}
	call(t, service.ArchiveField, incident.ArchiveFieldRequest{FieldUUID: field.UUID})
	call(t, service.UnarchiveField, incident.UnarchiveFieldRequest{FieldUUID: field.UUID})
	call(t, service.DeleteField, incident.DeleteFieldRequest{FieldUUID: field.UUID})

	key := unique(t)
	call(t, service.AddLabelKey, incident.AddLabelKeyRequest{Key: key, Description: "d", ColorHex: "#112233"})
	call(t, service.AddLabelValue, incident.AddLabelValueRequest{Key: key, Value: "v", ColorHex: "#445566"})
	labels := call(t, service.GetFields, incident.GetFieldsRequest{DomainName: "labels"}).Fields
	label := find(t, "label key", labels, func(f incident.CustomMetadataField) bool { return f.Name == key })
	equal(t, "label values", len(label.Selectoptions), 1)
}

func TestKeyUpdatesService(t *testing.T) {
	service := incident.NewKeyUpdatesService(client(t))
	made := declare(t)
	title := "what is known"
	none := call(t, service.GetLastKeyUpdate, incident.GetLastKeyUpdateRequest{IncidentID: made.IncidentID})
	if none.KeyUpdate != nil && none.KeyUpdate.ID != "" {
		t.Fatalf("there is none: %+v", none)
	}
	created := call(t, service.CreateKeyUpdate, incident.CreateKeyUpdateRequest{
		IncidentID: made.IncidentID, Title: &title, Content: "nothing", ContentType: "text/plain", Scope: "public",
	}).KeyUpdate
	equal(t, "title", *created.Title, title)
	call(t, service.UpdateKeyUpdate, incident.UpdateKeyUpdateRequest{
		IncidentID: made.IncidentID, ID: created.ID, Content: "a *lot*", ContentType: "text/markdown+slack",
	})
	read := call(t, service.GetKeyUpdate, incident.GetKeyUpdateRequest{
		IncidentID: made.IncidentID, ID: created.ID, ContentType: "text/plain",
	}).KeyUpdate
	equal(t, "plain", read.Content, "a lot")
	first := call(t, service.GetInitialKeyUpdate, incident.GetInitialKeyUpdateRequest{IncidentID: made.IncidentID}).KeyUpdate
	equal(t, "initial", first.ID, created.ID)
	listed := call(t, service.QueryKeyUpdates, incident.QueryKeyUpdatesRequest{
		Query: incident.KeyUpdatesQuery{IncidentID: made.IncidentID, Limit: 10, OrderDirection: "DESC"},
	}).KeyUpdates
	equal(t, "listed", len(listed), 1)
	call(t, service.DeleteKeyUpdate, incident.DeleteKeyUpdateRequest{IncidentID: made.IncidentID, ID: created.ID})
	refused(t, service.GetKeyUpdate, incident.GetKeyUpdateRequest{IncidentID: made.IncidentID, ID: created.ID})
}

func TestUsersService(t *testing.T) {
	service := incident.NewUsersService(client(t))
	made := declare(t)
	user := call(t, service.GetUser, incident.GetUserRequest{UserID: made.CreatedByUser.UserID}).User
	equal(t, "name", user.Name, made.CreatedByUser.Name)
	short := call(t, service.GetUser, incident.GetUserRequest{UserID: user.InternalUserID}).User
	equal(t, "without a provider", short.UserID, user.UserID)
	listed := call(t, service.QueryUsers, incident.QueryUsersRequest{Query: incident.UsersQuery{Limit: 1}})
	equal(t, "a page", len(listed.Users), 1)
	refused(t, service.GetUser, incident.GetUserRequest{UserID: "email:nobody@example.org"})
}
