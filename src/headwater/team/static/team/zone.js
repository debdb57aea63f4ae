// The first run proposes the time zone of whoever sits in front of it, as long as none was chosen.
const zone = document.querySelector("[data-guess-zone] select[name=time_zone]");
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && zone.value === "UTC" && [...zone.options].some((option) => option.value === here)) zone.value = here;
