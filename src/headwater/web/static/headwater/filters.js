// The filter builder. The server draws every change of it; this only helps the hand: the words of what is ticked,
// finding among many values, Ctrl+Enter to show, and Escape that closes an open list of values before the dialog.

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

// What is typed or ticked while an answer is on its way is not lost with the fields that the answer replaces.
const isText = (field) => field.matches("input:not([type=hidden], [type=checkbox], [type=search]), textarea");
const typed = (form) => new Map([...form.querySelectorAll("[id]")].filter(isText).map((field) => [field.id, field.value]));
let sent = new Map();

document.addEventListener("htmx:beforeRequest", ({ target, detail }) => {
  const form = inBuilder(target);
  if (form && detail.target?.id === "filter-body") sent = typed(form);
});

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const form = detail.target?.id === "filter-body" && inBuilder(detail.target);
  if (!form) return;
  const since = [...typed(form)].filter(([id, text]) => sent.has(id) && sent.get(id) !== text);
  const put = () => since.forEach(([id, text]) => { const field = document.getElementById(id); if (field) field.value = text; });
  if (since.length) form.addEventListener("htmx:afterSwap", put, { once: true });
});

document.addEventListener("cancel", (event) => {
  const open = event.target.matches?.(".dlg-filter") && event.target.querySelector("details.menu[open]");
  if (!open) return;
  event.preventDefault();
  open.open = false;
  open.querySelector("summary").focus();
}, true);
