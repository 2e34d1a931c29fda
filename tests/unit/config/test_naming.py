"""Names, and folders of runs."""

from __future__ import annotations

import pytest

from src.config.naming import check_name, path_label
from src.errors import UsageError


@pytest.mark.parametrize("name", ["cosine", "lenet-sgd-5-epochs", "a.b+c_d", "Größe2", "0.5x"])
def test_plain_name_is_kept(name: str) -> None:
    assert check_name("name", name) == name


@pytest.mark.parametrize("name", ["..", "../x", "/etc/x", "a/b", "", "[/x]", "x^$", "=1+1", "-rf", "a b", "<b>", "a|b"])
def test_name_that_could_be_a_path_markup_or_a_formula_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="must consist of letters, digits"):
        check_name("model.name", name)


def test_long_name_is_refused_in_a_short_message() -> None:
    assert check_name("model.name", "x" * 100)
    with pytest.raises(UsageError, match=r"^model\.name=x{20}\.\.\.: has 101 characters; a name has at most 100$"):
        check_name("model.name", "x" * 101)


def test_label_is_a_legal_and_short_folder_name() -> None:
    assert path_label("") == "default"
    assert path_label("epochs=2,optimizer.lr=0.1") == "epochs=2,optimizer.lr=0.1"
    assert "/" not in path_label("a=b/c 'd'")
    long_labels = {path_label("x" * 300 + tail) for tail in ("a", "b")}
    assert len(long_labels) == 2
    assert max(map(len, long_labels)) <= 120
