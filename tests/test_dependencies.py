"""What the audit of `make check` makes of what the two tools say. The databases themselves are not asked."""

import json

import pytest

from tests import dependencies
from tests.dependencies import AWAY, Hole, NotAudited, holes_of_npm, holes_of_python, unexcused

SAFE = {"name": "orjson", "version": "3.11.0", "vulns": []}
JINJA = {
    "name": "jinja2",
    "version": "2.4.1",
    "vulns": [{"id": "PYSEC-2019-217", "fix_versions": ["2.10.1"], "aliases": ["CVE-2019-10906"]}],
}
MARKED = {
    "name": "marked",
    "range": "<4.0.10",
    "title": "Inefficient regular expressions",
    "url": "https://github.com/advisories/GHSA-rrrm-qjm4-v8hf",
}


def python(*packages: dict) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


def npm(**packages: dict) -> str:
    return json.dumps({"auditReportVersion": 2, "vulnerabilities": packages})


def test_a_hole_is_told_with_its_package_and_every_name_it_has():
    [line] = unexcused(holes_of_python(python(SAFE, JINJA)), {})
    assert line == "jinja2 2.4.1: CVE-2019-10906, PYSEC-2019-217"
    [line] = unexcused(holes_of_npm(npm(marked={"via": [MARKED]}, page={"via": ["marked"]})), {})
    assert line == "marked <4.0.10: Inefficient regular expressions: GHSA-rrrm-qjm4-v8hf"


def test_an_excuse_counts_under_any_of_its_names_and_with_a_reason_alone():
    holes = holes_of_python(python(JINJA))
    assert not list(unexcused(holes, {"CVE-2019-10906": "no sandbox is used"}))
    assert list(unexcused(holes, {"CVE-2019-10906": " ", "CVE-2019-1": "another"}))


@pytest.mark.parametrize(
    "report",
    ["", "<html>", "[]", "{}", '{"message": "405 Method Not Allowed", "error": {"code": "ENOAUDIT"}}'],
)
def test_no_report_is_not_taken_for_a_good_one(report):
    for holes_of in (holes_of_python, holes_of_npm):
        with pytest.raises(NotAudited):
            holes_of(report)


def test_a_package_that_the_database_does_not_know_is_told_and_hides_no_hole_of_another():
    with pytest.raises(NotAudited, match="does not know every package") as gap:
        holes_of_python(python(JINJA, {"name": "django", "skip_reason": "not found on PyPI"}))
    assert [hole.words for hole in gap.value.holes] == ["jinja2 2.4.1"]


@pytest.fixture
def databases(monkeypatch):
    """`databases(python, npm)`: what each says, holes or an error."""

    def say(**found: list[Hole] | Exception) -> None:
        for name, holes in found.items():

            def answer(lock: str, holes=holes) -> list[Hole]:
                if isinstance(holes, Exception):
                    raise holes
                return holes

            monkeypatch.setattr(dependencies, f"audit_{name}", answer)

    return say


def test_without_a_database_the_check_says_so_and_passes(databases, capsys):
    databases(python=NotAudited(AWAY), npm=NotAudited(AWAY))
    assert dependencies.main() == 0
    assert capsys.readouterr().out == (
        "dependency audit: not possible here (no way to the advisory database): "
        "requirements.txt, requirements-models.txt, requirements-training.txt, requirements-dev.txt, "
        "package-lock.json\n"
    )


def test_a_hole_fails_it_though_the_other_database_is_away(databases, capsys):
    databases(python=[Hole(frozenset({"CVE-2019-10906"}), "jinja2 2.4.1")], npm=NotAudited(AWAY))
    assert dependencies.main() == 1
    assert "dependency audit: jinja2 2.4.1: CVE-2019-10906\n" in capsys.readouterr().out


def test_where_there_is_none_it_says_nothing(databases, capsys):
    databases(python=[], npm=[])
    assert dependencies.main() == 0
    assert capsys.readouterr().out == ""


def test_every_excuse_has_its_reason():
    excuses = dependencies.tomllib.loads((dependencies.ROOT / dependencies.EXCUSES).read_text())
    assert all(isinstance(reason, str) and reason.strip() for reason in excuses.values())
