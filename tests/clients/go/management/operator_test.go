package management

// What rknightion/fleet-management-operator does.

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect"
	collectorv1 "github.com/grafana/fleet-management-api/api/gen/proto/go/collector/v1"
	pipelinev1 "github.com/grafana/fleet-management-api/api/gen/proto/go/pipeline/v1"
)

func names(pipelines *pipelinev1.Pipelines) []string {
	var found []string
	for _, pipeline := range pipelines.GetPipelines() {
		found = append(found, pipeline.GetName())
	}
	return found
}

func TestOperatorUpsertsByName(t *testing.T) {
	client := pipelineClient(t)
	name := unique(t)
	upsert := func(contents string) *pipelinev1.Pipeline {
		return call(t, client.UpsertPipeline, &pipelinev1.UpsertPipelineRequest{Pipeline: &pipelinev1.Pipeline{
			Name: name, Contents: contents, Matchers: []string{`collector.os="linux"`}, Enabled: pointer(true),
		}})
	}
	first := upsert(alloyContents)
	if first.GetId() == "" {
		t.Fatalf("an upsert must answer with the id: %v", first)
	}
	deletePipeline(t, client, first.GetId())
	again := upsert(alloyContents + "// changed\n")
	equal(t, "id", again.GetId(), first.GetId())
	stored := call(t, client.GetPipeline, &pipelinev1.GetPipelineRequest{Id: first.GetId()})
	equal(t, "contents", stored.GetContents(), alloyContents+"// changed\n")
	upsert(alloyContents + "// changed\n")

	revisions := call(t, client.ListPipelineRevisions, &pipelinev1.ListPipelineRevisionsRequest{Id: first.GetId()})
	var operations []string
	for _, revision := range revisions.GetPipelineRevisions() {
		operations = append(operations, revision.GetOperation().String())
	}
	equalStrings(t, "an upsert without a change leaves no revision", operations, []string{"INSERT", "UPDATE"})
}

func TestOperatorUpsertWithTheIDOfAnotherName(t *testing.T) {
	client := pipelineClient(t)
	stored := createAndRead(t, client, terraformPipeline(unique(t)))
	other := terraformPipeline(unique(t))
	other.Id = stored.Id

	refused(t, client.UpsertPipeline, &pipelinev1.UpsertPipelineRequest{Pipeline: other}, connect.CodeInvalidArgument)
}

func TestOperatorReadsWhereContentsAreWrong(t *testing.T) {
	client := pipelineClient(t)
	broken := terraformPipeline(unique(t))
	broken.Contents = "prometheus.scrape \"a\" {\n  targets = [\n}\n"
	message := refused(t, client.UpsertPipeline, &pipelinev1.UpsertPipelineRequest{Pipeline: broken},
		connect.CodeInvalidArgument)

	// The operator copies the message into a condition of its resource.
	if !regexp.MustCompile(`\d+:\d+`).MatchString(message) {
		t.Fatalf("the message names no line and column: %q", message)
	}
}

func TestOperatorFiltersLists(t *testing.T) {
	client := pipelineClient(t)
	prefix := unique(t)
	for suffix, pipeline := range map[string]*pipelinev1.Pipeline{
		"alloy-on":  {Contents: alloyContents, Enabled: pointer(true)},
		"alloy-off": {Contents: alloyContents, Enabled: pointer(false)},
		"otel-on": {
			Contents: otelContents, Enabled: pointer(true), ConfigType: pipelinev1.ConfigType_CONFIG_TYPE_OTEL,
		},
	} {
		pipeline.Name = prefix + suffix
		pipeline.Matchers = []string{"team=" + suffix}
		createAndRead(t, client, pipeline)
	}
	alloy, otel := pipelinev1.ConfigType_CONFIG_TYPE_ALLOY, pipelinev1.ConfigType_CONFIG_TYPE_OTEL
	cases := map[string]struct {
		request *pipelinev1.ListPipelinesRequest
		want    []string
	}{
		"everything":    {&pipelinev1.ListPipelinesRequest{}, []string{"alloy-off", "alloy-on", "otel-on"}},
		"by type":       {&pipelinev1.ListPipelinesRequest{ConfigType: &otel}, []string{"otel-on"}},
		"disabled":      {&pipelinev1.ListPipelinesRequest{Enabled: pointer(false)}, []string{"alloy-off"}},
		"both":          {&pipelinev1.ListPipelinesRequest{ConfigType: &alloy, Enabled: pointer(true)}, []string{"alloy-on"}},
		"by attributes": {&pipelinev1.ListPipelinesRequest{LocalAttributes: map[string]string{"team": "otel-on"}}, []string{"otel-on"}},
		"remote attributes win": {&pipelinev1.ListPipelinesRequest{
			LocalAttributes:  map[string]string{"team": "otel-on"},
			RemoteAttributes: map[string]string{"team": "alloy-off"},
		}, []string{"alloy-off"}},
		"nobody": {&pipelinev1.ListPipelinesRequest{LocalAttributes: map[string]string{"team": "x"}}, nil},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			var ours []string
			for _, found := range names(call(t, client.ListPipelines, test.request)) {
				if suffix, mine := strings.CutPrefix(found, prefix); mine {
					ours = append(ours, suffix)
				}
			}
			slices.Sort(ours)
			equalStrings(t, "pipelines", ours, test.want)
		})
	}
}

func TestOperatorDeletesTwice(t *testing.T) {
	client := pipelineClient(t)
	stored := createAndRead(t, client, terraformPipeline(unique(t)))
	call(t, client.DeletePipeline, &pipelinev1.DeletePipelineRequest{Id: stored.GetId()})

	refused(t, client.DeletePipeline, &pipelinev1.DeletePipelineRequest{Id: stored.GetId()}, connect.CodeNotFound)
}

func TestOperatorUpdatesAttributesByPointer(t *testing.T) {
	client := collectorClient(t)
	id := unique(t)
	createCollector(t, client, &collectorv1.Collector{Id: id, RemoteAttributes: map[string]string{"kept": "1"}})
	apply := func(want map[string]string, ops ...*collectorv1.Operation) {
		t.Helper()
		call(t, client.BulkUpdateCollectors, &collectorv1.BulkUpdateCollectorsRequest{Ids: []string{id}, Ops: ops})
		got := call(t, client.GetCollector, &collectorv1.GetCollectorRequest{Id: id}).GetRemoteAttributes()
		if !maps.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
	add, replace, remove := collectorv1.Operation_ADD, collectorv1.Operation_REPLACE, collectorv1.Operation_REMOVE

	apply(map[string]string{"kept": "1", "team": "a", "example.com/role": "db"},
		&collectorv1.Operation{Op: add, Path: "/remote_attributes/team", Value: pointer("a")},
		&collectorv1.Operation{Op: add, Path: "/remote_attributes/example.com~1role", Value: pointer("db")})
	apply(map[string]string{"kept": "1", "team": "b", "example.com/role": "web"},
		&collectorv1.Operation{Op: replace, Path: "/remote_attributes/team", Value: pointer("b")},
		&collectorv1.Operation{Op: replace, Path: "/remote_attributes/example.com~1role", Value: pointer("web")})
	// The operator's finalizer does not escape the key.
	apply(map[string]string{"kept": "1"},
		&collectorv1.Operation{Op: remove, Path: "/remote_attributes/example.com/role"},
		&collectorv1.Operation{Op: remove, Path: "/remote_attributes/team"})
	// Removing what is gone happens when two reconciliations race.
	apply(map[string]string{"kept": "1"}, &collectorv1.Operation{Op: remove, Path: "/remote_attributes/team"})
}

func TestBulkUpdateIsAllOrNothing(t *testing.T) {
	client := collectorClient(t)
	id := unique(t)
	createCollector(t, client, &collectorv1.Collector{Id: id})
	set := []*collectorv1.Operation{
		{Op: collectorv1.Operation_ADD, Path: "remote_attributes.a.b", Value: pointer("1")},
		{Op: collectorv1.Operation_REPLACE, Path: "remote_attributes.missing", Value: pointer("1")},
	}
	update := &collectorv1.BulkUpdateCollectorsRequest{Ids: []string{id}, Ops: set}
	refused(t, client.BulkUpdateCollectors, update, connect.CodeNotFound)
	unknown := &collectorv1.BulkUpdateCollectorsRequest{Ids: []string{id, id + "unknown"}, Ops: set[:1]}
	refused(t, client.BulkUpdateCollectors, unknown, connect.CodeNotFound)
	elsewhere := &collectorv1.BulkUpdateCollectorsRequest{Ids: []string{id}, Ops: []*collectorv1.Operation{
		set[0], {Op: collectorv1.Operation_ADD, Path: "/local_attributes/a", Value: pointer("1")},
	}}
	refused(t, client.BulkUpdateCollectors, elsewhere, connect.CodeInvalidArgument)

	stored := call(t, client.GetCollector, &collectorv1.GetCollectorRequest{Id: id})
	equal(t, "number of attributes after three refusals", len(stored.GetRemoteAttributes()), 0)
}

func TestOperatorSelectsCollectors(t *testing.T) {
	client := collectorClient(t)
	key := unique(t)
	for id, team := range map[string]string{key + "1": "a", key + "2": "b"} {
		createCollector(t, client, &collectorv1.Collector{Id: id, RemoteAttributes: map[string]string{key: team}})
	}
	selected := func(matchers ...string) []string {
		var ids []string
		request := &collectorv1.ListCollectorsRequest{Matchers: matchers}
		for _, collector := range call(t, client.ListCollectors, request).GetCollectors() {
			ids = append(ids, collector.GetId())
		}
		return ids
	}

	equalStrings(t, "equal", selected(key+"=a"), []string{key + "1"})
	equalStrings(t, "expression", selected(key+`=~"a|b"`), []string{key + "1", key + "2"})
	equalStrings(t, "both must hold", selected(key+"=a", key+"=b"), nil)
	refused(t, client.ListCollectors, &collectorv1.ListCollectorsRequest{Matchers: []string{"a=="}},
		connect.CodeInvalidArgument)
}

func TestOperatorAsksForACollectorThatIsNotYetThere(t *testing.T) {
	refused(t, collectorClient(t).GetCollector, &collectorv1.GetCollectorRequest{Id: unique(t)}, connect.CodeNotFound)
}

func TestBulkDeleteCollectorsIsAllOrNothing(t *testing.T) {
	client := collectorClient(t)
	id := unique(t)
	createCollector(t, client, &collectorv1.Collector{Id: id})
	refused(t, client.BulkDeleteCollectors,
		&collectorv1.BulkDeleteCollectorsRequest{Ids: []string{id, id + "unknown"}}, connect.CodeNotFound)
	call(t, client.GetCollector, &collectorv1.GetCollectorRequest{Id: id})
	call(t, client.BulkDeleteCollectors, &collectorv1.BulkDeleteCollectorsRequest{Ids: []string{id, id}})

	refused(t, client.GetCollector, &collectorv1.GetCollectorRequest{Id: id}, connect.CodeNotFound)
}
