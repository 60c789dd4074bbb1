"""Media types that say which file type something is of."""

from __future__ import annotations

import pytest

from catalog.index.rows import formats
from catalog.model import Form, Metadata
from catalog.portal import file_types
from catalog.portal.file_types import file_type
from catalog.profile import vocabularies


def test_all_are_of_the_list() -> None:
    assert set(file_types._TYPES.values()) <= vocabularies.FILE_TYPES.known


@pytest.mark.parametrize(
    ("media_type", "code"), [("Text/CSV; charset=utf-8", "CSV"), ("application/octet-stream", ""), ("", "")]
)
def test_parameters_and_case_do_not_count(media_type: str, code: str) -> None:
    assert file_type(media_type) == code


def test_files_are_found_by_a_form_that_only_their_media_type_tells() -> None:
    said = Metadata(forms=(Form(media_type="text/csv"), Form(format="CSV"), Form(media_type="image/x-odd"), Form()))
    assert formats(said) == ("CSV", "image/x-odd")
