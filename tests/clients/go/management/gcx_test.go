package management

// What the command line grafana/gcx does: JSON by plain HTTP, without generated code.

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"
)

// post is one call as gcx makes it: the raw body of anything but 200 is shown to the user.
func post(t *testing.T, method string, request, response any) (int, []byte) {
	t.Helper()
	body, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	call, err := http.NewRequestWithContext(callContext(t), http.MethodPost, serverURL(t)+"/"+method, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	call.Header.Set("Content-Type", "application/json")
	call.Header.Set("Accept", "application/json")
	answer, err := httpClient(t, nil).Do(call)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "type of the answer", answer.Header.Get("Content-Type"), "application/json")
	if answer.StatusCode == http.StatusOK && response != nil {
		if err := json.Unmarshal(raw, response); err != nil {
			t.Fatalf("%s: %v in %s", method, err, raw)
		}
	}
	return answer.StatusCode, raw
}

func posted(t *testing.T, method string, request, response any) {
	t.Helper()
	if status, raw := post(t, method, request, response); status != http.StatusOK {
		t.Fatalf("%s: %d %s", method, status, raw)
	}
}

type object = map[string]any

func TestGcxPipelines(t *testing.T) {
	const service = "pipeline.v1.PipelineService/"
	name := unique(t)
	pipeline := object{
		"name": name, "contents": alloyContents, "matchers": []string{"collector.os=linux"}, "enabled": true,
		"metadata": object{"type": "k8s_monitoring", "cluster": "eu-1"},
	}
	var created, stored object
	posted(t, service+"CreatePipeline", object{"pipeline": pipeline}, &created)
	id, _ := created["id"].(string)
	deletePipeline(t, pipelineClient(t), id)
	posted(t, service+"GetPipeline", object{"id": id}, &stored)
	equal(t, "contents", stored["contents"], any(alloyContents))
	equal(t, "config type", stored["configType"], any("CONFIG_TYPE_ALLOY"))
	metadata, _ := stored["metadata"].(object)
	equal(t, "metadata.type", metadata["type"], any("k8s_monitoring"))
	equal(t, "metadata.cluster", metadata["cluster"], any("eu-1"))

	// An update echoes everything that was read, times included.
	stored["enabled"] = false
	posted(t, service+"UpdatePipeline", object{"pipeline": stored}, nil)
	var reread object
	posted(t, service+"GetPipeline", object{"id": id}, &reread)
	equal(t, "enabled is printed when false", reread["enabled"], any(false))
	equal(t, "creation time is not taken from the client", reread["createdAt"], stored["createdAt"])

	var listed struct{ Pipelines []struct{ ID, Name string } }
	posted(t, service+"ListPipelines", object{}, &listed)
	found := false
	for _, entry := range listed.Pipelines {
		found = found || entry.ID == id && entry.Name == name
	}
	equal(t, "listed", found, true)

	var empty object
	posted(t, service+"DeletePipeline", object{"id": id}, &empty)
	equal(t, "size of the answer to a deletion", len(empty), 0)
	status, raw := post(t, service+"GetPipeline", object{"id": id}, nil)
	equal(t, "status", status, http.StatusNotFound)
	var refusal struct{ Code, Message string }
	if err := json.Unmarshal(raw, &refusal); err != nil || refusal.Code != "not_found" || refusal.Message == "" {
		t.Fatalf("not an error of Connect: %s", raw)
	}
}

func TestGcxCollectors(t *testing.T) {
	const service = "collector.v1.CollectorService/"
	id := unique(t)
	collector := object{
		"id": id, "name": "one", "remote_attributes": object{"env": "prod"}, "enabled": true,
		"collector_type": "COLLECTOR_TYPE_ALLOY",
	}
	posted(t, service+"CreateCollector", object{"collector": collector}, nil)
	// gcx sends back what it read, in snake_case, with fields that only the server sets.
	collector["created_at"] = "2001-02-03T04:05:06Z"
	collector["updated_at"] = "2001-02-03T04:05:06Z"
	collector["local_attributes"] = object{"collector.os": "plan9"}
	collector["remote_attributes"] = object{"env": "dev"}
	posted(t, service+"UpdateCollector", object{"collector": collector}, nil)

	var stored struct {
		CreatedAt        string            `json:"createdAt"`
		LocalAttributes  map[string]string `json:"localAttributes"`
		RemoteAttributes map[string]string `json:"remoteAttributes"`
		CollectorType    string            `json:"collectorType"`
	}
	posted(t, service+"GetCollector", object{"id": id}, &stored)
	equal(t, "remote attribute", stored.RemoteAttributes["env"], "dev")
	equal(t, "type", stored.CollectorType, "COLLECTOR_TYPE_ALLOY")
	equal(t, "number of local attributes", len(stored.LocalAttributes), 1)
	equal(t, "creation time is the server's", stored.CreatedAt > "2020", true)
	posted(t, service+"DeleteCollector", object{"id": id}, nil)
}

func TestGcxLimits(t *testing.T) {
	var limits struct {
		Collectors                 *int `json:"collectors"`
		Pipelines                  *int `json:"pipelines"`
		RequestsPerSecondCollector *int `json:"requests_per_second_collector"`
		RequestsPerSecondAPI       *int `json:"requests_per_second_api"`
	}
	var raw map[string]json.Number
	posted(t, "tenant.v1.TenantService/GetLimits", object{}, &limits)
	posted(t, "tenant.v1.TenantService/GetLimits", object{}, &raw)

	// What is not limited is left out; what is there has both names and is an integer.
	for snake, camel := range map[string]string{
		"requests_per_second_collector": "requestsPerSecondCollector",
		"requests_per_second_api":       "requestsPerSecondApi",
	} {
		equal(t, camel, raw[camel], raw[snake])
	}
	for name := range raw {
		switch name {
		case "collectors", "pipelines", "requests_per_second_collector", "requests_per_second_api",
			"requestsPerSecondCollector", "requestsPerSecondApi":
		default:
			t.Errorf("unknown limit %q", name)
		}
	}
}

func TestWhatFitsNoMethod(t *testing.T) {
	for path, code := range map[string]string{
		"pipeline.v1.PipelineService/NoSuchMethod": "unimplemented",
		"no.such.Service/Method":                   "unimplemented",
	} {
		status, raw := post(t, path, object{}, nil)
		equal(t, path, status, http.StatusNotFound)
		var refusal struct{ Code string }
		if err := json.Unmarshal(raw, &refusal); err != nil || refusal.Code != code {
			t.Errorf("%s: %s", path, raw)
		}
	}
}
