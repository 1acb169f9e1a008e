module quarterdeck/tests/clients/agent

go 1.23.0

require (
	connectrpc.com/connect v1.18.1
	github.com/grafana/alloy-remote-config v0.0.12
)

require google.golang.org/protobuf v1.34.2 // indirect
