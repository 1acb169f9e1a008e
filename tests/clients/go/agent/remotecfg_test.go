package agent

import (
	"encoding/base64"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"

	"connectrpc.com/connect"
	collectorv1 "github.com/grafana/alloy-remote-config/api/gen/proto/go/collector/v1"
	"github.com/grafana/alloy-remote-config/api/gen/proto/go/collector/v1/collectorv1connect"
)

func contents(label string) string { return "prometheus.exporter.self \"" + label + "\" { }\n" }

func attributes(suite string) map[string]string {
	return map[string]string{"collector.os": "linux", "collector.version": "v1.18.1", "suite": suite}
}

func TestRegisterTwice(t *testing.T) {
	id := unique(t)
	register := &collectorv1.RegisterCollectorRequest{Id: id, Name: "edge", LocalAttributes: attributes("one")}
	call(t, client(t).RegisterCollector, register)
	// Alloy registers while it loads its configuration and once more when its service starts.
	register.LocalAttributes["suite"] = "two"
	call(t, client(t).RegisterCollector, register)

	want := attributes("two")
	want["collector.ID"] = id
	found := inventory(t, id)
	equal(t, "name", found.Name, "edge")
	equal(t, "type", found.CollectorType, "COLLECTOR_TYPE_ALLOY")
	equal(t, "attributes", maps.Equal(found.LocalAttributes, want), true)
}

func TestRegisterNeverRefusesLongAttributes(t *testing.T) {
	long := attributes("x")
	long[strings.Repeat("k", 500)] = "key"
	long["value"] = strings.Repeat("v", 5000)
	for i := range 300 {
		long[fmt.Sprintf("many%d", i)] = "x"
	}
	call(t, client(t).RegisterCollector, &collectorv1.RegisterCollectorRequest{Id: unique(t), LocalAttributes: long})
}

func TestRegisterWithoutID(t *testing.T) {
	refused(t, client(t).RegisterCollector, &collectorv1.RegisterCollectorRequest{}, connect.CodeInvalidArgument)
	refused(t, client(t).GetConfig, &collectorv1.GetConfigRequest{}, connect.CodeInvalidArgument)
}

// poll is the life of one collector with either verb: nothing assigned, a pipeline comes, nothing new, the pipeline goes.
func poll(t *testing.T, client collectorv1connect.CollectorServiceClient) {
	t.Helper()
	suite := unique(t)
	request := &collectorv1.GetConfigRequest{Id: suite, LocalAttributes: attributes(suite)}
	nothing := call(t, client.GetConfig, request)
	if strings.TrimSpace(nothing.GetContent()) == "" || nothing.GetHash() == "" || nothing.GetNotModified() {
		t.Fatalf("Alloy keeps its components on empty content, so there must be some: %v", nothing)
	}

	id := createPipeline(t, suite, suite, contents("polled"))
	request.Hash = nothing.GetHash()
	assigned := awaitChange(t, client, request)
	if !strings.Contains(assigned.GetContent(), contents("polled")) {
		t.Fatalf("the pipeline is not in the configuration:\n%s", assigned.GetContent())
	}

	request.Hash = assigned.GetHash()
	same := call(t, client.GetConfig, request)
	equal(t, "not modified", same.GetNotModified(), true)
	equal(t, "content when not modified", same.GetContent(), "")
	equal(t, "hash when not modified", same.GetHash(), assigned.GetHash())
	request.Hash = ""
	restarted := call(t, client.GetConfig, request)
	equal(t, "not modified without a hash", restarted.GetNotModified(), false)
	equal(t, "bytes for equal inputs", restarted.GetContent(), assigned.GetContent())

	manage(t, "pipeline.v1.PipelineService/DeletePipeline", object{"id": id}, nil)
	request.Hash = assigned.GetHash()
	gone := awaitChange(t, client, request)
	equal(t, "configuration without pipelines", gone.GetContent(), nothing.GetContent())
	equal(t, "its hash", gone.GetHash(), nothing.GetHash())
}

// awaitChange polls until there is something new. One process serves a change at once, several within a second.
func awaitChange(
	t *testing.T, client collectorv1connect.CollectorServiceClient, request *collectorv1.GetConfigRequest,
) *collectorv1.GetConfigResponse {
	t.Helper()
	ctx := callContext(t)
	for {
		response, err := client.GetConfig(ctx, connect.NewRequest(request))
		if err != nil {
			t.Fatalf("the change was not served: %v", err)
		}
		if !response.Msg.GetNotModified() {
			return response.Msg
		}
	}
}

func TestPollByPost(t *testing.T) {
	carrier := bearer(t)
	poll(t, clientOver(t, carrier))

	equal(t, "verb", carrier.last(t).method, "POST")
}

func TestPollByGet(t *testing.T) {
	carrier := bearer(t)
	poll(t, clientOver(t, carrier, connect.WithHTTPGet()))

	equal(t, "verb", carrier.last(t).method, "GET")
}

func TestPollByGetCompressed(t *testing.T) {
	carrier := bearer(t)
	poll(t, clientOver(t, carrier, connect.WithHTTPGet(), connect.WithSendGzip()))

	equal(t, "verb", carrier.last(t).method, "GET")
}

func TestGetWithALongRequestLine(t *testing.T) {
	carrier := bearer(t)
	client := clientOver(t, carrier, connect.WithHTTPGet())
	suite := unique(t)
	createPipeline(t, suite, suite, contents("wide"))
	wide := attributes(suite)
	// Up to nearly 64 KiB. A collector keeps at most 200 attributes of 1024 characters, so they are long rather than many.
	for i := 0; carrier.urlLength() < 62*1024; i++ {
		for j := range 3 {
			wide[fmt.Sprintf("attribute%d-%d", i, j)] = strings.Repeat("v", 400)
		}
		response := call(t, client.GetConfig, &collectorv1.GetConfigRequest{Id: suite, LocalAttributes: wide})
		if !strings.Contains(response.GetContent(), contents("wide")) {
			t.Fatalf("with %d attributes the pipeline is missing:\n%s", len(wide), response.GetContent())
		}
	}
	sent := carrier.last(t)
	equal(t, "verb", sent.method, "GET")
	equal(t, "status", sent.status, 200)
}

func (carrier *transport) urlLength() int {
	carrier.mutex.Lock()
	defer carrier.mutex.Unlock()
	if len(carrier.exchanges) == 0 {
		return 0
	}
	return carrier.exchanges[len(carrier.exchanges)-1].length
}

func TestOldAlloySendsTheDeprecatedAttributes(t *testing.T) {
	suite := unique(t)
	createPipeline(t, suite, suite, contents("old"))
	response := call(t, client(t).GetConfig,
		&collectorv1.GetConfigRequest{Id: suite, Attributes: attributes(suite)})

	if !strings.Contains(response.GetContent(), contents("old")) {
		t.Fatalf("attributes of field 2 are ignored:\n%s", response.GetContent())
	}
}

func TestAttributesAreInjected(t *testing.T) {
	suite := unique(t)
	createPipeline(t, suite, suite,
		"prometheus.exporter.self \"own\" { }\n"+
			"discovery.relabel \"own\" {\n  targets = prometheus.exporter.self.own.targets\n"+
			"  rule {\n    target_label = \"collector\"\n"+
			"    replacement  = argument.attributes.value[\"collector.ID\"]\n  }\n}\n")
	response := call(t, client(t).GetConfig,
		&collectorv1.GetConfigRequest{Id: suite, LocalAttributes: attributes(suite)})

	for _, part := range []string{`argument "attributes"`, `"collector.ID"`, `"` + suite + `"`} {
		if !strings.Contains(response.GetContent(), part) {
			t.Fatalf("%s is missing:\n%s", part, response.GetContent())
		}
	}
}

func TestStatusAndEffectiveConfigAreKept(t *testing.T) {
	suite := unique(t)
	createPipeline(t, suite, suite, contents("reported"))
	agent := client(t)
	report := func(status collectorv1.RemoteConfigStatuses, message, hash, running string) *collectorv1.GetConfigResponse {
		request := &collectorv1.GetConfigRequest{
			Id: suite, LocalAttributes: attributes(suite), Hash: hash,
			RemoteConfigStatus: &collectorv1.RemoteConfigStatus{Status: status, ErrorMessage: message},
		}
		if running != "" {
			request.EffectiveConfig = &collectorv1.EffectiveConfig{ConfigMap: &collectorv1.AgentConfigMap{
				ConfigMap: map[string]*collectorv1.AgentConfigFile{"": {Body: []byte(running), ContentType: "text/plain"}},
			}}
		}
		return call(t, agent.GetConfig, request)
	}
	type status struct {
		Status, ErrorMessage, ServedHash, EffectiveHash, ReportedAt string
	}
	kept := func() status {
		var answer struct{ Status status }
		manage(t, "quarterdeck.fleet.v1.FleetService/GetCollectorStatus", object{"id": suite}, &answer)
		return answer.Status
	}

	// The first request of a process says UNSET; the one after loading says how it went and what runs now.
	served := report(collectorv1.RemoteConfigStatuses_RemoteConfigStatuses_UNSET, "", "", "")
	same := report(collectorv1.RemoteConfigStatuses_RemoteConfigStatuses_APPLIED, "", served.GetHash(), served.GetContent())
	equal(t, "not modified while reporting", same.GetNotModified(), true)
	applied := kept()
	equal(t, "status", applied.Status, "RemoteConfigStatuses_APPLIED")
	equal(t, "served hash", applied.ServedHash, served.GetHash())
	equal(t, "effective hash", applied.EffectiveHash, served.GetHash())
	equal(t, "reported", applied.ReportedAt != "", true)

	report(collectorv1.RemoteConfigStatuses_RemoteConfigStatuses_FAILED, "3:1: no such component", served.GetHash(), "")
	failed := kept()
	equal(t, "status", failed.Status, "RemoteConfigStatuses_FAILED")
	equal(t, "message", failed.ErrorMessage, "3:1: no such component")
	equal(t, "effective hash stays", failed.EffectiveHash, served.GetHash())

	// A request without a status means that nothing changed since.
	call(t, agent.GetConfig, &collectorv1.GetConfigRequest{
		Id: suite, LocalAttributes: attributes(suite), Hash: served.GetHash(),
	})
	equal(t, "status after a poll without one", kept().Status, "RemoteConfigStatuses_FAILED")
}

func TestUnregisterMarksInactiveUntilTheNextContact(t *testing.T) {
	id := unique(t)
	agent := client(t)
	call(t, agent.RegisterCollector, &collectorv1.RegisterCollectorRequest{Id: id, LocalAttributes: attributes("x")})
	call(t, agent.UnregisterCollector, &collectorv1.UnregisterCollectorRequest{Id: id})
	left := inventory(t, id)
	equal(t, "marked inactive", left.MarkedInactiveAt != "", true)
	equal(t, "attributes are kept", left.LocalAttributes["suite"], "x")

	call(t, agent.RegisterCollector, &collectorv1.RegisterCollectorRequest{Id: id, LocalAttributes: attributes("x")})
	equal(t, "active again", inventory(t, id).MarkedInactiveAt, "")
	call(t, agent.UnregisterCollector, &collectorv1.UnregisterCollectorRequest{Id: id + "unknown"})
}

func TestCredentials(t *testing.T) {
	token := setting(t, "QUARTERDECK_TOKEN")
	basic := func(text string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(text)) }
	for name, authorization := range map[string]string{
		"bearer":              "Bearer " + token,
		"basic":               basic("12345:" + token),
		"basic without user":  basic(":" + token),
		"scheme in lowercase": "bearer " + token,
	} {
		t.Run(name, func(t *testing.T) {
			agent := clientOver(t, &transport{authorization: authorization})
			call(t, agent.RegisterCollector, &collectorv1.RegisterCollectorRequest{Id: unique(t)})
		})
	}
	for name, authorization := range map[string]string{
		"nothing":       "",
		"other token":   "Bearer " + token + "x",
		"other scheme":  "Digest " + token,
		"broken basic":  "Basic %%%",
		"password only": basic(token),
	} {
		t.Run(name, func(t *testing.T) {
			for _, more := range [][]connect.ClientOption{nil, {connect.WithHTTPGet()}} {
				agent := clientOver(t, &transport{authorization: authorization}, more...)
				refused(t, agent.GetConfig, &collectorv1.GetConfigRequest{Id: unique(t)}, connect.CodeUnauthenticated)
			}
		})
	}
}

func TestAFleetThatPollsInPhase(t *testing.T) {
	suite := unique(t)
	createPipeline(t, suite, suite, contents("phase"))
	agent := client(t)
	var group sync.WaitGroup
	for i := range 50 {
		group.Add(1)
		go func() {
			defer group.Done()
			request := &collectorv1.GetConfigRequest{
				Id: fmt.Sprintf("%s-%d", suite, i), LocalAttributes: attributes(suite),
			}
			for range 10 {
				response, err := agent.GetConfig(callContext(t), connect.NewRequest(request))
				if err != nil {
					t.Errorf("collector %d: %v", i, err)
					return
				}
				if !response.Msg.GetNotModified() && !strings.Contains(response.Msg.GetContent(), contents("phase")) {
					t.Errorf("collector %d got a foreign configuration:\n%s", i, response.Msg.GetContent())
					return
				}
				request.Hash = response.Msg.GetHash()
			}
		}()
	}
	group.Wait()
}
