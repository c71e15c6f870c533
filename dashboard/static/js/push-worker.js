// The service worker of Web Push: shows what Tocsin sends, opens the alert, and says back that it was seen.
// It takes nothing: to take an alert somebody has to be signed in.

async function said(told, what) {
  try {
    await fetch(`/callbacks/webpush/${encodeURIComponent(told.channel)}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ mark: told.mark, what }),
    });
  } catch {
    // without a way to the service the sender goes on to the person's next contact
  }
}

async function show(told) {
  await self.registration.showNotification(told.title, {
    body: told.body,
    tag: told.tag,
    renotify: true,
    requireInteraction: told.urgent,
    vibrate: told.urgent ? [600, 200, 600, 200, 600] : [200],
    lang: told.lang,
    icon: "/static/bell.svg",
    data: told,
    actions: told.take ? [{ action: "take", title: told.take }] : [],
  });
  await said(told, "shown");
}

async function open(told, action) {
  const url = action === "take" ? `${told.url}#take` : told.url;
  await Promise.all([said(told, "opened"), self.clients.openWindow(url)]);
}

self.addEventListener("push", (event) => event.waitUntil(show(event.data.json())));
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data, event.action));
});
