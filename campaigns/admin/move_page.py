"""The page that asks before a campaign is moved. GET shows it and changes nothing; POST does it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from unfold.widgets import UnfoldAdminTextareaWidget

from audiences.clock import read_now
from campaigns.models import Campaign
from campaigns.queries.authors import is_barred
from campaigns.refusals import PreflightFailed, Refusal
from campaigns.services.approvals import FOUR_EYES
from campaigns.tasks import check_overlaps_soon

from .campaign_form import current_version
from .moves import BY_NAME, Answer, Move


class AnswerForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)
    note = forms.CharField(max_length=500, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}))

    def __init__(self, move: Move, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["note"].label = move.note
        if not move.note:
            del self.fields["note"]


def move_page(request: HttpRequest, campaign: Campaign, name: str, context: dict[str, Any]) -> HttpResponse:
    """`campaign` with its team; `context` is the admin site's own."""
    move = BY_NAME.get(name)
    if move is None:
        raise Http404(f"“{name}” is nothing that can be done to a campaign.")
    if not move.may(request.user, campaign):
        messages.error(request, f"“{move.label}” is not possible here: {_why_not(request.user, campaign, move)}")
        return _back(campaign)
    posted = request.POST if request.method == "POST" else None
    form = AnswerForm(move, posted, initial={"version": current_version(campaign.pk)})
    if request.method == "POST" and form.is_valid():
        return _do(request, campaign, move, form)
    page = {
        **context,
        "title": f"{move.label}?",
        "original": campaign,
        "campaign": campaign,
        "move": move,
        "form": form,
    }
    return TemplateResponse(request, "admin/campaigns/campaign/move.html", page)


def _why_not(user: Any, campaign: Campaign, move: Move) -> str:
    if not move.right(user, campaign.team):
        return f"your role in the team {campaign.team} does not include it."
    if move.action == "approve" and is_barred(user, campaign):
        return f"{FOUR_EYES} to approve what you wrote or asked for. The other sections are approved on its page."
    return f"the campaign is “{campaign.get_status_display()}”."


def _do(request: HttpRequest, campaign: Campaign, move: Move, form: AnswerForm) -> HttpResponse:
    answer = Answer(note=form.cleaned_data.get("note", ""), version=form.cleaned_data["version"])
    try:
        made = move.run(campaign, request.user, answer, read_now())
    except PreflightFailed as failed:
        for sentence in failed.sentences:
            messages.error(request, sentence)
        return _back(campaign)
    except Refusal as refused:
        messages.error(request, str(refused))
        return _back(campaign)
    campaign = made or campaign
    check_overlaps_soon(campaign.pk)
    messages.success(request, move.done)
    return _back(campaign)


def _back(campaign: Campaign) -> HttpResponse:
    return redirect("admin:campaigns_campaign_change", campaign.pk)
