// The revision that mcp-grafana is built with: go build -modfile=d716816.mod -tags=d716816
module quarterdeck/tests/clients/incidents

go 1.23.0

require github.com/grafana/incident-go v0.0.0-20251003115753-d71681611ddd
