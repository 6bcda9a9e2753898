"""What an annotation says, whatever ids and names it uses."""

from khabar.model.annotation import Annotation
from khabar.model.labels import LabelSet


def statements(annotation: Annotation, labels: LabelSet | None = None) -> set[tuple[object, ...]]:
    """Return what an annotation says, whatever its ids: a tuple for each span and each relation between places.

    Args:
        annotation: Whose statements are meant.
        labels: If given, of names given in the article it only counts which spans share one, and what annotators say
            of their own doubt does not count; else every attribute does, as it is written.
    """
    keys, doubts = (labels.keys_attributes, labels.doubts) if labels else ((), ())
    place = {span.id: (span.layer, span.label, span.start, span.end) for span in annotation.spans}
    named: dict[tuple[str, object], int] = {}

    def told(name: str, value: object) -> tuple[str, object]:
        return name, named.setdefault((name, value), len(named)) if name in keys else value

    spans = set()
    for span in sorted(annotation.spans, key=lambda each: place[each.id]):
        said = sorted(each for each in span.attributes.items() if each[0] not in doubts)
        spans.add((*place[span.id], *(told(*each) for each in said)))
    links = {(place.get(each.head), each.label, place.get(each.tail)) for each in annotation.relations}
    return {*spans, *links}


def layer_of(statement: tuple[object, ...]) -> object:
    """Return the layer of a statement; a link is of that of its head."""
    first = statement[0]
    return first[0] if isinstance(first, tuple) else first
