// Naming colleagues: <span data-mention="address"><textarea><span role="listbox">. While a word after @ is typed, the
// list shows who may be meant; arrows move in it, Enter or Tab picks, Escape closes.
import { announce } from "./focus.js";

const TYPED = /(?:^|[\s(])@([\p{L}\p{N}][\p{L}\p{N}.'’-]*(?: [\p{L}\p{N}.'’-]*){0,2})?$/u;
let asked = 0;

const parts = (field) => {
  const box = field.closest?.("[data-mention]");
  return box && field.matches("textarea") ? { box, field, list: box.querySelector("[role=listbox]") } : null;
};
const options = (list) => [...list.querySelectorAll("[role=option]:not([aria-disabled])")];

function close({ field, list }) {
  list.hidden = true;
  field.removeAttribute("aria-activedescendant");
}

function mark({ field, list }, option) {
  list.querySelectorAll("[role=option]").forEach((other) => other.setAttribute("aria-selected", String(other === option)));
  if (!option) return field.removeAttribute("aria-activedescendant");
  field.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

function pick(at, option) {
  const { field } = at;
  const start = field.value.slice(0, field.selectionStart);
  const begin = start.lastIndexOf("@");
  field.setRangeText(`@${option.dataset.handle} `, begin, field.selectionStart, "end");
  close(at);
  field.focus();
}

async function suggest(at) {
  const { box, field, list } = at;
  const typed = TYPED.exec(field.value.slice(0, field.selectionStart));
  const turn = ++asked;
  if (!typed) return close(at);
  const answer = await fetch(`${box.dataset.mention}?q=${encodeURIComponent(typed[1] ?? "")}`, { headers: { "HX-Request": "true" } });
  if (turn !== asked || answer.status !== 200) return;
  list.innerHTML = await answer.text();
  const found = options(list);
  list.hidden = !list.children.length || document.activeElement !== field;
  mark(at, list.hidden ? null : found[0]);
  if (found[0] && !list.hidden) announce(found.map((option) => option.dataset.handle).join(", "));
}

document.addEventListener("input", ({ target }) => {
  const at = parts(target);
  if (at) suggest(at);
});

document.addEventListener("keydown", (event) => {
  const at = parts(event.target);
  if (!at) return;
  if (at.list.hidden || event.ctrlKey || event.metaKey) return; // with Ctrl, Enter sends: dialog.js
  const all = options(at.list);
  const now = all.findIndex((option) => option.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (all.length) mark(at, all[(now + (event.key === "ArrowDown" ? 1 : -1) + all.length) % all.length]);
  } else if ((event.key === "Enter" || event.key === "Tab") && all[now]) {
    event.preventDefault();
    pick(at, all[now]);
  } else if (event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    close(at);
  }
}, true);

// Before the field loses the focus to the click.
document.addEventListener("mousedown", (event) => {
  const option = event.target.closest?.("[data-mention] [role=option]");
  if (!option) return;
  event.preventDefault();
  if (!option.hasAttribute("aria-disabled")) pick(parts(option.closest("[data-mention]").querySelector("textarea")), option);
});

document.addEventListener("focusout", ({ target }) => {
  const at = parts(target);
  if (at) close(at);
});
