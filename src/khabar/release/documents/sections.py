"""What people read in the card, in the Hub's sections: figures from the manifest, judgements from the datasheet."""

from khabar.model.figures import marked
from khabar.model.layout import DECISIONS, ROWS, TOMBSTONES
from khabar.release.documents.answers import MISSING, said
from khabar.release.documents.citation import bibtex, citation
from khabar.release.documents.known import Known
from khabar.release.documents.structure import cell, structure

AGREEMENT = "agreement"
"""The table of agreement, which a datasheet may hold."""


def body(known: Known) -> str:
    """Return the card below its head."""
    return "\n\n".join((_details(known), _uses(known), structure(known), _creation(known), _end(known))) + "\n"


def _details(known: Known) -> str:
    manifest = known.manifest
    return f"""# {manifest.name.capitalize()} {marked(manifest, "version")}

News articles annotated in layers: {", ".join(f"`{layer}`" for layer in manifest.layers)}. Offsets count Unicode code
points, half-open, in the text whose SHA-256 `articles` has. In figures: {marked(manifest, "summary")}

## Dataset Details

### Dataset Description

{said(known, "1.1", "1.4", "2.2")}

- **Curated by:** {_authors(known)}
- **Funded by:** {said(known, "1.3")}
- **Language(s) (NLP):** {", ".join(f"`{each}`" for each in known.languages)}
- **License:** {_license(known)}; of each text in its row: see `LICENSE.md`
- **Version:** {marked(manifest, "version")}, label set {marked(manifest, "scheme")}
- **Content:** {marked(manifest, "content")}

### Dataset Sources

{_sources(known)}"""


def _authors(known: Known) -> str:
    cited = citation(known)
    return "; ".join(author.called for author in cited.authors) if cited else MISSING


def _license(known: Known) -> str:
    cited = citation(known)
    return f"{cited.license} for annotations and authored texts" if cited and cited.license else MISSING


def _sources(known: Known) -> str:
    rows = (f"| `{each.id}` | {cell(each.outlet)} | {each.provenance} | {cell(each.note)} |" for each in known.sources)
    return "\n".join(["| source | outlet | provenance | note |", "|---|---|---|---|", *rows])


def _uses(known: Known) -> str:
    return f"""## Uses

### Direct Use

{said(known, "5.1", "5.3")}

### Out-of-Scope Use

{said(known, "5.5")}"""


def _creation(known: Known) -> str:
    counts, process = known.manifest.counts, said(known, "4.1")
    annotators = ", ".join(
        f"{marked(known.manifest, f'counts.annotators.{kind}')} of kind `{kind}` with"
        f" {marked(known.manifest, f'counts.annotations.{kind}')} annotations of an article"
        for kind in counts["annotators"]
    )
    return f"""## Dataset Creation

### Curation Rationale

{said(known, "1.1", "3.3")}

### Source Data

#### Data Collection and Processing

{said(known, "3.1", "3.2", "3.5", "4.4")}

#### Who are the source data producers?

{said(known, "3.7")}

### Annotations

#### Annotation process

{process}

{_settled(known)}{"" if f"<!--={AGREEMENT}-->" in process else marked(known.manifest, AGREEMENT)}

#### Who are the annotators?

Annotators of the articles in this release, gold aside: {annotators}.{_roles(known)}{_guidelines(known)}

#### Personal and Sensitive Information

{said(known, "2.11", "2.12", "2.14", "2.15", "7.5")}"""


def _guidelines(known: Known) -> str:
    if not known.written.guidelines:
        return ""
    return " The guidelines they were given, and the rulings on\ncases that these leave open, stand in `guidelines/`."


def _papers(known: Known) -> str:
    there = (name for name in ("DATASHEET.md", "DATA_STATEMENT.md") if known.written.paper(name) is not None)
    scheme = dict.fromkeys(f"{path.partition('/')[0]}/" if "/" in path else path for path in known.written.scheme())
    return ", ".join(f"`{name}`" for name in (*there, "LICENSE.md", *scheme, "croissant.json"))


def _settled(known: Known) -> str:
    """Return what settled spans, links and questions; nothing where no decision is recorded."""
    told = known.manifest.counts["settled"]
    if not any(told.values()):
        return ""
    counted = ", ".join(
        f"{marked(known.manifest, f'counts.settled.{how}')} `{how}`" for how, number in told.items() if number
    )
    return f"What settled the spans, links and questions of the config `{DECISIONS}`: {counted}.\n\n"


def _roles(known: Known) -> str:
    """Return in which roles annotators spoke; nothing where none adjudicated."""
    told = known.manifest.counts["roles"]
    if not told["adjudicator"]:
        return ""
    counted = " and ".join(f"{marked(known.manifest, f'counts.roles.{role}')} by an {role}" for role in told)
    return f" Of the annotations of an article {counted}: adjudicators saw what others had said."


def _taken_down(known: Known) -> str:
    if "taken_down" not in known.manifest.counts["articles"]:
        return ""
    number = marked(known.manifest, "counts.articles.taken_down")
    return f"\nArticles that were taken down: {number}; `{TOMBSTONES}` keeps their ids and the reasons, nothing else."


def _end(known: Known) -> str:
    cited = citation(known)
    entry = f"```bibtex\n{bibtex(cited, known)}\n```" if cited else MISSING
    return f"""## Bias, Risks, and Limitations

{said(known, "2.9", "5.4")}

### Recommendations

{said(known, "5.6")}

## Citation

{entry}

## Glossary

A *region* is a line of the page and what it is; *boilerplate* is a region that is none of the article. A *gold*
annotation is what was adjudicated. *Offsets only* means that an outlet does not allow its text to be copied.

## More Information

{_papers(known)}; `manifest.json` with every digest, `{ROWS}` with those of each article's rows.{_taken_down(known)}

## Dataset Card Authors

{_authors(known)}

## Dataset Card Contact

{said(known, "7.2")}"""
