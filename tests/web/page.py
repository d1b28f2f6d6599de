"""Reads a page as a browser without scripts does: elements, texts, links, forms to submit."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "source"})


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    parents: tuple[Element, ...]
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def __getitem__(self, name):
        return self.attributes[name]

    def is_a(self, block):
        return block in self.attributes.get("class", "").split()


class Page(HTMLParser):
    """A parsed answer of the gallery."""

    def __init__(self, answer):
        super().__init__()
        self.elements = []
        self._open = []
        self.feed(answer.text)
        self.close()
        assert self._open == [], "an element was never closed"

    def handle_starttag(self, tag, attrs):
        element = Element(tag, {name: value or "" for name, value in attrs}, tuple(self._open))
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag):
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop().tag == tag, f"</{tag}> closes another element"

    def handle_data(self, data):
        for element in self._open:
            element.text += data

    def all(self, tag, **attributes):
        """The elements of that tag with these attributes, those in templates left out."""
        return [
            element
            for element in self.elements
            if element.tag == tag
            and attributes.items() <= element.attributes.items()
            and "template" not in {parent.tag for parent in element.parents}
        ]

    def one(self, tag, **attributes):
        [found] = self.all(tag, **attributes)
        return found

    def blocks(self, name):
        """The elements of a CSS block."""
        return [element for element in self.elements if element.is_a(name)]

    def told(self):
        """What the page says of what was done before."""
        return [" ".join(element.text.split()) for element in self.blocks("flash")]

    def submit(self, client, action, **typed):
        """What the gallery answers to the form of that action, filled in."""
        form = self.one("form", action=action)
        fields = {
            element["name"]: element.text
            if element.tag == "textarea"
            else element.attributes.get("value", "")
            for element in self.elements
            if form in element.parents
            and element.tag in ("input", "textarea")
            and element.attributes.get("type") != "file"
        }
        assert typed.keys() <= fields.keys() | {"image"}, "the form has no such field"
        if form.attributes.get("method", "get") == "get":
            return client.get(form["action"], query_string=fields | typed)
        if form.attributes.get("enctype") == "multipart/form-data":
            return client.post_form(form["action"], fields | typed)
        return client.post(form["action"], data=fields | typed)

    def structure(self):
        """Every element with the names of its attributes: what markup could change."""
        return [(element.tag, sorted(element.attributes)) for element in self.elements]
