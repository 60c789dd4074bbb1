"""connector/records: every subject's records are had from the package, and what is found by an attribute has it."""

from __future__ import annotations

import inspect
import pkgutil
from importlib import import_module

import pytest
from msgspec import Struct
from msgspec.structs import fields

from connector import records

SUBJECTS = [import_module(one.name) for one in pkgutil.iter_modules(records.__path__, "connector.records.")]


def test_a_record_of_any_subject_is_had_from_the_package() -> None:
    made = {
        name
        for subject in SUBJECTS
        for name, one in inspect.getmembers(subject, inspect.isclass)
        if one.__module__ == subject.__name__
    }
    assert made
    assert made == set(records.__all__) - {"INDEXED"}


@pytest.mark.parametrize("kind", records.INDEXED, ids=lambda kind: kind.__name__)
def test_a_kept_kind_has_an_id_and_the_attributes_that_it_is_found_by(kind: type[Struct]) -> None:
    assert {"id", *records.INDEXED[kind]} <= {field.name for field in fields(kind)}
