// Who else has this record open: [data-present] asks the server every 20 seconds, as long as the page is looked at.

const beat = () => {
  if (document.visibilityState !== "visible") return;
  document.querySelectorAll("[data-present]").forEach((place) => place.dispatchEvent(new Event("present")));
};
setInterval(beat, 20_000);
document.addEventListener("visibilitychange", beat);
