"""Colours of states, the same on every list."""

from campaigns.models import Campaign, Finding, Send

CAMPAIGN = {
    Campaign.Status.IN_REVIEW.label: "warning",
    Campaign.Status.APPROVED.label: "info",
    Campaign.Status.RUNNING.label: "success",
    Campaign.Status.PAUSED.label: "warning",
    Campaign.Status.CANCELLED.label: "danger",
}
SEVERITY = {
    Finding.Severity.HIGH.label: "danger",
    Finding.Severity.MEDIUM.label: "warning",
    Finding.Severity.LOW.label: "info",
}
FINDING = {Finding.State.OPEN.value: "warning", Finding.State.RESOLVED.value: "success"}
SEND = {
    Send.State.ADMITTING.value: "info",
    Send.State.SENDING.value: "info",
    Send.State.PAUSED.value: "warning",
    Send.State.DONE.value: "success",
    Send.State.CANCELLED.value: "danger",
    Send.State.MISSED.value: "danger",
}
