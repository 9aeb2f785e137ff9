"""HTML that is shown back in a browser, cleaned of everything that runs."""

import nh3

STYLES = (
    "background background-color border border-bottom border-collapse border-radius border-top color display "
    "font-family font-size font-style font-weight height letter-spacing line-height margin margin-bottom "
    "margin-left margin-right margin-top max-width min-width padding padding-bottom padding-left padding-right "
    "padding-top text-align text-decoration vertical-align width"
)
LAYOUT = {"align", "bgcolor", "border", "cellpadding", "cellspacing", "height", "style", "valign", "width"}


def clean_html(markup: str) -> str:
    """The markup without scripts, forms, styles that reach outside, and addresses that are not http(s) or mailto."""
    attributes = {tag: set(allowed) for tag, allowed in nh3.ALLOWED_ATTRIBUTES.items()}
    attributes["*"] = attributes.get("*", set()) | LAYOUT
    return nh3.clean(
        markup,
        attributes=attributes,
        filter_style_properties=set(STYLES.split()),
        url_schemes={"http", "https", "mailto"},
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )
