// Days that are typed in figures, <span data-day="%d.%m.%Y"><input><button data-day-open></span>, with the browser's
// calendar beside them: its button or Alt with the arrow down opens it, and what is picked is written as its reader
// writes it. Where one taps, on a phone, the field itself opens it.

const taps = matchMedia("(pointer: coarse)");
const place = (node) => node.closest?.("[data-day]");
const two = (number) => String(number).padStart(2, "0");

// The day and time typed so far as the calendar takes them; "" if they are none.
function iso({ dataset: { day, clock } }, text) {
  const order = /^\d{4}\D/.test(text) ? ["Y", "m", "d"] : [...day.matchAll(/%(\w)/g)].map((found) => found[1]);
  const figures = text.match(/\d+/g) ?? [];
  const of = Object.fromEntries(order.map((part, at) => [part, figures[at]]));
  if (figures.length < 3 || of.Y?.length !== 4) return "";
  const date = `${of.Y}-${two(of.m)}-${two(of.d)}`;
  if (!clock) return date;
  const noon = /([ap])\.?\s*m/i.exec(text)?.[1].toLowerCase();
  const hour = Number(figures[3] ?? 9);
  return `${date}T${two(noon ? (hour % 12) + (noon === "p" ? 12 : 0) : hour)}:${two(figures[4] ?? 0)}`;
}

function written({ dataset: { day, clock } }, value) {
  if (!value) return "";
  const [date, time] = value.split("T");
  const [Y, m, d] = date.split("-");
  const figures = day.replace(/%(\w)/g, (_all, part) => ({ Y, m, d })[part]);
  if (!clock) return figures;
  const [hour, minute] = time.split(":");
  if (clock === "24") return `${figures} ${hour}:${minute}`;
  return `${figures} ${hour % 12 || 12}:${minute} ${hour < 12 ? "am" : "pm"}`;
}

function open(field) {
  const text = field.querySelector("input");
  field.querySelector(".day-native")?.remove();
  const native = document.createElement("input");
  native.type = field.dataset.clock ? "datetime-local" : "date";
  native.className = "day-native";
  native.tabIndex = -1;
  native.setAttribute("aria-hidden", "true");
  native.value = iso(field, text.value);
  native.addEventListener("change", () => {
    text.value = written(field, native.value);
    for (const kind of ["input", "change"]) text.dispatchEvent(new Event(kind, { bubbles: true }));
    if (!taps.matches) text.focus();
  });
  native.addEventListener("input", (event) => event.stopPropagation());
  field.append(native);
  try {
    native.showPicker();
  } catch {
    native.focus(); // a browser that opens it by hand alone
  }
}

document.addEventListener("click", (event) => {
  const field = place(event.target);
  if (!field) return;
  if (event.target.closest("[data-day-open]") || (taps.matches && event.target.matches("input"))) open(field);
});

document.addEventListener("pointerdown", ({ target }) => {
  if (taps.matches && place(target) && target.matches("input")) target.inputMode = "none"; // the calendar, not keys
});

document.addEventListener("keydown", (event) => {
  const field = event.altKey && event.key === "ArrowDown" && place(event.target);
  if (!field) return;
  event.preventDefault();
  event.stopPropagation();
  open(field);
}, true);
