package incidents

// The examples of the module's README and of the product's documentation, as programs do them.

import (
	"strings"
	"testing"

	incident "github.com/grafana/incident-go"
)

func TestDeclareAnIncident(t *testing.T) {
	// The README's base is `https://host/api`, without a slash at the end.
	made := clientAt(t, "/api")
	created := call(t, incident.NewIncidentsService(made).CreateIncident, incident.CreateIncidentRequest{
		Title:    "short description explaining what is wrong",
		Severity: "minor",
	}).Incident
	equal(t, "severity in canonical case", created.Severity, "Minor")
	equal(t, "status", created.Status, incident.Options.IncidentStatus.Active)
	equal(t, "end", created.IncidentEnd, "")
	equal(t, "type", created.OverviewURL, "/a/grafana-irm-app/incidents/"+created.IncidentID+
		"/short-description-explaining-what-is-wrong")
	if atTime(t, "start", created.IncidentStart).After(atTime(t, "creation", created.CreatedTime)) {
		t.Fatalf("begins after its creation: %+v", created)
	}
	if created.CreatedByUser.UserID == "" || created.CreatedByUser.Name == "" {
		t.Fatalf("by whom? %+v", created.CreatedByUser)
	}
}

func TestAutomaticallyAddATask(t *testing.T) {
	made := declare(t)
	added := call(t, incident.NewTasksService(client(t)).AddTask, incident.AddTaskRequest{
		IncidentID: made.IncidentID,
		Text:       "Consider telling people",
	})
	if added.Task.TaskID == "" {
		t.Fatal("the task has no id")
	}
	equal(t, "incident", added.IncidentID, made.IncidentID)
	equal(t, "tasks to do", added.TaskList.TodoCount, 1)
}

func TestReactToALabel(t *testing.T) {
	made := declare(t, func(request *incident.CreateIncidentRequest) {
		request.Labels = []incident.IncidentLabel{{Label: "security"}, {Label: "specific-label"}}
	})
	read := call(t, incident.NewIncidentsService(client(t)).GetIncident, incident.GetIncidentRequest{
		IncidentID: made.IncidentID,
	}).Incident
	label := find(t, "label", read.Labels, func(l incident.IncidentLabel) bool { return l.Label == "specific-label" })
	equal(t, "key of a label without one", label.Key, "tags")
}

// The module asks for gzip by itself, and inflates by itself.
func TestLargeAnswersComeCompressed(t *testing.T) {
	made := declare(t)
	body := strings.Repeat("all work and no play 🚢\n", 2500)
	added := call(t, incident.NewActivityService(client(t)).AddActivity, incident.AddActivityRequest{
		IncidentID: made.IncidentID, ActivityKind: "userNote", Body: body,
	}).ActivityItem
	equal(t, "body as stored", added.Body, body)
	items := call(t, incident.NewActivityService(client(t)).QueryActivity, incident.QueryActivityRequest{
		Query: incident.ActivityQuery{IncidentID: made.IncidentID, ActivityKind: []string{"userNote"}},
	}).ActivityItems
	equal(t, "body as read", items[0].Body, body)
}
