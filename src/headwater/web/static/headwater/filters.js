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

document.addEventListener("keydown", (event) => {
  const form = inBuilder(event.target);
  if (!form || event.key !== "Enter") return;
  if (event.ctrlKey || event.metaKey) {
    event.preventDefault();
    form.requestSubmit(form.querySelector("[value=apply]"));
  } else if (event.target.matches("[data-narrow]")) {
    event.preventDefault(); // Enter ticks the first that is left
    [...event.target.closest(".menu-l").querySelectorAll("label:not([hidden]) input")][0]?.click();
  }
});

document.addEventListener("cancel", (event) => {
  const open = event.target.matches?.(".dlg-filter") && event.target.querySelector("details.menu[open]");
  if (!open) return;
  event.preventDefault();
  open.open = false;
  open.querySelector("summary").focus();
}, true);
