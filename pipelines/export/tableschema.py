"""Table Schemas (Data Package 2.0) of an archive's lines, generated from the record classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.archive.schema.json_types import shape_of_record

if TYPE_CHECKING:
    from pipelines.archive.schema.json_types import Property

_TYPES = {"str": "string", "int": "integer", "float": "number", "list": "array", "object": "object"}
_TIMES = {"date": "date", "date-time": "datetime"}


def table_schema(record: type, *primary_key: str) -> dict[str, Any]:
    """The Table Schema of a record's lines: a field for each key, in order, and the primary key."""
    keys = shape_of_record(record).keys
    # An empty string is a value, and later software may have added keys.
    reading = {"missingValues": [], "fieldsMatch": "superset"}
    return {"fields": [_field(key) for key in keys], "primaryKey": [*primary_key], **reading}


def _field(key: Property) -> dict[str, Any]:
    type_ = _TIMES[key.shape.format] if key.shape.format else _TYPES[key.shape.kind]
    constraints: dict[str, Any] = {"required": not key.shape.null}
    if listed := key.shape.choices or key.shape.one_of:
        constraints["enum"] = [*listed]
    if key.shape.pattern and type_ == "string":
        constraints["pattern"] = key.shape.pattern.removeprefix("^").removesuffix("$")
    about = {"description": key.about} if key.about else {}
    return {"name": key.name, "type": type_, **about, "constraints": constraints}
