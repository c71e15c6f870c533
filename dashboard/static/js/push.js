// The button on "my account": notifications of this device. A browser allows them over HTTPS only.

import { t } from "./words.js";

const WORKER = "/static/js/push-worker.js";
const policy = window.trustedTypes?.createPolicy("push-worker", { createScriptURL: () => WORKER });

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const lettered = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

/** The worker that shows what comes, also while no page of ours is open. */
export const register = () => navigator.serviceWorker.register(policy ? policy.createScriptURL("") : WORKER);

async function switchOn(key) {
  if ((await Notification.requestPermission()) !== "granted") return t("push_denied");
  const worker = await register();
  const made = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) });
  const answer = await fetch("/account/push", {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({
      endpoint: made.endpoint,
      p256dh: lettered(made.getKey("p256dh")),
      auth: lettered(made.getKey("auth")),
      device: navigator.userAgentData?.platform || navigator.platform || "",
    }),
  });
  if (answer.ok) return location.assign("/account");
  return (await answer.json().catch(() => ({}))).detail || t("push_failed");
}

export function startPush(section) {
  const said = section.querySelector("[data-push-said]");
  const button = section.querySelector("[data-push-on]");
  if (!button) return;
  if (!("serviceWorker" in navigator && "PushManager" in window && window.isSecureContext)) {
    said.textContent = t("push_not_supported");
    return;
  }
  button.hidden = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    said.textContent = await switchOn(section.dataset.push).catch((error) => `${t("push_failed")} (${error.message})`);
    button.disabled = false;
  });
}
