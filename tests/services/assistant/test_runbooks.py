"""Runbooks from a directory that anybody may have written to."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from quarterdeck.assistant.tools.runbooks import MOST_BYTES, Runbooks, parse_runbook, runbook_tools
from quarterdeck.assistant.tools.tool import Status, ToolContext
from quarterdeck.assistant.tools.toolbox import ExecutedCall, Toolbox
from quarterdeck.identity.call import CallContext, Caller, Role

DISK = """---
title: Disk is full
description: What to do when a volume fills up
labels: [disk, storage]
---
# Steps

1. Look at NodeFilesystemAlmostOutOfSpace.
2. Remove old logs.
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    books = tmp_path / "runbooks"
    books.mkdir()
    (books / "disk-full.md").write_text(DISK)
    (books / "kafka.md").write_text("# Kafka lags\n\nRestart the consumer when its disk is slow.\n")
    (books / "notes.txt").write_text("no runbook")
    (tmp_path / "secret.md").write_text("outside")
    return books


async def ask(directory: Path, name: str, /, **arguments: Any) -> ExecutedCall:
    caller = Caller("t", "sa_1", "ci", Role.VIEWER, "tok_1")
    context = ToolContext(CallContext(caller, "request-1"), tool_call_id="call_1")
    return await Toolbox(runbook_tools(directory)).execute(name, json.dumps(arguments), context)


async def data(directory: Path, name: str, /, **arguments: Any) -> Any:
    result = await ask(directory, name, **arguments)
    assert result.status is Status.SUCCESS, result.error
    return json.loads(result.data)


async def test_list(directory: Path) -> None:
    assert await data(directory, "runbooks_list") == {
        "total": 2,
        "runbooks": [
            {
                "name": "disk-full",
                "title": "Disk is full",
                "description": "What to do when a volume fills up",
                "labels": ["disk", "storage"],
            },
            {"name": "kafka", "title": "Kafka lags", "description": "", "labels": []},
        ],
    }


@pytest.mark.parametrize("name", ["disk-full", "disk-full.md"])
async def test_get(directory: Path, name: str) -> None:
    book = await data(directory, "runbooks_get", name=name)
    assert book["name"] == "disk-full"
    assert book["text"].startswith("# Steps\n\n1. Look at NodeFilesystem")
    assert book["is_cut"] is False


async def test_search_ranks(directory: Path) -> None:
    found = await data(directory, "runbooks_search", text="disk NodeFilesystemAlmostOutOfSpace")
    assert [book["name"] for book in found["runbooks"]] == ["disk-full", "kafka"]
    assert found["total"] == 2
    assert found["runbooks"][0]["matched"] == ["disk", "nodefilesystemalmostoutofspace"]
    assert "NodeFilesystem" in found["runbooks"][0]["excerpt"]


async def test_search_without_a_hit(directory: Path) -> None:
    assert (await ask(directory, "runbooks_search", text="quasar")).status is Status.NO_DATA


@pytest.mark.parametrize("where", ["missing", "empty"])
async def test_without_runbooks(tmp_path: Path, where: str) -> None:
    (tmp_path / "empty").mkdir()
    assert (await ask(tmp_path / where, "runbooks_list")).status is Status.NO_DATA
    assert (await ask(tmp_path / where, "runbooks_search", text="disk")).status is Status.NO_DATA
    assert (await ask(tmp_path / where, "runbooks_get", name="disk-full")).status is Status.ERROR


@pytest.mark.parametrize(
    "name",
    [
        "../secret", "..", ".", "/etc/passwd", "a/../../secret", "disk-full\x00", ".hidden", "..%2fsecret",
        "..\\secret", "nobody", "notes.txt", "~", "x" * 101,
    ],
)  # fmt: skip
async def test_names_that_lead_elsewhere(directory: Path, name: str) -> None:
    result = await ask(directory, "runbooks_get", name=name)
    assert result.status is Status.ERROR
    assert "outside" not in result.data


async def test_links_that_lead_out_are_not_followed(directory: Path) -> None:
    (directory / "leak.md").symlink_to(directory.parent / "secret.md")
    (directory / "loop.md").symlink_to(directory / "loop.md")
    (directory / "folder.md").mkdir()
    os.mkfifo(directory / "pipe.md")
    names = [book["name"] for book in (await data(directory, "runbooks_list"))["runbooks"]]
    assert names == ["disk-full", "kafka"]
    assert (await ask(directory, "runbooks_get", name="leak")).status is Status.ERROR


async def test_links_within_are_followed(directory: Path) -> None:
    # As Kubernetes mounts a ConfigMap.
    (directory / "..data").mkdir()
    (directory / "..data" / "dns.md").write_text("# DNS")
    (directory / "dns.md").symlink_to(Path("..data") / "dns.md")
    assert (await data(directory, "runbooks_get", name="dns"))["title"] == "DNS"


async def test_a_huge_one_is_cut(directory: Path) -> None:
    (directory / "huge.md").write_text("# Huge\n" + "é" * MOST_BYTES)
    book = await data(directory, "runbooks_get", name="huge")
    assert book["is_cut"] is True
    assert len(book["text"].encode()) <= MOST_BYTES + 3


async def test_secrets_in_a_runbook_are_not_told(directory: Path) -> None:
    (directory / "login.md").write_text("# Login\n\npassword: sesame\n")
    assert "sesame" not in (await ask(directory, "runbooks_get", name="login")).data


@pytest.mark.parametrize(
    ("content", "title", "labels", "text"),
    [
        pytest.param("---\ntitle: [\n---\nx", "n", (), "---\ntitle: [\n---\nx", id="no YAML"),
        pytest.param("---\njust text\n---\nx", "n", (), "---\njust text\n---\nx", id="no mapping"),
        pytest.param("---\ntitle: {a: 1}\nlabels: 7\n---\nx", "n", (), "x", id="wrong types"),
        pytest.param("---\r\ntitle: T\r\nlabels: a, b\r\n---\r\nx\r\n", "T", ("a", "b"), "x", id="Windows"),
        pytest.param("\ufeff---\ntitle: T\n---\nx", "T", (), "x", id="byte order mark"),
        pytest.param("---\ntitle: T\nlabels: {team: a, tier: 1}\n---", "T", ("team:a", "tier:1"), "", id="only front"),
        pytest.param("---\ntitle: T\n", "n", (), "---\ntitle: T", id="never closed"),
        pytest.param("---\ntitle: !!python/object:os.system x\n---\nx", "n", (), None, id="objects"),
        pytest.param("---\na: " + "[" * 15_000 + "\n---\nx", "n", (), None, id="endless depth"),
        pytest.param("---\ntitle: T\nx: " + "y" * 20_000 + "\n---\nz", "n", (), None, id="too long"),
        pytest.param("", "n", (), "", id="empty"),
    ],
)
def test_front_matter(content: str, title: str, labels: tuple[str, ...], text: str | None) -> None:
    book = parse_runbook("n", content)
    assert (book.title, book.labels) == (title, labels)
    assert text is None or book.text == text


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "binary.md").write_bytes(b"# \xff\xfe\x00")
    book = Runbooks(tmp_path).find("binary")
    assert book is not None
    assert "\N{REPLACEMENT CHARACTER}" in book.text
