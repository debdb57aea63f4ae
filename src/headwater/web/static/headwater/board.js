// Boards: cards are dragged between columns, or moved with < and > (buttons in the card). Only board pages load
// this.
//   [data-board]                      the board; what is dragged with comes with the first sign of a pointer (sortable.js)
//   [data-board-list="STAGE"]         a column's list; data-order="2" tells forward from back
//   [data-card] data-move-url="…"     a card; the move posts stage=STAGE there
//   <dialog data-board-reason>        asked before a card moves back; its form's fields are posted along
// The card lands at once. If the server refuses, it goes back and says why; otherwise the answer (HTML with the
// card, and out-of-band parts such as column totals) replaces it.
import { announce } from "./focus.js";
import { sortable } from "./sortable.js";

const token = () => JSON.parse(document.body.getAttribute("hx-headers") || "{}")["X-CSRFToken"] || "";

function askReason() {
  const dialog = document.querySelector("[data-board-reason]");
  if (!dialog) return Promise.resolve(new FormData());
  return new Promise((answer) => {
    const form = dialog.querySelector("form");
    form.reset();
    dialog.returnValue = "";
    dialog.addEventListener("close", () => answer(dialog.returnValue === "move" ? new FormData(form) : null), {
      once: true,
    });
    dialog.showModal();
  });
}

function sayNo(card, words) {
  card.querySelector(".deal-note")?.remove();
  if (!words) return;
  const note = document.createElement("p");
  note.className = "deal-note";
  note.setAttribute("role", "alert");
  note.textContent = words;
  card.append(note);
}

function triggers(response) {
  try {
    return JSON.parse(response.headers.get("HX-Trigger") || "{}");
  } catch {
    return {};
  }
}

async function move(card, from, to, putBack) {
  const board = card.closest("[data-board]");
  const isBack = Number(to.dataset.order) < Number(from.dataset.order);
  const data = isBack ? await askReason() : new FormData();
  if (!data) return putBack();
  data.set(board.dataset.boardField || "stage", to.dataset.boardList);
  card.classList.add("moving");
  let response;
  try {
    response = await fetch(card.dataset.moveUrl, {
      method: "POST",
      body: data,
      headers: { "X-CSRFToken": token(), "HX-Request": "true" },
    });
  } catch {
    card.classList.remove("moving");
    putBack();
    return sayNo(card, document.getElementById("toasts")?.dataset.offline);
  }
  card.classList.remove("moving");
  const events = triggers(response);
  if (!response.ok) {
    putBack();
    const body = await response.json().catch(() => ({}));
    return sayNo(card, events.toast?.message || body.detail || document.getElementById("toasts")?.dataset.failed);
  }
  sayNo(card, "");
  const html = await response.text();
  if (html.trim()) window.htmx.swap(card, html, { swapStyle: "outerHTML" });
  Object.entries(events).forEach(([name, detail]) => window.htmx.trigger(document.body, name, detail));
  if (!events.toast) announce(to.dataset.announceMoved);
}

function letDrag(board) {
  sortable(board, board.querySelectorAll("[data-board-list]"), {
    group: "board",
    draggable: "[data-card]",
    filter: "a, button, label, .deal-note",
    preventOnFilter: false,
    delay: 180,
    delayOnTouchOnly: true,
    animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 120,
    onEnd({ item, from, to, oldDraggableIndex }) {
      if (from === to) return;
      const cards = [...from.querySelectorAll(":scope > [data-card]")];
      move(item, from, to, () => from.insertBefore(item, cards[oldDraggableIndex] || null));
    },
  });
}

const known = new WeakSet();

function ready(board) {
  if (known.has(board)) return;
  known.add(board);
  ["pointerover", "touchstart"].forEach((sign) => board.addEventListener(sign, () => letDrag(board), { passive: true }));

  // A card's buttons (data-move="1" or "-1", pressed by > and <) do the same without a mouse.
  board.addEventListener("click", (event) => {
    const button = event.target.closest("[data-move]");
    if (!button) return;
    event.preventDefault();
    const card = button.closest("[data-card]");
    const lists = [...board.querySelectorAll("[data-board-list]")];
    const from = card.closest("[data-board-list]");
    const to = lists[lists.indexOf(from) + Number(button.dataset.move)];
    if (!to) return;
    const next = card.nextElementSibling;
    to.prepend(card);
    card.focus();
    move(card, from, to, () => {
      from.insertBefore(card, next);
      card.focus();
    });
  });
}

// A filter or a search brings another board.
const readyAll = () => document.querySelectorAll("[data-board]").forEach(ready);
document.addEventListener("htmx:load", readyAll);
readyAll();
