// Package agent holds what Grafana Alloy's remotecfg does, done with the published Go module that Alloy uses against a
// running Quarterdeck. The suite is compiled and started by tests/clients/test_go_clients.py.
//
// QUARTERDECK_URL and QUARTERDECK_TOKEN name the server, QUARTERDECK_CODEC is "proto" (the module's default) or "json".
package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/grafana/alloy-remote-config/api/gen/proto/go/collector/v1/collectorv1connect"
)

func serverURL(t *testing.T) string { return setting(t, "QUARTERDECK_URL") }

func setting(t *testing.T, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		t.Fatalf("%s is not set: start this suite with pytest tests/clients", name)
	}
	return value
}

// exchange is one request as it went out.
type exchange struct {
	method string
	length int // of the URL
	status int
}

// transport adds credentials as Alloy does and remembers what went over the wire.
type transport struct {
	authorization string
	mutex         sync.Mutex
	exchanges     []exchange
}

func (carrier *transport) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	request.Header.Set("Authorization", carrier.authorization)
	request.Header.Set("User-Agent", "Alloy/v1.18.1 (linux; docker)")
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	carrier.mutex.Lock()
	defer carrier.mutex.Unlock()
	carrier.exchanges = append(carrier.exchanges, exchange{request.Method, len(request.URL.String()), response.StatusCode})
	return response, nil
}

func (carrier *transport) last(t *testing.T) exchange {
	t.Helper()
	carrier.mutex.Lock()
	defer carrier.mutex.Unlock()
	if len(carrier.exchanges) == 0 {
		t.Fatal("nothing was sent")
	}
	return carrier.exchanges[len(carrier.exchanges)-1]
}

func bearer(t *testing.T) *transport {
	return &transport{authorization: "Bearer " + setting(t, "QUARTERDECK_TOKEN")}
}

func clientOver(
	t *testing.T, carrier *transport, more ...connect.ClientOption,
) collectorv1connect.CollectorServiceClient {
	t.Helper()
	var options []connect.ClientOption
	switch codec := setting(t, "QUARTERDECK_CODEC"); codec {
	case "proto":
	case "json":
		options = append(options, connect.WithProtoJSON())
	default:
		t.Fatalf("unknown codec %q", codec)
	}
	httpClient := &http.Client{Transport: carrier, Timeout: 30 * time.Second}
	return collectorv1connect.NewCollectorServiceClient(httpClient, serverURL(t), append(options, more...)...)
}

// client posts, as Alloy does before 1.7 and since 1.12.
func client(t *testing.T) collectorv1connect.CollectorServiceClient { return clientOver(t, bearer(t)) }

func unique(t *testing.T) string {
	return strings.ReplaceAll(t.Name(), "/", "_") + "_" + time.Now().UTC().Format("150405.000000000")
}

func callContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// call performs one unary RPC that must succeed.
func call[Request, Response any](
	t *testing.T,
	method func(context.Context, *connect.Request[Request]) (*connect.Response[Response], error),
	request *Request,
) *Response {
	t.Helper()
	response, err := method(callContext(t), connect.NewRequest(request))
	if err != nil {
		t.Fatalf("%T: %v", request, err)
	}
	return response.Msg
}

// refused performs one unary RPC that must fail with a Connect error of the given code.
func refused[Request, Response any](
	t *testing.T,
	method func(context.Context, *connect.Request[Request]) (*connect.Response[Response], error),
	request *Request,
	code connect.Code,
) {
	t.Helper()
	response, err := method(callContext(t), connect.NewRequest(request))
	if err == nil {
		t.Fatalf("%T: want %v, got %v", request, code, response.Msg)
	}
	var refusal *connect.Error
	if !errors.As(err, &refusal) || refusal.Code() != code || !connect.IsWireError(err) {
		t.Fatalf("%T: want code %v from the server, got %v", request, code, err)
	}
}

type object = map[string]any

// manage is one call of an administrator, whose generated module cannot be linked beside this one: both register a
// package collector.v1.
func manage(t *testing.T, method string, request object, response any) {
	t.Helper()
	body, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	post, err := http.NewRequestWithContext(callContext(t), http.MethodPost, serverURL(t)+"/"+method, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	post.Header.Set("Content-Type", "application/json")
	answer, err := (&http.Client{Transport: bearer(t)}).Do(post)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s", method, answer.StatusCode, raw)
	}
	if response == nil {
		return
	}
	if err := json.Unmarshal(raw, response); err != nil {
		t.Fatalf("%s: %v in %s", method, err, raw)
	}
}

// collector is the part of the inventory's entry that these tests read.
type collector struct {
	Name             string            `json:"name"`
	LocalAttributes  map[string]string `json:"localAttributes"`
	MarkedInactiveAt string            `json:"markedInactiveAt"`
	CollectorType    string            `json:"collectorType"`
}

func inventory(t *testing.T, id string) collector {
	t.Helper()
	var found collector
	manage(t, "collector.v1.CollectorService/GetCollector", object{"id": id}, &found)
	return found
}

// createPipeline makes a pipeline for the collectors whose attribute `suite` is the given value.
func createPipeline(t *testing.T, name, suite, contents string) (id string) {
	t.Helper()
	var created struct{ ID string }
	manage(t, "pipeline.v1.PipelineService/CreatePipeline", object{"pipeline": object{
		"name": name, "contents": contents, "matchers": []string{`suite="` + suite + `"`}, "enabled": true,
	}}, &created)
	return created.ID
}

func equal[Value comparable](t *testing.T, what string, got, want Value) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %#v, want %#v", what, got, want)
	}
}
