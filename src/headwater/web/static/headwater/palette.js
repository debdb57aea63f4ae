// The command palette: <dialog id="palette"> with a field that asks the server (htmx) and a list it fills.
// The field keeps the focus; the arrow keys move through the options, Enter takes one. What is offered to do is
// about the row or card that the reader is on, else about the record of the page.

const dialog = document.getElementById("palette");
const field = dialog?.querySelector("input[type=search]");
const status = document.getElementById("palette-status");
const options = () => [...dialog.querySelectorAll(".pick")];
let answered = null; // the words that the options are for
let isEntered = false; // Enter was pressed before they came: it means what will be found, not what stands there

function choose(option) {
  options().forEach((other) => other.setAttribute("aria-selected", String(other === option)));
  if (option) {
    option.id ||= `palette-${options().indexOf(option)}`;
    field.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  } else field.removeAttribute("aria-activedescendant");
}

export function openPalette() {
  if (!dialog || dialog.open) return;
  const row = document.querySelector("[data-row].cur[data-record]");
  dialog.querySelector("[name=path]").value = row?.dataset.record ?? location.pathname;
  answered = null;
  dialog.showModal();
  field.select();
  field.dispatchEvent(new Event("palette-open"));
}

export const closePalette = () => dialog?.close();

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-palette]")) {
    event.preventDefault();
    openPalette();
  }
  // A click on the backdrop hits the dialog itself.
  if (event.target.matches?.("dialog.dlg") || event.target.closest?.("[data-dialog-close]")) {
    event.target.closest("dialog").close();
  }
});

field?.addEventListener("keydown", (event) => {
  const all = options();
  const at = all.findIndex((option) => option.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (all.length) choose(all[(at + (event.key === "ArrowDown" ? 1 : -1) + all.length) % all.length]);
  } else if (event.key === "Enter" && !event.isComposing) {
    event.preventDefault();
    if (answered === field.value) all[Math.max(at, 0)]?.click();
    else isEntered = true;
  } else if (event.key === "Escape" && !event.isComposing) {
    event.preventDefault(); // a search field would only be emptied by the first one
    dialog.close();
  } else if (all.length && (event.key === "PageDown" || event.key === "PageUp")) {
    event.preventDefault(); // from group to group
    const groups = [...dialog.querySelectorAll("[role=group]")];
    const here = groups.findIndex((group) => group.contains(all[Math.max(at, 0)]));
    const next = groups[Math.min(Math.max(here + (event.key === "PageDown" ? 1 : -1), 0), groups.length - 1)];
    choose(next.querySelector(".pick"));
  }
});

field?.addEventListener("input", () => (isEntered = false));
dialog?.addEventListener("close", () => (isEntered = false));

dialog?.addEventListener("htmx:afterSettle", ({ detail }) => {
  answered = detail.requestConfig.parameters.q;
  choose(options()[0]);
  // The dialog is modal: what is announced has to stand inside it.
  status.textContent = dialog.querySelector("[data-count]")?.dataset.count ?? "";
  if (!isEntered || answered !== field.value) return;
  isEntered = false;
  options()[0]?.click();
});
