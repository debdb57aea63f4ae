// Offers the time zone of the device to who chose none, once, where clocks there show another time.
import { remember } from "./cookie.js";

const offer = document.getElementById("zone-offer");
const mine = Intl.DateTimeFormat().resolvedOptions().timeZone;

// Winter and summer: zones that agree in both show the same times.
const shown = (zone) => [0, 6].map((month) => new Date(2026, month, 15).toLocaleString("en", { timeZone: zone })).join();

if (offer && mine && shown(mine) !== shown(offer.dataset.zone)) {
  const toast = offer.content.firstElementChild.cloneNode(true);
  toast.querySelector("[data-zone-name]").textContent = mine.replaceAll("_", " ");
  toast.querySelector("input[name=time_zone]").value = mine;
  toast.querySelector("[data-zone-keep]").addEventListener("click", () => {
    remember("hw_zone", "kept");
    toast.remove();
  });
  document.getElementById("toasts").append(toast);
}
