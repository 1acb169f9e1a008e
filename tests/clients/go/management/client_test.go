// Package management holds what the management clients of Grafana Fleet Management do, done with their published Go
// module against a running Quarterdeck. The suite is compiled and started by tests/clients/test_go_clients.py.
//
// QUARTERDECK_URL and QUARTERDECK_TOKEN name the server, QUARTERDECK_CODEC is "proto" (the module's default) or "json".
package management

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/grafana/fleet-management-api/api/gen/proto/go/collector/v1/collectorv1connect"
	pipelinev1 "github.com/grafana/fleet-management-api/api/gen/proto/go/pipeline/v1"
	"github.com/grafana/fleet-management-api/api/gen/proto/go/pipeline/v1/pipelinev1connect"
)

const alloyContents = "// Comments and odd   spacing stay.\n" +
	"prometheus.exporter.self \"alloy\" { }\n\n" +
	"prometheus.scrape \"alloy\" {\n" +
	"  targets = prometheus.exporter.self.alloy.targets\n" +
	"  forward_to = [prometheus.remote_write.out.receiver]\n" +
	"}\n\n" +
	"prometheus.remote_write \"out\" {\n" +
	"  endpoint { url = \"http://localhost:9009/api/v1/push\" }\n" +
	"}\n"

const otelContents = "exporters:\n  debug: {}\nreceivers:\n  otlp:\n    protocols:\n      grpc: {}\n" +
	"service:\n  pipelines:\n    traces:\n      exporters: [debug]\n      receivers: [otlp]\n"

func serverURL(t *testing.T) string { return setting(t, "QUARTERDECK_URL") }

func setting(t *testing.T, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		t.Fatalf("%s is not set: start this suite with pytest tests/clients", name)
	}
	return value
}

// basicAuth adds what every known management client adds to its calls: Basic credentials and its own headers.
type basicAuth struct {
	user, password string
	headers        map[string]string
}

func (auth basicAuth) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	credentials := base64.StdEncoding.EncodeToString([]byte(auth.user + ":" + auth.password))
	request.Header.Set("Authorization", "Basic "+credentials)
	for name, value := range auth.headers {
		request.Header.Set(name, value)
	}
	return http.DefaultTransport.RoundTrip(request)
}

func transportClient(transport http.RoundTripper) *http.Client {
	return &http.Client{Transport: transport, Timeout: 30 * time.Second}
}

func httpClient(t *testing.T, headers map[string]string) *http.Client {
	return transportClient(basicAuth{user: "12345", password: setting(t, "QUARTERDECK_TOKEN"), headers: headers})
}

// options carry the codec of this run.
func options(t *testing.T) []connect.ClientOption {
	t.Helper()
	switch codec := setting(t, "QUARTERDECK_CODEC"); codec {
	case "proto":
		return nil
	case "json":
		return []connect.ClientOption{connect.WithProtoJSON()}
	default:
		t.Fatalf("unknown codec %q", codec)
		return nil
	}
}

func pipelineClient(t *testing.T, more ...connect.ClientOption) pipelinev1connect.PipelineServiceClient {
	return pipelinev1connect.NewPipelineServiceClient(httpClient(t, nil), serverURL(t), append(options(t), more...)...)
}

func collectorClient(t *testing.T, more ...connect.ClientOption) collectorv1connect.CollectorServiceClient {
	return collectorv1connect.NewCollectorServiceClient(httpClient(t, nil), serverURL(t), append(options(t), more...)...)
}

// unique makes a name that no other run against the same server uses.
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

// refused performs one unary RPC that must fail with a Connect error of the given code, and returns its message.
func refused[Request, Response any](
	t *testing.T,
	method func(context.Context, *connect.Request[Request]) (*connect.Response[Response], error),
	request *Request,
	code connect.Code,
) string {
	t.Helper()
	response, err := method(callContext(t), connect.NewRequest(request))
	if err == nil {
		t.Fatalf("%T: want %v, got %v", request, code, response.Msg)
	}
	var refusal *connect.Error
	if !errors.As(err, &refusal) || refusal.Code() != code {
		t.Fatalf("%T: want code %v, got %v", request, code, err)
	}
	if !connect.IsWireError(err) {
		t.Fatalf("%T: the code was guessed by the client, not sent by the server: %v", request, err)
	}
	if refusal.Message() == "" {
		t.Fatalf("%T: error without a message", request)
	}
	return refusal.Message()
}

// equal compares printable values.
func equal[Value comparable](t *testing.T, what string, got, want Value) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %#v, want %#v", what, got, want)
	}
}

func equalStrings(t *testing.T, what string, got, want []string) {
	t.Helper()
	if strings.Join(got, "\x00") != strings.Join(want, "\x00") || len(got) != len(want) {
		t.Fatalf("%s: got %q, want %q", what, got, want)
	}
}

func pointer[Value any](value Value) *Value { return &value }

// deletePipeline removes a pipeline at the end of the test, so that lists stay short.
func deletePipeline(t *testing.T, client pipelinev1connect.PipelineServiceClient, id string) {
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_, err := client.DeletePipeline(ctx, connect.NewRequest(&pipelinev1.DeletePipelineRequest{Id: id}))
		if err != nil && connect.CodeOf(err) != connect.CodeNotFound {
			t.Errorf("clean up pipeline %s: %v", id, err)
		}
	})
}
