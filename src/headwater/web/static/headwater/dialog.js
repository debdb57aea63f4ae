// Dialogs that the server sends: <dialog data-arrives> opens when htmx has put it into the page and leaves again
// when it is closed. data-focus names the field to begin with.
import { comeBack } from "./focus.js";

document.addEventListener("htmx:afterSwap", () => {
  document.querySelectorAll("dialog[data-arrives='']").forEach((dialog) => {
    dialog.dataset.arrives = "done"; // one that was closed a moment ago does not open once more
    dialog.addEventListener("close", () => leave(dialog), { once: true });
    dialog.showModal();
    const open = dialog.querySelector(".clash input[type=radio], [aria-invalid=true]"); // what is to be decided or wrong
    const first = "[autofocus], input:not([type=hidden]), select, textarea, .btn-p";
    const named = dialog.dataset.focus && dialog.querySelector(`[name="${CSS.escape(dialog.dataset.focus)}"]`);
    (open || named || dialog.querySelector(first))?.focus();
  });
});

function leave(dialog) {
  dialog.close();
  dialog.remove();
  comeBack();
}

// What it asked for is done, and the page goes on behind it: a dialog that stands outside the page goes as well.
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  const dialog = detail.xhr.getResponseHeader("HX-Location") && detail.elt.closest?.("dialog[data-arrives]");
  if (dialog) leave(dialog);
});

// Enter in a list of choices says the same as in any other field: this is it.
document.addEventListener("keydown", (event) => {
  const { target, key } = event;
  if (key !== "Enter" || event.defaultPrevented || !target.matches?.("dialog[data-arrives] form.dlg-form select")) return;
  event.preventDefault();
  target.form.requestSubmit();
});

// Ctrl and Enter send what is written, from any field of a dialog and from the long texts of a page.
document.addEventListener("keydown", (event) => {
  const { target, key } = event;
  if (key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing || event.defaultPrevented) return;
  const isWriting = target.matches?.("textarea, dialog[data-arrives] :is(input, select)");
  const send = isWriting && target.form?.querySelector("[type=submit]");
  if (!send) return;
  event.preventDefault();
  target.form.requestSubmit(send);
});
