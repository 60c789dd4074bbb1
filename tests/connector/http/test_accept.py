"""Which form a reader likes best."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.http.accept import chosen

TURTLE, XML, JSON, HTML = "text/turtle", "application/rdf+xml", "application/ld+json", "text/html"
FORMS = (TURTLE, XML, JSON, HTML)
ALIASES = {"application/xml": XML, "application/json": JSON}


@pytest.mark.parametrize(
    ("field", "form"),
    [
        ("", TURTLE),
        ("*/*", TURTLE),
        ("application/ld+json", JSON),
        ("Application/LD+JSON ; Q=0.5 , text/html;q=0.4", JSON),
        # What is named goes before what is only not ruled out, however much of that there is.
        ("*/*;q=0.1, application/rdf+xml;q=0.05", TURTLE),
        ("application/rdf+xml;q=0.9, */*;q=0.8", XML),
        ("text/turtle;q=0, */*", XML),
        ("text/turtle;q=0, application/*;q=0.2, text/html;q=0.1", XML),
        ("application/*", XML),
        ("text/*", TURTLE),
        ("text/*, text/turtle;q=0.1", HTML),
        # Of those that are liked alike the usual one, then the one that is named first.
        ("application/rdf+xml, text/turtle", TURTLE),
        ("application/ld+json, application/rdf+xml", JSON),
        ("application/json;q=0.7, application/xml;q=0.6", JSON),
        # A comma in a parameter divides nothing, and what is no weight is no wish.
        ('application/ld+json;profile="a,text/html;q=1";q=0.2, application/rdf+xml;q=0.1', JSON),
        ("application/ld+json;q=2, application/rdf+xml;q=0.1", XML),
        ("application/ld+json;q=, application/rdf+xml;q=0.001", XML),
        ("application/ld+json;q=0.1234, application/rdf+xml;q=0.001", XML),
        # Browsers.
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", HTML),
        # What there is not.
        ("image/png", TURTLE),
        (",;,=;q", TURTLE),
    ],
)
def test_the_form_that_is_liked_best(field: str, form: str) -> None:
    assert chosen(field, FORMS, TURTLE, ALIASES) == form


@given(st.text('abq*/=;,"\\. 01', max_size=60))
def test_any_field_is_read(field: str) -> None:
    assert chosen(field, FORMS, TURTLE, ALIASES) in FORMS
