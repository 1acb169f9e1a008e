from quarterdeck.gen.incident.v1 import role_pb2 as _role_pb2
from quarterdeck.gen.incident.v1 import user_pb2 as _user_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Assignment(_message.Message):
    __slots__ = ("user", "role", "role_id")
    USER_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    ROLE_ID_FIELD_NUMBER: _ClassVar[int]
    user: _user_pb2.UserPreview
    role: _role_pb2.Role
    role_id: int
    def __init__(self, user: _Optional[_Union[_user_pb2.UserPreview, _Mapping]] = ..., role: _Optional[_Union[_role_pb2.Role, _Mapping]] = ..., role_id: _Optional[int] = ...) -> None: ...

class AssignmentPreview(_message.Message):
    __slots__ = ("user", "role_id")
    USER_FIELD_NUMBER: _ClassVar[int]
    ROLE_ID_FIELD_NUMBER: _ClassVar[int]
    user: _user_pb2.UserPreview
    role_id: int
    def __init__(self, user: _Optional[_Union[_user_pb2.UserPreview, _Mapping]] = ..., role_id: _Optional[int] = ...) -> None: ...

class IncidentMembership(_message.Message):
    __slots__ = ("assignments", "total_assignments", "total_participants")
    ASSIGNMENTS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_ASSIGNMENTS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_PARTICIPANTS_FIELD_NUMBER: _ClassVar[int]
    assignments: _containers.RepeatedCompositeFieldContainer[Assignment]
    total_assignments: int
    total_participants: int
    def __init__(self, assignments: _Optional[_Iterable[_Union[Assignment, _Mapping]]] = ..., total_assignments: _Optional[int] = ..., total_participants: _Optional[int] = ...) -> None: ...

class IncidentMembershipPreview(_message.Message):
    __slots__ = ("important_assignments", "total_assignments", "total_participants")
    IMPORTANT_ASSIGNMENTS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_ASSIGNMENTS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_PARTICIPANTS_FIELD_NUMBER: _ClassVar[int]
    important_assignments: _containers.RepeatedCompositeFieldContainer[AssignmentPreview]
    total_assignments: int
    total_participants: int
    def __init__(self, important_assignments: _Optional[_Iterable[_Union[AssignmentPreview, _Mapping]]] = ..., total_assignments: _Optional[int] = ..., total_participants: _Optional[int] = ...) -> None: ...
