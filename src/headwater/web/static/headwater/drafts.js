// What is half written is there again after a reload or a look at another record: fields marked data-draft, and the long
// texts of forms so marked, as long as the server sends them empty. It stays in this browser until it is sent, its writer
// signs out or somebody else signs in.

const MOST = 50;
const DAYS = 30;
const who = document.body.dataset.who;
const KEYS = "headwater-drafts-"; // each has their own: a tab that somebody left open does not write over another's
const KEY = KEYS + who;
const FIELDS = ":is([data-draft], form[data-draft] textarea):not(form)";

function read() {
  try {
    const drafts = JSON.parse(localStorage.getItem(KEY) || "[]");
    return drafts.filter(({ at }) => Date.now() - at < DAYS * 86_400_000);
  } catch {
    return []; // nothing that was written here
  }
}

function fits(drafts) {
  try {
    localStorage.setItem(KEY, JSON.stringify(drafts));
    return true;
  } catch {
    return false; // too much for this browser: what it holds stays
  }
}

function write(drafts) {
  const recent = drafts.slice(-MOST);
  if (!recent.length) localStorage.removeItem(KEY);
  else if (!fits(recent) && recent.length > 1) fits(recent.slice(1));
}

const isDraft = (field) => Boolean(who && field.matches?.(FIELDS) && field.defaultValue === "");
const keyOf = (field) => `${field.form.getAttribute("action")} ${field.name}`;

function keep(field, text = field.value) {
  const others = read().filter(({ key }) => key !== keyOf(field));
  write(text.trim() ? [...others, { key: keyOf(field), text, at: Date.now() }] : others);
}

function bringBack() {
  const drafts = read();
  if (!drafts.length) return;
  document.querySelectorAll(FIELDS).forEach((field) => {
    const draft = isDraft(field) && !field.value && drafts.find(({ key }) => key === keyOf(field));
    if (draft) field.value = draft.text;
  });
}

["input", "focusout"].forEach((name) => {
  document.addEventListener(name, ({ target }) => isDraft(target) && keep(target));
});
addEventListener("pagehide", () => {
  const field = document.activeElement;
  if (isDraft(field) && !document.querySelector("form[data-sent]")) keep(field); // with whom it names, unless it was sent
});

// Sent is what the form said then; what was typed since stays.
const draftsOf = (form) => [...(form?.elements ?? [])].filter((field) => field.matches(FIELDS));
const forget = (form) => draftsOf(form).forEach((field) => keep(field, ""));
const sent = new WeakMap();
document.addEventListener("htmx:beforeRequest", ({ detail: { elt } }) => {
  if (elt.matches("form")) sent.set(elt, draftsOf(elt).map((field) => [field, field.value]));
});
document.addEventListener("htmx:beforeOnLoad", ({ detail: { requestConfig, xhr } }) => {
  if (xhr.status !== 200) return;
  (sent.get(requestConfig.elt) ?? []).forEach(([field, text]) => {
    const since = field.value.startsWith(text) ? field.value.slice(text.length) : field.value;
    field.value = "";
    keep(field, since);
  });
});

document.addEventListener("submit", ({ target: form, defaultPrevented }) => {
  if (form.matches("[action='/sign-out']")) localStorage.removeItem(KEY);
  else if (!defaultPrevented && !form.hasAttribute("hx-post")) forget(form);
});
document.addEventListener("click", ({ target }) => forget(target.closest("[data-draft-drop]")?.closest("form")));

const others = Object.keys(localStorage).filter((key) => key.startsWith("headwater-drafts") && key !== KEY);
if (who && !document.body.matches(".looks")) others.forEach((key) => localStorage.removeItem(key));
bringBack();
document.addEventListener("htmx:afterSwap", bringBack);
