"""The addresses that customers follow out of their messages. A token in each is all that they need."""

from django.urls import path

from deliveries import views

urlpatterns = [
    path("u/<str:token>/", views.unsubscribe, name="unsubscribe"),
    path("preferences/<str:token>/", views.preferences, name="preferences"),
    path("view/<str:token>/", views.view_message, name="view_message"),
    path("view/<str:token>/content/", views.view_content, name="view_content"),
]
