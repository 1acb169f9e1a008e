package incidents

import (
	"testing"

	incident "github.com/grafana/incident-go"
)

var prefixes = []string{
	"/api/plugins/grafana-irm-app/resources/api/v1",
	"/api/plugins/grafana-incident-app/resources/api/v1",
	"/api/plugins/grafana-irm-app/resources/api",
	"/api/plugins/grafana-incident-app/resources/api",
	"/api/v1",
	"/api",
}

// The module's documentation recommends bases without a trailing slash, and the module adds none.
func TestEveryBase(t *testing.T) {
	for _, prefix := range prefixes {
		for _, base := range []string{prefix, prefix + "/"} {
			t.Run(base, func(t *testing.T) {
				made := clientAt(t, base)
				title := unique(t)
				created := call(t, incident.NewIncidentsService(made).CreateIncident, incident.CreateIncidentRequest{Title: title})
				equal(t, "title", created.Incident.Title, title)
				id := created.Incident.IncidentID
				read := call(t, incident.NewIncidentsService(made).GetIncident, incident.GetIncidentRequest{IncidentID: id})
				equal(t, "title as read", read.Incident.Title, title)
				task := call(t, incident.NewTasksService(made).AddTask, incident.AddTaskRequest{IncidentID: id, Text: "tell"})
				equal(t, "text of the task", task.Task.Text, "tell")
				note := incident.AddActivityRequest{IncidentID: id, ActivityKind: "userNote", Body: "seen"}
				equal(t, "note", call(t, incident.NewActivityService(made).AddActivity, note).ActivityItem.Body, "seen")
				call(t, incident.NewRolesService(made).GetRoles, incident.GetRolesRequest{})
				call(t, incident.NewFieldsService(made).GetFields, incident.GetFieldsRequest{})
				call(t, incident.NewUsersService(made).QueryUsers, incident.QueryUsersRequest{})
				last := incident.GetLastKeyUpdateRequest{IncidentID: id}
				call(t, incident.NewKeyUpdatesService(made).GetLastKeyUpdate, last)
				call(t, incident.NewIntegrationService(made).GetEnabledHooks, incident.GetEnabledHooksRequest{})
				refused(t, incident.NewIncidentsService(made).GetIncident, incident.GetIncidentRequest{IncidentID: "999999"})
			})
		}
	}
}
