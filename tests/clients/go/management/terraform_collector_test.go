package management

// What the resource and the data source grafana_fleet_management_collector of terraform-provider-grafana v4 do.

import (
	"maps"
	"testing"

	"connectrpc.com/connect"
	collectorv1 "github.com/grafana/fleet-management-api/api/gen/proto/go/collector/v1"
	"github.com/grafana/fleet-management-api/api/gen/proto/go/collector/v1/collectorv1connect"
)

func createCollector(
	t *testing.T, client collectorv1connect.CollectorServiceClient, collector *collectorv1.Collector,
) *collectorv1.Collector {
	t.Helper()
	created := call(t, client.CreateCollector, &collectorv1.CreateCollectorRequest{Collector: collector})
	equal(t, "id in the answer", created.GetId(), collector.GetId())
	return call(t, client.GetCollector, &collectorv1.GetCollectorRequest{Id: collector.GetId()})
}

// inList finds a collector the way the provider reads: one list of all, searched by id.
func inList(t *testing.T, client collectorv1connect.CollectorServiceClient, id string) *collectorv1.Collector {
	t.Helper()
	for _, collector := range call(t, client.ListCollectors, &collectorv1.ListCollectorsRequest{}).GetCollectors() {
		if collector.GetId() == id {
			return collector
		}
	}
	return nil
}

func TestTerraformCollectorLifecycle(t *testing.T) {
	client := collectorClient(t)
	id := unique(t)
	attributes := map[string]string{"env": "PROD", "owner": "TEAM-A"}
	stored := createCollector(t, client, &collectorv1.Collector{
		Id: id, RemoteAttributes: attributes, Enabled: pointer(true),
		CollectorType: collectorv1.CollectorType_COLLECTOR_TYPE_ALLOY,
	})

	if stored.Enabled == nil {
		t.Fatal("a collector without `enabled` is an inconsistent result for the provider")
	}
	equal(t, "enabled", stored.GetEnabled(), true)
	equal(t, "remote attributes", maps.Equal(stored.GetRemoteAttributes(), attributes), true)
	equal(t, "only local attribute is the id",
		maps.Equal(stored.GetLocalAttributes(), map[string]string{"collector.ID": id}), true)
	listed := inList(t, client, id)
	if listed == nil {
		t.Fatal("the collector is not in the list, so the provider would drop it from the state")
	}
	equal(t, "listed type", listed.GetCollectorType(), collectorv1.CollectorType_COLLECTOR_TYPE_ALLOY)
	equal(t, "listed attributes", maps.Equal(listed.GetRemoteAttributes(), attributes), true)

	call(t, client.UpdateCollector, &collectorv1.UpdateCollectorRequest{Collector: &collectorv1.Collector{
		Id: id, RemoteAttributes: map[string]string{"env": "DEV"}, Enabled: pointer(false),
		CollectorType: collectorv1.CollectorType_COLLECTOR_TYPE_ALLOY,
	}})
	updated := call(t, client.GetCollector, &collectorv1.GetCollectorRequest{Id: id})
	equal(t, "enabled after the update", updated.GetEnabled(), false)
	equal(t, "attributes after the update",
		maps.Equal(updated.GetRemoteAttributes(), map[string]string{"env": "DEV"}), true)

	call(t, client.DeleteCollector, &collectorv1.DeleteCollectorRequest{Id: id})
	refused(t, client.GetCollector, &collectorv1.GetCollectorRequest{Id: id}, connect.CodeNotFound)
	refused(t, client.DeleteCollector, &collectorv1.DeleteCollectorRequest{Id: id}, connect.CodeNotFound)
	if inList(t, client, id) != nil {
		t.Fatal("a deleted collector is still listed")
	}
}

func TestTerraformCollectorTypeIsReturnedAsSent(t *testing.T) {
	client := collectorClient(t)
	for _, kind := range []collectorv1.CollectorType{
		collectorv1.CollectorType_COLLECTOR_TYPE_UNSPECIFIED,
		collectorv1.CollectorType_COLLECTOR_TYPE_ALLOY,
		collectorv1.CollectorType_COLLECTOR_TYPE_OTEL,
	} {
		t.Run(kind.String(), func(t *testing.T) {
			id := unique(t)
			stored := createCollector(t, client, &collectorv1.Collector{Id: id, CollectorType: kind})
			equal(t, "type", stored.GetCollectorType(), kind)
			equal(t, "enabled by default", stored.GetEnabled(), true)
			equal(t, "number of remote attributes", len(stored.GetRemoteAttributes()), 0)
			call(t, client.DeleteCollector, &collectorv1.DeleteCollectorRequest{Id: id})
		})
	}
}

func TestTerraformUpdateKeepsTheNameWhenItSendsNone(t *testing.T) {
	client := collectorClient(t)
	id := unique(t)
	createCollector(t, client, &collectorv1.Collector{Id: id, Name: "edge router 7"})
	call(t, client.UpdateCollector, &collectorv1.UpdateCollectorRequest{
		Collector: &collectorv1.Collector{Id: id, Enabled: pointer(true)},
	})

	equal(t, "name", call(t, client.GetCollector, &collectorv1.GetCollectorRequest{Id: id}).GetName(), "edge router 7")
}

func TestTerraformCollectorIDTaken(t *testing.T) {
	client := collectorClient(t)
	collector := &collectorv1.Collector{Id: unique(t)}
	createCollector(t, client, collector)

	refused(t, client.CreateCollector, &collectorv1.CreateCollectorRequest{Collector: collector},
		connect.CodeAlreadyExists)
}

func TestReservedRemoteAttributeIsRefused(t *testing.T) {
	client := collectorClient(t)
	id := unique(t)
	refused(t, client.CreateCollector, &collectorv1.CreateCollectorRequest{Collector: &collectorv1.Collector{
		Id: id, RemoteAttributes: map[string]string{"collector.os": "linux"},
	}}, connect.CodeInvalidArgument)
	refused(t, client.GetCollector, &collectorv1.GetCollectorRequest{Id: id}, connect.CodeNotFound)
}

func TestDeprecatedFieldsCarryTheSameEntries(t *testing.T) {
	client := collectorClient(t)
	id := unique(t)
	// Clients of before `remote_attributes` send the old field alone.
	stored := createCollector(t, client, &collectorv1.Collector{
		Id: id, AttributeOverrides: map[string]string{"env": "prod"},
	})

	equal(t, "remote attributes", stored.GetRemoteAttributes()["env"], "prod")
	equal(t, "old name", maps.Equal(stored.GetAttributeOverrides(), stored.GetRemoteAttributes()), true)
	equal(t, "old local name", maps.Equal(stored.GetAttributes(), stored.GetLocalAttributes()), true)
}

func TestAttributesInUseAreListed(t *testing.T) {
	client := collectorClient(t)
	key := unique(t)
	for id, value := range map[string]string{key + "a": "v2", key + "b": "v1", key + "c": "v2"} {
		createCollector(t, client, &collectorv1.Collector{Id: id, RemoteAttributes: map[string]string{key: value}})
	}

	listed := call(t, client.ListCollectorAttributes, &collectorv1.ListCollectorAttributesRequest{})
	var values []string
	for _, value := range listed.GetRemoteAttributes()[key].GetValues() {
		values = append(values, value.GetValue())
	}
	equalStrings(t, "values", values, []string{"v1", "v2"})
	if len(listed.GetLocalAttributes()["collector.ID"].GetValues()) < 3 {
		t.Fatalf("collector.ID is not among the local attributes: %v", listed.GetLocalAttributes())
	}
}
