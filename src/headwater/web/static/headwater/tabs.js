// Tabs that do not fit go into the menu "More" beside them: [data-tabs] holds the tabs, [data-tabs-more] is the menu.
// Without script the row of tabs can be scrolled.

function arrange(tabs) {
  const more = tabs.parentElement?.querySelector("[data-tabs-more]");
  if (!more || more.open) return;
  const all = [...tabs.querySelectorAll("a")];
  all.forEach((tab) => (tab.hidden = false));
  more.hidden = true;
  if (tabs.scrollWidth <= tabs.clientWidth) return;
  more.hidden = false; // takes some of the room itself
  const current = all.find((tab) => tab.hasAttribute("aria-current"));
  const gone = [];
  for (const tab of all.filter((other) => other !== current).reverse()) {
    if (tabs.scrollWidth <= tabs.clientWidth) break;
    tab.hidden = true;
    gone.unshift(tab);
  }
  const list = more.querySelector(".menu-l");
  list.replaceChildren(...gone.map((tab) => {
    const line = tab.cloneNode(true);
    line.hidden = false;
    line.querySelector(".ct")?.classList.add("end");
    return line;
  }));
  window.htmx?.process(list);
}

const arrangeAll = () => document.querySelectorAll("[data-tabs]").forEach(arrange);
document.addEventListener("htmx:afterSettle", arrangeAll);
addEventListener("resize", arrangeAll);
document.fonts?.ready.then(arrangeAll);
arrangeAll();
