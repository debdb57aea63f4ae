// Choosing rows: [data-select] is the form or region, [data-select-row] a row's box, [data-select-all] the box
// in the head, [data-bulk] the bar that appears, [data-select-count] the number in it, [data-select-clear] its end.
// A region may have parts with a head each, [data-select-part]; data-more="9" of a head's box says how many rows
// that are not on the page it chooses as well. What was chosen on one page of a list stays so on the next ones.

const boxes = (region) => [...region.querySelectorAll("[data-select-row]")];
const partOf = (head) => head.closest("[data-select-part], [data-select]");
const besides = (head) => Number(head.dataset.more || 0);

function showHead(head) {
  const rows = boxes(partOf(head));
  const chosen = rows.filter((box) => box.checked).length;
  const isFull = chosen > 0 && chosen === rows.length;
  head.checked = isFull && (head.checked || !besides(head)); // what is not on the page is only chosen by the head
  head.indeterminate = chosen > 0 && !head.checked;
}
let last = null;
let chosen = new Set(); // the ids that are chosen, on whichever page of this list
let list;

// Boxes that came anew are ticked where their row was chosen before; another list begins without.
function recall(region) {
  const query = region.querySelector("[name=query]")?.value;
  if (query !== list) chosen = new Set();
  list = query;
  boxes(region).forEach((box) => (box.checked ||= chosen.has(box.value)));
}

function remember(region) {
  boxes(region).forEach((box) => (box.checked ? chosen.add(box.value) : chosen.delete(box.value)));
}

function sendOthers(region) {
  const here = new Set(boxes(region).map((box) => box.value));
  region.querySelectorAll("[data-select-other]").forEach((field) => field.remove());
  [...chosen].filter((id) => !here.has(id)).forEach((id) => {
    const field = Object.assign(document.createElement("input"), { type: "hidden", name: "ids", value: id });
    field.dataset.selectOther = "";
    region.append(field);
  });
}

function show(region) {
  remember(region);
  sendOthers(region);
  boxes(region).forEach((box) => {
    const row = box.closest("tr"); // a card says it by its box alone
    if (box.checked) row?.setAttribute("aria-selected", "true");
    else row?.removeAttribute("aria-selected");
  });
  const heads = [...region.querySelectorAll("[data-select-all]")];
  heads.forEach(showHead);
  const more = heads.filter((head) => head.checked).reduce((sum, head) => sum + besides(head), 0);
  const count = (chosen.size + more).toLocaleString(document.documentElement.lang);
  region.querySelectorAll("[data-select-count]").forEach((place) => (place.textContent = count));
  region.querySelectorAll("[data-bulk]").forEach((bar) => bar.classList.toggle("on", chosen.size > 0));
}

export function clearSelection() {
  const regions = [...document.querySelectorAll("[data-select]")];
  const wasAny = chosen.size > 0;
  chosen = new Set();
  regions.flatMap(boxes).forEach((box) => (box.checked = false));
  regions.forEach(show);
  return wasAny;
}

document.addEventListener("click", (event) => {
  const box = event.target.closest("[data-select-row]");
  if (box) {
    const all = boxes(box.closest("[data-select]"));
    if (event.shiftKey && last && all.includes(last)) {
      const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
      all.slice(from, to + 1).forEach((other) => (other.checked = box.checked));
    }
    last = box;
  }
  if (event.target.closest("[data-select-clear]")) clearSelection();
});

document.addEventListener("change", (event) => {
  const region = event.target.closest("[data-select]");
  if (!region) return;
  if (event.target.matches("[data-select-all]")) {
    const shown = boxes(partOf(event.target)).filter((box) => !box.closest(".closed")); // not what stands in a group that is closed
    shown.forEach((box) => (box.checked = event.target.checked));
  }
  show(region);
});

// Enter in a box would press the first button of the form, such as the first row's own.
document.addEventListener("keypress", (event) => {
  if (event.key === "Enter" && event.target.matches("[data-select] input[type=checkbox]")) event.preventDefault();
});

const refresh = () => document.querySelectorAll("[data-select]").forEach((region) => {
  recall(region);
  show(region);
});
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.target.id === "main") chosen = new Set(); // something was done with them
});
document.addEventListener("htmx:afterSettle", refresh);
addEventListener("pageshow", refresh); // browsers restore ticked boxes when one goes back
