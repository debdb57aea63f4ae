// Entry of every page. Each module listens on the document, so what htmx swaps in later works as well.
import { remember } from "./cookie.js";
import { says } from "./form.js";
import "./ahead.js";
import "./cells.js";
import "./columns.js";
import "./days.js";
import "./dialog.js";
import "./drafts.js";
import "./drop.js";
import "./filters.js";
import "./focus.js";
import "./journey.js";
import "./keys.js";
import "./line.js";
import "./lists.js";
import "./mention.js";
import "./menu.js";
import "./merge.js";
import "./palette.js";
import "./pick.js";
import "./presence.js";
import "./select.js";
import "./tabs.js";
import "./toast.js";
import "./undo.js";
import "./zone.js";
import "./keep.js"; // after toast.js, which says that the text is back

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-theme-toggle]")) return;
  const root = document.documentElement;
  root.dataset.bsTheme = root.dataset.bsTheme === "dark" ? "light" : "dark";
  remember("hw_theme", root.dataset.bsTheme);
});

// A form that is on its way is not sent twice by an impatient second click.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === "get" || form.hasAttribute("hx-post")) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});
// Nor is one that htmx sends, while it says the same: htmx would send it again after the answer.
const sending = new WeakMap();
document.addEventListener("htmx:confirm", (event) => {
  const { elt } = event.detail;
  if (elt.matches("form[hx-post]") && sending.get(elt) === says(elt)) event.preventDefault();
});
document.addEventListener("htmx:beforeRequest", ({ detail: { elt } }) => {
  if (elt.matches("form[hx-post]")) sending.set(elt, says(elt));
});
document.addEventListener("htmx:afterRequest", ({ detail: { elt } }) => sending.delete(elt));
addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
});

// Filters and pickers marked data-submit send their form when they change.
document.addEventListener("change", (event) => {
  event.target.closest("[data-submit]")?.form?.requestSubmit();
});
