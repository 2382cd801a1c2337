"""The files of an archive's `schemas/`: JSON Schemas for validators, and column types for reader libraries."""

from __future__ import annotations

from functools import cache
from typing import Any

from pipelines.archive.disk.files import json_document
from pipelines.archive.read.feeds.feed_records import (
    CHANGE_SCHEMA,
    CURSOR_SCHEMA,
    VIEWS_SCHEMA,
    CursorLine,
    FeedEvent,
    ReadCount,
)
from pipelines.archive.read.index import INDEX_SCHEMA, IndexRow
from pipelines.archive.schema.codes import codes
from pipelines.archive.schema.json_types import Property, Shape, shape_of_record
from pipelines.archive.schema.reader_types import reader_types, readme
from pipelines.record import (
    AS_OF_SCHEMA,
    LATEST_SCHEMA,
    OBSERVATION_SCHEMA,
    SPEECH_SCHEMA,
    AsOf,
    Latest,
    Observation,
    Version,
)

RECORDS: dict[str, type] = {
    SPEECH_SCHEMA: Version,
    OBSERVATION_SCHEMA: Observation,
    LATEST_SCHEMA: Latest,
    INDEX_SCHEMA: IndexRow,
    AS_OF_SCHEMA: AsOf,
    CHANGE_SCHEMA: FeedEvent,
    VIEWS_SCHEMA: ReadCount,
    CURSOR_SCHEMA: CursorLine,
}


@cache
def documents() -> dict[str, bytes]:
    """Every file of `schemas/` by its name in the archive."""
    shapes = {name: shape_of_record(record) for name, record in RECORDS.items()}
    made = {
        f"schemas/{_stem(name)}.schema.json": json_document(_schema(name, shape)) for name, shape in shapes.items()
    }
    readers = {name: reader_types(shape) for name, shape in shapes.items()}
    others = {"codes": json_document(codes(shapes)), "readers": json_document(readers)}
    made |= {f"schemas/{name}.json": document for name, document in others.items()}
    return made | {"schemas/README.md": readme().encode()}


_ABOUT = (
    "Lines of this kind as the software knew them that wrote this file. Lists of allowed values (enum) are complete "
    "for it, and codes.json beside it says what each value means. Later software may add keys and values; then the "
    "archive has a newer set of schemas, in the folder since-N of the greatest N."
)


def _stem(name: str) -> str:
    return name.replace("/", "-")


def _schema(name: str, shape: Shape) -> dict[str, Any]:
    heading = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": name, "description": _ABOUT}
    schema = heading | _json_schema(shape)
    schema["properties"]["schema"]["const"] = name
    return schema


_PLAIN = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}
_PLAIN |= {"list": "array", "object": "object"}


def _json_schema(shape: Shape) -> dict[str, Any]:
    plain = _PLAIN[shape.kind]
    schema: dict[str, Any] = {"type": [plain, "null"] if shape.null else plain}
    if listed := shape.choices or shape.one_of:
        schema["enum"] = [*listed, None] if shape.null else [*listed]
    if shape.item is not None:
        schema["items"] = _json_schema(shape.item)
    if shape.keys:
        schema["properties"] = {key.name: _property(key) for key in shape.keys}
        # Lines written before a key was added lack it.
        always = [key.name for key in shape.keys if not (key.declared and key.declared.later)]
        schema["required"] = always if shape.needs is None else list(shape.needs)
        schema["additionalProperties"] = True
    return schema


def _property(key: Property) -> dict[str, Any]:
    about = {"description": key.about} if key.about else {}
    pattern = {"pattern": key.shape.pattern} if key.shape.pattern else {}
    form = {"format": key.shape.format} if key.shape.format else {}
    return about | _json_schema(key.shape) | pattern | form
