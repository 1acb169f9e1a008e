"""The pipelines of CreateAlloyPipelines: a collector's own metrics and logs, sent to where the request says."""

from __future__ import annotations

from quarterdeck.fleet.alloy.strings import quote
from quarterdeck.fleet.pipeline import PipelineDraft

MATCHERS = ('collector.os=~".+"',)

_METRICS = """prometheus.exporter.self "alloy" { }

prometheus.scrape "alloy" {
  targets         = prometheus.exporter.self.alloy.targets
  forward_to      = [prometheus.remote_write.mimir.receiver]
  scrape_interval = "60s"
}

prometheus.remote_write "mimir" {
  external_labels = {"collector_id" = argument.attributes.value["collector.ID"]}

  endpoint {
    url = %(url)s

    basic_auth {
      username = %(username)s
      password = sys.env("MIMIR_PASSWORD")
    }
  }
}
"""

# A remote configuration may not have a `logging` block, so Alloy's own logs are read where its packages put them.
_LOGS = """loki.source.journal "alloy" {
  matches    = "_SYSTEMD_UNIT=alloy.service"
  labels     = {"job" = "integrations/alloy"}
  forward_to = [loki.write.loki.receiver]
}

loki.write "loki" {
  external_labels = {"collector_id" = argument.attributes.value["collector.ID"]}

  endpoint {
    url = %(url)s

    basic_auth {
      username = %(username)s
      password = sys.env("LOKI_PASSWORD")
    }
  }
}
"""


def drafts(*, mimir_url: str, mimir_username: str, loki_url: str, loki_username: str) -> list[PipelineDraft]:
    """One draft per address that is not empty. Passwords are read by the collector from its environment."""
    found = []
    if mimir_url:
        contents = _METRICS % {"url": quote(mimir_url), "username": quote(mimir_username)}
        found.append(PipelineDraft(name="quarterdeck_self_metrics", contents=contents, matchers=MATCHERS))
    if loki_url:
        contents = _LOGS % {"url": quote(loki_url), "username": quote(loki_username)}
        found.append(PipelineDraft(name="quarterdeck_self_logs", contents=contents, matchers=MATCHERS))
    return found
