// Records side by side: with another one that stays, what comes from the record that stays comes from that one, but for
// what the reader chose by hand.
document.addEventListener("change", ({ target }) => {
  const form = target.closest?.("form[data-merge]");
  if (!form || target.type !== "radio") return;
  if (target.name !== "keep_id") {
    form.querySelectorAll(`[name="${CSS.escape(target.name)}"]`).forEach((radio) => radio.removeAttribute("data-stays"));
    return;
  }
  form.querySelectorAll(`[data-stays][value="${target.value}"]`).forEach((radio) => (radio.checked = true));
  document.querySelector("h1").textContent = target.dataset.asks;
});
