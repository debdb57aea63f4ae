// Keys. Pages say what they can do: data-key="e" on a link or button is pressed by that key ("g l" is a
// sequence), [data-rows] with [data-row] inside is a list that J and K walk, [data-open] is a row's own link,
// [data-filter] is the field that / goes to. A key is looked for in the bulk bar while rows are chosen, then in
// the current row, then among what is done with any row ([data-row-key], for rows with a [data-record]), then on the
// page. Single keys rest while a field has the focus, and can be switched off.
import { recall, remember } from "./cookie.js";
import { closeMenus } from "./menu.js";
import { openPalette } from "./palette.js";
import { isUnsaved, whenSaved } from "./saves.js";
import { clearSelection } from "./select.js";
import { hasUndo, undoLast } from "./undo.js";

const help = document.getElementById("keys-help");
let pending = "";
let pendingTimer;

const isOff = () => recall("hw_keys") === "off";
const isVisible = (element) => element.getClientRects().length > 0;
export const isField = (element) =>
  element?.closest?.("textarea, select, [contenteditable], input:not([type=checkbox], [type=radio], [type=button], [type=submit])");

export const rows = () => [...document.querySelectorAll("[data-rows] [data-row]")].filter(isVisible);
export const currentRow = () => document.activeElement?.closest?.("[data-row]") || document.querySelector("[data-row].cur");

export function goTo(row) {
  document.querySelectorAll("[data-row].cur").forEach((other) => other.classList.remove("cur"));
  row.classList.add("cur");
  if (!row.hasAttribute("tabindex")) row.tabIndex = -1;
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = rows();
  const at = all.indexOf(currentRow());
  const next = at < 0 ? all[0] : all[at + by];
  if (next) goTo(next);
  return all.length > 0;
}

function find(keys) {
  const selector = `[data-key="${CSS.escape(keys)}"]`;
  const places = [document.querySelector("[data-bulk].on"), currentRow()].filter(Boolean);
  for (const place of places) {
    const found = place.querySelector(selector);
    if (found) return found;
  }
  const all = [...document.querySelectorAll(selector)].filter(
    (element) => !element.closest("[data-row], [data-bulk]") && !element.matches(":disabled"),
  );
  return all.filter((element) => !element.closest("form[hidden]")).at(-1) ?? all.at(-1); // one that can be seen first
}

function press(keys) {
  const element = find(keys);
  if (!element) return false;
  const seen = element.closest("details.menu:not([open])")?.querySelector("summary") ?? element;
  seen.focus({ preventScroll: true }); // the reader sees what the key pressed, and comes back to it
  if (!element.matches("input, select, textarea")) element.click();
  return true;
}

// What can be done with any row of this page: its form comes as a dialog, or it is done at once.
function pressInRow(keys) {
  const row = currentRow();
  const noun = row?.dataset.record?.replace(/\/[^/]*$/, "");
  const key = noun && document.querySelector(`[data-row-keys="${noun}"] [data-row-key="${CSS.escape(keys)}"]`);
  if (!key || document.querySelector("[data-bulk].on")) return false;
  const place = document.getElementById("dialog-place");
  const url = `${row.dataset.record}/${key.dataset.path}`;
  const asks = key.hasAttribute("data-asks");
  window.htmx.ajax(asks ? "GET" : "POST", url, { target: place, source: place, swap: asks ? "innerHTML" : "none" });
  return true;
}

const undo = () => press("z") || undoLast();
const startsSequence = (key) => document.querySelector(`[data-key^="${CSS.escape(key)} "]`);

// The keys that are no button of the page. keys.html says them in words: data-does names one of these.
const filter = () => document.querySelector("[data-filter]");
const boxOf = (row) => row?.querySelector("[data-select-row]");
const builtIn = {
  j: () => step(1) || press("j"),
  k: () => step(-1) || press("k"),
  x: ({ shiftKey }) => {
    const box = boxOf(currentRow());
    box?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, shiftKey })); // Shift: a whole range
    return Boolean(box);
  },
  "/": () => {
    filter()?.focus();
    filter()?.select();
    return Boolean(filter());
  },
  z: () => {
    if (!isUnsaved()) return undo();
    whenSaved(undo); // what is on its way is the last change; one that is refused opens again instead
    return true;
  },
  "?": () => showHelp(),
};
const works = {
  rows: () => rows().length > 0,
  open: () => rows().some((row) => row.querySelector("[data-open]")),
  select: () => rows().some(boxOf),
  filter: () => Boolean(filter()),
  cells: () => rows().some((row) => row.matches("tr")) && matchMedia("(min-width: 760.02px)").matches,
  edit: () => Boolean(document.querySelector("tr [data-cell]")) && matchMedia("(min-width: 760.02px)").matches,
  value: () => Boolean(document.querySelector("dd[data-cell]")) && matchMedia("(min-width: 760.02px)").matches,
  undo: () => hasUndo(),
  columns: () => Boolean(document.querySelector("table[data-widths]")),
};

function enter(event) {
  const row = currentRow();
  const onRow = event.target === row || event.target === document.body || event.target === boxOf(row);
  if (!row || !onRow) return false;
  const link = row.querySelector("[data-open]");
  link?.click();
  return Boolean(link);
}

function escape() {
  return closeMenus() || clearSelection() || (location.hash === "#rail" && ((location.hash = "main"), true));
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented) return;
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    openPalette();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector("dialog[open]")) return;
  if (event.key === "Escape") {
    if (isField(event.target)) event.target.blur();
    else if (escape()) event.preventDefault();
    return;
  }
  if (isField(event.target) || isOff()) return;
  if (event.key === "Enter") {
    if (enter(event)) event.preventDefault();
    return;
  }
  if (event.key.length !== 1 || event.key === " ") return;
  const key = event.key.toLowerCase();
  clearTimeout(pendingTimer);
  const sequence = pending ? `${pending} ${key}` : "";
  pending = "";
  let done = sequence && press(sequence);
  if (!done && !sequence && startsSequence(key)) {
    pending = key;
    pendingTimer = setTimeout(() => (pending = ""), 1200);
    return;
  }
  if (!done && !sequence) done = key in builtIn ? builtIn[key](event) : press(key) || pressInRow(key);
  if (done) event.preventDefault();
});

document.addEventListener("focusin", (event) => {
  const row = event.target.closest("[data-row]");
  if (!row) return;
  document.querySelectorAll("[data-row].cur").forEach((other) => other !== row && other.classList.remove("cur"));
  row.classList.add("cur");
});

// The dialog "?" lists what works on this page, so it can never be out of date.
function label(element) {
  if (element.dataset.keyLabel) return element.dataset.keyLabel;
  if (element.getAttribute("aria-label")) return element.getAttribute("aria-label");
  const copy = element.cloneNode(true);
  copy.querySelectorAll("kbd, svg, .ct, .lbl, .vh").forEach((part) => part.remove());
  return copy.textContent.trim().replace(/\s+/g, " ");
}

function line(words, keys) {
  const item = document.createElement("li");
  const text = document.createElement("span");
  text.textContent = words;
  const caps = document.createElement("span");
  keys.split(" ").forEach((key, at) => {
    const cap = document.createElement("kbd");
    cap.textContent = key.length === 1 ? key.toUpperCase() : key;
    caps.append(...(at ? [" ", cap] : [cap]));
  });
  item.append(text, caps);
  return item;
}

function fill(list, entries) {
  list.replaceChildren(...entries.map(([words, keys]) => line(words, keys)));
  list.hidden = !entries.length;
  if (list.previousElementSibling?.matches(".keys-h")) list.previousElementSibling.hidden = !entries.length;
}

function showHelp() {
  if (!help) return false;
  const found = new Map();
  document.querySelectorAll("[data-key], [data-row-key]").forEach((element) => {
    const keys = element.dataset.key ?? element.dataset.rowKey;
    if (keys in builtIn && "jkz".includes(keys) && !element.closest(".crumb")) return; // said in words below
    if (!found.has(keys)) found.set(keys, label(element));
  });
  const entries = [...found].map(([keys, words]) => [words, keys]);
  help.querySelectorAll("[data-does]").forEach((item) => (item.hidden = !works[item.dataset.does]()));
  fill(help.querySelector("[data-keys=go]"), entries.filter(([, keys]) => keys.startsWith("g ")));
  fill(help.querySelector("[data-keys=page]"), entries.filter(([, keys]) => !keys.startsWith("g ")));
  const lists = [...help.querySelectorAll("[data-keys=list] li")];
  const list = help.querySelector("[data-keys=list]");
  list.hidden = list.previousElementSibling.hidden = lists.every((item) => item.hidden);
  help.querySelector("[data-keys-switch]").checked = !isOff();
  help.showModal();
  return true;
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-keys-switch]")) remember("hw_keys", event.target.checked ? "on" : "off");
});
