//go:build !d716816

package incidents

// What came after d716816: statuses, channels, field values by this API, and a first status update.

import (
	"strings"
	"testing"

	incident "github.com/grafana/incident-go"
)

func TestStatusService(t *testing.T) {
	service := incident.NewStatusService(client(t))
	name := unique(t)
	made := call(t, service.CreateOrgStatus, incident.CreateOrgStatusRequest{
		IncidentType: "internal", Name: name, Category: "active", Icon: "clock", Color: "#112233",
	}).Status
	equal(t, "kind repeats category", made.Kind, made.Category)
	update := incident.UpdateOrgStatusRequest{
		StatusID: made.StatusID, IncidentType: "internal", Name: name, Category: "active", Icon: "info-circle",
	}
	equal(t, "icon", call(t, service.UpdateOrgStatus, update).Status.Icon, "info-circle")
	read := call(t, service.GetStatusByID, incident.GetStatusByIDRequest{StatusID: made.StatusID}).Status
	equal(t, "name", read.Name, name)
	sets := call(t, service.QueryOrgStatuses, incident.QueryOrgStatusesRequest{IncidentType: "internal"}).Configurations
	equal(t, "configurations", len(sets), 1)
	builtIn := find(t, "built-in status", sets[0].Statuses, func(s incident.Status) bool { return s.Immutable })
	equal(t, "first", builtIn.Name, "active")

	opened := declare(t)
	changed := call(t, incident.NewIncidentsService(client(t)).UpdateStatus, incident.UpdateStatusRequest{
		IncidentID: opened.IncidentID, Status: name,
	}).Incident
	equal(t, "the category is shown", changed.Status, "active")
	refused(t, service.GetStatusByID, incident.GetStatusByIDRequest{StatusID: "no-such-status"})
}

func TestChannels(t *testing.T) {
	made := declare(t)
	channels := call(t, incident.NewIncidentsService(client(t)).GetIncidentChannels, incident.GetIncidentChannelsRequest{
		IncidentID: made.IncidentID,
	}).IncidentChannels
	equal(t, "channels", len(channels), 0)
	refused(t, incident.NewIntegrationService(client(t)).CreateIncidentSlackChannel, incident.CreateIncidentSlackChannelRequest{
		IncidentID: made.IncidentID, ChannelName: "incident-1",
	})
	read := problemOf(t, "IntegrationService.CreateIncidentSlackChannel",
		incident.CreateIncidentSlackChannelRequest{IncidentID: made.IncidentID}, setting(t, "QUARTERDECK_TOKEN"))
	equal(t, "code", read.Code, "integrations.not_configured")
}

func TestRecordFieldValue(t *testing.T) {
	service := incident.NewFieldsService(client(t))
	field := call(t, service.AddField, incident.AddFieldRequest{Field: incident.CustomMetadataField{
		Name: unique(t), Type: "string", DomainName: "incident",
	}}).Field
	made := declare(t)
	record := incident.RecordFieldValueRequest{
		FieldUUID: field.UUID, TargetKind: "incident", TargetID: made.IncidentID, Value: `"gold"`,
	}
	call(t, service.RecordFieldValue, record)
	target := incident.GetFieldValuesRequest{TargetKind: "incident", TargetID: made.IncidentID}
	values := call(t, service.GetFieldValues, target).FieldValues
	value := find(t, "value", values, func(v incident.FieldValue) bool { return v.Field.UUID == field.UUID })
	equal(t, "value", value.Value, `"gold"`)
	record.Value = ""
	call(t, service.RecordFieldValue, record)
	for _, left := range call(t, service.GetFieldValues, target).FieldValues {
		if left.Field.UUID == field.UUID && left.Value != "" {
			t.Fatalf("still set: %+v", left)
		}
	}
	query := incident.QueryIncidentPreviewsRequest{
		Query:                    incident.IncidentPreviewsQuery{QueryString: `field:` + field.Slug + `:"gold"`},
		IncludeCustomFieldValues: true, IncludeIncidentChannels: true,
	}
	found := call(t, incident.NewIncidentsService(client(t)).QueryIncidentPreviews, query)
	equal(t, "found by an unset value", len(found.IncidentPreviews), 0)
}

func TestInitialStatusUpdate(t *testing.T) {
	made := declare(t, func(request *incident.CreateIncidentRequest) {
		request.InitialStatusUpdate = strings.Repeat("we are looking. ", 3)
	})
	first := call(t, incident.NewKeyUpdatesService(client(t)).GetInitialKeyUpdate, incident.GetInitialKeyUpdateRequest{
		IncidentID: made.IncidentID, ContentType: "text/plain",
	}).KeyUpdate
	equal(t, "content", first.Content, strings.Repeat("we are looking. ", 3))
	equal(t, "type of the incident", made.IncidentType, incident.Options.IncidentIncidentType.Internal)
}
