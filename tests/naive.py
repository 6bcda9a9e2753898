"""The rules of the checks once more, as a plain loop over spans: what the columnar ones must agree with, and beat."""

import re
import unicodedata

from khabar.model.text import digest, salted_digest


def naive(annotation, text, labels, *, record=None, closed=False):
    """Return what is broken as (check, start, end, span id), level by level, for one annotation of one text."""
    if annotation.sha256 != digest(text) or (record and record != annotation.sha256):
        return {("text-unchanged", -1, -1, "")}
    found = set(form(annotation, text, labels, closed=closed))
    return found or set(scheme(annotation, text, labels))


def edge(character):
    return character.isspace() or unicodedata.category(character) in ("Cc", "Cf", "Zs", "Zl", "Zp")


def cuts(text, place):
    if not 0 < place < len(text):
        return False
    joined = unicodedata.category(text[place]) in ("Mn", "Mc", "Me") or text[place] == "\N{ZERO WIDTH JOINER}"
    return joined or 0x1F3FB <= ord(text[place]) <= 0x1F3FF or text[place - 1] == "\N{ZERO WIDTH JOINER}"


def form(annotation, text, labels, *, closed):  # noqa: C901, PLR0912 - one plain loop is the point
    ids = set()
    for span in annotation.spans:
        place = (span.start, span.end, span.id)
        inside = 0 <= span.start < span.end <= len(text)
        if not inside:
            yield "span-in-text", *place
        words = text[span.start : span.end]
        if inside and span.text is not None and span.text != words:
            yield "span-marks-its-words", *place
        if inside and span.digest is not None and span.digest != salted_digest(annotation.sha256, words):
            yield "span-marks-its-words", *place
        told = any(
            name in labels.words_attributes and not str(value).startswith("sha256:")
            for name, value in span.attributes.items()
        )
        if closed and (span.text is not None or told):
            yield "words-withheld", *place
        if inside and (edge(words[0]) or edge(words[-1])):
            yield "span-trimmed", *place
        if inside and (cuts(text, span.start) or cuts(text, span.end)):
            yield "span-on-whole-characters", *place
        if inside and "\n" in words:
            yield "span-on-one-line", *place
        if span.id in ids:
            yield "span-id-unique", *place
        ids.add(span.id)
        if labels.layer_of.get(span.label) != span.layer or span.layer not in annotation.layers:
            yield "label-known", *place
        if not all(attribute_fits(span, name, value, labels) for name, value in span.attributes.items()):
            yield "attribute-known", *place
    by_id = {}
    for span in annotation.spans:
        by_id.setdefault(span.id, span)
    names = {each.name for each in labels.relations}
    for relation in annotation.relations:
        if relation.label not in names or relation.head not in by_id or relation.tail not in by_id:
            head = by_id.get(relation.head)
            yield "relation-has-ends", *((head.start, head.end, head.id) if head else (-1, -1, ""))


def attribute_fits(span, name, value, labels):
    entry = labels.attribute(span.label, name)
    if entry is None or isinstance(value, bool) != (entry.kind == "flag"):
        return False
    if entry.kind == "choice":
        return value in {each.name for each in entry.values}
    return entry.kind == "flag" or value.strip() not in ("", "sha256:")


def scheme(annotation, text, labels):  # noqa: C901, PLR0912 - idem
    spans = annotation.spans
    by_id = {span.id: span for span in spans}
    regions = [span for span in spans if labels.layers[span.layer].lines]
    kinds = {each.name: each for each in labels.relations}
    for span in spans:
        place = (span.start, span.end, span.id)
        for entry in labels.attributes:
            if entry.required and span.label in entry.labels and entry.name not in span.attributes:
                yield "attribute-required", *place
        for kind in labels.relations:
            if kind.exactly_one_unless and kind.head == span.label:
                links = sum(each.head == span.id and each.label == kind.name for each in annotation.relations)
                if links != (0 if kind.exactly_one_unless in span.attributes else 1):
                    yield "quote-has-source", *place
        if labels.layers[span.layer].inside_main:
            first = [each for each in regions if each.start <= span.start < each.end]
            last = [each for each in regions if each.start < span.end <= each.end]
            if "region" in annotation.layers and (not first or not last or first[0] is not last[0]):
                yield "span-in-one-region", *place
            if first and not labels.labels[first[0].label].main:
                yield "span-in-main", *place
        if labels.layers[span.layer].outside_proclitics and not begins_well(text, span.start, labels):
            yield "proclitic-outside", *place
    for relation in annotation.relations:
        head, tail, kind = by_id[relation.head], by_id[relation.tail], kinds[relation.label]
        if (head.label, tail.label) != (kind.head, kind.tail) or head is tail:
            yield "relation-fits", head.start, head.end, head.id
        if kind.backwards and head.start <= tail.start:
            yield "relation-goes-back", head.start, head.end, head.id
    yield from lines(annotation, text, regions)
    yield from marks(annotation, text, labels, regions)


def begins_well(text, start, labels):
    begin = start
    while begin and (unicodedata.category(text[begin - 1])[0] in "LMN" or text[begin - 1] in labels.quotation_marks):
        begin -= 1
    prefix = "".join(each for each in text[begin:start] if unicodedata.category(each) != "Mn")
    glyphs = re.escape(labels.quotation_marks)
    return re.fullmatch(f"[{glyphs}]*(?:{labels.proclitics})[\N{ARABIC TATWEEL}{glyphs}]*", prefix) is not None


def lines(annotation, text, regions):
    wanted = []
    begin = 0
    for line in text.split("\n"):
        stop = begin + len(line)
        first, last = begin, stop
        while first < last and edge(text[first]):
            first += 1
        while last > first and edge(text[last - 1]):
            last -= 1
        if first < last:
            wanted.append((first, last))
        begin = stop + 1
    taken = set()
    partly = []
    for region in sorted(regions, key=lambda each: each.start):
        place = (region.start, region.end)
        if place not in wanted:
            yield "region-lines", *place, region.id
            partly += [line for line in wanted if line[0] <= region.start][-1:]
        elif place in taken:
            yield "region-lines", *place, region.id
        taken.add(place)
    for line in wanted:
        if line not in taken and line not in partly and "region" in annotation.layers:
            yield "region-lines", *line, ""


def marks(annotation, text, labels, regions):
    for name, layer in labels.layers.items():
        accounting = [
            span
            for span in annotation.spans
            for kind in layer.marks_in
            if span.label == kind.label and (not kind.attribute or span.attributes.get(kind.attribute) == kind.value)
        ]
        if not layer.marks_in:
            continue
        pieces = {
            end
            for relation in annotation.relations
            for kind in labels.relations
            if kind.name == relation.label and kind.backwards
            for end in (relation.head, relation.tail)
        }

        def in_main(place):
            region = next((each for each in regions if each.start <= place < each.end), None)
            return region is None or labels.labels[region.label].main

        for span in accounting:
            inside = [at for at in range(span.start, span.end) if text[at] in labels.quotation_marks and in_main(at)]
            if len(inside) % 2 and span.id not in pieces:
                yield "marks-paired", span.start, span.end, span.id
        for place, character in enumerate(text):
            main = in_main(place)
            accounted = any(span.start <= place < span.end for span in accounting)
            if character in labels.quotation_marks and main and name in annotation.layers and not accounted:
                yield "marks-accounted", place, place + 1, ""
