"""The colors of figures on the page, in light mode and in dark mode."""

from __future__ import annotations

import colorsys
import re
from collections.abc import Iterable

from matplotlib.colors import to_hex, to_rgb

COLOR = re.compile(r"#[0-9a-fA-F]{6}\b")
DARK_CARD = "#1d1f25"  # the background of figures in dark mode, --card in page.css
MIN_CONTRAST = 4.5  # of a curve with that background

_DARK_INK = 0.91  # lightness that black has in dark mode


def color_variable(color: str) -> str:
    """The CSS variable that holds the color: `--c0072b2`."""
    return f"--c{color[1:].lower()}"


def color_rules(colors: Iterable[str]) -> str:
    """CSS that gives every color its value in both modes."""
    names = sorted(set(colors))
    light = "".join(f"{color_variable(color)}:{color};" for color in names)
    dark = "".join(f"{color_variable(color)}:{dark_variant(color)};" for color in names)
    return f":root{{{light}}}\n@media (prefers-color-scheme: dark){{:root{{{dark}}}}}" if names else ""


def dark_variant(color: str) -> str:
    """The color on a dark background: grays change places with each other, other colors become as light as needed."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*to_rgb(color))
    if saturation < 0.1:
        ground = colorsys.rgb_to_hls(*to_rgb(DARK_CARD))[1]
        gray = _DARK_INK + (ground - _DARK_INK) * lightness
        return DARK_CARD if lightness == 1 else to_hex((gray, gray, gray))
    while contrast(to_hex(colorsys.hls_to_rgb(hue, lightness, saturation)), DARK_CARD) < MIN_CONTRAST:
        lightness += 0.01
    return to_hex(colorsys.hls_to_rgb(hue, lightness, saturation))


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two colors, from 1 to 21, as WCAG 2 defines it."""
    darker, lighter = sorted([_luminance(first), _luminance(second)])
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    channels = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in to_rgb(color)]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), channels, strict=True))
