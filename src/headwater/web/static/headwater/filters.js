// The filter builder. The server draws every change of it; this only helps the hand: the words of what is ticked,
// finding among many values, Ctrl+Enter to show, and Escape that closes an open list of values before the dialog.
import { says } from "./form.js";

const inBuilder = (element) => element?.closest?.("[data-filter-form]");

document.addEventListener("change", ({ target }) => {
  const menu = inBuilder(target) && target.matches("[type=checkbox]") && target.closest("details.flt-pick");
  if (!menu) return;
  const picked = menu.querySelector("[data-picked]");
  const ticked = [...menu.querySelectorAll("input:checked")].map((box) => box.parentElement.textContent.trim());
  picked.textContent = ticked.join(", ") || picked.dataset.none;
  const summary = menu.querySelector("summary");
  summary.setAttribute("aria-label", `${summary.dataset.label}: ${picked.textContent}`);
});

document.addEventListener("input", ({ target }) => {
  if (!inBuilder(target) || !target.matches("[data-narrow]")) return;
  const wanted = target.value.trim().toLocaleLowerCase();
  target.closest(".menu-l").querySelectorAll("label").forEach((line) => {
    line.hidden = !line.textContent.toLocaleLowerCase().includes(wanted);
  });
});

const boxes = (menu) => [...menu.querySelectorAll("label:not([hidden]) input")];

function inValues(event, menu) {
  const { key, target } = event;
  const all = boxes(menu);
  if (key === "ArrowDown" || key === "ArrowUp") {
    if (!menu.open) return;
    const at = all.indexOf(target) + (key === "ArrowDown" ? 1 : -1);
    (all[at] || menu.querySelector("[data-narrow]") || all.at(at)).focus();
  } else if (key === "Enter" && target.matches("[data-narrow]")) {
    if (target.value.trim()) all[0]?.click(); // the first that is left
  } else if (key === "Enter" && target.matches("[type=checkbox]")) {
    target.click();
  } else {
    return;
  }
  event.preventDefault();
  event.stopPropagation();
}

document.addEventListener("keydown", (event) => {
  const form = inBuilder(event.target);
  if (!form) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.querySelector("[value=apply]").click(); // not requestSubmit: htmx would send the button that has the focus
    return;
  }
  const menu = event.target.closest("details.flt-pick");
  if (menu) inValues(event, menu);
}, true);

// What is typed, chosen or ticked while an answer is on its way is not lost with the fields that the answer would
// replace: it knows nothing of them, so it is asked for again. A list of values that was opened meanwhile stays open.
let sent = "";

function askAgain({ requestConfig: { triggeringEvent: { target, submitter } } }) {
  if (submitter) submitter.click(); // htmx sends the button that was clicked last
  else window.htmx.trigger(target, "change");
}

function keepOpen(form) {
  const menu = form.querySelector("details.flt-pick[open]");
  if (!menu) return;
  const wanted = menu.querySelector("[data-narrow]")?.value;
  form.addEventListener("htmx:afterSwap", () => {
    const drawn = document.getElementById(menu.querySelector("summary").id)?.parentElement;
    if (!drawn) return;
    drawn.open = true;
    const narrow = wanted && drawn.querySelector("[data-narrow]");
    if (!narrow) return;
    narrow.value = wanted;
    narrow.dispatchEvent(new Event("input", { bubbles: true }));
  }, { once: true });
}

document.addEventListener("htmx:beforeRequest", ({ target, detail }) => {
  const form = inBuilder(target);
  if (form && detail.target?.id === "filter-body") sent = says(form);
});

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const form = detail.target?.id === "filter-body" && inBuilder(detail.target);
  if (!form || !detail.shouldSwap) return;
  if (says(form) === sent) return keepOpen(form);
  detail.shouldSwap = false;
  setTimeout(() => askAgain(detail)); // once this one has ended
});

document.addEventListener("cancel", (event) => {
  const open = event.target.matches?.(".dlg-filter") && event.target.querySelector("details.menu[open]");
  if (!open) return;
  event.preventDefault();
  open.open = false;
  open.querySelector("summary").focus();
}, true);
