// Lists: Shift and a click on a head (or Shift and Enter) sorts by one column more, [data-add]; the head of a group
// opens and closes it, [data-group-toggle], and the address remembers which are closed. Enter in the field that finds
// goes to the first row: what is found comes while one types.
import { goTo, rows } from "./keys.js";

document.addEventListener("click", (event) => {
  const head = event.shiftKey && event.target.closest?.("a.sort[data-add]");
  if (!head) return;
  event.preventDefault();
  event.stopPropagation(); // or the head would sort by itself alone
  window.htmx.ajax("GET", head.dataset.add, { source: head, target: "#list" });
}, true);

document.addEventListener("click", ({ target }) => {
  const button = target.closest?.("[data-group-toggle]");
  if (!button) return;
  const isClosed = button.closest("tbody").classList.toggle("closed");
  button.setAttribute("aria-expanded", String(!isClosed));
  const here = new URL(location.href);
  const key = button.id.replace("group-", "");
  const closed = (here.searchParams.get("folded") || "").split(",").filter((other) => other && other !== key);
  if (isClosed) closed.push(key);
  here.searchParams.delete("folded");
  const kept = closed.length ? `${here.search ? "&" : "?"}folded=${closed.map(encodeURIComponent).join(",")}` : "";
  history.replaceState(history.state, "", here.pathname + here.search + kept);
});

document.addEventListener("submit", (event) => {
  if (!event.target.querySelector("[data-filter][hx-get]")) return;
  event.preventDefault();
  const [first] = rows();
  if (first) goTo(first);
});
