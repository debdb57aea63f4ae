// What was typed is not lost when the session has ended meanwhile. A form marked data-keep is kept in this tab while
// it is on its way. A page outside the application answers (sign-in, an error): it comes back filled, to the same
// person only. Passwords and files are never kept.

const KEY = "headwater-typed";
const HOURS = 12;
const read = () => JSON.parse(sessionStorage.getItem(KEY) || "null");
const forget = () => sessionStorage.removeItem(KEY);
const who = document.body.dataset.who;

function write(kept) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    forget(); // too much for this browser: the form goes as it always did
  }
}

function isKept(control) {
  const mine = control.name && !/^(before-|theirs-|csrfmiddlewaretoken$|next$)/.test(control.name);
  return mine && !["password", "file", "submit", "button"].includes(control.type);
}

document.addEventListener(
  "submit",
  ({ target: form }) => {
    if (form.matches("[action='/sign-out']")) forget();
    if (!form.matches("[data-keep]")) return;
    const all = [...new FormData(form)].filter(([name]) => [...form.elements].some((e) => e.name === name && isKept(e)));
    write({ who, action: form.getAttribute("action"), all, at: Date.now(), lost: false });
  },
  true,
);

function lose() {
  const kept = read();
  if (kept) write({ ...kept, lost: true });
}

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.successful && !detail.xhr.getResponseHeader("HX-Redirect") && detail.elt.matches?.("[data-keep]")) forget();
});
document.addEventListener("htmx:sendError", lose);
document.addEventListener("htmx:responseError", ({ detail }) => {
  if (detail.xhr.status === 403 || detail.xhr.status >= 500) lose();
});

function fill(form, all) {
  for (const control of form.elements) {
    if (!isKept(control)) continue;
    const texts = all.filter(([name]) => name === control.name).map(([, text]) => text);
    if (["checkbox", "radio"].includes(control.type)) control.checked = texts.includes(control.value);
    else if (control.options) [...control.options].forEach((option) => (option.selected = texts.includes(option.value)));
    else if (texts.length) control.value = texts[0];
  }
}

function bringBack() {
  const kept = read();
  if (!kept?.lost) return;
  const form = document.querySelector(`form[data-keep][action="${CSS.escape(kept.action)}"]`);
  if (form) {
    forget();
    fill(form, kept.all);
    document.body.dispatchEvent(new CustomEvent("toast", { bubbles: true, detail: { message: form.dataset.keep } }));
  } else if (!kept.sought && new URL(document.referrer || location.href).pathname === "/sign-in") {
    write({ ...kept, sought: true });
    location.replace(kept.action);
  }
}

if (!who) lose(); // a page outside: the sign-in, or an error
else {
  const kept = read();
  if (kept && (!kept.lost || kept.who !== who || Date.now() - kept.at > HOURS * 3600 * 1000)) forget();
  bringBack();
  document.addEventListener("htmx:afterSettle", bringBack);
}
