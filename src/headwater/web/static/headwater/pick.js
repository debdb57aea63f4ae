// A field that suggests records: <span data-picker><input role="combobox"><input type="hidden"><span role="listbox">.
// htmx fills the list while one types; the arrows move in it, Enter or a click picks, Escape closes it.

const parts = (node) => {
  const picker = node.closest("[data-picker]");
  return picker && {
    field: picker.querySelector("[role=combobox]"),
    chosen: picker.querySelector("input[type=hidden]"),
    list: picker.querySelector("[role=listbox]"),
  };
};
const options = (list) => [...list.querySelectorAll("[role=option]")];

function show({ field, list }, open) {
  list.hidden = !open;
  field.setAttribute("aria-expanded", String(open));
  if (!open) field.removeAttribute("aria-activedescendant");
}

function mark({ field, list }, option) {
  options(list).forEach((other) => other.setAttribute("aria-selected", String(other === option)));
  if (!option) return field.removeAttribute("aria-activedescendant");
  field.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

function pick(picker, option) {
  picker.field.value = option.dataset.name;
  picker.chosen.value = option.dataset.id;
  show(picker, false);
  picker.field.focus();
}

document.addEventListener("input", (event) => {
  const picker = event.target.matches("[data-picker] [role=combobox]") && parts(event.target);
  if (!picker) return;
  picker.chosen.value = ""; // other words, another party
  mark(picker, null); // and none of those that the last words found, until these are answered
});

document.addEventListener("htmx:afterSwap", (event) => {
  const picker = event.target.matches?.("[data-picker] [role=listbox]") && parts(event.target);
  if (!picker) return;
  show(picker, picker.list.children.length > 0 && document.activeElement === picker.field);
  const isAnswered = event.detail.requestConfig.parameters[picker.field.name] === picker.field.value;
  mark(picker, isAnswered ? options(picker.list)[0] : null);
});

document.addEventListener("keydown", (event) => {
  const picker = event.target.matches?.("[data-picker] [role=combobox]") && parts(event.target);
  if (!picker || picker.list.hidden) return;
  const all = options(picker.list);
  const at = all.findIndex((option) => option.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (all.length) mark(picker, all[(at + (event.key === "ArrowDown" ? 1 : -1) + all.length) % all.length]);
  } else if (event.key === "Enter" && all[at]) {
    event.preventDefault();
    pick(picker, all[at]);
  } else if (event.key === "Escape") {
    event.preventDefault(); // closes the list, not the dialog around it
    event.stopPropagation();
    show(picker, false);
  }
}, true);

// Before the field loses the focus to the click.
document.addEventListener("mousedown", (event) => {
  const option = event.target.closest?.("[data-picker] [role=option]");
  if (!option) return;
  event.preventDefault();
  pick(parts(option), option);
});

document.addEventListener("focusout", (event) => {
  const picker = event.target.matches?.("[data-picker] [role=combobox]") && parts(event.target);
  if (picker) show(picker, false);
});
