"""After a save the page itself comes back, because it has something to say about what was saved."""

from typing import Any

from django.http import HttpRequest, HttpResponse


class StaysAfterSave:
    """Mixed into a `ModelAdmin`: “Save” does what “Save and continue editing” does, except in a pop-up."""

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        _stay(request)
        response: HttpResponse = super().response_add(request, obj, post_url_continue)  # type: ignore[misc]
        return response

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        _stay(request)
        response: HttpResponse = super().response_change(request, obj)  # type: ignore[misc]
        return response

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        buttons = {"show_save_and_continue": False, "show_save_and_add_another": False}
        return super().render_change_form(request, {**context, **buttons}, *args, **kwargs)  # type: ignore[misc]


def _stay(request: HttpRequest) -> None:
    if "_addanother" not in request.POST and "_popup" not in request.POST:
        posted = request.POST.copy()
        posted["_continue"] = "1"
        request.POST = posted  # type: ignore[assignment]  # a copy is as good as the original from here on
