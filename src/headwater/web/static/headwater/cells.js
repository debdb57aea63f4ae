// Cells. In a list the arrow keys go from cell to cell; Enter, F2 or a double click edits the one in focus, if it can be:
// [data-cell] names its field, [data-step] a step that changes it, [data-record] around it the row's address. Among the
// values of a record a click does. The server sends the editor, which lies over the cell. Enter saves and goes down, Tab
// saves and goes on, Escape gives up. Nobody waits for the save (saves.js): the next cell opens meanwhile, and one that is
// refused opens again with what was typed. On a phone a list has no cells; there the dialogs of the page stay.
import { hold, isHeld, isTypedAgain, release } from "./ahead.js";
import { announce } from "./focus.js";
import { says } from "./form.js";
import { currentRow, goTo, isField, rows } from "./keys.js";
import { cellAt, giveUp, refused, save as send, whenSent } from "./saves.js";

const wide = matchMedia("(min-width: 760.02px)");
const holder = document.getElementById("cell-place") ?? document.createElement("div"); // pages outside have none

let open = null; // the cell that is edited: address, start (what its form said; undefined if it was refused)

const isShown = (element) => element.getClientRects().length > 0;
const cellOf = (target) => target?.closest?.("tr[data-row] > :is(td, th):not(.col-select)");
const cellsIn = (row) => [...row.children].filter((cell) => cellOf(cell) && isShown(cell));
const find = () => open && cellAt(open.address);
const addressOf = (cell) => `${cell.closest("[data-record]").dataset.record}/cell/${cell.dataset.cell}`;
const form = () => holder.querySelector("[data-cell-form]");

export function goToCell(cell) {
  const target = cell.querySelector(":scope > a[data-value]") || cell; // a value of a record is a link of its own
  if (target === cell && !cell.hasAttribute("tabindex")) cell.tabIndex = -1;
  target.focus({ preventScroll: true });
  cell.scrollIntoView({ block: "nearest", inline: "nearest" });
}

// The editor ----------------------------------------------------------------------------------------------------

function place() {
  if (holder.hidden) return;
  const cell = find();
  cell?.closest("details")?.setAttribute("open", "");
  cell?.classList.add("editing");
  const away = new DOMRect(innerWidth / 2 - 130, 80, 260, 0); // its row is not on this page any more
  const box = cell?.getBoundingClientRect() ?? away;
  const least = form()?.querySelector(".inp-money") ? 340 : 260;
  const width = Math.min(Math.max(box.width, least), innerWidth - 16);
  holder.style.width = `${width}px`;
  holder.style.left = `${Math.max(8, Math.min(box.left, innerWidth - width - 8))}px`;
  const { height } = holder.getBoundingClientRect();
  const top = box.top + box.height / 2 - (form()?.querySelector(".cell-row")?.offsetHeight ?? height) / 2 - 5;
  holder.style.top = `${Math.max(8, Math.min(top, innerHeight - height - 8))}px`;
}

function show() {
  holder.hidden = false;
  place();
  const wrong = form().querySelector(".clash input[type=radio], [aria-invalid=true]");
  const control = wrong || form().querySelector("input:not([type=hidden]), select, textarea");
  control?.focus({ preventScroll: true });
  if ("refused" in form().dataset) toEnd(control); // the next key does not type over what was typed
  else if (!wrong && control?.matches("input:not([type=date], [type=datetime-local], [type=checkbox])")) control.select();
}

function toEnd(control) {
  if (control?.selectionStart != null) control.setSelectionRange(control.value.length, control.value.length);
}

async function load(at, query) {
  const isSent = await whenSent(at.address); // its own last value, or it would be in its own way
  if (open !== at || !isSent || refused(at.address)) return;
  await window.htmx.ajax("GET", at.address + query, { target: holder, source: holder }).catch(() => {}); // a toast says why
}

// Nobody is held up by a line that hangs: Escape, or a click elsewhere, ends the waiting.
function stopWaiting() {
  const at = open;
  close();
  release(at);
  window.htmx.trigger(holder, "htmx:abort");
}

async function edit(cell) {
  if (open || bringBack()) return;
  const at = { address: addressOf(cell) };
  const list = cell.closest("table")?.dataset.query;
  const query = list === undefined ? "" : `?${new URLSearchParams({ list })}`;
  open = at;
  hold(at, ["Enter", "Tab", "Escape"], stopWaiting);
  cell.setAttribute("aria-busy", "true");
  await load(at, query);
  cell.removeAttribute("aria-busy");
  if (open !== at) return; // given up meanwhile
  if (form()) {
    at.start = says(form());
    show();
  } else {
    close();
    bringBack(refused(at.address));
  }
  release(at);
  bringBack();
}

// What was refused opens again, where nobody types into something else.
function bringBack(back = refused()) {
  if (!back || open || isTypedAgain() || isField(document.activeElement) || document.querySelector("dialog[open]")) return false;
  open = { address: back.getAttribute("action") };
  holder.replaceChildren(back);
  show();
  return true;
}

function close() {
  const cell = find();
  open = null;
  holder.hidden = true;
  holder.replaceChildren();
  cell?.classList.remove("editing");
  return cell;
}

function leave() {
  const given = form();
  const cell = close();
  giveUp(given);
  if (cell) goToCell(cell);
  bringBack();
}

// Where the focus goes.
function next(cell, go) {
  const row = cell.closest("tr");
  if (!row) {
    const all = [...document.querySelectorAll("dd[data-cell]")].filter(isShown);
    const at = all.indexOf(cell) + { down: 1, on: 1, back: -1, stay: 0 }[go];
    return all[Math.max(0, Math.min(at, all.length - 1))];
  }
  if (go === "down") return rows()[rows().indexOf(row) + 1]?.children[cell.cellIndex] ?? cell;
  const all = cellsIn(row);
  return all[all.indexOf(cell) + { on: 1, back: -1, stay: 0 }[go]] ?? cell;
}

function save(go) {
  if (!open || !form()) return;
  const { start } = open;
  const typed = form();
  const cell = close();
  if (says(typed) !== start) send(typed);
  if (cell && go !== "away") goToCell(next(cell, go));
  bringBack();
}

// Among the boxes of several choices, since Tab saves.
function besideBox(box, step) {
  const boxes = [...form().querySelectorAll(".cell-ticks input")];
  boxes[boxes.indexOf(box) + step]?.focus();
}

// From an amount Tab goes on to its currency, and back.
const goesToPair = (field, isBack) => field.matches(isBack ? ".inp-money select" : ".inp-money input");

holder.addEventListener("submit", (event) => {
  event.preventDefault(); // by its button
  event.stopPropagation();
  save("stay");
}, true);

holder.addEventListener("keydown", (event) => {
  event.stopPropagation(); // no key of the page while one edits
  if (event.isComposing || event.ctrlKey !== (event.key === "Enter" && event.target.matches("textarea"))) return;
  if (event.defaultPrevented || event.altKey || event.metaKey) return;
  const asks = form()?.querySelector(".clash"); // whose words stand: Tab goes through the answers
  if (event.key === "Escape") leave();
  else if (event.key === "Enter" && event.target.matches("button")) return;
  else if (event.key === "Enter" && event.shiftKey) return;
  else if (event.key === "Enter") save("down");
  else if (event.key === "ArrowDown" && event.target.matches(".cell-ticks input")) besideBox(event.target, 1);
  else if (event.key === "ArrowUp" && event.target.matches(".cell-ticks input")) besideBox(event.target, -1);
  else if (event.key === "Tab" && goesToPair(event.target, event.shiftKey)) return;
  else if (event.key === "Tab" && !asks) save(event.shiftKey ? "back" : "on");
  else return;
  event.preventDefault();
});

holder.addEventListener("click", (event) => {
  if (event.target.closest("[data-cell-leave]")) leave();
});

document.addEventListener("pointerdown", (event) => {
  if (!open || holder.contains(event.target)) return;
  if (form()) save("away"); // whoever clicks elsewhere has finished
  else if (!isHeld() && !find()?.contains(event.target)) stopWaiting();
}, true);

["cell:answered", "focusin"].forEach((name) => document.addEventListener(name, () => bringBack()));
document.addEventListener("htmx:afterSwap", place); // its row may have come anew

addEventListener("beforeunload", (event) => {
  if (form() && says(form()) !== open.start) event.preventDefault();
});

addEventListener("resize", place);
addEventListener("scroll", place, { capture: true, passive: true });

// What no edit changes, such as who has it or its stage, a step does: its form comes as a dialog.
function step(row, cell) {
  const place = document.getElementById("dialog-place");
  window.htmx.ajax("GET", `${row.dataset.record}/${cell.dataset.step}`, { target: place, source: place });
}

// Going from cell to cell ---------------------------------------------------------------------------------------

function beside(row, cell, key) {
  const all = cellsIn(row);
  const at = all.indexOf(cell);
  if (key === "Home") return all[0];
  if (key === "End") return all.at(-1);
  return all[at + (key === "ArrowRight" ? 1 : -1)];
}

function move(row, cell, key) {
  if (key === "ArrowUp" || key === "ArrowDown") {
    const other = rows()[rows().indexOf(row) + (key === "ArrowDown" ? 1 : -1)];
    if (!other) return;
    if (cell) goToCell(other.children[cell.cellIndex]);
    else goTo(other);
    return;
  }
  const other = beside(row, cell, key);
  if (other) goToCell(other);
  else if (key === "ArrowLeft") goTo(row);
}

function act(row, cell, key) {
  const first = !cell && key === "F2" ? cellsIn(row).find((other) => other.dataset.cell) : cell;
  const opens = key === "Enter" && first?.matches("th"); // the name opens the record
  if (!opens && first?.dataset.step) return step(row, first);
  if (!opens && first?.dataset.cell) return void edit(first);
  if (key === "F2") return void announce(holder.dataset.fixed);
  row.querySelector("[data-open]")?.click();
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  if (!wide.matches || document.querySelector("dialog[open]")) return;
  const row = event.target === document.body ? currentRow() : event.target.closest?.("tr[data-row]");
  const cell = event.target.matches("tr[data-row] > *") ? event.target : null;
  if (!row?.matches("tr") || (event.target !== document.body && event.target !== row && !cell)) return;
  if (["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"].includes(event.key)) move(row, cell, event.key);
  else if (event.key === "F2" || (event.key === "Enter" && cell)) act(row, cell, event.key);
  else return;
  event.preventDefault();
});

const isBusy = (target) => target.closest("a, button, input, select, textarea, label, summary");

document.addEventListener("click", (event) => {
  if (!wide.matches || isBusy(event.target) || !getSelection().isCollapsed) return;
  const cell = cellOf(event.target);
  if (cell) goToCell(cell);
});

document.addEventListener("dblclick", (event) => {
  const cell = wide.matches && !isBusy(event.target) && cellOf(event.target);
  if (cell?.dataset.cell) edit(cell);
  else if (cell?.dataset.step) step(cell.closest("tr"), cell);
});

// A value of a record is a link to the form; where there is room, it opens in place instead.
document.addEventListener("click", (event) => {
  const value = event.target.closest?.("dd[data-cell] > a[data-value]");
  if (!value || !wide.matches || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  event.stopPropagation();
  edit(value.parentElement);
}, true);
