// Package incidents calls a running Quarterdeck with github.com/grafana/incident-go. The suite is compiled, once per
// revision of that module, and started by tests/clients/test_incident_go.py.
//
// QUARTERDECK_URL and QUARTERDECK_TOKEN name the server.
package incidents

import (
	"context"
	"os"
	"testing"
	"time"

	incident "github.com/grafana/incident-go"
)

const currentBase = "/api/plugins/grafana-irm-app/resources/api/v1/"

func setting(t *testing.T, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		t.Fatalf("%s is not set: start this suite with pytest tests/clients", name)
	}
	return value
}

// clientAt is the module's own client. Its base is glued to the method's name as it is.
func clientAt(t *testing.T, base string) *incident.Client {
	return incident.NewClient(setting(t, "QUARTERDECK_URL")+base, setting(t, "QUARTERDECK_TOKEN"))
}

func client(t *testing.T) *incident.Client { return clientAt(t, currentBase) }

// call performs one method that must succeed.
func call[Request, Response any](
	t *testing.T, method func(context.Context, Request) (*Response, error), request Request,
) *Response {
	t.Helper()
	response, err := method(callContext(t), request)
	if err != nil {
		t.Fatalf("%T: %v", request, err)
	}
	return response
}

// refused performs one method that must fail, and returns the error's text.
func refused[Request, Response any](
	t *testing.T, method func(context.Context, Request) (*Response, error), request Request,
) string {
	t.Helper()
	response, err := method(callContext(t), request)
	if err == nil {
		t.Fatalf("%T: refused, but the caller sees a success: %+v", request, response)
	}
	if response != nil || err.Error() == "" {
		t.Fatalf("%T: %+v, %q", request, response, err)
	}
	return err.Error()
}

func callContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// unique makes a title or name that no other run against the same server uses.
func unique(t *testing.T) string {
	return t.Name() + " " + time.Now().UTC().Format("150405.000000000")
}

func declare(t *testing.T, more ...func(*incident.CreateIncidentRequest)) incident.Incident {
	t.Helper()
	request := incident.CreateIncidentRequest{Title: unique(t)}
	for _, change := range more {
		change(&request)
	}
	return call(t, incident.NewIncidentsService(client(t)).CreateIncident, request).Incident
}

func equal[Value comparable](t *testing.T, what string, got, want Value) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %#v, want %#v", what, got, want)
	}
}

// atTime checks the format of a time that must be set.
func atTime(t *testing.T, what, text string) time.Time {
	t.Helper()
	parsed, err := time.Parse("2006-01-02T15:04:05.999999Z", text)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	return parsed
}

func find[Item any](t *testing.T, what string, items []Item, fits func(Item) bool) Item {
	t.Helper()
	for _, item := range items {
		if fits(item) {
			return item
		}
	}
	t.Fatalf("no %s among %+v", what, items)
	panic("unreachable")
}
