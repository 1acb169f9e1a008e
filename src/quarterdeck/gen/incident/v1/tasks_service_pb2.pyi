from quarterdeck.gen.incident.v1 import task_pb2 as _task_pb2
from quarterdeck.gen.quarterdeck.wire.v1 import options_pb2 as _options_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AddTaskRequest(_message.Message):
    __slots__ = ("incident_id", "text", "assign_to_user_id")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    ASSIGN_TO_USER_ID_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    text: str
    assign_to_user_id: str
    def __init__(self, incident_id: _Optional[str] = ..., text: _Optional[str] = ..., assign_to_user_id: _Optional[str] = ...) -> None: ...

class AddTaskResponse(_message.Message):
    __slots__ = ("incident_id", "task", "task_list", "error")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    TASK_FIELD_NUMBER: _ClassVar[int]
    TASK_LIST_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    task: _task_pb2.Task
    task_list: _task_pb2.TaskList
    error: str
    def __init__(self, incident_id: _Optional[str] = ..., task: _Optional[_Union[_task_pb2.Task, _Mapping]] = ..., task_list: _Optional[_Union[_task_pb2.TaskList, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class DeleteTaskRequest(_message.Message):
    __slots__ = ("incident_id", "task_id")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    task_id: str
    def __init__(self, incident_id: _Optional[str] = ..., task_id: _Optional[str] = ...) -> None: ...

class DeleteTaskResponse(_message.Message):
    __slots__ = ("incident_id", "task_list", "error")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    TASK_LIST_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    task_list: _task_pb2.TaskList
    error: str
    def __init__(self, incident_id: _Optional[str] = ..., task_list: _Optional[_Union[_task_pb2.TaskList, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class UpdateTaskStatusRequest(_message.Message):
    __slots__ = ("incident_id", "task_id", "status")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    task_id: str
    status: str
    def __init__(self, incident_id: _Optional[str] = ..., task_id: _Optional[str] = ..., status: _Optional[str] = ...) -> None: ...

class UpdateTaskStatusResponse(_message.Message):
    __slots__ = ("incident_id", "task", "task_list", "error")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    TASK_FIELD_NUMBER: _ClassVar[int]
    TASK_LIST_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    task: _task_pb2.Task
    task_list: _task_pb2.TaskList
    error: str
    def __init__(self, incident_id: _Optional[str] = ..., task: _Optional[_Union[_task_pb2.Task, _Mapping]] = ..., task_list: _Optional[_Union[_task_pb2.TaskList, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class UpdateTaskTextRequest(_message.Message):
    __slots__ = ("incident_id", "task_id", "text")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    task_id: str
    text: str
    def __init__(self, incident_id: _Optional[str] = ..., task_id: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class UpdateTaskTextResponse(_message.Message):
    __slots__ = ("incident_id", "task", "task_list", "error")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    TASK_FIELD_NUMBER: _ClassVar[int]
    TASK_LIST_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    task: _task_pb2.Task
    task_list: _task_pb2.TaskList
    error: str
    def __init__(self, incident_id: _Optional[str] = ..., task: _Optional[_Union[_task_pb2.Task, _Mapping]] = ..., task_list: _Optional[_Union[_task_pb2.TaskList, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class UpdateTaskUserRequest(_message.Message):
    __slots__ = ("incident_id", "task_id", "user_id")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    task_id: str
    user_id: str
    def __init__(self, incident_id: _Optional[str] = ..., task_id: _Optional[str] = ..., user_id: _Optional[str] = ...) -> None: ...

class UpdateTaskUserResponse(_message.Message):
    __slots__ = ("incident_id", "task", "task_list", "error")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    TASK_FIELD_NUMBER: _ClassVar[int]
    TASK_LIST_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    incident_id: str
    task: _task_pb2.Task
    task_list: _task_pb2.TaskList
    error: str
    def __init__(self, incident_id: _Optional[str] = ..., task: _Optional[_Union[_task_pb2.Task, _Mapping]] = ..., task_list: _Optional[_Union[_task_pb2.TaskList, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...
