"""`{% asset "app.css" %}` is a URL; `{% script "chat.js" %}` a module with its chunks fetched beside it."""

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from grump.pwa import assets

register = template.Library()
register.simple_tag(assets.asset, name="asset")

# The one entry whose scripts say something.
SPEAKS = "chat.js"


@register.simple_tag
def script(name: str, before_paint: object = False) -> SafeString:
    """`before_paint`: the browser shows nothing until the module has run."""
    # What is read first comes first: else the script takes its share of the line from the styles.
    way = mark_safe(' blocking="render"' if before_paint else ' fetchpriority="low"')  # noqa: S308 - two constants
    words = assets.words(get_language()) if name == SPEAKS else []
    preloads = format_html_join(
        "",
        '<link rel="modulepreload" href="{}"{}>',
        ((chunk, "" if before_paint else way) for chunk in assets.chunks(name) + words),
    )
    return preloads + format_html('<script type="module" src="{}"{}></script>', assets.asset(name), way)
