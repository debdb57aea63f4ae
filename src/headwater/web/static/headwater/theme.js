// Runs before the first paint, so that nobody sees a flash of the wrong theme: without a stored choice
// the system's preference decides. Also tells the style sheet that scripts run.
(function () {
  var root = document.documentElement;
  var stored = document.cookie.match(/(?:^|; )hw_theme=(light|dark)/);
  var prefersDark = window.matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.bsTheme = stored ? stored[1] : prefersDark ? "dark" : "light";
  root.classList.add("js");
})();
