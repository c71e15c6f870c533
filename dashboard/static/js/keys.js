// The keyboard. Never while somebody types, and never with Ctrl, Alt or Meta, which belong to the browser.

export function startKeys(keys) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (event.target instanceof Element && event.target.closest("input, select, textarea, [contenteditable]")) return;
    const run = keys[event.key];
    if (!run) return;
    event.preventDefault();
    run(event);
  });
}

/** The sheet with the list of keys: ? opens and closes it, Escape closes it. */
export function keySheet() {
  const sheet = document.querySelector("[data-keys-sheet]");
  const turn = () => (sheet.open ? sheet.close() : sheet.showModal());
  document.querySelector("[data-keys]")?.addEventListener("click", turn);
  return turn;
}
