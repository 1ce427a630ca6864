"""The page's first data is read back as it was, and nothing in it is markup."""

import json

import pytest

from chat.templatetags.first_data import first_data

HEAD, TAIL = '<script id="boot" type="application/json">', "</script>"


@pytest.mark.parametrize(
    "text",
    ["</script><script>", "<!--<script>", "]]>", "&lt;&amp;", "\u2028\u2029", "Grüße 🙂", '"\\', "{{ x }}{}"],
)
def test_it_is_read_back_as_it_was_and_nothing_in_it_is_markup(text):
    written = str(first_data({"text": text}))
    inside = written.removeprefix(HEAD).removesuffix(TAIL)
    assert len(written) == len(HEAD) + len(inside) + len(TAIL)
    assert not set("<>&") & set(inside)
    assert json.loads(inside) == {"text": text}
