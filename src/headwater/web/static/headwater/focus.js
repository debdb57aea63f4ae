// Keeps the reader's place: after a swap focus returns to where it was, and the outcome is announced.

let held = null;

function describe(element) {
  if (!element || element === document.body) return null;
  const attribute = ["id", "name", "href", "data-key"].find((name) => element.getAttribute(name));
  if (!attribute) return null;
  const value = CSS.escape(element.getAttribute(attribute));
  return `${element.localName}[${attribute}="${value}"]`;
}

export function announce(text) {
  const region = document.getElementById("announcer");
  if (!region || !text) return;
  region.textContent = "";
  setTimeout(() => (region.textContent = text), 50); // a change is read out, the same text again is not
}

document.addEventListener("htmx:beforeSwap", () => {
  held = { selector: describe(document.activeElement), within: document.activeElement?.closest("[id]")?.id };
});

document.addEventListener("htmx:afterSettle", (event) => {
  const region = event.detail.elt;
  const said = region.matches?.("[data-announce]") ? region : region.querySelector?.("[data-announce]");
  announce(said && (said.dataset.announce || said.textContent.trim()));
  if (!held || document.activeElement !== document.body) return;
  const wrong = region.querySelector?.("[aria-invalid=true]"); // a form came back: start at what is wrong
  const again = wrong || (held.selector && document.querySelector(held.selector));
  const place = again || (held.within && document.getElementById(held.within));
  if (place && !again && !place.hasAttribute("tabindex")) place.tabIndex = -1;
  place?.focus({ preventScroll: true });
  held = null;
});
