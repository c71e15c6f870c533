// Appearance without loading the page again, since a fresh page may not sound until somebody presses something.

export function startTheme() {
  const choice = document.querySelector("[data-theme-choice]");
  choice?.addEventListener("change", () => {
    document.documentElement.dataset.theme = choice.value;
    dispatchEvent(new Event("theme"));
    fetch("/preferences", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ theme: choice.value }),
      redirect: "manual",
    }).catch(() => undefined);
  });
}
