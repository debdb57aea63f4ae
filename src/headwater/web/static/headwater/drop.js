// Files dropped onto [data-drop] go into the file field inside it, and its form is sent; so it is when some are chosen.

const zone = (event) =>
  event.dataTransfer?.types.includes("Files") ? event.target.closest?.("[data-drop]") : null;
const leave = () => document.querySelectorAll("[data-drop].over").forEach((place) => place.classList.remove("over"));

document.addEventListener("dragover", (event) => {
  const place = zone(event);
  leave();
  if (!place) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "copy";
  place.classList.add("over");
});
document.addEventListener("dragleave", (event) => !event.relatedTarget && leave());
document.addEventListener("drop", (event) => {
  const place = zone(event);
  leave();
  if (!place) return;
  event.preventDefault();
  const into = place.querySelector("input[type=file]");
  if (into.disabled) return; // others are on their way
  into.files = event.dataTransfer.files;
  into.form.requestSubmit();
});

const field = ({ target }) => (target.matches?.("[data-drop] input[type=file]") ? target : null);
document.addEventListener("change", (event) => field(event)?.form.requestSubmit());
document.addEventListener("htmx:afterRequest", ({ target }) => {
  const sent = target.querySelector?.(":scope[hx-encoding] > input[type=file]");
  if (sent) sent.value = ""; // the same file may be chosen again
});
