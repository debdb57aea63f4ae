// Z takes back the last change also after its message has gone: this tab remembers what can be undone, newest last,
// for the person who did it. What was undone here, or told to be past undoing, is forgotten.

const KEY = "headwater-undo";
const MOST = 20;
const who = document.body.dataset.who;

function kept() {
  const found = JSON.parse(sessionStorage.getItem(KEY) || "null");
  return found && found.who === who ? found.urls : [];
}

const keep = (urls) => sessionStorage.setItem(KEY, JSON.stringify({ who, urls: urls.slice(-MOST) }));

export function rememberUndo(url) {
  if (who && url) keep([...kept().filter((other) => other !== url), url]);
}

export const hasUndo = () => kept().length > 0;

export function undoLast() {
  const url = kept().at(-1);
  if (!url) return false;
  window.htmx.ajax("POST", url, { target: document.body, swap: "none" });
  return true;
}

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  const path = detail.pathInfo?.requestPath ?? "";
  if (detail.requestConfig?.verb !== "post" || !path.startsWith("/undo/")) return;
  if (detail.xhr.status < 500 && detail.xhr.status) keep(kept().filter((url) => url !== path));
});

// Messages that came with the page, and reports of steps for very many rows: [data-undoes].
document.addEventListener("htmx:load", ({ target }) => {
  const forms = [...target.querySelectorAll("#toasts form[action^='/undo/'], form[data-undoes]")];
  forms.forEach((form) => rememberUndo(form.getAttribute("action")));
});
