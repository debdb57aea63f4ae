// Values on their way. The form of a cell that one leaves waits in #cell-saves until those before it are answered, so
// nobody is in their own way; its cell says meanwhile what was typed. One that is refused stays, marked data-refused,
// until cells.js opens it again. While the server cannot be reached the others wait as well. Whoever leaves the page goes
// once all is saved; the browser asks who reloads or closes it.
import { recall } from "./cookie.js";
import { closePalette } from "./palette.js";
import { isSignedOut, reasonOf } from "./toast.js";

const place = document.getElementById("cell-saves") ?? document.createElement("div"); // pages outside have none
const forms = (which) => [...place.querySelectorAll(`:scope > form${which}`)];
const before = new WeakMap(); // what a cell held before it said what was typed

let sending = null;
let isDown = false;
let afterwards = []; // what waits until all is saved
let wanted = null; // the link among it

export const refused = (address = "") => forms(`[data-refused]${address && `[action="${CSS.escape(address)}"]`}`)[0];
export const isUnsaved = () => place.childElementCount > 0;
const isWaiting = (address) => forms(`[action="${CSS.escape(address)}"]:not([data-refused])`).length > 0;

export function cellAt(address) {
  const [record, field] = address.split("/cell/");
  return document.querySelector(`[data-record="${CSS.escape(record)}"] [data-cell="${CSS.escape(field)}"]`);
}
const cellOf = (form) => cellAt(form.getAttribute("action"));
const textOf = (cell) => cell.querySelector("a[data-open], a[data-value]") ?? cell; // what the focus may be on stays

// What the form says, as its cell may say it until the server does.
function words(form) {
  const mine = (field) => field.matches("select, textarea, input:not([type=hidden], [type=radio])");
  const said = [...form.elements].filter(mine).map((field) => {
    if (field.matches("select")) return field.selectedOptions[0]?.label;
    if (field.type !== "checkbox") return field.value;
    return field.checked && (field.closest(".cell-ticks") ? field.closest("label").textContent : "✓");
  });
  return said.map((text) => text && text.trim()).filter(Boolean).join(form.querySelector(".cell-ticks") ? ", " : " ") || "–";
}

function show(form) {
  const cell = cellOf(form);
  if (!cell) return;
  const text = textOf(cell);
  if (!before.has(cell)) before.set(cell, [...text.childNodes]);
  text.textContent = words(form);
  const isRefused = "refused" in form.dataset;
  cell.classList.toggle("unsaved", isRefused);
  if (isRefused) cell.removeAttribute("aria-busy");
  else cell.setAttribute("aria-busy", "true");
}

function restore(cell) {
  if (!cell || !before.has(cell)) return;
  textOf(cell).replaceChildren(...before.get(cell));
  before.delete(cell);
  cell.classList.remove("unsaved");
  cell.removeAttribute("aria-busy");
}

// It says what is saved by now.
function forget(cell) {
  before.delete(cell);
  cell?.removeAttribute("aria-busy");
}

function go() {
  if (sending || isDown) return;
  [sending] = forms(":not([data-refused])");
  if (sending) sending.requestSubmit();
  else if (!refused()) afterwards.splice(0).forEach((step) => step());
}

// A form once refused goes first: those behind it may be waiting for it.
export function save(form) {
  const isAgain = "refused" in form.dataset;
  if (isAgain) place.prepend(form);
  else place.append(form);
  isDown &&= !isAgain;
  delete form.dataset.refused;
  show(form);
  go();
}

// What was typed is given up, and the cell says what it said before.
export function giveUp(form) {
  if (!("refused" in form.dataset)) return;
  restore(cellOf(form));
  isDown = false;
  go();
}

const answered = () => new Promise((done) => document.addEventListener("cell:answered", done, { once: true }));

// Until nothing about this cell is on its way any more; false if it cannot be sent now.
export async function whenSent(address) {
  while (isWaiting(address) && !isDown) await answered();
  return !isWaiting(address);
}

export function whenSaved(step) {
  if (!refused()) return void afterwards.push(step);
  closePalette(); // not before that is settled, which it would hide
  document.dispatchEvent(new Event("cell:answered"));
}

// In a list the row comes back, which may have gone; else the page comes anew. A form that says what is wrong takes the
// place of the one that was sent, and nothing else does, such as the page of a proxy.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (!sending || detail.requestConfig.elt !== sending) return;
  if (detail.xhr.status !== 200) {
    detail.shouldSwap &&= detail.serverResponse.includes("data-cell-form");
    return;
  }
  const row = cellOf(sending)?.closest("tr");
  detail.shouldSwap = Boolean(row);
  if (row) detail.target = row;
  sending.remove(); // the row that comes says it
});

// Whose session has ended stays here with what they typed; they sign in in another tab.
document.addEventListener("htmx:beforeOnLoad", (event) => {
  const { requestConfig, xhr } = event.detail;
  if (sending && requestConfig.elt === sending && isSignedOut(xhr)) event.preventDefault();
});

// What is sent again then bears the token of today, and whose page it is: nothing is done in anybody else's name.
document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (detail.elt !== sending) return;
  detail.headers["X-Who"] = document.body.dataset.who;
  detail.headers["X-CSRFToken"] = detail.parameters.csrfmiddlewaretoken = recall("csrftoken");
});

function tell(form, reason) {
  form.querySelector(":scope > .errs")?.remove(); // why it was not sent before
  if (form.querySelector("[role=alert]")) return;
  const box = Object.assign(document.createElement("div"), { className: "errs", textContent: reason });
  box.setAttribute("role", "alert");
  form.append(box);
}

document.addEventListener("htmx:afterRequest", ({ detail: { requestConfig, xhr } }) => {
  if (!sending || requestConfig.elt !== sending) return;
  const address = sending.getAttribute("action");
  sending = null;
  const [form] = forms(`[action="${CSS.escape(address)}"]`);
  if (xhr.status === 200) {
    form?.remove();
    if (!isWaiting(address)) forget(cellAt(address));
  } else {
    form.dataset.refused = "";
    tell(form, reasonOf(xhr));
    show(form);
    isDown = xhr.status === 0 || xhr.status >= 500;
    if (afterwards.splice(0).length) closePalette(); // nobody leaves before that is settled
  }
  go();
  document.dispatchEvent(new Event("cell:answered"));
});

// Rows and pages that came anew do not know yet what is still on its way.
document.addEventListener("htmx:afterSwap", () => forms("").forEach(show));

// A link is followed once all is saved: what it leads to knows the values then, and nothing is lost.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]:not([data-value], [target])");
  if (!link || !isUnsaved() || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  wanted = link;
  if (!afterwards.includes(follow)) whenSaved(follow);
}, true);

function follow() {
  const again = wanted.isConnected ? wanted : [...document.links].find((other) => other.href === wanted.href);
  again?.click();
}

addEventListener("beforeunload", (event) => {
  if (isUnsaved()) event.preventDefault();
});
