"""Collectors that are not there: they speak to a server as Grafana Alloy's `remotecfg` does, and run nothing."""
