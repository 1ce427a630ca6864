"""What says who somebody is, and what opens a door, replaced before a text leaves. Needs Presidio.

Found are: keys and passwords (the finder of prediction), what the person is called, and by Presidio's
recognizers addresses, numbers with a form or a check digit, and, where a spaCy model is given, names of
people and places. The same thing of one conversation gets the same mark, `<EMAIL_ADDRESS_1>`, so that a text
stays coherent.
"""

import logging
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import spacy
import tldextract
from presidio_analyzer import (
    AnalyzerEngine,
    EntityRecognizer,
    Pattern,
    PatternRecognizer,
    RecognizerRegistry,
)
from presidio_analyzer import (
    predefined_recognizers as predefined,
)
from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine
from presidio_anonymizer import AnonymizerEngine
from presidio_anonymizer.entities import OperatorConfig

from chat.prediction.secrets import covered

SECRET = "SECRET"  # noqa: S105 - the kind's name
SURE = 0.4  # Presidio's own figure for a form with something beside it that confirms it
LANGUAGE = "en"  # under which all are listed here; what they look for has a form in any language
FORMS = (
    predefined.CreditCardRecognizer,
    predefined.CryptoRecognizer,
    predefined.EsNieRecognizer,
    predefined.EsNifRecognizer,
    predefined.FiPersonalIdentityCodeRecognizer,
    predefined.IbanRecognizer,
    predefined.IpRecognizer,
    predefined.ItFiscalCodeRecognizer,
    predefined.MacAddressRecognizer,
    predefined.NhsRecognizer,
    predefined.PhoneRecognizer,
    predefined.PlPeselRecognizer,
    predefined.UsItinRecognizer,
    predefined.UsPassportRecognizer,
    predefined.UsSsnRecognizer,
)
# Labels of spaCy's models that name neither a person nor a place.
OTHERS = (
    "CARDINAL", "DATE", "EVENT", "LANGUAGE", "LAW", "MISC", "MONEY", "NORP", "ORDINAL", "ORG", "PERCENT",
    "PRODUCT", "QUANTITY", "TIME", "WORK_OF_ART",
)  # fmt: skip

# It tells each recognizer it loads.
logging.getLogger("presidio-analyzer").setLevel(logging.WARNING)


class NoModel(Exception):
    """There is no such spaCy model on this machine."""


class OfflineEmail(predefined.EmailRecognizer):
    """Presidio's own asks the network for the list of top-level domains: here it is the one that is
    installed."""

    _known = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)

    def validate_result(self, pattern_text: str) -> bool:
        return bool(self._known(pattern_text).fqdn)


class Cleaner:
    """`names_by` is the name or path of a spaCy model that finds names; without one only the names that the
    account itself tells are replaced. Raises NoModel."""

    def __init__(self, names_by: str = "") -> None:
        engine = SpacyNlpEngine(
            models=[{"lang_code": LANGUAGE, "model_name": names_by or "blank"}],
            ner_model_configuration=NerModelConfiguration(labels_to_ignore=OTHERS),
        )
        # Loaded here: Presidio would download what it does not find. Any: by its type nothing is ever loaded.
        unloaded: Any = engine
        unloaded.nlp = {LANGUAGE: _model(names_by)}
        recognizers: list[EntityRecognizer] = [
            OfflineEmail(),
            *(form(supported_language=LANGUAGE) for form in FORMS),
        ]
        if names_by:
            recognizers.append(
                predefined.SpacyRecognizer(
                    supported_language=LANGUAGE, supported_entities=["PERSON", "LOCATION"]
                )
            )
        self._kinds = sorted({kind for one in recognizers for kind in one.supported_entities})
        registry = RecognizerRegistry(recognizers, supported_languages=[LANGUAGE])
        self._analyzer = AnalyzerEngine(
            registry=registry, nlp_engine=engine, supported_languages=[LANGUAGE], log_decision_process=False
        )
        self._anonymizer = AnonymizerEngine()

    def conversation(self, texts: Sequence[str], names: Iterable[str] = ()) -> tuple[list[str], Counter[str]]:
        """The texts without what says who somebody is, and how often which kind was found."""
        found: Counter[str] = Counter()
        marks: dict[tuple[str, str], str] = {}
        theirs = _called(names)
        return [self._clean(text, theirs, marks, found) for text in texts], found

    def _clean(
        self,
        text: str,
        theirs: list[EntityRecognizer],
        marks: dict[tuple[str, str], str],
        found: Counter[str],
    ) -> str:
        text, secrets = covered(text, f"<{SECRET}>")
        if secrets:
            found[SECRET] += secrets
        kinds = self._kinds + [name for one in theirs for name in one.supported_entities]
        # Any: the two halves of Presidio have a class of this name each, and take each other's.
        results: list[Any] = self._analyzer.analyze(
            text, LANGUAGE, entities=kinds, score_threshold=SURE, ad_hoc_recognizers=theirs
        )
        if not results:
            return text
        for one in sorted(results, key=lambda one: (one.start, -one.end, one.entity_type)):
            if one.entity_type == "IP_ADDRESS":  # Presidio leaves the end of a short form, as of 2001:db8::1
                one.end += len(_REST_OF_IP.match(text, one.end)[0])  # type: ignore[index]
            _mark(one.entity_type, text[one.start : one.end], marks)  # numbered as they are read
        operators = {
            kind: OperatorConfig("custom", {"lambda": _replacing(kind, marks, found)})
            for kind in {one.entity_type for one in results}
        }
        return str(self._anonymizer.anonymize(text, results, operators).text)


_REST_OF_IP = re.compile(r"[0-9A-Fa-f:]*")


def _model(names_by: str) -> Any:
    if not names_by:
        return spacy.blank(LANGUAGE)
    try:
        return spacy.load(names_by)
    except OSError:
        raise NoModel(f"{names_by}: no such spaCy model is installed.") from None


def _called(names: Iterable[str]) -> list[EntityRecognizer]:
    """A recognizer of what the person is called, whole words in any case."""
    patterns = [
        Pattern("account", rf"(?<!\w){re.escape(name)}(?!\w)", 1.0)
        for name in sorted(set(names), key=lambda name: (-len(name), name))
    ]
    return [PatternRecognizer("ACCOUNT_NAME", patterns=patterns, context=[])] if patterns else []


def _mark(kind: str, value: str, marks: dict[tuple[str, str], str]) -> str:
    number = sum(known == kind for known, _ in marks) + 1
    return marks.setdefault((kind, value.casefold()), f"<{kind}_{number}>")


def _replacing(kind: str, marks: dict[tuple[str, str], str], found: Counter[str]) -> Callable[[str], str]:
    def replace(value: str) -> str:
        found[kind] += 1
        return _mark(kind, value, marks)

    return replace
