"""`quarterdeck fleet` against a server: GitOps with a look before the leap."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import Run
from tests.running_server import RunningServer

CONTENTS = 'prometheus.scrape "a" {\n\ttargets    = []\n\tforward_to = []\n}\n'
_numbers = itertools.count(1)


class Repository:
    """A directory of pipelines with names of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / f"repository-{next(_numbers)}"
        self.namespace = f"cli-{self.folder.name}"
        self.folder.mkdir()
        self.write("one", "two")

    def name(self, short: str) -> str:
        return f"{self.namespace}-{short}"

    def write(self, *names: str, contents: str = CONTENTS) -> None:
        lines = ["pipelines:"]
        for name in names:
            (self.folder / f"{name}.alloy").write_text(contents)
            lines += [f"  - name: {self.name(name)}", f"    file: {name}.alloy", f"    matchers: ['run=\"{name}\"']"]
        (self.folder / "pipelines.yaml").write_text("\n".join(lines) + "\n")

    @property
    def arguments(self) -> tuple[str, ...]:
        return (str(self.folder), "--source-namespace", self.namespace)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def names(cli: Run, repository: Repository) -> list[str]:
    pipelines = json.loads(cli("fleet", "list", "--output", "json").stdout).get("pipelines", [])
    ours = [each["name"] for each in pipelines if each.get("source", {}).get("namespace") == repository.namespace]
    return [name.removeprefix(f"{repository.namespace}-") for name in ours]


def test_a_directory_is_applied_and_applied_again_for_nothing(cli: Run, repository: Repository):
    applied = cli("fleet", "apply", *repository.arguments)
    assert (applied.exit_code, applied.stderr) == (0, "")
    assert applied.stdout == (
        f"create  {repository.name('one')}\ncreate  {repository.name('two')}\n2 pipelines changed\n"
    )
    assert names(cli, repository) == ["one", "two"]
    again = cli("fleet", "apply", *repository.arguments)
    assert (again.exit_code, again.stdout) == (0, "nothing to change\n")


def test_a_dry_run_changes_nothing(cli: Run, repository: Repository):
    tried = cli("fleet", "apply", *repository.arguments, "--dry-run")
    assert tried.exit_code == 0
    assert tried.stdout.endswith("the server would accept these changes; nothing was changed\n")
    assert names(cli, repository) == []


@pytest.mark.parametrize("flags", [(), ("--dry-run",)])
def test_a_broken_file_is_refused_as_a_whole(cli: Run, repository: Repository, flags: tuple[str, ...]):
    (repository.folder / "two.alloy").write_text("a {")
    failed = cli("fleet", "apply", *repository.arguments, *flags)
    assert failed.exit_code == 1
    assert "[invalid_argument]" in failed.stderr
    assert "1:1: the block" in failed.stderr
    assert names(cli, repository) == []


def test_only_prune_deletes(cli: Run, repository: Repository):
    cli("fleet", "apply", *repository.arguments)
    repository.write("two", "three")
    cli("fleet", "apply", *repository.arguments)
    assert names(cli, repository) == ["one", "two", "three"]
    pruned = cli("fleet", "apply", *repository.arguments, "--prune")
    assert pruned.stdout == f"delete  {repository.name('one')}\n1 pipeline changed\n"
    assert names(cli, repository) == ["two", "three"]


def test_diff_shows_and_tells_by_its_exit_code(cli: Run, repository: Repository):
    before = cli("fleet", "diff", *repository.arguments)
    assert before.exit_code == 1
    assert f"create  {repository.name('one')}" in before.stdout
    cli("fleet", "apply", *repository.arguments)
    assert (cli("fleet", "diff", *repository.arguments).exit_code) == 0
    repository.write("one", "two", contents=CONTENTS + "// more\n")
    after = cli("fleet", "diff", *repository.arguments)
    assert after.exit_code == 1
    assert "    +// more" in after.stdout
    assert names(cli, repository) == ["one", "two"]


def test_diff_shows_what_prune_would_delete(cli: Run, repository: Repository):
    cli("fleet", "apply", *repository.arguments)
    repository.write("one")
    assert cli("fleet", "diff", *repository.arguments).exit_code == 0
    pruning = cli("fleet", "diff", *repository.arguments, "--prune")
    assert (pruning.exit_code, f"delete  {repository.name('two')}" in pruning.stdout) == (1, True)


def test_taking_over_a_pipeline_is_announced(cli: Run, repository: Repository):
    cli("fleet", "apply", *repository.arguments)
    taken = cli("fleet", "apply", str(repository.folder), "--source-namespace", "another", "--dry-run")
    assert f"update  {repository.name('one')}  (takes it over from {repository.namespace!r})" in taken.stdout


def test_revisions_are_listed_and_rolled_back(cli: Run, repository: Repository):
    cli("fleet", "apply", *repository.arguments)
    repository.write("one", "two", contents=CONTENTS + "// worse\n")
    cli("fleet", "apply", *repository.arguments)
    listed = json.loads(cli("fleet", "revisions", repository.name("one"), "--output", "json").stdout)
    revisions = listed["pipelineRevisions"]
    assert [each["operation"] for each in revisions] == ["INSERT", "UPDATE"]
    back = cli("fleet", "rollback", revisions[0]["revisionId"])
    assert back.exit_code == 0
    assert f"{repository.name('one')!r} is again what it was" in back.stdout
    pipelines = json.loads(cli("fleet", "list", "--output", "json").stdout)["pipelines"]
    contents = {each["name"]: each["contents"] for each in pipelines}
    assert contents[repository.name("one")] == CONTENTS
    assert contents[repository.name("two")] == CONTENTS + "// worse\n"
    assert repository.name("one") in cli("fleet", "revisions").stdout


def test_a_collector_is_listed_and_its_configuration_previewed(cli: Run, repository: Repository, server: RunningServer):
    cli("fleet", "apply", *repository.arguments)
    body = {"id": repository.namespace, "localAttributes": {"run": "one"}}
    answer = httpx.post(
        f"{server.http_url}/collector.v1.CollectorService/GetConfig",
        json=body,
        headers={"authorization": f"Bearer {server.token}"},
    )
    shown = cli("fleet", "preview", repository.namespace)
    assert (shown.exit_code, shown.stdout) == (0, answer.json()["content"])
    listed = cli("fleet", "collectors")
    assert repository.namespace in listed.stdout
    statuses = json.loads(cli("fleet", "collectors", "--output", "json").stdout)["statuses"]
    assert repository.namespace in [status["collectorId"] for status in statuses]


def test_lists_are_tables_for_people(cli: Run, repository: Repository):
    cli("fleet", "apply", *repository.arguments)
    table = cli("fleet", "list").stdout.splitlines()
    assert table[0].split() == ["ID", "NAME", "ENABLED", "SOURCE", "UPDATED", "MATCHERS"]
    (row,) = [line.split() for line in table if repository.name("one") in line]
    assert (row[2], row[3], row[5]) == ("yes", repository.namespace, 'run="one"')


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (("fleet", "preview", "nobody"), 1, "[not_found]"),
        (("fleet", "rollback", "999999"), 1, "[not_found]"),
        (("fleet", "rollback", "x"), 1, "[not_found]"),
        (("fleet", "revisions", "nobody"), 1, "[not_found]"),
        (("fleet", "apply", "nowhere", "--source-namespace", "n"), 2, "nowhere"),
        (("fleet", "apply", "."), 2, "--source-namespace"),
        (("fleet", "apply", ".", "--source-namespace", "n"), 1, "pipelines.yaml cannot be read"),
        (("fleet", "list", "--output", "xml"), 2, "xml"),
    ],
)
def test_what_does_not_work_says_why(cli: Run, arguments: tuple[str, ...], code: int, why: str):
    failed = cli(*arguments)
    assert failed.exit_code == code, failed.output
    assert why in failed.stderr


@pytest.mark.parametrize(
    ("manifest", "why"),
    [
        pytest.param("", "must be a mapping with a list", id="nothing"),
        pytest.param("- a", "must be a mapping with a list", id="a list"),
        pytest.param("pipelines: {}", "must be a mapping with a list", id="a mapping of a mapping"),
        pytest.param("pipelines: [", "cannot be read", id="no YAML"),
        pytest.param("pipelines: [x]", "pipelines[0] must have", id="a text"),
        pytest.param("pipelines: [{name: a}]", "pipelines[0] must have", id="no file"),
        pytest.param("pipelines: [{name: a, file: b, match: []}]", "pipelines[0] must have", id="a misspelt key"),
        pytest.param("pipelines: [{name: 1, file: b}]", "are texts", id="a number for a name"),
        pytest.param("pipelines: [{name: a, file: b, enabled: 'no'}]", "true or false", id="a text for a switch"),
        pytest.param("pipelines: [{name: a, file: b, matchers: x=y}]", "list of texts", id="a text for a list"),
        pytest.param("pipelines: [{name: a, file: ../b}]", "lies outside", id="another directory"),
        pytest.param("pipelines: [{name: a, file: /etc/hostname}]", "lies outside", id="an absolute path"),
        pytest.param("pipelines: [{name: a, file: b}]", "cannot be read", id="a missing file"),
        pytest.param("pipelines: [{name: a, file: .}]", "cannot be read", id="a directory"),
        pytest.param(b"\xff", "cannot be read", id="no UTF-8"),
        pytest.param("pipelines: " + "[" * 2000, "cannot be read", id="deep nesting"),
        pytest.param('pipelines: [{name: a, file: "a\\0b"}]', "cannot be read", id="NUL in a path"),
    ],
)
def test_a_wrong_manifest_says_where(cli: Run, tmp_path: Path, manifest: str | bytes, why: str):
    (tmp_path / "pipelines.yaml").write_bytes(manifest if isinstance(manifest, bytes) else manifest.encode())
    failed = cli("fleet", "apply", str(tmp_path), "--source-namespace", "n")
    assert failed.exit_code == 1
    assert why in failed.stderr


def test_opentelemetry_is_told_by_the_files_name(cli: Run, repository: Repository):
    (repository.folder / "otel.yaml").write_text("receivers: {}\n")
    manifest = f"pipelines:\n  - {{name: {repository.name('otel')}, file: otel.yaml, enabled: false}}\n"
    (repository.folder / "pipelines.yaml").write_text(manifest)
    applied = cli("fleet", "apply", *repository.arguments)
    assert applied.exit_code == 0, applied.stderr
    pipelines = json.loads(cli("fleet", "list", "--output", "json").stdout)["pipelines"]
    (ours,) = [each for each in pipelines if each["name"] == repository.name("otel")]
    assert (ours["configType"], ours["enabled"]) == ("CONFIG_TYPE_OTEL", False)
