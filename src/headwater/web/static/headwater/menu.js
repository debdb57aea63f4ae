// Menus are <details class="menu"><summary>…</summary><div class="menu-l">…</div></details>: they open without
// script. This closes them again, keeps them inside the window and moves through them with the arrow keys.

const open = () => document.querySelectorAll("details.menu[open]");

function place(menu) {
  const list = menu.querySelector(".menu-l");
  const anchor = menu.querySelector("summary").getBoundingClientRect();
  list.classList.add("at"); // fixed, so that no scrolling panel cuts it off
  const { width, height } = list.getBoundingClientRect();
  const rightmost = document.documentElement.clientWidth - width - 8;
  const wanted = list.classList.contains("start") ? anchor.left : anchor.right - width;
  const below = anchor.bottom + 4;
  const fits = below + height <= innerHeight - 8 || anchor.top < height;
  list.style.left = `${Math.max(8, Math.min(rightmost, wanted))}px`;
  list.style.top = `${fits ? below : anchor.top - height - 4}px`;
}

document.addEventListener(
  "toggle",
  (event) => {
    const menu = event.target;
    if (!menu.matches?.("details.menu") || !menu.open) return;
    open().forEach((other) => other !== menu && !other.contains(menu) && (other.open = false));
    place(menu);
    menu.querySelector(".menu-l [autofocus]")?.focus();
  },
  true,
);

document.addEventListener("click", (event) => {
  open().forEach((menu) => {
    const inside = menu.contains(event.target);
    const chosen = event.target.closest(".menu-l a, .menu-l button:not([data-stay])");
    if (inside && !chosen) return;
    if (inside && menu.contains(document.activeElement)) menu.querySelector("summary").focus(); // not lost with the list
    menu.open = false;
  });
});

addEventListener("scroll", (event) => {
  open().forEach((menu) => !menu.contains(event.target) && (menu.open = false));
}, { capture: true, passive: true });

export function closeMenus() {
  const menus = [...open()];
  menus.forEach((menu) => {
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  return menus.length > 0;
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const menu = event.target.closest("details.menu[open], [popover]");
  if (!menu || event.target.matches("input, select, textarea")) return;
  const items = [...menu.querySelectorAll("a[href], button:not(:disabled), input")].filter((item) => item.offsetParent);
  if (!items.length) return;
  event.preventDefault();
  const step = event.key === "ArrowDown" ? 1 : -1;
  const at = items.indexOf(document.activeElement);
  items[(at + step + items.length) % items.length].focus();
});

// The menu "New" is a popover; its first line gets the focus.
document.addEventListener("toggle", (event) => {
  if (event.newState === "open" && event.target.matches?.("[popover]")) {
    event.target.querySelector("a[href], button")?.focus();
  }
}, true);
