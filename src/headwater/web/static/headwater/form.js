// What a form says as it would be sent: whether it says something else by now is seen by comparing two of these.
export const says = (form) => new URLSearchParams(new FormData(form)).toString();

// Types into the field that has the focus, over what is chosen, as a key does.
export function insert(field, text) {
  if (document.execCommand("insertText", false, text) || field.readOnly || field.selectionStart == null) return;
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end"); // where the browser has no such command
  field.dispatchEvent(new Event("input", { bubbles: true }));
}
