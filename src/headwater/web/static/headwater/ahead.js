// What is typed while a dialog or the editor of a cell is on its way goes into its first field. Single keys would
// otherwise be commands of the page meanwhile: whoever presses N and types "Liz" would undo with Z.
import { isField } from "./keys.js";

const places = () => [document.body, document.getElementById("dialog-place"), document.getElementById("cell-place")];
let coming = null; // the request
let typed = "";

document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  if (detail.requestConfig.verb !== "get") return; // done at once: the next key is a command again
  if (!places().includes(detail.target) || document.querySelector("dialog[open]")) return;
  coming = detail.xhr;
  typed = "";
});

document.addEventListener("keydown", (event) => {
  if (!coming || event.ctrlKey || event.metaKey || event.altKey || isField(event.target)) return;
  if (event.key.length === 1) typed += event.key;
  else if (event.key === "Backspace") typed = typed.slice(0, -1);
  else if (event.key !== "Enter") return;
  event.preventDefault();
  event.stopPropagation();
}, true);

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.xhr !== coming) return;
  coming = null;
  const field = document.activeElement;
  if (!typed || !isField(field) || field.selectionStart == null) return;
  field.setRangeText(typed, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
});
