import datetime

from google.api import annotations_pb2 as _annotations_pb2
from google.api import httpbody_pb2 as _httpbody_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import empty_pb2 as _empty_pb2
from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf import wrappers_pb2 as _wrappers_pb2
from quarterdeck.gen.quarterdeck.wire.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Color(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    COLOR_UNSPECIFIED: _ClassVar[Color]
    COLOR_RED: _ClassVar[Color]
    COLOR_BLUE: _ClassVar[Color]
COLOR_UNSPECIFIED: Color
COLOR_RED: Color
COLOR_BLUE: Color

class Thing(_message.Message):
    __slots__ = ("name", "flag", "small", "big", "unsigned_small", "unsigned_big", "signed_small", "signed_big", "fixed_small", "fixed_big", "signed_fixed_small", "signed_fixed_big", "ratio", "weight", "data", "color", "inner", "nickname", "score", "enabled", "tags", "numbers", "inners", "colors", "labels", "by_number", "by_flag", "word", "number", "nested", "nothing", "at", "lasts", "metadata", "value", "list", "mask", "wrapped_string", "wrapped_number", "wrapped_flag", "wrapped_bytes", "empty", "times", "times_by_name", "odd_name", "oldValue", "weights", "blobs", "colors_by_name")
    class Inner(_message.Message):
        __slots__ = ("label", "inner")
        LABEL_FIELD_NUMBER: _ClassVar[int]
        INNER_FIELD_NUMBER: _ClassVar[int]
        label: str
        inner: Thing.Inner
        def __init__(self, label: _Optional[str] = ..., inner: _Optional[_Union[Thing.Inner, _Mapping]] = ...) -> None: ...
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class ByNumberEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: int
        value: Thing.Inner
        def __init__(self, key: _Optional[int] = ..., value: _Optional[_Union[Thing.Inner, _Mapping]] = ...) -> None: ...
    class ByFlagEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: bool
        value: float
        def __init__(self, key: _Optional[bool] = ..., value: _Optional[float] = ...) -> None: ...
    class TimesByNameEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _timestamp_pb2.Timestamp
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
    class ColorsByNameEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Color
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Color, str]] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    FLAG_FIELD_NUMBER: _ClassVar[int]
    SMALL_FIELD_NUMBER: _ClassVar[int]
    BIG_FIELD_NUMBER: _ClassVar[int]
    UNSIGNED_SMALL_FIELD_NUMBER: _ClassVar[int]
    UNSIGNED_BIG_FIELD_NUMBER: _ClassVar[int]
    SIGNED_SMALL_FIELD_NUMBER: _ClassVar[int]
    SIGNED_BIG_FIELD_NUMBER: _ClassVar[int]
    FIXED_SMALL_FIELD_NUMBER: _ClassVar[int]
    FIXED_BIG_FIELD_NUMBER: _ClassVar[int]
    SIGNED_FIXED_SMALL_FIELD_NUMBER: _ClassVar[int]
    SIGNED_FIXED_BIG_FIELD_NUMBER: _ClassVar[int]
    RATIO_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    COLOR_FIELD_NUMBER: _ClassVar[int]
    INNER_FIELD_NUMBER: _ClassVar[int]
    NICKNAME_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    NUMBERS_FIELD_NUMBER: _ClassVar[int]
    INNERS_FIELD_NUMBER: _ClassVar[int]
    COLORS_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    BY_NUMBER_FIELD_NUMBER: _ClassVar[int]
    BY_FLAG_FIELD_NUMBER: _ClassVar[int]
    WORD_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    NESTED_FIELD_NUMBER: _ClassVar[int]
    NOTHING_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    LASTS_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    LIST_FIELD_NUMBER: _ClassVar[int]
    MASK_FIELD_NUMBER: _ClassVar[int]
    WRAPPED_STRING_FIELD_NUMBER: _ClassVar[int]
    WRAPPED_NUMBER_FIELD_NUMBER: _ClassVar[int]
    WRAPPED_FLAG_FIELD_NUMBER: _ClassVar[int]
    WRAPPED_BYTES_FIELD_NUMBER: _ClassVar[int]
    EMPTY_FIELD_NUMBER: _ClassVar[int]
    TIMES_FIELD_NUMBER: _ClassVar[int]
    TIMES_BY_NAME_FIELD_NUMBER: _ClassVar[int]
    ODD_NAME_FIELD_NUMBER: _ClassVar[int]
    OLDVALUE_FIELD_NUMBER: _ClassVar[int]
    WEIGHTS_FIELD_NUMBER: _ClassVar[int]
    BLOBS_FIELD_NUMBER: _ClassVar[int]
    COLORS_BY_NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    flag: bool
    small: int
    big: int
    unsigned_small: int
    unsigned_big: int
    signed_small: int
    signed_big: int
    fixed_small: int
    fixed_big: int
    signed_fixed_small: int
    signed_fixed_big: int
    ratio: float
    weight: float
    data: bytes
    color: Color
    inner: Thing.Inner
    nickname: str
    score: int
    enabled: bool
    tags: _containers.RepeatedScalarFieldContainer[str]
    numbers: _containers.RepeatedScalarFieldContainer[int]
    inners: _containers.RepeatedCompositeFieldContainer[Thing.Inner]
    colors: _containers.RepeatedScalarFieldContainer[Color]
    labels: _containers.ScalarMap[str, str]
    by_number: _containers.MessageMap[int, Thing.Inner]
    by_flag: _containers.ScalarMap[bool, float]
    word: str
    number: int
    nested: Thing.Inner
    nothing: _struct_pb2.NullValue
    at: _timestamp_pb2.Timestamp
    lasts: _duration_pb2.Duration
    metadata: _struct_pb2.Struct
    value: _struct_pb2.Value
    list: _struct_pb2.ListValue
    mask: _field_mask_pb2.FieldMask
    wrapped_string: _wrappers_pb2.StringValue
    wrapped_number: _wrappers_pb2.Int64Value
    wrapped_flag: _wrappers_pb2.BoolValue
    wrapped_bytes: _wrappers_pb2.BytesValue
    empty: _empty_pb2.Empty
    times: _containers.RepeatedCompositeFieldContainer[_timestamp_pb2.Timestamp]
    times_by_name: _containers.MessageMap[str, _timestamp_pb2.Timestamp]
    odd_name: str
    oldValue: str
    weights: _containers.RepeatedScalarFieldContainer[float]
    blobs: _containers.RepeatedScalarFieldContainer[bytes]
    colors_by_name: _containers.ScalarMap[str, Color]
    def __init__(self, name: _Optional[str] = ..., flag: _Optional[bool] = ..., small: _Optional[int] = ..., big: _Optional[int] = ..., unsigned_small: _Optional[int] = ..., unsigned_big: _Optional[int] = ..., signed_small: _Optional[int] = ..., signed_big: _Optional[int] = ..., fixed_small: _Optional[int] = ..., fixed_big: _Optional[int] = ..., signed_fixed_small: _Optional[int] = ..., signed_fixed_big: _Optional[int] = ..., ratio: _Optional[float] = ..., weight: _Optional[float] = ..., data: _Optional[bytes] = ..., color: _Optional[_Union[Color, str]] = ..., inner: _Optional[_Union[Thing.Inner, _Mapping]] = ..., nickname: _Optional[str] = ..., score: _Optional[int] = ..., enabled: _Optional[bool] = ..., tags: _Optional[_Iterable[str]] = ..., numbers: _Optional[_Iterable[int]] = ..., inners: _Optional[_Iterable[_Union[Thing.Inner, _Mapping]]] = ..., colors: _Optional[_Iterable[_Union[Color, str]]] = ..., labels: _Optional[_Mapping[str, str]] = ..., by_number: _Optional[_Mapping[int, Thing.Inner]] = ..., by_flag: _Optional[_Mapping[bool, float]] = ..., word: _Optional[str] = ..., number: _Optional[int] = ..., nested: _Optional[_Union[Thing.Inner, _Mapping]] = ..., nothing: _Optional[_Union[_struct_pb2.NullValue, str]] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., lasts: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., metadata: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ..., list: _Optional[_Union[_struct_pb2.ListValue, _Mapping]] = ..., mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., wrapped_string: _Optional[_Union[_wrappers_pb2.StringValue, _Mapping]] = ..., wrapped_number: _Optional[_Union[_wrappers_pb2.Int64Value, _Mapping]] = ..., wrapped_flag: _Optional[_Union[_wrappers_pb2.BoolValue, _Mapping]] = ..., wrapped_bytes: _Optional[_Union[_wrappers_pb2.BytesValue, _Mapping]] = ..., empty: _Optional[_Union[_empty_pb2.Empty, _Mapping]] = ..., times: _Optional[_Iterable[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]]] = ..., times_by_name: _Optional[_Mapping[str, _timestamp_pb2.Timestamp]] = ..., odd_name: _Optional[str] = ..., oldValue: _Optional[str] = ..., weights: _Optional[_Iterable[float]] = ..., blobs: _Optional[_Iterable[bytes]] = ..., colors_by_name: _Optional[_Mapping[str, Color]] = ...) -> None: ...

class EchoRequest(_message.Message):
    __slots__ = ("thing", "note", "few", "level", "slug")
    THING_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    FEW_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    SLUG_FIELD_NUMBER: _ClassVar[int]
    thing: Thing
    note: str
    few: _containers.RepeatedScalarFieldContainer[str]
    level: int
    slug: str
    def __init__(self, thing: _Optional[_Union[Thing, _Mapping]] = ..., note: _Optional[str] = ..., few: _Optional[_Iterable[str]] = ..., level: _Optional[int] = ..., slug: _Optional[str] = ...) -> None: ...

class EchoResponse(_message.Message):
    __slots__ = ("thing", "account")
    THING_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    thing: Thing
    account: str
    def __init__(self, thing: _Optional[_Union[Thing, _Mapping]] = ..., account: _Optional[str] = ...) -> None: ...

class FailRequest(_message.Message):
    __slots__ = ("error",)
    ERROR_FIELD_NUMBER: _ClassVar[int]
    error: str
    def __init__(self, error: _Optional[str] = ...) -> None: ...

class CountRequest(_message.Message):
    __slots__ = ("until", "after", "fail_after")
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    FAIL_AFTER_FIELD_NUMBER: _ClassVar[int]
    until: int
    after: str
    fail_after: int
    def __init__(self, until: _Optional[int] = ..., after: _Optional[str] = ..., fail_after: _Optional[int] = ...) -> None: ...

class CountResponse(_message.Message):
    __slots__ = ("id", "number")
    ID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    id: str
    number: int
    def __init__(self, id: _Optional[str] = ..., number: _Optional[int] = ...) -> None: ...

class DescribeRequest(_message.Message):
    __slots__ = ("record_id", "hint")
    RECORD_ID_FIELD_NUMBER: _ClassVar[int]
    HINT_FIELD_NUMBER: _ClassVar[int]
    record_id: str
    hint: str
    def __init__(self, record_id: _Optional[str] = ..., hint: _Optional[str] = ...) -> None: ...

class DescribeResponse(_message.Message):
    __slots__ = ("record_id", "duration_seconds", "closed_time", "tasks", "refs", "owner", "error")
    class Nested(_message.Message):
        __slots__ = ("display_name",)
        DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
        display_name: str
        def __init__(self, display_name: _Optional[str] = ...) -> None: ...
    class RefsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    RECORD_ID_FIELD_NUMBER: _ClassVar[int]
    DURATION_SECONDS_FIELD_NUMBER: _ClassVar[int]
    CLOSED_TIME_FIELD_NUMBER: _ClassVar[int]
    TASKS_FIELD_NUMBER: _ClassVar[int]
    REFS_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    record_id: str
    duration_seconds: int
    closed_time: _timestamp_pb2.Timestamp
    tasks: _containers.RepeatedCompositeFieldContainer[DescribeResponse.Nested]
    refs: _containers.ScalarMap[str, str]
    owner: DescribeResponse.Nested
    error: str
    def __init__(self, record_id: _Optional[str] = ..., duration_seconds: _Optional[int] = ..., closed_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., tasks: _Optional[_Iterable[_Union[DescribeResponse.Nested, _Mapping]]] = ..., refs: _Optional[_Mapping[str, str]] = ..., owner: _Optional[_Union[DescribeResponse.Nested, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...
