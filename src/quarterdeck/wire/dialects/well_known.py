"""The well-known types whose JSON depends on no convention: Struct, Value, ListValue and FieldMask."""

from __future__ import annotations

import math
import re
from typing import Any

from quarterdeck.wire.dialects import scalars
from quarterdeck.wire.dialects.conventions import MAX_DEPTH
from quarterdeck.wire.dialects.refusal import Refusal, TooDeep, expected, show

_NO_CAMEL_CASE = re.compile(r"[A-Z]|_(?![a-z])")


def print_struct(message: Any, depth: int) -> dict[str, Any]:
    if depth > MAX_DEPTH:
        raise TooDeep
    fields = message.fields
    printed = {}
    key = ""
    try:
        # In one order, whichever process prints it: clients such as Terraform compare the text.
        for key in sorted(fields):
            printed[key] = print_value(fields[key], depth + 1)
    except Refusal as refusal:
        refusal.inside_entry(key)
        raise
    return printed


def print_list(message: Any, depth: int) -> list[Any]:
    if depth > MAX_DEPTH:
        raise TooDeep
    printed: list[Any] = []
    try:
        for item in message.values:
            printed.append(print_value(item, depth + 1))  # noqa: PERF401 - its length is the index of a refused item
    except Refusal as refusal:
        refusal.inside_item(len(printed))
        raise
    return printed


def print_value(message: Any, depth: int) -> Any:
    """A Value of no kind prints as null. NaN and the infinities are refused: their text would come back as text."""
    match message.WhichOneof("kind"):
        case "string_value":
            return message.string_value
        case "number_value":
            number = message.number_value
            if math.isfinite(number):
                return scalars.print_double(number)
            raise Refusal(f"is {number}, which JSON cannot carry")
        case "bool_value":
            return message.bool_value
        case "struct_value":
            return print_struct(message.struct_value, depth + 1)
        case "list_value":
            return print_list(message.list_value, depth + 1)
        case _:
            return None


def fill_struct(message: Any, value: Any, depth: int) -> None:
    if type(value) is not dict:
        raise expected("an object", value)
    if depth > MAX_DEPTH:
        raise TooDeep
    fields = message.fields
    key: Any = None
    try:
        for key, item in value.items():
            fill_value(fields[scalars.read_text(key)], item, depth + 1)
    except Refusal as refusal:
        refusal.inside_entry(key)
        raise


def fill_list(message: Any, value: Any, depth: int) -> None:
    if type(value) is not list:
        raise expected("a list", value)
    if depth > MAX_DEPTH:
        raise TooDeep
    values = message.values
    index = 0
    try:
        for index, item in enumerate(value):  # noqa: B007 - the index of a refused item
            fill_value(values.add(), item, depth + 1)
    except Refusal as refusal:
        refusal.inside_item(index)
        raise


def fill_value(message: Any, value: Any, depth: int) -> None:
    kind = type(value)
    if kind is str:
        message.string_value = value
    elif kind is bool:
        message.bool_value = value
    elif value is None:
        message.null_value = 0
    elif kind is dict:
        message.struct_value.SetInParent()
        fill_struct(message.struct_value, value, depth + 1)
    elif kind is list:
        message.list_value.SetInParent()
        fill_list(message.list_value, value, depth + 1)
    else:
        message.number_value = scalars.read_double(value)


def print_mask(message: Any, _depth: int) -> str:
    """Paths in lowerCamelCase, joined by commas. A path that would come back as another one is refused."""
    return ",".join(_camel_case(path) for path in message.paths)


def fill_mask(message: Any, value: Any, _depth: int) -> None:
    text = scalars.read_text(value)
    if "_" in text:
        raise Refusal(f"must name its paths in lowerCamelCase, not {show(text)}")
    if text:
        message.paths.extend(re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", text).split(","))


def _camel_case(path: str) -> str:
    if _NO_CAMEL_CASE.search(path):
        raise Refusal(f"has the path {show(path)}, which has no spelling in lowerCamelCase")
    return re.sub("_[a-z]", lambda letters: letters[0][1].upper(), path)
