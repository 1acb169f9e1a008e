package incidents

// A receiver as the module's own example has it: incident.ParseWebhook checks the signature and reads the body.

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	incident "github.com/grafana/incident-go"
)

type delivery struct {
	payload *incident.OutgoingWebhookPayload
	err     error
}

// receive starts a receiver that answers at once and passes on what it read.
func receive(t *testing.T, secret func() string) (string, <-chan delivery) {
	t.Helper()
	deliveries := make(chan delivery, 100)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		payload, err := incident.ParseWebhook(r, secret())
		if err == nil {
			r.Header.Set("Gi-Signature", "t=1,v1="+strings.Repeat("0", 64))
			if incident.VerifySignature(r, secret()) == nil {
				t.Error("a forged signature is accepted: the check proves nothing")
			}
		}
		deliveries <- delivery{payload, err}
	}))
	t.Cleanup(receiver.Close)
	return receiver.URL, deliveries
}

func enable(t *testing.T, event string, fields ...incident.Field) string {
	t.Helper()
	service := incident.NewIntegrationService(client(t))
	enabled := call(t, service.EnableHook, incident.EnableHookRequest{
		IntegrationID: "grate.outgoingWebhook",
		HookID:        "grate.outgoingWebhook.send",
		EventName:     event,
		HookConfig:    incident.HookConfig{Fields: fields},
	}).EnabledHookID
	t.Cleanup(func() {
		call(t, service.DisableHook, incident.DisableHookRequest{IntegrationID: "grate.outgoingWebhook", EnabledHookID: enabled})
	})
	return enabled
}

// next is the next delivery about an incident; others may come from tests that share the server.
func next(t *testing.T, deliveries <-chan delivery, id string) *incident.OutgoingWebhookPayload {
	t.Helper()
	timeout := time.After(30 * time.Second)
	for {
		select {
		case got := <-deliveries:
			if got.err != nil {
				t.Fatalf("ParseWebhook: %v", got.err)
			}
			if got.payload.Incident.IncidentID == id {
				return got.payload
			}
		case <-timeout:
			t.Fatalf("no delivery about incident %s", id)
		}
	}
}

func TestParseWebhook(t *testing.T) {
	secret := "a-signing-secret-of-the-tests"
	url, deliveries := receive(t, func() string { return secret })
	fields := []incident.Field{
		{Key: "url", Type: incident.Options.FieldType.String, Value: url},
		{Key: "signingSecret", Type: incident.Options.FieldType.String, Value: secret},
	}
	enable(t, "incidentCreated", fields...)
	enable(t, "incidentUpdated", fields...)
	enable(t, "incidentClosed", fields...)

	made := declare(t, func(request *incident.CreateIncidentRequest) { request.Severity = "major" })
	created := next(t, deliveries, made.IncidentID)
	equal(t, "event", created.Event, "grafana.incident.created")
	equal(t, "version", created.Version, "v1.0.0")
	equal(t, "source", created.Source, "/grafana/incident")
	equal(t, "title", created.Incident.Title, made.Title)
	equal(t, "severity", created.Incident.Severity, "Major")
	if !strings.HasPrefix(created.ID, "webhook-out-") || len(created.ID) != len("webhook-out-")+24 {
		t.Fatalf("id %q", created.ID)
	}
	if _, err := time.Parse("2006-01-02T15:04:05Z", created.Time); err != nil {
		t.Fatal(err)
	}

	service := incident.NewIncidentsService(client(t))
	call(t, service.UpdateTitle, incident.UpdateTitleRequest{IncidentID: made.IncidentID, Title: made.Title + "!"})
	titled := next(t, deliveries, made.IncidentID)
	equal(t, "event", titled.Event, "grafana.incident.updated.title")
	equal(t, "title", titled.Incident.Title, made.Title+"!")
	label := incident.AddLabelRequest{IncidentID: made.IncidentID, Label: incident.IncidentLabel{Label: "hooked"}}
	call(t, service.AddLabel, label)
	equal(t, "event", next(t, deliveries, made.IncidentID).Event, "grafana.incident.added.label")

	call(t, service.UpdateStatus, incident.UpdateStatusRequest{IncidentID: made.IncidentID, Status: "resolved"})
	ends := map[string]string{}
	for range 2 {
		closing := next(t, deliveries, made.IncidentID)
		ends[closing.Event] = closing.Incident.Status
		if closing.ID == created.ID || closing.ID == titled.ID {
			t.Fatalf("the id %s is used twice", closing.ID)
		}
	}
	equal(t, "status when updated", ends["grafana.incident.updated.status"], "resolved")
	equal(t, "status when closed", ends["grafana.incident.closed"], "resolved")
}

func TestWrongSecretIsFound(t *testing.T) {
	url, deliveries := receive(t, func() string { return "another secret, sixteen or more" })
	enable(t, "incidentCreated",
		incident.Field{Key: "url", Type: "string", Value: url},
		incident.Field{Key: "signingSecret", Type: "string", Value: "the secret of this hook"},
	)
	declare(t)
	select {
	case got := <-deliveries:
		if got.err == nil {
			t.Fatal("signed with another secret, and yet accepted")
		}
	case <-time.After(30 * time.Second):
		t.Fatal("no delivery")
	}
}

func TestHookRuns(t *testing.T) {
	url, deliveries := receive(t, func() string { return "a-signing-secret-of-the-tests" })
	enabled := enable(t, "incidentCreated",
		incident.Field{Key: "url", Type: "string", Value: url},
		incident.Field{Key: "signingSecret", Type: "string", Value: "a-signing-secret-of-the-tests"},
	)
	service := incident.NewIntegrationService(client(t))
	hooks := call(t, service.GetEnabledHooks, incident.GetEnabledHooksRequest{EventName: "incidentCreated"}).EnabledHooks
	hook := find(t, "enabled hook", hooks, func(h incident.EnabledHook) bool { return h.EnabledHookID == enabled })
	equal(t, "integration", hook.IntegrationID, "grate.outgoingWebhook")
	equal(t, "hook", hook.Hook.HookID, "grate.outgoingWebhook.send")

	made := declare(t)
	next(t, deliveries, made.IncidentID)
	// The run is written after the receiver's answer, which this program does not see.
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		runs := call(t, service.GetHookRuns, incident.GetHookRunsRequest{IncidentID: made.IncidentID}).HookRuns
		for _, run := range runs {
			if run.EnabledHookID == enabled && run.Status == incident.Options.HookRunStatus.Success {
				equal(t, "event name", run.EventName, "incidentCreated")
				atTime(t, "last run", run.LastRun)
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("no successful run: %+v", runs)
		}
	}
}
