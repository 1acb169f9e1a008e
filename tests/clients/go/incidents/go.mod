module quarterdeck/tests/clients/incidents

go 1.23.0

require github.com/grafana/incident-go v0.0.0-20260727130053-c21f107e4c42
