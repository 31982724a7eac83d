// Shows what the doorbell pushes, and opens the visit when it is clicked.
self.addEventListener("push", (event) => {
  const said = event.data ? event.data.json() : { title: "Doorbell", body: "", url: "/" };
  const shown = { body: said.body, tag: said.tag, silent: Boolean(said.silent), data: { url: said.url } };
  if (said.tag) shown.renotify = Boolean(said.again);
  if (said.image) shown.image = said.image;
  event.waitUntil(self.registration.showNotification(said.title, shown));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow(new URL(event.notification.data.url, self.location.origin).href));
});
