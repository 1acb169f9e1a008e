package incidents

// What callers see of a refusal. The module up to c21f107 never looks at the status once the body is JSON: without a
// non-empty text under "error", a 401 would reach the caller as an empty success. Later revisions read the status and
// the keys of a problem document, which `problemOf` does the same way.

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	incident "github.com/grafana/incident-go"
)

// problem has the keys that incident-go reads from 7a56525c on.
type problem struct {
	Type      string            `json:"type"`
	Title     string            `json:"title"`
	Status    int               `json:"status"`
	Detail    string            `json:"detail"`
	Instance  string            `json:"instance"`
	Code      string            `json:"code"`
	TraceID   string            `json:"trace_id"`
	Hint      string            `json:"hint"`
	Retryable bool              `json:"retryable"`
	Context   map[string]string `json:"context"`
	Error     string            `json:"error"`
}

// problemOf calls a method as that revision does, and reads a refusal as it does.
func problemOf(t *testing.T, method string, request any, token string) problem {
	t.Helper()
	body, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	url := setting(t, "QUARTERDECK_URL") + currentBase + method
	call, err := http.NewRequestWithContext(callContext(t), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	call.Header.Set("Content-Type", "application/json; charset=utf-8")
	call.Header.Set("Accept", "application/json; charset=utf-8")
	call.Header.Set("X-Access-Token", token)
	call.Header.Set("X-Grafana-Id", "not checked")
	answer, err := http.DefaultClient.Do(call)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode < 300 {
		t.Fatalf("%s: not refused: %s", method, raw)
	}
	var read problem
	if err := json.Unmarshal(raw, &read); err != nil {
		t.Fatalf("%s: %v in %s", method, err, raw)
	}
	equal(t, "media type", answer.Header.Get("Content-Type"), "application/problem+json")
	equal(t, "status in the body", read.Status, answer.StatusCode)
	equal(t, "the two texts", read.Detail, read.Error)
	if read.Detail == "" || read.Title == "" || read.TraceID == "" || !strings.HasSuffix(read.Type, "#"+read.Code) {
		t.Fatalf("%s: %s", method, raw)
	}
	return read
}

func TestNotFoundIsAnError(t *testing.T) {
	request := incident.GetIncidentRequest{IncidentID: "424242"}
	text := refused(t, incident.NewIncidentsService(client(t)).GetIncident, request)
	if !strings.Contains(text, "424242") {
		t.Fatalf("which one? %s", text)
	}
	read := problemOf(t, "IncidentsService.GetIncident", request, setting(t, "QUARTERDECK_TOKEN"))
	equal(t, "code", read.Code, "incidents.not_found")
	equal(t, "status", read.Status, http.StatusNotFound)
	equal(t, "detail", read.Detail, text)

	gone := problemOf(t, "IncidentsService.NoSuchMethod", request, setting(t, "QUARTERDECK_TOKEN"))
	equal(t, "code of an unknown method", gone.Code, "common.not_found")
	equal(t, "status of an unknown method", gone.Status, http.StatusNotFound)
}

func TestBadTokenIsAnError(t *testing.T) {
	request := incident.GetIncidentRequest{IncidentID: "1"}
	stranger := incident.NewClient(setting(t, "QUARTERDECK_URL")+currentBase, "not-a-token")
	refused(t, incident.NewIncidentsService(stranger).GetIncident, request)
	read := problemOf(t, "IncidentsService.GetIncident", request, "not-a-token")
	equal(t, "code", read.Code, "common.unauthorized")
	equal(t, "status", read.Status, http.StatusUnauthorized)
}

func TestForbiddenIsAnError(t *testing.T) {
	viewer := setting(t, "QUARTERDECK_VIEWER_TOKEN")
	request := incident.CreateIncidentRequest{Title: unique(t)}
	made := incident.NewClient(setting(t, "QUARTERDECK_URL")+currentBase, viewer)
	refused(t, incident.NewIncidentsService(made).CreateIncident, request)
	read := problemOf(t, "IncidentsService.CreateIncident", request, viewer)
	equal(t, "code", read.Code, "common.forbidden")
	equal(t, "status", read.Status, http.StatusForbidden)

	// Reading is a viewer's right.
	call(t, incident.NewRolesService(made).GetRoles, incident.GetRolesRequest{})
}

func TestConflictIsAnError(t *testing.T) {
	made := declare(t)
	items := call(t, incident.NewActivityService(client(t)).QueryActivity, incident.QueryActivityRequest{
		Query: incident.ActivityQuery{IncidentID: made.IncidentID},
	}).ActivityItems
	system := find(t, "immutable item", items, func(item incident.ActivityItem) bool { return item.Immutable })
	request := incident.UpdateActivityBodyRequest{
		IncidentID: made.IncidentID, ActivityItemID: system.ActivityItemID, Body: "rewritten",
	}
	refused(t, incident.NewActivityService(client(t)).UpdateActivityBody, request)
	read := problemOf(t, "ActivityService.UpdateActivityBody", request, setting(t, "QUARTERDECK_TOKEN"))
	equal(t, "code", read.Code, "common.conflict")
	equal(t, "status", read.Status, http.StatusConflict)
}

func TestBadInputIsAnError(t *testing.T) {
	service := incident.NewIncidentsService(client(t))
	refused(t, service.CreateIncident, incident.CreateIncidentRequest{})
	refused(t, service.CreateIncident, incident.CreateIncidentRequest{Title: "x", Severity: "dreadful"})
	refused(t, service.CreateIncident, incident.CreateIncidentRequest{Title: strings.Repeat("x", 501)})
	refused(t, service.GetIncident, incident.GetIncidentRequest{})
	text := refused(t, service.QueryIncidentPreviews, incident.QueryIncidentPreviewsRequest{
		Query: incident.IncidentPreviewsQuery{QueryString: "or(status:active"},
	})
	if !strings.Contains(text, "invalid query string") {
		t.Fatalf("not said what is wrong: %s", text)
	}
	huge := incident.CreateIncidentRequest{Title: strings.Repeat("x", 1<<20)}
	refused(t, service.CreateIncident, huge)
	read := problemOf(t, "IncidentsService.CreateIncident", huge, setting(t, "QUARTERDECK_TOKEN"))
	equal(t, "status of a huge body", read.Status, http.StatusRequestEntityTooLarge)
}

// Newer revisions have a client that acts for a person: its token is in a header of its own.
func TestOnBehalfOf(t *testing.T) {
	made := clientAt(t, currentBase)
	made.BeforeRequest = func(request *http.Request) error {
		request.Header.Set("X-Access-Token", setting(t, "QUARTERDECK_TOKEN"))
		request.Header.Set("X-Grafana-Id", "eyJ")
		return nil
	}
	call(t, incident.NewRolesService(made).GetRoles, incident.GetRolesRequest{})
}
