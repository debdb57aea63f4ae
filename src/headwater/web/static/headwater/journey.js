// Links to an entry of a journey, such as /leads/12#e345: where the entry is not on the page yet, the journey comes from
// there on, and the entry is marked and gets the focus.

function seek() {
  const [, id] = location.hash.match(/^#e(\d+)$/) || [];
  const journey = id && document.querySelector("[data-journey]");
  if (!journey) return;
  const entry = document.getElementById(`e${id}`);
  if (entry) return void show(entry);
  window.htmx.ajax("GET", `${journey.dataset.journey}?at=${id}`, { target: journey, swap: "outerHTML" }).then(() => {
    const found = document.getElementById(`e${id}`);
    if (found) show(found);
  });
}

function show(entry) {
  document.querySelectorAll(".tl li.on").forEach((other) => other !== entry && other.classList.remove("on"));
  entry.classList.add("on");
  entry.tabIndex = -1;
  entry.focus({ preventScroll: true });
  entry.scrollIntoView({ block: "center" });
}

addEventListener("hashchange", seek);
if (document.readyState === "complete") seek();
else addEventListener("load", seek);
