// Keeps the reader's place: after a swap or a reload the focus is where it was, and the outcome is announced.
// The place is the last thing that had the focus outside dialogs and messages, so whoever leaves one is back there.

const KEPT = "hw_place";
const rows = () => [...document.querySelectorAll("[data-rows] [data-row]")];
let place = {};
let held = null;

function describe(element) {
  const attribute = ["id", "name", "href", "hx-post", "data-key", "aria-label"].find((name) => element.getAttribute(name));
  return attribute ? `${element.localName}[${attribute}="${CSS.escape(element.getAttribute(attribute))}"]` : "";
}

function sought({ selector, row, cell, within }) {
  const all = rows();
  const inRow = row >= 0 && all[Math.min(row, all.length - 1)]; // the row is done: the one that took its place
  return (
    (selector && document.querySelector(selector)) ||
    (inRow && inRow.children[cell]) ||
    inRow ||
    (within && document.getElementById(within))
  );
}

function take(element) {
  element.closest("details")?.setAttribute("open", ""); // one that came anew is closed
  if (element.tabIndex < 0 && !element.hasAttribute("tabindex")) element.tabIndex = -1;
  element.focus({ preventScroll: true });
}

function restore(was) {
  const wrong = document.querySelector("main [aria-invalid=true]"); // a form came back: start at what is wrong
  const found = wrong || sought(was) || document.querySelector("main h1");
  if (!found) return;
  take(found);
  found.scrollIntoView({ block: "nearest" });
}

// The element a dialog was opened from may have come anew meanwhile: the browser finds it no more.
export function comeBack() {
  const found = document.activeElement === document.body && sought(place);
  if (found) take(found);
}

function keep() {
  sessionStorage.setItem(KEPT, JSON.stringify({ path: location.pathname, place }));
}

export function announce(text) {
  const region = document.getElementById("announcer");
  if (!region || !text) return;
  region.textContent = "";
  setTimeout(() => (region.textContent = text), 50); // a change is read out, the same text again is not
}

document.addEventListener("focusin", ({ target }) => {
  if (target.closest("dialog, #toasts, #cell-place")) return;
  const row = target.closest("[data-row]");
  const cell = target.matches("tr[data-row] > *") ? target.cellIndex : -1;
  place = { selector: describe(target), row: row ? rows().indexOf(row) : -1, cell, within: target.parentElement.closest("[id]")?.id };
});

let caret = null;

document.addEventListener("htmx:beforeSwap", () => {
  const field = document.activeElement;
  held = field === document.body ? null : place;
  caret = field?.id && field.selectionEnd > 0 ? [field, field.selectionStart, field.selectionEnd] : null;
});

// htmx puts back what is chosen in a field only if it does not begin at the first letter: whoever came to the field
// by Tab would type before what stands there instead of over it.
document.addEventListener("htmx:afterSwap", () => {
  const [field, start, end] = caret ?? [];
  const drawn = document.activeElement;
  if (!field || drawn === field || drawn.id !== field.id) return;
  caret = null;
  drawn.setSelectionRange?.(start, end);
});

document.addEventListener("htmx:afterSettle", (event) => {
  const region = event.detail.elt;
  const said = region.matches?.("[data-announce]") ? region : region.querySelector?.("[data-announce]");
  announce(said && (said.dataset.announce || said.textContent.trim()));
  if (held && document.activeElement === document.body) restore(held);
});

// A page that comes again as a whole finds its place too.
document.addEventListener("htmx:beforeOnLoad", ({ detail: { xhr } }) => {
  if (!(xhr.getResponseHeader("HX-Redirect") || xhr.getResponseHeader("HX-Refresh"))) return;
  keep();
});

// So does one that a form of its own loads: whoever sent it by a key goes on where they were, or at what is wrong.
let byKey = false;
addEventListener("keydown", () => (byKey = true), true);
addEventListener("pointerdown", () => (byKey = false), true);
addEventListener("submit", ({ target, defaultPrevented }) => {
  if (byKey && !defaultPrevented && target.method === "post" && !target.closest("dialog")) keep();
});

const kept = JSON.parse(sessionStorage.getItem(KEPT) || "null");
sessionStorage.removeItem(KEPT);
if (kept?.path === location.pathname) restore(kept.place);
else document.querySelector("main [aria-invalid=true]")?.focus();

// Whoever goes back is where they left; the browser scrolls there itself.
addEventListener("pagehide", () => history.replaceState({ ...history.state, place }, ""));
addEventListener("DOMContentLoaded", () => {
  const isBack = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  const found = isBack && document.activeElement === document.body && sought(history.state?.place ?? {});
  if (found) take(found);
});
