from django.urls import path

from events.notifications import browser_views, channel_views, rule_views, views

urlpatterns = [
    path("notifications/", views.notifications, name="notifications"),
    path("notifications/<int:pk>/again/", views.again, name="notification-again"),
    path("notifications/pictures/<str:token>/", views.picture, name="notification-picture"),
    path("notifications/browser/", browser_views.this_browser, name="this-browser"),
    path("notifications/browser/subscribe/", browser_views.subscribe, name="subscribe-browser"),
    path("notifications/browser/<int:pk>/forget/", browser_views.forget, name="forget-browser"),
    path("notifications/channels/add/", channel_views.choose_kind, name="choose-channel-kind"),
    path("notifications/channels/add/<slug:kind>/", channel_views.add, name="add-channel"),
    path("notifications/channels/<int:pk>/", channel_views.change, name="channel"),
    path("notifications/channels/<int:pk>/test/", channel_views.test, name="test-channel"),
    path("notifications/channels/<int:pk>/delete/", channel_views.delete, name="delete-channel"),
    path("notifications/rules/add/", rule_views.add, name="add-rule"),
    path("notifications/rules/defaults/", rule_views.write_down, name="write-down-rules"),
    path("notifications/rules/<int:pk>/", rule_views.change, name="rule"),
    path("notifications/rules/<int:pk>/move/", rule_views.move, name="move-rule"),
    path("notifications/rules/<int:pk>/delete/", rule_views.delete, name="delete-rule"),
]
