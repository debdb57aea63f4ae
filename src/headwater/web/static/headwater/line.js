// What is pasted into one line ([data-line]), such as the foot of a mail or a row of a sheet: its lines and cells become
// pieces with commas between, which the field itself would run together.
import { insert } from "./form.js";

document.addEventListener("paste", (event) => {
  if (!event.target.matches?.("[data-line]")) return;
  const text = event.clipboardData.getData("text/plain").trim();
  if (!/[\t\r\n]/.test(text)) return;
  event.preventDefault();
  insert(event.target, text.replace(/\s*[\t\r\n]\s*/g, ", "));
});
