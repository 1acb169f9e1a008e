package management

// What the resource grafana_fleet_management_pipeline of terraform-provider-grafana v4 does.

import (
	"strings"
	"testing"

	"connectrpc.com/connect"
	pipelinev1 "github.com/grafana/fleet-management-api/api/gen/proto/go/pipeline/v1"
	"github.com/grafana/fleet-management-api/api/gen/proto/go/pipeline/v1/pipelinev1connect"
)

func terraformClient(t *testing.T) pipelinev1connect.PipelineServiceClient {
	headers := map[string]string{"Grafana-Terraform-Provider": "true", "Grafana-Terraform-Provider-Version": "4.0.0"}
	// The provider is given the root URL, often with a slash at its end.
	return pipelinev1connect.NewPipelineServiceClient(httpClient(t, headers), serverURL(t)+"/", options(t)...)
}

func terraformPipeline(name string) *pipelinev1.Pipeline {
	return &pipelinev1.Pipeline{
		Name:       name,
		Contents:   alloyContents,
		Matchers:   []string{"team!=team-a", "collector.os=linux", `env=~"prod|staging"`},
		Enabled:    pointer(true),
		ConfigType: pipelinev1.ConfigType_CONFIG_TYPE_ALLOY,
		Source: &pipelinev1.PipelineSource{
			Type: pipelinev1.PipelineSource_SOURCE_TYPE_TERRAFORM, Namespace: "default",
		},
	}
}

// createAndRead is how the provider creates: the id of the answer is used without a nil check, then the rest is read.
func createAndRead(
	t *testing.T, client pipelinev1connect.PipelineServiceClient, pipeline *pipelinev1.Pipeline,
) *pipelinev1.Pipeline {
	t.Helper()
	created := call(t, client.CreatePipeline, &pipelinev1.CreatePipelineRequest{Pipeline: pipeline})
	if created.Id == nil || *created.Id == "" {
		t.Fatalf("the answer to CreatePipeline has no id: %v", created)
	}
	deletePipeline(t, client, *created.Id)
	return call(t, client.GetPipeline, &pipelinev1.GetPipelineRequest{Id: *created.Id})
}

func TestTerraformPipelineLifecycle(t *testing.T) {
	client := terraformClient(t)
	name := unique(t)
	stored := createAndRead(t, client, terraformPipeline(name))

	equal(t, "name", stored.GetName(), name)
	equal(t, "contents", stored.GetContents(), alloyContents)
	equal(t, "enabled", stored.GetEnabled(), true)
	equal(t, "config type", stored.GetConfigType(), pipelinev1.ConfigType_CONFIG_TYPE_ALLOY)
	equal(t, "source", stored.GetSource().GetType(), pipelinev1.PipelineSource_SOURCE_TYPE_TERRAFORM)
	equal(t, "namespace", stored.GetSource().GetNamespace(), "default")
	if stored.CreatedAt == nil || stored.UpdatedAt == nil {
		t.Fatalf("GetPipeline answers without times: %v", stored)
	}

	changed := terraformPipeline(name)
	changed.Id = stored.Id
	changed.Contents = alloyContents + "\n// One more line.\n"
	call(t, client.UpdatePipeline, &pipelinev1.UpdatePipelineRequest{Pipeline: changed})
	reread := call(t, client.GetPipeline, &pipelinev1.GetPipelineRequest{Id: stored.GetId()})
	equal(t, "contents after the update", reread.GetContents(), changed.Contents)
	equal(t, "id after the update", reread.GetId(), stored.GetId())
	equal(t, "creation time", reread.GetCreatedAt().AsTime(), stored.GetCreatedAt().AsTime())

	call(t, client.DeletePipeline, &pipelinev1.DeletePipelineRequest{Id: stored.GetId()})
	refused(t, client.GetPipeline, &pipelinev1.GetPipelineRequest{Id: stored.GetId()}, connect.CodeNotFound)
	refused(t, client.GetPipelineID, &pipelinev1.GetPipelineIDRequest{Name: name}, connect.CodeNotFound)
	refused(t, client.DeletePipeline, &pipelinev1.DeletePipelineRequest{Id: stored.GetId()}, connect.CodeNotFound)
	refused(t, client.UpdatePipeline, &pipelinev1.UpdatePipelineRequest{Pipeline: changed}, connect.CodeNotFound)
}

func TestTerraformImportByName(t *testing.T) {
	client := terraformClient(t)
	name := unique(t)
	stored := createAndRead(t, client, terraformPipeline(name))

	found := call(t, client.GetPipelineID, &pipelinev1.GetPipelineIDRequest{Name: name})
	equal(t, "id by name", found.GetId(), stored.GetId())
	imported := call(t, client.GetPipeline, &pipelinev1.GetPipelineRequest{Id: found.GetId()})
	equal(t, "contents", imported.GetContents(), stored.GetContents())
	equal(t, "enabled", imported.GetEnabled(), stored.GetEnabled())
	equal(t, "config type", imported.GetConfigType(), stored.GetConfigType())
	equalStrings(t, "matchers", imported.GetMatchers(), stored.GetMatchers())
}

func TestTerraformMatchersKeepTheirOrderInNormalForm(t *testing.T) {
	client := terraformClient(t)
	stored := createAndRead(t, client, terraformPipeline(unique(t)))

	equalStrings(t, "matchers", stored.GetMatchers(),
		[]string{`team!="team-a"`, `collector.os="linux"`, `env=~"prod|staging"`})
}

func TestTerraformNoMatchers(t *testing.T) {
	client := terraformClient(t)
	pipeline := terraformPipeline(unique(t))
	pipeline.Matchers = nil
	stored := createAndRead(t, client, pipeline)

	equal(t, "number of matchers", len(stored.GetMatchers()), 0)
}

func TestTerraformMatchersAreCleared(t *testing.T) {
	client := terraformClient(t)
	pipeline := terraformPipeline(unique(t))
	stored := createAndRead(t, client, pipeline)

	pipeline.Id, pipeline.Matchers = stored.Id, nil
	call(t, client.UpdatePipeline, &pipelinev1.UpdatePipelineRequest{Pipeline: pipeline})
	reread := call(t, client.GetPipeline, &pipelinev1.GetPipelineRequest{Id: stored.GetId()})
	equal(t, "number of matchers", len(reread.GetMatchers()), 0)
}

func TestTerraformEnabledIsToggled(t *testing.T) {
	client := terraformClient(t)
	pipeline := terraformPipeline(unique(t))
	stored := createAndRead(t, client, pipeline)

	pipeline.Id = stored.Id
	for _, enabled := range []bool{false, true, false} {
		pipeline.Enabled = pointer(enabled)
		call(t, client.UpdatePipeline, &pipelinev1.UpdatePipelineRequest{Pipeline: pipeline})
		reread := call(t, client.GetPipeline, &pipelinev1.GetPipelineRequest{Id: stored.GetId()})
		if reread.Enabled == nil {
			t.Fatalf("enabled=%v came back unset", enabled)
		}
		equal(t, "enabled", reread.GetEnabled(), enabled)
	}
}

func TestTerraformEnabledLeftOut(t *testing.T) {
	client := terraformClient(t)
	pipeline := terraformPipeline(unique(t))
	pipeline.Enabled = nil
	stored := createAndRead(t, client, pipeline)

	if stored.Enabled == nil || !stored.GetEnabled() {
		t.Fatalf("a pipeline without `enabled` must come back enabled: %v", stored)
	}
}

func TestTerraformOtelPipelineKeepsItsTrailingNewline(t *testing.T) {
	client := terraformClient(t)
	pipeline := terraformPipeline(unique(t))
	pipeline.Contents, pipeline.ConfigType = otelContents, pipelinev1.ConfigType_CONFIG_TYPE_OTEL
	stored := createAndRead(t, client, pipeline)

	equal(t, "contents", stored.GetContents(), otelContents)
	equal(t, "config type", stored.GetConfigType(), pipelinev1.ConfigType_CONFIG_TYPE_OTEL)
	if !strings.HasSuffix(stored.GetContents(), "\n") {
		t.Fatal("the newline at the end is lost")
	}
}

func TestTerraformConfigTypeLeftOut(t *testing.T) {
	client := terraformClient(t)
	pipeline := terraformPipeline(unique(t))
	pipeline.ConfigType = pipelinev1.ConfigType_CONFIG_TYPE_UNSPECIFIED
	stored := createAndRead(t, client, pipeline)

	equal(t, "config type", stored.GetConfigType(), pipelinev1.ConfigType_CONFIG_TYPE_ALLOY)
}

func TestTerraformNameTaken(t *testing.T) {
	client := terraformClient(t)
	pipeline := terraformPipeline(unique(t))
	createAndRead(t, client, pipeline)

	refused(t, client.CreatePipeline, &pipelinev1.CreatePipelineRequest{Pipeline: pipeline}, connect.CodeAlreadyExists)
}

func TestTerraformWrongPassword(t *testing.T) {
	transport := basicAuth{user: "12345", password: "wrong"}
	client := pipelinev1connect.NewPipelineServiceClient(transportClient(transport), serverURL(t), options(t)...)

	refused(t, client.ListPipelines, &pipelinev1.ListPipelinesRequest{}, connect.CodeUnauthenticated)
}

func TestRefusedPipelines(t *testing.T) {
	client := terraformClient(t)
	cases := map[string]func(*pipelinev1.Pipeline){
		"no name":             func(p *pipelinev1.Pipeline) { p.Name = "" },
		"no contents":         func(p *pipelinev1.Pipeline) { p.Contents = "" },
		"blank contents":      func(p *pipelinev1.Pipeline) { p.Contents = " \n\t" },
		"broken Alloy":        func(p *pipelinev1.Pipeline) { p.Contents = "prometheus.scrape \"a\" {" },
		"YAML taken as Alloy": func(p *pipelinev1.Pipeline) { p.Contents = otelContents },
		"broken matcher":      func(p *pipelinev1.Pipeline) { p.Matchers = []string{"a=="} },
		"two in one matcher":  func(p *pipelinev1.Pipeline) { p.Matchers = []string{"a=b,c=d"} },
		"bad expression":      func(p *pipelinev1.Pipeline) { p.Matchers = []string{"a=~\"(\""} },
		"long matcher":        func(p *pipelinev1.Pipeline) { p.Matchers = []string{"a=" + strings.Repeat("b", 199)} },
		"no namespace":        func(p *pipelinev1.Pipeline) { p.Source.Namespace = "" },
		"namespace alone":     func(p *pipelinev1.Pipeline) { p.Source.Type = 0 },
	}
	for name, spoil := range cases {
		t.Run(name, func(t *testing.T) {
			pipeline := terraformPipeline(unique(t))
			spoil(pipeline)
			refused(t, client.CreatePipeline, &pipelinev1.CreatePipelineRequest{Pipeline: pipeline},
				connect.CodeInvalidArgument)
			listed := call(t, client.ListPipelines, &pipelinev1.ListPipelinesRequest{})
			for _, other := range listed.GetPipelines() {
				if other.GetName() == pipeline.GetName() {
					t.Fatalf("the refused pipeline was stored: %v", other)
				}
			}
		})
	}
}

func TestValidateOnlyStoresNothing(t *testing.T) {
	client := terraformClient(t)
	name := unique(t)
	preview := call(t, client.CreatePipeline, &pipelinev1.CreatePipelineRequest{
		Pipeline: terraformPipeline(name), ValidateOnly: true,
	})

	equalStrings(t, "matchers of the preview", preview.GetMatchers(),
		[]string{`team!="team-a"`, `collector.os="linux"`, `env=~"prod|staging"`})
	if preview.Id != nil || preview.CreatedAt != nil || preview.UpdatedAt != nil {
		t.Fatalf("a preview has neither id nor times: %v", preview)
	}
	refused(t, client.GetPipelineID, &pipelinev1.GetPipelineIDRequest{Name: name}, connect.CodeNotFound)
}
