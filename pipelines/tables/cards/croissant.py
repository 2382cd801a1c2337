"""`croissant.json`: the tables of an export in the Croissant format 1.0 (MLCommons), from the record classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.tables.cards.dataset_words import citation, description, name_of, rights

if TYPE_CHECKING:
    from pipelines.archive.schema.json_types import Property, Shape
    from pipelines.tables.cards.packaged import DataFile, DataTable, Packaged
    from pipelines.tables.columns import Column

_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
} | {
    name: f"cr:{name}"
    for name in (
        "citeAs column equivalentProperty extract field fileObject fileProperty fileSet format includes "
        "isLiveDataset jsonPath key md5 parentField path recordSet references regex repeated replace samplingRate "
        "separator source subField transform"
    ).split()
}
_PARQUET = "application/x-parquet"
_TYPES = {"str": "sc:Text", "int": "sc:Integer", "float": "sc:Float"}
_TIMES = {"date": "sc:Date", "date-time": "sc:DateTime"}


def croissant(held: Packaged) -> dict[str, Any]:
    """The document; files are named relative to it, each with its SHA-256 unless its table is partitioned."""
    year, month, day = map(int, held.day.split("-"))
    document = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": name_of(held),
        "description": description(held),
        "license": [*rights(held)],
        "citeAs": citation(held),
        "inLanguage": sorted({site.language for site in held.sites}),
        "datePublished": held.day,
        "version": f"{year}.{month}.{day}",
        "distribution": [
            *(one for table in held.tables for one in _distribution(table)),
            _file(held.codes.path, held.codes, "application/json"),
        ],
        "recordSet": [_record_set(table) for table in held.tables],
    }
    if len(held.sites) == 1:
        document["creator"] = {"@type": "sc:Organization", "name": held.sites[0].committee}
    return document


def _distribution(held: DataTable) -> list[dict[str, Any]]:
    if held.is_partitioned:
        return [{"@type": "cr:FileSet", "@id": _source(held), "encodingFormat": _PARQUET, "includes": held.pattern}]
    return [_file(_source(held), file, _PARQUET) for file in held.files]


def _file(name: str, file: DataFile, encoding: str) -> dict[str, Any]:
    size, sha256 = file.digest()
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": file.path,
        "contentUrl": file.path,
        "contentSize": f"{size} B",
        "encodingFormat": encoding,
        "sha256": sha256,
    }


def _source(held: DataTable) -> str:
    return f"{held.table.name}-files"


def _record_set(held: DataTable) -> dict[str, Any]:
    name = held.table.name
    kind = "fileSet" if held.is_partitioned else "fileObject"
    source = {kind: {"@id": _source(held)}}
    present = {column.name for column in held.columns}
    keys = [{"@id": f"{name}/{key}"} for key in held.table.key if key in present]
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": held.table.about,
        **({"key": keys[0] if len(keys) == 1 else keys} if keys else {}),
        "field": [_field(name, column, source) for column in held.columns],
    }


def _field(table: str, column: Column, source: dict[str, Any]) -> dict[str, Any]:
    ref = f"{table}/{column.name}"
    extracted = source | {"extract": {"column": column.name}}
    made = _described(ref, column.about)
    shape = column.shape
    inner = shape.item or shape
    if shape.item is not None:
        made["repeated"] = True
    if inner.keys:
        return made | {"subField": [_sub_field(ref, key, extracted) for key in inner.keys]}
    return made | {"dataType": _data_type(inner), "source": extracted}


def _sub_field(parent: str, key: Property, extracted: dict[str, Any]) -> dict[str, Any]:
    # In brackets, since some readers of JSONPath take `where` for a word of their own.
    taken = extracted | {"transform": {"jsonPath": f"$['{key.name}']"}}
    made = _described(f"{parent}/{key.name}", key.about or "")
    return made | {"dataType": _data_type(key.shape), "source": taken}


def _described(ref: str, about: str) -> dict[str, Any]:
    return {"@type": "cr:Field", "@id": ref, "name": ref, **({"description": about} if about else {})}


def _data_type(shape: Shape) -> str:
    return _TIMES[shape.format] if shape.format else _TYPES[shape.kind]
