// Choosing rows: [data-select] is the form or region, [data-select-row] a row's box, [data-select-all] the box
// in the head, [data-bulk] the bar that appears, [data-select-count] the number in it, [data-select-clear] its end.

const boxes = (region) => [...region.querySelectorAll("[data-select-row]")];
let last = null;

function show(region) {
  const all = boxes(region);
  const chosen = all.filter((box) => box.checked);
  all.forEach((box) => {
    const row = box.closest("[data-row], tr");
    if (box.checked) row?.setAttribute("aria-selected", "true");
    else row?.removeAttribute("aria-selected");
  });
  region.querySelectorAll("[data-select-count]").forEach((place) => (place.textContent = chosen.length));
  region.querySelectorAll("[data-bulk]").forEach((bar) => bar.classList.toggle("on", chosen.length > 0));
  region.querySelectorAll("[data-select-all]").forEach((box) => {
    box.checked = chosen.length > 0 && chosen.length === all.length;
    box.indeterminate = chosen.length > 0 && chosen.length < all.length;
  });
}

export function clearSelection() {
  const regions = [...document.querySelectorAll("[data-select]")];
  const chosen = regions.flatMap(boxes).filter((box) => box.checked);
  chosen.forEach((box) => (box.checked = false));
  regions.forEach(show);
  return chosen.length > 0;
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
    const shown = boxes(region).filter((box) => !box.closest(".closed")); // not what stands in a group that is closed
    shown.forEach((box) => (box.checked = event.target.checked));
  }
  show(region);
});

const refresh = () => document.querySelectorAll("[data-select]").forEach(show);
document.addEventListener("htmx:afterSettle", refresh);
addEventListener("pageshow", refresh); // browsers restore ticked boxes when one goes back
