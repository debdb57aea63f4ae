// Dialogs that the server sends: <dialog data-arrives> opens when htmx has put it into the page and leaves again
// when it is closed. data-focus names the field to begin with.

document.addEventListener("htmx:afterSwap", () => {
  document.querySelectorAll("dialog[data-arrives]:not([open])").forEach((dialog) => {
    dialog.addEventListener("close", () => dialog.remove(), { once: true });
    dialog.showModal();
    const open = dialog.querySelector(".clash input[type=radio], [aria-invalid=true]"); // what is to be decided or wrong
    const first = "[autofocus], input:not([type=hidden]), select, textarea, .btn-p";
    const named = dialog.dataset.focus && dialog.querySelector(`[name="${CSS.escape(dialog.dataset.focus)}"]`);
    (open || named || dialog.querySelector(first))?.focus();
  });
});

// What it asked for is done, and the page goes on behind it: a dialog that stands outside the page goes as well.
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.xhr.getResponseHeader("HX-Location")) detail.elt.closest?.("dialog[data-arrives]")?.close();
});

// Enter in a list of choices says the same as in any other field: this is it.
document.addEventListener("keydown", (event) => {
  const { target, key } = event;
  if (key !== "Enter" || event.defaultPrevented || !target.matches?.("dialog[data-arrives] form.dlg-form select")) return;
  event.preventDefault();
  target.form.requestSubmit();
});
