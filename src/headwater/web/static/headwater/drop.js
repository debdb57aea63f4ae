// Files dropped onto [data-drop] go into the file field inside it, and its form is sent.

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
  const field = place.querySelector("input[type=file]");
  field.files = event.dataTransfer.files;
  field.form.requestSubmit();
});
