"""scripts/generate.py: the one rewrite it makes, and whether `--check` sees what it should."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scripts.generate import Tree, differences, main, packages, refresh, relocate_imports

PARENTS = {"pipeline.v1": "house.gen", "house.wire.v1": "house.gen", "testing.v1": "tests.gen"}

PROTO = """syntax = "proto3";
package {package};
{imports}
message Note {{ string text = 1; {field} }}
service NoteService {{ rpc Keep(Note) returns (Note); }}
"""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param(
            "from pipeline.v1 import pipeline_pb2 as x",
            "from house.gen.pipeline.v1 import pipeline_pb2 as x",
            id="from",
        ),
        pytest.param("import pipeline.v1.pipeline_pb2", "import house.gen.pipeline.v1.pipeline_pb2", id="import"),
        pytest.param(
            "    from pipeline.v1 import pipeline_pb2",
            "    from house.gen.pipeline.v1 import pipeline_pb2",
            id="indented",
        ),
        pytest.param("from house.wire.v1 import a", "from house.gen.house.wire.v1 import a", id="the house's own name"),
        pytest.param("from testing.v1 import a", "from tests.gen.testing.v1 import a", id="each under its own parent"),
        pytest.param("from pipeline.v12 import a", "from pipeline.v12 import a", id="a longer name is another package"),
        pytest.param("from pipelinexv1 import a", "from pipelinexv1 import a", id="a dot is a dot"),
        pytest.param("from google.protobuf import a", "from google.protobuf import a", id="libraries stay"),
        pytest.param('x = "from pipeline.v1 import a"', 'x = "from pipeline.v1 import a"', id="strings stay"),
        pytest.param("# see pipeline.v1", "# see pipeline.v1", id="comments stay"),
    ],
)
def test_relocate_imports(line: str, expected: str) -> None:
    text = f'"""Doc."""\n{line}\nx = 1\n'

    assert relocate_imports(text, PARENTS) == f'"""Doc."""\n{expected}\nx = 1\n'


def test_relocating_nothing_changes_nothing() -> None:
    assert relocate_imports("import a.v1", {}) == "import a.v1"


def test_a_second_pass_changes_nothing() -> None:
    once = relocate_imports("from pipeline.v1 import a\nimport house.wire.v1.b\n", PARENTS)

    assert relocate_imports(once, PARENTS) == once


def test_differences_name_changed_missing_and_additional_files(tmp_path: Path) -> None:
    left, right = tmp_path / "left", tmp_path / "right"
    for folder, files in ((left, {"same": "1", "other": "1", "sub/gone": ""}), (right, {"same": "1", "other": "2"})):
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
    (right / "__pycache__").mkdir()
    (right / "__pycache__" / "x.pyc").write_text("")

    assert differences(left, right) == ["other", "sub/gone"]


@pytest.fixture
def planted(tmp_path: Path) -> tuple[Path, Tree, Tree]:
    """A checkout of two trees, the second importing from the first, both generated."""
    (tmp_path / "proto" / "zebra" / "v1").mkdir(parents=True)
    (tmp_path / "proto" / "zebra" / "v1" / "zebra.proto").write_text(
        PROTO.format(package="zebra.v1", imports="", field="")
    )
    (tmp_path / "extra" / "yak" / "v1").mkdir(parents=True)
    (tmp_path / "extra" / "yak" / "v1" / "yak.proto").write_text(
        PROTO.format(package="yak.v1", imports='import "zebra/v1/zebra.proto";', field="zebra.v1.Note note = 2;")
    )
    first = Tree("proto", "planted/gen", "planted.gen")
    second = Tree("extra", "planted_too/gen", "planted_too.gen", includes=("proto",))
    for tree in (first, second):
        refresh(tmp_path, tree, check=False)
    return tmp_path, first, second


def test_generated_trees_are_fresh_and_relocated(planted: tuple[Path, Tree, Tree]) -> None:
    root, first, second = planted

    assert refresh(root, first, check=True) == refresh(root, second, check=True) == []
    assert packages(root / "proto") == {"zebra.v1"}
    made = (root / "planted_too/gen/yak/v1/yak_pb2_grpc.py").read_text()
    assert "from planted_too.gen.yak.v1 import yak_pb2" in made
    assert "from quarterdeck.gen.zebra.v1 import zebra_pb2" in (root / "planted_too/gen/yak/v1/yak_pb2.py").read_text()
    assert (root / "planted/gen/zebra/v1/__init__.py").is_file()


def test_check_names_what_was_edited_by_hand_and_mends_nothing(planted: tuple[Path, Tree, Tree]) -> None:
    root, first, _ = planted
    edited = root / "planted/gen/zebra/v1/zebra_pb2.pyi"
    edited.write_text("# mine\n")
    (root / "planted/gen/stray.py").write_text("")

    assert refresh(root, first, check=True) == ["stray.py", "zebra/v1/zebra_pb2.pyi"]
    assert edited.read_text() == "# mine\n"


def test_generating_mends_adds_and_removes(planted: tuple[Path, Tree, Tree]) -> None:
    root, first, _ = planted
    source = root / "proto/zebra/v1/zebra.proto"
    (root / "proto/zebra/v2").mkdir()
    source.rename(root / "proto/zebra/v2/zebra.proto")
    untouched = root / "planted/gen/__init__.py"
    before = untouched.stat().st_mtime_ns

    refresh(root, first, check=False)

    assert refresh(root, first, check=True) == []
    assert not (root / "planted/gen/zebra/v1").exists()
    assert (root / "planted/gen/zebra/v2/zebra_connect.py").is_file()
    assert untouched.stat().st_mtime_ns == before


def test_an_unknown_argument_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--chekc"]) == 2
    assert "'--chekc'" in capsys.readouterr().out


def test_the_tools_come_from_the_environment_of_this_python() -> None:
    assert (Path(sys.executable).parent / "protoc-gen-connectrpc").is_file()
