// The page "This browser": ask for permission, subscribe, and tell the doorbell how this browser is reached.
const form = document.getElementById("subscribe");
const button = form.querySelector("button");
const state = document.getElementById("subscribe-state");

function fromBase64url(text) {
  const padded = text.replaceAll("-", "+").replaceAll("_", "/") + "=".repeat((4 - (text.length % 4)) % 4);
  return Uint8Array.from(atob(padded), (character) => character.charCodeAt(0));
}

function browserName() {
  const brands = [[/Edg\//, "Edge"], [/OPR\//, "Opera"], [/Firefox\//, "Firefox"], [/Chrome\//, "Chrome"], [/Safari\//, "Safari"]];
  const found = brands.find(([pattern]) => pattern.test(navigator.userAgent));
  const phone = /Mobi|Android|iPhone|iPad/.test(navigator.userAgent) ? " on a phone" : "";
  return (found ? found[1] : "Browser") + phone;
}

async function subscribe() {
  if ((await Notification.requestPermission()) !== "granted") {
    throw new Error("The browser was told to show no notifications of this site; its settings can change that.");
  }
  const registration = await navigator.serviceWorker.register(form.dataset.worker);
  const key = fromBase64url(form.dataset.key);
  const old = await registration.pushManager.getSubscription();
  if (old) await old.unsubscribe(); // it may have been made with another key
  const ready = await activated(registration);
  const subscription = await ready.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  const { endpoint, keys } = subscription.toJSON();
  const body = new FormData(form);
  Object.entries({ name: browserName(), endpoint, p256dh: keys.p256dh, auth: keys.auth }).forEach(([name, value]) => body.set(name, value));
  const answer = await fetch(form.action, { method: "POST", body, credentials: "same-origin" });
  if (!answer.ok) throw new Error((await answer.json()).detail);
}

// navigator.serviceWorker.ready would wait for a worker that controls this page; this one only takes pushes.
function activated(registration) {
  if (registration.active) return Promise.resolve(registration);
  const worker = registration.installing || registration.waiting;
  return new Promise((resolve) => {
    worker.addEventListener("statechange", () => {
      if (worker.state === "activated") resolve(registration);
    });
  });
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  state.textContent = "Asking the browser…";
  try {
    await subscribe();
    location.assign(form.dataset.done);
  } catch (error) {
    state.textContent = error.message;
    button.disabled = false;
  }
});

if (!window.isSecureContext) {
  state.textContent = "Browsers allow this only on pages that came by HTTPS, or from this very computer.";
} else if (!("serviceWorker" in navigator && "PushManager" in window)) {
  state.textContent = "This browser cannot do it. On an iPhone or iPad, add the doorbell to the home screen first.";
} else {
  button.disabled = false;
  state.textContent = "The browser will ask whether the doorbell may show notifications.";
}
