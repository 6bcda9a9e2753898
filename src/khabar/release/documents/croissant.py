"""``croissant.json``: Croissant 1.1 with its words for responsible AI, which catalogues and loaders understand.

A record set a config, read from the shards as they lie beside the file; a file object a shard, with its digest.  What
the format's reader (mlcroissant 1.1.1) cannot give back is left out and named in the record set's description: structs
inside of structs.  A split is told from the path of a shard.
"""

import json
import re
from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from khabar.model.figures import figure, plain
from khabar.model.manifest import Manifest
from khabar.release.documents.answers import DATASHEET, STATEMENT, answers, datasheet, statement
from khabar.release.documents.citation import Author, bibtex, citation, described
from khabar.release.documents.columns import Column, columns, items
from khabar.release.documents.known import DOCUMENTS, Known

CROISSANT = "croissant.json"
PARQUET = "application/x-parquet"
SPLIT = "split"
_CONFORMS = ("http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0")
_OWN = (
    *("arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "extract", "field", "fileProperty"),
    *("fileObject", "fileSet", "format", "includes", "isArray", "isLiveDataset", "jsonPath", "key", "md5"),
    *("parentField", "path", "recordSet", "references", "regex", "repeated", "replace", "samplingRate", "separator"),
    *("source", "subField", "transform"),
)
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "sc": "https://schema.org/",
    **{name: f"cr:{name}" for name in _OWN},
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
}
"""What the names in the file mean, as the specification has it."""
_ANSWERED: dict[str, tuple[str, ...]] = {
    "rai:dataCollection": ("3.1", "3.3"),
    "rai:dataCollectionType": ("3.7",),
    "rai:dataCollectionMissingData": ("2.6",),
    "rai:dataCollectionRawData": ("4.2",),
    "rai:dataPreprocessingProtocol": ("3.2",),
    "rai:dataAnnotationProtocol": ("4.1",),
    "rai:dataAnnotationPlatform": ("4.3",),
    "rai:dataUseCases": ("5.3", "5.5"),
    "rai:dataBiases": ("5.4",),
    "rai:dataLimitations": ("2.3", "2.9"),
    "rai:dataSocialImpact": ("3.11",),
    "rai:personalSensitiveInformation": ("2.14", "2.15"),
    "rai:dataReleaseMaintenancePlan": ("7.4", "7.5", "7.6"),
}
"""Keys of responsible AI, and the questions of the datasheet whose answers they hold."""
_ANNOTATORS = "7"
"""The element of the data statement that tells of the annotators."""


def croissant(known: Known) -> str:
    """Return the metadata as JSON-LD."""
    manifest, cited = known.manifest, citation(known)
    day = known.written.released(manifest.version)
    whole = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": list(_CONFORMS),
        "name": manifest.name,
        "description": described(known),
        "version": manifest.version,
        "inLanguage": known.languages,
        "license": f"https://spdx.org/licenses/{cited.license}.html" if cited and cited.license else "",
        "creator": [_creator(author) for author in cited.authors] if cited else [],
        "citeAs": bibtex(cited, known) if cited else "",
        "keywords": list(cited.keywords) if cited else [],
        "url": cited.url if cited else "",
        "datePublished": day,
        **_responsible(known),
        "distribution": [*_file_objects(manifest), *(_file_set(manifest, name) for name in manifest.configs)],
        "recordSet": [_splits(manifest), *(_record_set(known, name) for name in manifest.configs)],
    }
    told = {name: each for name, each in whole.items() if each}
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"


def _creator(author: Author) -> dict[str, str]:
    return {"@type": "sc:Organization" if author.name else "sc:Person", "name": author.called}


def _responsible(known: Known) -> dict[str, str]:
    found: dict[str, str] = {}
    if sheet := datasheet(known):
        told = answers(plain(sheet))
        for name, those in _ANSWERED.items():
            found[name] = "\n\n".join(f"{told[each]} [{DATASHEET} {each}]" for each in those)
    if page := statement(known):
        found["rai:annotatorDemographics"] = f"{answers(plain(page))[_ANNOTATORS]} [{STATEMENT} {_ANNOTATORS}]"
    found["rai:dataAnnotationAnalysis"] = figure(known.manifest, "agreement")
    counts = known.manifest.counts
    number, articles = sum(counts["annotations"].values()), counts["articles"]["all"]
    found["rai:annotationsPerItem"] = f"{number} annotations of {articles} articles, gold aside"
    return found


def _file_objects(manifest: Manifest) -> Iterable[dict[str, Any]]:
    digests = {file.path: file for file in manifest.files}
    for config in manifest.configs.values():
        for split in config.splits.values():
            for path in split.files:
                yield {
                    "@type": "cr:FileObject",
                    "@id": path,
                    "name": path,
                    "contentUrl": path,
                    "contentSize": f"{digests[path].bytes} B",
                    "encodingFormat": PARQUET,
                    "sha256": digests[path].sha256,
                }


def _file_set(manifest: Manifest, name: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": _set_id(name),
        "name": _set_id(name),
        "description": f"All shards of the config {name}.",
        "encodingFormat": PARQUET,
        "includes": [path for split in manifest.configs[name].splits.values() for path in split.files],
    }


def _splits(manifest: Manifest) -> dict[str, Any]:
    names = dict.fromkeys(split for config in manifest.configs.values() for split in config.splits)
    identity = f"{SPLIT}s/name"
    return {
        "@type": "cr:RecordSet",
        "@id": f"{SPLIT}s",
        "name": f"{SPLIT}s",
        "description": "The splits there are.",
        "dataType": "cr:Split",
        "key": {"@id": identity},
        "field": [{"@type": "cr:Field", "@id": identity, "name": "name", "dataType": "sc:Text"}],
        "data": [{identity: name} for name in names],
    }


def _record_set(known: Known, name: str) -> dict[str, Any]:
    config, told = known.manifest.configs[name], list(columns(known, name))
    left_out = [each.path for each in told if each.path.count(".") == 1 and pa.types.is_nested(each.kind)]
    rows = ", ".join(f"{split.rows} in {name}" for name, split in config.splits.items())
    description = f"A row is {config.summary}; {rows}."
    if left_out:
        description += f" Left out, as structs inside of structs: {', '.join(left_out)}."
    identity = f"{name}/{SPLIT}"
    fields = [_field(name, each, _inside(each, told)) for each in told if "." not in each.path]
    if identity not in [each["@id"] for each in fields]:
        fields.insert(0, _split_field(known.manifest, name))
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": description,
        "field": fields,
    }


def _inside(column: Column, those: list[Column]) -> list[Column]:
    """Return the fields of the structs in a column that the reader can give back."""
    direct = (each for each in those if each.path.rpartition(".")[0] == column.path)
    return [each for each in direct if not pa.types.is_nested(each.kind)]


def _split_field(manifest: Manifest, name: str) -> dict[str, Any]:
    """Return the field that tells the split of a row from the path of its shard."""
    splits = "|".join(re.escape(each) for each in manifest.configs[name].splits)
    return {
        "@type": "cr:Field",
        "@id": f"{name}/{SPLIT}",
        "name": SPLIT,
        "description": "train, validation or test",
        "dataType": "sc:Text",
        "references": {"field": {"@id": f"{SPLIT}s/name"}},
        "source": {
            "fileSet": {"@id": _set_id(name)},
            "extract": {"fileProperty": "fullpath"},
            "transform": {"regex": f"^(?:data/{re.escape(name)}/)?({splits})\\b.*$"},  # the reader does it twice
        },
    }


def _field(config: str, column: Column, inner: list[Column]) -> dict[str, Any]:
    kind = items(column.kind)
    field: dict[str, Any] = {
        "@type": "cr:Field",
        "@id": f"{config}/{column.path.replace('.', '/')}",
        "name": column.path.replace(".", "/"),
        "description": column.meaning + (f" ({column.unit})" if column.unit else ""),
    }
    if kind is not column.kind:
        field |= {"isArray": True, "arrayShape": "-1"}
    if pa.types.is_struct(kind):
        return field | {"subField": [_sub_field(config, column, each) for each in inner]}
    return field | {"dataType": _data_type(kind), "source": _source(config, column.path)}


def _sub_field(config: str, parent: Column, column: Column) -> dict[str, Any]:
    path = column.path.removeprefix(f"{parent.path}.")
    return _field(config, column, []) | {"source": _source(config, parent.path) | {"transform": {"jsonPath": path}}}


def _source(config: str, column: str) -> dict[str, Any]:
    return {"fileSet": {"@id": _set_id(config)}, "extract": {"column": column}}


def _set_id(config: str) -> str:
    return f"{config}-shards"


def _data_type(kind: pa.DataType) -> str:
    if pa.types.is_boolean(kind):
        return "sc:Boolean"
    if pa.types.is_integer(kind):
        return "sc:Integer"
    return "sc:Float" if pa.types.is_floating(kind) else "sc:Text"


DOCUMENTS.add(CROISSANT, croissant)
