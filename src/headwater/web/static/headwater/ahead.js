// What is typed while a dialog or the editor of a cell is on its way goes into its first field. Single keys would
// otherwise be commands of the page meanwhile: whoever presses N and types "Liz" would undo with Z. On the way to a cell
// the keys that save and go on count as well, so that a row can be typed faster than the line carries it.
import { insert } from "./form.js";
import { isField } from "./keys.js";

const places = () => [document.body, document.getElementById("dialog-place")];
let coming = null; // what is waited for: a request, or a cell
let goes = []; // the keys besides letters that count there
let giveUp = null; // ends the waiting
let held = []; // what was pressed meanwhile
let isTyping = false; // it is being typed again

export const isHeld = () => held.length > 0;
export const isTypedAgain = () => isTyping;

export function hold(what, keys = [], stop = null) {
  coming = what;
  goes = keys;
  giveUp = stop;
}

// Types them again, until the next cell is waited for.
export function release(what) {
  if (what !== coming) return;
  coming = null;
  if (!document.activeElement.closest("dialog, #cell-place")) held = [];
  let sought = "";
  isTyping = true;
  while (held.length && !coming) sought = type(held.shift(), sought);
  isTyping = false;
}

// ``sought`` are the letters that were typed in a list of choices so far.
function type({ key, shiftKey, ctrlKey }, sought) {
  const field = document.activeElement;
  const again = new KeyboardEvent("keydown", { key, shiftKey, ctrlKey, bubbles: true, cancelable: true });
  if (!field.dispatchEvent(again)) return "";
  if (!isField(field)) return "";
  if (key === "Tab") goOn(field, shiftKey ? -1 : 1);
  if (field.matches("select")) return key.length === 1 ? choose(field, sought + key.toLowerCase()) : "";
  if (key === "Backspace") document.execCommand("delete");
  else if (key.length === 1) insert(field, key);
  else if (key === "Enter" && field.matches("textarea")) insert(field, "\n");
  return "";
}

function goOn(field, step) {
  const all = [...field.form.elements].filter((other) => other.tabIndex >= 0 && other.getClientRects().length);
  all[all.indexOf(field) + step]?.focus();
}

function choose(list, sought) {
  const found = [...list.options].find((option) => option.label.trim().toLowerCase().startsWith(sought));
  if (found && !found.selected) {
    found.selected = true;
    list.dispatchEvent(new Event("input", { bubbles: true }));
    list.dispatchEvent(new Event("change", { bubbles: true }));
  }
  return sought;
}

document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  const { verb, parameters } = detail.requestConfig;
  if (verb !== "get" && !parameters.ask) return; // done at once: the next key is a command again
  if (!places().includes(detail.target) || document.querySelector("dialog[open]")) return;
  hold(detail.xhr, ["Tab"]);
});

document.addEventListener("keydown", (event) => {
  if (!coming || !event.isTrusted || event.metaKey || event.altKey || isField(event.target)) return;
  const isGivenUp = event.key === "Escape" && giveUp && !held.some(({ key }) => key === "Enter" || key === "Tab");
  if (isGivenUp) giveUp();
  else if (goes.includes(event.key) || (!event.ctrlKey && (event.key.length === 1 || event.key === "Backspace"))) held.push(event);
  else if (event.key !== "Enter") return;
  event.preventDefault();
  event.stopPropagation();
}, true);

document.addEventListener("htmx:afterRequest", ({ detail }) => release(detail.xhr));
