// Toasts: what happened, and Undo. They stay for ten seconds, and as long as somebody points at or is in them.
// The server sends HX-Trigger: {"toast": {"message": "…", "undo_url": "…", "open_url": "…", "tone": "bad"}}, or the page brings
// them along (Django's messages). Texts and markup come from <template id="toast-template">.
import { rememberUndo } from "./undo.js";

const STAY = 10_000;
const region = document.getElementById("toasts");

function watch(toast) {
  let timer;
  const stop = () => clearTimeout(timer);
  const run = () => {
    stop();
    if (!toast.matches(":hover, :focus-within")) timer = setTimeout(() => toast.remove(), STAY);
  };
  toast.addEventListener("mouseenter", stop);
  toast.addEventListener("mouseleave", run);
  toast.addEventListener("focusin", stop);
  toast.addEventListener("focusout", () => setTimeout(run));
  run();
}

export function toast({ message, undo_url: undoUrl = "", open_url: openUrl = "", tone = "" }) {
  const template = document.getElementById("toast-template");
  if (!region || !template || !message) return;
  const element = template.content.firstElementChild.cloneNode(true);
  element.querySelector("[data-message]").textContent = message;
  const made = element.querySelector("[data-made]");
  if (openUrl) made.href = openUrl;
  else made.remove();
  const form = element.querySelector("form");
  if (undoUrl) {
    form.action = undoUrl;
    form.setAttribute("hx-post", undoUrl);
    rememberUndo(undoUrl);
  } else form.remove();
  if (tone === "bad") element.setAttribute("role", "alert");
  region.append(element);
  while (region.children.length > 3) region.firstElementChild.remove();
  window.htmx?.process(element);
  watch(element);
}

document.addEventListener("toast", (event) => toast(event.detail.value ?? event.detail));
document.addEventListener("click", (event) => {
  event.target.closest("[data-toast-close]")?.closest("[data-toast]").remove();
});
region?.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful) event.target.closest("[data-toast]")?.remove();
});

// Refusals (403, 409, 422) bring their own words; for the rest the page says what happened and what was kept.
const told = (xhr) => JSON.parse(xhr.getResponseHeader("HX-Trigger") || "{}").toast?.message;
export const isSignedOut = (xhr) => xhr.getResponseHeader("HX-Redirect")?.startsWith("/sign-in");
const usual = (xhr) => (isSignedOut(xhr) ? "ended" : xhr.status ? "failed" : "offline");
export const reasonOf = (xhr) => told(xhr) ?? region.dataset[usual(xhr)];

function failed({ detail: { xhr } }) {
  if (!told(xhr)) toast({ message: reasonOf(xhr), tone: "bad" });
}
["htmx:responseError", "htmx:sendError", "htmx:timeout"].forEach((name) => document.addEventListener(name, failed));

region?.querySelectorAll("[data-toast]").forEach(watch);
