"""Colors of figures in dark mode."""

from __future__ import annotations

import pytest

from src.analysis.figures.style import COLORS
from src.analysis.report.page_colors import DARK_CARD, MIN_CONTRAST, color_rules, contrast, dark_variant
from tests.conftest import ROOT


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#123456", "#123456") == 1


@pytest.mark.parametrize("color", COLORS)
def test_series_are_visible_in_dark_mode(color: str) -> None:
    is_gray = len({color[1:3], color[3:5], color[5:]}) == 1
    assert contrast(dark_variant(color), DARK_CARD) >= (3 if is_gray else MIN_CONTRAST)


def test_black_and_white_change_places() -> None:
    assert dark_variant("#ffffff") == DARK_CARD
    assert contrast(dark_variant("#000000"), DARK_CARD) > 10
    assert f"--card: {DARK_CARD};" in (ROOT / "src/analysis/report/page.css").read_text()


def test_every_color_has_a_value_in_both_modes() -> None:
    rules = color_rules(["#ffffff", "#d55e00"])
    light, _, dark = rules.partition("@media (prefers-color-scheme: dark)")
    assert "--cffffff:#ffffff;" in light
    assert f"--cffffff:{DARK_CARD};" in dark
    assert "--cd55e00:" in light
    assert "--cd55e00:" in dark
