module quarterdeck/tests/clients/management

go 1.23.0

require (
	connectrpc.com/connect v1.18.1
	github.com/grafana/fleet-management-api v1.2.0
)

require google.golang.org/protobuf v1.34.2 // indirect
