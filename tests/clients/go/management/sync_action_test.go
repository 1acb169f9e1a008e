package management

// What grafana/fleet-management-sync-action does, and what its users then read in the revisions.

import (
	"slices"
	"testing"

	"connectrpc.com/connect"
	pipelinev1 "github.com/grafana/fleet-management-api/api/gen/proto/go/pipeline/v1"
)

func gitSource(namespace string) *pipelinev1.PipelineSource {
	return &pipelinev1.PipelineSource{Type: pipelinev1.PipelineSource_SOURCE_TYPE_GIT, Namespace: namespace}
}

// synced is a pipeline with the four fields that the action sends.
func synced(name, contents string) *pipelinev1.Pipeline {
	return &pipelinev1.Pipeline{
		Name: name, Contents: contents, Matchers: []string{"collector.os=linux"}, Enabled: pointer(true),
	}
}

func TestSyncCreatesReplacesAndDeletes(t *testing.T) {
	client := pipelineClient(t)
	prefix := unique(t)
	byHand := createAndRead(t, client, synced(prefix+"hand", alloyContents))
	ofTerraform := createAndRead(t, client, terraformPipeline(prefix+"terraform"))
	sync := func(pipelines ...*pipelinev1.Pipeline) {
		call(t, client.SyncPipelines, &pipelinev1.SyncPipelinesRequest{
			Source: gitSource(prefix), Pipelines: pipelines,
		})
	}
	find := func(name string) *pipelinev1.Pipeline {
		for _, pipeline := range call(t, client.ListPipelines, &pipelinev1.ListPipelinesRequest{}).GetPipelines() {
			if pipeline.GetName() == prefix+name {
				return pipeline
			}
		}
		return nil
	}

	sync(synced(prefix+"a", alloyContents), synced(prefix+"b", alloyContents))
	first := find("a")
	equal(t, "source", first.GetSource().GetType(), pipelinev1.PipelineSource_SOURCE_TYPE_GIT)
	equal(t, "namespace", first.GetSource().GetNamespace(), prefix)

	// `b` is gone, `a` changed, and a pipeline made by hand is taken over by its name.
	sync(synced(prefix+"a", alloyContents+"// v2\n"), synced(prefix+"hand", alloyContents))
	equal(t, "b is deleted", find("b") == nil, true)
	equal(t, "id stays", find("a").GetId(), first.GetId())
	equal(t, "contents", find("a").GetContents(), alloyContents+"// v2\n")
	equal(t, "taken over", find("hand").GetSource().GetNamespace(), prefix)
	equal(t, "id of the pipeline taken over", find("hand").GetId(), byHand.GetId())
	equal(t, "other source untouched", find("terraform").GetId(), ofTerraform.GetId())

	sync()
	equal(t, "an empty list deletes all of the source", find("a") == nil && find("hand") == nil, true)
	equal(t, "and nothing else", find("terraform") != nil, true)
}

func TestSyncIsAllOrNothing(t *testing.T) {
	client := pipelineClient(t)
	prefix := unique(t)
	good := synced(prefix+"good", alloyContents)
	cases := map[string]*pipelinev1.SyncPipelinesRequest{
		"broken contents": {Source: gitSource(prefix), Pipelines: []*pipelinev1.Pipeline{good, synced(prefix+"bad", "a {")}},
		"name twice":      {Source: gitSource(prefix), Pipelines: []*pipelinev1.Pipeline{good, good}},
		"no namespace":    {Source: gitSource(""), Pipelines: []*pipelinev1.Pipeline{good}},
		"no source type":  {Source: &pipelinev1.PipelineSource{Namespace: "x"}, Pipelines: []*pipelinev1.Pipeline{good}},
		"no source":       {Pipelines: []*pipelinev1.Pipeline{good}},
	}
	for name, request := range cases {
		t.Run(name, func(t *testing.T) {
			refused(t, client.SyncPipelines, request, connect.CodeInvalidArgument)
			refused(t, client.GetPipelineID, &pipelinev1.GetPipelineIDRequest{Name: good.GetName()}, connect.CodeNotFound)
		})
	}
}

func TestRevisionsTellTheHistory(t *testing.T) {
	client := pipelineClient(t)
	pipeline := synced(unique(t), alloyContents)
	created := call(t, client.CreatePipeline, &pipelinev1.CreatePipelineRequest{Pipeline: pipeline})
	pipeline.Id, pipeline.Contents = created.Id, alloyContents+"// v2\n"
	call(t, client.UpdatePipeline, &pipelinev1.UpdatePipelineRequest{Pipeline: pipeline})
	call(t, client.DeletePipeline, &pipelinev1.DeletePipelineRequest{Id: created.GetId()})

	// The pipeline is deleted, its history is not.
	own := call(t, client.ListPipelineRevisions, &pipelinev1.ListPipelineRevisionsRequest{Id: created.GetId()})
	var operations, contents []string
	for _, revision := range own.GetPipelineRevisions() {
		operations = append(operations, revision.GetOperation().String())
		contents = append(contents, revision.GetSnapshot().GetContents())
		one := call(t, client.GetPipelineRevision,
			&pipelinev1.GetPipelineRevisionRequest{RevisionId: revision.GetRevisionId()})
		equal(t, "contents of the single revision", one.GetSnapshot().GetContents(), revision.GetSnapshot().GetContents())
	}
	equalStrings(t, "operations", operations, []string{"INSERT", "UPDATE", "DELETE"})
	equalStrings(t, "contents", contents, []string{alloyContents, alloyContents + "// v2\n", alloyContents + "// v2\n"})

	all := call(t, client.ListPipelinesRevisions, &pipelinev1.ListPipelinesRevisionsRequest{}).GetPipelineRevisions()
	ordered := slices.IsSortedFunc(all, func(a, b *pipelinev1.PipelineRevision) int {
		return a.GetCreatedAt().AsTime().Compare(b.GetCreatedAt().AsTime())
	})
	equal(t, "all revisions are in the order of their times", ordered, true)
	for _, revision := range all {
		equal(t, "contents in the list of all revisions", revision.GetSnapshot().GetContents(), "")
	}
	refused(t, client.GetPipelineRevision, &pipelinev1.GetPipelineRevisionRequest{RevisionId: "999999999"},
		connect.CodeNotFound)
	refused(t, client.ListPipelineRevisions, &pipelinev1.ListPipelineRevisionsRequest{Id: "999999999"},
		connect.CodeNotFound)
}

func TestCompressedRequestsAndAnswers(t *testing.T) {
	client := pipelineClient(t, connect.WithSendGzip())
	pipeline := synced(unique(t), alloyContents)
	for range 200 {
		pipeline.Contents += "// A line that compresses well.\n"
	}
	stored := createAndRead(t, client, pipeline)

	equal(t, "contents", stored.GetContents(), pipeline.GetContents())
}

func TestStarterPipelinesAreMadeOnce(t *testing.T) {
	client := pipelineClient(t)
	request := &pipelinev1.CreateAlloyPipelinesRequest{
		MimirUrl: "http://mimir.example/api/v1/push", MimirUsername: "1",
		LokiUrl: "http://loki.example/loki/api/v1/push", LokiUsername: "2",
	}
	first := call(t, client.CreateAlloyPipelines, request).GetPipelines()
	again := call(t, client.CreateAlloyPipelines, request).GetPipelines()
	for _, pipeline := range first.GetPipelines() {
		deletePipeline(t, client, pipeline.GetId())
	}

	equal(t, "number of pipelines", len(first.GetPipelines()), 2)
	equalStrings(t, "names", names(again), names(first))
	for i, pipeline := range again.GetPipelines() {
		equal(t, "id", pipeline.GetId(), first.GetPipelines()[i].GetId())
		equal(t, "last change", pipeline.GetUpdatedAt().AsTime(), first.GetPipelines()[i].GetUpdatedAt().AsTime())
	}
}
