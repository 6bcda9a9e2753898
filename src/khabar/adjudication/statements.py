"""What an annotation says, whatever ids and names it uses."""

from khabar.model.annotation import Annotation


def statements(annotation: Annotation, keys: frozenset[str] = frozenset()) -> set[tuple[object, ...]]:
    """Return what an annotation says, whatever its ids: a tuple for each span and each relation between places.

    Args:
        annotation: Whose statements are meant.
        keys: Attributes whose values are names given in the article; only which spans share one counts.
    """
    place = {span.id: (span.layer, span.label, span.start, span.end) for span in annotation.spans}
    named: dict[tuple[str, object], int] = {}

    def told(name: str, value: object) -> tuple[str, object]:
        return name, named.setdefault((name, value), len(named)) if name in keys else value

    spans = set()
    for span in sorted(annotation.spans, key=lambda each: place[each.id]):
        spans.add((*place[span.id], *(told(*each) for each in sorted(span.attributes.items()))))
    links = {(place.get(each.head), each.label, place.get(each.tail)) for each in annotation.relations}
    return {*spans, *links}
