"""terraform-provider-grafana (from 4.55.0): roles, severities and custom fields, by Bearer or by `user:password`."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from tests.clients.incident_rpc import IRM, Rpc, token_of, unique
from tests.running_server import RunningServer

_MAXIMUM = "A maximum of 5 active roles is allowed"
_MINIMUM = "At least 2 active roles are required"


@pytest.fixture
def terraform(server: RunningServer) -> Iterator[Rpc]:
    with Rpc(server, IRM, headers={"Content-Type": "application/json; charset=utf-8"}) as rpc:
        yield rpc


@pytest.fixture
def made(terraform: Rpc) -> Iterator[list[int]]:
    """Ids of roles to delete at the end, so that the bounds are where the next test expects them."""
    ids: list[int] = []
    yield ids
    for role_id in ids:
        terraform.send("RolesService.DeleteRole", {"roleID": role_id})


def _role(name: str, **fields: Any) -> dict[str, Any]:
    """A role as incident-go sends it: every field."""
    return {
        "roleID": 0, "orgID": "", "name": name, "description": "", "important": False, "mandatory": False,
        "archived": False, "createdAt": "", "updatedAt": "", **fields,
    }  # fmt: skip


def _create(rpc: Rpc, made: list[int], **fields: Any) -> dict[str, Any]:
    role: dict[str, Any] = rpc.ok("RolesService.CreateRole", {"role": _role(unique("role"), **fields)})["role"]
    made.append(role["roleID"])
    return role


def _roles(rpc: Rpc) -> dict[int, dict[str, Any]]:
    return {role["roleID"]: role for role in rpc.ok("RolesService.GetRoles", {})["roles"]}


def test_terraform_4_55_role_lives_and_dies(terraform: Rpc, made: list[int]) -> None:
    role = _create(terraform, made, description="")
    assert isinstance(role["roleID"], int)
    assert role["description"] == ""
    assert isinstance(role["orgID"], str)
    read = _roles(terraform)[role["roleID"]]
    assert read["createdAt"] != ""
    assert read["updatedAt"] == ""

    changed = {**read, "name": unique("renamed"), "description": "decides", "important": True}
    updated = terraform.ok("RolesService.UpdateRole", {"role": changed})["role"]
    assert (updated["name"], updated["description"], updated["important"]) == (changed["name"], "decides", True)
    # The whole role is replaced: what is left out becomes empty.
    terraform.ok("RolesService.UpdateRole", {"role": _role(changed["name"], roleID=role["roleID"])})
    read = _roles(terraform)[role["roleID"]]
    assert (read["description"], read["important"]) == ("", False)
    assert read["updatedAt"] != ""

    terraform.ok("RolesService.ArchiveRole", {"roleID": role["roleID"]})
    assert _roles(terraform)[role["roleID"]]["archived"] is True
    terraform.ok("RolesService.UnarchiveRole", {"roleID": role["roleID"]})
    assert _roles(terraform)[role["roleID"]]["archived"] is False
    terraform.ok("RolesService.DeleteRole", {"roleID": role["roleID"]})
    assert role["roleID"] not in _roles(terraform)


def test_terraform_4_55_tolerates_a_role_that_is_gone(terraform: Rpc) -> None:
    for method in ("DeleteRole", "ArchiveRole", "UnarchiveRole"):
        terraform.refused(f"RolesService.{method}", {"roleID": 987654}, 404, "roles.not_found")
    terraform.refused("RolesService.UpdateRole", {"role": _role("x", roleID=987654)}, 404, "roles.not_found")


def test_terraform_4_55_a_name_is_taken_even_by_an_archived_role(terraform: Rpc, made: list[int]) -> None:
    role = _create(terraform, made)
    terraform.ok("RolesService.ArchiveRole", {"roleID": role["roleID"]})

    terraform.refused("RolesService.CreateRole", {"role": _role(role["name"])}, 409, "roles.name_conflict")


def test_terraform_4_55_at_most_five_roles_are_active(terraform: Rpc, made: list[int]) -> None:
    active = sum(not role["archived"] for role in _roles(terraform).values())
    for _ in range(5 - active):
        _create(terraform, made)
    spare = made[-1]
    refusal = terraform.refused(
        "RolesService.CreateRole", {"role": _role(unique("one too many"))}, 409, "roles.maximum_active_reached"
    )
    assert refusal["detail"] == _MAXIMUM

    terraform.ok("RolesService.ArchiveRole", {"roleID": spare})
    _create(terraform, made)
    refusal = terraform.refused("RolesService.UnarchiveRole", {"roleID": spare}, 409, "roles.maximum_active_reached")
    assert refusal["detail"] == _MAXIMUM


def test_terraform_4_55_at_least_two_roles_are_active(terraform: Rpc) -> None:
    active = [role_id for role_id, role in _roles(terraform).items() if not role["archived"]]
    for role_id in active[2:]:
        terraform.ok("RolesService.ArchiveRole", {"roleID": role_id})
    for method in ("ArchiveRole", "DeleteRole"):
        refusal = terraform.refused(
            f"RolesService.{method}", {"roleID": active[0]}, 409, "roles.minimum_active_required"
        )
        assert refusal["detail"] == _MINIMUM
    # A role that is not there is that, whatever the bounds say.
    terraform.refused("RolesService.DeleteRole", {"roleID": 987654}, 404, "roles.not_found")
    for role_id in active[2:]:
        terraform.ok("RolesService.UnarchiveRole", {"roleID": role_id})


def test_terraform_4_55_severity(terraform: Rpc) -> None:
    wanted = {
        "displayLabel": "Trivial",
        "level": 4,
        "description": "d",
        "iconName": "",
        "darkColor": "#111111",
        "lightColor": "#222222",
    }
    severity = terraform.ok("SeveritiesService.CreateOrgSeverity", {"severity": wanted})["severity"]
    assert severity.items() >= wanted.items()
    severity_id = severity["severityID"]
    archived = terraform.ok(
        "SeveritiesService.UpdateOrgSeverity",
        {"severity": {"severityID": severity_id, "archivedAt": "2026-01-01T00:00:00Z"}},
    )["severity"]
    assert archived["archivedAt"] != ""
    listed = terraform.ok("SeveritiesService.GetOrgSeverities", {})["severities"]
    assert severity_id in [each["severityID"] for each in listed]
    # An archived severity keeps its label and its level, and cannot be chosen.
    terraform.refused(
        "SeveritiesService.CreateOrgSeverity", {"severity": {**wanted, "level": 5}}, 409, "common.conflict"
    )
    terraform.refused(
        "IncidentsService.CreateIncident", {"title": "x", "severity": "Trivial"}, 400, "common.validation_failed"
    )
    back = {"severity": {"severityID": severity_id, "archivedAt": ""}}
    assert terraform.ok("SeveritiesService.UpdateOrgSeverity", back)["severity"]["archivedAt"] == ""
    terraform.ok("SeveritiesService.DeleteOrgSeverity", {"severityID": severity_id})
    terraform.refused("SeveritiesService.DeleteOrgSeverity", {"severityID": severity_id}, 404, "common.not_found")


def test_terraform_4_55_custom_field(terraform: Rpc) -> None:
    field = terraform.ok(
        "FieldsService.AddField",
        {
            "field": {
                "uuid": "", "name": unique("region"), "slug": "", "color": "", "icon": "", "description": "where",
                "type": "single-select", "required": False, "immutable": False, "domainName": "incident",
                "selectoptions": [
                    {"uuid": "", "value": "eu", "label": "Europe", "color": "", "icon": "", "description": ""}
                ],
                "source": "", "externalID": "", "archived": False, "version": 0,
            }
        },
    )["field"]  # fmt: skip
    uuid = field["uuid"]
    [option] = field["selectoptions"]
    assert (option["value"], option["label"]) == ("eu", "Europe")
    terraform.ok("FieldsService.ArchiveField", {"fieldUUID": uuid})
    names = [each["uuid"] for each in terraform.ok("FieldsService.GetFields", {"domainName": "incident"})["fields"]]
    assert uuid not in names
    terraform.refused("FieldsService.GetField", {"fieldUUID": uuid}, 404, "common.not_found")
    hidden = terraform.ok("FieldsService.GetField", {"fieldUUID": uuid, "includeArchived": True})["field"]
    assert hidden["archived"] is True
    terraform.ok("FieldsService.UnarchiveField", {"fieldUUID": uuid})
    terraform.ok("FieldsService.DeleteField", {"fieldUUID": uuid})
    terraform.refused("FieldsService.DeleteField", {"fieldUUID": uuid}, 404, "common.not_found")


def test_terraform_4_55_user_and_password(server: RunningServer) -> None:
    basic = base64.b64encode(f"admin:{server.token}".encode()).decode()
    with Rpc(server, IRM, headers={"Authorization": f"Basic {basic}"}) as rpc:
        assert _roles(rpc)


def test_terraform_4_55_an_editor_may_not_configure(server: RunningServer) -> None:
    with Rpc(server, IRM, token=token_of(server, "editor")) as editor:
        editor.refused("RolesService.CreateRole", {"role": _role("x")}, 403, "common.forbidden")
        severity = {"severity": {"displayLabel": "x", "level": 4}}
        editor.refused("SeveritiesService.CreateOrgSeverity", severity, 403, "common.forbidden")
        assert _roles(editor)
