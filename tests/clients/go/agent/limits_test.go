package agent

import (
	"strings"
	"testing"

	"connectrpc.com/connect"
	collectorv1 "github.com/grafana/alloy-remote-config/api/gen/proto/go/collector/v1"
)

// collectorToken makes a token as an administrator does for a fleet: it speaks for the ids with one prefix.
func collectorToken(t *testing.T, prefix string) (secret, tokenID string) {
	t.Helper()
	var account struct{ ServiceAccount struct{ ID string } }
	manage(t, "quarterdeck.admin.v1.AdminService/CreateServiceAccount",
		object{"name": prefix, "role": "ROLE_COLLECTOR"}, &account)
	var made struct {
		Secret string
		Token  struct{ ID string }
	}
	manage(t, "quarterdeck.admin.v1.AdminService/CreateToken",
		object{"serviceAccountId": account.ServiceAccount.ID, "collectorIdPrefix": prefix}, &made)
	return made.Secret, made.Token.ID
}

func TestCollectorTokenSpeaksForItsOwn(t *testing.T) {
	prefix := unique(t)
	secret, tokenID := collectorToken(t, prefix)
	agent := clientOver(t, &transport{authorization: "Bearer " + secret})
	own, foreign := prefix+"-1", "x"+prefix

	call(t, agent.RegisterCollector, &collectorv1.RegisterCollectorRequest{Id: own, LocalAttributes: attributes("x")})
	call(t, agent.GetConfig, &collectorv1.GetConfigRequest{Id: own, LocalAttributes: attributes("x")})
	refused(t, agent.RegisterCollector, &collectorv1.RegisterCollectorRequest{Id: foreign}, connect.CodePermissionDenied)
	refused(t, agent.GetConfig, &collectorv1.GetConfigRequest{Id: foreign}, connect.CodePermissionDenied)
	call(t, agent.UnregisterCollector, &collectorv1.UnregisterCollectorRequest{Id: own})

	manage(t, "quarterdeck.admin.v1.AdminService/RevokeToken", object{"id": tokenID}, nil)
	refused(t, agent.GetConfig, &collectorv1.GetConfigRequest{Id: own}, connect.CodeUnauthenticated)
}

// Without JSON connect-go would read a bare 400 as `internal`, which sounds like the server's fault.
func TestRequestLineOverTheLimit(t *testing.T) {
	agent := clientOver(t, bearer(t), connect.WithHTTPGet())
	request := &collectorv1.GetConfigRequest{
		Id: unique(t), LocalAttributes: map[string]string{"wide": strings.Repeat("v", 100_000)},
	}
	refused(t, agent.GetConfig, request, connect.CodeInvalidArgument)
}
