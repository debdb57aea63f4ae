// Columns of a list. In the chooser [data-reorder] lines are moved by dragging, by their buttons or with Alt and an
// arrow key; in the table's head [data-width-grip] is dragged, or Shift and an arrow key changes the column in focus.
// An arrow key alone goes from head to head.
import { announce } from "./focus.js";
import { sortable } from "./sortable.js";

const STEP = 8;
const NARROWEST = 6;
const WIDEST = 100;
const token = () => JSON.parse(document.body.getAttribute("hx-headers") || "{}")["X-CSRFToken"] || "";

// The chooser ---------------------------------------------------------------------------------------------------

document.addEventListener("toggle", (event) => {
  const list = event.target.open && event.target.querySelector?.("[data-reorder]");
  if (list) sortable(list, [list], { handle: ".grip", animation: 120 });
}, true);

function shift(line, by) {
  const other = by < 0 ? line.previousElementSibling : line.nextElementSibling;
  if (!other) return;
  const focused = document.activeElement;
  if (by < 0) other.before(line);
  else other.after(line);
  focused.focus();
  line.scrollIntoView({ block: "nearest" });
  announce(`${line.textContent.trim()}: ${[...line.parentElement.children].indexOf(line) + 1}`);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-reorder] [data-up], [data-reorder] [data-down]");
  if (!button) return;
  event.preventDefault(); // without script the button sends the form instead
  shift(button.closest("li"), button.hasAttribute("data-up") ? -1 : 1);
});

document.addEventListener("keydown", (event) => {
  if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
  const line = event.target.closest("[data-reorder] li");
  if (!line) return;
  event.preventDefault();
  shift(line, event.key === "ArrowUp" ? -1 : 1);
});

// Widths --------------------------------------------------------------------------------------------------------

const colOf = (head) => head.closest("table").querySelectorAll("col")[head.cellIndex];
const stepOf = (col) => Number(col.className.match(/\bwide-(\d+)/)?.[1] || 0);

function setStep(col, step) {
  const fitting = Math.max(NARROWEST, Math.min(WIDEST, step));
  col.className = `wide-${fitting}`;
  return fitting;
}

function hold(table) {
  if (table.classList.contains("fixed")) return;
  const heads = [...table.tHead.rows[0].cells];
  const widths = heads.map((head) => head.getBoundingClientRect().width);
  heads.forEach((head, at) => colOf(head).dataset.col && setStep(colOf(head), Math.ceil(widths[at] / STEP)));
  table.classList.add("fixed");
}

let waiting;
function keep(table) {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    const body = new URLSearchParams({ query: table.dataset.query });
    table.querySelectorAll("col[data-col]").forEach((col) => body.set(`width-${col.dataset.col}`, stepOf(col) * STEP));
    fetch(table.dataset.widths, { method: "POST", body, headers: { "X-CSRFToken": token() }, keepalive: true });
  }, 300);
}

document.addEventListener("pointerdown", (event) => {
  const grip = event.target.closest("[data-width-grip]");
  if (!grip || event.button) return;
  event.preventDefault();
  const head = grip.closest("th");
  const table = head.closest("table");
  hold(table);
  const col = colOf(head);
  const [from, first] = [event.clientX, stepOf(col)];
  const direction = getComputedStyle(table).direction === "rtl" ? -1 : 1;
  const move = (moved) => setStep(col, first + Math.round((direction * (moved.clientX - from)) / STEP));
  grip.classList.add("on");
  grip.setPointerCapture(event.pointerId);
  grip.addEventListener("pointermove", move);
  grip.addEventListener("lostpointercapture", () => {
    grip.classList.remove("on");
    grip.removeEventListener("pointermove", move);
    keep(table);
  }, { once: true });
});

// A head that sorts nothing is no stop for Tab: an arrow key leads to it from the one beside it.
function goBeside(head, key) {
  const isOn = (key === "ArrowRight") !== (getComputedStyle(head).direction === "rtl");
  const beside = isOn ? head.nextElementSibling : head.previousElementSibling;
  if (!beside) return;
  const stop = beside.querySelector("a, input") || beside;
  if (stop === beside) beside.tabIndex = -1;
  stop.focus();
}

document.addEventListener("keydown", (event) => {
  if ((event.key !== "ArrowLeft" && event.key !== "ArrowRight") || event.altKey || event.ctrlKey || event.metaKey) return;
  const head = event.target.closest("table[data-widths] thead th");
  if (!head) return;
  event.preventDefault();
  if (!event.shiftKey) return void goBeside(head, event.key);
  if (!colOf(head).dataset.col) return;
  hold(head.closest("table"));
  const step = setStep(colOf(head), stepOf(colOf(head)) + (event.key === "ArrowRight" ? 2 : -2));
  announce(`${step * STEP} px`);
  keep(head.closest("table"));
});
