"""As much of SVG as a drawing of figures needs, written by the standard library."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

NAMESPACE = "http://www.w3.org/2000/svg"


class Picture:
    """A picture in the making; lengths are pixels, from its upper left corner."""

    def __init__(self, width: float, height: float, title: str) -> None:
        size = {"width": _number(width), "height": _number(height), "viewBox": f"0 0 {_number(width)} {_number(height)}"}
        self._root = ET.Element("svg", {"xmlns": NAMESPACE, "role": "img", "font-family": "system-ui, sans-serif", **size})
        ET.SubElement(self._root, "title").text = title
        self.rectangle(0, 0, width, height, "#ffffff")

    def rectangle(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """A filled rectangle."""
        place = {"x": _number(x), "y": _number(y), "width": _number(width), "height": _number(height)}
        ET.SubElement(self._root, "rect", {**place, "fill": colour})

    def line(self, points: Iterable[tuple[float, float]], colour: str, width: float = 1, dashes: str = "", opacity: float = 1) -> None:
        """A line through points."""
        path = " ".join(f"{_number(x)},{_number(y)}" for x, y in points)
        given = {"points": path, "fill": "none", "stroke": colour, "stroke-width": _number(width), "stroke-opacity": _number(opacity)}
        ET.SubElement(self._root, "polyline", given | ({"stroke-dasharray": dashes} if dashes else {}))

    def circle(self, x: float, y: float, radius: float, colour: str) -> None:
        """A filled circle."""
        ET.SubElement(self._root, "circle", {"cx": _number(x), "cy": _number(y), "r": _number(radius), "fill": colour})

    def text(
        self, x: float, y: float, said: str, size: float = 11, anchor: str = "start", colour: str = "#333333", weight: str = ""
    ) -> None:
        """A line of text; `anchor` says which of its ends lies at the place."""
        given = {"x": _number(x), "y": _number(y), "font-size": _number(size), "text-anchor": anchor, "fill": colour}
        ET.SubElement(self._root, "text", given | ({"font-weight": weight} if weight else {})).text = said

    def written(self) -> str:
        """The file's text."""
        ET.indent(self._root)
        return ET.tostring(self._root, encoding="unicode") + "\n"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
